//! `reports.mail` and `reports.webhooks` in toleranced.yaml: to whom reports are sent.

use crate::rules::{At, Problem, Source};
use serde::Deserialize;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// To whom reports are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipients {
    /// Where browsers find the daemon, for links; none are given without it.
    pub url: Option<String>,
    /// By mail.
    pub mail: Option<MailTerms>,
    /// To chats and programs.
    pub webhooks: Vec<WebhookTerms>,
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// How mail is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailTerms {
    /// `smtps://host`, `smtp://host?tls=required`, or `smtp://host` without encryption.
    pub server: String,
    /// User and password, where the server asks for them.
    pub credentials: Option<(String, Secret)>,
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// A certificate authority of one's own, PEM.
    pub ca: Option<Vec<u8>>,
}

/// Where a report is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTerms {
    /// Its name in metrics and logs.
    pub name: String,
    /// The address, which for chats is a secret.
    pub url: Secret,
    /// What it understands.
    pub kind: WebhookKind,
    /// A certificate authority of one's own, PEM.
    pub ca: Option<Vec<u8>>,
}

/// What a webhook understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookKind {
    /// The report as JSON, with a summary.
    #[default]
    Json,
    /// An incoming webhook of Slack, Mattermost or Rocket.Chat.
    Slack,
    /// A workflow of Microsoft Teams that posts what it receives.
    Teams,
}

pub(super) struct RawRecipients {
    pub url: Option<At<String>>,
    pub mail: Option<RawMail>,
    pub webhooks: Vec<RawWebhook>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMail {
    server: At<String>,
    user: Option<At<String>>,
    password_file: Option<At<PathBuf>>,
    from: At<String>,
    to: At<Vec<At<String>>>,
    ca_file: Option<At<PathBuf>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWebhook {
    name: At<String>,
    url: Option<At<String>>,
    url_file: Option<At<PathBuf>>,
    #[serde(default)]
    kind: WebhookKind,
    ca_file: Option<At<PathBuf>>,
}

/// Where files are looked for, and what has been found wrong.
struct Checking<'a> {
    folder: &'a Path,
    source: &'a Source,
    files: &'a mut Vec<PathBuf>,
    problems: &'a mut Vec<Problem>,
}

impl RawRecipients {
    /// Checks what was written. Relative files start at `folder`.
    pub(super) fn checked(
        self,
        folder: &Path,
        source: &Source,
        files: &mut Vec<PathBuf>,
        problems: &mut Vec<Problem>,
    ) -> Recipients {
        let mut checking = Checking {
            folder,
            source,
            files,
            problems,
        };
        if let Some(at) = self.url.as_ref().filter(|at| !is_web(&at.value)) {
            checking.wrong(at, "`reports.url` begins with http:// or https://");
        }
        let mail = self.mail.and_then(|raw| checking.mail(raw));
        let mut webhooks: Vec<WebhookTerms> = Vec::new();
        for raw in self.webhooks {
            let name = raw.name.clone();
            let Some(webhook) = checking.webhook(raw) else {
                continue;
            };
            if webhook.name == MAIL || webhooks.iter().any(|known| known.name == webhook.name) {
                checking.wrong(&name, "`reports.webhooks`: this name is taken");
            }
            webhooks.push(webhook);
        }
        Recipients {
            url: self.url.map(|at| at.value.trim_end_matches('/').to_owned()),
            mail,
            webhooks,
        }
    }
}

/// What mail is called in metrics and logs.
pub(crate) const MAIL: &str = "mail";

fn is_web(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or(url.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

/// The address of a mail server, taken apart. Written more narrowly than others would read it, so that nothing is judged
/// here that is read otherwise there.
pub(crate) struct ServerAddress<'a> {
    /// Whether TLS begins with the connection, and not within it.
    pub wrapped: bool,
    /// What stands behind the `?`.
    pub query: &'a str,
    /// Without brackets and port.
    pub host: &'a str,
    /// User and password, as some write them.
    user_info: bool,
}

impl ServerAddress<'_> {
    /// `None` for what is none.
    pub(crate) fn read(server: &str) -> Option<ServerAddress<'_>> {
        let (scheme, rest) = server.split_once("://")?;
        let is_odd = |c: char| c.is_whitespace() || c.is_control();
        if !matches!(scheme, "smtp" | "smtps") || rest.contains(is_odd) {
            return None;
        }
        // Anywhere: a password with a `#` or `/` in it ends the authority early.
        let user_info = rest.contains('@');
        let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
        let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let host = match host.strip_prefix('[') {
            Some(v6) => v6.split_once(']')?.0,
            None => host.split_once(':').map_or(host, |(host, _)| host),
        };
        (!host.is_empty()).then_some(ServerAddress {
            wrapped: scheme == "smtps",
            query,
            user_info,
            host,
        })
    }

    /// Whether what is sent there can be read on its way: without TLS, and not on this machine.
    fn is_open(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        let here = address.is_ok_and(|ip| ip.to_canonical().is_loopback());
        let encrypted = self.wrapped || self.query == "tls=required";
        !encrypted && !here && !self.host.eq_ignore_ascii_case("localhost")
    }
}

impl Checking<'_> {
    fn wrong<T>(&mut self, at: &At<T>, message: impl Into<String>) {
        self.problems.push(self.source.problem(at, message));
    }

    /// The content of a file.
    fn bytes(&mut self, at: &At<PathBuf>) -> Option<Vec<u8>> {
        let file = self.folder.join(&at.value);
        self.files.push(file.clone());
        match std::fs::read(&file) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.wrong(at, format!("{}: {error}", file.display()));
                None
            }
        }
    }

    /// A secret: the first line of a file.
    fn secret(&mut self, at: &At<PathBuf>) -> Option<Secret> {
        let bytes = self.bytes(at)?;
        let text = String::from_utf8_lossy(&bytes);
        match text.lines().next().map(str::trim) {
            Some(line) if !line.is_empty() => Some(Secret(line.to_owned())),
            _ => {
                self.wrong(at, "the file is empty");
                None
            }
        }
    }

    fn address(&mut self, at: &At<String>) {
        if let Err(error) = at.value.parse::<lettre::message::Mailbox>() {
            let message = format!("`reports.mail`: `{}` is no mail address: {error}", at.value);
            self.wrong(at, message);
        }
    }

    /// Checks the address of a mail server, which is not repeated: a password may stand in it. Whether what is sent there can
    /// be read on its way.
    fn server(&mut self, at: &At<String>) -> bool {
        let mut wrong = |message: String, hint: &str| {
            self.problems
                .push(self.source.problem(at, message).hint(hint));
        };
        let such_as = "such as smtps://mail.example:465 or smtp://mail.example:587?tls=required";
        let Some(address) = ServerAddress::read(&at.value) else {
            let message = "`reports.mail.server` is smtp:// or smtps:// and a host";
            wrong(message.to_owned(), such_as);
            return false;
        };
        if address.user_info {
            wrong(
                "`reports.mail.server` must not hold a user or a password".to_owned(),
                "name them as `user` and `password_file` beside it",
            );
        } else if let Err(error) = lettre::SmtpTransport::from_url(&at.value) {
            wrong(format!("`reports.mail.server`: {error}"), such_as);
        }
        address.is_open()
    }

    fn mail(&mut self, raw: RawMail) -> Option<MailTerms> {
        self.address(&raw.from);
        raw.to.value.iter().for_each(|to| self.address(to));
        if raw.to.value.is_empty() {
            self.wrong(&raw.to, "`reports.mail.to` names nobody");
        }
        let is_open = self.server(&raw.server);
        if let Some(user) = raw.user.as_ref().filter(|_| is_open) {
            let message = "`reports.mail.user`: the password would cross the network unencrypted";
            let problem = self.source.problem(user, message);
            let hint = "add ?tls=required to the address of the server, or use smtps://";
            self.problems.push(problem.hint(hint));
        }
        let password = raw.password_file.as_ref().map(|at| self.secret(at));
        let credentials = match (raw.user, password) {
            (None, None) => None,
            (Some(user), Some(password)) => Some((user.value, password?)),
            (Some(user), None) => {
                self.wrong(&user, "`reports.mail.user` needs a `password_file`");
                None
            }
            (None, Some(_)) => {
                self.wrong(&raw.server, "`reports.mail.password_file` needs a `user`");
                None
            }
        };
        Some(MailTerms {
            server: raw.server.value,
            credentials,
            from: raw.from.value,
            to: raw.to.value.into_iter().map(|at| at.value).collect(),
            ca: raw.ca_file.and_then(|at| self.bytes(&at)),
        })
    }

    fn webhook(&mut self, raw: RawWebhook) -> Option<WebhookTerms> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if raw.name.value.is_empty() || !raw.name.value.chars().all(plain) {
            let message = "`reports.webhooks`: a name has letters, digits, `-`, `_` and `.`";
            self.wrong(&raw.name, message);
        }
        let url = match (&raw.url, &raw.url_file) {
            (Some(at), None) => Secret(at.value.clone()),
            (None, Some(at)) => self.secret(at)?,
            _ => {
                let message = "`reports.webhooks`: either `url` or `url_file`, which holds it";
                self.wrong(&raw.name, message);
                return None;
            }
        };
        if !is_web(&url.0) {
            let message = "`reports.webhooks`: the address begins with http:// or https://";
            self.wrong(&raw.name, message);
        }
        Some(WebhookTerms {
            name: raw.name.value,
            url,
            kind: raw.kind,
            ca: raw.ca_file.and_then(|at| self.bytes(&at)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::daemon::Config;

    fn mail(folder: &tempfile::TempDir, server: &str, more: &str) -> Result<Config, String> {
        std::fs::write(folder.path().join("password"), "hunter2\n").unwrap();
        let text = format!(
            "reports:\n  mail: {{server: '{server}', from: a@b.example, to: [a@b.example]{more}}}\n"
        );
        let file = folder.path().join("toleranced.yaml");
        Config::parse(&text, &file).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_password_goes_only_where_nobody_can_read_it_on_its_way() {
        let folder = tempfile::tempdir().unwrap();
        for (server, fine) in [
            ("smtps://mail.example", true),
            ("smtps://mail.example:465/host.example", true),
            ("smtp://mail.example:587?tls=required", true),
            ("smtp://mail.example/host.example?tls=required", true),
            ("smtp://localhost", true),
            ("smtp://LOCALHOST:25", true),
            ("smtp://127.0.0.1:25", true),
            ("smtp://127.8.0.1", true),
            ("smtp://[::1]:25", true),
            ("smtp://mail.example", false),
            ("smtp://mail.example?tls=opportunistic", false),
            ("smtp://tls=required.example", false),
            ("smtp://mail.example#?tls=required", false),
            ("smtp://mail.example/tls=required", false),
            ("smtp://mail.example?tls=opportunistic&tls=required", false),
            ("smtp://localhost.evil.example", false),
            ("smtp://127.evil.example", false),
            ("smtp://127.0.0.1.evil.example", false),
            ("smtp://[2001:db8::1]", false),
            ("smtp://192.0.2.1", false),
        ] {
            let found = mail(&folder, server, ", user: soc, password_file: password");
            match found {
                Ok(_) => assert!(fine, "{server}"),
                Err(said) => assert!(!fine && said.contains("unencrypted"), "{server}: {said}"),
            }
            // Mail itself may go anywhere.
            assert!(mail(&folder, server, "").is_ok(), "{server}");
        }
    }

    #[test]
    fn a_user_in_the_address_is_refused_and_never_repeated() {
        let folder = tempfile::tempdir().unwrap();
        for server in [
            "smtp://soc:hunter2@mail.example",
            "smtps://soc:hunter2@mail.example",
            "smtp://soc:hunter2@mail.example?tls=required",
            "smtp://soc:hunter2@localhost",
            "smtp://soc:hunter2@@mail.example",
            "smtps://soc@mail.example",
            "smtp://soc:25#hunter2@mail.example",
            "smtp://soc:25/hunter2@mail.example",
        ] {
            let said = mail(&folder, server, "").unwrap_err();
            assert!(said.contains("`user` and `password_file`"), "{said}");
            assert!(said.contains("toleranced.yaml:2:18:"), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn an_address_that_others_might_read_otherwise_is_none() {
        let folder = tempfile::tempdir().unwrap();
        for server in [
            "mail.example",
            "SMTP://mail.example",
            " smtp://mail.example",
            "smtp://mail .example",
            "http://mail.example",
            "smtp://",
            "smtp:///mail.example",
            "smtp://?tls=required",
        ] {
            let said = mail(&folder, server, "").unwrap_err();
            assert!(said.contains("`reports.mail.server`"), "{server}: {said}");
        }
    }
}
