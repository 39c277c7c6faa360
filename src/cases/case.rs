//! The set of events of one case, and how it is kept on disk.

use super::event::{CaseEvent, EventFlags, EventIn};
use crate::codec::{DamagedBytes, Reader, put_i64, put_text, put_u64};
use crate::model::{NameId, Time};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// What became of an event that was put into a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insert {
    /// It is new.
    Added,
    /// It was there already (redelivered): counted once.
    Duplicate,
    /// The case holds as many events as it may; the event was not taken.
    Full,
}

/// Hands-on seconds by identity of the event that said so, and whether they are a total of the case.
type HandsOn = FxHashMap<u64, (u32, bool)>;

/// One run of a process: a set of events, with what they say of the case as a whole.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// In no particular order.
    events: Vec<CaseEvent>,
    /// The latest input signature: (time, hash). Equal times are decided by the greater hash, so order never matters.
    input: (Time, u64),
    /// The latest cluster that an event names, decided likewise.
    cluster: (Time, u64),
    /// The latest version that an event names, decided likewise.
    version: (Time, NameId),
    /// The latest parent case: (time, key), decided likewise.
    parent: Option<Box<(Time, String)>>,
    /// The process of the parent case as last looked up; 0 while unknown.
    parent_process: NameId,
    /// The outcome of the parent case, where that can be compared with: see [`Case::set_twin_outcome`].
    twin_outcome: NameId,
    /// Hands-on times, where the log has them.
    hands_on: Option<Box<HandsOn>>,
    /// The earliest time of each milestone that its events have a field for, by name; `None` while the field is empty.
    milestones: Vec<(NameId, Option<Time>)>,
    /// Set by the idle sweep, cleared by the next event.
    idle_closed: bool,
    /// Places by identity, kept only for long cases, where looking through all events would be slow.
    index: Option<Box<FxHashMap<u64, u32>>>,
}

/// Above this many events a case keeps an index of identities.
const INDEX_FROM: usize = 48;

/// First byte of a stored case.
const VERSION: u8 = 5;
/// Before clusters.
const VERSION_WITHOUT_CLUSTER: u8 = 4;
/// Before milestones.
const VERSION_WITHOUT_MILESTONES: u8 = 3;
/// Before versions.
const VERSION_WITHOUT_VERSION: u8 = 2;
/// Before hands-on times and twins.
const VERSION_WITHOUT_HANDS_ON: u8 = 1;

/// Keeps the later of what is known and what an event says. The first one is kept whenever it was: an event of a log without
/// times is before 1970.
fn keep_latest<T: Copy + Ord + Default>(known: &mut (Time, T), said: (Time, T)) {
    let is_first = known.1 == T::default();
    if is_first || *known < said {
        *known = said;
    }
}

impl Case {
    /// A case without events.
    pub fn new() -> Case {
        Case::default()
    }

    /// The events, in no particular order.
    pub fn events(&self) -> &[CaseEvent] {
        &self.events
    }

    /// The events by time, then mapped sequence, then position in their source.
    pub fn ordered(&self) -> Vec<CaseEvent> {
        let mut events = self.events.clone();
        events.sort_unstable_by_key(CaseEvent::order);
        events
    }

    /// Brings the events into order in place; the set stays the same.
    pub fn sort(&mut self) {
        self.events.sort_unstable_by_key(CaseEvent::order);
        self.index = None;
    }

    /// Puts an event in. `most` bounds the number of events.
    ///
    /// Of two events with the same identity the later one in case order stays, so the result does not depend on which
    /// came first.
    pub fn insert(&mut self, incoming: EventIn, most: usize) -> Insert {
        let event = incoming.event;
        let known = self.position_of(event.identity);
        if known.is_none() && self.events.len() >= most {
            return Insert::Full;
        }
        if incoming.input != 0 {
            keep_latest(&mut self.input, (event.time, incoming.input));
        }
        if incoming.cluster != 0 {
            keep_latest(&mut self.cluster, (event.time, incoming.cluster));
        }
        if incoming.version.is_some() {
            keep_latest(&mut self.version, (event.time, incoming.version));
        }
        if let Some(at) = known {
            let old = &mut self.events[at];
            if event.order() > old.order() {
                self.idle_closed &= event.time == old.time;
                *old = event;
                self.note_hands_on(&incoming);
            }
            return Insert::Duplicate;
        }
        self.note_hands_on(&incoming);
        if let Some(index) = &mut self.index {
            index.insert(event.identity, self.events.len() as u32);
        }
        if self.events.capacity() == 0 {
            self.events.reserve_exact(4);
        }
        self.events.push(event);
        self.idle_closed = false;
        Insert::Added
    }

    fn note_hands_on(&mut self, incoming: &EventIn) {
        let event = incoming.event;
        match (&mut self.hands_on, incoming.hands_on) {
            (None, 0) => {}
            (Some(known), 0) => {
                known.remove(&event.identity);
                if known.is_empty() {
                    self.hands_on = None;
                }
            }
            (known, seconds) => {
                let value = (seconds, event.flags.hands_on_of_case());
                known.get_or_insert_default().insert(event.identity, value);
            }
        }
    }

    /// Hands-on time in seconds: the sum of what events say of themselves, or the greatest total of the case that one says,
    /// whichever is more. `None` where no event says.
    pub fn hands_on(&self) -> Option<u64> {
        let known = self.hands_on.as_deref()?;
        let of = |total: bool| {
            let chosen = known.values().filter(move |(_, of_case)| *of_case == total);
            chosen.map(|(seconds, _)| u64::from(*seconds))
        };
        Some(of(false).sum::<u64>().max(of(true).max().unwrap_or(0)))
    }

    /// Notes the outcome of the parent case, which a shadow run is compared with: 0 where the parent has not ended, or
    /// deviates itself, so that being like it proves nothing. Says whether that is news.
    pub fn set_twin_outcome(&mut self, outcome: NameId) -> bool {
        std::mem::replace(&mut self.twin_outcome, outcome) != outcome
    }

    /// The outcome of the parent case that a shadow run is compared with; 0 for none.
    pub fn twin_outcome(&self) -> NameId {
        self.twin_outcome
    }

    /// Notes when the case reached a milestone; `None` if an event has a field for it without a value. The earliest time stays.
    pub fn reach(&mut self, milestone: NameId, at: Option<Time>) {
        let known = self
            .milestones
            .binary_search_by_key(&milestone, |(name, _)| *name);
        match known {
            Ok(place) => {
                let known = &mut self.milestones[place].1;
                *known = (*known).into_iter().chain(at).min();
            }
            Err(place) => self.milestones.insert(place, (milestone, at)),
        }
    }

    /// When the case reached the milestones that its events have a field for.
    pub fn milestones(&self) -> &[(NameId, Option<Time>)] {
        &self.milestones
    }

    /// Notes the parent case that an event names.
    pub fn set_parent(&mut self, at: Time, key: &str) {
        let later = match &self.parent {
            None => true,
            Some(known) => (at, key) > (known.0, known.1.as_str()),
        };
        if later {
            self.parent = Some(Box::new((at, key.to_owned())));
        }
    }

    /// The key of the parent case.
    pub fn parent(&self) -> Option<&str> {
        self.parent.as_ref().map(|parent| parent.1.as_str())
    }

    /// The process of the parent case as last looked up; 0 while unknown.
    pub fn parent_process(&self) -> NameId {
        self.parent_process
    }

    /// Notes what process the parent case belongs to; says whether that is news.
    pub fn set_parent_process(&mut self, process: NameId) -> bool {
        std::mem::replace(&mut self.parent_process, process) != process
    }

    /// The input signature; 0 where no event said.
    pub fn input(&self) -> u64 {
        self.input.1
    }

    /// The hash of what it has in common with cases of the same cause; 0 where no event said.
    pub fn cluster(&self) -> u64 {
        self.cluster.1
    }

    /// The version of what ran it, as the latest event that names one names it; 0 where none does.
    pub fn version(&self) -> NameId {
        self.version.1
    }

    /// The process that the latest event names; 0 without any. If the record of an event names none, it counts only if no
    /// record of the case does: often only the first one does.
    pub fn process(&self) -> NameId {
        self.events
            .iter()
            .filter(|event| event.process.is_some())
            .max_by_key(|event| (!event.flags.has_default_process(), event.order()))
            .map_or(NameId::NONE, |event| event.process)
    }

    /// The latest event in case order.
    pub fn latest(&self) -> Option<&CaseEvent> {
        self.events.iter().max_by_key(|event| event.order())
    }

    /// Whether the idle sweep has closed it.
    pub fn idle_closed(&self) -> bool {
        self.idle_closed
    }

    /// Closes it for having been idle; says whether that is news.
    pub fn close_idle(&mut self, closed: bool) -> bool {
        std::mem::replace(&mut self.idle_closed, closed) != closed
    }

    /// The case as it was known at an instant: only what had happened by then. `None` if nothing had.
    ///
    /// Input, version and parent are kept as the latest event names them: a case keeps no others, and seldom has others.
    pub fn until(&self, as_of: Time) -> Option<Cow<'_, Case>> {
        let happened = |event: &&CaseEvent| event.time <= as_of;
        let count = self.events.iter().filter(happened).count();
        match count {
            0 => None,
            all if all == self.events.len() && self.milestones_until(as_of).is_none() => {
                Some(Cow::Borrowed(self))
            }
            _ => Some(Cow::Owned(Case {
                events: self.events.iter().filter(happened).copied().collect(),
                input: self.input,
                cluster: self.cluster,
                version: self.version,
                parent: self.parent.clone(),
                parent_process: self.parent_process,
                twin_outcome: self.twin_outcome,
                hands_on: self.hands_on_until(happened),
                milestones: self
                    .milestones_until(as_of)
                    .unwrap_or_else(|| self.milestones.clone()),
                idle_closed: false,
                index: None,
            })),
        }
    }

    /// The milestones as they were known at an instant; `None` if they are the same now.
    fn milestones_until(&self, as_of: Time) -> Option<Vec<(NameId, Option<Time>)>> {
        let is_later = |at: &Time| *at > as_of;
        let mut times = self.milestones.iter().filter_map(|(_, at)| *at);
        times.find(is_later)?;
        let then = self.milestones.iter();
        Some(
            then.map(|(name, at)| (*name, at.filter(|at| !is_later(at))))
                .collect(),
        )
    }

    fn hands_on_until(&self, happened: impl Fn(&&CaseEvent) -> bool) -> Option<Box<HandsOn>> {
        let known = self.hands_on.as_deref()?;
        let then: HandsOn = self
            .events
            .iter()
            .filter(happened)
            .filter_map(|event| Some((event.identity, *known.get(&event.identity)?)))
            .collect();
        (!then.is_empty()).then(|| Box::new(then))
    }

    fn position_of(&mut self, identity: u64) -> Option<usize> {
        if self.events.len() < INDEX_FROM {
            return self
                .events
                .iter()
                .position(|event| event.identity == identity);
        }
        let events = &self.events;
        self.index
            .get_or_insert_with(|| {
                let places = events.iter().enumerate();
                Box::new(
                    places
                        .map(|(at, event)| (event.identity, at as u32))
                        .collect(),
                )
            })
            .get(&identity)
            .map(|at| *at as usize)
    }

    /// The bytes to keep on disk. Equal sets of events give equal bytes if they are in the same order.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        put_u64(out, u64::from(self.idle_closed));
        put_i64(out, self.input.0.0);
        out.extend_from_slice(&self.input.1.to_le_bytes());
        put_u64(out, u64::from(self.parent_process));
        let (at, key) = self
            .parent
            .as_ref()
            .map_or((0, ""), |parent| (parent.0.0, parent.1.as_str()));
        put_i64(out, at);
        put_text(out, key);
        put_u64(out, self.events.len() as u64);
        let (mut time, mut place) = (0, 0);
        for event in &self.events {
            put_i64(out, event.time.0.wrapping_sub(time));
            put_i64(out, (event.place as i64).wrapping_sub(place));
            (time, place) = (event.time.0, event.place as i64);
            put_i64(out, event.sequence);
            out.extend_from_slice(&event.identity.to_le_bytes());
            put_u64(out, u64::from(event.activity));
            put_u64(out, u64::from(event.outcome));
            put_u64(out, u64::from(event.process));
            put_u64(out, u64::from(event.flags.code()));
        }
        put_u64(out, u64::from(self.twin_outcome));
        let mut hands_on: Vec<(u64, (u32, bool))> = self
            .hands_on
            .iter()
            .flat_map(|known| known.iter().map(|(id, value)| (*id, *value)))
            .collect();
        hands_on.sort_unstable();
        put_u64(out, hands_on.len() as u64);
        for (identity, (seconds, of_case)) in hands_on {
            out.extend_from_slice(&identity.to_le_bytes());
            put_u64(out, u64::from(seconds) << 1 | u64::from(of_case));
        }
        put_i64(out, self.version.0.0);
        put_u64(out, u64::from(self.version.1));
        put_u64(out, self.milestones.len() as u64);
        for (milestone, at) in &self.milestones {
            put_u64(out, u64::from(*milestone));
            put_u64(out, u64::from(at.is_some()));
            put_i64(out, at.unwrap_or_default().0);
        }
        put_i64(out, self.cluster.0.0);
        out.extend_from_slice(&self.cluster.1.to_le_bytes());
    }

    /// Reads back what [`Case::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Case, DamagedBytes> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if !(VERSION_WITHOUT_HANDS_ON..=VERSION).contains(&version) {
            return Err(reader.damaged());
        }
        let idle_closed = reader.u64()? != 0;
        let input = (Time(reader.i64()?), reader.raw_u64()?);
        let parent_process = reader.u32()?;
        let parent = (Time(reader.i64()?), reader.text()?.to_owned());
        let count = reader.count()?;
        let mut events = Vec::with_capacity(count);
        let (mut time, mut place) = (0i64, 0i64);
        for _ in 0..count {
            time = time.wrapping_add(reader.i64()?);
            place = place.wrapping_add(reader.i64()?);
            events.push(CaseEvent {
                time: Time(time),
                place: place as u64,
                sequence: reader.i64()?,
                identity: reader.raw_u64()?,
                activity: NameId(reader.u32()?),
                outcome: NameId(reader.u32()?),
                process: NameId(reader.u32()?),
                flags: EventFlags::from_code(reader.u32()?),
            });
        }
        let (mut twin_outcome, mut hands_on) = (NameId::NONE, None);
        if version >= VERSION_WITHOUT_VERSION {
            twin_outcome = NameId(reader.u32()?);
            hands_on = decode_hands_on(&mut reader)?;
        }
        let mut ran = (Time::default(), NameId::NONE);
        if version >= VERSION_WITHOUT_MILESTONES {
            ran = (Time(reader.i64()?), NameId(reader.u32()?));
        }
        let mut milestones = Vec::new();
        if version >= VERSION_WITHOUT_CLUSTER {
            for _ in 0..reader.count()? {
                let (name, is_reached) = (NameId(reader.u32()?), reader.u64()? != 0);
                let at = Time(reader.i64()?);
                milestones.push((name, is_reached.then_some(at)));
            }
        }
        let mut cluster = (Time::default(), 0);
        if version > VERSION_WITHOUT_CLUSTER {
            cluster = (Time(reader.i64()?), reader.raw_u64()?);
        }
        Ok(Case {
            events,
            milestones,
            input,
            cluster,
            version: ran,
            parent: (!parent.1.is_empty()).then(|| Box::new(parent)),
            parent_process: NameId(parent_process),
            twin_outcome,
            hands_on,
            idle_closed,
            index: None,
        })
    }
}

fn decode_hands_on(reader: &mut Reader) -> Result<Option<Box<HandsOn>>, DamagedBytes> {
    let mut hands_on = HandsOn::default();
    for _ in 0..reader.count()? {
        let identity = reader.raw_u64()?;
        let value = reader.u64()?;
        let seconds = u32::try_from(value >> 1).map_err(|_| reader.damaged())?;
        hands_on.insert(identity, (seconds, value & 1 == 1));
    }
    Ok((!hands_on.is_empty()).then(|| Box::new(hands_on)))
}

#[cfg(test)]
mod tests;
