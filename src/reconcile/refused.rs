//! A credential that was refused before: whether it is shown again, and how.
//!
//! A platform that refuses a credential is not asked again and again. One read finds out whether it takes it by
//! now: when that is due, when the credential has changed, or when a person asks for it. Only after that read
//! the pass goes on, so that nothing is written with a credential in doubt.

use chrono::{DateTime, Utc};

use super::account::Order;
use super::pass::Parts;
use super::stop::{Said, Stop};
use crate::domain::memory::Millis;
use crate::domain::refusal::Refusal;

/// An id that nobody has: to ask for it shows whether the platform answers and takes the credential.
pub const NOBODY: &str = "wazzup-sync-check";

/// What came of it.
pub(super) enum Trial {
    /// The platform takes the credential.
    Taken,
    /// Nothing was asked: it is too early.
    Waiting(Stop),
    /// It is refused again, or nobody knows.
    Failed(Stop),
}

/// Shows the credential once more, if it is time.
///
/// # Errors
/// The store can't be written.
pub(super) async fn try_again(parts: &Parts<'_>, order: &Order, refusal: &Refusal) -> Result<Trial, Stop> {
    let Parts {
        store,
        target,
        account,
        clock,
        ..
    } = parts;
    let is_same = refusal.secret == account.secret_mark;
    if is_same && !order.is_named && !refusal.is_due(clock()) {
        return Ok(Trial::Waiting(Stop::Refused(waiting(refusal))));
    }
    match target.ask_for(NOBODY).await {
        Ok(()) => {
            store.forget_refusal(&account.name).await?;
            Ok(Trial::Taken)
        }
        Err(answer) => Ok(Trial::Failed(Stop::from_read(&answer))),
    }
}

fn waiting(refusal: &Refusal) -> Said {
    let Refusal { text, since, .. } = refusal;
    Said(format!(
        "{text}; refused since {}, and not tried again before {}, unless the credential changes or the account is named",
        at(*since),
        at(refusal.due_at())
    ))
}

fn at(instant: Millis) -> String {
    match DateTime::<Utc>::from_timestamp_millis(instant.0) {
        Some(at) => at.format("%Y-%m-%d %H:%M UTC").to_string(),
        None => "a time that can't be told".to_owned(),
    }
}
