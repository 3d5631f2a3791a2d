//! The explanation for programs.

use serde::Serialize;

use super::Case;
use super::text::{cell, next};
use crate::cli::render::json::{self, Error, FoundIn, SCHEMA, finding};
use crate::cli::render::{Show, instant};
use crate::domain::employee::{Employee, PhoneWish};
use crate::domain::memory::Millis;
use crate::domain::outcome::Settled;
use crate::domain::table::{Column, Row};
use crate::domain::user::User;
use crate::reconcile::due_at;

/// What `explain` answers.
pub(in crate::cli) fn document<'a>(case: &'a Case, now: Millis, show: &Show) -> Document<'a> {
    let live = case.live.as_ref();
    let planned = live.into_iter().flat_map(|it| &it.planned);
    let is_read = live.is_some_and(|it| it.person.is_platform_read);
    Document {
        schema: SCHEMA,
        account: &case.account,
        id: case.id.as_str(),
        verdict: case.verdict().word(),
        live: live.is_some(),
        error: live.and_then(|it| it.error.as_ref()),
        crm: live.filter(|it| it.is_crm_read).map(|it| CrmOf {
            rows: it.person.rows.iter().map(|row| row_of(row, show)).collect(),
            quarantined: it.person.is_quarantined,
            employee: it.person.employee.as_ref().map(|it| EmployeeOf::of(it, show)),
        }),
        findings: case.findings.iter().map(|it| finding(it, show)).collect(),
        platform: PlatformOf {
            read_now: is_read,
            list_read_at: case.state.verified_at.map(instant),
            user: case.user().map(|it| UserOf::of(it, show)),
            foreign: case.is_foreign(),
            ours: case.managed.as_ref().map(|it| OursOf {
                origin: it.origin.word(),
                since: instant(it.since),
                absent_since: it.absent_since.map(instant),
            }),
        },
        planned: planned
            .filter(|it| it.is_planned)
            .map(|it| ChangeOf::of(&it.settled, show))
            .collect(),
        history: case
            .history
            .iter()
            .map(|it| PastOf {
                run: &it.run,
                ended_at: it.ended_at.map(instant),
                outcome: it.settled.outcome.word(),
                attempts: it.settled.attempts,
                status: it.settled.status,
                change: ChangeOf::of(&it.settled, show),
            })
            .collect(),
        requests: case
            .requests
            .iter()
            .map(|it| RequestOf {
                verb: json::verb(it.verb),
                sent_at: instant(it.sent_at),
                answered_at: it.answered_at.map(instant),
                answer: it.answer.as_deref(),
                status: it.status,
                code: it.code.as_deref(),
                text: it.text.as_deref().map(|it| show.text(it)),
            })
            .collect(),
        open: case
            .open
            .iter()
            .map(|it| OpenOf {
                op: it.op.word(),
                outcome: it.outcome.word(),
                code: it.code.as_deref(),
                detail: it.detail.as_deref().map(|it| show.text(it)),
                since: instant(it.since),
                tries: it.tries,
                last_tried: instant(it.last_tried),
                due_at: due_at(it).map(instant),
            })
            .collect(),
        holds: case
            .holds
            .iter()
            .map(|it| HoldOf {
                id: &it.id,
                reason: it.hold.reason.word(),
                detail: show.text(&it.hold.detail),
                since: instant(it.since),
            })
            .collect(),
        next: next(case, now, show),
    }
}

fn row_of(row: &Row, show: &Show) -> serde_json::Map<String, serde_json::Value> {
    let cells = Column::ALL.into_iter();
    cells
        .filter_map(|it| Some((it.name().to_owned(), cell(row, it, show)?.into())))
        .collect()
}

#[derive(Serialize)]
pub(in crate::cli) struct Document<'a> {
    schema: u32,
    account: &'a str,
    id: &'a str,
    verdict: &'static str,
    live: bool,
    error: Option<&'a Error>,
    /// Of `--live` alone.
    crm: Option<CrmOf<'a>>,
    findings: Vec<FoundIn<'a>>,
    platform: PlatformOf,
    planned: Vec<ChangeOf<'a>>,
    history: Vec<PastOf<'a>>,
    requests: Vec<RequestOf<'a>>,
    open: Vec<OpenOf<'a>>,
    holds: Vec<HoldOf<'a>>,
    /// For people.
    next: Vec<String>,
}

#[derive(Serialize)]
struct CrmOf<'a> {
    /// By column; what is NULL, or not yielded, is left out.
    rows: Vec<serde_json::Map<String, serde_json::Value>>,
    quarantined: bool,
    employee: Option<EmployeeOf<'a>>,
}

#[derive(Serialize)]
struct EmployeeOf<'a> {
    id: &'a str,
    name: String,
    phone: Option<String>,
    phone_managed: bool,
    access: Option<Vec<String>>,
    active: bool,
}

impl EmployeeOf<'_> {
    fn of<'a>(it: &'a Employee, show: &Show) -> EmployeeOf<'a> {
        EmployeeOf {
            id: it.id.as_str(),
            name: show.plain(&it.name),
            phone: match &it.phone {
                PhoneWish::Number(phone) => Some(show.phone(Some(phone))),
                PhoneWish::Unmanaged | PhoneWish::None | PhoneWish::Invalid => None,
            },
            phone_managed: it.phone != PhoneWish::Unmanaged,
            access: it
                .grant
                .as_ref()
                .map(|it| it.words().map(|word| show.plain(word)).collect()),
            active: it.is_active,
        }
    }
}

#[derive(Serialize)]
struct PlatformOf {
    read_now: bool,
    list_read_at: Option<String>,
    user: Option<UserOf>,
    foreign: bool,
    ours: Option<OursOf>,
}

#[derive(Serialize)]
struct OursOf {
    origin: &'static str,
    since: String,
    absent_since: Option<String>,
}

#[derive(Serialize)]
struct UserOf {
    name: String,
    phone: Option<String>,
    access: Option<Vec<String>>,
}

impl UserOf {
    fn of(it: &User, show: &Show) -> UserOf {
        UserOf {
            name: show.plain(&it.name),
            phone: it.phone.as_ref().map(|it| show.phone(Some(it))),
            access: it
                .grant
                .as_ref()
                .map(|it| it.words().map(|word| show.plain(word)).collect()),
        }
    }
}

#[derive(Serialize)]
struct ChangeOf<'a> {
    op: &'static str,
    code: Option<&'a str>,
    detail: Option<String>,
    old: Option<UserOf>,
    new: Option<UserOf>,
}

impl ChangeOf<'_> {
    fn of<'a>(it: &'a Settled, show: &Show) -> ChangeOf<'a> {
        ChangeOf {
            op: it.change.op.word(),
            code: it.code.as_deref(),
            detail: it.detail.as_deref().map(|it| show.text(it)),
            old: it.change.old.as_ref().map(|it| UserOf::of(it, show)),
            new: it.change.new.as_ref().map(|it| UserOf::of(it, show)),
        }
    }
}

#[derive(Serialize)]
struct PastOf<'a> {
    run: &'a str,
    ended_at: Option<String>,
    outcome: &'static str,
    attempts: u32,
    status: Option<u16>,
    #[serde(flatten)]
    change: ChangeOf<'a>,
}

#[derive(Serialize)]
struct RequestOf<'a> {
    verb: &'static str,
    sent_at: String,
    answered_at: Option<String>,
    answer: Option<&'a str>,
    status: Option<u16>,
    code: Option<&'a str>,
    text: Option<String>,
}

#[derive(Serialize)]
struct OpenOf<'a> {
    op: &'static str,
    outcome: &'static str,
    code: Option<&'a str>,
    detail: Option<String>,
    since: String,
    tries: u32,
    last_tried: String,
    due_at: Option<String>,
}

#[derive(Serialize)]
struct HoldOf<'a> {
    id: &'a str,
    reason: &'static str,
    detail: String,
    since: String,
}
