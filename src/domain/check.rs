//! The independent checker: replays a plan on the world it was made for and refuses it if any request
//! breaks a rule, in whatever order and at whatever moment the platform checks its items.
//!
//! It shares no code with the planner and knows none of its reasons. The same replay watches over the
//! apply loop, where the world may turn out to be another one than the plan assumed.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use super::batch::{Batch, Item, PhoneField, Purpose, Verb};
use super::capability::Capabilities;
use super::grant::Grant;
use super::outcome::{Change, Op};
use super::phone::Phone;
use super::user::UserId;
use super::world::World;

/// A rule that a request would break.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Violation {
    /// More users than the platform takes in one request, or none.
    #[error("a request carries {0} users")]
    Size(usize),
    /// The same user twice in one request.
    #[error("user \"{0}\" is twice in one request")]
    Twice(UserId),
    /// A user that no plan may change.
    #[error("user \"{0}\" must not be changed")]
    Immovable(UserId),
    /// A create of a user that exists.
    #[error("user \"{0}\" exists already")]
    Exists(UserId),
    /// A change of a user that does not exist.
    #[error("user \"{0}\" does not exist")]
    Absent(UserId),
    /// An id or a name that the platform can't take.
    #[error("user \"{0}\" has an id or a name that the platform can't take")]
    Field(UserId),
    /// Somebody else holds the phone before the request, or takes it in the same one.
    #[error("user \"{taker}\" would take the phone of user \"{holder}\"")]
    PhoneTaken {
        /// Who would take it.
        taker: UserId,
        /// Who has it, or takes it too.
        holder: UserId,
    },
    /// More users than the account has seats.
    #[error("{used} users on {seats} seats")]
    Seats {
        /// After the request.
        used: usize,
        /// Of the account.
        seats: usize,
    },
    /// A user that was parked or deleted to be created again does not return.
    #[error("user \"{0}\" is left without its record")]
    Stranded(UserId),
    /// A create, a removal or a phone move that rests on the snapshot, which knows no foreign user.
    #[error("the change of user \"{0}\" needs a list that was read in this run")]
    Stale(UserId),
    /// A change that is not carried out, or one that nobody asked for.
    #[error("the plan and its changes differ for user \"{0}\"")]
    Mismatch(UserId),
}

/// The platform as it is between two requests of a plan.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    capabilities: &'a Capabilities,
    seats: Option<usize>,
    unique_phones: bool,
    movable: BTreeSet<UserId>,
    phone_of: HashMap<UserId, Option<Phone>>,
    holders: HashMap<Phone, HashSet<UserId>>,
}

impl<'a> Replay<'a> {
    /// Begins with the world as observed. Only `movable` users may be changed; `seats` is the limit in
    /// force, which may be smaller than the documented one.
    pub fn new(
        world: &World,
        movable: BTreeSet<UserId>,
        capabilities: &'a Capabilities,
        seats: Option<usize>,
    ) -> Replay<'a> {
        let mut replay = Replay {
            capabilities,
            seats,
            unique_phones: capabilities.unique_phones,
            movable,
            phone_of: HashMap::with_capacity(world.users.len()),
            holders: HashMap::with_capacity(world.users.len()),
        };
        for user in world.users.values() {
            replay.put(&user.id, user.phone.as_ref());
        }
        replay
    }

    /// Whether the platform has the user now.
    pub fn has(&self, id: &UserId) -> bool {
        self.phone_of.contains_key(id)
    }

    /// The user's phone now.
    pub fn phone_of(&self, id: &UserId) -> Option<&Phone> {
        self.phone_of.get(id)?.as_ref()
    }

    /// Number of users now.
    pub fn used(&self) -> usize {
        self.phone_of.len()
    }

    /// Makes one user what it was observed to be.
    pub fn put(&mut self, id: &UserId, phone: Option<&Phone>) {
        self.take_out(id);
        if let Some(phone) = phone {
            self.holders.entry(phone.clone()).or_default().insert(id.clone());
        }
        self.phone_of.insert(id.clone(), phone.cloned());
    }

    /// Takes one user off the platform.
    pub fn take_out(&mut self, id: &UserId) {
        let phone = self.phone_of.remove(id).flatten();
        if let Some(ids) = phone.and_then(|phone| self.holders.get_mut(&phone)) {
            ids.remove(id);
        }
    }

    /// The first rule that the request would break now.
    ///
    /// # Errors
    /// That rule.
    pub fn admit(&self, batch: &Batch) -> Result<(), Violation> {
        let n = batch.items.len();
        if n == 0 || self.capabilities.batch_users < n {
            return Err(Violation::Size(n));
        }
        let mut seen = HashSet::with_capacity(n);
        let mut taken: HashMap<&Phone, &UserId> = HashMap::new();
        for item in &batch.items {
            if !seen.insert(&item.id) {
                return Err(Violation::Twice(item.id.clone()));
            }
            self.admit_item(batch.verb, item)?;
            // A record that carries the phone which its user has takes nothing.
            let takes = |phone: &&Phone| self.phone_of(&item.id) != Some(*phone);
            let Some(phone) = item
                .phone
                .number()
                .filter(|_| self.unique_phones && batch.verb != Verb::Delete)
                .filter(takes)
            else {
                continue;
            };
            let holder = self
                .holders
                .get(phone)
                .into_iter()
                .flatten()
                .find(|id| **id != item.id);
            if let Some(holder) = holder.or(taken.insert(phone, &item.id).filter(|id| **id != item.id)) {
                return Err(Violation::PhoneTaken {
                    taker: item.id.clone(),
                    holder: holder.clone(),
                });
            }
        }
        let created = batch
            .items
            .iter()
            .filter(|it| batch.verb != Verb::Delete && !self.has(&it.id))
            .count();
        match self.seats {
            Some(seats) if created > 0 && seats < self.used() + created => Err(Violation::Seats {
                used: self.used() + created,
                seats,
            }),
            _ => Ok(()),
        }
    }

    fn admit_item(&self, verb: Verb, item: &Item) -> Result<(), Violation> {
        let id = &item.id;
        if !self.movable.contains(id) {
            return Err(Violation::Immovable(id.clone()));
        }
        match verb {
            Verb::Create if self.has(id) => return Err(Violation::Exists(id.clone())),
            Verb::Update | Verb::Delete if !self.has(id) => return Err(Violation::Absent(id.clone())),
            Verb::Create | Verb::Update | Verb::Delete | Verb::Upsert => {}
        }
        let fits = |text: &str, max| !text.is_empty() && (text.len() <= max || text.chars().count() <= max);
        let is_sound = fits(id.as_str(), self.capabilities.id_chars)
            && (verb == Verb::Delete
                || item.purpose == Purpose::Park
                || fits(&item.name, self.capabilities.name_chars));
        if is_sound {
            Ok(())
        } else {
            Err(Violation::Field(id.clone()))
        }
    }

    /// The platform after it carried out the whole request.
    pub fn apply(&mut self, batch: &Batch) {
        for item in &batch.items {
            match (batch.verb, &item.phone) {
                (Verb::Delete, _) => self.take_out(&item.id),
                (_, PhoneField::Number(phone)) => self.put(&item.id, Some(phone)),
                (_, PhoneField::None | PhoneField::Clear(_)) => self.put(&item.id, None),
            }
        }
    }
}

/// Replays all requests of a plan and compares where they lead with what the changes ask for. Returns the
/// number of used seats after each request.
///
/// # Errors
/// The first rule that the plan breaks.
pub fn check(
    world: &World,
    changes: &BTreeMap<UserId, Change>,
    batches: &[Batch],
    capabilities: &Capabilities,
    seats: Option<usize>,
) -> Result<Vec<usize>, Violation> {
    let is_rename = |it: &Change| {
        let is_change = matches!(it.op, Op::Update | Op::Access);
        is_change && it.takes().is_none() && it.frees().is_none()
    };
    if let Some(change) = changes.values().find(|it| !world.is_fresh && !is_rename(it)) {
        return Err(Violation::Stale(change.id.clone()));
    }
    let mut replay = Replay::new(world, changes.keys().cloned().collect(), capabilities, seats);
    let mut names: HashMap<&UserId, &str> =
        world.users.values().map(|user| (&user.id, &*user.name)).collect();
    let mut grants: HashMap<&UserId, &Option<Grant>> =
        world.users.values().map(|user| (&user.id, &user.grant)).collect();
    let mut used = Vec::with_capacity(batches.len());
    let mut away: HashSet<&UserId> = HashSet::new();
    for batch in batches {
        replay.admit(batch)?;
        replay.apply(batch);
        for item in &batch.items {
            match item.purpose {
                Purpose::Park | Purpose::Recreate => away.insert(&item.id),
                Purpose::Apply | Purpose::Remove => away.remove(&item.id),
            };
            if batch.verb != Verb::Delete {
                names.insert(&item.id, &item.name);
                grants.insert(&item.id, &item.grant);
            }
        }
        used.push(replay.used());
    }
    if let Some(id) = away.into_iter().min() {
        return Err(Violation::Stranded(id.clone()));
    }
    for change in changes.values() {
        let is_reached = match &change.new {
            None => !replay.has(&change.id),
            Some(new) => {
                replay.has(&change.id)
                    && replay.phone_of(&change.id) == new.phone.as_ref()
                    && names.get(&change.id) == Some(&&*new.name)
                    && grants.get(&change.id) == Some(&&new.grant)
            }
        };
        if !is_reached {
            return Err(Violation::Mismatch(change.id.clone()));
        }
    }
    Ok(used)
}

#[cfg(test)]
mod tests;
