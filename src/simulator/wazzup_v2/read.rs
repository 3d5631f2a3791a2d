//! GET: the list, page by page, and one user.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::problem::{Code, Problem};
use super::wire::Page;
use super::{Now, users_as_seen};
use crate::simulator::reply::Reply;
use crate::simulator::switches::{AbsentGet, AbsentPhone, PastEnd, Switches};
use crate::simulator::world::{Account, SimUser};

pub(super) fn list(page: &Result<Page, String>, account: &Account, now: &Now<'_>) -> Result<Reply, Problem> {
    let switches = now.switches;
    let invalid = |text: &str| Problem::new(Code::InvalidUserData, text);
    let page = page.as_ref().map_err(|text| invalid(text))?;
    let asked = page.limit.unwrap_or(switches.default_limit);
    if let Some(max) = switches.reject_limit_above.filter(|it| asked > *it) {
        return Err(invalid(&format!("limit must not be greater than {max}")));
    }
    let limit = switches.page_cap.map_or(asked, |cap| asked.min(cap));

    let users = users_as_seen(account, now);
    let mut rows: Vec<&SimUser> = users.values().collect();
    if switches.unsorted {
        fastrand::Rng::with_seed(switches.seed ^ now.seq).shuffle(&mut rows);
    }
    let mut offset = if switches.ignore_offset { 0 } else { page.offset };
    if offset >= rows.len() && switches.past_end == PastEnd::RepeatLastPage {
        offset = rows.len().saturating_sub(1) / limit.max(1) * limit.max(1);
    }
    let rows = rows.iter().skip(offset).take(limit);
    let rows: Vec<Value> = rows.map(|it| shown(it, switches)).collect();
    Ok(now.success(StatusCode::OK, Value::Array(rows)))
}

pub(super) fn get(id: &str, account: &Account, now: &Now<'_>) -> Result<Reply, Problem> {
    let users = users_as_seen(account, now);
    let data = match (users.get(id), now.switches.absent_get) {
        (Some(user), _) if now.switches.single_as_object => shown(user, now.switches),
        (Some(user), _) => json!([shown(user, now.switches)]),
        (None, AbsentGet::EmptyArray) => json!([]),
        (None, AbsentGet::NotFound) => return Err(Problem::new(Code::UserNotFound, "User not found")),
    };
    Ok(now.success(StatusCode::OK, data))
}

fn shown(user: &SimUser, switches: &Switches) -> Value {
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
