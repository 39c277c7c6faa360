//! The file of `web_config`: this program and promtool accept and refuse the same files.

use crate::support::access::{PASSWORD, users};
use crate::support::promtool::promtool;
use crate::support::{Home, texts};

#[test]
fn promtool_accepts_what_we_accept() {
    let home = Home::tailing();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    home.write("cert.pem", made.cert.pem());
    home.write("key.pem", made.signing_key.serialize_pem());
    let tls = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n";
    let example = include_str!("../../../config/web-config.yaml");
    let commented_in = example
        .replace("\n#  ", "\n  ")
        .replace("\n#tls", "\ntls")
        .replace("\n#http", "\nhttp")
        .replace("\n#basic", "\nbasic");
    assert!(
        commented_in.contains("\n  cert_file: cert.pem"),
        "{commented_in}"
    );
    for (text, accepted) in [
        (String::new(), true),
        (users(PASSWORD), true),
        (tls.to_owned() + &users(PASSWORD), true),
        (
            format!(
                "{tls}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: cert.pem\n"
            ),
            true,
        ),
        (
            format!("{tls}  min_version: TLS13\n  max_version: TLS13\n"),
            true,
        ),
        (
            format!(
                "{tls}  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n  curve_preferences: [X25519, CurveP256]\n"
            ),
            true,
        ),
        (
            format!(
                "{tls}  prefer_server_cipher_suites: true\nhttp_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: deny\n"
            ),
            true,
        ),
        (example.to_owned(), true),
        (commented_in, true),
        ("basic_auth_users: {oncall: plain}\n".to_owned(), false),
        (
            "tls_server_config:\n  cert_file: cert.pem\n".to_owned(),
            false,
        ),
        (
            "tls_server_config:\n  cert_file: key.pem\n  key_file: key.pem\n".to_owned(),
            false,
        ),
        ("tls: {}\n".to_owned(), false),
    ] {
        home.write("web-config.yaml", &text);
        let file = home.path("web-config.yaml");
        let ours = home.run(&["check", "--web.config.file", file.to_str().unwrap()]);
        assert_eq!(ours.status.success(), accepted, "{text}{}", texts(&ours).1);
        if let Some(theirs) = promtool(&["check", "web-config"], &[file], "") {
            assert_eq!(theirs.status.success(), accepted, "{text}");
        }
    }
}
