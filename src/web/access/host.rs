//! Whether a request is meant for this daemon, by the name that it was asked under.
//!
//! A page of another site can let its own name stand for the address of this machine, once it has been loaded (DNS
//! rebinding). For the browser it then asks its own site, and may read every answer. The name stays that of the site.

use axum::http::{HeaderMap, header};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether a request names an address, this machine, or one of some names. An address stands for nothing else, so nobody
/// can make another one of it. Every browser sends a `Host`; old programs without one need not.
pub(super) fn is_ours(headers: &HeaderMap, names: &[String]) -> bool {
    let hosts = headers.get_all(header::HOST);
    hosts.iter().all(|host| {
        host.to_str()
            .is_ok_and(|host| is_known(without_port(host), names))
    })
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_known(host: &str, names: &[String]) -> bool {
    let v6 = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = v6 {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    // `localhost.` is `localhost` written in full.
    let name = host.strip_suffix('.').unwrap_or(host);
    let mut known = names.iter().map(String::as_str).chain(["localhost"]);
    host.parse::<Ipv4Addr>().is_ok() || known.any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_this_machine_and_names_of_the_configuration_are_ours() {
        let names = ["soc.example".to_owned()];
        let ours = |hosts: &[&str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().unwrap());
            }
            is_ours(&headers, &names)
        };
        for host in [
            "localhost",
            "LocalHost:9753",
            "localhost.:9753",
            "127.0.0.1:9753",
            "127.8.0.1",
            "192.0.2.1:9753",
            "[::1]:9753",
            "[2001:db8::1]",
            "soc.example",
            "SOC.example:8443",
            "soc.example.",
        ] {
            assert!(ours(&[host]), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:9753",
            "localhost.evil.example:9753",
            "evil.localhost:9753",
            "127.0.0.1.evil.example",
            "127.1:9753",
            "[::1].evil.example",
            "localhost@evil.example",
            "soc.example.evil.example",
            "soc",
        ] {
            assert!(!ours(&[host]), "{host}");
        }
        assert!(ours(&[]), "HTTP/1.0 has no `Host`");
        assert!(!ours(&["localhost", "evil.example"]));
    }
}
