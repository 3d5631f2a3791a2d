//! What a configuration may say and this version can't do yet.
//!
//! The whole format is read and checked, so that a configuration written today stays valid; what has no
//! implementation is named instead of being ignored.

use super::problem::{Place, Problem};
use super::{Settings, StoreUrl};

const NOT_YET: &str = "is not supported by this version yet";

impl Settings {
    /// What is asked for and this version can't do; sorted.
    pub fn unsupported(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let StoreUrl::Server(_) = self.store.url {
            problems.push(problem(
                &Place::default(),
                "store.url".to_owned(),
                "a database server",
            ));
        }
        problems.sort();
        problems.dedup();
        problems
    }
}

fn problem(place: &Place, key: String, what: &str) -> Problem {
    let Place { file, line } = place.clone();
    Problem {
        file,
        line,
        key,
        message: format!("{what} {NOT_YET}"),
    }
}
