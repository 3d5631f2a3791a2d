//! How many calls a business makes, what is shown of it, and who is blocked for how long.

use std::collections::VecDeque;

use axum::http::HeaderName;
use serde_json::json;

use super::switches::{MetaSwitches, UsageHeaders};
use crate::simulator::reply::Reply;

/// The window in which calls are counted.
const WINDOW_MS: u64 = 60 * 60 * 1000;

const MINUTE_MS: u64 = 60 * 1000;

/// The calls of one business.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// When each call of the window came.
    calls: VecDeque<u64>,
    blocked_until_ms: Option<u64>,
    /// Until when the client was told that it is blocked.
    told_until_ms: Option<u64>,
}

impl Limits {
    /// Counts a call; whether it is not one too many. Whoever uses the limit up is blocked from then on.
    pub(super) fn admit(&mut self, switches: &MetaSwitches, now_ms: u64) -> bool {
        let Some(limit) = switches.call_limit else {
            return true;
        };
        match self.blocked_until_ms {
            Some(until) if now_ms < until => return false,
            Some(_) => {
                self.calls.clear();
                self.blocked_until_ms = None;
            }
            None => {}
        }
        while self.calls.front().is_some_and(|it| it + WINDOW_MS <= now_ms) {
            self.calls.pop_front();
        }
        let is_admitted = self.calls.len() < limit;
        if is_admitted {
            self.calls.push_back(now_ms);
        }
        let (is_used_up, regains) = (self.calls.len() >= limit, switches.regain_minutes > 0);
        self.blocked_until_ms = (is_used_up && regains).then(|| now_ms + switches.regain_minutes * MINUTE_MS);
        is_admitted
    }

    /// The answer with the headers that tell of the limit.
    pub(super) fn show(
        &mut self,
        reply: Reply,
        business_id: &str,
        switches: &MetaSwitches,
        now_ms: u64,
    ) -> Reply {
        let n_calls = self.calls.len() as u64;
        let used = match switches.call_limit {
            None => 0,
            Some(0) => 100,
            Some(limit) => n_calls * 100 / limit as u64,
        };
        let percent = used.max(switches.min_usage_percent);
        let minutes = self
            .blocked_until_ms
            .map_or(0, |it| it.saturating_sub(now_ms).div_ceil(MINUTE_MS));
        let app = json!({"call_count": percent, "total_time": percent / 2, "total_cputime": percent / 3});
        let mut entry = app.clone();
        entry["type"] = json!("whatsapp_business_management");
        entry["estimated_time_to_regain_access"] = json!(minutes);
        let business = json!({ business_id: [entry] });

        let (shows_app, shows_business) = match switches.usage_headers {
            UsageHeaders::Both => (true, true),
            UsageHeaders::App => (true, false),
            UsageHeaders::Business => (false, true),
            UsageHeaders::None => (false, false),
        };
        let mut reply = reply;
        if shows_app {
            reply = reply.header(HeaderName::from_static("x-app-usage"), app.to_string());
        }
        if shows_business {
            let name = HeaderName::from_static("x-business-use-case-usage");
            reply = reply.header(name, business.to_string());
            self.told_until_ms = (minutes > 0).then(|| now_ms + minutes * MINUTE_MS);
        }
        reply
    }

    /// Whether the client was told that it is blocked for longer than until now.
    pub(super) fn was_told_to_wait(&self, now_ms: u64) -> bool {
        self.told_until_ms.is_some_and(|it| now_ms < it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_blocked_may_go_on_when_it_was_told_to() {
        let switches = MetaSwitches {
            call_limit: Some(2),
            regain_minutes: 5,
            ..MetaSwitches::default()
        };
        let mut limits = Limits::default();
        assert!(limits.admit(&switches, 0) && limits.admit(&switches, 1));
        limits.show(Reply::empty(axum::http::StatusCode::OK), "1", &switches, 1);
        assert!(limits.was_told_to_wait(2));
        assert!(!limits.admit(&switches, 2));
        assert!(!limits.admit(&switches, 1 + 5 * MINUTE_MS - 1));
        assert!(!limits.was_told_to_wait(1 + 5 * MINUTE_MS));
        assert!(limits.admit(&switches, 1 + 5 * MINUTE_MS));
    }

    #[test]
    fn without_a_time_the_hour_has_to_pass() {
        let switches = MetaSwitches {
            call_limit: Some(1),
            ..MetaSwitches::default()
        };
        let mut limits = Limits::default();
        assert!(limits.admit(&switches, 0));
        assert!(!limits.admit(&switches, WINDOW_MS - 1));
        assert!(limits.admit(&switches, WINDOW_MS));
    }
}
