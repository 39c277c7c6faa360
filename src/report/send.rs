//! Sending a report: by mail, and to webhooks. Blocks; for a thread of its own.

use super::content::Report;
use super::deliver::file_name;
use super::message::Summary;
use super::{Medium, html, markdown};
use crate::config::recipients::{MAIL, MailTerms, Recipients, WebhookTerms};
use crate::config::reports::ReportFormat;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, Message, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport};
use std::io::Read as _;
use std::time::Duration;
use ureq::tls::{RootCerts, TlsConfig};

/// A recipient has so long to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// So much of an answer is told.
const TOLD: u64 = 300;

/// Why a report was not sent. Never names the address of a webhook, which is a secret.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// An address or a certificate can't be used, or the message can't be made.
    #[error("{0}")]
    Message(String),
    /// The mail server does not take it.
    #[error("the mail server does not take it: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// The webhook can't be reached.
    #[error("it can't be reached: {0}")]
    Http(String),
    /// The webhook does not take it.
    #[error("it answered {status}: {said}")]
    Answer {
        /// The HTTP status.
        status: u16,
        /// The beginning of what it said.
        said: String,
    },
}

/// Names of all recipients.
pub fn recipients(of: &Recipients) -> impl Iterator<Item = &str> {
    let mail = of.mail.iter().map(|_| MAIL);
    mail.chain(of.webhooks.iter().map(|webhook| webhook.name.as_str()))
}

/// Sends a report to the recipient of this name.
pub fn send(report: &Report, to: &Recipients, recipient: &str) -> Result<(), SendError> {
    let url = to.url.as_ref().map(|base| {
        format!(
            "{base}/reports/{}",
            file_name(&report.period.id, ReportFormat::Html)
        )
    });
    if let Some(terms) = to.mail.as_ref().filter(|_| recipient == MAIL) {
        return mail(report, terms, url);
    }
    let webhook = to.webhooks.iter().find(|one| one.name == recipient);
    let webhook =
        webhook.ok_or_else(|| SendError::Message("there is no such recipient".to_owned()))?;
    post(report, webhook, url)
}

fn message(error: impl std::fmt::Display) -> SendError {
    SendError::Message(error.to_string())
}

/// A mail whose text says all of it, whose page does so nicely, and which has the page attached for those whose mail
/// program leaves out pictures.
fn mail(report: &Report, terms: &MailTerms, url: Option<String>) -> Result<(), SendError> {
    let summary = Summary::of(report, url);
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(message);
    let mut head = Message::builder()
        .from(mailbox(&terms.from)?)
        .subject(format!(
            "{}: {}",
            summary.title,
            summary.standing.trim_end_matches('.')
        ));
    for to in &terms.to {
        head = head.to(mailbox(to)?);
    }
    let link = summary
        .url
        .map_or(String::new(), |url| format!("{url}\n\n"));
    let page = html(report, Medium::Screen);
    let attached = Attachment::new(file_name(&report.period.id, ReportFormat::Html));
    let body = MultiPart::mixed()
        .multipart(MultiPart::alternative_plain_html(
            link + &markdown(report),
            page.clone(),
        ))
        .singlepart(attached.body(page, ContentType::TEXT_HTML));
    let mail = head.multipart(body).map_err(message)?;
    transport(terms)?.send(&mail)?;
    Ok(())
}

fn transport(terms: &MailTerms) -> Result<SmtpTransport, SendError> {
    let mut builder = SmtpTransport::from_url(&terms.server)?.timeout(Some(PATIENCE));
    if let Some((user, password)) = &terms.credentials {
        builder = builder.credentials(Credentials::new(user.clone(), password.0.clone()));
    }
    if let Some(ca) = &terms.ca {
        let (host, tls): (&str, fn(TlsParameters) -> Tls) = match terms.server.split_once("://") {
            Some(("smtps", rest)) => (rest, Tls::Wrapper),
            Some((_, rest)) if rest.contains("tls=") => (rest, Tls::Required),
            _ => return Ok(builder.build()),
        };
        let host = host.split(['/', '?']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default();
        let parameters = TlsParameters::builder(host.to_owned())
            .add_root_certificate(Certificate::from_pem(ca)?)
            .build()?;
        builder = builder.tls(tls(parameters));
    }
    Ok(builder.build())
}

fn post(report: &Report, webhook: &WebhookTerms, url: Option<String>) -> Result<(), SendError> {
    let body = Summary::of(report, url).body(webhook.kind, report);
    let body = serde_json::to_vec(&body).map_err(message)?;
    let mut config = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        // Where a redirect leads, nobody has configured.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("toleranced/", env!("CARGO_PKG_VERSION")));
    if let Some(ca) = &webhook.ca {
        let certificate = ureq::tls::Certificate::from_pem(ca).map_err(message)?;
        let roots = RootCerts::new_with_certs(&[certificate]);
        config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
    }
    let agent: ureq::Agent = config.build().into();
    let sent = agent
        .post(&webhook.url.0)
        .content_type("application/json")
        .send(&body[..]);
    // The errors of the client name what went wrong and not the address.
    let mut answer = sent
        .map_err(|error| SendError::Http(error.to_string().replace(&webhook.url.0, "<address>")))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let mut said = Vec::new();
    // What can't be read of the reason does not change that it was not taken.
    let _ = answer
        .body_mut()
        .as_reader()
        .take(TOLD)
        .read_to_end(&mut said);
    Err(SendError::Answer {
        status: status.as_u16(),
        said: super::safe::sentence(&String::from_utf8_lossy(&said)),
    })
}
