//! How the service is, over HTTP: `/livez`, `/readyz`, `/metrics`, `/api/status`, and `/`, the page for people.
//!
//! Reads the [`Board`] that the service keeps, and changes nothing. No answer but the page holds personal data
//! or a text from outside: numbers, times, words of enums, and names of accounts. The page has ids, names and texts,
//! for people decide by them, and masks phones.
//!
//! `/livez` and `/readyz` answer anyone, as orchestrators ask by address and have no secret. All else passes the
//! guard: a foreign `Host` is refused, so that no web page in somebody's browser can read it by
//! rebinding a name, and beyond loopback the token is wanted.

pub mod board;
pub mod counters;
mod guard;
mod health;
mod metrics;
mod openmetrics;
mod page;
mod serve;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::response::Response;
use axum::routing::get;

pub use board::{Account, Board, Facts, LastPass, State};
pub use guard::Access;
pub use serve::{listen, serve};

/// All routes.
pub fn router(board: Arc<Board>) -> Router {
    let guarded = Router::new()
        .route("/", get(page::answer))
        .route("/metrics", get(metrics::answer))
        .route("/api/status", get(status::answer))
        .layer(middleware::from_fn_with_state(Arc::clone(&board), guard::check));
    Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .merge(guarded)
        .layer(middleware::map_response(harden))
        .with_state(board)
}

/// Nothing here is to be kept by a cache, or to be taken for something else.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}
