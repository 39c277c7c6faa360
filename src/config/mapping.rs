//! Reads mapping files and the presets that come with the program.

use super::yaml::read_yaml;
use crate::rules::mapping::MappingSpec;
use crate::rules::{Problems, Source};
use std::path::Path;

/// Presets that come with the program: name and text.
pub const PRESETS: &[(&str, &str)] = include!("../../config/presets/index.in");

impl MappingSpec {
    /// Parses the text of a mapping file. What it says is checked when it is compiled.
    pub fn parse(text: &str, file: &Path) -> Result<MappingSpec, Problems> {
        Ok(read_yaml(text, file)?)
    }

    /// A preset that comes with the program.
    pub fn preset(name: &str) -> Option<Result<MappingSpec, Problems>> {
        let (_, text) = PRESETS.iter().find(|(known, _)| *known == name)?;
        Some(MappingSpec::parse(text, Path::new(name)))
    }

    /// Reads a mapping by the name of a preset or the path of a file.
    pub fn load(name: &str) -> Result<MappingSpec, Problems> {
        if let Some(preset) = MappingSpec::preset(name) {
            return preset;
        }
        let path = Path::new(name);
        match std::fs::read_to_string(path) {
            Ok(text) => MappingSpec::parse(&text, path),
            Err(error) => {
                let known = PRESETS.iter().map(|(name, _)| *name);
                let problem =
                    Source::new(path).whole(format!("no such preset, and as a file: {error}"));
                let all = known.clone().collect::<Vec<_>>().join(", ");
                let problem = problem.did_you_mean(name, known);
                Err(match problem.hint {
                    Some(_) => problem.into(),
                    None => problem.hint(format!("presets: {all}")).into(),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::At;
    use crate::rules::mapping::FieldSpec;

    #[test]
    fn a_field_is_a_path_a_template_or_a_recipe() {
        let spec = MappingSpec::parse(
            "case: number\nactivity: '{a}-{b}'\ntime: { path: at, missing: ['?'] }\nterminal: [Closed]\n",
            Path::new("m.yaml"),
        )
        .unwrap();
        let field = |at: &Option<At<FieldSpec>>| at.as_ref().unwrap().value.0.clone();
        assert_eq!(field(&spec.case).path.as_deref(), Some("number"));
        assert_eq!(field(&spec.activity).template.as_deref(), Some("{a}-{b}"));
        assert_eq!(field(&spec.time).missing, ["?"]);
    }

    #[test]
    fn mistakes_name_their_line() {
        let fail = |text: &str| {
            MappingSpec::parse(text, Path::new("m.yaml"))
                .unwrap_err()
                .to_string()
        };
        let text = fail("case: number\nactivty: x\n");
        assert!(
            text.contains("m.yaml:2") && text.contains("did you mean `activity`"),
            "{text}"
        );
        let text = fail("case:\n  pth: number\n");
        assert!(
            text.contains("m.yaml:2") && text.contains("did you mean `path`"),
            "{text}"
        );
    }

    #[test]
    fn inputs_are_texts_objects_or_lists_of_them() {
        let inputs = |text: &str| {
            let spec = MappingSpec::parse(text, Path::new("m.yaml")).unwrap();
            let input = spec.input.unwrap();
            let path = |field: &FieldSpec| field.0.path.clone().unwrap_or_default();
            input.as_slice().iter().map(path).collect::<Vec<_>>()
        };
        assert_eq!(inputs("input: rule\n"), ["rule"]);
        assert_eq!(inputs("input: { path: rule, lowercase: true }\n"), ["rule"]);
        assert_eq!(
            inputs("input: [rule, { path: asset }, '{a}']\n"),
            ["rule", "asset", ""]
        );
        let wrong = MappingSpec::parse("case: a\ninput:\n- { pth: x }\n", Path::new("m.yaml"));
        let text = wrong.unwrap_err().to_string();
        assert!(
            text.contains("m.yaml:3") && text.contains("did you mean `path`"),
            "{text}"
        );
    }

    #[test]
    fn every_preset_parses() {
        for (name, _) in PRESETS {
            assert!(matches!(MappingSpec::preset(name), Some(Ok(_))), "{name}");
        }
        let error = MappingSpec::load("jira-webhok").unwrap_err().to_string();
        assert!(error.contains("jira-webhook"), "{error}");
    }
}
