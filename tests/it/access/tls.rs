//! TLS: handshakes, certificates that are replaced at run time, client certificates, old versions.

use crate::support::http::{Answer, ask, send};
use crate::support::{DEADLINE, Daemon, Home, TAILED, texts, toleranced, wait_until};
use nix::sys::signal::Signal;
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

type Ca = CertifiedIssuer<'static, KeyPair>;

type Stream = StreamOwned<ClientConnection, TcpStream>;

fn ca() -> Ca {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `localhost` and its key, as PEM.
fn signed_by(ca: &Ca) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let cert = params.signed_by(&key, ca).unwrap();
    (cert.pem(), key.serialize_pem())
}

fn with_tls(ca: &Ca, more: &str) -> Home {
    let home = Home::tailing();
    home.configure(TAILED, "web_config: web.yaml\n");
    let (cert, key) = signed_by(ca);
    home.write("cert.pem", cert);
    home.write("key.pem", key);
    home.write("ca.pem", ca.pem());
    home.write(
        "web.yaml",
        format!("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n{more}"),
    );
    home
}

/// A client that trusts one CA, and may have a certificate of its own.
fn client(
    ca: &Ca,
    own: Option<(String, String)>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => {
            let cert = CertificateDer::from_pem_slice(cert.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![cert], key).unwrap()
        }
    };
    Arc::new(config)
}

fn plain_client(ca: &Ca) -> Arc<ClientConfig> {
    client(ca, None, &[&TLS12, &TLS13])
}

fn connect(address: &str, config: &Arc<ClientConfig>) -> Stream {
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(config.clone(), name).unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    StreamOwned::new(connection, stream)
}

/// Asks on a connection that stays open; the error tells of a handshake that failed.
fn ask_on(stream: &mut Stream) -> std::io::Result<Answer> {
    stream.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let mut bytes = Vec::new();
    loop {
        let mut some = [0; 1024];
        let read = stream.read(&mut some)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend(&some[..read]);
        if let Some(answer) = Answer::parse(&bytes)
            && answer.body.ends_with('\n')
        {
            return Ok(answer);
        }
    }
}

fn status(daemon: &Daemon, config: &Arc<ClientConfig>) -> std::io::Result<u16> {
    ask_on(&mut connect(&daemon.address(), config)).map(|answer| answer.status)
}

#[test]
fn a_certificate_is_replaced_while_running_and_open_connections_live_on() {
    let (old, new) = (ca(), ca());
    let home = with_tls(&old, "");
    let daemon = home.start();
    let mut open = connect(&daemon.address(), &plain_client(&old));
    assert_eq!(ask_on(&mut open).unwrap().status, 200);
    assert!(status(&daemon, &plain_client(&new)).is_err());
    let (cert, key) = signed_by(&new);
    // While only one of the two files is there, the pair does not fit, and the old pair holds.
    home.write("cert.pem", &cert);
    daemon.wait_for_log("not reloaded");
    daemon.wait_for_log("`cert_file` can't be used");
    assert_eq!(status(&daemon, &plain_client(&old)).unwrap(), 200);
    home.write("key.pem", &key);
    wait_until("the new certificate", || {
        status(&daemon, &plain_client(&new)).ok()
    });
    assert!(status(&daemon, &plain_client(&old)).is_err());
    assert_eq!(ask_on(&mut open).unwrap().status, 200, "was open before");
    let (cert, key) = signed_by(&old);
    home.write("cert.pem", cert);
    home.write("key.pem", key);
    daemon.signal(Signal::SIGHUP);
    wait_until("the old one again", || {
        status(&daemon, &plain_client(&old)).ok()
    });
    let log = daemon.stop();
    assert!(log.contains("TLS or its certificate changed"), "{log}");
    assert!(!log.contains("PRIVATE KEY"), "{log}");
}

#[test]
fn what_can_t_be_used_is_said_at_the_start() {
    let ca = ca();
    let home = with_tls(&ca, "");
    home.write("key.pem", signed_by(&ca).1);
    let (code, said) = home.spawn().failed();
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("cert.pem: `cert_file` can't be used"),
        "{said}"
    );
    std::fs::remove_file(home.path("key.pem")).unwrap();
    let (code, said) = home.spawn().failed();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("key.pem: `key_file` can't be read"), "{said}");
}

#[test]
fn clients_show_a_certificate_where_they_must() {
    let (ours, other) = (ca(), ca());
    let required = "  client_ca_file: ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n";
    let home = with_tls(&ours, required);
    let daemon = home.start();
    let both = [&TLS12, &TLS13];
    let shows = |own: Option<&Ca>| client(&ours, own.map(signed_by), &both);
    assert_eq!(status(&daemon, &shows(Some(&ours))).unwrap(), 200);
    assert!(status(&daemon, &shows(Some(&other))).is_err());
    assert!(status(&daemon, &shows(None)).is_err());
    home.write(
        "web.yaml",
        "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n  client_ca_file: ca.pem\n  \
         client_auth_type: VerifyClientCertIfGiven\n",
    );
    wait_until("none is needed", || status(&daemon, &shows(None)).ok());
    assert!(status(&daemon, &shows(Some(&other))).is_err());
    daemon.stop();
}

#[test]
fn the_health_check_speaks_tls_where_the_daemon_does() {
    let home = with_tls(&ca(), "");
    let daemon = home.start();
    let address = daemon.address();
    let health = || toleranced(&["health", "--address", &address]);
    wait_until("readiness", || health().status.success().then_some(()));
    assert_eq!(texts(&health()).0, "toleranced is ready\n");
    daemon.stop();
}

#[test]
fn old_versions_and_plain_http_are_refused_and_counted() {
    let ca = ca();
    let home = with_tls(&ca, "  min_version: TLS13\n");
    let daemon = home.start();
    let address = daemon.address();
    assert!(status(&daemon, &client(&ca, None, &[&TLS12])).is_err());
    assert_eq!(status(&daemon, &client(&ca, None, &[&TLS13])).unwrap(), 200);
    let plain = ask(&address, "GET", "/-/ready", "");
    assert_eq!(plain.status, 400);
    assert!(plain.body.contains("HTTPS"), "{plain:?}");
    assert!(send(&address, b"\x16nonsense\r\n\r\n").is_none());
    // A client sees that its handshake failed before the daemon has counted it.
    let failed = r#"toleranced_http_connections_closed_total{reason="handshake"} 2"#;
    wait_until("both failed handshakes", || {
        let mut stream = connect(&address, &plain_client(&ca));
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.contains(failed).then_some(())
    });
    daemon.stop();
}
