//! What users may do on the channels of a platform: roles, new clients, hidden phone numbers.
//!
//! The platform keeps all of it in one document, which is read and written as a whole and holds the rights of
//! everybody, ours or not. Here is decided what of it changes: which rights an employee's role gives
//! ([`Policy`]), what a document says of a user ([`Document`]), which of the account's users shall have what
//! ([`wish`]), and the document that says so and nothing else anew ([`revise()`]). Who writes it, and what
//! becomes of a write, is the business of `reconcile`.

pub mod channel;
pub mod document;
pub mod revise;
#[cfg(test)]
mod tests;
pub mod wish;

pub use channel::{Channel, ChannelChoice, ChannelId, ChannelRef, Channels};
pub use document::{Document, RoleRow};
pub use revise::{Revision, revise};
pub use wish::{Kept, Wish, Wishes};

use super::grant::Grant;

/// What is to be kept equal to the CRM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// The channels whose rows are managed.
    pub channels: ChannelChoice,
    /// Whether supervisors are notified of all chats; `None` leaves it as it is.
    pub notify_supervisors: Option<bool>,
    /// The first that matches wins.
    pub rules: Vec<Rule>,
}

/// What users of a role of the CRM may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Whom it is for.
    pub crm_role: RoleMatch,
    /// What they get.
    pub rights: Rights,
}

/// Which roles of the CRM are meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RoleMatch {
    /// All, also none.
    Any,
    /// Exactly this one.
    Is(String),
}

/// What one user may do, the same on every managed channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rights {
    /// The role on each channel; `None` for no row at all.
    pub role: Option<Role>,
    /// Whether first messages of new clients come to the user. Without a role it says nothing.
    pub new_clients: bool,
    /// Whether phones of clients are hidden from the user.
    pub hide_phones: bool,
}

/// Roles on a channel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Sees and writes to own clients.
    Seller,
    /// Sees and writes to all clients.
    Manager,
    /// Sees all clients and writes to none.
    Auditor,
}

impl Role {
    /// The word in the configuration, in reports and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Role::Seller => "seller",
            Role::Manager => "manager",
            Role::Auditor => "auditor",
        }
    }
}

impl Policy {
    /// What these roles of an employee give; `None` if no rule matches.
    pub fn rights<'a>(&self, roles: impl Iterator<Item = &'a str> + Clone) -> Option<Rights> {
        let matches = |rule: &&Rule| match &rule.crm_role {
            RoleMatch::Any => true,
            RoleMatch::Is(role) => roles.clone().any(|it| it == role),
        };
        self.rules.iter().find(matches).map(|rule| rule.rights)
    }
}

/// Words of a [`Grant`], for people.
const NO_ROLE: &str = "no role";
const NEW_CLIENTS: &str = "new clients";
const PHONES_HIDDEN: &str = "phones hidden";

impl Rights {
    /// In words, as reported and remembered.
    pub fn grant(&self) -> Grant {
        let Rights {
            role,
            new_clients,
            hide_phones,
        } = *self;
        Grant::new([
            role.map_or(NO_ROLE, Role::word),
            if role.is_some() && new_clients {
                NEW_CLIENTS
            } else {
                ""
            },
            if hide_phones { PHONES_HIDDEN } else { "" },
        ])
    }
}

/// Whether supervisors are notified, in words.
pub fn notify_grant(is_notified: bool) -> Grant {
    Grant::new([if is_notified { "notified" } else { "not notified" }])
}
