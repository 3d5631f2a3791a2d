//! What a configuration may say and this version can't do yet.
//!
//! The whole format is read and checked, so that a configuration written today stays valid; what has no
//! implementation is named instead of being ignored.

use super::problem::{Place, Problem};
use super::target::{Platform, WazzupCredential};
use super::{AccountSettings, Settings, StoreUrl};

const NOT_YET: &str = "is not supported by this version yet";

impl Settings {
    /// What enabled accounts and the store ask for and this version can't do; sorted.
    pub fn unsupported(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let StoreUrl::Server(_) = self.store.url {
            problems.push(problem(
                &Place::default(),
                "store.url".to_owned(),
                "a database server",
            ));
        }
        for account in self.accounts.iter().filter(|it| it.enabled) {
            problems.extend(self.unsupported_of(account));
        }
        problems.sort();
        problems.dedup();
        problems
    }

    /// What one account asks for, enabled or not, and this version can't do.
    pub fn unsupported_of(&self, account: &AccountSettings) -> Vec<Problem> {
        of_target(account)
    }
}

fn of_target(account: &AccountSettings) -> Vec<Problem> {
    let key = |name: &str| format!("accounts[{}].{name}", account.name);
    let mut problems = Vec::new();
    match &account.target.platform {
        Platform::WazzupV2 { credential, .. } => match credential {
            WazzupCredential::Token(_) => {}
            WazzupCredential::WhiteLabel { .. } => {
                let key = key("target.white_label");
                problems.push(problem(&account.place, key, "a partner's login"));
            }
            WazzupCredential::OAuth { .. } => {
                problems.push(problem(&account.place, key("target.oauth"), "OAuth"));
            }
        },
        Platform::WazzupV3 { .. } | Platform::Wuts { .. } | Platform::Meta(_) => {}
    }
    problems
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
