//! Taking phones away: which way works is documented nowhere, so it is learned, confirmed and remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::deliver::{Ending, Run};
use super::ledger::Fate;
use super::link::SETTLES_BEFORE_JUDGING;
use super::stop::Stop;
use crate::domain::batch::{Batch, ClearBy, Item, PhoneField, Purpose, Verb};
use crate::domain::check::Replay;
use crate::domain::contention::Clearing;
use crate::domain::phone::Phone;
use crate::domain::user::{User, UserId};
use crate::target::Answer;

/// What became of one way, tried on one user.
enum Trial {
    /// The phone is gone.
    Works,
    /// The request was accepted, and the phone is still there.
    DoesNothing,
    /// The request was refused.
    Refused(Answer),
    /// The platform did not get as far as a judgement.
    Unknown,
}

impl Run<'_> {
    /// Tries one way after the other on the first user of the batch, then sends the rest as learned.
    pub(super) async fn learn_clearing(
        &mut self,
        batch: Batch,
        before: &BTreeMap<UserId, User>,
        replay: &mut Replay<'_>,
    ) -> Result<(), Stop> {
        let mut items = batch.items;
        let Some(first) = items
            .iter()
            .position(|item| matches!(item.phone, PhoneField::Clear(_)))
        else {
            return Ok(());
        };
        let Some(user) = before.get(&items[first].id) else {
            return Ok(());
        };
        // With the name that the platform has taken before: a new one might be the reason of a refusal.
        let probe = Item {
            name: Arc::clone(&user.name),
            ..items[first].clone()
        };
        if let Some(by) = self.find_clearing(&probe, user, replay).await? {
            tracing::info!(?by, "learned how to take a phone away");
            self.clearing = Clearing::Works(by);
            self.learned_clearing = true;
        } else {
            self.plan_again = true;
            self.is_stale = true;
            return Ok(());
        }
        let sought = items.remove(first);
        if sought.purpose == Purpose::Park {
            self.send_away(user);
        } else if sought.name == probe.name {
            self.ledger.accepted(&probe, None);
        } else {
            items.insert(0, sought);
        }
        if !items.is_empty() {
            let rest = self.with_learned_clearing(Batch {
                verb: batch.verb,
                items,
            });
            self.deliver(&rest, replay).await?;
            self.remember_away(&rest, before, replay);
            self.confirm_parks(&rest, replay).await?;
        }
        Ok(())
    }

    /// A way that takes the phone away from this user; if there is none, `clearing` says whether that is
    /// known now.
    async fn find_clearing(
        &mut self,
        probe: &Item,
        user: &User,
        replay: &mut Replay<'_>,
    ) -> Result<Option<ClearBy>, Stop> {
        let mut was_taken = false;
        let mut is_certain = true;
        let mut refusal = None;
        for by in ClearBy::ALL {
            match self.try_clearing(probe, by, replay).await? {
                Trial::Works => return Ok(Some(by)),
                Trial::DoesNothing => was_taken = true,
                Trial::Refused(answer) => {
                    is_certain &= answer.status.is_some_and(|status| status < 500);
                    refusal = Some(answer);
                }
                Trial::Unknown => is_certain = false,
            }
        }
        if !was_taken && let Some(answer) = refusal {
            // Was it the way, or this user? A record without any change tells.
            let same = Item {
                phone: user.phone.clone().map_or(PhoneField::None, PhoneField::Number),
                ..probe.clone()
            };
            if !self
                .send_surely(Verb::Update, &mut vec![same], replay)
                .await?
                .is_accepted()
            {
                tracing::warn!(user.id = %user.id, "this user can't be changed, so it can't tell how phones are taken away");
                self.reject(&user.id, &answer);
                return Ok(None);
            }
            self.reopen(&user.id);
        }
        // What only server errors speak against is tried again by the next run.
        tracing::warn!(is_certain, "no way to take a phone away works on this platform");
        self.clearing = Clearing::Impossible;
        self.learned_clearing = is_certain;
        self.guesses_clearing = !is_certain;
        Ok(None)
    }

    /// Whether this way takes the phone away from this user, as a read shows.
    async fn try_clearing(
        &mut self,
        probe: &Item,
        by: ClearBy,
        replay: &mut Replay<'_>,
    ) -> Result<Trial, Stop> {
        let old = replay.phone_of(&probe.id).cloned();
        let mut items = vec![Item {
            phone: PhoneField::Clear(by),
            ..probe.clone()
        }];
        let trial = match self.send_surely(Verb::Update, &mut items, replay).await? {
            Ending::Accepted => {
                let left = self
                    .phones_left(&BTreeSet::from([probe.id.clone()]), replay)
                    .await?;
                if left.is_empty() {
                    return Ok(Trial::Works);
                }
                Trial::DoesNothing
            }
            Ending::Refused(answer) | Ending::PhoneTaken(answer, _) | Ending::SeatsTaken(answer) => {
                Trial::Refused(answer)
            }
            Ending::Missing(_) | Ending::Unknown => Trial::Unknown,
        };
        // The replay believed the answer; the read knows better.
        let phone: Option<Phone> = match (self.seen.get(&probe.id), &trial) {
            (Some(Some(user)), Trial::DoesNothing) => user.phone.clone(),
            _ => old,
        };
        replay.put(&probe.id, phone.as_ref());
        self.reopen(&probe.id);
        Ok(trial)
    }

    /// What was sent for this user was a trial, and has led to nothing.
    fn reopen(&mut self, id: &UserId) {
        if let Some(entry) = self.ledger.get_mut(id) {
            entry.fate = Fate::Open;
        }
    }

    /// Reads back the users of a batch that lost their phone for others to take it. Where one still has
    /// it, the way that was thought to work does not, and the next plan learns anew.
    pub(super) async fn confirm_parks(&mut self, batch: &Batch, replay: &mut Replay<'_>) -> Result<(), Stop> {
        let cleared = batch
            .items
            .iter()
            .filter(|item| matches!(item.phone, PhoneField::Clear(_)));
        let ids: BTreeSet<UserId> = cleared
            .filter(|item| replay.has(&item.id) && replay.phone_of(&item.id).is_none())
            .map(|item| item.id.clone())
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        let left = self.phones_left(&ids, replay).await?;
        if !left.is_empty() {
            tracing::warn!(users = left.len(), "phones that were taken away are still there");
            self.clearing = Clearing::Unknown;
            self.plan_again = true;
            for id in &left {
                self.away.remove(id);
            }
        }
        Ok(())
    }

    /// Which of these users still have a phone, after reads had time to catch up with writes.
    async fn phones_left(
        &mut self,
        ids: &BTreeSet<UserId>,
        replay: &mut Replay<'_>,
    ) -> Result<BTreeSet<UserId>, Stop> {
        let mut left = ids.clone();
        for settles in std::iter::once(0).chain(SETTLES_BEFORE_JUDGING) {
            self.link.reader.settle(settles).await;
            let users = self.link.reader.get_all(&left, replay.used()).await?;
            for (id, user) in &users {
                self.observe(id, user.as_ref(), replay);
            }
            left.retain(|id| {
                users
                    .get(id)
                    .cloned()
                    .flatten()
                    .is_some_and(|user| user.phone.is_some())
            });
            if left.is_empty() {
                break;
            }
        }
        Ok(left)
    }
}
