//! An account of Wazzup as the platform keeps it: its users, their rights, its channels.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::history::{Arrivals, History};
use super::wazzup_v2::settings::{SimChannel, SimSettings};

/// A user as the platform keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimUser {
    /// The id that the client gave.
    pub id: String,
    /// The name.
    pub name: String,
    /// The phone, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl SimUser {
    /// A user.
    pub fn new(id: &str, name: &str, phone: Option<&str>) -> SimUser {
        SimUser {
            id: id.to_owned(),
            name: name.to_owned(),
            phone: phone.map(str::to_owned),
        }
    }
}

/// Users by id.
pub(super) type UserMap = BTreeMap<String, SimUser>;

/// One account of the platform.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) users: History<UserMap>,
    pub(super) settings: History<SimSettings>,
    pub(super) channels: Vec<SimChannel>,
    pub(super) protected: BTreeSet<String>,
    pub(super) arrivals: Arrivals,
    /// Begin of the window in which requests are counted, and their number.
    window: (u64, u64),
}

impl Account {
    pub(super) fn users(&self) -> &Arc<UserMap> {
        self.users.now()
    }

    pub(super) fn set_users(&mut self, users: UserMap, now_ms: u64, lag_ms: u64) {
        self.users.set(users, now_ms, lag_ms);
    }

    /// The users as they were `lag_ms` ago.
    pub(super) fn users_as_seen(&self, now_ms: u64, lag_ms: u64) -> &Arc<UserMap> {
        self.users.as_seen(now_ms, lag_ms)
    }

    /// Counts a request; how many there were since the window began.
    pub(super) fn count_in_window(&mut self, now_ms: u64, window_ms: u64) -> u64 {
        let (begin_ms, n_requests) = &mut self.window;
        if *begin_ms + window_ms <= now_ms {
            (*begin_ms, *n_requests) = (now_ms, 0);
        }
        *n_requests += 1;
        *n_requests
    }
}
