//! Whether the loop moves, and whether the store can be reached.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use tokio::time::timeout;

use super::board::Board;

/// The store answers within milliseconds, unless somebody writes for long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Probes of orchestrators want a status; the text is for people.
type Verdict = (StatusCode, &'static str);

pub(super) async fn live(State(board): State<Arc<Board>>) -> Verdict {
    match board.is_alive() {
        true => (StatusCode::OK, "alive\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the loop does not move\n"),
    }
}

pub(super) async fn ready(State(board): State<Arc<Board>>) -> Verdict {
    match is_ready(&board).await {
        true => (StatusCode::OK, "ready\n"),
        // Why stands in the log: paths concern nobody else.
        false => (StatusCode::SERVICE_UNAVAILABLE, "the store can't be reached\n"),
    }
}

/// Asks the store, whatever is thought of it.
pub(super) async fn is_ready(board: &Board) -> bool {
    let Some(store) = board.read(|facts| facts.store.clone()) else {
        return false;
    };
    matches!(timeout(PATIENCE, store.ping()).await, Ok(Ok(())))
}
