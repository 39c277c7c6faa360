//! `toleranced health`: does a daemon do its work? For container health checks, where there is no other HTTP client.

use super::failure::{Done, Failure};
use super::trusting;
use crate::config::daemon::{Config, DEFAULT_ADDRESS};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where a configuration is looked for if none is named.
const FILES: [&str; 2] = ["toleranced.yaml", "/etc/toleranced/toleranced.yaml"];
/// The answer is a line.
const MOST_BYTES: u64 = 4_096;

/// Ask a daemon on this machine whether it does its work (`/-/ready`)
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced health
  toleranced health --address 127.0.0.1:9753

Exit codes: 0 it does, 1 it does not (yet), 2 nobody answers.")]
pub(super) struct Args {
    /// The configuration that says where it listens; ./toleranced.yaml or /etc/toleranced/toleranced.yaml if not given
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where it listens, instead of what the configuration says
    #[arg(long, value_name = "ADDRESS")]
    address: Option<SocketAddr>,
    /// How long to wait for its answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let address = reachable(address(args)?);
    let timeout = Duration::from_secs(args.timeout);
    let answer = ask(address, timeout).map_err(|error| {
        Failure::environment(format!("no daemon answers at {address}: {error}"))
    })?;
    let ready = answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.0 200");
    let said = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    println!("{}", super::text::harmless(said.trim_end()));
    Ok(if ready { Done::Fine } else { Done::Findings })
}

fn address(args: &Args) -> Result<SocketAddr, Failure> {
    if let Some(address) = args.address {
        return Ok(address);
    }
    let default = FILES.iter().map(PathBuf::from).find(|file| file.exists());
    match args.config.clone().or(default) {
        Some(file) => listen_of(&file),
        None => Ok(DEFAULT_ADDRESS),
    }
}

fn listen_of(file: &Path) -> Result<SocketAddr, Failure> {
    let text = super::common::readable(file)?;
    Ok(Config::listen_of(&text, file)?)
}

/// Who listens everywhere listens on this machine, too.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn ask(address: SocketAddr, timeout: Duration) -> std::io::Result<String> {
    let answer = exchange(address, connect(address, timeout)?)?;
    // Only the daemon itself knows what its command line says about TLS.
    if answer.starts_with("HTTP/1.1 400") && answer.contains("HTTPS") {
        let stream = trusting::over_tls(connect(address, timeout)?)?;
        return exchange(address, stream);
    }
    Ok(answer)
}

fn connect(address: SocketAddr, timeout: Duration) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    Ok(stream)
}

fn exchange(address: SocketAddr, mut stream: impl Read + Write) -> std::io::Result<String> {
    let request = format!("GET /-/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_here() {
        let asked = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:9753"), "127.0.0.1:9753");
        assert_eq!(asked("[::]:1"), "[::1]:1");
        assert_eq!(asked("10.1.2.3:9"), "10.1.2.3:9");
    }
}
