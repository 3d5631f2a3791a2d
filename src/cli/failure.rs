//! What stops a whole command, with its exit code and what to do about it.

use super::exit::Exit;
use crate::settings::{Problem, Problems};
use crate::store::StoreError;
use crate::text::chain;
use crate::workplace::Unresolved;

/// Why a command ends before it has an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// For programs.
    pub code: &'static str,
    /// What failed, where, and what to do; one or more lines.
    pub message: String,
    /// Of the configuration, all of them.
    pub problems: Vec<Problem>,
}

impl Failure {
    fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Failure {
        Failure {
            exit,
            code,
            message: message.into(),
            problems: Vec::new(),
        }
    }

    /// Wrong arguments, or a name that nobody bears.
    pub(super) fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, "usage", message)
    }

    /// Something that should not happen.
    pub(super) fn unexpected(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Unexpected, "unexpected", message)
    }

    /// The plan of a file is not the plan any more.
    pub(super) fn stale(message: impl Into<String>) -> Failure {
        Failure::new(Exit::StalePlan, "stale_plan", message)
    }

    /// The configuration has these problems.
    pub(super) fn problems(problems: Vec<Problem>) -> Failure {
        let noun = if problems.len() == 1 {
            "problem"
        } else {
            "problems"
        };
        let message = format!("the configuration has {} {noun}", problems.len());
        Failure {
            problems,
            ..Failure::new(Exit::Configuration, "configuration_invalid", message)
        }
    }

    /// For people, on stderr.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("error: {}", self.message);
        if !self.problems.is_empty() {
            text.push(':');
        }
        for problem in &self.problems {
            text.push_str("\n  ");
            text.push_str(&problem.to_string());
        }
        text.push('\n');
        text
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Failure {
        Failure::problems(problems.as_slice().to_vec())
    }
}

impl From<Unresolved> for Failure {
    fn from(unresolved: Unresolved) -> Failure {
        Failure::new(
            Exit::Configuration,
            "configuration_invalid",
            unresolved.to_string(),
        )
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::new(Exit::Store, "store_failed", chain(&error))
    }
}
