//! What both generations of Wazzup's API have in common: users, batches, phones, seats, errors, rules.
//!
//! Written from the platform's documents alone and independent of the client, so that both can't share
//! a misunderstanding. What the documents leave open is decided by the [switches](super::Switches). Paths and
//! shapes are the business of [`super::wazzup_v2`] and [`super::wazzup_v3`].

mod audit;
mod batch;
mod problem;
mod read;
mod request;

use std::sync::Arc;

use axum::http::StatusCode;

use super::account::{Account, UserMap};
use super::switches::{OverBatch, PartialAnswer, Switches};
pub(super) use audit::audit;
use batch::Outcome;
pub(super) use problem::{Code, Problem};
pub(super) use read::{get, rows_as_seen, shown};
pub(super) use request::{Item, Items, Page, Request, Verb, read_id, read_item, read_items, read_page};

/// What a generation takes in one user, and how it names what it can't take.
#[derive(Debug)]
pub(super) struct Limits {
    /// Longest id, in characters.
    pub(super) id_chars: usize,
    /// Longest name, in characters.
    pub(super) name_chars: usize,
    /// The code of an invalid field.
    pub(super) invalid_data: &'static str,
    /// The code of too many items.
    pub(super) too_many: fn(&Switches) -> &'static str,
}

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
    /// The status of a successful POST.
    pub(super) fn post_status(&self) -> StatusCode {
        StatusCode::from_u16(self.switches.post_status).unwrap_or(StatusCode::OK)
    }
}

/// Applies the items of a POST or PATCH. Returns the number of items applied.
pub(super) fn upsert(
    verb: Verb,
    body: &Items<Item>,
    limits: &Limits,
    account: &mut Account,
    now: &mut Now<'_>,
) -> Result<usize, Problem> {
    let items = acceptable(body, now.switches, Some(now.switches.max_batch))?;
    let outcome = batch::upsert(account.users(), items, verb, limits, now.switches);
    settle(outcome, account, now)
}

/// Removes users, with what the switch says about those that don't exist.
pub(super) fn delete(ids: &[String], account: &mut Account, now: &mut Now<'_>) -> Result<(), Problem> {
    let outcome = batch::delete(account.users(), ids, now.switches);
    settle(outcome, account, now).map(|_| ())
}

/// The items of a request that is valid in itself.
pub(super) fn acceptable<'a, T>(
    body: &'a Items<T>,
    switches: &Switches,
    max: Option<usize>,
) -> Result<&'a [T], Problem> {
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
    let Some(max) = max.filter(|max| *max < body.items.len()) else {
        return Ok(&body.items);
    };
    let text = format!("{} must contain no more than {max} elements", body.key);
    match switches.over_batch {
        OverBatch::BadRequest => Err(Problem::new(Code::TooManyEntities, &text)),
        OverBatch::TooLarge => Err(Problem::new(Code::TooLarge, &text)),
        OverBatch::FirstOnly => Ok(&body.items[..max]),
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
fn users_as_seen(account: &Account, now: &Now<'_>) -> Arc<UserMap> {
    Arc::clone(account.users_as_seen(now.now_ms, now.switches.read_lag_ms))
}
