//! The catalog that the synthetic SOC would write of itself.

use super::Soc;
use std::fmt::Write;

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
    let outcomes: Vec<String> = spec
        .outcomes
        .iter()
        .map(|(name, severity)| format!("{name}: {severity}"))
        .collect();
    writeln!(yaml, "    outcomes: {{ {} }}", outcomes.join(", "))?;
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
    if let Some(parent) = spec.parent {
        writeln!(yaml, "    parent: {parent}")?;
    }
    Ok(())
}
