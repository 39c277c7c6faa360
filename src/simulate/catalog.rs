//! The catalog that the synthetic SOC would write of itself.

use super::Soc;
use std::fmt::Write;

/// The activities that reach milestones, by process.
const MILESTONES: [(&str, &str); 5] = [
    (
        "phishing-triage",
        "contained: [purge mail], resolved: [reply to reporter]",
    ),
    (
        "edr-alert-triage",
        "acknowledged: [pick up alert], contained: [quarantine file], resolved: [close alert]",
    ),
    (
        "dlp-review",
        "acknowledged: [assign reviewer], resolved: [close review]",
    ),
    (
        "incident-response",
        "acknowledged: [assign severity], contained: [contain hosts, segment network], resolved: [close incident]",
    ),
    (
        "service-desk",
        "acknowledged: [check entitlement], resolved: [close request]",
    ),
];

/// Outcomes that miss something, and what is tolerated in each direction, by process. False positives are known by their name.
const MISSED: [(&str, &str, &str); 1] = [(
    "edr-alert-triage",
    "wrong_verdict",
    "missed: 1 %, false_alarm: 60 %",
)];

impl Soc {
    /// The catalog of this SOC in YAML.
    pub fn catalog_yaml(&self) -> String {
        let mut yaml = String::from("processes:\n");
        for process in &*self.processes {
            // Writing to a String can't fail.
            let _ = write_process(&mut yaml, process.spec);
        }
        yaml
    }
}

fn write_process(yaml: &mut String, spec: &super::spec::Spec) -> std::fmt::Result {
    let (outcome, system) = (spec.criticality.0.word(), spec.criticality.1.word());
    writeln!(yaml, "  - id: {}", spec.id)?;
    writeln!(yaml, "    name: {}", spec.name)?;
    writeln!(
        yaml,
        "    criticality: {{ outcome: {outcome}, system: {system} }}"
    )?;
    writeln!(yaml, "    executor: {}", spec.executor)?;
    let missed = MISSED.iter().find(|(id, ..)| *id == spec.id);
    let outcomes: Vec<String> = spec
        .outcomes
        .iter()
        .map(|(name, severity)| {
            let is_missed = missed.is_some_and(|(_, missed, _)| missed == name);
            match is_missed {
                true => format!("{name}: {{ severity: {severity}, direction: missed }}"),
                false => format!("{name}: {severity}"),
            }
        })
        .collect();
    writeln!(yaml, "    outcomes: {{ {} }}", outcomes.join(", "))?;
    if let Some((_, _, tolerances)) = missed {
        writeln!(yaml, "    tolerances: {{ {tolerances} }}")?;
    }
    match spec.limit_hours {
        Some(hours) if hours % 24 == 0 => writeln!(yaml, "    duration_limit: {}d", hours / 24)?,
        Some(hours) => writeln!(yaml, "    duration_limit: {hours}h")?,
        None => {}
    }
    writeln!(yaml, "    hands_on_minutes: {}", spec.hands_on_minutes)?;
    if let Some((build, upkeep)) = spec.automation {
        writeln!(
            yaml,
            "    automation: {{ build_hours: {build}, upkeep_hours_per_year: {upkeep} }}"
        )?;
    }
    let milestones = MILESTONES.iter().find(|(id, _)| *id == spec.id);
    if let Some((_, milestones)) = milestones {
        writeln!(yaml, "    milestones: {{ {milestones} }}")?;
    }
    if let Some(parent) = spec.parent {
        writeln!(yaml, "    parent: {parent}")?;
    }
    Ok(())
}
