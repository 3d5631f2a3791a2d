//! The conversation with one platform: patient reads, journalled writes.
//!
//! A [`Reader`] repeats reads until they answer or the patience ends. A [`Link`] adds writes: each is
//! journalled before it leaves and after it is answered, and sent once; whether to send it again is
//! decided by [`super::deliver`], which reads first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::phones::Phones;
use super::stop::{Said, Stop};
use super::{Clock, Timing};
use crate::domain::access::{Document, Kept};
use crate::domain::batch::Batch;
use crate::domain::grant::Grant;
use crate::domain::user::{User, UserId};
use crate::domain::world::World;
use crate::store::{AnswerRecord, RunId, Store};
use crate::target::{Answer, Meaning, People, ReadTarget, WriteTarget};

/// How often a read or a write is tried before its result is called unknown.
pub(super) const MAX_TRIES: usize = 5;
/// A platform that says "slow down" and not for how long is left alone at least so long.
const MIN_SLOW_DOWN: Duration = Duration::from_millis(250);
/// A platform that wants a longer pause ends the run: the next one comes anyway.
const MAX_SLOW_DOWN: Duration = Duration::from_secs(60);
/// What a run that is out of time may still take to give back what it took away for a moment.
const GRACE: Duration = Duration::from_secs(60);
/// Longest pause between two tries.
const MAX_BACKOFF: Duration = Duration::from_secs(10);
/// A list after own writes waits so many times `settle` after the last of them.
const SETTLES_BEFORE_LIST: u32 = 4;
/// A value that was read back differently is read again after these multiples of `settle`.
pub(super) const SETTLES_BEFORE_JUDGING: [u32; 2] = [1, 3];

/// The pauses between tries: doubling, jittered.
pub(super) fn backoff(timing: &Timing) -> impl Iterator<Item = Duration> + use<> {
    ExponentialBuilder::default()
        .with_min_delay(timing.retry_base)
        .with_max_delay(MAX_BACKOFF)
        .with_factor(2.0)
        .with_jitter()
        .without_max_times()
        .build()
}

/// Pauses that a platform asked for, until they are too long.
#[derive(Debug)]
pub(super) struct Patience {
    /// What the platform wants where it does not say.
    slow_down: Duration,
    waited: Duration,
}

impl Patience {
    pub(super) fn with(target: &dyn ReadTarget) -> Patience {
        Patience {
            slow_down: target.capabilities().slow_down,
            waited: Duration::ZERO,
        }
    }

    /// The pause that is asked for; or, where none is, what the platform is known to want and a little longer.
    fn pause(&self, wish: Option<Duration>, next: Option<Duration>) -> Duration {
        let pause = wish.unwrap_or_else(|| self.slow_down + next.unwrap_or_default());
        pause.max(MIN_SLOW_DOWN)
    }

    /// Waits as asked.
    pub(super) async fn wait(
        &mut self,
        wish: Option<Duration>,
        next: Option<Duration>,
        answer: &Answer,
    ) -> Result<(), Stop> {
        let pause = self.pause(wish, next);
        self.waited += pause;
        if self.waited > MAX_SLOW_DOWN {
            return Err(Stop::RateLimited(Said::from(answer)));
        }
        sleep(pause).await;
        Ok(())
    }
}

/// Reads a platform patiently.
pub(super) struct Reader<'a> {
    target: &'a dyn ReadTarget,
    timing: Timing,
    deadline: Instant,
    /// Cancelled: no further request is begun, but those of the grace.
    pub(super) halt: CancellationToken,
    last_write: Option<Instant>,
    pub(super) phones: Mutex<Phones>,
}

impl<'a> Reader<'a> {
    /// `phones` are those that earlier runs have read, for a platform that does not list them.
    pub(super) fn new(target: &'a dyn ReadTarget, timing: Timing, phones: Phones) -> Reader<'a> {
        Reader {
            target,
            timing,
            deadline: Instant::now() + timing.max_run,
            halt: CancellationToken::new(),
            last_write: None,
            phones: Mutex::new(phones),
        }
    }

    pub(super) fn timing(&self) -> &Timing {
        &self.timing
    }

    pub(super) fn target(&self) -> &'a dyn ReadTarget {
        self.target
    }

    /// # Errors
    /// [`Stop::OutOfTime`] once `max_run` is over, [`Stop::Halted`] once the run is told to end.
    pub(super) fn check_time(&self) -> Result<(), Stop> {
        if self.halt.is_cancelled() {
            Err(Stop::Halted)
        } else if self.deadline <= Instant::now() {
            Err(Stop::OutOfTime)
        } else {
            Ok(())
        }
    }

    /// Lets requests pass for a while longer, so that a run can end decently.
    pub(super) fn grant_grace(&mut self) {
        self.deadline = self.deadline.max(Instant::now() + GRACE);
        // Whoever halts the run ends it for good when that takes too long.
        self.halt = CancellationToken::new();
    }

    /// Waits a multiple of `settle`: reads may lag behind writes.
    pub(super) async fn settle(&self, times: u32) {
        sleep(self.timing.settle * times).await;
    }

    /// One user, or none.
    pub(super) async fn get(&self, id: &UserId) -> Result<Option<User>, Stop> {
        let mut pauses = backoff(&self.timing);
        let mut patience = Patience::with(self.target);
        let mut n_tries = 0;
        loop {
            self.check_time()?;
            match self.target.get(id).await {
                Ok(user) => {
                    self.note_read(id, user.as_ref());
                    return Ok(user);
                }
                Err(answer) => {
                    self.endure(&answer, &mut n_tries, &mut pauses, &mut patience)
                        .await?;
                }
            }
        }
    }

    /// All users, as soon as our own writes can be expected to show.
    ///
    /// # Errors
    /// Also if the list can't be trusted to be whole.
    pub(super) async fn list(&self) -> Result<World, Stop> {
        if let Some(last_write) = self.last_write {
            sleep_until(last_write + self.timing.settle * SETTLES_BEFORE_LIST).await;
        }
        self.list_now().await
    }

    /// All users, as the platform shows them at once.
    pub(super) async fn list_now(&self) -> Result<World, Stop> {
        let mut pauses = backoff(&self.timing);
        let mut patience = Patience::with(self.target);
        let mut n_tries = 0;
        loop {
            self.check_time()?;
            match self.target.list().await {
                Ok(listing) => match listing.incomplete {
                    None => {
                        let People {
                            dormant,
                            untouchable,
                            findings,
                        } = listing.people;
                        let world = World {
                            dormant,
                            untouchable,
                            findings,
                            ..World::from_list(listing.users)
                        };
                        return self.complete(world, listing.phones_shown).await;
                    }
                    Some(why) => {
                        return Err(Stop::Unreadable(Said(format!(
                            "the list of users is incomplete: {why}"
                        ))));
                    }
                },
                Err(answer) => {
                    self.endure(&answer, &mut n_tries, &mut pauses, &mut patience)
                        .await?;
                }
            }
        }
    }

    /// The users of these ids, by single reads or by a list, whichever takes fewer requests.
    pub(super) async fn get_all(
        &self,
        ids: &BTreeSet<UserId>,
        n_users: usize,
    ) -> Result<BTreeMap<UserId, Option<User>>, Stop> {
        let page = self.target.capabilities().page_users.max(1);
        let list_requests = n_users.div_ceil(page) + 1;
        if ids.len() > list_requests {
            self.forget_reads(ids);
            let world = self.list_now().await?;
            return Ok(ids
                .iter()
                .map(|id| (id.clone(), world.users.get(id).cloned()))
                .collect());
        }
        let mut users = BTreeMap::new();
        for id in ids {
            users.insert(id.clone(), self.get(id).await?);
        }
        Ok(users)
    }

    /// When the last request left that may have had an effect.
    pub(super) fn last_write(&self) -> Option<Instant> {
        self.last_write
    }

    /// Waits before the next try of a read, or says why there is none.
    async fn endure(
        &self,
        answer: &Answer,
        n_tries: &mut usize,
        pauses: &mut impl Iterator<Item = Duration>,
        patience: &mut Patience,
    ) -> Result<(), Stop> {
        match answer.meaning {
            Meaning::SlowDown(wish) => patience.wait(wish, pauses.next(), answer).await,
            Meaning::Unknown => {
                *n_tries += 1;
                if *n_tries == MAX_TRIES {
                    return Err(Stop::from_read(answer));
                }
                sleep(pauses.next().unwrap_or(MAX_BACKOFF)).await;
                Ok(())
            }
            _ => Err(Stop::from_read(answer)),
        }
    }
}

/// Reads and changes a platform, within one run.
pub(super) struct Link<'a> {
    pub(super) reader: Reader<'a>,
    target: &'a dyn WriteTarget,
    store: &'a Store,
    run: &'a RunId,
    clock: &'a Clock,
    /// Leavers whose removal a person approved: they do not count against the day's limit.
    approved: BTreeSet<UserId>,
    seq: u32,
}

impl<'a> Link<'a> {
    pub(super) fn new(
        target: &'a dyn WriteTarget,
        timing: Timing,
        phones: Phones,
        store: &'a Store,
        run: &'a RunId,
        clock: &'a Clock,
        approved: BTreeSet<UserId>,
    ) -> Link<'a> {
        Link {
            reader: Reader::new(target, timing, phones),
            target,
            store,
            run,
            clock,
            approved,
            seq: 0,
        }
    }

    /// Sends a request once, and again only after "slow down", which has no effect.
    ///
    /// # Errors
    /// The journal can't be written, the credential is refused, or the platform wants a long pause.
    pub(super) async fn send(&mut self, batch: &Batch) -> Result<Answer, Stop> {
        self.send_parcel(&Parcel::Users(batch)).await
    }

    /// The same for the document of rights, of which the rights of these users are to become those.
    ///
    /// # Errors
    /// As [`Link::send`].
    pub(super) async fn send_access(
        &mut self,
        users: &[(UserId, Grant)],
        document: &Document,
    ) -> Result<Answer, Stop> {
        self.send_parcel(&Parcel::Access(users, document)).await
    }

    /// Writes down the rights of users who are about to be deleted for a moment.
    ///
    /// # Errors
    /// The store can't be written; then nobody may be deleted.
    pub(super) async fn keep_access(&self, kept: &BTreeMap<UserId, Kept>) -> Result<(), Stop> {
        Ok(self.store.keep_access(self.run, kept).await?)
    }

    async fn send_parcel(&mut self, parcel: &Parcel<'_>) -> Result<Answer, Stop> {
        let mut pauses = backoff(self.reader.timing());
        let mut patience = Patience::with(self.target);
        loop {
            self.reader.check_time()?;
            let answer = self.send_once(parcel).await?;
            match answer.meaning {
                Meaning::SlowDown(wish) => patience.wait(wish, pauses.next(), &answer).await?,
                Meaning::Unauthorised => return Err(Stop::Refused(Said::from(&answer))),
                Meaning::NotSent(hindrance) => return Err(Stop::not_sent(hindrance, Said::from(&answer))),
                _ => return Ok(answer),
            }
        }
    }

    /// No journal, no send.
    async fn send_once(&mut self, parcel: &Parcel<'_>) -> Result<Answer, Stop> {
        self.seq += 1;
        let now = (self.clock)();
        let answer = match parcel {
            Parcel::Users(batch) => {
                let intent = self.store.intend(self.run, self.seq, batch, &self.approved, now);
                intent.await?;
                let answer = self.target.send(batch).await;
                self.reader.note_write(batch);
                answer
            }
            Parcel::Access(users, document) => {
                let writer = self.target.access_writer().ok_or_else(no_access)?;
                let intent = self.store.intend_access(self.run, self.seq, users, now);
                intent.await?;
                writer.write_access(document).await
            }
        };
        self.reader.last_write = Some(Instant::now());
        let record = AnswerRecord {
            meaning: meaning_word(&answer.meaning),
            status: answer.status,
            code: answer.code.as_deref(),
            text: &answer.text,
        };
        self.store
            .answered(self.run, self.seq, &record, (self.clock)())
            .await?;
        Ok(answer)
    }
}

/// What one request carries.
enum Parcel<'a> {
    Users(&'a Batch),
    /// Everybody's rights, and those of whom they change.
    Access(&'a [(UserId, Grant)], &'a Document),
}

/// The platform can't do what was asked of it, which nobody asks who has looked.
fn no_access() -> Stop {
    Stop::Unreadable(Said(
        "the platform keeps no rights on channels that can be changed".to_owned(),
    ))
}

/// The word in the journal.
fn meaning_word(meaning: &Meaning) -> &'static str {
    match meaning {
        Meaning::Accepted => "accepted",
        Meaning::Unknown => "unknown",
        Meaning::SlowDown(_) => "slow_down",
        Meaning::Unauthorised => "unauthorised",
        Meaning::Forbidden => "forbidden",
        Meaning::Missing => "missing",
        Meaning::PhoneTaken(_) => "phone_taken",
        Meaning::SeatsTaken => "seats_taken",
        Meaning::BadItem => "bad_item",
        Meaning::NotSent(_) => "not_sent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_that_does_not_say_how_long_gets_what_it_is_known_to_want_and_a_little_more() {
        let pause = |slow_down: u64, wish: Option<u64>, next: u64| {
            let patience = Patience {
                slow_down: Duration::from_millis(slow_down),
                waited: Duration::ZERO,
            };
            let wish = wish.map(Duration::from_millis);
            patience
                .pause(wish, Some(Duration::from_millis(next)))
                .as_millis()
        };
        assert_eq!(pause(5000, None, 200), 5200);
        assert_eq!(pause(5000, Some(1000), 200), 1000, "what it says wins");
        assert_eq!(pause(0, None, 400), 400);
        assert_eq!(pause(0, None, 1), 250);
        assert_eq!(pause(0, Some(0), 400), 250);
    }
}
