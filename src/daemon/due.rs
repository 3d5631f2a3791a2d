//! Which accounts run now, and when to look again. Pure: the time and the dice are handed in.
//!
//! Everything is compared with the time of day, and afresh each time: after a sleep of the machine, or when its
//! clock is set, what was missed runs once, and nothing waits for a time that no longer means anything.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::backoff;
use crate::domain::memory::Millis;
use crate::settings::{Schedule, Zone};
use crate::store::BackOff;

/// When an account is to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rhythm {
    /// Its schedule.
    pub schedule: Schedule,
    /// In which the schedule is read.
    pub timezone: Zone,
    /// Each start is late by a random part of this, in milliseconds.
    pub jitter: i64,
}

impl Rhythm {
    /// The first scheduled time after the given one. A schedule that is over is asked again in a day.
    pub fn tick_after(&self, now: Millis) -> Millis {
        let next = DateTime::from_timestamp_millis(now.0)
            .and_then(|it| self.schedule.next_after(&it.with_timezone(&self.timezone)));
        // A clock that runs backwards within a second must not make one tick two.
        next.map_or(now.plus(Millis::DAY), |it| {
            Millis(it.timestamp_millis().max(now.0 + 1))
        })
    }

    /// The next start: the tick and a part of the jitter, which stays well below the way to the tick after it.
    fn start_after(&self, now: Millis, dice: &mut impl FnMut(i64) -> i64) -> Millis {
        let tick = self.tick_after(now);
        if self.jitter == 0 {
            return tick;
        }
        let room = (self.tick_after(tick).0 - tick.0) / 2;
        tick.plus(dice(self.jitter.min(room).max(0)))
    }
}

/// An account in the timetable.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    rhythm: Rhythm,
    /// The next start by schedule.
    next: Millis,
    /// Somebody wants it to run whatever schedule and back-off say.
    is_asked: bool,
    /// Since when the back-off lasts, and how long.
    retry: Option<(Millis, i64)>,
    is_running: bool,
    /// A person stopped it.
    is_paused: bool,
}

impl Entry {
    /// When it is to start; `None`: not by itself.
    fn due_at(&self) -> Option<Millis> {
        if self.is_running || self.is_paused {
            return None;
        }
        let by_schedule = self.next;
        Some(match (self.is_asked, self.retry) {
            (true, _) => Millis(i64::MIN),
            (false, Some((since, pause))) => since.plus(pause),
            (false, None) => by_schedule,
        })
    }
}

/// What to do now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// To be started, the longest due first.
    pub start: Vec<String>,
    /// When something is due next; `None`: when a pass ends.
    pub wake_at: Option<Millis>,
}

/// All accounts that run by schedule.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timetable {
    entries: BTreeMap<String, Entry>,
    last_now: Option<Millis>,
}

impl Timetable {
    /// Takes over the accounts of a configuration. New ones are asked to run at once; the others keep their next
    /// start unless their rhythm changed; those that are not there any more are forgotten.
    pub fn set(&mut self, rhythms: BTreeMap<String, Rhythm>, now: Millis, dice: &mut impl FnMut(i64) -> i64) {
        self.entries.retain(|name, _| rhythms.contains_key(name));
        for (name, rhythm) in rhythms {
            match self.entries.get_mut(&name) {
                Some(entry) if entry.rhythm == rhythm => {}
                Some(entry) => {
                    entry.next = rhythm.start_after(now, dice);
                    entry.rhythm = rhythm;
                }
                None => {
                    let entry = Entry {
                        next: rhythm.start_after(now, dice),
                        rhythm,
                        is_asked: true,
                        retry: None,
                        is_running: false,
                        is_paused: false,
                    };
                    self.entries.insert(name, entry);
                }
            }
        }
    }

    /// Decides, and counts those that are to be started as running.
    pub fn decide(&mut self, now: Millis, n_free: usize, dice: &mut impl FnMut(i64) -> i64) -> Decision {
        if self.last_now.is_some_and(|last| now < last) {
            self.set_back(now, dice);
        }
        self.last_now = Some(now);
        let mut due: Vec<(Millis, String)> = Vec::new();
        let mut wake_at: Option<Millis> = None;
        for (name, entry) in &self.entries {
            match entry.due_at() {
                Some(at) if at <= now => due.push((at, name.clone())),
                Some(at) => wake_at = Some(wake_at.map_or(at, |it| it.min(at))),
                None => {}
            }
        }
        due.sort();
        // The others are started when a pass ends.
        due.truncate(n_free);
        for (_, name) in &due {
            if let Some(entry) = self.entries.get_mut(name) {
                entry.is_running = true;
                entry.is_asked = false;
                // From now on and not from the tick: what was missed meanwhile is not piled up.
                entry.next = entry.rhythm.start_after(now, dice);
            }
        }
        Decision {
            start: due.into_iter().map(|(_, name)| name).collect(),
            wake_at,
        }
    }

    /// The clock was set back: no time that was reckoned with it holds.
    fn set_back(&mut self, now: Millis, dice: &mut impl FnMut(i64) -> i64) {
        for entry in self.entries.values_mut() {
            entry.next = entry.next.min(entry.rhythm.start_after(now, dice));
            if let Some((since, _)) = &mut entry.retry {
                *since = (*since).min(now);
            }
        }
    }

    /// A pass has ended; the back-off says whether it failed.
    pub fn ended(&mut self, name: &str, back_off: BackOff, now: Millis) {
        if let Some(entry) = self.entries.get_mut(name) {
            entry.is_running = false;
            entry.retry = backoff::pause(back_off).map(|pause| (now, pause));
        }
    }

    /// The account is to run as soon as it can.
    pub fn ask(&mut self, name: &str) {
        if let Some(entry) = self.entries.get_mut(name) {
            entry.is_asked = true;
        }
    }

    /// What was failing works again, or deserves to be tried as if it did.
    pub fn forgive(&mut self, name: &str) {
        if let Some(entry) = self.entries.get_mut(name) {
            entry.retry = None;
        }
    }

    /// A person stopped the account, or lets it go on.
    pub fn set_paused(&mut self, name: &str, is_paused: bool) {
        if let Some(entry) = self.entries.get_mut(name) {
            entry.is_paused = is_paused;
        }
    }

    /// When the account is to start next; `None` while it is running or stopped.
    pub fn next_start(&self, name: &str, now: Millis) -> Option<Millis> {
        let at = self.entries.get(name)?.due_at()?;
        Some(at.max(now))
    }
}

#[cfg(test)]
mod tests;
