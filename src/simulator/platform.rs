//! Which platform a request is for: the paths tell, so one server serves them all.

use axum::http::{Method, Uri};

use super::account::Account;
use super::call::Payload;
use super::record::Rule;
use super::reply::Reply;
use super::switches::Switches;
use super::wazzup::{self, Now};
use super::wazzup_v2::settings;
use super::{wazzup_v2, wazzup_v3};

/// A request, taken apart as its platform does.
#[derive(Clone, Debug)]
pub(super) enum Request {
    WazzupV2(wazzup::Request),
    /// Rights on channels, of Wazzup v2.
    Settings(settings::Request),
    WazzupV3(wazzup::Request),
}

impl Request {
    /// `raw`: the body as it came, of which the bytes matter where it is kept.
    pub(super) fn read(method: &Method, uri: &Uri, body: &Payload, raw: &[u8]) -> Request {
        let segments: Vec<&str> = uri.path().trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            ["v3", below @ ..] => Request::WazzupV3(wazzup_v3::read(method, below, uri, body)),
            ["v2", below @ ..] => match settings::read(method, below, raw) {
                Some(request) => Request::Settings(request),
                None => Request::WazzupV2(wazzup_v2::read(method, below, uri, body)),
            },
            _ => Request::WazzupV2(wazzup::Request::unknown(method, uri)),
        }
    }

    /// The users that the request names, as often as it does.
    pub(super) fn user_ids(&self) -> Vec<String> {
        match self {
            Request::WazzupV2(request) | Request::WazzupV3(request) => request.user_ids(),
            Request::Settings(_) => Vec::new(),
        }
    }

    /// The phones that the request gives to users.
    pub(super) fn phones(&self) -> Vec<String> {
        match self {
            Request::WazzupV2(request) | Request::WazzupV3(request) => request.phones(),
            Request::Settings(_) => Vec::new(),
        }
    }

    /// Adds the rules that the request breaks, judged by the state on its arrival.
    pub(super) fn audit(&self, account: &Account, switches: &Switches, broken: &mut Vec<(Rule, String)>) {
        match self {
            Request::WazzupV2(request) => {
                wazzup::audit(request, &wazzup_v2::LIMITS, account, switches, broken);
            }
            Request::Settings(request) => settings::audit(request, account, broken),
            Request::WazzupV3(request) => {
                wazzup::audit(request, &wazzup_v3::LIMITS, account, switches, broken);
            }
        }
    }

    /// Lets the request have its effect on the account, and answers it.
    pub(super) fn answer(&self, account: Option<&mut Account>, now: &mut Now<'_>) -> Reply {
        match self {
            Request::WazzupV2(request) => wazzup_v2::answer(request, account, now),
            Request::Settings(request) => settings::answer(request, account, now),
            Request::WazzupV3(request) => wazzup_v3::answer(request, account, now),
        }
    }
}
