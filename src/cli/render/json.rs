//! The documents for programs. Keys and their order are a contract; keys may be added in a later version,
//! none is renamed or removed under the same `schema`.

use serde::Serialize;

use super::Show;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::passes::{End, conclude};
use crate::domain::batch::Verb;
use crate::domain::finding::Finding;
use crate::domain::memory::Hold;
use crate::domain::outcome::{Op, Outcome};
use crate::reconcile::{AccountReport, PlannedBatch, ReportedChange, RunResult, Stop};
use crate::settings::Problem;
use crate::store::{Changes, Errand, Outcomes};

/// The version of all documents.
pub(in crate::cli) const SCHEMA: u32 = 1;

/// What `reconcile`, `plan` and `apply` answer.
#[derive(Serialize)]
pub(in crate::cli) struct Document<'a> {
    schema: u32,
    result: &'a str,
    exit_code: u8,
    accounts: Vec<Account<'a>>,
}

/// One account of a document, and a line of `ndjson`.
#[derive(Serialize)]
pub(in crate::cli) struct Account<'a> {
    account: &'a str,
    run: Option<&'a str>,
    result: &'a str,
    exit_code: u8,
    error: Option<Error>,
    source: Source,
    changes: ChangeCounts,
    outcomes: OutcomeCounts,
    requests: RequestCounts,
    users: Vec<User<'a>>,
    /// Creates without a seat that are in the numbers only, where there are far more than seats.
    #[serde(skip_serializing_if = "is_zero")]
    unlisted: usize,
    findings: Vec<FoundIn<'a>>,
    holds: Vec<HoldOf<'a>>,
    foreign: usize,
    drift: usize,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    batches: Option<Vec<Batch<'a>>>,
}

/// Why something failed.
#[derive(Serialize, Debug)]
pub(in crate::cli) struct Error {
    pub(in crate::cli) code: String,
    pub(in crate::cli) message: String,
}

#[derive(Serialize)]
struct Source {
    rows: Option<usize>,
    complete: bool,
}

#[derive(Serialize)]
pub(in crate::cli) struct ChangeCounts {
    create: usize,
    update: usize,
    delete: usize,
    park: usize,
    access: usize,
}

#[derive(Serialize)]
pub(in crate::cli) struct OutcomeCounts {
    applied: usize,
    rejected: usize,
    conflict: usize,
    deferred: usize,
    held: usize,
    unknown: usize,
}

#[derive(Serialize)]
pub(in crate::cli) struct RequestCounts {
    pub(in crate::cli) read: u64,
    pub(in crate::cli) write: u64,
}

#[derive(Serialize)]
struct User<'a> {
    id: &'a str,
    op: &'a str,
    outcome: Option<&'a str>,
    code: Option<&'a str>,
    detail: Option<String>,
}

/// One finding.
#[derive(Serialize)]
pub(in crate::cli) struct FoundIn<'a> {
    id: &'a str,
    finding: &'a str,
    detail: String,
}

#[derive(Serialize)]
struct HoldOf<'a> {
    id: &'a str,
    reason: &'a str,
    users: Vec<&'a str>,
}

#[derive(Serialize)]
pub(in crate::cli) struct Batch<'a> {
    method: &'a str,
    path: &'a str,
    users: Vec<&'a str>,
}

/// The document of a command over accounts.
pub(in crate::cli) fn document<'a>(ends: &'a [End], exit: Exit, show: &Show) -> Document<'a> {
    Document {
        schema: SCHEMA,
        result: conclude(ends).1,
        exit_code: exit.code(),
        accounts: ends.iter().map(|end| account(end, show)).collect(),
    }
}

/// One account.
pub(in crate::cli) fn account<'a>(end: &'a End, show: &Show) -> Account<'a> {
    let report = &end.report;
    let (changes, outcomes) = counts(report);
    // A pause is no failure, and nothing else would say what the account waits for.
    let is_told = |stop: &&Stop| end.result == RunResult::Failed || matches!(stop, Stop::Paused);
    let stop = report.stop.as_ref().filter(is_told);
    Account {
        account: &report.account,
        run: report.run.as_deref(),
        result: end.result.word(),
        exit_code: end.exit.code(),
        error: stop.map(|stop| Error {
            code: stop.code().to_owned(),
            message: show.text(&crate::text::chain(stop)),
        }),
        source: Source {
            rows: report.rows,
            complete: report.rows.is_some(),
        },
        changes: changes.into(),
        outcomes: outcomes.into(),
        requests: RequestCounts {
            read: report.requests.read,
            write: report.requests.write,
        },
        users: report
            .users
            .iter()
            .map(|it| user(it, is_plan(report), show))
            .collect(),
        unlisted: report.unlisted,
        findings: report.findings.iter().map(|it| finding(it, show)).collect(),
        holds: report.holds.iter().map(|it| hold(it, end)).collect(),
        foreign: report.foreign,
        drift: report.drift,
        duration_ms: u64::try_from(report.duration.as_millis()).unwrap_or(u64::MAX),
        batches: is_plan(report).then(|| batches(&report.batches)),
    }
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// Whether the report is a plan's, where nothing has an outcome.
fn is_plan(report: &AccountReport) -> bool {
    report.plan_digest.is_some()
}

/// What a report counts: changes with parks, outcomes without.
fn counts(report: &AccountReport) -> (Changes, Outcomes) {
    let (mut changes, mut outcomes) = (Changes::default(), Outcomes::default());
    changes.create += report.unlisted;
    if !is_plan(report) {
        outcomes.add_many(Outcome::Deferred, report.unlisted);
    }
    for it in &report.users {
        changes.add(&it.settled.change);
        if it.settled.change.op != Op::Park && !is_plan(report) {
            outcomes.add(it.settled.outcome);
        }
    }
    (changes, outcomes)
}

impl From<Changes> for ChangeCounts {
    fn from(changes: Changes) -> ChangeCounts {
        let Changes {
            create,
            update,
            delete,
            park,
            access,
        } = changes;
        ChangeCounts {
            create,
            update,
            delete,
            park,
            access,
        }
    }
}

impl From<Outcomes> for OutcomeCounts {
    fn from(outcomes: Outcomes) -> OutcomeCounts {
        OutcomeCounts {
            applied: outcomes.of(Outcome::Applied),
            rejected: outcomes.of(Outcome::Rejected),
            conflict: outcomes.of(Outcome::Conflict),
            deferred: outcomes.of(Outcome::Deferred),
            held: outcomes.of(Outcome::Held),
            unknown: outcomes.of(Outcome::Unknown),
        }
    }
}

fn user<'a>(it: &'a ReportedChange, is_plan: bool, show: &Show) -> User<'a> {
    let settled = &it.settled;
    User {
        id: settled.change.id.as_str(),
        op: settled.change.op.word(),
        outcome: (!is_plan).then(|| settled.outcome.word()),
        code: settled.code.as_deref(),
        detail: settled.detail.as_deref().map(|it| show.text(it)),
    }
}

/// A finding as a document has it.
pub(in crate::cli) fn finding<'a>(it: &'a Finding, show: &Show) -> FoundIn<'a> {
    FoundIn {
        id: it.id.as_str(),
        finding: it.kind.word(),
        detail: show.text(&it.detail),
    }
}

/// A hold that is not on record yet goes by its digest, which `holds approve` knows once it is.
fn hold<'a>(it: &'a Hold, end: &'a End) -> HoldOf<'a> {
    HoldOf {
        id: end.hold_ids.get(&it.digest).unwrap_or(&it.digest),
        reason: it.reason.word(),
        users: it.users.iter().map(|it| it.id.as_str()).collect(),
    }
}

pub(in crate::cli) fn batches(batches: &[PlannedBatch]) -> Vec<Batch<'_>> {
    batches
        .iter()
        .map(|it| Batch {
            method: it.method,
            path: it.path,
            users: it.users.iter().map(|id| id.as_str()).collect(),
        })
        .collect()
}

/// What a command answers that was stopped as a whole.
#[derive(Serialize)]
pub(in crate::cli) struct FailureDocument<'a> {
    schema: u32,
    result: &'a str,
    exit_code: u8,
    accounts: [(); 0],
    error: Error,
    problems: Vec<ProblemOf>,
}

/// One problem of the configuration.
#[derive(Serialize)]
pub(in crate::cli) struct ProblemOf {
    file: Option<String>,
    line: Option<usize>,
    key: String,
    message: String,
}

/// The document of a failure.
pub(in crate::cli) fn failure(failure: &Failure) -> FailureDocument<'_> {
    FailureDocument {
        schema: SCHEMA,
        result: RunResult::Failed.word(),
        exit_code: failure.exit.code(),
        accounts: [],
        error: Error {
            code: failure.code.to_owned(),
            message: failure.message.clone(),
        },
        problems: problems(&failure.problems),
    }
}

pub(in crate::cli) fn problems(problems: &[Problem]) -> Vec<ProblemOf> {
    let problem = |it: &Problem| ProblemOf {
        file: it.file.as_ref().map(|file| file.display().to_string()),
        line: it.line,
        key: it.key.clone(),
        message: it.message.clone(),
    };
    problems.iter().map(problem).collect()
}

/// What a request did, as a word.
pub(in crate::cli) fn verb(verb: Errand) -> &'static str {
    match verb {
        Errand::Users(Verb::Delete) => "delete",
        Errand::Users(Verb::Update) => "update",
        Errand::Users(Verb::Create) => "create",
        Errand::Users(Verb::Upsert) => "upsert",
        Errand::Access => "access",
    }
}

/// As people read it.
pub(in crate::cli) fn pretty(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document)
        .expect("documents have text keys only, and their values can't fail to serialise");
    text.push('\n');
    text
}

/// In one line.
pub(in crate::cli) fn line(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string(document)
        .expect("documents have text keys only, and their values can't fail to serialise");
    text.push('\n');
    text
}
