//! What a notification says.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Event;
use crate::domain::memory::Millis;
use crate::text::hex;
use crate::web::{Account, State};

/// How an account is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::daemon) struct News {
    pub(super) account: String,
    platform: &'static str,
    pub(super) state: State,
    error: Option<&'static str>,
    holds: BTreeMap<&'static str, usize>,
    at: Millis,
}

#[derive(Serialize)]
struct Body<'a> {
    schema: u32,
    /// The same in every attempt to tell this, and in no other message.
    id: String,
    event: &'static str,
    account: &'a str,
    platform: &'static str,
    state: &'static str,
    error: Option<&'static str>,
    holds: &'a BTreeMap<&'static str, usize>,
    at: String,
}

impl News {
    /// What there is to know of an account.
    pub(in crate::daemon) fn of(account: &Account, at: Millis) -> News {
        let holds = account.overview.holds.iter();
        News {
            account: account.name.clone(),
            platform: account.platform.word(),
            state: account.state(),
            error: account.last.as_ref().and_then(|it| it.error),
            holds: holds.map(|(reason, n)| (reason.word(), *n)).collect(),
            at,
        }
    }

    /// The message, as JSON.
    pub(super) fn body(&self, event: Event) -> String {
        let at = DateTime::from_timestamp_millis(self.at.0).unwrap_or(DateTime::<Utc>::UNIX_EPOCH);
        let body = Body {
            schema: 1,
            id: self.id(event),
            event: event.word(),
            account: &self.account,
            platform: self.platform,
            state: self.state.word(),
            error: self.error,
            holds: &self.holds,
            at: at.to_rfc3339_opts(SecondsFormat::Secs, true),
        };
        serde_json::to_string(&body).expect("a tree of texts and numbers is always JSON")
    }

    fn id(&self, event: Event) -> String {
        let text = format!("{}\0{}\0{}", self.account, event.word(), self.at.0);
        let digest = Sha256::digest(text);
        hex(&digest[..8])
    }
}
