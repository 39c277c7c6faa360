//! Tokens, users and passwords, and the audit log.

use super::home::{Home, TAILED};

pub(crate) const READ: &str = "read-token-0123456789-0123456789-0";
pub(crate) const INGEST: &str = "ingest-token-0123456789-0123456789";
pub(crate) const ADMIN: &str = "admin-token-0123456789-0123456789-";
pub(crate) const PASSWORD: &str = "correct horse";

/// Tokens of each role and users `oncall` (admin) and `bob` (read) with [`PASSWORD`].
pub(crate) fn guarded() -> Home {
    let home = Home::tailing();
    let token = |name: &str, token: &str| {
        let hash = toleranced::internals::hash_of(token);
        format!("{{name: {name}, role: {name}, sha256: {hash}}}")
    };
    let tokens = [("read", READ), ("ingest", INGEST), ("admin", ADMIN)];
    let tokens = tokens.map(|(name, secret)| token(name, secret)).join(", ");
    home.write("tokens.yaml", format!("tokens: [{tokens}]\n"));
    home.write("web.yaml", users(PASSWORD));
    let access =
        "web_config: web.yaml\naccess: {tokens_file: tokens.yaml, user_roles: {bob: read}}\n";
    home.configure(TAILED, access);
    home
}

/// A file of users with this password. The least cost: tests need no resistance.
pub(crate) fn users(password: &str) -> String {
    let hash = bcrypt::hash(password, 4).unwrap();
    format!("basic_auth_users: {{oncall: {hash}, bob: {hash}}}\n")
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

pub(crate) fn basic(name: &str, password: &str) -> String {
    let text = data_encoding::BASE64.encode(format!("{name}:{password}").as_bytes());
    format!("Authorization: Basic {text}\r\n")
}

pub(crate) fn audit_rows(home: &Home) -> Vec<(String, String, String, String, u16)> {
    let db = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    let query = "SELECT who, role, from_where, what, status FROM audit ORDER BY what, id";
    let mut query = db.prepare(query).unwrap();
    let rows = query.query_map([], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ))
    });
    rows.unwrap().map(Result::unwrap).collect()
}
