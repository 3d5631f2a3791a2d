//! Who may have which phone and which seat.
//!
//! Phones and seats are scarce, and some are in hands that no plan may touch: foreign, quarantined, kept,
//! protected and held users are *immovable*. A change that wants what such a user has goes without it, or
//! waits. What is left can always be ordered: every phone that a change takes is free, or is freed by
//! another change that goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use super::batch::ClearBy;
use super::chain::cycles;
use super::memory::{Managed, Reason};
use super::outcome::{Change, Op, Outcome, Settled};
use super::phone::Phone;
use super::user::UserId;
use super::world::World;

/// What is known about taking a phone away on this kind of platform.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clearing {
    /// Nobody tried yet.
    Unknown,
    /// This way works.
    Works(ClearBy),
    /// No way works: a phone can be replaced, never taken away.
    Impossible,
}

/// What is done where a phone must be taken away and no way works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParkPolicy {
    /// The change is a conflict.
    Clear,
    /// The user is deleted and created again.
    Recreate,
}

impl ParkPolicy {
    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            ParkPolicy::Clear => "clear",
            ParkPolicy::Recreate => "recreate",
        }
    }
}

/// What limits a plan beside the guards.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// How phones can be taken away.
    pub clearing: Clearing,
    /// What is done if they can't.
    pub park: ParkPolicy,
    /// Most users of the account, as documented or learned.
    pub seats: Option<usize>,
    /// Two users can't have the same phone.
    pub unique_phones: bool,
    /// Phones that the platform called taken in this run although the list shows no holder.
    pub unseen_phones: BTreeSet<Phone>,
}

/// The changes that can be ordered, and what became of all others.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Contended {
    /// To be ordered. The phone in `new` is the one that the user gets in this plan, which is not the
    /// desired one if the change is among `blocked`.
    pub moves: BTreeMap<UserId, Change>,
    /// Changes that go without the phone they want, wholly or in part, and why.
    pub blocked: BTreeMap<UserId, Blocked>,
    /// Changes that nothing is sent for.
    pub settled: Vec<Settled>,
    /// Users that keep a phone which the CRM dropped, because nothing takes it away.
    pub phone_kept: BTreeSet<UserId>,
}

/// Why a change goes without the phone it wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blocked {
    /// The change as the diff wants it.
    pub wanted: Change,
    /// `phone_taken` or `cannot_park`.
    pub code: &'static str,
    /// For people, naming the other party.
    pub detail: Arc<str>,
}

/// Decides about every change that passed the guards.
pub fn contend(
    passed: BTreeMap<UserId, Change>,
    held: BTreeMap<UserId, (Change, Reason)>,
    world: &World,
    managed: &Managed,
    terms: &Terms,
) -> Contended {
    let n_deletes = passed.values().filter(|it| it.op == Op::Delete).count();
    let staying = world.users.len() - n_deletes;
    let can_recreate = terms.park == ParkPolicy::Recreate && terms.seats.is_none_or(|seats| staying <= seats);
    let mut court = Court {
        world,
        managed,
        terms,
        can_clear: terms.clearing != Clearing::Impossible || can_recreate,
        held_removals: HashMap::new(),
        result: Contended::default(),
    };
    for (id, (change, reason)) in held {
        if change.op == Op::Delete {
            court.held_removals.insert(id.clone(), id);
        }
        let detail = format!("waits for a decision: wazzup-sync holds ({})", reason.word());
        court.settle(change, Outcome::Held, reason.word(), detail);
    }
    court.result.moves = passed;
    court.settle_phones();
    court.seat();
    // Only now is it known who really takes a phone.
    court.keep_old_phones();
    court.drop_empty();
    court
        .result
        .settled
        .sort_by(|one, other| one.change.id.cmp(&other.change.id));
    court.result
}

struct Court<'a> {
    world: &'a World,
    managed: &'a Managed,
    terms: &'a Terms,
    /// Whether a user can lose its phone and get no other, in whatever way. An account with more users than
    /// seats takes nobody back, so there nobody is deleted for a moment.
    can_clear: bool,
    /// Whose removal is held, and who waits for such a removal: with the leaver at the end of the wait.
    held_removals: HashMap<UserId, UserId>,
    result: Contended,
}

/// What stands between a change and the phone it wants.
enum Obstacle {
    /// The holder stays until a removal that is held is decided: its own, or that of another.
    HeldRemoval {
        /// Who has the phone.
        holder: UserId,
        /// Whose removal is held.
        leaver: UserId,
    },
    /// The holder stays.
    Immovable(UserId),
    /// The platform shows the phone on several users, and no order frees it for certain.
    Shared(UserId),
    /// The holder would let go, but no way to take its phone away works.
    CannotPark(UserId),
    /// Somebody whom the list does not show.
    Unseen,
}

impl Court<'_> {
    fn settle(&mut self, change: Change, outcome: Outcome, code: &str, detail: String) {
        self.result.settled.push(Settled {
            change,
            outcome,
            code: Some(code.into()),
            detail: Some(detail.into()),
            attempts: 0,
            status: None,
        });
    }

    /// Takes away phones that can't be had, until nothing moves any more. Each round only takes away, so
    /// the rounds end.
    fn settle_phones(&mut self) {
        let holders = self.world.holders();
        loop {
            if !self.can_clear {
                self.keep_uncleared(&holders);
            }
            if !self.terms.unique_phones {
                return;
            }
            if !self.can_clear {
                self.stop_cycles(&holders);
            }
            let mut obstacles = Vec::new();
            for change in self.result.moves.values() {
                if let Some(obstacle) = change
                    .takes()
                    .and_then(|phone| self.obstacle(change, phone, &holders))
                {
                    obstacles.push((change.id.clone(), obstacle));
                }
            }
            if obstacles.is_empty() {
                break;
            }
            for (id, obstacle) in obstacles {
                self.block(&id, obstacle);
            }
        }
    }

    fn obstacle(
        &self,
        change: &Change,
        phone: &Phone,
        holders: &HashMap<&Phone, Vec<&UserId>>,
    ) -> Option<Obstacle> {
        let mut freed_by: Option<&UserId> = None;
        for holder in holders
            .get(phone)
            .into_iter()
            .flatten()
            .filter(|it| ***it != change.id)
        {
            let lets_go = self
                .result
                .moves
                .get(holder)
                .is_some_and(|it| it.frees() == Some(phone));
            if !lets_go {
                return Some(match self.held_removals.get(holder) {
                    Some(leaver) => Obstacle::HeldRemoval {
                        holder: (*holder).clone(),
                        leaver: leaver.clone(),
                    },
                    None if self.result.phone_kept.contains(holder) => {
                        Obstacle::CannotPark((*holder).clone())
                    }
                    None => Obstacle::Immovable((*holder).clone()),
                });
            }
            if self
                .result
                .moves
                .get(holder)
                .is_some_and(|it| it.op == Op::Update)
                && let Some(other) = freed_by.replace(*holder)
            {
                return Some(Obstacle::Shared(other.clone()));
            }
        }
        self.terms
            .unseen_phones
            .contains(phone)
            .then_some(Obstacle::Unseen)
    }

    /// The change waits, or goes without its phone.
    fn block(&mut self, id: &UserId, obstacle: Obstacle) {
        let Some(change) = self.result.moves.get_mut(id) else {
            return;
        };
        let phone = change
            .takes()
            .map(|it| it.digits().to_owned())
            .unwrap_or_default();
        let (code, detail) = match obstacle {
            Obstacle::HeldRemoval { holder, leaver } => {
                let whose = if holder == leaver {
                    "whose removal is held".to_owned()
                } else {
                    format!("who waits for the held removal of user \"{leaver}\"")
                };
                let detail = format!("waits for +{phone}, the phone of user \"{holder}\", {whose}");
                if let Some(change) = self.result.moves.remove(id) {
                    // Whoever waits for this one's phone waits for the same removal.
                    self.held_removals.insert(id.clone(), leaver);
                    self.settle(change, Outcome::Held, "waits_for_held_removal", detail);
                }
                return;
            }
            Obstacle::Immovable(holder) => (
                "phone_taken",
                format!("+{phone} belongs to user \"{holder}\", who is not changed"),
            ),
            Obstacle::CannotPark(holder) => (
                "cannot_park",
                format!(
                    "+{phone} belongs to user \"{holder}\", and this platform lets nobody give up a phone; set park = \"recreate\""
                ),
            ),
            Obstacle::Shared(holder) => (
                "phone_taken",
                format!(
                    "+{phone} is on user \"{holder}\" and others at once; it can be had when they let go"
                ),
            ),
            Obstacle::Unseen => (
                "phone_taken",
                format!("+{phone} belongs to somebody whom the platform does not list"),
            ),
        };
        let wanted = change.clone();
        if let Some(new) = &mut change.new {
            new.phone = None;
        }
        self.result.blocked.entry(id.clone()).or_insert(Blocked {
            wanted,
            code,
            detail: detail.into(),
        });
    }

    /// Who wants a phone of a user that can't let go must do without: nothing takes a phone away here.
    fn keep_uncleared(&mut self, holders: &HashMap<&Phone, Vec<&UserId>>) {
        for change in self.result.moves.values_mut().filter(|it| it.op == Op::Update) {
            let Some(old) = change.frees().filter(|_| change.takes().is_none()).cloned() else {
                continue;
            };
            debug_assert!(
                holders.contains_key(&old),
                "the old phone of an update is one of the world's"
            );
            if !self.result.blocked.contains_key(&change.id) {
                self.result.phone_kept.insert(change.id.clone());
            }
            if let Some(new) = &mut change.new {
                new.phone = Some(old);
            }
        }
    }

    /// Cycles whose members could only move by parking one of them, where parking is impossible.
    fn stop_cycles(&mut self, holders: &HashMap<&Phone, Vec<&UserId>>) {
        for cycle in cycles(&self.result.moves, holders) {
            let names = cycle
                .iter()
                .map(|id| format!("\"{id}\""))
                .collect::<Vec<_>>()
                .join(", ");
            for id in cycle {
                let Some(change) = self.result.moves.get_mut(&id) else {
                    continue;
                };
                let wanted = change.clone();
                let detail = format!(
                    "{names} exchange phones, and this platform lets nobody give one up for a moment; set park = \"recreate\""
                );
                if let Some(new) = &mut change.new {
                    new.phone = change.old.as_ref().and_then(|old| old.phone.clone());
                }
                let blocked = Blocked {
                    wanted,
                    code: "cannot_park",
                    detail: detail.into(),
                };
                self.result.blocked.entry(id).or_insert(blocked);
            }
        }
    }

    /// A blocked update keeps its old phone, unless another change waits for that one.
    fn keep_old_phones(&mut self) {
        let taken: HashSet<Phone> = self
            .result
            .moves
            .values()
            .filter_map(|it| it.takes().cloned())
            .collect();
        for id in self.result.blocked.keys() {
            let Some(change) = self.result.moves.get_mut(id) else {
                continue;
            };
            let Some(old) = change.frees().filter(|phone| !taken.contains(*phone)).cloned() else {
                continue;
            };
            if let Some(new) = change.new.as_mut().filter(|new| new.phone.is_none()) {
                new.phone = Some(old);
            }
        }
    }

    /// The free seats go first to users of ours whose create is under way, then to the smallest ids; who does
    /// not fit is deferred. So somebody who was deleted for a moment, when a run ended early, never loses the
    /// seat to somebody else.
    fn seat(&mut self) {
        let Some(seats) = self.terms.seats else { return };
        let leaving = self
            .result
            .moves
            .values()
            .filter(|it| it.op == Op::Delete)
            .count();
        let used = self.world.users.len() - leaving;
        let creates = self.result.moves.values().filter(|it| it.op == Op::Create);
        let is_under_way = |id: &UserId| self.managed.get(id).is_some_and(|it| it.observed.is_none());
        let (under_way, new): (Vec<UserId>, Vec<UserId>) =
            creates.map(|it| it.id.clone()).partition(is_under_way);
        let free = seats.saturating_sub(used);
        for id in under_way.into_iter().chain(new).skip(free) {
            self.result.blocked.remove(&id);
            if let Some(change) = self.result.moves.remove(&id) {
                let detail = format!("all {seats} seats of the account are taken");
                self.settle(change, Outcome::Deferred, "no_seat", detail);
            }
        }
    }

    /// Changes that lost all they wanted: nothing is sent for them.
    fn drop_empty(&mut self) {
        let empty: Vec<UserId> = self
            .result
            .moves
            .values()
            .filter(|it| it.old == it.new)
            .map(|it| it.id.clone())
            .collect();
        for id in empty {
            self.result.moves.remove(&id);
            if let Some(blocked) = self.result.blocked.remove(&id) {
                let Blocked { wanted, code, detail } = blocked;
                self.settle(wanted, Outcome::Conflict, code, detail.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests;
