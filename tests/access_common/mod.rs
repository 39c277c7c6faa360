//! What the tests of access share: raw HTTP, of which every byte is chosen, and credentials.

#![allow(dead_code, reason = "every test binary uses its own part of this")]

use crate::common::{DEADLINE, Home};
use std::io::{Read, Write};
use std::net::TcpStream;

/// A configuration with one tailed log.
pub const SOURCES: &str =
    "[{name: log, paths: [log.ndjson], mapping: map.yaml, flush_after: 100ms}]";

pub const READ: &str = "read-token-0123456789-0123456789-0";
pub const INGEST: &str = "ingest-token-0123456789-0123456789";
pub const ADMIN: &str = "admin-token-0123456789-0123456789-";
pub const PASSWORD: &str = "correct horse";

/// Tokens of each role and users `oncall` (admin) and `bob` (read) with [`PASSWORD`].
pub fn guarded() -> Home {
    let home = Home::tailing();
    let token = |name: &str, token: &str| {
        let hash = toleranced::web::hash_of(token);
        format!("{{name: {name}, role: {name}, sha256: {hash}}}")
    };
    let tokens = [("read", READ), ("ingest", INGEST), ("admin", ADMIN)];
    let tokens = tokens.map(|(name, secret)| token(name, secret)).join(", ");
    home.write("tokens.yaml", format!("tokens: [{tokens}]\n"));
    home.write("web.yaml", users(PASSWORD));
    let access =
        "web_config: web.yaml\naccess: {tokens_file: tokens.yaml, user_roles: {bob: read}}\n";
    home.configure(SOURCES, access);
    home
}

/// A file of users with this password. The least cost: tests need no resistance.
pub fn users(password: &str) -> String {
    let hash = bcrypt::hash(password, 4).unwrap();
    format!("basic_auth_users: {{oncall: {hash}, bob: {hash}}}\n")
}

pub fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

pub fn basic(name: &str, password: &str) -> String {
    let text = data_encoding::BASE64.encode(format!("{name}:{password}").as_bytes());
    format!("Authorization: Basic {text}\r\n")
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let named = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value).collect()
    }

    pub fn parse(bytes: &[u8]) -> Option<Answer> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }
}

/// Sends bytes and takes everything that comes back until the connection ends; `None` if that is no answer.
pub fn send(address: &str, bytes: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    // The other end may refuse before it has everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Answer::parse(&answer)
}

/// One request; `headers` are whole lines.
pub fn ask(address: &str, method: &str, path: &str, headers: &str) -> Answer {
    let length = if method == "POST" {
        "Content-Length: 0\r\n"
    } else {
        ""
    };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{length}{headers}\r\n"
    );
    send(address, request.as_bytes()).unwrap_or_else(|| panic!("no answer to {method} {path}"))
}
