//! Sending a report: by mail, and to webhooks. Blocks; for a thread of its own.

use super::content::Report;
use super::deliver::file_name;
use super::message::Summary;
use super::{Medium, html, markdown};
use crate::config::recipients::{MAIL, MailTerms, Recipients, ServerAddress, WebhookTerms};
use crate::config::reports::ReportFormat;
use crate::model::{hash_pair, hash_text};
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
pub(crate) enum SendError {
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

/// Somebody who is sent reports. Each address of a mail is one: that a server refuses one of them is nothing to the others.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Recipient<'a> {
    /// An address.
    Mail(&'a MailTerms, &'a str),
    /// A webhook.
    Webhook(&'a WebhookTerms),
}

impl<'a> Recipient<'a> {
    /// Everybody.
    pub(crate) fn all(of: &'a Recipients) -> impl Iterator<Item = Recipient<'a>> {
        let mails = of.mail.iter().flat_map(|terms| {
            let each = terms.to.iter();
            each.map(move |to| Recipient::Mail(terms, to))
        });
        mails.chain(of.webhooks.iter().map(Recipient::Webhook))
    }

    /// By what it is known from one report to the next.
    pub(crate) fn key(&self) -> String {
        match self {
            Recipient::Mail(_, address) => format!("{MAIL} to {address}"),
            Recipient::Webhook(webhook) => webhook.name.clone(),
        }
    }

    /// What metrics call it: no addresses of people.
    pub(crate) fn label(&self) -> &'a str {
        match self {
            Recipient::Mail(..) => MAIL,
            Recipient::Webhook(webhook) => &webhook.name,
        }
    }

    /// Sends it a report, which is there in some formats.
    pub(crate) fn send(
        &self,
        report: &Report,
        to: &Recipients,
        formats: &[ReportFormat],
    ) -> Result<(), SendError> {
        let url = to
            .url
            .as_deref()
            .and_then(|base| page(base, &report.period.id, formats));
        match self {
            Recipient::Mail(terms, address) => mail(report, terms, address, url),
            Recipient::Webhook(webhook) => post(report, webhook, url),
        }
    }
}

/// Where a browser finds a report: in the first format that is written, the ones for people first.
fn page(base: &str, period: &str, formats: &[ReportFormat]) -> Option<String> {
    let paged = [ReportFormat::Html, ReportFormat::PdfReady];
    let mut all = paged.iter().chain(&ReportFormat::ALL);
    let shown = all.find(|one| formats.contains(one))?;
    Some(format!("{base}/reports/{}", file_name(period, *shown)))
}

fn message(error: impl std::fmt::Display) -> SendError {
    SendError::Message(error.to_string())
}

/// A mail whose text says all of it, whose page does so nicely, and which has the page attached for those whose mail
/// program leaves out pictures.
fn mail(
    report: &Report,
    terms: &MailTerms,
    address: &str,
    url: Option<String>,
) -> Result<(), SendError> {
    let summary = Summary::of(report, url);
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(message);
    let head = Message::builder()
        .from(mailbox(&terms.from)?)
        .to(mailbox(address)?)
        // The same whenever it is tried again, so that a server that has taken it knows it.
        .message_id(Some(message_id(report, address)))
        .subject(format!(
            "{}: {}",
            summary.title,
            summary.standing.trim_end_matches('.')
        ));
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

fn message_id(report: &Report, address: &str) -> String {
    let of = hash_pair(hash_text(&report.period.id), hash_text(address));
    let of = hash_pair(of, report.hashes.configuration);
    format!("<tolerance-{}-{of:016x}@toleranced>", report.period.id)
}

fn transport(terms: &MailTerms) -> Result<SmtpTransport, SendError> {
    let mut builder = SmtpTransport::from_url(&terms.server)?.timeout(Some(PATIENCE));
    if let Some((user, password)) = &terms.credentials {
        builder = builder.credentials(Credentials::new(user.clone(), password.0.clone()));
    }
    let address = ServerAddress::read(&terms.server);
    if let Some((ca, address)) = terms.ca.as_ref().zip(address) {
        let tls: fn(TlsParameters) -> Tls = match address.wrapped {
            true => Tls::Wrapper,
            false if address.query.contains("tls=") => Tls::Required,
            false => return Ok(builder.build()),
        };
        let parameters = TlsParameters::builder(address.host.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_file_that_is_there() {
        use ReportFormat::{Csv, Html, Json, Md, PdfReady};
        for (formats, ending) in [
            (&[Json, Html][..], "html"),
            (&[Md, PdfReady], "print.html"),
            (&[Csv, Json, Md], "md"),
            (&[Csv], "csv"),
        ] {
            let url = page("https://soc.example", "2026-03", formats).unwrap();
            assert_eq!(
                url,
                format!("https://soc.example/reports/tolerance-2026-03.{ending}")
            );
        }
    }
}
