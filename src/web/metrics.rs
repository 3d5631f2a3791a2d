//! `/metrics`. Names, labels and meanings are those of the table in `deploy/README.md`, on which alert rules and
//! dashboard rely.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::header;
use axum::response::IntoResponse;

use super::board::{Account, Board, Facts, State};
use super::counters::{Counters, Family, Measure, Owner, changes};
use super::health::is_ready;
use super::openmetrics::{CONTENT_TYPE, Labels, Text, seconds};
use crate::domain::finding::FindingKind;
use crate::domain::memory::{Millis, Reason};
use crate::target::Kind;

pub(super) async fn answer(Shared(board): Shared<Arc<Board>>) -> impl IntoResponse {
    let is_ready = is_ready(&board).await;
    let now = board.now();
    let text = board.read(|facts| text(facts, now, is_ready));
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text)
}

/// All of it.
pub(super) fn text(facts: &Facts, now: Millis, is_ready: bool) -> String {
    let mut text = Text::default();
    of_process(&mut text, facts, is_ready);
    of_accounts(&mut text, facts, now);
    of_counters(&mut text, &facts.counters);
    of_store(&mut text, facts, now);
    text.finish()
}

fn of_process(text: &mut Text, facts: &Facts, is_ready: bool) {
    text.family("build", "info", "This program.");
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    text.sample("build", "_info", &version, 1);
    let mut gauge = |name: &str, help: &str, value: f64| {
        text.family(name, "gauge", help);
        text.sample(name, "", &[], value);
    };
    let started_at = facts.started_at.map_or(0, |it| it.0);
    gauge(
        "start_time_seconds",
        "When the process began, Unix time.",
        seconds(started_at),
    );
    gauge(
        "ready",
        "Whether the store can be reached.",
        f64::from(u8::from(is_ready)),
    );
    let is_reloaded = f64::from(u8::from(!facts.is_reload_refused));
    gauge(
        "config_last_reload_successful",
        "Whether the last reload was taken.",
        is_reloaded,
    );
}

/// The accounts that share one number.
struct Group<'a> {
    platform: Kind,
    account: Option<&'a str>,
    members: Vec<&'a Account>,
}

impl Group<'_> {
    /// The labels, those of the group first.
    fn labels<'b>(&'b self, more: &[(&'b str, &'b str)]) -> Vec<(&'b str, &'b str)> {
        let mut labels = vec![("platform", self.platform.word())];
        labels.extend(self.account.map(|it| ("account", it)));
        labels.extend(more);
        labels
    }

    /// Those of the configuration that are enabled.
    fn enabled(&self) -> impl Iterator<Item = &Account> {
        self.members.iter().copied().filter(|it| it.is_enabled)
    }

    fn sum(&self, n: impl Fn(&Account) -> usize) -> usize {
        self.enabled().map(n).sum()
    }

    fn worst(&self, age: impl Fn(&Account) -> i64) -> i64 {
        self.enabled().map(age).max().unwrap_or(0).max(0)
    }
}

fn groups(facts: &Facts) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<(Kind, Option<&str>), Vec<&Account>> = BTreeMap::new();
    for account in &facts.accounts {
        let name = facts.has_account_labels.then_some(account.name.as_str());
        groups.entry((account.platform, name)).or_default().push(account);
    }
    let group = |((platform, account), members)| Group {
        platform,
        account,
        members,
    };
    groups.into_iter().map(group).collect()
}

fn of_accounts(text: &mut Text, facts: &Facts, now: Millis) {
    let groups = groups(facts);
    text.family("accounts", "gauge", "Accounts in each state.");
    for group in &groups {
        for state in State::ALL {
            let n = group.members.iter().filter(|it| it.state() == state).count();
            text.sample("accounts", "", &group.labels(&[("state", state.word())]), n);
        }
    }
    let mut each = |name: &str, help: &str, value: &dyn Fn(&Group<'_>) -> Option<f64>| {
        text.family(name, "gauge", help);
        for group in &groups {
            if let Some(value) = value(group) {
                text.sample(name, "", &group.labels(&[]), value);
            }
        }
    };
    let count = |n: usize| Some(n as f64);
    each(
        "removals_paused",
        "Accounts whose removals are paused.",
        &|group| count(group.sum(|it| usize::from(it.paused.removals))),
    );
    let since = |at: Option<Millis>| at.map_or(0, |at| now.0 - at.0);
    each(
        "last_good_run_age_seconds",
        "Since the end of the last good pass, of the account that is worst off.",
        &|group| {
            Some(seconds(
                group.worst(|it| since(it.good_at.or(Some(it.known_since)))),
            ))
        },
    );
    each(
        "run_overdue_seconds",
        "Since the first scheduled time that no good pass has followed.",
        &|group| {
            let overdue = |it: &Account| if it.paused.all { 0 } else { since(it.expected_at) };
            Some(seconds(group.worst(overdue)))
        },
    );
    each(
        "oldest_open_change_age_seconds",
        "How long the oldest open change has been so.",
        &|group| Some(seconds(group.worst(|it| since(it.overview.oldest_open)))),
    );
    each(
        "oldest_open_removal_age_seconds",
        "How long the oldest open removal has been so.",
        &|group| Some(seconds(group.worst(|it| since(it.overview.oldest_removal)))),
    );
    each("source_rows", "Rows of the last complete read.", &|group| {
        count(group.sum(|it| {
            it.overview
                .state
                .rows
                .map_or(0, |n| usize::try_from(n).unwrap_or(usize::MAX))
        }))
    });
    each("managed_users", "Users that are ours.", &|group| {
        count(group.sum(|it| it.overview.state.n_managed))
    });
    each("foreign_users", "Users that are not ours.", &|group| {
        count(group.sum(|it| it.overview.state.foreign))
    });
    each(
        "drifted_users",
        "Users of ours that somebody else changed.",
        &|group| count(group.sum(|it| it.overview.state.drift)),
    );
    each("seats_used", "Users of any kind.", &|group| {
        count(group.sum(|it| it.seats_used().unwrap_or(0)))
    });
    each("seats_limit", "The most users there may be.", &|group| {
        let limits: Vec<usize> = group.enabled().filter_map(|it| it.seats).collect();
        (!limits.is_empty()).then(|| limits.iter().sum::<usize>() as f64)
    });
    each(
        "seats_used_ratio",
        "Seats used, of those there may be.",
        &|group| {
            let ratio = |it: &Account| {
                let limit = it.seats.filter(|it| *it > 0)?;
                Some(it.seats_used().unwrap_or(0) as f64 / limit as f64)
            };
            group.enabled().filter_map(ratio).reduce(f64::max)
        },
    );
    of_open(text, &groups);
}

/// What is open, by the words of enums.
fn of_open(text: &mut Text, groups: &[Group<'_>]) {
    text.family("open_changes", "gauge", "Changes that are open now.");
    for group in groups {
        for (op, outcome) in changes() {
            let n = group.sum(|it| it.overview.open.get(&(op, outcome)).copied().unwrap_or(0));
            let labels = group.labels(&[("op", op.word()), ("outcome", outcome.word())]);
            text.sample("open_changes", "", &labels, n);
        }
    }
    text.family("holds", "gauge", "Holds that wait for a person.");
    for group in groups {
        for reason in Reason::ALL {
            let n = group.sum(|it| it.overview.holds.get(&reason).copied().unwrap_or(0));
            text.sample("holds", "", &group.labels(&[("reason", reason.word())]), n);
        }
    }
    text.family("findings", "gauge", "Findings in force.");
    for group in groups {
        for kind in FindingKind::ALL {
            let n = group.sum(|it| it.overview.findings.get(&kind).copied().unwrap_or(0));
            text.sample("findings", "", &group.labels(&[("finding", kind.word())]), n);
        }
    }
}

fn of_counters(text: &mut Text, counters: &Counters) {
    let families = [
        (Family::Runs, "runs", ["result", ""], "Passes, by how they ended."),
        (
            Family::RunFailures,
            "run_failures",
            ["error", ""],
            "Failed passes, by the code of the error.",
        ),
        (
            Family::Changes,
            "changes",
            ["op", "outcome"],
            "Changes of recorded runs, by what became of them.",
        ),
        (
            Family::Requests,
            "requests",
            ["method", "status"],
            "Requests to platforms.",
        ),
        (
            Family::SourceReads,
            "source_reads",
            ["database", "result"],
            "Reads of sources.",
        ),
        (
            Family::Notifications,
            "notifications",
            ["channel", "result"],
            "Notifications.",
        ),
    ];
    for (family, name, names, help) in families {
        text.family(name, "counter", help);
        for (owner, values, n) in counters.of(family) {
            text.sample(name, "_total", &labels(owner, names, *values), n);
        }
    }
    let lengths = [
        (
            Measure::Runs,
            "run_duration_seconds",
            "",
            "Length of passes, quiet ones too.",
        ),
        (
            Measure::Requests,
            "request_duration_seconds",
            "method",
            "From sending to the end of the answer.",
        ),
        (
            Measure::SourceReads,
            "source_read_duration_seconds",
            "database",
            "Length of reads of sources.",
        ),
    ];
    for (measure, name, label, help) in lengths {
        text.family(name, "histogram", help);
        for (owner, values, histogram) in counters.lengths_of(measure) {
            let own = labels(owner, [label, ""], *values);
            for (end, n) in histogram.buckets() {
                bucket(text, name, &own, &format!("{end:?}"), n);
            }
            bucket(text, name, &own, "+Inf", histogram.n_values());
            text.sample(name, "_sum", &own, histogram.sum());
            text.sample(name, "_count", &own, histogram.n_values());
        }
    }
}

fn bucket(text: &mut Text, name: &str, own: Labels<'_>, end: &str, n: u64) {
    let mut labels = own.to_vec();
    labels.push(("le", end));
    text.sample(name, "_bucket", &labels, n);
}

fn labels<'a>(
    owner: &'a Owner,
    names: [&'a str; 2],
    values: (&'static str, &'static str),
) -> Vec<(&'a str, &'a str)> {
    let (platform, account) = owner;
    let mut labels = Vec::new();
    labels.extend(platform.map(|it| ("platform", it.word())));
    labels.extend(account.as_deref().map(|it| ("account", it)));
    labels.push((names[0], values.0));
    labels.push((names[1], values.1));
    labels.retain(|(name, _)| !name.is_empty());
    labels
}

fn of_store(text: &mut Text, facts: &Facts, now: Millis) {
    if let Some(store) = &facts.store {
        text.family("store_bytes", "gauge", "The database with its journal.");
        text.sample("store_bytes", "", &[], store.bytes());
    }
    if facts.has_backups {
        let since = facts.last_backup.or(facts.started_at).unwrap_or(now);
        let age = seconds((now.0 - since.0).max(0));
        text.family("last_backup_age_seconds", "gauge", "Since the newest copy.");
        text.sample("last_backup_age_seconds", "", &[], age);
    }
}
