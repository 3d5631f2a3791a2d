//! `/`: the page for people.
//!
//! One document without scripts: the server writes all of it, the pictures too, and a strict policy forbids whatever
//! else a text from outside might try to be. What the board knows is shown whatever the store says; the store adds
//! runs, holds, open changes and findings. The page only reads: it names the commands that decide.

mod chart;
mod parts;
mod render;
#[cfg(test)]
mod tests;
mod view;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use self::view::{Stored, View};
use super::board::Board;
use crate::store::{Glance, Limits, Store};

/// The store answers within milliseconds, unless somebody writes for long. People wait a little.
const PATIENCE: Duration = Duration::from_secs(5);

/// What fits on a page that somebody reads; the commands show the rest.
const LIMITS: Limits = Limits {
    runs: 60,
    holds: 20,
    held_users: 25,
    open: 50,
    findings: 50,
};

/// The only style of the page.
const STYLE: &str = include_str!("style.css");

/// Nothing is loaded, sent or run. The style is allowed by its hash, and the icon stands in the page.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
});

pub(super) async fn answer(Shared(board): Shared<Arc<Board>>) -> impl IntoResponse {
    let (is_alive, now) = (board.is_alive(), board.now());
    let (store, names, mut view) = board.read(|facts| {
        let names: Vec<String> = facts.accounts.iter().map(|it| it.name.clone()).collect();
        (facts.store.clone(), names, View::of(facts, now, is_alive))
    });
    view.stored = match look(store, &names).await {
        Some(glance) => Stored::Read(glance),
        None => Stored::Unreadable,
    };
    let headers: [(HeaderName, String); 3] = [
        (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_FRAME_OPTIONS, "DENY".to_owned()),
    ];
    (headers, Html(render::page(&view).into_string()))
}

/// What the store says, if it can be read. Why not stands in the log of the service, which needs it as well.
async fn look(store: Option<Arc<Store>>, accounts: &[String]) -> Option<Glance> {
    let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
    timeout(PATIENCE, store?.glance(&names, LIMITS)).await.ok()?.ok()
}
