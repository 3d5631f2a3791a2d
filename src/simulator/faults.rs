//! Accidents by rule: which requests meet one, and what happens to them.
//!
//! A fault is data, so that a test, a file or a control request can state it. What a fault does to the
//! connection is carried out by the server; this module decides only *whether* one strikes.

use serde::{Deserialize, Serialize};

use super::account::SimUser;
use super::wuts::WutsUser;

/// One rule: which requests, and what happens to them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests it strikes; by default all.
    #[serde(default)]
    pub when: When,
    /// Whether the struck request has its effect. Reads have none either way.
    ///
    /// For [`How::Slow`] and the meddling ones it always has; this tells whether before or after.
    #[serde(default)]
    pub strikes: Strikes,
    /// What happens.
    pub how: How,
}

/// Which requests a fault strikes. All conditions must hold; an absent one always does.
///
/// A request that meets `method`, `path`, `account` and `user` *counts*; `nth` and `every` speak of the
/// number of counted requests since the fault was added.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Only requests with this method.
    pub method: Option<MethodIs>,
    /// Only requests whose path, with its query, begins so.
    pub path: Option<String>,
    /// Only requests with this account's token.
    pub account: Option<String>,
    /// Only requests that name this user.
    pub user: Option<String>,
    /// Only the n-th counted request; the first is 1.
    pub nth: Option<u64>,
    /// Only every n-th counted request.
    pub every: Option<u64>,
    /// With this probability, from 0 to 1.
    pub probability: Option<f64>,
    /// Seed of the draws for `probability`.
    pub seed: u64,
    /// At most so often.
    pub times: Option<u64>,
}

/// A method, or a group of methods.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MethodIs {
    /// GET.
    #[serde(alias = "GET")]
    Get,
    /// POST.
    #[serde(alias = "POST")]
    Post,
    /// PATCH.
    #[serde(alias = "PATCH")]
    Patch,
    /// PUT.
    #[serde(alias = "PUT")]
    Put,
    /// DELETE.
    #[serde(alias = "DELETE")]
    Delete,
    /// GET.
    Read,
    /// Anything but GET.
    Write,
}

impl MethodIs {
    fn matches(self, method: &str) -> bool {
        match self {
            MethodIs::Get | MethodIs::Read => method == "GET",
            MethodIs::Post => method == "POST",
            MethodIs::Patch => method == "PATCH",
            MethodIs::Put => method == "PUT",
            MethodIs::Delete => method == "DELETE",
            MethodIs::Write => method != "GET",
        }
    }
}

/// Whether the struck request has its effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strikes {
    /// It has none.
    #[default]
    BeforeEffect,
    /// It has its effect, and its own answer is lost.
    AfterEffect,
}

/// What happens to a struck request.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum How {
    /// This status instead of the answer.
    Status {
        /// The status.
        status: u16,
        /// The body, sent as JSON; empty if absent.
        #[serde(default)]
        body: Option<String>,
        /// The header `Retry-After`.
        #[serde(default)]
        retry_after: Option<RetryAfter>,
    },
    /// 429.
    RateLimit {
        /// The header `Retry-After`.
        #[serde(default)]
        retry_after: Option<RetryAfter>,
    },
    /// A page for people, as an edge in front of the platform sends it.
    Html {
        /// Its status.
        status: u16,
    },
    /// 307 to another address.
    Redirect {
        /// The address.
        to: String,
    },
    /// The connection is closed before the first byte of an answer.
    Reset,
    /// No answer, until the client gives up or, if a time is given, the connection is closed.
    Hang {
        /// Milliseconds.
        #[serde(default)]
        millis: Option<u64>,
    },
    /// The right answer, late. With [`Strikes::BeforeEffect`] the request has its effect at the end of
    /// the wait, else at its beginning.
    Slow {
        /// Milliseconds.
        millis: u64,
    },
    /// The head and the first half of the body, then the connection is closed.
    Truncated,
    /// 200 and a body that never ends.
    EndlessBody,
    /// The right answer; but an administrator changes the account just before or after the effect.
    Meddle {
        /// Users added or changed.
        #[serde(default)]
        put: Vec<SimUser>,
        /// Users removed, before others are put.
        #[serde(default)]
        remove: Vec<String>,
    },
    /// The same in a tenant of WUTS.
    MeddleTenant {
        /// Users added or changed, by their ids.
        #[serde(default)]
        put: Vec<WutsUser>,
        /// Ids of users removed, before others are put.
        #[serde(default)]
        remove: Vec<String>,
    },
    /// The answer is lost now and the effect lands later, whatever [`Fault::strikes`] says.
    DelayedEffect {
        /// When.
        lands: Lands,
        /// Status of a gateway's answer; without one the connection is closed.
        #[serde(default)]
        status: Option<u16>,
    },
}

impl How {
    /// The name as it stands in files and records.
    pub fn name(&self) -> &'static str {
        match self {
            How::Status { .. } => "status",
            How::RateLimit { .. } => "rate_limit",
            How::Html { .. } => "html",
            How::Redirect { .. } => "redirect",
            How::Reset => "reset",
            How::Hang { .. } => "hang",
            How::Slow { .. } => "slow",
            How::Meddle { .. } => "meddle",
            How::MeddleTenant { .. } => "meddle_tenant",
            How::Truncated => "truncated",
            How::EndlessBody => "endless_body",
            How::DelayedEffect { .. } => "delayed_effect",
        }
    }
}

/// When a delayed effect lands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lands {
    /// So many milliseconds later.
    AfterMillis(u64),
    /// Just before the n-th following request of any kind is looked at; the next one is 1.
    AtRequest(u64),
    /// When [`Simulator::land_delayed`](super::Simulator::land_delayed) is called.
    OnDemand,
}

/// A value of the header `Retry-After`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// Whole seconds.
    Seconds(u64),
    /// Milliseconds, sent as seconds with decimals: not standard, but seen.
    Millis(u64),
    /// A date so many seconds from now.
    DateIn(u64),
    /// Anything else.
    Text(String),
}

impl RetryAfter {
    /// The value of the header.
    pub(super) fn header(&self, unix_seconds: u64) -> String {
        match self {
            RetryAfter::Seconds(seconds) => seconds.to_string(),
            RetryAfter::Millis(millis) => format!("{}.{:03}", millis / 1000, millis % 1000),
            RetryAfter::DateIn(seconds) => {
                let at = i64::try_from(unix_seconds.saturating_add(*seconds)).unwrap_or(i64::MAX);
                chrono::DateTime::from_timestamp(at, 0)
                    .unwrap_or_default()
                    .format("%a, %d %b %Y %H:%M:%S GMT")
                    .to_string()
            }
            RetryAfter::Text(text) => text.clone(),
        }
    }
}

impl Fault {
    /// A fault that strikes every request before its effect.
    pub fn new(how: How) -> Fault {
        Fault {
            when: When::default(),
            strikes: Strikes::default(),
            how,
        }
    }

    /// Any status with an empty body.
    pub fn status(status: u16) -> Fault {
        Fault::new(How::Status {
            status,
            body: None,
            retry_after: None,
        })
    }

    /// Strikes after the effect.
    #[must_use]
    pub fn after_effect(mut self) -> Fault {
        self.strikes = Strikes::AfterEffect;
        self
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: MethodIs) -> Fault {
        self.when.method = Some(method);
        self
    }

    /// Only requests whose path begins so.
    #[must_use]
    pub fn path(mut self, prefix: &str) -> Fault {
        self.when.path = Some(prefix.to_owned());
        self
    }

    /// Only requests with this account's token.
    #[must_use]
    pub fn account(mut self, token: &str) -> Fault {
        self.when.account = Some(token.to_owned());
        self
    }

    /// Only requests that name this user.
    #[must_use]
    pub fn user(mut self, id: &str) -> Fault {
        self.when.user = Some(id.to_owned());
        self
    }

    /// Only the n-th counted request.
    #[must_use]
    pub fn nth(mut self, n: u64) -> Fault {
        self.when.nth = Some(n);
        self
    }

    /// Only every n-th counted request.
    #[must_use]
    pub fn every(mut self, n: u64) -> Fault {
        self.when.every = Some(n);
        self
    }

    /// With this probability, drawn from this seed.
    #[must_use]
    pub fn probability(mut self, probability: f64, seed: u64) -> Fault {
        self.when.probability = Some(probability);
        self.when.seed = seed;
        self
    }

    /// At most so often.
    #[must_use]
    pub fn times(mut self, n: u64) -> Fault {
        self.when.times = Some(n);
        self
    }
}

/// What a fault is matched against.
pub(super) struct Traits<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) account: Option<&'a str>,
    pub(super) users: &'a [String],
}

/// The faults that are in force, with their counters.
#[derive(Debug, Default)]
pub(super) struct FaultBook {
    armed: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    n_counted: u64,
    n_struck: u64,
    rng: fastrand::Rng,
}

impl FaultBook {
    pub(super) fn add(&mut self, fault: Fault) {
        self.armed.push(Armed {
            rng: fastrand::Rng::with_seed(fault.when.seed),
            fault,
            n_counted: 0,
            n_struck: 0,
        });
    }

    pub(super) fn clear(&mut self) {
        self.armed.clear();
    }

    pub(super) fn list(&self) -> Vec<Fault> {
        self.armed.iter().map(|it| it.fault.clone()).collect()
    }

    /// The fault that strikes the request. Every fault counts it; of those that would strike, the one
    /// added first does.
    pub(super) fn strike(&mut self, request: &Traits<'_>) -> Option<Fault> {
        let mut struck: Option<Fault> = None;
        for armed in &mut self.armed {
            if armed.would_strike(request) && struck.is_none() {
                armed.n_struck += 1;
                struck = Some(armed.fault.clone());
            }
        }
        struck
    }
}

impl Armed {
    fn would_strike(&mut self, request: &Traits<'_>) -> bool {
        let When {
            method,
            path,
            account,
            user,
            nth,
            every,
            probability,
            seed: _,
            times,
        } = &self.fault.when;
        let counts = method.is_none_or(|it| it.matches(request.method))
            && path.as_ref().is_none_or(|it| request.path.starts_with(it))
            && account
                .as_ref()
                .is_none_or(|it| request.account == Some(it.as_str()))
            && user.as_ref().is_none_or(|it| request.users.contains(it));
        if !counts {
            return false;
        }
        self.n_counted += 1;
        // One draw per counted request, so that what other conditions say doesn't shift the sequence.
        let is_drawn = probability.is_none_or(|it| self.rng.f64() < it);
        is_drawn
            && nth.is_none_or(|it| self.n_counted == it)
            && every.is_none_or(|it| self.n_counted.is_multiple_of(it))
            && times.is_none_or(|it| self.n_struck < it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(book: &mut FaultBook, method: &str, n: usize) -> Vec<bool> {
        let users = ["7".to_owned()];
        let request = Traits {
            method,
            path: "/v2/users",
            account: Some("token"),
            users: &users,
        };
        (0..n).map(|_| book.strike(&request).is_some()).collect()
    }

    fn book(fault: Fault) -> FaultBook {
        let mut book = FaultBook::default();
        book.add(fault);
        book
    }

    #[test]
    fn nth_every_and_times_count_matching_requests() {
        let mut nth = book(Fault::status(500).method(MethodIs::Write).nth(2));
        assert_eq!(struck(&mut nth, "GET", 3), [false, false, false]);
        assert_eq!(struck(&mut nth, "POST", 3), [false, true, false]);
        let mut every = book(Fault::status(500).every(2).times(1));
        assert_eq!(struck(&mut every, "GET", 4), [false, true, false, false]);
    }

    #[test]
    fn path_account_and_user_must_match() {
        for (fault, expected) in [
            (Fault::status(500).path("/v2/users"), true),
            (Fault::status(500).path("/v2/settings"), false),
            (Fault::status(500).account("token"), true),
            (Fault::status(500).account("other"), false),
            (Fault::status(500).user("7"), true),
            (Fault::status(500).user("8"), false),
        ] {
            assert_eq!(struck(&mut book(fault), "POST", 1), [expected]);
        }
    }

    #[test]
    fn probability_is_repeatable() {
        let draw = |seed| struck(&mut book(Fault::status(500).probability(0.5, seed)), "GET", 64);
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(draw(1).contains(&true) && draw(1).contains(&false));
    }

    #[test]
    fn the_fault_added_first_wins_and_the_other_keeps_its_turn() {
        let mut book = book(Fault::status(500).times(1));
        book.add(Fault::new(How::Reset).times(1));
        assert_eq!(struck(&mut book, "GET", 3), [true, true, false]);
    }

    #[test]
    fn faults_are_read_from_toml() {
        let fault: Fault = toml::from_str(
            "strikes = \"after_effect\"\n[when]\nmethod = \"POST\"\nnth = 3\n[how.rate_limit]\nretry_after = { millis = 250 }",
        )
        .unwrap();
        let expected = Fault::new(How::RateLimit {
            retry_after: Some(RetryAfter::Millis(250)),
        });
        assert_eq!(fault, expected.method(MethodIs::Post).nth(3).after_effect());
        assert_eq!(
            toml::from_str::<Fault>("how = \"reset\"").unwrap().how,
            How::Reset
        );
        assert!(toml::from_str::<Fault>("how = \"reset\"\nwhen = { mehtod = \"GET\" }").is_err());
    }

    #[test]
    fn retry_after_has_all_forms() {
        assert_eq!(RetryAfter::Seconds(2).header(0), "2");
        assert_eq!(RetryAfter::Millis(1250).header(0), "1.250");
        assert_eq!(RetryAfter::DateIn(60).header(0), "Thu, 01 Jan 1970 00:01:00 GMT");
        assert_eq!(RetryAfter::Text("soon".into()).header(0), "soon");
    }
}
