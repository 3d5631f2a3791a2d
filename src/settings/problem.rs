//! What is wrong with a configuration: all of it, each with its place.
//!
//! Whoever mends a configuration wants to mend it once. So nothing here stops at the first problem: the
//! readers note each one in a [`Report`] and go on. No text holds a value that might be a secret.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::path::PathBuf;

use config::Value;

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The file that says it (or fails to say it); `None` for the environment and for what no file mentions.
    pub file: Option<PathBuf>,
    /// Line in that file, from 1.
    pub line: Option<usize>,
    /// The key, such as `accounts[acme].target.base_url`, or the name of the environment variable; empty
    /// if the file itself is the problem.
    pub key: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem {
            file,
            line,
            key,
            message,
        } = self;
        if let Some(file) = file {
            write!(f, "{}", file.display())?;
            if let Some(line) = line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
        }
        if !key.is_empty() {
            write!(f, "{key}: ")?;
        }
        f.write_str(message)
    }
}

/// All problems of one configuration, sorted by place, each once; never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, sorted and without repetitions; `None` if there are none.
    pub fn new(mut problems: Vec<Problem>) -> Option<Problems> {
        problems.sort();
        problems.dedup();
        (!problems.is_empty()).then_some(Problems(problems))
    }

    /// The problems in order.
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    /// One problem a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (idx, problem) in self.0.iter().enumerate() {
            if idx > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Where a value stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Place {
    pub(super) file: Option<PathBuf>,
    pub(super) line: Option<usize>,
}

impl Place {
    /// Packs the place into the one text that `config` carries along with each value.
    pub(super) fn to_origin(&self) -> Option<String> {
        let file = self.file.as_ref()?.to_str()?;
        Some(format!("{}:{file}", self.line.unwrap_or_default()))
    }

    /// The place of a value; of a table that `config` merged, the place of some value in it.
    pub(super) fn of(value: &Value) -> Place {
        match value.origin() {
            Some(origin) => match origin.split_once(':') {
                Some((line, file)) => Place {
                    file: Some(PathBuf::from(file)),
                    line: line.parse().ok().filter(|line| *line > 0),
                },
                None => Place::default(),
            },
            None => match &value.kind {
                config::ValueKind::Table(entries) => {
                    let mut places: Vec<Place> = entries.values().map(Place::of).collect();
                    places.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
                    let file = places.into_iter().find(|place| place.file.is_some());
                    Place {
                        file: file.and_then(|place| place.file),
                        line: None,
                    }
                }
                _ => Place::default(),
            },
        }
    }
}

/// Takes down problems while a configuration is read.
#[derive(Default)]
pub(super) struct Report {
    problems: RefCell<Vec<Problem>>,
    is_partial: Cell<bool>,
}

impl Report {
    /// Notes a problem.
    pub(super) fn add(&self, place: Place, key: impl Into<String>, message: impl Into<String>) {
        let Place { file, line } = place;
        self.problems.borrow_mut().push(Problem {
            file,
            line,
            key: key.into(),
            message: message.into(),
        });
    }

    /// Notes that something needed is nowhere; not said after [`Report::set_partial`], since it may
    /// stand in the file that could not be read.
    pub(super) fn add_absent(&self, place: Place, key: impl Into<String>, message: impl Into<String>) {
        if !self.is_partial.get() {
            self.add(place, key, message);
        }
    }

    /// Part of the configuration could not be read (which is a problem noted already).
    pub(super) fn set_partial(&self) {
        self.is_partial.set(true);
    }

    /// What was noted.
    pub(super) fn into_problems(self) -> Option<Problems> {
        Problems::new(self.problems.into_inner())
    }
}
