//! Phones on platforms whose list does not show them: remembered, and read one by one where it matters.
//!
//! Such a list tells who is there and under which name; a phone is told by a single read. To read them all
//! each time would take a request for every user, so a phone counts as it was last read, by this run or an
//! earlier one (unless a person asks for a verification: then all are read), and
//!
//! - who was never read, was written to since, or may be changed yet by a request that had no answer, is read
//!   with the next list;
//! - a plan rests on no remembered phone: those of all whom it moves, and of all who have a phone that
//!   somebody shall get, are read in the same run ([`Reader::refresh`]). So is the holder in an open conflict;
//! - a phone that the platform calls taken, though nobody is known to have it, is looked for
//!   ([`Reader::has_other_holder`]).
//!
//! Where the list shows phones, nothing here sends a request.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use foldhash::{HashMap, HashSet};

use super::link::Reader;
use super::stop::Stop;
use crate::domain::batch::{Batch, PhoneField, Verb};
use crate::domain::memory::Managed;
use crate::domain::outcome::Op;
use crate::domain::phone::Phone;
use crate::domain::plan::Plan;
use crate::domain::user::{User, UserId};
use crate::domain::world::World;

/// What is known of phones.
#[derive(Debug, Default)]
pub(super) struct Phones {
    known: HashMap<UserId, Known>,
    /// Read singly since the last list began.
    fresh: HashSet<UserId>,
    /// Ours by the memory of earlier runs: others are looked at first when a holder is searched.
    ours: HashSet<UserId>,
    /// Whether the last list came without phones.
    are_hidden: bool,
}

#[derive(Clone, Debug)]
enum Known {
    /// As last read.
    Read(Option<Phone>),
    /// Had none when a record without a phone was sent: no read is needed to know that it has none.
    Phoneless,
}

impl Phones {
    /// Takes in what earlier runs have read.
    pub(super) fn remember(&mut self, managed: &Managed, foreign: &[User]) {
        let ours = managed.values().filter_map(|it| it.observed.as_ref());
        for user in ours.chain(foreign) {
            let known = Known::Read(user.phone.clone());
            self.known.insert(user.id.clone(), known);
        }
        self.ours.extend(managed.keys().cloned());
    }

    /// What is known of these users counts no more.
    pub(super) fn forget<'b>(&mut self, ids: impl Iterator<Item = &'b UserId>) {
        for id in ids {
            self.known.remove(id);
        }
    }

    /// Gives the users of a list without phones those that are known; returns of whom none is.
    fn fill(&mut self, world: &mut World) -> Vec<UserId> {
        self.fresh.clear();
        self.are_hidden = true;
        let mut unknown = Vec::new();
        for user in world.users.values_mut() {
            match self.known.get(&user.id) {
                Some(Known::Read(phone)) => user.phone.clone_from(phone),
                Some(Known::Phoneless) => user.phone = None,
                None => unknown.push(user.id.clone()),
            }
        }
        unknown
    }

    fn note(&mut self, id: &UserId, user: Option<&User>) {
        self.fresh.insert(id.clone());
        match user {
            Some(user) => self.known.insert(id.clone(), Known::Read(user.phone.clone())),
            None => self.known.remove(id),
        };
    }

    fn wrote(&mut self, batch: &Batch) {
        for item in &batch.items {
            self.fresh.remove(&item.id);
            if batch.verb != Verb::Delete && item.phone == PhoneField::None {
                self.known.insert(item.id.clone(), Known::Phoneless);
            } else {
                self.known.remove(&item.id);
            }
        }
    }
}

impl Reader<'_> {
    fn phones(&self) -> MutexGuard<'_, Phones> {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a single read.
    pub(super) fn note_read(&self, id: &UserId, user: Option<&User>) {
        self.phones().note(id, user);
    }

    /// Takes note of a request that may have its effect from now on.
    pub(super) fn note_write(&self, batch: &Batch) {
        self.phones().wrote(batch);
    }

    /// What was read of these users counts no more: reads may lag behind writes.
    pub(super) fn forget_reads(&self, ids: &BTreeSet<UserId>) {
        let is_read = |known: &Known| matches!(known, Known::Read(_));
        self.phones()
            .known
            .retain(|id, known| !(ids.contains(id) && is_read(known)));
    }

    /// Whether the last list came without phones.
    pub(super) fn hides_phones(&self) -> bool {
        self.phones().are_hidden
    }

    /// Completes a list that has just been read.
    pub(super) async fn complete(&self, mut world: World, phones_shown: bool) -> Result<World, Stop> {
        if phones_shown {
            self.phones().are_hidden = false;
            return Ok(world);
        }
        let unknown = self.phones().fill(&mut world);
        self.read_into(&mut world, &unknown).await?;
        Ok(world)
    }

    /// Reads of all these users the phones that are only remembered. False if there is none left to read.
    pub(super) async fn refresh(&self, world: &mut World, ids: BTreeSet<UserId>) -> Result<bool, Stop> {
        let stale = self.stale(world, ids);
        self.read_into(world, &stale).await?;
        Ok(!stale.is_empty())
    }

    /// Whether somebody else than this user has the phone, as far as can be found out by reading.
    pub(super) async fn has_other_holder(
        &self,
        world: &mut World,
        phone: &Phone,
        taker: &UserId,
    ) -> Result<bool, Stop> {
        let holders = |world: &World| -> BTreeSet<UserId> {
            let users = world.users.values();
            let holders = users.filter(|it| it.id != *taker && it.phone.as_ref() == Some(phone));
            holders.map(|it| it.id.clone()).collect()
        };
        let supposed = holders(world);
        self.refresh(world, supposed).await?;
        if !holders(world).is_empty() {
            return Ok(true);
        }
        let (mut others, ours): (Vec<UserId>, Vec<UserId>) = {
            let stale = self.stale(world, world.users.keys().cloned().collect());
            let phones = self.phones();
            stale.into_iter().partition(|id| !phones.ours.contains(id))
        };
        others.extend(ours);
        for id in others.iter().filter(|id| *id != taker) {
            self.read_into(world, std::slice::from_ref(id)).await?;
            if world.phone_of(id) == Some(phone) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those of the ids whose phone in the world was not read in this run.
    fn stale(&self, world: &World, ids: BTreeSet<UserId>) -> Vec<UserId> {
        let phones = self.phones();
        if !phones.are_hidden {
            return Vec::new();
        }
        let is_stale = |id: &UserId| world.users.contains_key(id) && !phones.fresh.contains(id);
        ids.into_iter().filter(is_stale).collect()
    }

    /// Reads users one by one. An id that can't be asked for keeps what is known of it: it is nobody's of ours.
    async fn read_into(&self, world: &mut World, ids: &[UserId]) -> Result<(), Stop> {
        for id in ids.iter().filter(|id| id.is_path_segment()) {
            match self.get(id).await? {
                Some(user) => world.users.insert(id.clone(), user),
                None => world.users.remove(id),
            };
        }
        Ok(())
    }
}

/// The users whose phones a plan rests on: whom it moves or adopts, and who has what somebody shall get.
pub(super) fn at_stake(plan: &Plan) -> BTreeSet<UserId> {
    let holders = plan.world.holders();
    let planned = plan
        .changes
        .iter()
        .map(|(id, change)| plan.blocked.get(id).map_or(change, |it| &it.wanted));
    let changes = planned.chain(plan.settled.iter().map(|it| &it.change));
    let mut ids = plan.diff.adopted.clone();
    for change in changes {
        if change.op == Op::Update {
            ids.insert(change.id.clone());
        }
        let holders = change.takes().and_then(|phone| holders.get(phone));
        ids.extend(holders.into_iter().flatten().map(|id| (*id).clone()));
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::batch::{ClearBy, Item, Purpose};

    fn phone(n: usize) -> Option<Phone> {
        Phone::from_remote(&format!("3712612345{n}"))
    }

    fn user(id: &str, phone: Option<Phone>) -> User {
        User {
            id: id.into(),
            name: "N".into(),
            phone,
            grant: None,
        }
    }

    fn listed(ids: &[&str]) -> World {
        World::from_list(ids.iter().map(|id| user(id, None)))
    }

    fn writes(verb: Verb, id: &str, phone: PhoneField) -> Batch {
        let item = Item {
            id: id.into(),
            name: "N".into(),
            phone,
            grant: None,
            purpose: Purpose::Apply,
        };
        Batch {
            verb,
            items: vec![item],
        }
    }

    #[test]
    fn a_phone_counts_as_last_read_until_the_user_is_written_to() {
        let mut phones = Phones::default();
        phones.remember(&Managed::new(), &[user("1", phone(1))]);
        phones.note(&"2".into(), Some(&user("2", phone(2))));
        let mut world = listed(&["1", "2", "3"]);
        assert_eq!(phones.fill(&mut world), ["3".into()]);
        assert_eq!(world.phone_of(&"1".into()), phone(1).as_ref());
        assert_eq!(world.phone_of(&"2".into()), phone(2).as_ref());

        phones.wrote(&writes(Verb::Upsert, "1", PhoneField::Number(phone(3).unwrap())));
        phones.wrote(&writes(Verb::Update, "2", PhoneField::Clear(ClearBy::Empty)));
        phones.wrote(&writes(Verb::Upsert, "3", PhoneField::None));
        let mut world = listed(&["1", "2", "3"]);
        let unknown = phones.fill(&mut world);
        assert_eq!(
            unknown,
            ["1".into(), "2".into()],
            "who never had a phone has none"
        );
        phones.wrote(&writes(Verb::Delete, "3", PhoneField::None));
        assert_eq!(phones.fill(&mut world).len(), 3, "a deleted user may come back");
    }
}
