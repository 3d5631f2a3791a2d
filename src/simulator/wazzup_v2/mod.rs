//! Wazzup v2, the tech-partner API: `/v2/users`.
//!
//! Written from the platform's documents alone and independent of the client, so that both can't share
//! a misunderstanding. What the documents leave open is decided by the [switches](super::Switches).

mod audit;
mod batch;
mod problem;
mod read;
mod wire;

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::reply::Reply;
use super::switches::{Envelope, OverBatch, PartialAnswer, Switches};
use super::world::Account;
pub(super) use audit::audit;
use batch::Outcome;
use problem::{Code, Problem};
pub(super) use wire::Request;
use wire::Verb;

/// The circumstances of one request.
pub(super) struct Now<'a> {
    pub(super) switches: &'a Switches,
    pub(super) now_ms: u64,
    pub(super) unix_seconds: u64,
    pub(super) seq: u64,
    /// Set if at least one item was applied.
    pub(super) had_effect: bool,
}

impl Now<'_> {
    fn problem(&self, problem: &Problem) -> Reply {
        problem.reply(self.switches, self.seq)
    }

    fn success(&self, status: StatusCode, data: Value) -> Reply {
        let meta = json!({"timestamp": self.unix_seconds});
        let body = match self.switches.envelope {
            Envelope::Full => json!({"data": data, "meta": meta}),
            Envelope::Bare => data,
            Envelope::MetaOnly => json!({"meta": meta}),
        };
        Reply::json(status, &body)
    }

    fn written(&self, status: StatusCode, data: Value) -> Reply {
        if self.switches.empty_success {
            Reply::empty(status)
        } else {
            self.success(status, data)
        }
    }
}

/// Lets the request have its effect on the account, and answers it.
pub(super) fn answer(request: &Request, account: Option<&mut Account>, now: &mut Now<'_>) -> Reply {
    let Some(account) = account else {
        return now.problem(&Problem::new(Code::Unauthorized, "Unauthorized"));
    };
    let answered = match request {
        Request::List(page) => read::list(page, account, now),
        Request::Get(id) => read::get(id, account, now),
        Request::Upsert(verb, items) => upsert(*verb, items, account, now),
        Request::Delete(ids) => delete(ids, account, now),
        Request::Unknown(what) => Err(Problem::new(Code::NotFound, &format!("Cannot {what}"))),
    };
    answered.unwrap_or_else(|problem| now.problem(&problem))
}

fn upsert(
    verb: Verb,
    body: &wire::Items<wire::Item>,
    account: &mut Account,
    now: &mut Now<'_>,
) -> Result<Reply, Problem> {
    let items = acceptable(body, now.switches)?;
    let outcome = batch::upsert(account.users(), items, verb, now.switches);
    let n_applied = settle(outcome, account, now)?;
    let status = match verb {
        Verb::Post => StatusCode::from_u16(now.switches.post_status).unwrap_or(StatusCode::OK),
        Verb::Patch => StatusCode::OK,
    };
    Ok(now.written(status, json!({"processed": n_applied})))
}

fn delete(body: &wire::Items<String>, account: &mut Account, now: &mut Now<'_>) -> Result<Reply, Problem> {
    let ids = acceptable(body, now.switches)?;
    let outcome = batch::delete(account.users(), ids, now.switches);
    settle(outcome, account, now)?;
    Ok(now.written(StatusCode::OK, Value::Null))
}

/// The items of a request that is valid in itself.
fn acceptable<'a, T>(body: &'a wire::Items<T>, switches: &Switches) -> Result<&'a [T], Problem> {
    let mut texts = body.malformed.clone();
    if switches.refuse_unknown_properties {
        texts.extend(body.unknown.iter().cloned());
    }
    if body.items.is_empty() && texts.is_empty() && switches.refuse_empty_batch {
        texts.push(format!("{} should not be empty", body.key));
    }
    if !texts.is_empty() {
        return Err(Problem {
            code: Code::InvalidUserData,
            texts,
        });
    }
    if body.items.len() <= switches.max_batch {
        return Ok(&body.items);
    }
    let text = format!(
        "{} must contain no more than {} elements",
        body.key, switches.max_batch
    );
    match switches.over_batch {
        OverBatch::BadRequest => Err(Problem::new(Code::TooManyEntities, &text)),
        OverBatch::TooLarge => Err(Problem::new(Code::TooLarge, &text)),
        OverBatch::FirstOnly => Ok(&body.items[..switches.max_batch]),
        OverBatch::Accept => Ok(&body.items),
    }
}

/// Keeps the state that a batch led to. Returns the number of items applied.
fn settle(outcome: Outcome, account: &mut Account, now: &mut Now<'_>) -> Result<usize, Problem> {
    let Outcome {
        users,
        n_applied,
        problem,
    } = outcome;
    now.had_effect = n_applied > 0;
    if now.had_effect {
        account.set_users(users, now.now_ms, now.switches.read_lag_ms);
    }
    match problem {
        Some(problem) if n_applied == 0 || now.switches.partial_answer == PartialAnswer::Error => {
            Err(problem)
        }
        Some(_) | None => Ok(n_applied),
    }
}

/// The users that a read shows.
fn users_as_seen(account: &Account, now: &Now<'_>) -> Arc<super::world::UserMap> {
    Arc::clone(account.users_as_seen(now.now_ms, now.switches.read_lag_ms))
}
