//! The file of `--web.config.file`: TLS, headers and users in the format of Prometheus' exporter-toolkit, so that a file
//! that serves Prometheus and its exporters serves here, and `promtool check web-config` can judge it.
//!
//! What that format offers and this program does not is refused by name: a setting that is silently without effect
//! would be a hole.

use super::yaml::read_yaml;
use crate::rules::{At, Problem, Problems, Source};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// A checked file. [`Default`] is an empty one: neither TLS nor users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebConfig {
    /// TLS; `None` for plain HTTP.
    pub tls: Option<TlsTerms>,
    /// Whether it asks for HTTP/2, which is not offered.
    pub http2: bool,
    /// Headers of every answer.
    pub headers: BTreeMap<String, String>,
    /// Users and the bcrypt hashes of their passwords.
    pub users: BTreeMap<String, String>,
}

/// How TLS is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsTerms {
    /// The chain, the server's own certificate first.
    pub cert: Pem,
    /// Its private key.
    pub key: Pem,
    /// Whether clients show a certificate.
    pub client: ClientCertificates,
    /// The oldest version that is spoken ...
    pub min: TlsVersion,
    /// ... and the newest.
    pub max: TlsVersion,
    /// Cipher suites of TLS 1.2 by their IANA names; empty for all that are safe.
    pub suites: Vec<String>,
    /// Key exchange groups in order of preference, by the names of Go; empty for all.
    pub curves: Vec<String>,
    /// Whether the server's order of suites counts.
    pub server_order: bool,
}

/// Where certificates or a key are to be had.
#[derive(Clone, PartialEq, Eq)]
pub enum Pem {
    /// In a file, which is read again when it changes.
    File(PathBuf),
    /// In the configuration itself.
    Inline(String),
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pem::File(file) => write!(f, "{}", file.display()),
            // It may be a private key.
            Pem::Inline(_) => f.write_str("(inline)"),
        }
    }
}

/// Whether clients show a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They are not asked.
    None,
    /// They may; one that is shown must be signed by one of these.
    IfGiven(Pem),
    /// They must.
    Required(Pem),
}

/// Versions of TLS that are safe to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// 1.2
    Tls12,
    /// 1.3
    Tls13,
}

/// Suites that can be named, as Go does; those of TLS 1.3 can't be chosen there or here.
const SUITES: [&str; 9] = [
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
];
const CURVES: [&str; 3] = ["X25519", "CurveP256", "CurveP384"];
/// Headers that may be set, with the values that exporter-toolkit allows; none named: any.
const HEADERS: [(&str, &[&str]); 5] = [
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
    ("Content-Security-Policy", &[]),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    tls_server_config: Option<RawTls>,
    #[serde(default)]
    http_server_config: RawHttp,
    #[serde(default)]
    basic_auth_users: BTreeMap<String, At<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawTls {
    cert: Option<At<String>>,
    key: Option<At<String>>,
    client_ca: Option<At<String>>,
    cert_file: Option<At<PathBuf>>,
    key_file: Option<At<PathBuf>>,
    client_ca_file: Option<At<PathBuf>>,
    client_auth_type: Option<At<String>>,
    client_allowed_sans: Option<At<Vec<String>>>,
    min_version: Option<At<String>>,
    max_version: Option<At<String>>,
    cipher_suites: Vec<At<String>>,
    curve_preferences: Vec<At<String>>,
    prefer_server_cipher_suites: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawHttp {
    http2: bool,
    headers: BTreeMap<String, At<String>>,
}

impl WebConfig {
    /// Reads and checks a file. Relative paths start at its folder.
    pub fn load(file: &Path) -> Result<WebConfig, Problems> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let problem = Source::new(file).whole(format!("can't be read: {error}"));
            problem.hint("docs/access.md says what to write there")
        })?;
        WebConfig::parse(&text, file)
    }

    /// Checks the text of a file.
    pub fn parse(text: &str, file: &Path) -> Result<WebConfig, Problems> {
        let raw: Raw = read_yaml(text, file)?;
        let mut checker = Checker {
            source: Source::new(file),
            folder: file.parent().unwrap_or(Path::new("")).to_owned(),
            problems: Vec::new(),
        };
        let config = WebConfig {
            tls: raw.tls_server_config.and_then(|tls| checker.tls(tls)),
            http2: raw.http_server_config.http2,
            headers: checker.headers(raw.http_server_config.headers),
            users: checker.users(raw.basic_auth_users),
        };
        Problems(checker.problems).into_result(config)
    }

    /// The files that it names.
    pub fn files(&self) -> Vec<PathBuf> {
        let Some(tls) = &self.tls else {
            return Vec::new();
        };
        let client = match &tls.client {
            ClientCertificates::None => None,
            ClientCertificates::IfGiven(ca) | ClientCertificates::Required(ca) => Some(ca),
        };
        let pems = [Some(&tls.cert), Some(&tls.key), client];
        let file = |pem: &Pem| match pem {
            Pem::File(file) => Some(file.clone()),
            Pem::Inline(_) => None,
        };
        pems.into_iter().flatten().filter_map(file).collect()
    }
}

struct Checker {
    source: Source,
    folder: PathBuf,
    problems: Vec<Problem>,
}

impl Checker {
    fn wrong<T>(&mut self, at: &At<T>, message: impl Into<String>) {
        self.problems.push(self.source.problem(at, message));
    }

    fn tls(&mut self, raw: RawTls) -> Option<TlsTerms> {
        if raw.cert.is_none()
            && raw.key.is_none()
            && raw.cert_file.is_none()
            && raw.key_file.is_none()
            && raw.client_auth_type.is_none()
            && raw.client_ca.is_none()
            && raw.client_ca_file.is_none()
        {
            // As exporter-toolkit has it: an empty section is none.
            return None;
        }
        if let Some(sans) = &raw.client_allowed_sans {
            self.wrong(
                sans,
                "`client_allowed_sans` is not supported: give `client_ca_file` a CA that signs these clients only",
            );
        }
        let client = self.client(&raw);
        let min = self.version(&raw.min_version, "min_version", TlsVersion::Tls12);
        let max = self.version(&raw.max_version, "max_version", TlsVersion::Tls13);
        if let Some(at) = &raw.max_version
            && max < min
        {
            self.wrong(at, "`max_version` is below `min_version`");
        }
        let suites = self.named(raw.cipher_suites, "cipher_suites", &SUITES);
        let curves = self.named(raw.curve_preferences, "curve_preferences", &CURVES);
        let cert = self.needed(raw.cert, raw.cert_file, "cert");
        let key = self.needed(raw.key, raw.key_file, "key");
        Some(TlsTerms {
            cert: cert?,
            key: key?,
            client,
            min,
            max,
            suites,
            curves,
            server_order: raw.prefer_server_cipher_suites,
        })
    }

    /// `NAME` or `NAME_file`, never both.
    fn pem(
        &mut self,
        inline: Option<At<String>>,
        file: Option<At<PathBuf>>,
        name: &str,
    ) -> Option<Pem> {
        match (inline, file) {
            (None, None) => None,
            (Some(inline), None) => Some(Pem::Inline(inline.value)),
            (None, Some(file)) => Some(Pem::File(self.folder.join(file.value))),
            (Some(inline), Some(_)) => {
                self.wrong(&inline, format!("give `{name}` or `{name}_file`, not both"));
                None
            }
        }
    }

    fn needed(
        &mut self,
        inline: Option<At<String>>,
        file: Option<At<PathBuf>>,
        name: &str,
    ) -> Option<Pem> {
        let both = inline.is_some() && file.is_some();
        let pem = self.pem(inline, file, name);
        if pem.is_none() && !both {
            let message = format!("`tls_server_config` needs `{name}_file`");
            self.problems.push(self.source.whole(message));
        }
        pem
    }

    fn client(&mut self, raw: &RawTls) -> ClientCertificates {
        let ca = self.pem(
            raw.client_ca.clone(),
            raw.client_ca_file.clone(),
            "client_ca",
        );
        let Some(at) = &raw.client_auth_type else {
            if ca.is_some() {
                let message = "`client_ca_file` is without effect: set `client_auth_type: RequireAndVerifyClientCert`";
                self.problems.push(self.source.whole(message));
            }
            return ClientCertificates::None;
        };
        match (at.value.as_str(), ca) {
            ("NoClientCert" | "", None) => ClientCertificates::None,
            ("NoClientCert" | "", Some(_)) => {
                self.wrong(at, "`client_auth_type`: `client_ca_file` is without effect");
                ClientCertificates::None
            }
            ("VerifyClientCertIfGiven", Some(ca)) => ClientCertificates::IfGiven(ca),
            ("RequireAndVerifyClientCert", Some(ca)) => ClientCertificates::Required(ca),
            ("VerifyClientCertIfGiven" | "RequireAndVerifyClientCert", None) => {
                self.wrong(
                    at,
                    "`client_auth_type`: set `client_ca_file`, whose certificates sign those of clients",
                );
                ClientCertificates::None
            }
            ("RequestClientCert" | "RequireAnyClientCert", _) => {
                let message = format!(
                    "`client_auth_type`: `{}` is not supported, for it proves nothing: use RequireAndVerifyClientCert",
                    at.value
                );
                self.wrong(at, message);
                ClientCertificates::None
            }
            (other, _) => {
                let message = format!("`client_auth_type`: `{other}` is not known");
                let known = [
                    "NoClientCert",
                    "VerifyClientCertIfGiven",
                    "RequireAndVerifyClientCert",
                ];
                let problem = self.source.problem(at, message).did_you_mean(other, known);
                self.problems.push(problem);
                ClientCertificates::None
            }
        }
    }

    fn version(&mut self, at: &Option<At<String>>, field: &str, default: TlsVersion) -> TlsVersion {
        match at.as_ref().map(|at| (at, at.value.as_str())) {
            None | Some((_, "")) => default,
            Some((_, "TLS12")) => TlsVersion::Tls12,
            Some((_, "TLS13")) => TlsVersion::Tls13,
            Some((at, other)) => {
                let message = format!("`{field}`: `{other}` is not offered: TLS12 or TLS13");
                self.wrong(at, message);
                default
            }
        }
    }

    fn named(&mut self, given: Vec<At<String>>, field: &str, known: &[&str]) -> Vec<String> {
        for at in &given {
            if !known.contains(&at.value.as_str()) {
                let message = format!(
                    "`{field}`: `{}` is not one of {}",
                    at.value,
                    known.join(", ")
                );
                self.wrong(at, message);
            }
        }
        given.into_iter().map(|at| at.value).collect()
    }

    fn headers(&mut self, raw: BTreeMap<String, At<String>>) -> BTreeMap<String, String> {
        for (name, at) in &raw {
            let Some((_, allowed)) = HEADERS.iter().find(|(known, _)| known == name) else {
                let known = HEADERS.map(|(known, _)| known).join(", ");
                let message = format!("`headers`: `{name}` can't be set, only {known}");
                self.wrong(at, message);
                continue;
            };
            let value = at.value.as_str();
            let fits = allowed.is_empty() || value.is_empty() || allowed.contains(&value);
            // A line break would begin another header.
            if !fits || !value.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
                let message = format!("`{name}`: `{}` is no value for it", value.escape_debug());
                self.wrong(at, message);
            }
        }
        let given = raw.into_iter().map(|(name, at)| (name, at.value));
        given.filter(|(_, value)| !value.is_empty()).collect()
    }

    fn users(&mut self, raw: BTreeMap<String, At<String>>) -> BTreeMap<String, String> {
        for (name, at) in &raw {
            if name.is_empty() || name.contains(':') {
                let message = "`basic_auth_users`: a user has a name, without `:`";
                self.wrong(at, message);
            }
            if at.value.parse::<bcrypt::HashParts>().is_err() {
                // What stands there may be a password: it must not go into a log.
                let message = format!("`{name}`: what stands there is not a bcrypt hash");
                let problem = self.source.problem(at, message);
                self.problems
                    .push(problem.hint("htpasswd -nBC 10 \"\" makes one"));
            }
        }
        raw.into_iter().map(|(name, at)| (name, at.value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";

    fn fail(text: &str) -> String {
        let file = Path::new("/etc/web-config.yaml");
        WebConfig::parse(text, file).unwrap_err().to_string()
    }

    #[test]
    fn a_whole_file_is_read_with_paths_from_its_folder() {
        let text = format!(
            "tls_server_config:\n  cert_file: tls/cert.pem\n  key_file: /keys/key.pem\n  client_ca_file: ca.pem\n  \
             client_auth_type: RequireAndVerifyClientCert\n  min_version: TLS13\n\
             http_server_config:\n  http2: true\n  headers: {{X-Frame-Options: deny}}\n\
             basic_auth_users:\n  oncall: {HASH}\n"
        );
        let config = WebConfig::parse(&text, Path::new("/etc/web-config.yaml")).unwrap();
        let files = ["/etc/tls/cert.pem", "/keys/key.pem", "/etc/ca.pem"].map(PathBuf::from);
        assert_eq!(config.files(), files);
        let tls = config.tls.unwrap();
        assert_eq!((tls.min, tls.max), (TlsVersion::Tls13, TlsVersion::Tls13));
        assert_eq!(config.users["oncall"], HASH);
        assert_eq!(config.headers["X-Frame-Options"], "deny");
    }

    #[test]
    fn an_empty_file_has_neither_tls_nor_users() {
        for text in ["", "tls_server_config: {}\n", "basic_auth_users: {}\n"] {
            let config = WebConfig::parse(text, Path::new("w.yaml")).unwrap();
            assert_eq!(config, WebConfig::default(), "{text}");
        }
    }

    #[test]
    fn mistakes_name_file_line_and_field_and_never_a_secret() {
        for (text, said) in [
            (
                "tls_server_confg: {}\n",
                ":1:1: unknown field `tls_server_confg` (did you mean `tls_server_config`?)",
            ),
            ("tls_server_config:\n  cert_file: a\n", "needs `key_file`"),
            (
                "tls_server_config:\n  cert_file: a\n  key_file: b\n  min_version: TLS10\n",
                ":4:16: `min_version`: `TLS10`",
            ),
            (
                "tls_server_config:\n  cert_file: a\n  key_file: b\n  client_auth_type: RequireAnyClientCert\n",
                ":4:21: `client_auth_type`",
            ),
            (
                "tls_server_config:\n  cert_file: a\n  key_file: b\n  client_auth_type: RequireAndVerifyClientCert\n",
                "set `client_ca_file`",
            ),
            (
                "tls_server_config:\n  cert_file: a\n  key_file: b\n  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n",
                "`cipher_suites`",
            ),
            (
                "tls_server_config:\n  cert_file: a\n  key_file: b\n  client_allowed_sans: [x]\n",
                "`client_allowed_sans` is not supported",
            ),
            (
                "http_server_config:\n  headers:\n    Set-Cookie: x\n",
                ":3:17: `headers`: `Set-Cookie`",
            ),
            (
                "http_server_config:\n  headers:\n    X-XSS-Protection: \"0\\r\\nSet-Cookie: x\"\n",
                "is no value for it",
            ),
            (
                "basic_auth_users:\n  oncall: hunter2\n",
                ":2:11: `oncall`: what stands there is not a bcrypt hash",
            ),
        ] {
            let problem = fail(text);
            assert!(problem.contains(said), "{problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}
