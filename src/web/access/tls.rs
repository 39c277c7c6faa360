//! TLS from the terms of the configuration. Keys and certificates are read here, so that a reload reads them anew.

use crate::config::web_config::{ClientCertificates, Pem, TlsTerms, TlsVersion};
use crate::model::{hash_pair, hash_text};
use crate::rules::{Problem, Source};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{NamedGroup, RootCertStore, ServerConfig, SupportedCipherSuite};
use std::path::Path;
use std::sync::Arc;

/// TLS as it is spoken, and a hash of what it was made of.
pub(super) struct Tls {
    pub(super) config: Arc<ServerConfig>,
    pub(super) made_of: u64,
}

impl Tls {
    pub(super) fn build(terms: &TlsTerms) -> Result<Tls, Problem> {
        let mut made_of = hash_text(&format!("{terms:?}"));
        let mut read = |pem: &Pem, field: &str| {
            let text = text_of(pem, field)?;
            made_of = hash_pair(made_of, hash_text(&text));
            Ok::<String, Problem>(text)
        };
        let chain = certificates(&read(&terms.cert, "cert_file")?, &terms.cert, "cert_file")?;
        let key = read(&terms.key, "key_file")?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| {
            let message = format!("is no private key in PEM: {error}");
            problem(&terms.key, "key_file", message)
        })?;
        let provider = Arc::new(provider(terms));
        let verifier = match &terms.client {
            ClientCertificates::None => None,
            ClientCertificates::IfGiven(ca) | ClientCertificates::Required(ca) => {
                let roots = certificates(&read(ca, "client_ca_file")?, ca, "client_ca_file")?;
                Some(verifier(roots, &terms.client, ca, &provider)?)
            }
        };
        let wrong = |error: rustls::Error| {
            problem(&terms.cert, "cert_file", format!("can't be used: {error}"))
        };
        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(terms))
            .map_err(wrong)?;
        let builder = match verifier {
            None => builder.with_no_client_auth(),
            Some(verifier) => builder.with_client_cert_verifier(verifier),
        };
        // This also finds a key that is not that of the certificate, as while one of the two files has been replaced.
        let mut config = builder.with_single_cert(chain, key).map_err(wrong)?;
        config.ignore_client_order = terms.server_order;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls {
            config: Arc::new(config),
            made_of,
        })
    }
}

fn problem(pem: &Pem, field: &str, message: String) -> Problem {
    let file = match pem {
        Pem::File(file) => file.as_path(),
        Pem::Inline(_) => Path::new("web-config"),
    };
    let problem = Source::new(file).whole(format!("`{field}` {message}"));
    problem.hint("docs/access.md says how to make one")
}

fn text_of(pem: &Pem, field: &str) -> Result<String, Problem> {
    match pem {
        Pem::Inline(text) => Ok(text.clone()),
        Pem::File(file) => std::fs::read_to_string(file)
            .map_err(|error| problem(pem, field, format!("can't be read: {error}"))),
    }
}

fn certificates(
    text: &str,
    pem: &Pem,
    field: &str,
) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match found {
        Ok(found) if found.is_empty() => Err(problem(
            pem,
            field,
            "holds no certificate in PEM".to_owned(),
        )),
        Ok(found) => Ok(found),
        Err(error) => Err(problem(pem, field, format!("is no PEM: {error}"))),
    }
}

fn verifier(
    roots: Vec<CertificateDer<'static>>,
    terms: &ClientCertificates,
    ca: &Pem,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Problem> {
    let wrong = |error: String| problem(ca, "client_ca_file", format!("can't be used: {error}"));
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root).map_err(|error| wrong(error.to_string()))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(store.into(), provider.clone());
    let builder = match terms {
        ClientCertificates::IfGiven(_) => builder.allow_unauthenticated(),
        ClientCertificates::None | ClientCertificates::Required(_) => builder,
    };
    builder.build().map_err(|error| wrong(error.to_string()))
}

fn versions(terms: &TlsTerms) -> Vec<&'static rustls::SupportedProtocolVersion> {
    let offered = [
        (TlsVersion::Tls12, &rustls::version::TLS12),
        (TlsVersion::Tls13, &rustls::version::TLS13),
    ];
    let offered = offered
        .into_iter()
        .filter(|(version, _)| (terms.min..=terms.max).contains(version));
    offered.map(|(_, version)| version).collect()
}

/// The suites and groups that the terms leave.
fn provider(terms: &TlsTerms) -> CryptoProvider {
    let mut provider = ring::default_provider();
    if !terms.suites.is_empty() {
        // Those of TLS 1.3 can't be chosen, as in Go.
        provider.cipher_suites.retain(|suite| match suite {
            SupportedCipherSuite::Tls13(_) => true,
            SupportedCipherSuite::Tls12(_) => {
                let name = format!("{:?}", suite.suite());
                terms.suites.contains(&name)
            }
        });
    }
    if !terms.curves.is_empty() {
        let place = |group: NamedGroup| {
            let name = match group {
                NamedGroup::X25519 => "X25519",
                NamedGroup::secp256r1 => "CurveP256",
                NamedGroup::secp384r1 => "CurveP384",
                _ => "",
            };
            terms.curves.iter().position(|curve| curve == name)
        };
        provider
            .kx_groups
            .retain(|group| place(group.name()).is_some());
        provider.kx_groups.sort_by_key(|group| place(group.name()));
    }
    provider
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(cert: &str, key: &str) -> TlsTerms {
        TlsTerms {
            cert: Pem::Inline(cert.to_owned()),
            key: Pem::Inline(key.to_owned()),
            client: ClientCertificates::None,
            min: TlsVersion::Tls12,
            max: TlsVersion::Tls13,
            suites: Vec::new(),
            curves: Vec::new(),
            server_order: false,
        }
    }

    fn made() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn fail(terms: &TlsTerms) -> String {
        Tls::build(terms)
            .err()
            .expect("must be refused")
            .to_string()
    }

    #[test]
    fn a_certificate_and_its_key_are_taken_and_another_certificate_is_a_change() {
        let ((cert, key), (other, other_key)) = (made(), made());
        let first = Tls::build(&terms(&cert, &key)).unwrap();
        let second = Tls::build(&terms(&other, &other_key)).unwrap();
        assert_ne!(first.made_of, second.made_of);
        assert_eq!(
            first.made_of,
            Tls::build(&terms(&cert, &key)).unwrap().made_of
        );
    }

    #[test]
    fn what_can_t_be_used_is_named() {
        let ((cert, key), (other, _)) = (made(), made());
        assert!(fail(&terms(&other, &key)).contains("`cert_file` can't be used"));
        assert!(fail(&terms("", &key)).contains("`cert_file` holds no certificate"));
        assert!(fail(&terms(&cert, &cert)).contains("`key_file` is no private key"));
        let mut missing = terms(&cert, &key);
        missing.key = Pem::File("nowhere.pem".into());
        assert!(fail(&missing).contains("nowhere.pem: `key_file` can't be read"));
    }

    #[test]
    fn suites_and_groups_are_those_that_were_named() {
        let (cert, key) = made();
        let mut some = terms(&cert, &key);
        some.suites = vec!["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256".to_owned()];
        some.curves = vec!["CurveP384".to_owned(), "X25519".to_owned()];
        let made = provider(&some);
        let old = made
            .cipher_suites
            .iter()
            .filter(|suite| matches!(suite, SupportedCipherSuite::Tls12(_)));
        assert_eq!(old.count(), 1);
        let groups: Vec<NamedGroup> = made.kx_groups.iter().map(|group| group.name()).collect();
        assert_eq!(groups, [NamedGroup::secp384r1, NamedGroup::X25519]);
    }
}
