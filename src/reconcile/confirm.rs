//! Reading back: success is what the platform shows, not what it answered.

use std::collections::BTreeSet;

use super::deliver::{Run, is_as_sent};
use super::ledger::Fate;
use super::link::SETTLES_BEFORE_JUDGING;
use super::progress::Step;
use super::stop::Stop;
use crate::domain::batch::{Batch, Item, PhoneField, Purpose, Verb};
use crate::domain::check::Replay;
use crate::domain::memory::{Form, Managed, Remembered};
use crate::domain::plan::Plan;
use crate::domain::user::{User, UserId};

impl Run<'_> {
    /// Reads back every accepted change. One that shows differently is read again after `settle`, since
    /// reads may lag behind writes; what still differs then is taken down as the platform's form of our
    /// value, and needs another plan.
    pub(super) async fn confirm(&mut self, plan: &Plan, managed: &mut Managed) -> Result<(), Stop> {
        let mut open: BTreeSet<UserId> = self.ledger.unconfirmed().map(|(id, _)| id.clone()).collect();
        if open.is_empty() {
            return Ok(());
        }
        self.progress.tell(Step::Confirming { users: open.len() });
        for settles in std::iter::once(0).chain(SETTLES_BEFORE_JUDGING) {
            self.link.reader.settle(settles).await;
            let users = self.link.reader.get_all(&open, plan.world.users.len()).await?;
            for (id, user) in users {
                let entry = self.ledger.get_mut(&id);
                if let Some(entry) = entry.filter(|entry| entry.expected == user) {
                    entry.fate = Fate::Confirmed;
                    open.remove(&id);
                    self.away.remove(&id);
                    forget_forms(managed, &id);
                }
                self.seen.insert(id, user);
            }
            if open.is_empty() {
                return Ok(());
            }
        }
        for id in open {
            if !self.judge_difference(&id, managed) {
                self.plan_again = true;
            }
        }
        Ok(())
    }

    /// Takes down what the platform made of our record. True if it is the accepted form by now.
    fn judge_difference(&mut self, id: &UserId, managed: &mut Managed) -> bool {
        let Some(entry) = self.ledger.get_mut(id) else {
            return false;
        };
        let (Some(sent), Some(Some(read))) = (&entry.expected, self.seen.get(id)) else {
            return false;
        };
        let Some(remembered) = managed.get_mut(id) else {
            return false;
        };
        let old = entry.change.old.as_ref();
        // A value that is still the old one was not taken over, or does not show yet: that is no form.
        let name_moved = old.is_none_or(|old| old.name != read.name);
        let phone_moved =
            old.is_none_or(|old| old.phone != read.phone || old.phone.is_none()) && sent.phone.is_some();
        if sent.name != read.name && name_moved {
            remembered.name_form = Form::after(remembered.name_form.as_ref(), &sent.name, &read.name);
        }
        if sent.phone != read.phone && phone_moved {
            remembered.phone_form = Form::after(remembered.phone_form.as_ref(), &sent.phone, &read.phone);
        }
        let is_accepted = is_form(remembered, sent, read);
        if is_accepted {
            entry.fate = Fate::Confirmed;
            self.away.remove(id);
        }
        is_accepted
    }

    /// Gives back the old phone, or the whole old record, to those that could not get their new one: a
    /// run that ends must leave nobody without what they had. The replay begins with a list read just now.
    pub(super) async fn bring_back(&mut self, replay: &mut Replay<'_>) -> Result<(), Stop> {
        let away: Vec<User> = self.away.values().cloned().collect();
        for before in away {
            let id = before.id.clone();
            let verb = if !replay.has(&id) {
                Verb::Create
            } else if replay.phone_of(&id).is_none() {
                Verb::Update
            } else {
                self.away.remove(&id);
                continue;
            };
            let mut item = Item {
                id: id.clone(),
                name: before.name,
                phone: before.phone.map_or(PhoneField::None, PhoneField::Number),
                grant: before.grant,
                purpose: Purpose::Park,
            };
            if let Err(violation) = replay.admit(&Batch {
                verb,
                items: vec![item.clone()],
            }) {
                tracing::warn!(user.id = %id, %violation, "the old phone can't be given back");
                if verb == Verb::Update {
                    continue;
                }
                item.phone = PhoneField::None;
            }
            let sent = item.clone();
            self.had_unknown = true;
            self.send_surely(verb, &mut vec![item], replay).await?;
            self.link.reader.settle(1).await;
            let user = self.link.reader.get(&id).await?;
            self.observe(&id, user.as_ref(), replay);
            if user.is_some_and(|user| is_as_sent(&sent, &user)) {
                self.away.remove(&id);
            }
        }
        Ok(())
    }
}

/// Whether what is read is all that can be had for what was sent.
fn is_form(remembered: &Remembered, sent: &User, read: &User) -> bool {
    let name = sent.name == read.name
        || remembered
            .name_form
            .as_ref()
            .is_some_and(|form| form.accepts(&sent.name, &read.name));
    let phone = sent.phone == read.phone
        || remembered
            .phone_form
            .as_ref()
            .is_some_and(|form| form.accepts(&sent.phone, &read.phone));
    name && phone
}

/// The platform shows our values as they are.
fn forget_forms(managed: &mut Managed, id: &UserId) {
    if let Some(remembered) = managed.get_mut(id) {
        remembered.name_form = None;
        remembered.phone_form = None;
    }
}
