//! Whether a decision table demands less of a process on which more hangs.
//!
//! All combinations of attributes are tried. Values of an attribute that neither a rule nor a guard distinguishes are tried once.

use super::{Attributes, Verdict, conditions, recommend};
use crate::model::{Class, Executor, Level, Status, TolClass};
use crate::rules::{CRITICALITIES, Determinism, Judgement, PaysBack, Rule, ToleranceLevel, Trial};
use std::fmt::{Display, Formatter, Result};

/// Two processes that differ in their criticality only, of which the one on which less hangs has the stricter recommendation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reversal {
    /// The process on which less hangs.
    pub is: Attributes,
    /// What is recommended for it.
    pub said: Verdict,
    /// The criticality of the other one.
    pub higher: Level,
    /// What is recommended for the other one.
    pub said_higher: Verdict,
}

/// The first combination of attributes at which a table demands more of a process on which less hangs; `None` if there is none.
pub(crate) fn reversal(rules: &[Rule]) -> Option<Reversal> {
    let all: Vec<usize> = (0..rules.len()).collect();
    let dimensions = dimensions(rules);
    Search { rules, dimensions }.from(0, &ANY, &all)
}

impl Display for Reversal {
    fn fmt(&self, out: &mut Formatter) -> Result {
        let Reversal { is, said, .. } = self;
        write!(
            out,
            "the rules demand more at criticality {} (`{}` by `{}`) than at {} (`{}` by `{}`), for example with complexity {}, frequency {}, tolerance {}, executor {}, class {}, ai_status {}, code_status {}, ai_shadow {}, code_shadow {}, pays_back {}, judgement {} and determinism {}. Add the lower criticality to the rule of the higher one, or exclude it from its own",
            is.criticality,
            said.recommendation,
            said.rule_text(),
            self.higher,
            self.said_higher.recommendation,
            self.said_higher.rule_text(),
            is.complexity,
            is.frequency,
            is.tolerance,
            is.executor,
            is.required_class,
            is.ai_status,
            is.code_status,
            is.ai_shadow,
            is.code_shadow,
            is.pays_back,
            is.judgement,
            is.determinism,
        )
    }
}

/// Any attributes: each of them is set before they are looked at.
const ANY: Attributes = Attributes {
    complexity: Level::Low,
    frequency: Level::Low,
    criticality: Level::Negligible,
    tolerance: ToleranceLevel::None,
    status: Status::Undetermined,
    executor: Executor::Unknown,
    required_class: Class::M,
    achieved_class: TolClass::Undetermined,
    ai_status: Status::Undetermined,
    code_status: Status::Undetermined,
    misses_too_much: false,
    ai_shadow: Trial::None,
    code_shadow: Trial::None,
    irreversible: false,
    pays_back: PaysBack::Unknown,
    judgement: Judgement::None,
    determinism: Determinism::Undetermined,
};

/// One value of an attribute, and which rules allow it.
struct Value {
    set: Box<dyn Fn(&mut Attributes)>,
    allowed: Vec<bool>,
}

struct Search<'a> {
    rules: &'a [Rule],
    /// The values of each attribute but the criticality.
    dimensions: Vec<Vec<Value>>,
}

impl Search<'_> {
    /// Tries all values of the attributes from the given one on, among the rules that allow the values before.
    fn from(&self, nth: usize, is: &Attributes, rules: &[usize]) -> Option<Reversal> {
        let Some(values) = self.dimensions.get(nth) else {
            return self.compare(is, rules);
        };
        values.iter().find_map(|value| {
            let allows = |rule: &usize| value.allowed.get(*rule).copied().unwrap_or(false);
            let left: Vec<usize> = rules.iter().copied().filter(allows).collect();
            let mut is = *is;
            (value.set)(&mut is);
            self.from(nth + 1, &is, &left)
        })
    }

    /// Compares each criticality with the next higher one.
    fn compare(&self, is: &Attributes, rules: &[usize]) -> Option<Reversal> {
        let left: Vec<&Rule> = rules
            .iter()
            .filter_map(|nth| self.rules.get(*nth))
            .collect();
        let at = |criticality| {
            let is = Attributes { criticality, ..*is };
            Some((is, recommend(left.iter().copied(), &is)?))
        };
        let all: Vec<(Attributes, Verdict)> = CRITICALITIES
            .iter()
            .filter_map(|level| at(*level))
            .collect();
        all.windows(2).find_map(|pair| match pair {
            [(is, said), (other, said_higher)] => {
                let demands = |said: &Verdict| said.recommendation.strictness();
                (demands(said) > demands(said_higher)).then(|| Reversal {
                    is: *is,
                    said: said.clone(),
                    higher: other.criticality,
                    said_higher: said_higher.clone(),
                })
            }
            _ => None,
        })
    }
}

/// An attribute: its name in conditions, and how it is set.
struct Dimension<T> {
    name: &'static str,
    set: fn(&mut Attributes, T),
    /// What guards distinguish.
    guarded: fn(T) -> u8,
}

impl<T: Copy + 'static> Dimension<T> {
    /// Its values, one of those that neither a rule nor a guard distinguishes.
    fn of(&self, rules: &[Rule], all: &[T]) -> Vec<Value> {
        let mut seen = Vec::new();
        let mut values = Vec::new();
        for (nth, value) in all.iter().copied().enumerate() {
            let mut is = ANY;
            (self.set)(&mut is, value);
            let allowed: Vec<bool> = rules.iter().map(|rule| self.allows(rule, &is)).collect();
            // A comparison of classes depends on several attributes.
            let compared = rules.iter().any(|rule| rule.when.precision.is_some());
            let is_compared = ["status", "required_class", "achieved_class"].contains(&self.name);
            let own = (compared && is_compared).then_some(nth);
            let key = (allowed.clone(), (self.guarded)(value), own);
            if !seen.contains(&key) {
                seen.push(key);
                let set = self.set;
                values.push(Value {
                    set: Box::new(move |is| set(is, value)),
                    allowed,
                });
            }
        }
        values
    }

    fn allows(&self, rule: &Rule, is: &Attributes) -> bool {
        let mut own = conditions(&rule.when, is).into_iter();
        own.all(|condition| condition.attribute != self.name || condition.holds)
    }
}

/// All attributes but the criticality.
fn dimensions(rules: &[Rule]) -> Vec<Vec<Value>> {
    macro_rules! dimension {
        ($name:ident, $all:expr, $guarded:expr) => {
            Dimension {
                name: stringify!($name),
                set: |is, value| is.$name = value,
                guarded: $guarded,
            }
            .of(rules, &$all)
        };
    }
    let is_outside = |status| u8::from(status == Status::Outside);
    vec![
        dimension!(complexity, COMPLEXITIES, |level| {
            u8::from(level == Level::ExtremelyHigh)
        }),
        dimension!(frequency, FREQUENCIES, |level| u8::from(
            level == Level::Low
        )),
        dimension!(tolerance, ToleranceLevel::ALL, |_| 0),
        dimension!(status, Status::ALL, |_| 0),
        dimension!(executor, Executor::ALL, |_| 0),
        dimension!(required_class, Class::ALL, |class| u8::from(
            class == Class::F
        )),
        dimension!(achieved_class, TolClass::ALL, |_| 0),
        dimension!(ai_status, Status::ALL, is_outside),
        dimension!(code_status, Status::ALL, is_outside),
        dimension!(misses_too_much, [false, true], u8::from),
        dimension!(ai_shadow, Trial::ALL, |trial| trial as u8),
        dimension!(code_shadow, Trial::ALL, |trial| {
            u8::from(trial == Trial::Outside)
        }),
        dimension!(irreversible, [false, true], u8::from),
        dimension!(pays_back, PaysBack::ALL, |_| 0),
        dimension!(judgement, Judgement::ALL, |judgement| judgement as u8),
        dimension!(determinism, Determinism::ALL, |_| 0),
    ]
}

const COMPLEXITIES: [Level; 4] = [Level::Low, Level::Medium, Level::High, Level::ExtremelyHigh];
const FREQUENCIES: [Level; 3] = [Level::Low, Level::Medium, Level::High];

#[cfg(test)]
mod tests;
