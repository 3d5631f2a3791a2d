//! Why an account's run ends before its plan does.

use crate::domain::check::Violation;
use crate::source::SourceError;
use crate::store::StoreError;
use crate::target::{Answer, Hindrance, Meaning};

/// The reasons, by what can be done about them.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// What the configuration names can't be had, so the pass did not even begin.
    #[error("the configuration can't be used: {0}")]
    Misconfigured(String),
    /// There is no complete read of the employee table.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Rows came, and none of them can be used.
    #[error("all {0} rows of the source are quarantined; see the findings")]
    AllQuarantined(usize),
    /// The state can't be kept, so nothing may be sent.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A renewed token can't be kept, so it may not be used.
    #[error("the tokens can't be kept: {0}")]
    NotKept(Said),
    /// The platform refuses the credential.
    #[error("the platform refuses the credential: {0}")]
    Refused(Said),
    /// The platform wants us to wait longer than a run waits.
    #[error("the platform limits our requests: {0}")]
    RateLimited(Said),
    /// No answer, or none that means anything, after every repetition.
    #[error("the platform can't be reached: {0}")]
    Unreachable(Said),
    /// The platform answers, and what it says can't be trusted or understood.
    #[error("the platform's answer can't be used: {0}")]
    Unreadable(Said),
    /// Record after record is refused alike and none is accepted: the interface must have changed.
    #[error("the platform refuses every record alike: {0}")]
    ContractChanged(Said),
    /// The run used up `max_run`.
    #[error("the run took longer than max_run; the next one goes on")]
    OutOfTime,
    /// Whoever runs us is about to end.
    #[error("the run was told to end; the next one goes on")]
    Halted,
    /// A person paused the account.
    #[error("the account is paused, and nothing is sent until somebody resumes it")]
    Paused,
    /// The fresh plan is not the one that was agreed to.
    #[error("the plan changed since it was written: {0}")]
    Stale(String),
    /// A plan or a request breaks a rule: a bug of ours, and nothing was sent for it.
    #[error("a plan was refused by its checker, which is a bug: {0}")]
    Bug(#[from] Violation),
}

impl Stop {
    /// The machine-readable word in reports.
    pub fn code(&self) -> &'static str {
        match self {
            Stop::Misconfigured(_) => "configuration_invalid",
            Stop::Source(SourceError::Unreachable { .. }) => "source_unreachable",
            Stop::Source(SourceError::Unusable { .. }) => "source_unusable",
            Stop::AllQuarantined(_) => "all_quarantined",
            Stop::Store(_) | Stop::NotKept(_) => "store_failed",
            Stop::Refused(_) => "credentials_refused",
            Stop::RateLimited(_) => "rate_limited",
            Stop::Unreachable(_) => "target_unreachable",
            Stop::Unreadable(_) => "target_unreadable",
            Stop::ContractChanged(_) => "contract_changed",
            Stop::OutOfTime => "out_of_time",
            Stop::Halted => "halted",
            Stop::Paused => "paused",
            Stop::Stale(_) => "stale_plan",
            Stop::Bug(_) => "plan_refused",
        }
    }

    /// What keeps requests from leaving ends the run.
    pub fn not_sent(hindrance: Hindrance, said: Said) -> Stop {
        match hindrance {
            Hindrance::Store => Stop::NotKept(said),
            Hindrance::Configuration => Stop::Misconfigured(said.0),
        }
    }

    /// What an answer to a read means for the run.
    pub fn from_read(answer: &Answer) -> Stop {
        let said = Said::from(answer);
        match answer.meaning {
            Meaning::Unauthorised | Meaning::Forbidden => Stop::Refused(said),
            Meaning::SlowDown(_) => Stop::RateLimited(said),
            Meaning::Unknown => Stop::Unreachable(said),
            Meaning::NotSent(hindrance) => Stop::not_sent(hindrance, said),
            Meaning::Accepted
            | Meaning::Missing
            | Meaning::PhoneTaken(_)
            | Meaning::SeatsTaken
            | Meaning::BadItem => Stop::Unreadable(said),
        }
    }
}

/// An answer in one line: status, code, text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said(pub String);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&Answer> for Said {
    fn from(answer: &Answer) -> Said {
        let Answer {
            meaning: _,
            status,
            code,
            text,
        } = answer;
        let status = status.map(|it| format!("HTTP {it}"));
        let parts = [status, code.clone(), Some(text.clone())];
        let parts: Vec<String> = parts.into_iter().flatten().filter(|it| !it.is_empty()).collect();
        Said(parts.join(", "))
    }
}
