//! One request's worth of changes, as it will travel.

use std::sync::Arc;

use super::grant::Grant;
use super::phone::Phone;
use super::user::UserId;

/// What a request does to all its users.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verb {
    /// Takes the users away.
    Delete,
    /// Changes users that exist.
    Update,
    /// Adds users that do not exist.
    Create,
    /// Adds or changes, whatever each user needs (only where the target's `upsert` says so).
    Upsert,
}

/// How the phone of a record travels. A record is always whole: the user has after the request just
/// what the record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PhoneField {
    /// This number.
    Number(Phone),
    /// The user has no phone and shall have none: the field is left out.
    None,
    /// The user has a phone and shall lose it, in this way.
    Clear(ClearBy),
}

impl PhoneField {
    /// The number that the record takes, if any.
    pub fn number(&self) -> Option<&Phone> {
        match self {
            PhoneField::Number(phone) => Some(phone),
            PhoneField::None | PhoneField::Clear(_) => None,
        }
    }
}

/// A way to make a platform forget a phone. Which one works is undocumented and learned once for each
/// kind and base URL, in the order of [`ClearBy::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ClearBy {
    /// An empty text.
    Empty,
    /// A text that is no number: documented to be removed silently.
    Malformed,
    /// The field left out.
    Omit,
    /// JSON null.
    Null,
}

impl ClearBy {
    /// In the order in which they are tried.
    pub const ALL: [ClearBy; 4] = [ClearBy::Empty, ClearBy::Malformed, ClearBy::Omit, ClearBy::Null];
}

/// Why an item is in a plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Purpose {
    /// A leaver goes.
    Remove,
    /// A user loses its phone for a moment, so that others can take it.
    Park,
    /// A user is deleted for a moment, to be created again with another phone.
    Recreate,
    /// A user gets its desired record (for a parked or recreated one: its return).
    Apply,
}

/// One user in a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Who.
    pub id: UserId,
    /// The name to send; unused in a delete.
    pub name: Arc<str>,
    /// The phone to send; unused in a delete.
    pub phone: PhoneField,
    /// What the user may do afterwards, where that travels with the user; unused in a delete.
    pub grant: Option<Grant>,
    /// What for.
    pub purpose: Purpose,
}

/// One request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// What it does.
    pub verb: Verb,
    /// To whom, in the order of the wire; never empty, no user twice.
    pub items: Vec<Item>,
}
