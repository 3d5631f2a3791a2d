//! One person explained: in the CRM, by the rules, on the platform, in the past, and next.

use super::json::Error;
use crate::domain::employee::Employee;
use crate::domain::finding::{Finding, FindingKind};
use crate::domain::memory::{Hold, Remembered};
use crate::domain::user::{User, UserId};
use crate::reconcile::{Person, ReportedChange};
use crate::store::{AccountState, OpenHold, OpenOutcome, PastOutcome, RequestRecord};

mod document;
mod text;

pub(in crate::cli) use document::document;
pub(in crate::cli) use text::text;

/// All that is known of one person.
#[derive(Debug)]
pub(in crate::cli) struct Case {
    pub(in crate::cli) account: String,
    pub(in crate::cli) id: UserId,
    /// The account is not in the configuration.
    pub(in crate::cli) is_retired: bool,
    pub(in crate::cli) state: AccountState,
    /// If the user is ours.
    pub(in crate::cli) managed: Option<Remembered>,
    /// If the user is not.
    pub(in crate::cli) foreign: Option<User>,
    pub(in crate::cli) findings: Vec<Finding>,
    pub(in crate::cli) open: Vec<OpenOutcome>,
    pub(in crate::cli) holds: Vec<OpenHold>,
    /// The newest first.
    pub(in crate::cli) history: Vec<PastOutcome>,
    /// The newest first.
    pub(in crate::cli) requests: Vec<RequestRecord>,
    pub(in crate::cli) live: Option<Live>,
}

/// What was read now.
#[derive(Debug)]
pub(in crate::cli) struct Live {
    pub(in crate::cli) person: Person,
    pub(in crate::cli) is_crm_read: bool,
    /// What the next run would do, and what is open.
    pub(in crate::cli) planned: Vec<ReportedChange>,
    pub(in crate::cli) holds: Vec<Hold>,
    /// Why not all could be read.
    pub(in crate::cli) error: Option<Error>,
}

/// How the person stands: the first that fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Quarantined,
    Held,
    Open,
    Planned,
    Foreign,
    Kept,
    Synced,
    Inactive,
    Gone,
    Unclear,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Quarantined => "quarantined",
            Verdict::Held => "held",
            Verdict::Open => "open",
            Verdict::Planned => "planned",
            Verdict::Foreign => "foreign",
            Verdict::Kept => "kept",
            Verdict::Synced => "in_sync",
            Verdict::Inactive => "inactive",
            Verdict::Gone => "gone",
            Verdict::Unclear => "unclear",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Verdict::Quarantined => {
                "The row in the CRM can't be used: nothing is sent for it, and a user of that id is left exactly as it is."
            }
            Verdict::Held => "A change waits for a person to decide.",
            Verdict::Open => "A change was planned and is not done yet.",
            Verdict::Planned => "The next run changes something.",
            Verdict::Foreign => "A user of the platform that is not ours: left alone.",
            Verdict::Kept => "No active employee, and the user stays, by setting or decision.",
            Verdict::Synced => "In sync.",
            Verdict::Inactive => "Not active in the CRM, so there is no user, as it should be.",
            Verdict::Gone => "There is no user any more.",
            Verdict::Unclear => "Too little is known to say.",
        }
    }
}

impl Case {
    /// A person of whom nothing is known.
    pub(in crate::cli) fn of(account: &str, id: UserId) -> Case {
        Case {
            account: account.to_owned(),
            id,
            is_retired: false,
            state: AccountState::default(),
            managed: None,
            foreign: None,
            findings: Vec::new(),
            open: Vec::new(),
            holds: Vec::new(),
            history: Vec::new(),
            requests: Vec::new(),
            live: None,
        }
    }

    /// Whether anybody knows the person.
    pub(in crate::cli) fn is_known(&self) -> bool {
        let person = self.live.as_ref().map(|it| &it.person);
        let is_read = person.is_some_and(|it| !it.rows.is_empty() || it.user.is_some());
        is_read
            || self.managed.is_some()
            || self.foreign.is_some()
            || !(self.findings.is_empty() && self.open.is_empty() && self.holds.is_empty())
            || !(self.history.is_empty() && self.requests.is_empty())
    }

    /// The user as the platform showed it last.
    fn user(&self) -> Option<&User> {
        match &self.live {
            Some(live) if live.person.is_platform_read => live.person.user.as_ref(),
            _ => self
                .managed
                .as_ref()
                .and_then(|it| it.observed.as_ref())
                .or(self.foreign.as_ref()),
        }
    }

    fn employee(&self) -> Option<&Employee> {
        self.live.as_ref()?.person.employee.as_ref()
    }

    /// Whether the user is there and not ours.
    fn is_foreign(&self) -> bool {
        self.managed.is_none() && self.user().is_some()
    }

    fn has_finding(&self, kind: FindingKind) -> bool {
        self.findings.iter().any(|it| it.kind == kind)
    }

    fn is_quarantined(&self) -> bool {
        match &self.live {
            Some(live) if live.is_crm_read => live.person.is_quarantined,
            _ => self.findings.iter().any(|it| sets_aside(it.kind)),
        }
    }

    fn verdict(&self) -> Verdict {
        let live_holds = self.live.as_ref().is_some_and(|it| !it.holds.is_empty());
        let is_planned = self.live.as_ref().is_some_and(|it| !it.planned.is_empty());
        let is_inactive = self.employee().is_some_and(|it| !it.is_active);
        if self.is_quarantined() {
            Verdict::Quarantined
        } else if live_holds || (self.live.is_none() && !self.holds.is_empty()) {
            Verdict::Held
        } else if !self.open.is_empty() {
            Verdict::Open
        } else if is_planned {
            Verdict::Planned
        } else if self.is_foreign() {
            Verdict::Foreign
        } else if self.has_finding(FindingKind::LeaverKept) {
            Verdict::Kept
        } else if self.user().is_some() {
            Verdict::Synced
        } else if is_inactive {
            Verdict::Inactive
        } else if !self.history.is_empty() {
            Verdict::Gone
        } else {
            Verdict::Unclear
        }
    }
}

/// Whether a row with such a finding is not used at all.
fn sets_aside(kind: FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::IdInvalid
            | FindingKind::IdDuplicate
            | FindingKind::ActiveUnreadable
            | FindingKind::NameMissing
            | FindingKind::EmailMissing
            | FindingKind::EmailDuplicate
    )
}
