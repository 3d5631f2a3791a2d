//! How much of the platform's limits is used up, and what to do about it.
//!
//! Many answers tell it, in percent: `X-App-Usage` for the app, `X-Business-Use-Case-Usage` for the business,
//! the latter also in how many minutes a blocked caller may go on. Being blocked costs up to an hour, so requests
//! become slower before that. Any of the headers may be missing; then nothing is known and nothing slowed.

use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Of the whole app.
const APP: &str = "x-app-usage";

/// Of each business object that the credential has to do with.
const BUSINESS: &str = "x-business-use-case-usage";

/// From here on requests become slower. Meta's own advice is to spread calls before the limit; with a quarter
/// left, a pass of the usual size still comes to its end.
const SLOWER_FROM_PERCENT: f64 = 75.0;

/// How many percent double the pause.
const DOUBLING_PERCENT: f64 = 5.0;

/// How many times its own pace a credential keeps at [`SLOWER_FROM_PERCENT`]: a second at ten a second.
const FIRST_PAUSE_PACES: f64 = 10.0;

/// Longest pause between two requests that are both allowed.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The limits count by the rolling hour: an older figure says nothing.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// Longest block that is believed: a longer one is no use of an hour.
const MAX_BLOCK_MINUTES: f64 = 24.0 * 60.0;

/// What the last answers told.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    app: Option<Figure>,
    business: Option<Figure>,
    blocked_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Figure {
    percent: f64,
    told_at: Instant,
}

/// When the next request may leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leave {
    /// Now.
    Now,
    /// After this pause.
    After(Duration),
    /// Not before this time has passed: the platform would refuse it.
    Blocked(Duration),
}

impl Usage {
    /// Takes in what an answer tells. A header that is missing leaves the earlier figure in force.
    pub(super) fn note(&mut self, headers: &HeaderMap, now: Instant) {
        if let Some(value) = json(headers, APP) {
            self.app = Some(Figure {
                percent: percent(&value),
                told_at: now,
            });
        }
        let Some(Value::Object(objects)) = json(headers, BUSINESS) else {
            return;
        };
        let entries = || objects.values().filter_map(Value::as_array).flatten();
        self.business = Some(Figure {
            percent: entries().map(percent).fold(0.0, f64::max),
            told_at: now,
        });
        let minutes = entries()
            .filter_map(|it| it.get("estimated_time_to_regain_access")?.as_f64())
            .fold(0.0, f64::max)
            .min(MAX_BLOCK_MINUTES);
        self.blocked_until = (minutes > 0.0).then(|| now + Duration::from_secs_f64(minutes * 60.0));
    }

    /// Whether the next request may leave, for a credential whose requests are `pace` apart.
    pub(super) fn leave(&self, now: Instant, pace: Duration) -> Leave {
        if let Some(left) = self.blocked_for(now) {
            return Leave::Blocked(left);
        }
        let current = |figure: &Figure| now.saturating_duration_since(figure.told_at) < MAX_AGE;
        let figures = [self.app, self.business].into_iter().flatten();
        let percent = figures.filter(current).map(|it| it.percent).fold(0.0, f64::max);
        if percent < SLOWER_FROM_PERCENT {
            return Leave::Now;
        }
        // The limit itself ends the growth; above it only the platform's own word says when it is over.
        let over = percent.min(100.0) - SLOWER_FROM_PERCENT;
        let paces = FIRST_PAUSE_PACES * (over / DOUBLING_PERCENT).exp2();
        let pause = Duration::try_from_secs_f64(pace.as_secs_f64() * paces);
        Leave::After(pause.unwrap_or(MAX_PAUSE).min(MAX_PAUSE))
    }

    /// How long the platform will still refuse everything, as far as it told.
    pub(super) fn blocked_for(&self, now: Instant) -> Option<Duration> {
        self.blocked_until?
            .checked_duration_since(now)
            .filter(|it| !it.is_zero())
    }
}

/// The header as JSON; anything else is as good as none.
fn json(headers: &HeaderMap, name: &str) -> Option<Value> {
    serde_json::from_slice(headers.get(name)?.as_bytes()).ok()
}

/// The highest of the three shares that an entry names.
fn percent(entry: &Value) -> f64 {
    ["call_count", "total_time", "total_cputime"]
        .iter()
        .filter_map(|it| entry.get(it)?.as_f64())
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Duration = Duration::from_millis(100);

    fn told(app: &str, business: &str) -> (Usage, Instant) {
        let now = Instant::now();
        let mut usage = Usage::default();
        usage.note(&headers(app, business), now);
        (usage, now)
    }

    fn headers(app: &str, business: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [(APP, app), (BUSINESS, business)] {
            if !value.is_empty() {
                headers.insert(name, value.parse().unwrap());
            }
        }
        headers
    }

    fn app(percent: u32) -> String {
        format!(r#"{{"call_count":{percent},"total_time":1,"total_cputime":2}}"#)
    }

    fn business(percent: u32, minutes: u32) -> String {
        format!(
            r#"{{"102290129340398":[{{"type":"whatsapp","call_count":1,"total_cputime":{percent},"total_time":5,
            "estimated_time_to_regain_access":{minutes}}}]}}"#
        )
        .replace('\n', "")
    }

    fn pause(percent: u32) -> Leave {
        let (usage, now) = told(&app(percent), "");
        usage.leave(now, PACE)
    }

    #[test]
    fn nothing_known_slows_nothing() {
        for (app, business) in [("", ""), ("no JSON", "[]"), ("{}", "{}"), ("7", r#"{"1":{}}"#)] {
            let (usage, now) = told(app, business);
            assert_eq!(usage.leave(now, PACE), Leave::Now, "{app} {business}");
        }
    }

    #[test]
    fn pauses_grow_from_three_quarters_on_and_have_an_end() {
        assert_eq!(pause(74), Leave::Now);
        assert_eq!(pause(75), Leave::After(Duration::from_secs(1)));
        assert_eq!(pause(80), Leave::After(Duration::from_secs(2)));
        assert_eq!(pause(95), Leave::After(Duration::from_secs(16)));
        assert_eq!(pause(100), Leave::After(MAX_PAUSE));
        assert_eq!(pause(4_000_000_000), Leave::After(MAX_PAUSE));
    }

    #[test]
    fn the_fullest_of_all_shares_counts() {
        let (usage, now) = told(&app(10), &business(80, 0));
        assert_eq!(usage.leave(now, PACE), Leave::After(Duration::from_secs(2)));
        let (usage, now) = told(&app(85), &business(80, 0));
        assert_eq!(usage.leave(now, PACE), Leave::After(Duration::from_secs(4)));
    }

    #[test]
    fn who_is_blocked_waits_as_many_minutes_as_the_platform_says() {
        let (usage, now) = told("", &business(100, 7));
        let minutes = |n: u64| Duration::from_secs(60 * n);
        assert_eq!(usage.leave(now, PACE), Leave::Blocked(minutes(7)));
        assert_eq!(usage.leave(now + minutes(6), PACE), Leave::Blocked(minutes(1)));
        assert_eq!(usage.leave(now + minutes(7), PACE), Leave::After(MAX_PAUSE));
    }

    #[test]
    fn a_later_figure_replaces_the_earlier_one_and_a_missing_header_does_not() {
        let (mut usage, now) = told("", &business(100, 7));
        usage.note(&headers(&app(3), ""), now);
        assert!(matches!(usage.leave(now, PACE), Leave::Blocked(_)));
        usage.note(&headers("", &business(10, 0)), now);
        assert_eq!(usage.leave(now, PACE), Leave::Now);
    }

    #[test]
    fn a_figure_of_an_hour_ago_says_nothing() {
        let (usage, now) = told(&app(99), "");
        assert_eq!(usage.leave(now + MAX_AGE, PACE), Leave::Now);
    }

    #[test]
    fn no_number_is_too_much() {
        let (usage, now) = told(
            "",
            r#"{"1":[{"call_count":1e300,"estimated_time_to_regain_access":1e300}]}"#,
        );
        let day = Duration::from_secs(24 * 60 * 60);
        assert_eq!(usage.leave(now, Duration::MAX), Leave::Blocked(day));
    }
}
