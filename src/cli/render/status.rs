//! How each account is: a table, below it what deserves a sentence, and the same for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::json::{Error, SCHEMA};
use super::style::Tone;
use super::table::{aligned, cut};
use super::{Show, count, date, findings, instant, wrap};
use crate::domain::finding::FindingKind;
use crate::domain::memory::Millis;
use crate::domain::outcome::Outcome;
use crate::store::{OpenHold, Overview, RunSummary};

/// Longest name of an account that is shown whole in the table.
const NAME_CHARS: usize = 24;

/// How an account is: the first that fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::cli) enum Standing {
    /// In the store and not in the configuration: nothing is done for it.
    Retired,
    /// By the configuration.
    Disabled,
    /// By a person.
    Paused,
    /// The last run did not come to its end, or the credential is refused.
    Failing,
    /// There was no run yet.
    NeverRun,
    /// Something waits for a person.
    Held,
    /// Some changes are open.
    Partial,
    /// All is well.
    InSync,
}

impl Standing {
    /// For programs.
    fn word(self) -> &'static str {
        match self {
            Standing::Retired => "retired",
            Standing::Disabled => "disabled",
            Standing::Paused => "paused",
            Standing::Failing => "failing",
            Standing::NeverRun => "never_run",
            Standing::Held => "held",
            Standing::Partial => "partial",
            Standing::InSync => "in_sync",
        }
    }

    /// For people.
    fn shown(self, show: &Show) -> String {
        let text = self.word().replace('_', " ");
        match self {
            Standing::Failing => show.style.paint(Tone::Bad, &text),
            Standing::Held | Standing::Partial => show.style.paint(Tone::Warning, &text),
            _ => text,
        }
    }
}

/// One account, looked at.
#[derive(Debug)]
pub(in crate::cli) struct Look {
    pub(in crate::cli) name: String,
    /// As configured; `None`: not any more.
    pub(in crate::cli) platform: Option<&'static str>,
    pub(in crate::cli) standing: Standing,
    /// When a pass came to its end last.
    pub(in crate::cli) good_at: Option<Millis>,
    /// The last recorded run failed, and nothing went well since.
    pub(in crate::cli) is_failed: bool,
    /// When the service tries again, where it waits after a failure.
    pub(in crate::cli) next_at: Option<Millis>,
    /// Changes that are open.
    pub(in crate::cli) open: BTreeMap<Outcome, usize>,
    /// What waits for a person.
    pub(in crate::cli) holds: Vec<OpenHold>,
    pub(in crate::cli) overview: Overview,
}

impl Look {
    fn last_run(&self) -> Option<&RunSummary> {
        self.overview.state.last_run.as_ref()
    }

    /// When something was last done for it, and what came of it. A run that found nothing to do leaves no record of
    /// its own.
    fn last(&self) -> Option<(Millis, &str)> {
        let run = self.last_run().map(|it| {
            let result = it.result.as_deref().unwrap_or("under_way");
            (it.ended_at.unwrap_or(it.started_at), result)
        });
        let quiet = self.overview.state.quiet_at.map(|at| (at, "nothing_to_do"));
        run.into_iter().chain(quiet).max_by_key(|(at, _)| *at)
    }

    /// Why it fails.
    fn error(&self, show: &Show) -> Option<Error> {
        if let Some(refusal) = &self.overview.state.refusal {
            return Some(Error {
                code: "credentials_refused".to_owned(),
                message: show.text(&refusal.text),
            });
        }
        let run = self.last_run().filter(|_| self.is_failed)?;
        let error = run.error.as_ref().map(|it| Error {
            code: it.code.clone(),
            message: show.text(&it.message),
        });
        Some(error.unwrap_or_else(|| Error {
            code: run.result.clone().unwrap_or_default(),
            message: "the run was killed before its end; the next one takes it up".to_owned(),
        }))
    }
}

/// The table with its sentences.
pub(in crate::cli) fn text(looks: &[Look], show: &Show) -> String {
    if looks.is_empty() {
        return "The configuration has no [[accounts]].\n".to_owned();
    }
    let head = [
        "account",
        "state",
        "last run",
        "last good run",
        "open",
        "holds",
        "findings",
        "foreign",
        "drift",
    ];
    let head = head.map(|it| show.heading(it)).to_vec();
    let rows = looks.iter().map(|it| row(it, show));
    let mut text = aligned(std::iter::once(head).chain(rows), 0);
    for look in looks {
        let sentences = sentences(look, show);
        if !sentences.is_empty() {
            text.push_str(&format!("\n{}\n", show.heading(&show.plain(&look.name))));
        }
        for sentence in sentences {
            text.push_str(&wrap(&sentence, 2));
        }
    }
    text
}

fn row(look: &Look, show: &Show) -> Vec<String> {
    let state = &look.overview.state;
    let at = |it: Option<Millis>| it.map_or("never".to_owned(), minute);
    vec![
        cut(&show.plain(&look.name), NAME_CHARS),
        look.standing.shown(show),
        at(look.last().map(|(at, _)| at)),
        at(look.good_at),
        number(state.n_open),
        number(state.n_holds),
        number(state.n_findings),
        number(state.foreign),
        number(state.drift),
    ]
}

/// To the minute: enough to see what is late, and narrow enough for two of them.
fn minute(at: Millis) -> String {
    let whole = date(at);
    match whole.get(..16) {
        Some(short) => format!("{short}Z"),
        None => whole,
    }
}

/// Nothing stands where there is none: the eye finds the rest.
fn number(n: usize) -> String {
    if n == 0 { String::new() } else { n.to_string() }
}

/// What the numbers do not say.
fn sentences(look: &Look, show: &Show) -> Vec<String> {
    let mut all = Vec::new();
    let command = &show.command;
    let state = &look.overview.state;
    match look.standing {
        Standing::Retired => all.push(
            "Not in the configuration: nothing is done for it. `state rename` gives its memory to an account with \
             another name, `state forget` drops it."
                .to_owned(),
        ),
        Standing::Disabled => all.push("Disabled by the configuration.".to_owned()),
        Standing::Paused => all.push(format!("Paused by a person; `{command} resume` lets it go on.")),
        Standing::NeverRun => all.push(format!("Never run; `{command} plan` shows what would be done.")),
        Standing::Failing | Standing::Held | Standing::Partial | Standing::InSync => {}
    }
    if state.removals_paused && !state.is_paused {
        all.push("Removals are paused by a person.".to_owned());
    }
    if let Some(error) = look.error(show) {
        all.push(format!("Fails: {} ({})", error.message, error.code));
    }
    if let Some(at) = look.next_at {
        all.push(format!("The service tries again at {}.", date(at)));
    }
    if !look.open.is_empty() {
        let open: Vec<String> = look
            .open
            .iter()
            .map(|(outcome, n)| format!("{n} {}", outcome.word()))
            .collect();
        let since = look.overview.oldest_open.map(date).unwrap_or_default();
        all.push(format!("Open: {}; the oldest since {since}.", open.join(", ")));
    }
    for hold in &look.holds {
        all.push(format!(
            "Held: {} ({}), hold {}, since {}; `{command} holds` says how to decide.",
            hold.hold.reason.word(),
            count(hold.hold.users.len(), "user"),
            hold.id,
            date(hold.since)
        ));
    }
    let kinds: Vec<String> = kinds(look)
        .map(|(kind, n)| format!("{n} {} ({})", findings::sentence(kind), kind.word()))
        .collect();
    if !kinds.is_empty() {
        all.push(format!(
            "To mend in the CRM: {}; `{command} findings` lists them.",
            kinds.join(", ")
        ));
    }
    all
}

fn kinds(look: &Look) -> impl Iterator<Item = (FindingKind, usize)> + '_ {
    look.overview.findings.iter().map(|(kind, n)| (*kind, *n))
}

/// For programs.
pub(in crate::cli) fn document<'a>(looks: &'a [Look], now: Millis, show: &Show) -> Document<'a> {
    Document {
        schema: SCHEMA,
        now: instant(now),
        accounts: looks.iter().map(|it| account(it, show)).collect(),
    }
}

fn account<'a>(look: &'a Look, show: &Show) -> AccountOf<'a> {
    let state = &look.overview.state;
    AccountOf {
        account: &look.name,
        platform: look.platform,
        state: look.standing.word(),
        paused: state.is_paused,
        removals_paused: state.removals_paused,
        last: look.last().map(|(at, result)| LastOf {
            at: instant(at),
            result,
        }),
        last_run: look.last_run().map(|it| it.run.as_str()),
        last_good_at: look.good_at.map(instant),
        next_at: look.next_at.map(instant),
        verified_at: state.verified_at.map(instant),
        error: look.error(show),
        open: look.open.iter().map(|(it, n)| (it.word(), *n)).collect(),
        oldest_open_at: look.overview.oldest_open.map(instant),
        holds: look
            .holds
            .iter()
            .map(|it| HoldOf {
                id: &it.id,
                reason: it.hold.reason.word(),
                users: it.hold.users.iter().map(|user| user.id.as_str()).collect(),
                since: instant(it.since),
            })
            .collect(),
        findings: kinds(look).map(|(kind, n)| (kind.word(), n)).collect(),
        rows: state.rows,
        managed: state.n_managed,
        foreign: state.foreign,
        drift: state.drift,
    }
}

/// What `status` answers.
#[derive(Serialize)]
pub(in crate::cli) struct Document<'a> {
    schema: u32,
    now: String,
    accounts: Vec<AccountOf<'a>>,
}

#[derive(Serialize)]
struct AccountOf<'a> {
    account: &'a str,
    platform: Option<&'static str>,
    state: &'static str,
    paused: bool,
    removals_paused: bool,
    last: Option<LastOf<'a>>,
    last_run: Option<&'a str>,
    last_good_at: Option<String>,
    next_at: Option<String>,
    verified_at: Option<String>,
    error: Option<Error>,
    open: BTreeMap<&'static str, usize>,
    oldest_open_at: Option<String>,
    holds: Vec<HoldOf<'a>>,
    findings: BTreeMap<&'static str, usize>,
    rows: Option<u64>,
    managed: usize,
    foreign: usize,
    drift: usize,
}

#[derive(Serialize)]
struct LastOf<'a> {
    at: String,
    result: &'a str,
}

#[derive(Serialize)]
struct HoldOf<'a> {
    id: &'a str,
    reason: &'a str,
    users: Vec<&'a str>,
    since: String,
}
