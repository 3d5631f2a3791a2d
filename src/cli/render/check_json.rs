//! What `check` answers to programs.

use serde::Serialize;

use super::check::{Checked, Intent, Warning, columns, needed};
use super::json::{Error, SCHEMA};
use super::{Show, findings};
use crate::cli::exit::Exit;
use crate::reconcile::{AccountReport, Census, RunResult, Stop};
use crate::settings::Settings;
use crate::text::chain;

/// What programs get.
#[derive(Serialize)]
pub(in crate::cli) struct Document<'a> {
    schema: u32,
    result: &'static str,
    exit_code: u8,
    problems: [(); 0],
    configured: Vec<Configured<'a>>,
    accounts: Vec<AccountOf<'a>>,
}

#[derive(Serialize)]
struct Configured<'a> {
    account: &'a str,
    source: &'a str,
    kind: &'a str,
    base_url: &'a str,
    removal: &'a str,
    enabled: bool,
}

#[derive(Serialize)]
struct AccountOf<'a> {
    account: &'a str,
    result: &'a str,
    exit_code: u8,
    error: Option<Error>,
    source: SourceOf,
    platform: PlatformOf,
    seats: Option<SeatsOf>,
    would: Option<IntentOf>,
    findings: Vec<KindOf>,
    warnings: Vec<WarningOf<'a>>,
}

#[derive(Serialize)]
struct WarningOf<'a> {
    code: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct SourceOf {
    reachable: bool,
    rows: Option<usize>,
    columns: Vec<&'static str>,
}

#[derive(Serialize)]
struct PlatformOf {
    /// Unknown if it was not asked.
    usable: Option<bool>,
    error: Option<Error>,
    users: Option<usize>,
}

#[derive(Serialize)]
struct SeatsOf {
    used: usize,
    needed: usize,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct IntentOf {
    adopt: usize,
    create: usize,
    update: usize,
    remove: usize,
    access: usize,
    foreign: usize,
    /// Of those: so many look like somebody who left.
    former: usize,
    held: usize,
    open: usize,
}

#[derive(Serialize)]
struct KindOf {
    finding: &'static str,
    employees: usize,
}

/// The document.
pub(in crate::cli) fn document<'a>(
    settings: &'a Settings,
    checked: &'a [Checked],
    exit: Exit,
    show: &Show,
) -> Document<'a> {
    let configured = settings.accounts.iter().map(|it| Configured {
        account: &it.name,
        source: &it.source,
        kind: it.target.kind().word(),
        base_url: it.target.base_url.as_str(),
        removal: it.removal.word(),
        enabled: it.enabled,
    });
    Document {
        schema: SCHEMA,
        result: word(exit),
        exit_code: exit.code(),
        problems: [],
        configured: configured.collect(),
        accounts: checked.iter().map(|it| account_of(it, show)).collect(),
    }
}

fn word(exit: Exit) -> &'static str {
    if exit == Exit::Ok {
        "ok"
    } else {
        RunResult::Failed.word()
    }
}

fn account_of<'a>(it: &'a Checked, show: &Show) -> AccountOf<'a> {
    let report = &it.end.report;
    let error_of = |stop: &Stop| Error {
        code: stop.code().to_owned(),
        message: show.text(&chain(stop)),
    };
    let census = report.census.as_ref();
    let target_error = match (&it.target, &report.stop) {
        (Some(Err(stop)), _) => Some(error_of(stop)),
        (None, Some(stop)) if report.rows.is_some() => Some(error_of(stop)),
        _ => None,
    };
    let is_usable = match (&it.target, census) {
        (Some(answer), _) => Some(answer.is_ok()),
        (None, Some(_)) => Some(true),
        (None, None) => target_error.is_some().then_some(false),
    };
    AccountOf {
        account: &report.account,
        result: word(it.end.exit),
        exit_code: it.end.exit.code(),
        error: report.stop.as_ref().map(error_of),
        source: SourceOf {
            reachable: report.rows.is_some(),
            rows: report.rows,
            columns: census.map(columns).unwrap_or_default(),
        },
        platform: PlatformOf {
            usable: is_usable,
            error: target_error,
            users: census.map(|it| it.on_platform),
        },
        seats: census.map(|it| SeatsOf {
            used: it.on_platform,
            needed: needed(report, it),
            limit: it.seats,
        }),
        would: census.map(|it| intent_of(report, it)),
        findings: findings::kinds(&report.findings)
            .into_iter()
            .map(|(kind, employees)| KindOf {
                finding: kind.word(),
                employees,
            })
            .collect(),
        warnings: it
            .warnings
            .iter()
            .map(|Warning { code, text }| WarningOf { code, message: text })
            .collect(),
    }
}

fn intent_of(report: &AccountReport, census: &Census) -> IntentOf {
    let Intent {
        create,
        update,
        remove,
        access,
        held,
        conflict,
        phoneless,
    } = Intent::of(report);
    IntentOf {
        adopt: census.adopted,
        create,
        update,
        remove,
        access,
        foreign: report.foreign,
        former: census.former,
        held,
        open: conflict + phoneless,
    }
}
