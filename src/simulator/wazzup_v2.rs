//! Wazzup v2, the tech-partner API: `/v2/users`. Bodies and answers stand in objects. Rights on channels are in
//! [`settings`].

pub(super) mod settings;
pub(super) mod switches;

use axum::http::{Method, StatusCode, Uri};
use serde_json::{Value, json};

use super::account::Account;
use super::call::{Payload, percent_decode};
use super::reply::Reply;
use super::switches::Envelope;
use super::wazzup::{
    self, Code, Limits, Now, Page, Problem, Request, Verb, read_id, read_item, read_items, read_page,
};

pub(super) const LIMITS: Limits = Limits {
    id_chars: 64,
    name_chars: 150,
    invalid_data: "INVALID_USER_DATA",
    too_many: |_| "TOO_MANY_ENTITIES",
};

/// The request at the path below `/v2`.
pub(super) fn read(method: &Method, below: &[&str], uri: &Uri, body: &Payload) -> Request {
    match (method.as_str(), below) {
        ("GET", ["users"]) => Request::List(read_page(uri)),
        ("GET", ["users", id]) if !id.is_empty() => Request::Get(percent_decode(id)),
        ("POST", ["users"]) => Request::Upsert(Verb::Post, read_items(body, Some("users"), read_item)),
        ("PATCH", ["users"]) => Request::Upsert(Verb::Patch, read_items(body, Some("users"), read_item)),
        ("DELETE", ["users"]) => Request::Delete(read_items(body, Some("user_ids"), read_id)),
        _ => Request::unknown(method, uri),
    }
}

/// Lets the request have its effect on the account, and answers it.
pub(super) fn answer(request: &Request, account: Option<&mut Account>, now: &mut Now<'_>) -> Reply {
    let answered = match (request, account) {
        (_, None) => Err(Problem::new(Code::Unauthorized, "Unauthorized")),
        (Request::List(page), Some(account)) => list(page, account, now),
        (Request::Get(id), Some(account)) => get(id, account, now),
        (Request::Upsert(verb, body), Some(account)) => wazzup::upsert(*verb, body, &LIMITS, account, now)
            .map(|n_applied| {
                let status = match verb {
                    Verb::Post => now.post_status(),
                    Verb::Patch => StatusCode::OK,
                };
                written(status, json!({"processed": n_applied}), now)
            }),
        (Request::Delete(body), Some(account)) => {
            let ids = wazzup::acceptable(body, now.switches, Some(now.switches.max_batch));
            ids.and_then(|ids| wazzup::delete(ids, account, now)).map(|()| {
                settings::forget_absent(account, now);
                written(StatusCode::OK, Value::Null, now)
            })
        }
        (Request::DeleteOne(what) | Request::Unknown(what), Some(_)) => {
            Err(Problem::new(Code::NotFound, &format!("Cannot {what}")))
        }
    };
    answered.unwrap_or_else(|problem| problem.reply(&LIMITS, now.switches, now.seq))
}

fn list(page: &Result<Page, String>, account: &Account, now: &Now<'_>) -> Result<Reply, Problem> {
    let switches = now.switches;
    let invalid = |text: &str| Problem::new(Code::InvalidUserData, text);
    let page = page.as_ref().map_err(|text| invalid(text))?;
    let asked = page.limit.unwrap_or(switches.default_limit);
    if let Some(max) = switches.reject_limit_above.filter(|it| asked > *it) {
        return Err(invalid(&format!("limit must not be greater than {max}")));
    }
    let limit = switches.page_cap.map_or(asked, |cap| asked.min(cap));
    let rows = wazzup::rows_as_seen(account, now, page.offset, limit, |it| it.id.clone());
    let rows = rows.iter().map(|it| wazzup::shown(it, switches)).collect();
    Ok(success(StatusCode::OK, Value::Array(rows), now))
}

fn get(id: &str, account: &Account, now: &Now<'_>) -> Result<Reply, Problem> {
    let found = wazzup::get(id, now.switches.single_as_object, account, now)?;
    Ok(found.map_or_else(
        || Reply::empty(StatusCode::OK),
        |data| success(StatusCode::OK, data, now),
    ))
}

fn success(status: StatusCode, data: Value, now: &Now<'_>) -> Reply {
    let meta = json!({"timestamp": now.unix_seconds});
    let body = match now.switches.envelope {
        Envelope::Full => json!({"data": data, "meta": meta}),
        Envelope::Bare => data,
        Envelope::MetaOnly => json!({"meta": meta}),
    };
    Reply::json(status, &body)
}

fn written(status: StatusCode, data: Value, now: &Now<'_>) -> Reply {
    if now.switches.empty_success {
        Reply::empty(status)
    } else {
        success(status, data, now)
    }
}
