//! `/api/status`: the same for programs that want more than numbers. No personal data: no ids, names, phones,
//! and no text of a platform or database.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::board::{Account, Board, Facts};
use super::health::is_ready;
use crate::domain::memory::Millis;

/// Grows when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

#[derive(Debug, Serialize)]
pub(super) struct Document {
    schema: u32,
    version: &'static str,
    now: String,
    started_at: Option<String>,
    ready: bool,
    last_reload_successful: bool,
    last_backup_at: Option<String>,
    accounts: Vec<AccountOf>,
    /// Known to the store and not to the configuration: nothing is sent for them.
    retired: Vec<String>,
}

#[derive(Debug, Serialize)]
struct AccountOf {
    account: String,
    platform: &'static str,
    state: &'static str,
    running: bool,
    paused: bool,
    removals_paused: bool,
    last_run: Option<RunOf>,
    last_good_at: Option<String>,
    next_run_at: Option<String>,
    verified_at: Option<String>,
    open: BTreeMap<&'static str, usize>,
    oldest_open_at: Option<String>,
    holds: BTreeMap<&'static str, usize>,
    findings: BTreeMap<&'static str, usize>,
    rows: Option<u64>,
    managed: usize,
    foreign: usize,
    drift: usize,
    seats: Seats,
}

#[derive(Debug, Serialize)]
struct RunOf {
    /// The last recorded one; a quiet pass is none.
    run: Option<String>,
    result: &'static str,
    error: Option<&'static str>,
    ended_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct Seats {
    used: Option<usize>,
    limit: Option<usize>,
}

pub(super) async fn answer(Shared(board): Shared<Arc<Board>>) -> Json<Document> {
    let is_ready = is_ready(&board).await;
    let now = board.now();
    Json(board.read(|facts| document(facts, now, is_ready)))
}

fn document(facts: &Facts, now: Millis, is_ready: bool) -> Document {
    Document {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        now: instant(now),
        started_at: facts.started_at.map(instant),
        ready: is_ready,
        last_reload_successful: !facts.is_reload_refused,
        last_backup_at: facts.last_backup.map(instant),
        accounts: facts.accounts.iter().map(account).collect(),
        retired: facts.retired.clone(),
    }
}

fn account(it: &Account) -> AccountOf {
    let state = &it.overview.state;
    let mut open: BTreeMap<&'static str, usize> = BTreeMap::new();
    for ((_, outcome), n) in &it.overview.open {
        *open.entry(outcome.word()).or_default() += n;
    }
    let last_run = it.last.as_ref().map(|last| RunOf {
        run: state.last_run.as_ref().map(|run| run.run.clone()),
        result: last.result,
        error: last.error,
        ended_at: Some(instant(last.ended_at)),
    });
    AccountOf {
        account: it.name.clone(),
        platform: it.platform.word(),
        state: it.state().word(),
        running: it.is_running,
        paused: it.paused.all,
        removals_paused: it.paused.removals,
        last_run,
        last_good_at: it.good_at.map(instant),
        next_run_at: it.next_at.map(instant),
        verified_at: state.verified_at.map(instant),
        open,
        oldest_open_at: it.overview.oldest_open.map(instant),
        holds: it.overview.holds.iter().map(|(it, n)| (it.word(), *n)).collect(),
        findings: it
            .overview
            .findings
            .iter()
            .map(|(it, n)| (it.word(), *n))
            .collect(),
        rows: state.rows,
        managed: state.n_managed,
        foreign: state.foreign,
        drift: state.drift,
        seats: Seats {
            used: it.seats_used(),
            limit: it.seats,
        },
    }
}

/// As in all answers.
pub(super) fn instant(at: Millis) -> String {
    DateTime::from_timestamp_millis(at.0)
        .unwrap_or(DateTime::<Utc>::UNIX_EPOCH)
        .to_rfc3339_opts(SecondsFormat::Secs, true)
}
