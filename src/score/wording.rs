//! The texts of reasons and notes: the only place that makes sentences of them. JSON has these texts, too.

mod breakup;
mod directions;
mod frequency;
mod notes;
mod value;

pub(crate) use directions::direction_name;

use super::bounds::Bounds;
use super::breakup::cut_reason::CutReason;
use super::note::Note;
use super::reason::{
    Figures, Guard, LiveFigures, NoVerdict, Reason, ShadowFigures, ShadowReason, ShadowRuns,
    UnreachableReason,
};
use super::value::{MissingInput, ValueReason};
use crate::model::Time;
use crate::model::humanize::{counted, format_days, significant};
use serde::{Serialize, Serializer};
use std::fmt::{Display, Formatter, Result};

macro_rules! text_in_json {
    ($($of:ty),+) => {$(
        impl Serialize for $of {
            fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    )+};
}

text_in_json!(
    Reason,
    Note,
    ShadowReason,
    UnreachableReason,
    ValueReason,
    MissingInput,
    CutReason
);

impl Reason {
    /// Why it should be run as recommended, without the figures.
    pub fn without_figures(&self) -> String {
        match self {
            Reason::Decided { because, guard, .. } => guarded(because, *guard),
            Reason::Undecided(why) => why.to_string(),
        }
    }
}

/// The words of a rule, and what overruled it.
pub(super) fn guarded(because: &str, guard: Option<Guard>) -> String {
    match guard {
        None => because.to_owned(),
        Some(guard) => format!("{because}; but {guard}"),
    }
}

impl Display for Reason {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self {
            Reason::Decided { figures, .. } => {
                write!(out, "{}: {figures}", self.without_figures())
            }
            Reason::Undecided(why) => write!(out, "{why}"),
        }
    }
}

impl Display for NoVerdict {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self {
            NoVerdict::NoCase => out.write_str("no case was seen"),
            NoVerdict::NoneEnded => out.write_str("no case has ended yet"),
            NoVerdict::IdsInNames => out.write_str(
                "its size can't be measured: most of its activities were seen once, so their names contain ids. Take these out with `match` in the mapping, or declare `size` in the catalog",
            ),
            NoVerdict::TooFew { ended, needed } => write!(
                out,
                "{} {} ended, too few for a recommendation: {} must end (`evidence.cases` in the tolerance file: {needed})",
                counted(*ended, "case"),
                if *ended == 1 { "has" } else { "have" },
                counted(needed - ended, "more case"),
            ),
            NoVerdict::TooOld { ended, most } => write!(
                out,
                "the last case ended on {}, more than {} ago, too long for a recommendation: a new case must end, so check its log if the process still runs",
                date(*ended),
                format_days(*most)
            ),
            NoVerdict::NoneEndedSince(epoch) => write!(
                out,
                "no case has ended since the epoch {}, so there is no nominal size yet",
                date(*epoch)
            ),
            NoVerdict::Undated => out.write_str(
                "the log has no times, so there is no frequency, and without one there is no recommendation",
            ),
            NoVerdict::TooManyOpen => out.write_str(
                "too few of its first cases have ended to measure its size: 95 % are needed, or declare `size` in the catalog",
            ),
            NoVerdict::Dormant(since) => write!(
                out,
                "the last event is of {}, so there is no present frequency: if the process still runs, check its log",
                date(*since)
            ),
        }
    }
}

/// The day of an instant, as `2026-03-01`.
fn date(at: Time) -> String {
    let text = at.to_string();
    text.get(..10).unwrap_or(&text).to_owned()
}

impl Display for Guard {
    fn fmt(&self, out: &mut Formatter) -> Result {
        out.write_str(match self {
            Guard::AiFailedTrial => "what AI has shown so far deviates more than it may",
            Guard::AiOutsideAndCritical => {
                "what AI runs today deviates more than it may, and much hangs on it"
            }
            Guard::AiOutside => {
                "what AI runs today deviates more than it may, so AI is not left unattended"
            }
            Guard::Irreversible => {
                "its action can't be undone and it needs class f, so AI is never recommended unattended"
            }
            Guard::AiUnproven => "what AI has shown so far is too little to leave it unattended",
            Guard::MissesTooMuch => {
                "the process misses more than is tolerated, so neither code nor unattended AI is recommended"
            }
            Guard::JudgementRequired => {
                "each case needs the judgement of a person, so neither code nor unattended AI is recommended"
            }
            Guard::CodeFailedTrial => "what code has shown so far deviates more than it may",
            Guard::CodeOutside => {
                "what code runs today deviates more than it may, and needs mending before it runs again"
            }
        })
    }
}

impl Display for Figures {
    fn fmt(&self, out: &mut Formatter) -> Result {
        let unknown = || "unknown".to_owned();
        let size = self.size_steps.map(|size| format!("{size:.1}"));
        let rate = self.cases_per_week.map(|rate| significant(rate, 1));
        let assumed = match self.criticality_assumed {
            true => " (assumed)",
            false => "",
        };
        let worth = self.independent_cases.map_or(String::new(), |cases| {
            format!(", {}", as_independent(cases))
        });
        let observed = self.deviation.map_or("not observed".to_owned(), |d| {
            format!("observed {}{worth}", in_percent(d))
        });
        write!(
            out,
            "complexity {} ({} steps), frequency {} ({} cases a week), criticality {}{assumed}, tolerance {} (permissible {}), {observed}: {}",
            self.complexity,
            size.unwrap_or_else(unknown),
            self.frequency,
            rate.unwrap_or_else(unknown),
            self.criticality,
            self.tolerance,
            self.permissible_deviation.map_or_else(unknown, percent),
            self.status,
        )?;
        self.live
            .iter()
            .try_for_each(|live| write!(out, "; {live}"))?;
        let mut shadow = self.shadow.iter();
        shadow.try_for_each(|shadow| write!(out, "; {shadow}"))
    }
}

impl Display for LiveFigures {
    fn fmt(&self, out: &mut Formatter) -> Result {
        let LiveFigures {
            executor,
            cases,
            deviation,
            status,
        } = self;
        let deviation = in_percent(*deviation);
        write!(
            out,
            "{cases} cases of {executor} alone, {deviation}: {status}"
        )
    }
}

impl Display for ShadowFigures {
    fn fmt(&self, out: &mut Formatter) -> Result {
        let (runs, status) = (self.runs, self.status);
        match self.deviation {
            Some(deviation) => write!(out, "{runs}, {}: {status}", in_percent(deviation)),
            None => write!(
                out,
                "{} shadow runs of {}, none compared: {status}",
                runs.runs, runs.executor
            ),
        }
    }
}

/// `400 shadow runs of ai`, `500 of 10000 shadow runs of ai`.
impl Display for ShadowRuns {
    fn fmt(&self, out: &mut Formatter) -> Result {
        let ShadowRuns {
            executor,
            runs,
            compared,
        } = self;
        match compared == runs {
            true => write!(out, "{runs} shadow runs of {executor}"),
            false => write!(out, "{compared} of {runs} shadow runs of {executor}"),
        }
    }
}

impl Display for ShadowReason {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self {
            ShadowReason::Within => out.write_str("its shadow runs hold what the process needs"),
            ShadowReason::AllRunsDeviate { runs, mean } => write!(
                out,
                "those that were compared hold what the process needs, but of all {runs}, compared or not, {} went wrong of themselves",
                percent(*mean)
            ),
            ShadowReason::MissesTooMuch => out.write_str(
                "they are within, but the process misses more than is tolerated",
            ),
            ShadowReason::NeverForAi => out.write_str(
                "its shadow runs hold what the process needs, but its action can't be undone and it needs class f: never for unattended AI",
            ),
            ShadowReason::NeedsJudgement => out.write_str(
                "its shadow runs hold what the process needs, but each case needs the judgement of a person",
            ),
            ShadowReason::LiveCasesOutside => out.write_str(
                "its shadow runs hold what the process needs, but the live cases that it runs do not",
            ),
            ShadowReason::NothingCompared => out.write_str(
                "no shadow run could be compared with what was done: map `parent` to the case that each one shadows, or `input`",
            ),
            ShadowReason::NotWithin(status) => write!(out, "its shadow runs are {status}"),
        }
    }
}

impl Display for UnreachableReason {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self {
            UnreachableReason::NoTolerance => out.write_str("there is no tolerance to hold"),
            UnreachableReason::NoSize(why) => write!(out, "{why}"),
            UnreachableReason::UnknownLoss => out.write_str(
                "a file breaks off or could not be read, and nobody can say how much is missing",
            ),
            UnreachableReason::TooMuchLost { lost, most } => write!(
                out,
                "{} of the records were lost, and above {} nothing is called within, after however many clean runs",
                percent(*lost),
                percent(*most)
            ),
            UnreachableReason::NothingMeasurable => {
                out.write_str("nothing here could count as a deviation")
            }
            UnreachableReason::TooManyUnknown { unknown, of } => write!(
                out,
                "of {unknown} of {of} cases nothing shows if they are right: classify their outcomes first"
            ),
            UnreachableReason::LossTakesAll { lost, limit } => write!(
                out,
                "{} of the records were lost: if all of those were wrong, that alone is as much as T {}",
                percent(*lost),
                percent(*limit)
            ),
            UnreachableReason::TooMany => out.write_str("more than ten million"),
            UnreachableReason::WindowTooShort {
                window,
                per_week,
                needed,
            } => write!(
                out,
                "never within a window of {} at {per_week:.1} a week: it takes {needed} in one window",
                format_days(*window)
            ),
            UnreachableReason::NothingConfirmed => {
                out.write_str("never at the present rate of confirmation")
            }
            UnreachableReason::NoneLately => out.write_str(
                "no case that counts has ended lately, so nobody knows how long it takes",
            ),
        }
    }
}

/// As how many independent cases others count.
pub(crate) fn as_independent(cases: f64) -> String {
    let digits = if cases < 10.0 { 1 } else { 0 };
    format!("as much as {cases:.digits$} independent cases")
}

/// A share as a percentage with two digits.
fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// A deviation with its interval.
fn in_percent(d: Bounds) -> String {
    let [mean, lower, upper] = [d.mean, d.lower, d.upper].map(|share| 100.0 * share);
    format!("{mean:.2} % [{lower:.2}, {upper:.2}]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, Status};
    use crate::rules::ToleranceLevel;

    fn decided(because: &str, guard: Option<Guard>) -> Reason {
        Reason::Decided {
            because: because.to_owned(),
            guard,
            figures: Box::new(Figures {
                complexity: Level::Low,
                size_steps: Some(4.5),
                frequency: Level::High,
                cases_per_week: None,
                criticality: Level::Medium,
                criticality_assumed: true,
                tolerance: ToleranceLevel::High,
                permissible_deviation: Some(0.03),
                deviation: None,
                independent_cases: None,
                status: Status::Undetermined,
                live: Vec::new(),
                shadow: Vec::new(),
            }),
        }
    }

    #[test]
    fn rule_with_the_words_of_figures_keeps_all_its_words() {
        let because = "two things decide: complexity and price";
        let reason = decided(because, None);
        assert_eq!(reason.without_figures(), because);
        assert_eq!(
            reason.to_string(),
            "two things decide: complexity and price: complexity low (4.5 steps), frequency high (unknown cases a week), \
             criticality medium (assumed), tolerance high (permissible 3.00 %), not observed: undetermined"
        );
    }

    #[test]
    fn json_has_the_text_of_a_reason() {
        let guarded = decided("it suits AI", Some(Guard::AiUnproven));
        assert_eq!(
            guarded.without_figures(),
            "it suits AI; but what AI has shown so far is too little to leave it unattended"
        );
        for reason in [
            guarded,
            Reason::Undecided(NoVerdict::NoneEndedSince(Time(0))),
        ] {
            let json = serde_json::to_value(&reason).unwrap();
            assert_eq!(json, serde_json::Value::String(reason.to_string()));
        }
    }
}
