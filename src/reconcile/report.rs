//! What a pass tells its caller: the account's part of the report that people and programs read.

use std::time::Duration;

use super::stop::Stop;
use crate::domain::employee::Employee;
use crate::domain::finding::Finding;
use crate::domain::memory::Hold;
use crate::domain::outcome::Settled;
use crate::domain::table::{Columns, Row};
use crate::domain::user::{User, UserId};
use crate::source::SourceError;
use crate::target::Requests;

/// How an account's pass ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunResult {
    /// The platform equals the table.
    InSync,
    /// Some changes are open.
    Partial,
    /// A guard waits for a person.
    Held,
    /// Another process has the remote.
    Busy,
    /// The pass could not come to its end.
    Failed,
}

impl RunResult {
    /// The word in reports and in the store.
    pub fn word(self) -> &'static str {
        match self {
            RunResult::InSync => "in_sync",
            RunResult::Partial => "partial",
            RunResult::Held => "held",
            RunResult::Busy => "busy",
            RunResult::Failed => "failed",
        }
    }
}

/// One request of a plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedBatch {
    /// HTTP method.
    pub method: &'static str,
    /// Path below the base URL.
    pub path: &'static str,
    /// Whom it carries.
    pub users: Vec<UserId>,
}

/// One account's pass.
#[derive(Debug)]
pub struct AccountReport {
    /// Name in the configuration.
    pub account: String,
    /// Id of the recorded run; none for a plan and for a cycle that recorded nothing.
    pub run: Option<String>,
    /// How it ended.
    pub result: RunResult,
    /// Why it failed, if it did.
    pub stop: Option<Stop>,
    /// Rows of the source, if they were read to the end.
    pub rows: Option<usize>,
    /// Every planned change of this run and every open one; in a plan, the outcome of those that will be
    /// sent is not known and `is_planned` says so.
    pub users: Vec<ReportedChange>,
    /// Employees without a seat who are not among `users` but only counted: there are far more than seats.
    pub unlisted: usize,
    /// What the owner of the CRM should mend, as in force.
    pub findings: Vec<Finding>,
    /// What waits for a person.
    pub holds: Vec<Hold>,
    /// Users of the platform that are not ours.
    pub foreign: usize,
    /// Managed users that somebody changed on the platform.
    pub drift: usize,
    /// Requests made.
    pub requests: Requests,
    /// What the target had counted before.
    pub(super) requests_before: Requests,
    /// Nothing had changed and nothing was due, so no run was recorded.
    pub is_quiet: bool,
    /// In a plan: the requests, in order.
    pub batches: Vec<PlannedBatch>,
    /// In a plan: its digest; empty if there is nothing to do.
    pub plan_digest: Option<String>,
    /// In a plan that was made by comparing: what was compared.
    pub census: Option<Census>,
    /// In a plan about one person: what was read of them.
    pub person: Option<Person>,
    /// How long it took.
    pub duration: Duration,
}

/// What a plan about one person was made from, as far as it came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Person {
    /// The rows of that id, as the CRM has them.
    pub rows: Vec<Row>,
    /// What the rules made of them; `None`: no row, or none that can be used.
    pub employee: Option<Employee>,
    /// The rows can't be used, and so the user of that id is left as it is.
    pub is_quarantined: bool,
    /// Whether the platform's list was read.
    pub is_platform_read: bool,
    /// The user, as the platform shows it.
    pub user: Option<User>,
}

/// What a plan was made from, in numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Census {
    /// The columns that the query yields.
    pub columns: Columns,
    /// Users on the platform, ours and foreign.
    pub on_platform: usize,
    /// Those of them that become ours because they bear an employee's id.
    pub adopted: usize,
    /// Users that the platform shall have for the employees.
    pub desired: usize,
    /// Most users of the account, as documented or learned.
    pub seats: Option<usize>,
    /// Users that are not ours and have the name or the phone of somebody who is no longer active.
    pub former: usize,
}

/// A change in a report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportedChange {
    /// The change with its outcome.
    pub settled: Settled,
    /// Not sent yet: the outcome is not known.
    pub is_planned: bool,
}

impl AccountReport {
    /// The report of an account that can't be opened, because of its configuration.
    pub fn misconfigured(account: &str, why: String) -> AccountReport {
        AccountReport::stopped(account, Stop::Misconfigured(why))
    }

    /// The report of an account that nothing is known of but why.
    pub fn stopped(account: &str, stop: Stop) -> AccountReport {
        let mut report = AccountReport::empty(account);
        report.fail(stop);
        report
    }

    /// A report of nothing, to be filled in.
    pub(super) fn empty(account: &str) -> AccountReport {
        AccountReport {
            account: account.to_owned(),
            run: None,
            result: RunResult::InSync,
            stop: None,
            rows: None,
            users: Vec::new(),
            unlisted: 0,
            findings: Vec::new(),
            holds: Vec::new(),
            foreign: 0,
            drift: 0,
            requests: Requests::default(),
            requests_before: Requests::default(),
            is_quiet: false,
            batches: Vec::new(),
            plan_digest: None,
            census: None,
            person: None,
            duration: Duration::ZERO,
        }
    }
}

impl AccountReport {
    /// Takes over the requests of this pass: a target counts all of its life.
    pub(super) fn count_requests(&mut self, so_far: Requests) {
        self.requests = Requests {
            read: so_far.read.saturating_sub(self.requests_before.read),
            write: so_far.write.saturating_sub(self.requests_before.write),
        };
    }

    /// The account's exit code. The one place where a failure becomes a number.
    pub fn exit_code(&self) -> i32 {
        match &self.stop {
            None | Some(Stop::OutOfTime | Stop::Halted | Stop::Paused) => match self.result {
                RunResult::InSync => 0,
                RunResult::Partial => 3,
                RunResult::Held => 4,
                RunResult::Busy => 5,
                RunResult::Failed => 1,
            },
            Some(Stop::Stale(_)) => 6,
            Some(Stop::Source(SourceError::Unusable { .. }) | Stop::AllQuarantined(_)) => 65,
            Some(
                Stop::Source(SourceError::Unreachable { .. })
                | Stop::RateLimited(_)
                | Stop::Unreachable(_)
                | Stop::Unreadable(_)
                | Stop::ContractChanged(_),
            ) => 69,
            Some(Stop::Bug(_)) => 70,
            Some(Stop::Store(_) | Stop::NotKept(_)) => 74,
            Some(Stop::Refused(_)) => 77,
            Some(Stop::Misconfigured(_)) => 78,
        }
    }
}
