//! `access` in toleranced.yaml: who may do what.

use super::web_config::WebConfig;
use super::yaml::read_yaml;
use crate::model::words;
use crate::rules::{At, Problem, Problems, Source};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

words! {
    /// What someone may do.
    pub Role {
        /// Read pages, metrics and the API.
        Read = "read",
        /// Push events, and nothing else: a sender of logs has no business with the scores.
        Ingest = "ingest",
        /// Everything.
        Admin = "admin",
    }
}

/// A bearer token, known by its hash only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose it is, for the audit log.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// SHA-256 of the token. A token is random and long, so nothing slower is needed.
    pub sha256: [u8; 32],
}

/// Who may do what. [`Default`] is nobody in particular: everyone, and on the loopback address only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessTerms {
    /// Whether to listen beyond loopback without authentication.
    pub allow_anonymous: bool,
    /// Names under which the daemon is reached, where nobody has to say who they are.
    pub hosts: Vec<String>,
    /// Bearer tokens.
    pub tokens: Vec<Token>,
    /// Roles of users that are not admins.
    pub user_roles: BTreeMap<String, Role>,
    /// TLS, headers, users.
    pub web: WebConfig,
}

/// What the command line says instead of the configuration, and goes on saying after a reload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--web.config.file`
    pub web_config: Option<PathBuf>,
    /// `--web.allow-anonymous`
    pub allow_anonymous: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAccess {
    allow_anonymous: bool,
    hosts: Vec<At<String>>,
    tokens: Vec<RawToken>,
    tokens_file: Option<At<PathBuf>>,
    user_roles: BTreeMap<String, At<Role>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawToken {
    name: At<String>,
    role: Role,
    sha256: At<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTokens {
    tokens: Vec<RawToken>,
}

/// Reads and checks everything about access: what stands in toleranced.yaml (`source`, in `folder`) and in the files that
/// it names, which are added to `files`.
pub(super) fn checked(
    raw: RawAccess,
    web_config: Option<At<PathBuf>>,
    overrides: &Overrides,
    place: (&Source, &Path),
    files: &mut Vec<PathBuf>,
    problems: &mut Vec<Problem>,
) -> AccessTerms {
    let (source, folder) = place;
    let from_yaml = web_config.map(|at| folder.join(at.value));
    let web = match overrides.web_config.clone().or(from_yaml) {
        None => WebConfig::default(),
        Some(file) => {
            files.push(file.clone());
            let web = WebConfig::load(&file).unwrap_or_else(|found| {
                problems.extend(found.0);
                WebConfig::default()
            });
            files.extend(web.files());
            web
        }
    };
    for at in raw.hosts.iter().filter(|at| !is_host_name(&at.value)) {
        let problem = source.problem(at, format!("`hosts`: `{}` is no host name", at.value));
        problems.push(problem.hint("the name alone, without `http://` and port: soc.example"));
    }
    let mut tokens = Vec::new();
    take(raw.tokens, source, &mut tokens, problems);
    if let Some(at) = raw.tokens_file {
        let file = folder.join(at.value);
        files.push(file.clone());
        match tokens_of(&file) {
            Ok(raw) => take(raw, &Source::new(file), &mut tokens, problems),
            Err(found) => problems.extend(found.0),
        }
    }
    for (name, at) in &raw.user_roles {
        if !web.users.contains_key(name) {
            let message = format!("`user_roles`: there is no user `{name}` in `basic_auth_users`");
            let problem = source.problem(at, message);
            problems.push(problem.did_you_mean(name, web.users.keys().map(String::as_str)));
        }
    }
    let roles = raw
        .user_roles
        .into_iter()
        .map(|(name, at)| (name, at.value));
    AccessTerms {
        allow_anonymous: raw.allow_anonymous || overrides.allow_anonymous,
        hosts: raw.hosts.into_iter().map(|at| at.value).collect(),
        tokens,
        user_roles: roles.collect(),
        web,
    }
}

fn tokens_of(file: &Path) -> Result<Vec<RawToken>, Problems> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let problem = Source::new(file).whole(format!("can't be read: {error}"));
        problem.hint("`toleranced token` says what to write there")
    })?;
    let raw: RawTokens = read_yaml(&text, file)?;
    Ok(raw.tokens)
}

fn take(raw: Vec<RawToken>, source: &Source, tokens: &mut Vec<Token>, problems: &mut Vec<Problem>) {
    for token in raw {
        let name = token.name.value.clone();
        let same = tokens.iter().any(|known| known.name == name);
        if !is_token_name(&name) {
            let message = "`name`: a token is named with letters, digits, `-`, `_` and `.`";
            problems.push(source.problem(&token.name, message));
        } else if same {
            let message = format!("`name`: there are two tokens `{name}`");
            problems.push(source.problem(&token.name, message));
        }
        match hash_of(&token.sha256.value) {
            Some(sha256) => tokens.push(Token {
                name,
                role: token.role,
                sha256,
            }),
            None => {
                // What stands there may be the token itself: it must not go into a log.
                let message = format!(
                    "`sha256`: what token `{name}` has is not a SHA-256 of 64 hexadecimal digits"
                );
                let problem = source.problem(&token.sha256, message);
                problems.push(problem.hint("`toleranced token` makes a token and this line"));
            }
        }
    }
}

/// Whether a token may be called so: its name stands in logs.
pub(crate) fn is_token_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.len() <= 100 && name.chars().all(plain)
}

/// Whether this is the name of a host alone, as browsers send it.
fn is_host_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.len() <= 253 && !name.ends_with('.') && name.chars().all(plain)
}

fn hash_of(text: &str) -> Option<[u8; 32]> {
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes());
    bytes.ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::super::daemon::Config;
    use super::*;

    const SHA: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    const HASH: &str = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let users = format!("basic_auth_users: {{oncall: {HASH}}}\n");
        std::fs::write(folder.path().join("web.yaml"), users).unwrap();
        let tokens = format!("tokens: [{{name: siem, role: ingest, sha256: {SHA}}}]\n");
        std::fs::write(folder.path().join("tokens.yaml"), tokens).unwrap();
        folder
    }

    #[test]
    fn tokens_users_and_roles_come_from_three_files_which_are_watched() {
        let folder = folder();
        let text = format!(
            "web_config: web.yaml\naccess:\n  tokens: [{{name: grafana, role: read, sha256: {SHA}}}]\n  \
             tokens_file: tokens.yaml\n  user_roles: {{oncall: read}}\n"
        );
        let config = Config::parse(&text, &folder.path().join("toleranced.yaml")).unwrap();
        let named: Vec<_> = config
            .access
            .tokens
            .iter()
            .map(|t| (&*t.name, t.role))
            .collect();
        assert_eq!(named, [("grafana", Role::Read), ("siem", Role::Ingest)]);
        assert_eq!(config.access.user_roles["oncall"], Role::Read);
        for file in ["web.yaml", "tokens.yaml"] {
            assert!(config.files.contains(&folder.path().join(file)), "{file}");
        }
    }

    #[test]
    fn mistakes_name_file_line_and_field_and_never_a_secret() {
        let folder = folder();
        for (text, said) in [
            (
                "access: {tokens: [{name: a, role: read, sha256: hunter2}]}\n",
                ":1:49: `sha256`",
            ),
            (
                "access: {tokens: [{name: a, role: root, sha256: x}]}\n",
                "`root` is not one of read, ingest, admin",
            ),
            (
                "access: {tokens: [{name: 'a b', role: read, sha256: x}]}\n",
                ":1:26: `name`",
            ),
            (
                "access: {tokens_file: nowhere.yaml}\n",
                "nowhere.yaml: can't be read",
            ),
            (
                "access: {user_roles: {bob: read}}\n",
                "there is no user `bob`",
            ),
            ("access: {token: []}\n", "did you mean `tokens`"),
            (
                "access: {hosts: ['http://soc.example:9753']}\n",
                ":1:18: `hosts`",
            ),
            ("access: {hosts: ['']}\n", "`hosts`: `` is no host name"),
            ("access: {hosts: [soc.example.]}\n", "is no host name"),
            ("web_config: nowhere.yaml\n", "nowhere.yaml: can't be read"),
        ] {
            let file = folder.path().join("toleranced.yaml");
            let problem = Config::parse(text, &file).unwrap_err().to_string();
            assert!(problem.contains(said), "{problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
        let twice = format!(
            "access: {{tokens: [{{name: siem, role: read, sha256: {SHA}}}], tokens_file: tokens.yaml}}\n"
        );
        let problem = Config::parse(&twice, &folder.path().join("toleranced.yaml")).unwrap_err();
        let problem = problem.to_string();
        assert!(
            problem.contains("tokens.yaml:1:") && problem.contains("two tokens"),
            "{problem}"
        );
    }
}
