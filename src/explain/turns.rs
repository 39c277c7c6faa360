//! What would change the verdict: the decision is taken again with one thing otherwise.

mod levels;

use super::outlook::{if_lost, lacks_confirmation, pace, too_much_lost, too_slow, unobserved};
use super::percent;
use super::standing::{Directions, Judged, Shown, Standing, after_more, hands_on_minutes};
use crate::model::{Executor, Level, Ppm, Span, Status, Time};
use crate::rules::{Recommendation, Tolerance};
use crate::score::{Bounds, Independence, ProcessScore, Terms, WEEKS_PER_YEAR, widened_bounds};
use serde::{Deserialize, Serialize};

/// Something that could be otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lever {
    /// `evidence`, `frequency`, `hands-on time`, `size`, `criticality` or `executor`.
    pub lever: String,
    /// How it is.
    pub now: String,
    /// What would come of its being otherwise, the nearest first; empty where nothing would in three years.
    pub turns: Vec<Turn>,
}

/// A point at which the verdict turns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Turn {
    /// When, in words.
    pub when: String,
    /// The number in these words; null where there is none.
    pub at: Option<f64>,
    /// Its unit: `cases`, `deviations_per_case`, `cases_per_week`, `minutes` or `steps`.
    pub unit: Option<String>,
    /// In how many weeks that is reached at the present rate; null where no time makes it so.
    pub weeks: Option<f64>,
    /// When that is reached at the present rate, RFC 3339; null where the rate does not say, or where it never is.
    pub expected_at: Option<String>,
    /// What T would be; null for none.
    pub permissible_deviation: Option<f64>,
    /// What the status would be.
    pub status: Status,
    /// Who should run it then.
    pub recommendation: Option<Recommendation>,
    /// By which rule.
    pub rule: Option<String>,
    /// What of this is otherwise than now: `permissible_deviation`, `status`, `recommendation`.
    pub changes: Vec<String>,
}

/// Beyond so many cases nobody waits.
const MOST_CASES: f64 = 1e7;

/// Nobody waits for longer, and the rate will not be the present one.
const MOST_WEEKS: f64 = 3.0 * WEEKS_PER_YEAR;

/// What would change the verdict if it were otherwise, the nearest first, and how the evidence stands. Empty where there was no verdict.
pub(crate) fn levers(score: &ProcessScore, terms: Terms, as_of: Time) -> Vec<Lever> {
    let Some(standing) = Standing::of(score, terms) else {
        return Vec::new();
    };
    let field = Field {
        now: standing.judge(),
        standing,
        tolerance: terms.tolerance,
        terms,
        score,
        as_of,
    };
    let evidence = field.evidence();
    let others = [
        Some(field.frequency()),
        field.hands_on(),
        Some(field.size()),
        Some(field.criticality()),
        Some(field.executor()),
    ];
    let others = others.into_iter().flatten();
    let mut levers: Vec<Lever> = others.filter(|lever| !lever.turns.is_empty()).collect();
    levers.push(evidence);
    let distance = |lever: &Lever| {
        let turns = lever.turns.iter().map(|turn| field.distance(turn));
        turns.fold(f64::INFINITY, f64::min)
    };
    levers.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    levers
}

/// Whether two verdicts are the same in what people act on.
fn is_same(a: &Judged, b: &Judged) -> bool {
    (a.attributes.status, a.recommendation) == (b.attributes.status, b.recommendation)
}

struct Field<'a> {
    standing: Standing<'a>,
    now: Judged,
    tolerance: &'a Tolerance,
    terms: Terms<'a>,
    score: &'a ProcessScore,
    as_of: Time,
}

/// A threshold and its unit.
type At = Option<(f64, &'static str)>;

impl Field<'_> {
    fn turn(&self, when: String, at: At, judged: &Judged) -> Turn {
        let pairs = [
            (
                "permissible_deviation",
                judged.permissible != self.now.permissible,
            ),
            (
                "status",
                judged.attributes.status != self.now.attributes.status,
            ),
            (
                "recommendation",
                judged.recommendation != self.now.recommendation,
            ),
        ];
        let changed = pairs.iter().filter(|(_, differs)| *differs);
        Turn {
            when,
            at: at.map(|(at, _)| at),
            unit: at.map(|(_, unit)| unit.to_owned()),
            weeks: None,
            expected_at: None,
            permissible_deviation: judged.permissible,
            status: judged.attributes.status,
            recommendation: judged.recommendation,
            rule: judged.rule.clone(),
            changes: changed.map(|(what, _)| (*what).to_owned()).collect(),
        }
    }

    fn lever(&self, lever: &str, now: String, turns: Vec<Turn>) -> Lever {
        let lever = lever.to_owned();
        let is_result = |what: &String| what != "permissible_deviation";
        let turns = turns.into_iter();
        let turns = turns.filter(|turn| turn.changes.iter().any(is_result));
        let mut turns: Vec<Turn> = turns.collect();
        turns.sort_by(|a, b| self.distance(a).total_cmp(&self.distance(b)));
        Lever { lever, now, turns }
    }

    /// How far a turn is from what is, as a part of what is. Words have no distance: they are as far as twice as much.
    fn distance(&self, turn: &Turn) -> f64 {
        let Some((at, unit)) = turn.at.zip(turn.unit.as_deref()) else {
            return 1.0;
        };
        let observed = self.score.rating.deviation.map_or(0.0, |d| d.mean);
        let (now, then) = match unit {
            "cases" => (
                self.score.scored_cases.count as f64,
                self.score.scored_cases.count as f64 + at,
            ),
            "deviations_per_case" => (observed.max(self.now.permissible.unwrap_or(0.0)), at),
            "cases_per_week" => (self.standing.per_week, at),
            "minutes" => (hands_on_minutes(self.score, self.terms).unwrap_or(at), at),
            _ => (self.standing.size, at),
        };
        let from = if unit == "deviations_per_case" {
            observed
        } else {
            now
        };
        (then - from).abs() / now.max(f64::MIN_POSITIVE)
    }

    /// More cases, or the same number with other outcomes.
    fn evidence(&self) -> Lever {
        let (now, turns) = match (self.score.rating.deviation, self.now.permissible) {
            (Some(d), Some(t)) => self.observed_evidence(d, t),
            (Some(_), None) => ("there is no tolerance to hold".to_owned(), Vec::new()),
            (None, Some(_)) if lacks_confirmation(self.score) => {
                let (turns, _) = self.more_cases(0.0, 0.0);
                let now = format!("{}{}", unobserved(self.score), pace(self.score));
                (now, turns)
            }
            (None, _) => (unobserved(self.score), Vec::new()),
        };
        self.lever("evidence", now, turns)
    }

    fn observed_evidence(&self, d: Bounds, t: f64) -> (String, Vec<Turn>) {
        let n = self.score.scored_cases.count as f64;
        // As the sums have it: whole parts per million.
        let s = Ppm::shares((d.mean * n * f64::from(Ppm::ONE.0)).round() as i64);
        let now = format!(
            "{n} cases, mean {}, [{:.2}, {:.2}] %, T {}",
            percent(d.mean),
            d.lower * 100.0,
            d.upper * 100.0,
            percent(t)
        );
        if self.score.loss.too_much {
            // However many more cases there were.
            let why = too_much_lost(self.score, self.tolerance);
            return (format!("{now}; {why}"), Vec::new());
        }
        let (mut turns, slow) = self.more_cases(n, s);
        turns.extend(self.other_means(d, n, t));
        (format!("{now}{slow}"), turns)
    }

    /// The deviation of `n` cases that deviate by `s` in all, widened by what was lost, as the score has it.
    fn bounds(&self, n: f64, s: f64) -> Bounds {
        self.bounds_of(self.score.rating.independence, n, s)
    }

    /// The same of cases that depend on each other as these do.
    fn bounds_of(&self, independence: Independence, n: f64, s: f64) -> Bounds {
        let (alpha, lost) = (self.tolerance.alpha, self.score.loss.share);
        let widened = |factor| widened_bounds(n, s, factor, alpha, lost);
        let seen = widened(independence.factor());
        Bounds {
            upper: widened(independence.factor() * independence.not_yet_seen).upper,
            ..seen
        }
    }

    /// The verdict if `n` cases, so many more than now, had deviated by `s` in all.
    fn observed(&self, n: f64, s: f64, more: f64) -> Judged {
        let is_enough = more > 0.0 && more >= self.score.clean_cases.for_days as f64;
        let can_be_withdrawn = n >= self.tolerance.withdrawal_cases as f64;
        let left = |counted| self.score.clean_cases.pace.left_after(more, counted);
        let shown = |deviation: Bounds, before: Option<Shown>| Shown {
            deviation: Some(deviation),
            directions: before.map_or(Directions::default(), |before| {
                after_more(before.directions, more, is_enough, left)
            }),
            can_be_withdrawn: can_be_withdrawn
                || before.is_some_and(|before| before.can_be_withdrawn),
            too_few_days: !is_enough && before.is_none_or(|before| before.too_few_days),
        };
        let mut standing = Standing {
            observed: shown(self.bounds(n, s), Some(self.standing.observed)),
            unconfirmed: false,
            ..self.standing
        };
        // They are cases of the kind that runs the process.
        let own = self.of_kind_that_runs_it(n, s);
        let own = |before| own.map(|own| shown(own, before)).or(before);
        match self.standing.executor {
            Executor::Ai => standing.ai = own(standing.ai),
            Executor::Code => standing.code = own(standing.code),
            Executor::AiApproved => {
                standing.ai_approved = own(None).map_or(standing.ai_approved, |own| own.deviation);
            }
            Executor::CodeApproved => {
                standing.code_approved =
                    own(None).map_or(standing.code_approved, |own| own.deviation);
            }
            _ => {}
        }
        standing.judge()
    }

    /// The deviation of the kind that runs the process if what makes `n` and `s` otherwise than they are were all its own.
    fn of_kind_that_runs_it(&self, n: f64, s: f64) -> Option<Bounds> {
        let score = self.score;
        let kind = self.standing.executor;
        let side = score.executor_of(kind)?;
        let (whole, own) = (score.rating.deviation?, side.deviation?);
        if score.scored_cases.requires_confirmed {
            // How many of its cases are confirmed is not known here.
            return None;
        }
        let (before, cases) = (score.scored_cases.count as f64, side.cases as f64);
        let cases_then = cases + n - before;
        let sum = own.mean * cases + s - whole.mean * before;
        let sum = sum.clamp(0.0, cases_then);
        Some(self.bounds_of(side.independence, cases_then, sum))
    }

    /// Further cases, all clean or all wrong, as what counts now leaves the window: the turns that come within three years, and
    /// why none comes, where none does.
    fn more_cases(&self, n: f64, s: f64) -> (Vec<Turn>, String) {
        let soon = |turn: &Turn| turn.weeks.is_some_and(|weeks| weeks <= MOST_WEEKS);
        let clean = self.turns_after(n, s, 0.0);
        let first = clean.first().filter(|turn| !soon(turn));
        let slow = match (self.score.clean_cases.why_never(), first) {
            (Some(why), _) => format!("; {why}"),
            (None, first) => too_slow(self.score, first.and_then(|turn| turn.at)),
        };
        let all = clean.into_iter().chain(self.turns_after(n, s, 1.0));
        (all.filter(soon).collect(), slow)
    }

    /// Where the verdict turns while cases come that deviate by `each`.
    fn turns_after(&self, n: f64, s: f64, each: f64) -> Vec<Turn> {
        let pace = &self.score.clean_cases.pace;
        let most = pace.most().unwrap_or(MOST_CASES).min(MOST_CASES);
        let after_more = |more: f64| {
            let (n, s) = pace.left_after(more, (n, s));
            self.observed(n + more, (s + each * more).min(n + more), more)
        };
        let mut turns = Vec::new();
        let (mut known, mut last) = (0.0f64, self.now.clone());
        while known < most {
            // In steps that grow, so that ten millions are reached soon; between two of them the first turn is looked for.
            let next = (known * 1.5).ceil().max(known + 1.0).min(most);
            if is_same(&after_more(next), &last) {
                known = next;
                continue;
            }
            let (mut low, mut high) = (known, next);
            while high - low > 1.0 {
                let middle = ((low + high) / 2.0).floor();
                match is_same(&after_more(middle), &last) {
                    true => low = middle,
                    false => high = middle,
                }
            }
            last = after_more(high);
            let when = after(high as u64, each == 0.0, self.score);
            let mut turn = self.turn(when, Some((high, "cases")), &last);
            turn.weeks = self.weeks(high);
            turn.expected_at = turn.weeks.and_then(|weeks| self.expected(weeks));
            turns.push(turn);
            known = high;
        }
        turns
    }

    /// In how many weeks there will be so many more cases that count, at the present rate.
    fn weeks(&self, cases: f64) -> Option<f64> {
        let rate = Some(self.score.clean_cases.pace.per_week).filter(|rate| *rate > 0.0)?;
        Some(cases / rate)
    }

    /// When so many weeks will have passed.
    fn expected(&self, weeks: f64) -> Option<String> {
        let span = weeks * Span::WEEK.0 as f64;
        (weeks <= MOST_WEEKS).then(|| self.as_of.plus(Span(span as i64)).to_string())
    }

    /// With as many cases, the means at which the verdict turns: where it would be within, where it is T itself, and where
    /// it would be outside.
    fn other_means(&self, d: Bounds, n: f64, t: f64) -> Vec<Turn> {
        let bounds = |mean: f64| self.bounds(n, mean * n);
        let edges = [
            greatest(|mean| bounds(mean).upper <= t),
            Some(t),
            greatest(|mean| bounds(mean).lower <= t),
        ];
        let edges = edges
            .into_iter()
            .flatten()
            .filter(|mean| *mean < 1.0 - 1e-6);
        let (mut down, mut up): (Vec<f64>, Vec<f64>) = edges.partition(|edge| d.mean > *edge);
        down.sort_by(|a, b| b.total_cmp(a));
        up.sort_by(f64::total_cmp);
        let lost = if_lost(self.score);
        let mut turns = Vec::new();
        let mut follow = |edges: Vec<f64>, word: &str, beyond: f64| {
            let mut last = self.now.clone();
            for mean in edges {
                let judged = self.observed(n, (mean + beyond) * n, 0.0);
                let turns_status = judged.attributes.status != last.attributes.status;
                if turns_status || judged.recommendation != last.recommendation {
                    let when = format!("mean {word} {}, as many cases{lost}", percent(mean));
                    turns.push(self.turn(when, Some((mean, "deviations_per_case")), &judged));
                    last = judged;
                }
            }
        };
        follow(down, "at most", 0.0);
        follow(up, "above", 1e-9);
        turns
    }

    fn criticality(&self) -> Lever {
        let levels = [Level::Negligible, Level::Low, Level::Medium, Level::High];
        let now = self.standing.criticality;
        let at = levels.iter().position(|level| *level == now);
        let neighbours = levels
            .iter()
            .enumerate()
            .filter(|(nth, _)| at.is_some_and(|at| at.abs_diff(*nth) == 1));
        let turns = neighbours.map(|(_, level)| {
            let judged = Standing {
                criticality: *level,
                ..self.standing
            }
            .judge();
            let class = judged.attributes.required_class;
            self.turn(format!("{level} (class {class})"), None, &judged)
        });
        let turns = turns.collect();
        let class = self.now.attributes.required_class;
        self.lever("criticality", format!("{now} (class {class})"), turns)
    }

    fn executor(&self) -> Lever {
        let now = self.standing.executor;
        let others = [Executor::Human, Executor::Ai, Executor::Code]
            .into_iter()
            .filter(|kind| *kind != now);
        let turns = others.map(|executor| {
            let standing = self.standing.run_by(executor, self.score, self.terms);
            let judged = standing.judge();
            self.turn(format!("{executor}, deviating as much"), None, &judged)
        });
        let turns = turns.collect();
        self.lever("executor", now.to_string(), turns)
    }
}

/// `after 68 more clean runs`.
fn after(runs: u64, clean: bool, score: &ProcessScore) -> String {
    let (one, many, clean_ones) = match score.scored_cases.requires_confirmed {
        true => (
            "1 more confirmed case",
            "more confirmed cases",
            "more confirmed clean",
        ),
        false => ("1 more", "more", "more clean"),
    };
    let what = match (runs, clean) {
        (1, true) => format!("1 {clean_ones} run"),
        (1, false) => format!("{one} that goes wrong"),
        (_, true) => format!("{runs} {clean_ones} runs"),
        (_, false) => format!("{runs} {many} that all go wrong"),
    };
    format!("after {what}{}", if_lost(score))
}

/// The greatest mean for which something holds that holds for smaller ones only; `None` if it does not even for 0.
fn greatest(holds: impl Fn(f64) -> bool) -> Option<f64> {
    if !holds(0.0) {
        return None;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low)
}
