//! Wazzup v3, the public API: `/v3/users`. Bodies and answers stand for themselves.

mod switches;

use axum::http::{Method, StatusCode, Uri, header};
use serde_json::{Value, json};

use super::account::Account;
use super::call::{Payload, percent_decode};
use super::reply::Reply;
use super::wazzup::{
    self, Code, Items, Limits, Now, Page, Problem, Request, Verb, read_id, read_item, read_items, read_page,
};
pub use switches::{BulkDelete, Count, ListShape, RateLimit, Success, TooMany, V3Switches};

pub(super) const LIMITS: Limits = Limits {
    id_chars: 200,
    name_chars: 200,
    invalid_data: "INVALID_USERS_DATA",
    too_many: |switches| match switches.v3.too_many {
        TooMany::Mach => "TOO_MACH_ENTITIES",
        TooMany::Many => "TOO_MANY_ENTITIES",
    },
};

/// The request at the path below `/v3`.
pub(super) fn read(method: &Method, below: &[&str], uri: &Uri, body: &Payload) -> Request {
    match (method.as_str(), below) {
        ("GET", ["users"]) => Request::List(read_page(uri)),
        ("GET", ["users", id]) if !id.is_empty() => Request::Get(percent_decode(id)),
        ("POST", ["users"]) => Request::Upsert(Verb::Post, read_items(body, None, read_item)),
        ("PATCH", ["users", "bulk_delete"]) => Request::Delete(read_items(body, None, read_id)),
        ("DELETE", ["users", id]) if !id.is_empty() => Request::DeleteOne(percent_decode(id)),
        _ => Request::unknown(method, uri),
    }
}

/// Lets the request have its effect on the account, and answers it.
pub(super) fn answer(request: &Request, account: Option<&mut Account>, now: &mut Now<'_>) -> Reply {
    let answered = match (request, account) {
        (_, None) => Err(Problem::new(Code::Unauthorized, "Unauthorized")),
        (request, Some(account)) => match too_fast(account, now) {
            Some(refusal) => return refusal,
            None => answer_account(request, account, now),
        },
    };
    answered.unwrap_or_else(|problem| problem.reply(&LIMITS, now.switches, now.seq))
}

fn answer_account(request: &Request, account: &mut Account, now: &mut Now<'_>) -> Result<Reply, Problem> {
    match request {
        Request::List(page) => list(page, account, now),
        Request::Get(id) => {
            let found = wazzup::get(id, true, account, now)?;
            Ok(found.map_or_else(
                || Reply::empty(StatusCode::OK),
                |user| Reply::json(StatusCode::OK, &user),
            ))
        }
        Request::Upsert(verb, body) => {
            wazzup::upsert(*verb, body, &LIMITS, account, now)?;
            Ok(written(now.post_status(), now))
        }
        Request::Delete(body) => bulk_delete(body, account, now),
        Request::DeleteOne(id) => {
            wazzup::delete(std::slice::from_ref(id), account, now)?;
            Ok(written(StatusCode::OK, now))
        }
        Request::Unknown(what) => Err(Problem::new(Code::NotFound, &format!("Cannot {what}"))),
    }
}

/// The answer to a request that is one too many within the window.
fn too_fast(account: &mut Account, now: &Now<'_>) -> Option<Reply> {
    let limit = now.switches.v3.rate_limit.as_ref()?;
    if account.count_in_window(now.now_ms, limit.window_ms) <= limit.requests {
        return None;
    }
    let reply = Reply::empty(StatusCode::TOO_MANY_REQUESTS);
    Some(match &limit.retry_after {
        Some(wait) => reply.header(header::RETRY_AFTER, wait.header(now.unix_seconds)),
        None => reply,
    })
}

fn list(page: &Result<Page, String>, account: &Account, now: &Now<'_>) -> Result<Reply, Problem> {
    let switches = now.switches;
    let page = page
        .as_ref()
        .map_err(|text| Problem::new(Code::InvalidUserData, text))?;
    let (offset, limit) = match switches.v3.list {
        ListShape::Array => (0, usize::MAX),
        ListShape::PagedArray | ListShape::Object => (page.offset, switches.v3.page_users),
    };
    let by_name = |it: &super::SimUser| (it.name.clone(), it.id.clone());
    let rows = wazzup::rows_as_seen(account, now, offset, limit, by_name);
    let rows = rows.iter().map(|user| {
        let mut row = wazzup::shown(user, switches);
        if let (false, Some(row)) = (switches.v3.phones_in_list, row.as_object_mut()) {
            row.remove("phone");
        }
        row
    });
    let rows: Vec<Value> = rows.collect();
    let n_users = account.users().len();
    let body = match (switches.v3.list, switches.v3.count) {
        (ListShape::Array | ListShape::PagedArray, _) => Value::Array(rows),
        (ListShape::Object, Count::Number) => json!({"count": n_users, "data": rows}),
        (ListShape::Object, Count::Text) => json!({"count": n_users.to_string(), "data": rows}),
        (ListShape::Object, Count::OfPage) => json!({"count": rows.len(), "data": rows}),
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

/// Ids of nobody are no error: they are told in the answer.
fn bulk_delete(body: &Items<String>, account: &mut Account, now: &mut Now<'_>) -> Result<Reply, Problem> {
    let switches = now.switches;
    match switches.v3.bulk_delete {
        BulkDelete::Works => {}
        BulkDelete::NotFound => {
            return Err(Problem::new(Code::NotFound, "Cannot PATCH /v3/users/bulk_delete"));
        }
        BulkDelete::Forbidden => return Err(Problem::new(Code::Forbidden, "Forbidden resource")),
    }
    let ids = wazzup::acceptable(body, switches, switches.v3.bulk_delete_limit)?;
    let (present, absent): (Vec<String>, Vec<String>) = ids
        .iter()
        .cloned()
        .partition(|id| account.users().contains_key(id));
    wazzup::delete(&present, account, now)?;
    Ok(match switches.v3.success {
        Success::AllEmpty => Reply::empty(StatusCode::OK),
        _ if switches.v3.report_absent => Reply::json(StatusCode::OK, &json!(absent)),
        _ => Reply::json(StatusCode::OK, &json!([])),
    })
}

fn written(status: StatusCode, now: &Now<'_>) -> Reply {
    match now.switches.v3.success {
        Success::Empty | Success::AllEmpty => Reply::empty(status),
        Success::Json => Reply::json(status, &json!({"status": "ok"})),
    }
}
