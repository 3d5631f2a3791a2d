//! What became of each change.

use std::sync::Arc;

use super::user::{User, UserId};

/// What a change does to its user.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Op {
    /// A new user.
    Create,
    /// Another name or phone.
    Update,
    /// The user goes.
    Delete,
    /// Only listed: the phone is taken away for a moment.
    Park,
    /// Roles, tasks, flags.
    Access,
}

impl Op {
    /// The word in reports and in the store.
    pub fn word(self) -> &'static str {
        match self {
            Op::Create => "create",
            Op::Update => "update",
            Op::Delete => "delete",
            Op::Park => "park",
            Op::Access => "access",
        }
    }

    /// The op of that word.
    pub fn from_word(word: &str) -> Option<Op> {
        [Op::Create, Op::Update, Op::Delete, Op::Park, Op::Access]
            .into_iter()
            .find(|op| op.word() == word)
    }
}

/// Exactly one of these is recorded for every planned change in every run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    /// Read back from the platform.
    Applied,
    /// The platform refuses the record itself.
    Rejected,
    /// Somebody else holds what the change needs.
    Conflict,
    /// No seat is free.
    Deferred,
    /// A guard waits for a person.
    Held,
    /// Sent, or about to be sent, and nobody knows yet.
    Unknown,
}

impl Outcome {
    /// All of them, in the order of reports.
    pub const ALL: [Outcome; 6] = [
        Outcome::Applied,
        Outcome::Rejected,
        Outcome::Conflict,
        Outcome::Deferred,
        Outcome::Held,
        Outcome::Unknown,
    ];

    /// The word in reports and in the store.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Applied => "applied",
            Outcome::Rejected => "rejected",
            Outcome::Conflict => "conflict",
            Outcome::Deferred => "deferred",
            Outcome::Held => "held",
            Outcome::Unknown => "unknown",
        }
    }

    /// The outcome of that word.
    pub fn from_word(word: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// One user to be created, updated or deleted: the difference between desired and observed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Who.
    pub id: UserId,
    /// What.
    pub op: Op,
    /// The record on the platform; `None` for a create.
    pub old: Option<User>,
    /// The record as it shall be; `None` for a delete.
    pub new: Option<User>,
}

impl Change {
    /// The number that the change wants and the user does not have yet.
    pub fn takes(&self) -> Option<&super::phone::Phone> {
        let wanted = self.new.as_ref()?.phone.as_ref()?;
        let has = self.old.as_ref().and_then(|user| user.phone.as_ref());
        (has != Some(wanted)).then_some(wanted)
    }

    /// The number that the change lets go of.
    pub fn frees(&self) -> Option<&super::phone::Phone> {
        let has = self.old.as_ref()?.phone.as_ref()?;
        let keeps = self.new.as_ref().and_then(|user| user.phone.as_ref());
        (keeps != Some(has)).then_some(has)
    }
}

/// A change with what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settled {
    /// The change as planned.
    pub change: Change,
    /// What became of it.
    pub outcome: Outcome,
    /// Machine-readable cause: the platform's code, a hold's reason, or one of ours such as `phone_taken`.
    pub code: Option<Arc<str>>,
    /// For people: the cause, and the other party if there is one.
    pub detail: Option<Arc<str>>,
    /// Requests that carried it in this run.
    pub attempts: u32,
    /// HTTP status of the deciding answer.
    pub status: Option<u16>,
}
