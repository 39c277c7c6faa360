//! Servers beside the daemon: Prometheus, Alertmanager, a demo.

use super::binary::BINARY;
use super::home::Home;
use super::wait::wait_until;
use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A process of others that ends with the test.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; what matters is that it is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first of these programs that is there.
pub(crate) fn program(names: &[&'static str]) -> Option<&'static str> {
    let found = |name: &&&str| Command::new(name).arg("--version").output().is_ok();
    let program = names.iter().find(found).copied();
    if program.is_none() {
        println!(
            "skipped: no {} on the PATH (Debian: apt-get install prometheus prometheus-alertmanager)",
            names[0]
        );
    }
    program
}

/// An address that was free a moment ago.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Starts a server on a free address and waits until it is ready. Its log goes to `log`.
pub(crate) fn serve(program: &str, args: impl Fn(&str) -> Vec<String>, log: &Path) -> Server {
    // Another test can take the address before the server does. Then the server ends, and gets another address.
    for _ in 0..10 {
        let address = free_address();
        let child = Command::new(program)
            .args(args(&address))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log).unwrap())
            .spawn()
            .unwrap();
        let mut server = Server { child, address };
        let is_ready = wait_until(format!("{program} to be ready"), || {
            if server.child.try_wait().unwrap().is_some() {
                return Some(false);
            }
            server.get("/-/ready").map(|_| true)
        });
        if is_ready {
            return server;
        }
        let said = std::fs::read_to_string(log).unwrap().to_lowercase();
        assert!(said.contains("address already in use"), "{program}: {said}");
    }
    panic!("{program} found no free address")
}

/// Starts a Prometheus with this configuration. Its data are in `prometheus` below the home.
pub(crate) fn prometheus(home: &Home, program: &str, config: &str, flags: &[&str]) -> Server {
    home.write("prometheus.yml", config);
    let args = |address: &str| {
        let own = [
            format!("--config.file={}", home.text_path("prometheus.yml")),
            format!("--storage.tsdb.path={}", home.text_path("prometheus")),
            format!("--web.listen-address={address}"),
        ];
        let flags = flags.iter().map(|flag| (*flag).to_owned());
        own.into_iter().chain(flags).collect()
    };
    serve(program, args, &home.path("prometheus.log"))
}

impl Server {
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5)));
        let agent: ureq::Agent = config.build().into();
        let url = format!("http://{}{path}", self.address);
        agent.get(url).call().ok()?.body_mut().read_to_string().ok()
    }
}

/// A simulated SOC with its daemon, whose history has been read.
pub(crate) struct Demo {
    /// The daemon.
    pub(crate) server: Server,
    config: String,
}

impl Demo {
    /// Starts it; `speed` is how much faster than real time it goes on.
    pub(crate) fn start(home: &Home, speed: f64) -> Demo {
        let folder = home.text_path("demo");
        let speed = speed.to_string();
        let args = |address: &str| {
            let args = [
                "demo", "--folder", &folder, "--listen", address, "--speed", &speed,
            ];
            args.map(str::to_owned).to_vec()
        };
        let server = serve(BINARY, args, &home.path("demo.log"));
        let demo = Demo {
            server,
            config: format!("{folder}/toleranced.yaml"),
        };
        wait_until("the history", || {
            let metrics = demo.server.get("/metrics")?;
            let value = |name: &str| -> Option<f64> {
                let line = metrics.lines().find(|line| line.starts_with(name))?;
                line.rsplit(' ').next()?.parse().ok()
            };
            let read = value("toleranced_ingest_events_total{")? > 100_000.0;
            let waits = value("toleranced_source_backlog_bytes{")? > 100_000.0;
            (read && !waits).then_some(())
        });
        demo
    }

    /// Runs a command on its configuration.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        Command::new(BINARY)
            .args(args)
            .args(["--config", &self.config])
            .output()
            .unwrap()
    }
}
