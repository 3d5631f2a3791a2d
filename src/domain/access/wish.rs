//! Who shall have which rights, and how far that is from what there is.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, RoleRow};
use super::revise::revise;
use super::{Channels, NO_ROLE, Rights, notify_grant};
use crate::domain::diff::{Known, OnDrift};
use crate::domain::grant::Grant;
use crate::domain::memory::Subject;
use crate::domain::user::UserId;

/// What becomes of one user's rights. Who has no wish is left as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// These, on every managed channel.
    Have(Rights),
    /// None on any channel, managed or not.
    Gone,
}

/// The rights that a user had before it was deleted for a moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Kept {
    /// On all channels.
    pub rows: Vec<RoleRow>,
    /// Whether phones of clients were hidden from it.
    pub is_hidden: bool,
}

/// All that shall be true of a document.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wishes {
    /// By user.
    pub users: BTreeMap<UserId, Wish>,
    /// Given back where nothing stands in their place.
    pub kept: BTreeMap<UserId, Kept>,
    /// Whether supervisors are notified of all chats.
    pub notify_supervisors: Option<bool>,
}

impl Wishes {
    /// Whether nothing is wished.
    pub fn is_empty(&self) -> bool {
        let Wishes {
            users,
            kept,
            notify_supervisors,
        } = self;
        users.is_empty() && kept.is_empty() && notify_supervisors.is_none()
    }
}

/// One user's rights, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RightsChange {
    /// As the document says; `None` if nobody knows.
    pub old: Option<Grant>,
    /// As it shall say.
    pub new: Grant,
}

/// Stands in changes for what concerns no single user: that supervisors are notified. No user has this id.
pub fn supervisors() -> UserId {
    UserId::new("")
}

/// What the platform last took, by user; `None` for one whose rights were being changed when that ended.
pub type Accepted = BTreeMap<UserId, Option<Grant>>;

/// The rights of all employees whose users are ours, or about to become so: by adoption or by a create. Not of
/// those whom no plan may change, nor of those whom no rule matches.
pub fn wanted(known: &Known<'_>) -> BTreeMap<UserId, Rights> {
    let mut wanted = BTreeMap::new();
    for employee in known.employees.active() {
        let (Some(rights), id) = (employee.rights, &employee.id) else {
            continue;
        };
        let is_ours = known.managed.contains_key(id) || !known.is_rejected(id, Subject::Adoption);
        if is_ours && !known.is_protected(id) && !known.is_rejected(id, Subject::Update) {
            wanted.insert(id.clone(), rights);
        }
    }
    wanted
}

/// The difference between wishes and what there is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comparison {
    /// What is to be changed.
    pub changes: BTreeMap<UserId, RightsChange>,
    /// Users, and perhaps [`supervisors`], whose rights somebody changed on the platform.
    pub drift: BTreeSet<UserId>,
    /// Those of `drift` that are left as they are.
    pub left: BTreeSet<UserId>,
}

/// Compares with the document, if it was read, else with what was last accepted.
pub fn compare(
    wishes: &Wishes,
    accepted: &Accepted,
    seen: Option<(&Document, &Channels)>,
    on_drift: OnDrift,
) -> Comparison {
    let was_accepted = |id: &UserId| {
        let accepted = accepted.get(id).and_then(Option::as_ref);
        accepted.is_some_and(|it| wished(wishes, id).as_ref() == Some(it))
    };
    let Some((document, channels)) = seen else {
        let ids = wishes.users.keys().cloned();
        let ids = ids.chain(wishes.notify_supervisors.map(|_| supervisors()));
        let open = ids.filter(|id| !was_accepted(id));
        let changes = open.filter_map(|id| {
            let old = accepted.get(&id).cloned().flatten();
            let is_known_gone = wishes.users.get(&id) == Some(&Wish::Gone) && old.is_none();
            let new = wished(wishes, &id).filter(|_| !is_known_gone)?;
            Some((id, RightsChange { old, new }))
        });
        return Comparison {
            changes: changes.collect(),
            ..Comparison::default()
        };
    };
    let mut changes = revise(document, wishes, channels).changes;
    // Who leaves, or was deleted for a moment, has what we made of it.
    let is_our_doing =
        |id: &UserId| wishes.users.get(id) == Some(&Wish::Gone) || wishes.kept.contains_key(id);
    let is_drift = |id: &&UserId| was_accepted(id) && !is_our_doing(id);
    let drift: BTreeSet<UserId> = changes.keys().filter(is_drift).cloned().collect();
    let left = match on_drift {
        OnDrift::Repair => BTreeSet::new(),
        OnDrift::Report => drift.clone(),
    };
    changes.retain(|id, _| !left.contains(id));
    Comparison { changes, drift, left }
}

/// The wish in words.
fn wished(wishes: &Wishes, id: &UserId) -> Option<Grant> {
    if *id == supervisors() {
        return wishes.notify_supervisors.map(notify_grant);
    }
    Some(match wishes.users.get(id)? {
        Wish::Have(rights) => rights.grant(),
        Wish::Gone => Grant::new([NO_ROLE]),
    })
}

impl Comparison {
    /// The wishes without what is left as it is.
    #[must_use]
    pub fn without_left(&self, mut wishes: Wishes) -> Wishes {
        wishes.users.retain(|id, _| !self.left.contains(id));
        if self.left.contains(&supervisors()) {
            wishes.notify_supervisors = None;
        }
        wishes
    }
}
