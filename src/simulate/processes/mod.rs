//! The dozen processes of the synthetic SOC, as data. No code but the list.

mod alerts;
mod incident;
mod routine;

use super::spec::Spec;

/// All processes, in the order of the catalog.
pub(crate) const ALL: &[&Spec] = &[
    &routine::SERVICE_DESK,
    &incident::INCIDENT_RESPONSE,
    &incident::ISOLATE_HOST,
    &alerts::PHISHING_TRIAGE,
    &alerts::EDR_ALERT_TRIAGE,
    &alerts::IOC_ENRICHMENT,
    &alerts::MALWARE_DETONATION,
    &alerts::DLP_REVIEW,
    &routine::PASSWORD_RESET,
    &routine::VULNERABILITY_TICKETING,
    &routine::ACCESS_REVIEW,
    &routine::FIREWALL_CHANGE,
    &incident::THREAT_HUNT,
    &routine::USER_OFFBOARDING,
];
