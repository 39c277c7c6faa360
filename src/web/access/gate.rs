//! What a configuration of access comes to: TLS, headers, and who is who.

use super::host;
use super::login_limits::LoginLimits;
use super::tls::Tls;
use super::token::sha256;
use super::users::{Checked, Users};
use crate::config::access::{AccessTerms, Role, Token};
use crate::config::daemon::Config;
use crate::config::web_config::ClientCertificates;
use crate::rules::{Problem, Problems, Source};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

/// Everything that a connection and a request are judged by.
pub(super) struct Gate {
    pub(super) tls: Option<Tls>,
    /// Headers of every answer.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// Connections at once.
    pub(super) connections: usize,
    users: Users,
    terms: AccessTerms,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) name: String,
    pub(super) role: Role,
}

/// Why a request has no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nobody {
    /// It does not say who it is from.
    Silent,
    /// It says so wrongly.
    Wrong,
    /// Its address had too many failed log-ins and must wait this long.
    Delayed(Duration),
    /// Too many passwords are being checked.
    Busy,
}

impl Gate {
    /// Reads certificates, and refuses what would be open to the world by mistake.
    pub(super) fn build(config: &Config, listen: SocketAddr) -> Result<Gate, Problems> {
        let terms = config.access.clone();
        if let Some(problem) = open_to_the_world(&terms, listen, &config.files) {
            return Err(problem.into());
        }
        if terms.web.http2 {
            tracing::warn!(
                "`http2: true` is without effect: HTTP/1.1 is spoken, which every client of HTTP/2 speaks too"
            );
        }
        let tls = terms.web.tls.as_ref().map(Tls::build).transpose()?;
        let header = |(name, value): (&String, &String)| {
            // Both were checked with the configuration.
            Some((name.parse().ok()?, value.parse().ok()?))
        };
        Ok(Gate {
            tls,
            headers: terms.web.headers.iter().filter_map(header).collect(),
            connections: config.limits.http_connections.get(),
            users: Users::new(&terms.web.users),
            terms,
        })
    }

    /// What another gate has otherwise, one line each.
    pub(super) fn changes(&self, new: &Gate) -> Vec<String> {
        let (was, is) = (&self.terms, &new.terms);
        let made_of = |gate: &Gate| gate.tls.as_ref().map(|tls| tls.made_of);
        let changed = [
            (made_of(self) != made_of(new), "TLS or its certificate"),
            (was.web.headers != is.web.headers, "HTTP headers"),
            (was.web.users != is.web.users, "users"),
            (was.user_roles != is.user_roles, "roles of users"),
            (was.tokens != is.tokens, "tokens"),
            (was.allow_anonymous != is.allow_anonymous, "allow_anonymous"),
            (was.hosts != is.hosts, "hosts"),
            (
                self.connections != new.connections,
                "limits.http_connections",
            ),
        ];
        let lines = changed.into_iter().filter(|(changed, _)| *changed);
        lines
            .map(|(_, what)| format!("access: {what} changed"))
            .collect()
    }

    /// Whether nobody has to say who they are.
    pub(super) fn is_open(&self) -> bool {
        self.users.is_empty() && self.terms.tokens.is_empty()
    }

    /// Whether a request is meant for this daemon. Where nobody has to say who they are the name that it was asked under
    /// must be a known one: another site could have given it to this machine. Who lets everyone in, and names no hosts,
    /// takes any.
    pub(super) fn is_meant(&self, headers: &HeaderMap) -> bool {
        let terms = &self.terms;
        let takes_any = terms.allow_anonymous && terms.hosts.is_empty();
        asks_who(terms) || takes_any || host::is_ours(headers, &terms.hosts)
    }

    /// Who a request is from. `address` is where it comes from, and `logins` has the failures of this address.
    pub(super) async fn caller(
        &self,
        headers: &HeaderMap,
        address: IpAddr,
        logins: &LoginLimits,
    ) -> Result<Caller, Nobody> {
        if self.is_open() {
            return Ok(Caller {
                name: "anonymous".to_owned(),
                role: Role::Admin,
            });
        }
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (given.next(), given.next()) else {
            // Of two that say different things, a proxy and the daemon might believe different ones.
            return Err(match headers.contains_key(header::AUTHORIZATION) {
                true => Nobody::Wrong,
                false => Nobody::Silent,
            });
        };
        match Credentials::read(value).ok_or(Nobody::Wrong)? {
            Credentials::Token(token) => self.bearer(&token).ok_or(Nobody::Wrong),
            Credentials::Password(name, password) => {
                match self.users.check(&name, &password, address, logins).await {
                    Checked::Right => Ok(self.user(name)),
                    Checked::Wrong => Err(Nobody::Wrong),
                    Checked::Delayed(delay) => Err(Nobody::Delayed(delay)),
                    Checked::Busy => Err(Nobody::Busy),
                }
            }
        }
    }

    /// By its hash: how long the comparison takes tells nothing about a token.
    fn bearer(&self, token: &str) -> Option<Caller> {
        let hash = sha256(token.as_bytes());
        let Token { name, role, .. } = self.terms.tokens.iter().find(|one| one.sha256 == hash)?;
        Some(Caller {
            name: format!("token {name}"),
            role: *role,
        })
    }

    fn user(&self, name: String) -> Caller {
        let role = self.terms.user_roles.get(&name);
        Caller {
            role: role.copied().unwrap_or(Role::Admin),
            name: format!("user {name}"),
        }
    }

    /// What a request without credentials is asked for.
    pub(super) fn challenges(&self) -> Vec<HeaderValue> {
        let basic = HeaderValue::from_static("Basic realm=\"toleranced\", charset=\"UTF-8\"");
        let bearer = HeaderValue::from_static("Bearer realm=\"toleranced\"");
        let mut challenges = Vec::new();
        if !self.users.is_empty() {
            challenges.push(basic);
        }
        if !self.terms.tokens.is_empty() {
            challenges.push(bearer);
        }
        challenges
    }
}

/// Whether everybody has to say who they are: with a password, a token or a certificate.
fn asks_who(terms: &AccessTerms) -> bool {
    let required = terms.web.tls.as_ref().map(|tls| &tls.client);
    let certificates = matches!(required, Some(ClientCertificates::Required(_)));
    !terms.web.users.is_empty() || !terms.tokens.is_empty() || certificates
}

/// Loopback is this machine, whose users the operator knows; beyond it, nobody is open by mistake.
fn open_to_the_world(
    terms: &AccessTerms,
    listen: SocketAddr,
    files: &[std::path::PathBuf],
) -> Option<Problem> {
    if asks_who(terms) || terms.allow_anonymous || listen.ip().to_canonical().is_loopback() {
        return None;
    }
    let file = files
        .first()
        .map_or(Path::new("toleranced.yaml"), |file| file);
    let message = format!(
        "`listen`: {listen} can be reached by others, and nobody would have to say who they are"
    );
    Some(Source::new(file).whole(message).hint(
        "name users in the file of --web.config.file, or tokens in `access` (`toleranced token` makes one); or listen on \
         127.0.0.1; or, where something else keeps others out, say --web.allow-anonymous; see docs/access.md",
    ))
}

enum Credentials {
    Token(String),
    Password(String, String),
}

impl Credentials {
    fn read(value: &HeaderValue) -> Option<Credentials> {
        let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Credentials::Token(rest.to_owned()));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let bytes = data_encoding::BASE64.decode(rest.as_bytes()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (name, password) = text.split_once(':')?;
        Some(Credentials::Password(name.to_owned(), password.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST_HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn config(text: &str) -> Config {
        Config::parse(text, Path::new("toleranced.yaml")).unwrap()
    }

    fn with_token() -> Config {
        config(&format!(
            "access: {{tokens: [{{name: grafana, role: read, sha256: {TEST_HASH}}}]}}\n"
        ))
    }

    fn built(config: &Config, listen: &str) -> Result<Gate, String> {
        Gate::build(config, listen.parse().unwrap()).map_err(|problems| problems.to_string())
    }

    #[test]
    fn beyond_loopback_somebody_must_be_asked_or_it_must_be_said() {
        let open = config("");
        for fine in [
            "127.0.0.1:1",
            "127.8.0.1:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert!(built(&open, fine).is_ok(), "{fine}");
        }
        for refused in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:192.0.2.1]:1"] {
            let said = built(&open, refused).err().expect(refused);
            assert!(said.contains("--web.allow-anonymous"), "{said}");
            assert!(said.starts_with("toleranced.yaml: `listen`"), "{said}");
        }
        assert!(built(&with_token(), "0.0.0.0:1").is_ok());
        assert!(built(&config("access: {allow_anonymous: true}\n"), "0.0.0.0:1").is_ok());
    }

    #[test]
    fn where_nobody_is_asked_the_host_must_be_known_unless_everyone_is_let_in() {
        let meant = |config: &Config, host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            built(config, "127.0.0.1:1").unwrap().is_meant(&headers)
        };
        let everyone = "access: {allow_anonymous: true}\n";
        let named = "access: {hosts: [SOC.example]}\n";
        let both = "access: {allow_anonymous: true, hosts: [soc.example]}\n";
        for (text, ours, foreign) in [
            ("", false, false),
            (everyone, true, true),
            (named, true, false),
            (both, true, false),
        ] {
            let config = config(text);
            assert!(meant(&config, "127.0.0.1:9753"), "{text}");
            assert_eq!(meant(&config, "soc.example"), ours, "{text}");
            assert_eq!(meant(&config, "evil.example"), foreign, "{text}");
        }
        assert!(meant(&with_token(), "evil.example"), "the token is asked");
    }

    #[tokio::test]
    async fn callers_are_told_by_their_credentials() {
        let mut config = with_token();
        let hash = bcrypt::hash("se:cret", 4).unwrap();
        config.access.web.users.insert("oncall".to_owned(), hash);
        let gate = built(&config, "127.0.0.1:1").unwrap();
        let basic = |text: &str| format!("Basic {}", data_encoding::BASE64.encode(text.as_bytes()));
        let caller = |name: &str, role| {
            Ok(Caller {
                name: name.to_owned(),
                role,
            })
        };
        for (values, expected) in [
            (vec![], Err(Nobody::Silent)),
            (
                vec!["Bearer test".to_owned()],
                caller("token grafana", Role::Read),
            ),
            (
                vec!["bearer  test ".to_owned()],
                caller("token grafana", Role::Read),
            ),
            (vec!["Bearer test2".to_owned()], Err(Nobody::Wrong)),
            (vec![format!("Bearer {TEST_HASH}")], Err(Nobody::Wrong)),
            (
                vec![basic("oncall:se:cret")],
                caller("user oncall", Role::Admin),
            ),
            (vec![basic("oncall:se")], Err(Nobody::Wrong)),
            (vec![basic("grafana:test")], Err(Nobody::Wrong)),
            (vec!["Basic ???".to_owned()], Err(Nobody::Wrong)),
            (vec!["Digest test".to_owned()], Err(Nobody::Wrong)),
            (vec!["test".to_owned()], Err(Nobody::Wrong)),
            (
                vec!["Bearer test".to_owned(), "Bearer test".to_owned()],
                Err(Nobody::Wrong),
            ),
        ] {
            let mut headers = HeaderMap::new();
            for value in &values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            let address = std::net::Ipv4Addr::LOCALHOST.into();
            let logins = LoginLimits::default();
            let found = gate.caller(&headers, address, &logins).await;
            assert_eq!(found, expected, "{values:?}");
        }
    }
}
