//! GET: who is there, and how one user is shown.

use serde_json::{Value, json};

use super::problem::{Code, Problem};
use super::{Now, users_as_seen};
use crate::simulator::account::{Account, SimUser};
use crate::simulator::switches::{AbsentGet, AbsentPhone, PastEnd, Switches};

/// The rows from `offset` on, at most `limit`, as a read shows them now. `sort` is the order of the platform.
pub(in crate::simulator) fn rows_as_seen<K: Ord>(
    account: &Account,
    now: &Now<'_>,
    offset: usize,
    limit: usize,
    sort: impl Fn(&SimUser) -> K,
) -> Vec<SimUser> {
    let switches = now.switches;
    let users = users_as_seen(account, now);
    let mut rows: Vec<&SimUser> = users.values().collect();
    rows.sort_by_key(|it| sort(it));
    if switches.unsorted {
        fastrand::Rng::with_seed(switches.seed ^ now.seq).shuffle(&mut rows);
    }
    let mut offset = if switches.ignore_offset { 0 } else { offset };
    if offset >= rows.len() && switches.past_end == PastEnd::RepeatLastPage {
        offset = rows.len().saturating_sub(1) / limit.max(1) * limit.max(1);
    }
    rows.into_iter().skip(offset).take(limit).cloned().collect()
}

/// What is at the place of a user: itself, or how its absence is told. `None` is an empty body.
pub(in crate::simulator) fn get(
    id: &str,
    is_alone: bool,
    account: &Account,
    now: &Now<'_>,
) -> Result<Option<Value>, Problem> {
    let users = users_as_seen(account, now);
    match (users.get(id), now.switches.absent_get) {
        (Some(user), _) if is_alone => Ok(Some(shown(user, now.switches))),
        (Some(user), _) => Ok(Some(json!([shown(user, now.switches)]))),
        (None, AbsentGet::EmptyArray) => Ok(Some(json!([]))),
        (None, AbsentGet::EmptyBody) => Ok(None),
        (None, AbsentGet::NotFound) => Err(Problem::new(Code::UserNotFound, "User not found")),
    }
}

/// One user, as the platform writes it.
pub(in crate::simulator) fn shown(user: &SimUser, switches: &Switches) -> Value {
    let mut shown = json!({"id": user.id, "name": user.name});
    match (&user.phone, switches.absent_phone) {
        (Some(phone), _) => shown["phone"] = json!(phone),
        (None, AbsentPhone::Omitted) => {}
        (None, AbsentPhone::Null) => shown["phone"] = Value::Null,
        (None, AbsentPhone::Empty) => shown["phone"] = json!(""),
    }
    if switches.extra_properties {
        shown["accountId"] = json!(72_042_419);
    }
    shown
}
