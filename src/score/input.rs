//! What one process is scored by: what was measured of it and what is declared of it. Nothing of this changes while the
//! score is made.

use super::observed::Observed;
use super::process_score::BaselineScore;
use super::reason::NoVerdict;
use super::size::{SizeError, Sizes};
use super::young::{Maturity, Young};
use crate::measure::{Counts, Loss, ProcessSums, Sketch, Stretch, Sums, Waiting};
use crate::model::{Direction, Executor, Hour, NameId, Names, Origin, Ppm, Span, Time};
use crate::rules::{Catalog, Process, Tolerance};

/// What scoring needs beside the evidence.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The declared processes.
    pub catalog: &'a Catalog,
    /// Table, levels, decisions.
    pub tolerance: &'a Tolerance,
    /// The names.
    pub names: &'a Names,
}

/// Where the severity of an outcome comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// The catalog or a mapping declares it.
    Yes,
    /// The tolerance file knows it by its name.
    ByName,
}

/// One process: its measurements and its declaration.
pub(super) struct ProcessInput<'a> {
    pub(super) terms: Terms<'a>,
    pub(super) declared: Process,
    /// Whether any log names it.
    pub(super) is_in_logs: bool,
    /// Live cases of all kinds.
    pub(super) live: &'a Sums,
    /// All cases by kind and origin.
    pub(super) parts: &'a ProcessSums,
    /// The time in which cases would have been seen: what rates are over. It ends before `as_of` where it must be taken that
    /// its sources have told of nothing since.
    pub(super) covered: Stretch,
    pub(super) as_of: Time,
    /// Its last event, if its next cases are missing: it no longer runs, or its log no longer tells of it.
    pub(super) dormant_since: Option<Time>,
    /// How long what has ended counts; `None`: for ever.
    pub(super) window: Option<Span>,
    pub(super) loss: Loss,
    /// The measured size; `None` while no case has ended.
    pub(super) size: Option<&'a Result<Sizes, SizeError>>,
    pub(super) baseline: Option<BaselineScore>,
    /// Whether that is the one from before the epoch, because too few cases have ended since.
    pub(super) is_size_before_epoch: bool,
    /// Hands-on time of the cases of the baseline.
    pub(super) hands_on_before: Option<&'a Sketch>,
    /// When cases are challenged after their resolution; `None` if none was.
    pub(super) maturity: Option<Maturity>,
}

impl<'a> ProcessInput<'a> {
    /// Of these sums over this time, with nothing known beside them.
    pub(super) fn of_sums(
        terms: Terms<'a>,
        declared: Process,
        (live, parts): (&'a Sums, &'a ProcessSums),
        covered: Stretch,
    ) -> ProcessInput<'a> {
        ProcessInput {
            terms,
            declared,
            is_in_logs: true,
            live,
            parts,
            covered,
            as_of: covered.last,
            dormant_since: None,
            window: None,
            loss: Loss::default(),
            size: None,
            baseline: None,
            is_size_before_epoch: false,
            hands_on_before: None,
            maturity: Maturity::of(live, covered.last, terms.tolerance.alpha),
        }
    }

    /// The same process with another declaration.
    pub(super) fn declared_as(&self, declared: Process) -> ProcessInput<'a> {
        ProcessInput {
            terms: self.terms,
            declared,
            is_in_logs: self.is_in_logs,
            live: self.live,
            parts: self.parts,
            covered: self.covered,
            as_of: self.as_of,
            dormant_since: self.dormant_since,
            window: self.window,
            loss: self.loss,
            size: self.size,
            baseline: self.baseline.clone(),
            is_size_before_epoch: self.is_size_before_epoch,
            hands_on_before: self.hands_on_before,
            maturity: self.maturity.clone(),
        }
    }

    /// Whether any of its cases has no times, so that nothing is known of when and how long.
    pub(super) fn is_undated(&self) -> bool {
        let undated = Time::UNDATED.hour();
        let mut parts = self.parts.parts.values();
        parts.any(|sums| sums.starts.iter().any(|(hour, _)| hour == undated))
    }

    /// Whether it is known of any case if it deviates. Without an outcome that is classified, a state that can be left
    /// again, a limit or a path, a clean record is no evidence.
    pub(super) fn is_measurable(&self) -> bool {
        self.scored().is_measured()
    }

    /// How severe the mapping of a source says that an outcome is.
    pub(super) fn mapped_severity(&self, outcome: &str) -> Option<Ppm> {
        let mut mapped = self.live.mapped.iter();
        let is_it = |((id, _), _): &((NameId, Ppm), i64)| self.terms.names.text(*id) == outcome;
        mapped.find(is_it).map(|((_, severity), _)| severity)
    }

    /// The severity of an outcome, and whether catalog or mapping declare it; `None` if nobody has classified it.
    pub(super) fn severity_of(&self, outcome: &str) -> Option<(Ppm, Declared)> {
        let declared = |severity| (severity, Declared::Yes);
        let own = self
            .declared
            .severity_of(outcome)
            .or_else(|| self.mapped_severity(outcome));
        let own = own.map(declared);
        let by_name = || self.terms.tolerance.severity_by_name(outcome);
        own.or_else(|| by_name().map(|severity| (severity, Declared::ByName)))
            .or_else(|| self.declared.other_outcomes.map(declared))
    }

    /// The cases of some sums that are scored: those that have ended, and the open ones that deviate already.
    pub(super) fn scored_in(&self, sums: &Sums) -> Observed {
        self.scored_of(&[sums])
    }

    fn scored_of(&self, all: &[&Sums]) -> Observed {
        let confirmed = self.declared.require_confirmed;
        let mut observed = Observed::of(all, confirmed, self.terms.tolerance.assumed_cluster);
        if !confirmed {
            let open = all.iter().map(|sums| self.deviating_open(sums));
            open.for_each(|open| observed.add(&open));
            if let Some(maturity) = &self.maturity {
                let young = all.iter().map(|sums| self.young_of(maturity, sums));
                observed.expect(young.fold(Young::default(), Young::with));
            }
        }
        observed
    }

    /// What the ended cases of some sums may still show.
    fn young_of(&self, maturity: &Maturity, sums: &Sums) -> Young {
        let rework = Ppm::of(self.terms.tolerance.weights.rework);
        // Open cases that deviate as far as reopened ones. If late ones do as well, they can't be told apart.
        let is_reopened = |waiting: Waiting| {
            let late = Ppm::of(self.terms.tolerance.weights.lateness);
            waiting.deviation == rework
                && rework > late
                && self.deviation_of_open(waiting).is_some()
        };
        let open = sums
            .waiting
            .iter()
            .filter(|(waiting, _)| is_reopened(*waiting));
        let open: i64 = open.map(|(_, count)| count).sum();
        maturity.young(sums, sums.reopened + open)
    }

    /// The cases of some sums that are scored, where a case counts as wrong if it went wrong in this direction. If no outcome
    /// has the direction, nothing could have shown that.
    pub(super) fn directed_in(&self, all: &[&Sums], direction: Direction) -> Observed {
        let confirmed = self.declared.require_confirmed;
        let cluster = self.terms.tolerance.assumed_cluster;
        let observed = Observed::of_direction(all, confirmed, cluster, direction);
        match self.shows_direction(direction) {
            true => observed,
            false => observed.all_unknown(),
        }
    }

    /// Whether an outcome of the catalog, or one that was seen, has this direction.
    pub(super) fn shows_direction(&self, direction: Direction) -> bool {
        let mut declared = self.declared.directions.values();
        let sums = self.parts.parts.values();
        let mut seen = sums.flat_map(|sums| sums.directed.iter());
        declared.any(|of| *of == Some(direction)) || seen.any(|(key, _)| key.direction == direction)
    }

    /// The cases of some sums, whether confirmed or not.
    pub(super) fn all_in(&self, sums: &Sums) -> Observed {
        Observed::of(&[sums], false, self.terms.tolerance.assumed_cluster)
    }

    /// Open cases that deviate already: those that were reopened within the window, and those that passed
    /// their limit within it.
    pub(super) fn deviating_open(&self, sums: &Sums) -> Observed {
        let each = sums.waiting.iter().filter_map(|(waiting, count)| {
            let deviation = self.deviation_of_open(waiting)?;
            Some((deviation, count))
        });
        let mut deviations = Counts::default();
        each.for_each(|(deviation, count)| deviations.add(deviation, count));
        Observed::of_open(&deviations)
    }

    /// How far an open case deviates at this instant; `None` if it does not, or did before the window.
    fn deviation_of_open(&self, waiting: Waiting) -> Option<Ppm> {
        let since = self.window.map(|window| self.as_of.plus(-window).hour());
        let counts = |hour: Hour| since.is_none_or(|since| hour >= since);
        let passed = |limit: Span| waiting.passes(limit);
        let overdue = self.declared.duration_limit.map(passed);
        let overdue = overdue.filter(|passed| *passed <= self.as_of);
        let at = match overdue {
            Some(passed) => passed.hour(),
            None if waiting.deviation > Ppm::ZERO => waiting.last,
            None => return None,
        };
        let lateness = overdue.map_or(Ppm::ZERO, |_| {
            Ppm::of(self.terms.tolerance.weights.lateness)
        });
        counts(at).then(|| waiting.deviation.max(lateness))
    }

    /// The cases that the deviation of the process rests on.
    pub(super) fn scored(&self) -> Observed {
        match self.declared.exercises_count {
            true => self.scored_of(&[self.live, &self.parts.of_origin(Origin::Exercise)]),
            false => self.scored_in(self.live),
        }
    }

    /// Whether cases ended on too few days to call anything within. What is outside is so although clusters are assumed.
    pub(super) fn too_few_days(&self, observed: &Observed) -> bool {
        observed.dependence.days < self.terms.tolerance.least_days
    }

    /// Whether so many cases are unknown that nothing is called within.
    pub(super) fn unknown_too_many(&self, observed: &Observed) -> bool {
        observed.unknown_share() > self.terms.tolerance.most_unknown
    }

    /// The activities that were seen once, and the number of all, if most were: then their names contain ids, such as
    /// `block 10.0.0.1`, and every case seems to take a way of its own.
    pub(super) fn activities_with_ids(&self) -> Option<(Vec<NameId>, usize)> {
        /// Fewer activities may each be rare.
        const MANY: usize = 20;
        /// In fewer cases every activity may be rare.
        const CASES: i64 = 20;
        if self.live.cases < CASES {
            return None;
        }
        let (mut once, mut activities) = (Vec::new(), 0);
        let pairs = self.live.follows.iter();
        let mut visits = pairs
            .map(|((activity, _), count)| (activity, count))
            .peekable();
        // The pairs of an activity are beside each other.
        while let Some((activity, mut count)) = visits.next() {
            while let Some((_, more)) = visits.next_if(|(next, _)| *next == activity) {
                count += more;
            }
            activities += 1;
            if count == 1 {
                once.push(activity);
            }
        }
        let most = activities >= MANY && once.len() * 2 > activities;
        most.then_some((once, activities))
    }

    /// Why nothing can be decided, where nothing can.
    pub(super) fn no_verdict(&self) -> NoVerdict {
        let live = self.live;
        match self.declared.epoch {
            // What ended, or is open, may have begun before the window.
            _ if live.started() == 0 && live.cases == 0 && live.open == 0 => NoVerdict::NoCase,
            _ if live.cases > 0
                && let Some(since) = self.dormant_since =>
            {
                NoVerdict::Dormant(since)
            }
            _ if self.activities_with_ids().is_some() => NoVerdict::IdsInNames,
            _ if live.cases > 0 && self.is_undated() => NoVerdict::Undated,
            Some(epoch) if live.cases > 0 => NoVerdict::NoneEndedSince(epoch),
            _ if live.cases > 0 => NoVerdict::TooManyOpen,
            _ => NoVerdict::NoneEnded,
        }
    }

    /// The last event of all its sources, where it must be taken that they have told of nothing since.
    pub(super) fn silent_since(&self) -> Option<Time> {
        Some(self.covered.last).filter(|last| *last < self.as_of)
    }

    /// Whether so much was lost that nothing is called within or outside.
    pub(super) fn lost_too_much(&self) -> bool {
        self.loss.unknown > 0 || self.loss.share() > self.terms.tolerance.most_loss
    }

    /// Live cases by kind.
    pub(super) fn live_kinds(&self) -> impl Iterator<Item = (Executor, &Sums)> {
        let parts = self.parts.parts.iter();
        parts
            .filter(|((_, origin), _)| *origin == Origin::Live)
            .map(|((executor, _), sums)| (*executor, sums))
    }

    /// The kinds that are known and have ended cases.
    pub(super) fn known_kinds(&self) -> impl Iterator<Item = (Executor, &Sums)> {
        self.live_kinds()
            .filter(|(executor, sums)| *executor != Executor::Unknown && sums.cases > 0)
    }
}
