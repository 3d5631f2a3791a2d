//! `runs`: what was done, and one run with all its changes.

use serde::Serialize;

use crate::cli::args::{Output, RunsArgs, RunsCommand};
use crate::cli::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::render::json::{self, ChangeCounts, Error, OutcomeCounts, RequestCounts};
use crate::cli::render::table::aligned;
use crate::cli::render::{Show, changes, count, date, instant, wrap};
use crate::domain::outcome::Outcome;
use crate::reconcile::ReportedChange;
use crate::store::{FindRunError, RunDetail, RunSummary};

/// Runs without a number given.
const DEFAULT_LIMIT: u32 = 20;

/// Runs the command.
pub(in crate::cli) async fn run(args: &RunsArgs, desk: &Desk) -> Result<Exit, Failure> {
    let show = desk.show(args.answer.show_phones);
    let is_json = args.answer.output == Output::Json;
    match &args.command {
        None => list(DEFAULT_LIMIT, is_json, desk, &show).await,
        Some(RunsCommand::List { limit }) => list(*limit, is_json, desk, &show).await,
        Some(RunsCommand::Show { run }) => one(run, is_json, desk, &show).await,
    }
}

async fn list(limit: u32, is_json: bool, desk: &Desk, show: &Show) -> Result<Exit, Failure> {
    let workplace = desk.workplace()?;
    let runs = match desk.store_read_only(&workplace).await? {
        Some(store) => store.runs(limit as usize, None).await?,
        None => Vec::new(),
    };
    if is_json {
        let document = ListDocument {
            schema: json::SCHEMA,
            runs: runs.iter().map(|it| RunOf::of(it, show)).collect(),
        };
        desk.console.print(&json::pretty(&document));
    } else if runs.is_empty() {
        desk.console
            .print("No run is on record. A pass with nothing to do leaves none.\n");
    } else {
        let head = ["run", "account", "began", "result", "changes", "open"].map(|it| show.heading(it));
        let rows = std::iter::once(head.to_vec()).chain(runs.iter().map(|it| row(it, show)));
        desk.console.print(&aligned(rows, 0));
    }
    Ok(Exit::Ok)
}

fn row(it: &RunSummary, show: &Show) -> Vec<String> {
    let changes = it.changes;
    let n_changes = changes.create + changes.update + changes.delete + changes.access;
    let open = n_changes.saturating_sub(it.outcomes.of(Outcome::Applied));
    let open = if open == 0 {
        String::new()
    } else {
        open.to_string()
    };
    vec![
        it.run.clone(),
        show.plain(&it.account),
        date(it.started_at),
        result(it).to_owned(),
        n_changes.to_string(),
        open,
    ]
}

/// How a run ended, or that it has not.
fn result(it: &RunSummary) -> &str {
    it.result.as_deref().unwrap_or("under way")
}

async fn one(id: &str, is_json: bool, desk: &Desk, show: &Show) -> Result<Exit, Failure> {
    let workplace = desk.workplace()?;
    let refused = |error: FindRunError| match error {
        FindRunError::Store(error) => error.into(),
        FindRunError::NotFound(_) => {
            Failure::usage(format!("{error}; `{} runs` lists the latest", show.command))
        }
        FindRunError::Ambiguous(_) => Failure::usage(format!("{error}: write more of the id")),
    };
    let Some(store) = desk.store_read_only(&workplace).await? else {
        return Err(refused(FindRunError::NotFound(id.to_owned())));
    };
    let detail = store.run(id).await.map_err(refused)?;
    if is_json {
        let document = ShowDocument {
            schema: json::SCHEMA,
            run: RunOf::of(&detail.summary, show),
            users: detail.settled.iter().map(|it| ChangeOf::of(it, show)).collect(),
            sent: detail.requests.iter().map(|it| RequestOf::of(it)).collect(),
        };
        desk.console.print(&json::pretty(&document));
    } else {
        desk.console.print(&told(&detail, show));
    }
    Ok(Exit::Ok)
}

fn told(detail: &RunDetail, show: &Show) -> String {
    let it = &detail.summary;
    let heading = format!("{}: run {}", show.plain(&it.account), it.run);
    let ended = match it.ended_at {
        Some(at) => format!("ended {}", date(at)),
        None => "has not ended".to_owned(),
    };
    let mut text = format!("{}\n", show.heading(&heading));
    text.push_str(&format!("  began {}, {ended}\n", date(it.started_at)));
    let reported: Vec<ReportedChange> = detail
        .settled
        .iter()
        .map(|settled| ReportedChange {
            settled: settled.clone(),
            is_planned: false,
        })
        .collect();
    text.push_str(&changes::changes(&reported, &[], show));
    for request in &detail.requests {
        let status = request
            .status
            .map_or("no status".to_owned(), |it| format!("HTTP {it}"));
        let answer = request.answer.as_deref().unwrap_or("no answer on record");
        let verb = json::verb(request.verb);
        let users = count(request.users.len(), "user");
        text.push_str(&format!(
            "  request {}: {verb}, {users}: {answer}, {status}\n",
            request.seq
        ));
    }
    if let Some(error) = &it.error {
        text.push_str(&wrap(&format!("error: {}", show.text(&error.message)), 2));
    }
    let applied = it.outcomes.of(Outcome::Applied);
    let requests = it.requests;
    text.push_str(&format!(
        "{}: {} ({applied} applied; {} to read, {} to write)\n",
        show.plain(&it.account),
        result(it),
        requests_of(requests.read),
        requests_of(requests.write)
    ));
    text
}

fn requests_of(n: u64) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), "request")
}

#[derive(Serialize)]
struct ListDocument<'a> {
    schema: u32,
    runs: Vec<RunOf<'a>>,
}

#[derive(Serialize)]
struct ShowDocument<'a> {
    schema: u32,
    run: RunOf<'a>,
    users: Vec<ChangeOf<'a>>,
    sent: Vec<RequestOf<'a>>,
}

#[derive(Serialize)]
struct RunOf<'a> {
    run: &'a str,
    account: &'a str,
    started_at: String,
    ended_at: Option<String>,
    result: Option<&'a str>,
    exit_code: Option<i32>,
    error: Option<Error>,
    rows: Option<u64>,
    changes: ChangeCounts,
    outcomes: OutcomeCounts,
    requests: RequestCounts,
}

impl RunOf<'_> {
    fn of<'a>(it: &'a RunSummary, show: &Show) -> RunOf<'a> {
        RunOf {
            run: &it.run,
            account: &it.account,
            started_at: instant(it.started_at),
            ended_at: it.ended_at.map(instant),
            result: it.result.as_deref(),
            exit_code: it.exit_code,
            error: it.error.as_ref().map(|error| Error {
                code: error.code.clone(),
                message: show.text(&error.message),
            }),
            rows: it.rows,
            changes: it.changes.into(),
            outcomes: it.outcomes.into(),
            requests: RequestCounts {
                read: it.requests.read,
                write: it.requests.write,
            },
        }
    }
}

#[derive(Serialize)]
struct ChangeOf<'a> {
    id: &'a str,
    op: &'a str,
    outcome: &'a str,
    code: Option<&'a str>,
    detail: Option<String>,
    attempts: u32,
    status: Option<u16>,
    old: Option<RecordOf>,
    new: Option<RecordOf>,
}

#[derive(Serialize)]
struct RecordOf {
    name: String,
    phone: Option<String>,
    /// What the user may do, where that is managed.
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<String>,
}

impl ChangeOf<'_> {
    fn of<'a>(it: &'a crate::domain::outcome::Settled, show: &Show) -> ChangeOf<'a> {
        let record = |user: &crate::domain::user::User| RecordOf {
            name: show.plain(&user.name),
            phone: user.phone.as_ref().map(|it| show.phone(Some(it))),
            access: user.grant.as_ref().map(|it| show.text(&it.to_string())),
        };
        ChangeOf {
            id: it.change.id.as_str(),
            op: it.change.op.word(),
            outcome: it.outcome.word(),
            code: it.code.as_deref(),
            detail: it.detail.as_deref().map(|it| show.text(it)),
            attempts: it.attempts,
            status: it.status,
            old: it.change.old.as_ref().map(record),
            new: it.change.new.as_ref().map(record),
        }
    }
}

#[derive(Serialize)]
struct RequestOf<'a> {
    seq: u32,
    verb: &'a str,
    sent_at: String,
    answered_at: Option<String>,
    answer: Option<&'a str>,
    status: Option<u16>,
    code: Option<&'a str>,
    users: Vec<&'a str>,
}

impl RequestOf<'_> {
    fn of(it: &crate::store::RequestRecord) -> RequestOf<'_> {
        RequestOf {
            seq: it.seq,
            verb: json::verb(it.verb),
            sent_at: instant(it.sent_at),
            answered_at: it.answered_at.map(instant),
            answer: it.answer.as_deref(),
            status: it.status,
            code: it.code.as_deref(),
            users: it.users.iter().map(|user| user.id.as_str()).collect(),
        }
    }
}
