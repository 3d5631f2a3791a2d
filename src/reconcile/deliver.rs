//! Carries out a plan: one request after the other, each admitted by the replay before it leaves.
//!
//! What an answer means for the rest is decided here, by the table of the design's section 8: unknown
//! answers are settled by reading, refused batches are halved ([`super::halve`]), and whatever
//! builds on a request that failed is left to the next plan.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{Fate, Ledger, expected};
use super::link::{Link, MAX_TRIES, backoff};
use super::progress::{Progress, Step};
use super::stop::{Said, Stop};
use crate::domain::batch::{Batch, Item, PhoneField, Purpose, Verb};
use crate::domain::check::{Replay, Violation};
use crate::domain::contention::Clearing;
use crate::domain::phone::Phone;
use crate::domain::plan::CheckedPlan;
use crate::domain::user::{User, UserId};
use crate::domain::world::World;
use crate::target::{Answer, Meaning};

/// What a run learns while it carries out its plans.
pub(super) struct Run<'a> {
    pub(super) link: Link<'a>,
    pub(super) ledger: Ledger,
    /// How phones can be taken away, as known by now.
    pub(super) clearing: Clearing,
    /// Set when `clearing` was learned in this run.
    pub(super) learned_clearing: bool,
    /// Set when only server errors spoke against the ways to take a phone away: it is believed in this run.
    pub(super) guesses_clearing: bool,
    /// Set when the way that was known before this run was refused.
    pub(super) doubts_clearing: bool,
    /// The number of users at which the platform refused another one.
    pub(super) learned_seats: Option<usize>,
    /// Some request may still have its effect later.
    pub(super) had_unknown: bool,
    /// Another plan is needed to finish.
    pub(super) plan_again: bool,
    /// Whether users may be deleted for a moment: not while nobody can tell what they would lose by it.
    pub(super) may_recreate: bool,
    /// The rest of the present plan builds on what is not so.
    pub(super) is_stale: bool,
    /// Parked or deleted for a moment, and not back yet: the record to give back in need.
    pub(super) away: BTreeMap<UserId, User>,
    /// All that were away for a moment.
    pub(super) parked: BTreeSet<UserId>,
    /// A list that was read while a plan was carried out, to look for somebody's phone.
    pub(super) listed_amid: Option<World>,
    /// Reads of this run after the last list.
    pub(super) seen: BTreeMap<UserId, Option<User>>,
    pub(super) refusals: BTreeMap<(Option<u16>, Option<String>), usize>,
    /// Refused by an earlier run.
    pub(super) suspects: BTreeSet<UserId>,
    pub(super) progress: &'a Progress,
}

/// How one piece ended.
pub(super) enum Ending {
    Accepted,
    Unknown,
    Missing(Answer),
    PhoneTaken(Answer, Option<Phone>),
    SeatsTaken(Answer),
    Refused(Answer),
}

impl<'a> Run<'a> {
    pub(super) fn new(
        link: Link<'a>,
        clearing: Clearing,
        suspects: BTreeSet<UserId>,
        progress: &'a Progress,
    ) -> Run<'a> {
        Run {
            link,
            ledger: Ledger::default(),
            clearing,
            learned_clearing: false,
            guesses_clearing: false,
            doubts_clearing: false,
            learned_seats: None,
            had_unknown: false,
            plan_again: false,
            may_recreate: true,
            is_stale: false,
            away: BTreeMap::new(),
            parked: BTreeSet::new(),
            listed_amid: None,
            seen: BTreeMap::new(),
            refusals: BTreeMap::new(),
            suspects,
            progress,
        }
    }

    /// Sends all requests of the plan that can still be sent.
    ///
    /// # Errors
    /// Whatever ends the run.
    pub(super) async fn carry_out(&mut self, checked: &CheckedPlan) -> Result<(), Stop> {
        let plan = checked.plan();
        let capabilities = self.link.reader.target().capabilities();
        let movable = plan.changes.keys().cloned().collect();
        let mut replay = Replay::new(&plan.world, movable, capabilities, plan.seats);
        self.plan_again = false;
        self.is_stale = false;
        self.listed_amid = None;
        for (idx, batch) in plan.batches.iter().enumerate() {
            self.link.reader.check_time()?;
            self.progress.tell(Step::Sending {
                request: idx + 1,
                of: plan.batches.len(),
            });
            let Some(batch) = self.admissible(batch, &replay)? else {
                continue;
            };
            if self.clearing == Clearing::Unknown && clears(&batch) {
                self.learn_clearing(batch, &plan.world.users, &mut replay).await?;
            } else {
                let batch = self.with_learned_clearing(batch);
                self.deliver(&batch, &mut replay).await?;
                self.remember_away(&batch, &plan.world.users, &replay);
                self.confirm_parks(&batch, &mut replay).await?;
            }
            if self.is_stale {
                break;
            }
        }
        Ok(())
    }

    /// The items that break no rule on the platform as it is by now; the others wait for the next plan.
    fn admissible(&mut self, batch: &Batch, replay: &Replay<'_>) -> Result<Option<Batch>, Stop> {
        let mut batch = batch.clone();
        batch.items.retain(|item| {
            let fate = self.ledger.get(&item.id).map(|entry| &entry.fate);
            let may_go = self.may_recreate || item.purpose != Purpose::Recreate;
            may_go && !matches!(fate, Some(Fate::Rejected | Fate::Contested(_)))
        });
        while !batch.items.is_empty() {
            let dropped = match replay.admit(&batch) {
                Ok(()) => return Ok(Some(batch)),
                Err(
                    Violation::PhoneTaken { taker: id, .. } | Violation::Absent(id) | Violation::Exists(id),
                ) => id,
                // Only who is new takes a seat.
                Err(Violation::Seats { .. }) => match batch.items.iter().rfind(|it| !replay.has(&it.id)) {
                    Some(item) => item.id.clone(),
                    None => break,
                },
                Err(violation) => return Err(violation.into()),
            };
            batch.items.retain(|item| item.id != dropped);
            self.plan_again = true;
        }
        Ok(None)
    }

    /// A plan made before the way was learned carries a placeholder.
    pub(super) fn with_learned_clearing(&self, mut batch: Batch) -> Batch {
        if let Clearing::Works(by) = self.clearing {
            for item in &mut batch.items {
                if let PhoneField::Clear(placeholder) = &mut item.phone {
                    *placeholder = by;
                }
            }
        }
        batch
    }

    /// Who has lost its phone, or is gone, and must come back.
    pub(super) fn remember_away(
        &mut self,
        batch: &Batch,
        before: &BTreeMap<UserId, User>,
        replay: &Replay<'_>,
    ) {
        for item in &batch.items {
            let is_away = match item.purpose {
                Purpose::Park => replay.phone_of(&item.id).is_none(),
                Purpose::Recreate => !replay.has(&item.id),
                Purpose::Apply | Purpose::Remove => continue,
            };
            if let Some(user) = before.get(&item.id).filter(|_| is_away) {
                self.send_away(user);
                if item.purpose == Purpose::Recreate {
                    // Should the run end here, nobody reads it again.
                    self.seen.insert(item.id.clone(), None);
                }
            }
        }
    }

    /// A user is without its phone, or gone, until it gets its new record.
    pub(super) fn send_away(&mut self, before: &User) {
        self.parked.insert(before.id.clone());
        self.away.insert(before.id.clone(), before.clone());
    }

    /// Those whose new record was seen are back.
    pub(super) fn forget_returned(&mut self) {
        let ledger = &self.ledger;
        self.away
            .retain(|id, _| ledger.get(id).is_none_or(|entry| entry.fate != Fate::Confirmed));
    }

    /// Sends the items until their fate is known or the patience ends. `items` shrinks to those that the
    /// last request carried: what a read shows as done is not sent again.
    pub(super) async fn send_surely(
        &mut self,
        verb: Verb,
        items: &mut Vec<Item>,
        replay: &mut Replay<'_>,
    ) -> Result<Ending, Stop> {
        let mut pauses = backoff(self.link.reader.timing());
        let mut last_status = None;
        for n_try in 1..=MAX_TRIES {
            let batch = Batch {
                verb,
                items: items.clone(),
            };
            self.ledger.sent(items);
            let answer = self.link.send(&batch).await?;
            for item in items.iter() {
                if let Some(entry) = self.ledger.get_mut(&item.id) {
                    entry.answer = Some(answer.clone());
                }
            }
            match answer.meaning.clone() {
                Meaning::Accepted => {
                    self.ledger.n_accepted += 1;
                    replay.apply(&batch);
                    for item in items.iter() {
                        self.ledger.accepted(item, Some(&answer));
                    }
                    return Ok(Ending::Accepted);
                }
                Meaning::Missing => return Ok(Ending::Missing(answer)),
                Meaning::PhoneTaken(phone) => return Ok(Ending::PhoneTaken(answer, phone)),
                Meaning::SeatsTaken => return Ok(Ending::SeatsTaken(answer)),
                Meaning::BadItem => return Ok(Ending::Refused(answer)),
                Meaning::Forbidden => {
                    // Is it this request, or is it us? A read tells, and ends the run if it is us.
                    self.link.reader.get(&items[0].id).await?;
                    return Ok(Ending::Refused(answer));
                }
                Meaning::Unauthorised => return Err(Stop::Refused(Said::from(&answer))),
                Meaning::SlowDown(_) => return Err(Stop::RateLimited(Said::from(&answer))),
                Meaning::NotSent(hindrance) => return Err(Stop::not_sent(hindrance, Said::from(&answer))),
                Meaning::Unknown => {
                    self.had_unknown = true;
                    let is_server_error = answer.status.is_some_and(|status| status >= 500);
                    let is_repeated = is_server_error && last_status == answer.status;
                    last_status = answer.status;
                    tokio::time::sleep(pauses.next().unwrap_or_default()).await;
                    self.drop_done(verb, items, replay).await?;
                    if items.is_empty() {
                        return Ok(Ending::Accepted);
                    }
                    if is_repeated {
                        return Ok(Ending::Refused(answer));
                    }
                    if n_try == MAX_TRIES {
                        self.plan_again = true;
                    }
                }
            }
        }
        Ok(Ending::Unknown)
    }

    /// Reads the users of a request without an answer, and takes out those that are as they shall be.
    pub(super) async fn drop_done(
        &mut self,
        verb: Verb,
        items: &mut Vec<Item>,
        replay: &mut Replay<'_>,
    ) -> Result<(), Stop> {
        let ids: BTreeSet<UserId> = items.iter().map(|item| item.id.clone()).collect();
        let users = self.link.reader.get_all(&ids, replay.used()).await?;
        items.retain(|item| {
            let user = users.get(&item.id).cloned().flatten();
            self.observe(&item.id, user.as_ref(), replay);
            let is_done = match verb {
                Verb::Delete => user.is_none(),
                _ => user.as_ref().is_some_and(|it| is_as_sent(item, it)),
            };
            if is_done {
                self.ledger.accepted(item, None);
            }
            !is_done
        });
        Ok(())
    }

    /// Takes note of what a read shows.
    pub(super) fn observe(&mut self, id: &UserId, user: Option<&User>, replay: &mut Replay<'_>) {
        match user {
            Some(user) => replay.put(id, user.phone.as_ref()),
            None => replay.take_out(id),
        }
        self.seen.insert(id.clone(), user.cloned());
    }
}

impl Ending {
    pub(super) fn is_accepted(&self) -> bool {
        matches!(self, Ending::Accepted)
    }
}

/// Whether the batch takes phones away.
fn clears(batch: &Batch) -> bool {
    batch
        .items
        .iter()
        .any(|item| matches!(item.phone, PhoneField::Clear(_)))
}

/// Whether a user is just what the item asked for.
pub(super) fn is_as_sent(item: &Item, user: &User) -> bool {
    expected(item).as_ref() == Some(user)
}
