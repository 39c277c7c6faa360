//! Reads and checks a catalog file.

mod check;
mod directions;
mod node;
mod raw;

use super::yaml::read_yaml;
use crate::rules::{Catalog, Problems, Source};
use check::Check;
use raw::RawCatalog;
use std::collections::BTreeMap;
use std::path::Path;

/// Somebody still looks after what automation does.
const MOST_OF_IT: f64 = 0.8;
/// More hours, minutes or steps than this (a century of hours) are a mistake, and what follows from them could overflow.
const MOST: f64 = 1e6;

impl Catalog {
    /// Parses and checks the text of a catalog file.
    pub fn parse(text: &str, file: &Path) -> Result<Catalog, Problems> {
        let raw: RawCatalog = read_yaml(text, file)?;
        let mut check = Check {
            source: Source::new(file),
            problems: Problems::default(),
        };
        let declared = check.declared(&raw.processes);
        let ids: Vec<&str> = declared.iter().map(|process| process.id()).collect();
        let mut processes = BTreeMap::new();
        for process in &declared {
            let checked = check.process(process, &ids);
            if processes.insert(checked.id.clone(), checked).is_some() {
                let message = format!("`id`: process `{}` is declared twice", process.id());
                check.add(&process.id, message);
            }
        }
        check.cycles(&declared, &processes);
        let case_link = check.case_link(&raw.case_link);
        check.problems.into_result(Catalog {
            processes,
            case_link,
        })
    }
}

#[cfg(test)]
mod tests;
