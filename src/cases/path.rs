//! How far a case strayed from the designed path.

use crate::model::NameId;

/// One step of a designed path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DesignedStep {
    /// The activity.
    pub activity: NameId,
    /// Whether skipping it is as designed.
    pub optional: bool,
}

/// Longer cases are compared by their first so many steps; the rest counts as off the path, step by step.
const COMPARED: usize = 2_000;

/// The least number of deviating steps: steps taken that the design does not have, and designed steps that were not
/// taken.
///
/// The cost of an optimal alignment with unit cost for moves on log and moves on model (Adriansyah, van Dongen, van der
/// Aalst 2011, "Conformance checking using cost-based fitness analysis"), which for a designed sequence is the edit
/// distance without substitution. Time: steps times designed steps.
pub(crate) fn steps_off_path(taken: &[NameId], designed: &[DesignedStep]) -> u32 {
    let compared = &taken[..taken.len().min(COMPARED)];
    let beyond = (taken.len() - compared.len()) as u32;
    // cost[j]: aligning the steps so far with the first j designed steps.
    let mut cost = Vec::with_capacity(designed.len() + 1);
    cost.push(0u32);
    for (j, step) in designed.iter().enumerate() {
        cost.push(cost[j] + u32::from(!step.optional));
    }
    for activity in compared {
        let mut diagonal = cost[0];
        cost[0] += 1;
        for (j, step) in designed.iter().enumerate() {
            let above = cost[j + 1];
            let skip = cost[j] + u32::from(!step.optional);
            let matched = if step.activity == *activity {
                diagonal
            } else {
                u32::MAX
            };
            cost[j + 1] = (above + 1).min(skip).min(matched);
            diagonal = above;
        }
    }
    cost[designed.len()] + beyond
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design(text: &str) -> Vec<DesignedStep> {
        let mut steps: Vec<DesignedStep> = Vec::new();
        for c in text.chars() {
            match (c, steps.last_mut()) {
                ('?', Some(last)) => last.optional = true,
                _ => steps.push(DesignedStep {
                    activity: NameId(c as u32),
                    optional: false,
                }),
            }
        }
        steps
    }

    fn off(taken: &str, designed: &str) -> u32 {
        let taken: Vec<NameId> = taken.chars().map(|c| NameId(c as u32)).collect();
        steps_off_path(&taken, &design(designed))
    }

    #[test]
    fn counts_extra_and_missing_steps() {
        assert_eq!(off("abc", "abc"), 0);
        assert_eq!(off("ac", "abc"), 1);
        assert_eq!(off("ac", "ab?c"), 0);
        assert_eq!(off("abxc", "abc"), 1);
        assert_eq!(off("acb", "abc"), 2);
        assert_eq!(off("", "abc"), 3);
        assert_eq!(off("xyz", ""), 3);
        assert_eq!(off("abab", "ab"), 2);
    }

    #[test]
    fn an_endless_case_is_compared_by_its_start() {
        let taken = vec![NameId(1); 10 * COMPARED];
        assert_eq!(
            steps_off_path(&taken, &design("a")) as usize,
            10 * COMPARED + 1
        );
    }
}
