//! Taking phones away: which way works is documented nowhere, so it is learned, confirmed and remembered.

use std::collections::{BTreeMap, BTreeSet};

use super::deliver::Run;
use super::ledger::Fate;
use super::link::SETTLES_BEFORE_JUDGING;
use super::stop::Stop;
use crate::domain::batch::{Batch, ClearBy, Item, PhoneField, Purpose, Verb};
use crate::domain::check::Replay;
use crate::domain::contention::Clearing;
use crate::domain::phone::Phone;
use crate::domain::user::{User, UserId};

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
        let probe = items.remove(first);
        for by in ClearBy::ALL {
            if self.try_clearing(batch.verb, &probe, by, replay).await? {
                tracing::info!(?by, "learned how to take a phone away");
                self.clearing = Clearing::Works(by);
                self.learned_clearing = true;
                break;
            }
        }
        if self.clearing == Clearing::Unknown {
            tracing::warn!("no way to take a phone away works on this platform");
            self.clearing = Clearing::Impossible;
            self.learned_clearing = true;
            self.plan_again = true;
            self.is_stale = true;
            return Ok(());
        }
        if probe.purpose == Purpose::Park {
            if let Some(user) = before.get(&probe.id) {
                self.send_away(user);
            }
        } else {
            self.ledger.accepted(&probe, None);
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

    /// Whether this way takes the phone away from this user, as a read shows.
    async fn try_clearing(
        &mut self,
        verb: Verb,
        probe: &Item,
        by: ClearBy,
        replay: &mut Replay<'_>,
    ) -> Result<bool, Stop> {
        let old = replay.phone_of(&probe.id).cloned();
        let item = Item {
            phone: PhoneField::Clear(by),
            ..probe.clone()
        };
        let mut items = vec![item];
        let ending = self.send_surely(verb, &mut items, replay).await?;
        let was_taken = ending.is_accepted();
        let is_cleared = if was_taken {
            self.phones_left(&BTreeSet::from([probe.id.clone()]), replay)
                .await?
                .is_empty()
        } else {
            false
        };
        if !is_cleared {
            // The replay believed the answer; the read knows better.
            let phone: Option<Phone> = match self.seen.get(&probe.id) {
                Some(Some(user)) if was_taken => user.phone.clone(),
                _ => old,
            };
            replay.put(&probe.id, phone.as_ref());
            if let Some(entry) = self.ledger.get_mut(&probe.id) {
                entry.fate = Fate::Open;
            }
        }
        Ok(is_cleared)
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
