//! The state: tenants with their users, and what clients could know of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::simulator::clock::Moment;
use crate::simulator::history::{Arrivals, History};

/// A user of a tenant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WutsUser {
    /// The id that the platform gave.
    pub id: String,
    /// The e-mail.
    pub email: String,
    /// `admin`, `manager` or `user`.
    pub role: String,
    /// Whether it can log in.
    #[serde(default = "yes")]
    pub active: bool,
    /// Its token, by which it and its tenant are known.
    pub token: String,
}

fn yes() -> bool {
    true
}

impl WutsUser {
    /// An active user, with a token made of its id.
    pub fn new(id: &str, email: &str, role: &str) -> WutsUser {
        WutsUser {
            id: id.to_owned(),
            email: email.to_owned(),
            role: role.to_owned(),
            active: true,
            token: token_of(id),
        }
    }

    /// The same, with this token.
    #[must_use]
    pub fn token(mut self, token: &str) -> WutsUser {
        token.clone_into(&mut self.token);
        self
    }

    /// The same, deactivated.
    #[must_use]
    pub fn inactive(mut self) -> WutsUser {
        self.active = false;
        self
    }
}

/// A token like that of the documentation's example; the same for the same id.
pub(super) fn token_of(id: &str) -> String {
    format!("wuts_tok_5f0c6f1e9b7d4c{id}")
}

/// A tenant with its users.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WutsTenant {
    /// Its id.
    pub id: String,
    /// Its users.
    pub users: Vec<WutsUser>,
    /// Ids of users that no client may write to.
    pub protected: Vec<String>,
}

/// A user, and since when it is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Kept {
    pub(super) user: WutsUser,
    pub(super) created_s: u64,
    pub(super) updated_s: u64,
}

/// Users by id.
pub(super) type Users = BTreeMap<String, Kept>;

/// A tenant.
#[derive(Debug, Default)]
pub(super) struct Tenant {
    users: History<Users>,
    pub(super) protected: BTreeSet<String>,
    pub(super) arrivals: Arrivals,
    /// All ids that were ever anybody's.
    pub(super) ever: BTreeSet<String>,
    /// E-mails that the last list showed; `None` before the first one.
    pub(super) listed: Option<BTreeSet<String>>,
    /// E-mails of creates since that list.
    pub(super) posted: BTreeSet<String>,
    /// All passwords that were ever sent.
    pub(super) passwords: BTreeSet<String>,
}

impl Tenant {
    pub(super) fn users(&self) -> &Users {
        self.users.now()
    }

    pub(super) fn users_as_seen(&self, now: Moment, lag_ms: u64) -> &Users {
        self.users.as_seen(now.ms, lag_ms)
    }

    pub(super) fn user(&self, id: &str) -> Option<&WutsUser> {
        self.users().get(id).map(|it| &it.user)
    }

    /// The user of that token.
    pub(super) fn caller(&self, token: &str) -> Option<&WutsUser> {
        let mut users = self.users().values().map(|it| &it.user);
        users.find(|it| it.token == token)
    }

    pub(super) fn by_email(&self, email: &str, ignores_case: bool) -> Option<&WutsUser> {
        let is_same = |it: &str| it == email || (ignores_case && it.to_lowercase() == email.to_lowercase());
        let mut users = self.users().values().map(|it| &it.user);
        users.find(|it| is_same(&it.email))
    }

    /// Whether this is an active administrator, and the only one.
    pub(super) fn is_last_admin(&self, id: &str) -> bool {
        let is_admin = |it: &WutsUser| it.active && it.role == "admin";
        let mut admins = self.users().values().map(|it| &it.user).filter(|it| is_admin(it));
        admins.next().is_some_and(|it| it.id == id) && admins.next().is_none()
    }

    /// The next free number.
    pub(super) fn next_id(&self) -> String {
        let numbers = self.ever.iter().filter_map(|it| it.parse::<u64>().ok());
        (numbers.max().unwrap_or(0) + 1).to_string()
    }

    pub(super) fn change(&mut self, now: Moment, lag_ms: u64, change: impl FnOnce(&mut Users)) {
        let mut users = self.users().clone();
        change(&mut users);
        self.ever.extend(users.keys().cloned());
        self.users.set(users, now.ms, lag_ms);
    }

    /// Adds users, or changes those of the same ids.
    pub(super) fn put(&mut self, put: Vec<WutsUser>, now: Moment, lag_ms: u64) {
        self.change(now, lag_ms, |users| {
            for user in put {
                let created_s = users.get(&user.id).map_or(now.unix_seconds, |it| it.created_s);
                let kept = Kept {
                    created_s,
                    updated_s: now.unix_seconds,
                    user,
                };
                users.insert(kept.user.id.clone(), kept);
            }
        });
    }
}
