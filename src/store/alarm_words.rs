//! An alarm in words, for terminals and pages alike.

use super::AlarmRow;
use crate::drift::Stream;
use crate::model::humanize::{counted, fine_decimals, grouped, percent, rounded};
use crate::model::printable;

/// Names from logs are cut at so many characters.
const NAME_CHARS: usize = 60;
/// Evidence rarer than once in so many years is not told apart: no model of chance is that exact.
const MOST_YEARS: f64 = 10_000.0;

impl AlarmRow {
    fn known_stream(&self) -> Option<Stream> {
        self.stream.parse().ok()
    }

    /// The change in words.
    pub fn words(&self) -> String {
        let up = self.direction == "up";
        let words = match self.known_stream() {
            Some(Stream::DurationLocation) if up => "durations longer",
            Some(Stream::DurationLocation) => "durations shorter",
            Some(Stream::DurationDispersion) if up => "durations spread wider",
            Some(Stream::DurationDispersion) => "durations spread less",
            Some(Stream::OutcomeMix) if self.outcome.is_empty() => "more of rare or new outcomes",
            Some(Stream::OutcomeMix) => {
                return format!("more of outcome {}", printable(&self.outcome, NAME_CHARS));
            }
            Some(Stream::Deviation) => "more deviation",
            Some(Stream::InputVariance) => "same input ends otherwise",
            Some(stream) => stream.title(),
            None => return printable(&self.stream, NAME_CHARS),
        };
        words.to_owned()
    }

    /// The change in words, and in how many processes it is if there are several.
    pub(crate) fn what(&self) -> String {
        match self.processes.is_empty() {
            true => self.words(),
            false => format!("{} in {}", self.words(), self.whose()),
        }
    }

    /// A mean of its stream with its unit.
    pub fn figure(&self, value: f64) -> String {
        // What is not known is a share, as most are.
        let stream = self.known_stream().unwrap_or(Stream::Deviation);
        stream.figure(value)
    }

    /// Whether late data took its evidence away.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.how.as_deref() == Some("withdrawn")
    }

    /// What changed, by how much, since when and with what confidence. `years`: a process that has not changed raises
    /// such an alarm in this stream once in so many.
    pub(crate) fn sentence(&self, years: Option<f64>) -> String {
        let onset = self.onset;
        let when = match self.ended {
            None => format!("Since about {onset}"),
            Some(day) => format!("From about {onset} to {day}"),
        };
        let confidence = match self.confidence(years) {
            Some(words) => format!(" {words}"),
            None => String::new(),
        };
        let change = match self.is_mean_of_several() {
            true => format!("on average, {}", self.change()),
            false => self.change(),
        };
        format!("{when}, {change}.{confidence}")
    }

    /// Whether its figures are means over its processes, and no sums.
    fn is_mean_of_several(&self) -> bool {
        let is_sum = matches!(
            self.known_stream(),
            Some(Stream::FrequencyUp | Stream::FrequencyDown)
        );
        !self.processes.is_empty() && !is_sum
    }

    fn who(&self) -> String {
        printable(&self.whose(), NAME_CHARS)
    }

    /// The change with its figures: a clause.
    fn change(&self) -> String {
        let tense = |now: &'static str, then: &'static str| if self.is_open() { now } else { then };
        let who = self.who();
        let [was, became] =
            [self.was, self.became].map(|value| percent(value, fine_decimals(value)));
        let cases = |does: &str| format!("{became} of the cases of {who} {does}, expected {was}");
        match self.known_stream() {
            Some(Stream::FrequencyUp | Stream::FrequencyDown) => {
                self.frequency(tense("has", "had"))
            }
            Some(Stream::Deviation) => {
                let is = tense("is", "was");
                format!("the deviation rate of {who} {is} {became}, expected {was}")
            }
            Some(Stream::DurationLocation) => {
                let takes = tense("takes", "took");
                format!(
                    "a case of {who} {takes} longer than {became} of the baseline, expected {was}"
                )
            }
            Some(Stream::DurationDispersion) => format!(
                "the durations of {who} spread {}: the mean distance of their rank from the middle {} {became} of the largest possible, expected {was}",
                if self.direction == "up" {
                    "wider"
                } else {
                    "less"
                },
                tense("is", "was"),
            ),
            Some(Stream::OutcomeMix) if self.outcome.is_empty() => cases(tense(
                "end in rare or new outcomes",
                "ended in rare or new outcomes",
            )),
            Some(Stream::OutcomeMix) => {
                let outcome = printable(&self.outcome, NAME_CHARS);
                cases(&format!("{} in {outcome}", tense("end", "ended")))
            }
            Some(Stream::InputVariance) => cases(tense(
                "end otherwise than the same input did in the baseline",
                "ended otherwise than the same input did in the baseline",
            )),
            Some(Stream::PathNovelty) => cases(tense(
                "take a path that the baseline does not have",
                "took a path that the baseline does not have",
            )),
            Some(Stream::CriticalOutcome) => {
                let end = tense("end", "ended");
                format!(
                    "{became} of the cases of {who} {end} in the critical outcome, acceptable {was}"
                )
            }
            None => {
                let stream = printable(&self.stream, NAME_CHARS);
                let is = tense("is", "was");
                format!("{stream} of {who} {is} {became}, expected {was}")
            }
        }
    }

    fn frequency(&self, has: &str) -> String {
        let ([was, became], who) = ([self.was, self.became].map(a_day), self.who());
        let has = match (self.processes.is_empty(), has) {
            (true, has) => has,
            (false, "has") => "together have",
            (false, _) => "together had",
        };
        format!("{who} {has} {became} cases per day, expected {was}")
    }

    /// How rare such evidence is by chance.
    pub(crate) fn confidence(&self, years: Option<f64>) -> Option<String> {
        if self.is_withdrawn() {
            return Some("Late data took the evidence away.".to_owned());
        }
        let once = once_in(years?);
        let clearest = match self.processes.is_empty() {
            true => "raises such an alarm in this stream",
            false => "raises an alarm as clear as the clearest of them",
        };
        Some(format!("A stable process {clearest} {once}."))
    }
}

fn a_day(cases: f64) -> String {
    match cases {
        x if x >= 99.5 => rounded(x),
        x if x >= 0.95 => format!("{x:.1}"),
        x => format!("{x:.2}"),
    }
}

/// A number of years with two significant digits.
fn once_in(years: f64) -> String {
    match years {
        x if x >= MOST_YEARS => {
            format!("less than once in {} years", grouped(MOST_YEARS as i64))
        }
        x if x >= 9.95 => {
            let unit = 10f64.powf((x.log10() + 1e-9).floor() - 1.0);
            format!("about once in {} years", rounded((x / unit).round() * unit))
        }
        x if x >= 0.995 => format!("about once in {x:.1} years"),
        x => {
            let months = (12.0 * x).round().max(1.0) as i64;
            format!("about once in {}", counted(months, "month"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Day;

    fn alarm(stream: &str) -> AlarmRow {
        AlarmRow {
            process: "phishing-triage".to_owned(),
            stream: stream.to_owned(),
            direction: "up".to_owned(),
            onset: Day(20_495),
            was: 0.023,
            became: 0.118,
            ..AlarmRow::default()
        }
    }

    #[test]
    fn one_sentence_says_what_by_how_much_since_when_and_how_sure() {
        assert_eq!(
            alarm("deviation").sentence(Some(383.0)),
            "Since about 2026-02-11, the deviation rate of phishing-triage is 11.8 %, expected 2.30 %. \
             A stable process raises such an alarm in this stream about once in 380 years."
        );
        let over = AlarmRow {
            ended: Some(Day(20_520)),
            how: Some("resolved".to_owned()),
            outcome: "closed\u{202e}".to_owned(),
            ..alarm("outcome_mix")
        };
        assert_eq!(
            over.sentence(None),
            "From about 2026-02-11 to 2026-03-08, 11.8 % of the cases of phishing-triage ended in closed\u{fffd}, expected 2.30 %."
        );
        let withdrawn = AlarmRow {
            how: Some("withdrawn".to_owned()),
            ..over
        };
        let told = withdrawn.sentence(Some(40.0));
        assert!(
            told.ends_with("Late data took the evidence away."),
            "{told}"
        );
    }

    #[test]
    fn an_alarm_about_several_processes_counts_them() {
        let fewer = AlarmRow {
            process: String::new(),
            processes: vec![String::from("p"); 22],
            direction: "down".to_owned(),
            was: 1_234.4,
            became: 85.25,
            ..alarm("frequency_down")
        };
        assert_eq!(
            fewer.sentence(Some(5e9)),
            "Since about 2026-02-11, 22 processes together have 85.2 cases per day, expected 1,234. \
             A stable process raises an alarm as clear as the clearest of them less than once in 10,000 years."
        );
        assert_eq!(fewer.what(), "fewer cases in 22 processes");
        let deviate = AlarmRow {
            stream: "deviation".to_owned(),
            was: 0.1,
            became: 0.2,
            ..fewer
        };
        let told = deviate.sentence(None);
        assert!(
            told.contains("on average, the deviation rate of 22 processes is 20.0 %"),
            "{told}"
        );
    }

    #[test]
    fn every_stream_has_its_sentence() {
        for stream in Stream::ALL {
            let told = alarm(stream.word()).sentence(Some(1.0));
            assert!(told.starts_with("Since about 2026-02-11, "), "{told}");
            assert!(
                told.contains("phishing-triage") && !told.contains('_'),
                "{told}"
            );
        }
        let unknown = alarm("of_a_later_version").sentence(None);
        assert!(
            unknown.contains("of_a_later_version of phishing-triage is 11.8 %"),
            "{unknown}"
        );
    }

    #[test]
    fn years_have_two_digits() {
        let told = [0.04, 0.75, 4.22, 9.96, 383.0, 9_960.0, f64::INFINITY].map(once_in);
        let want = [
            "about once in 1 month",
            "about once in 9 months",
            "about once in 4.2 years",
            "about once in 10 years",
            "about once in 380 years",
            "about once in 10,000 years",
            "less than once in 10,000 years",
        ];
        assert_eq!(told, want);
    }
}
