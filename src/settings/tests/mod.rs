//! Tests of whole configurations: what is accepted, and what is said about the rest.

mod accounts;
mod example;
mod fingerprints;
mod layers;
mod secrets;
mod service;
mod sources;
mod targets;

use std::path::PathBuf;

use tempfile::TempDir;

use super::{AccountSettings, Environment, Problems, Settings};

/// A source named `crm` that nothing is wrong with.
const SOURCE: &str = "\
[sources.crm]
url = \"sqlite:crm.db\"
query = \"SELECT id, name FROM employees\"
";

/// Files and variables of one configuration.
struct Given {
    dir: TempDir,
    files: Vec<PathBuf>,
    variables: Vec<(String, String)>,
}

impl Given {
    fn files<const N: usize>(texts: [&str; N]) -> Given {
        let dir = tempfile::tempdir().unwrap();
        let files = (1..=N)
            .map(|idx| dir.path().join(format!("{idx}.toml")))
            .collect();
        let given = Given {
            dir,
            files,
            variables: Vec::new(),
        };
        for (path, text) in given.files.iter().zip(texts) {
            std::fs::write(path, text).unwrap();
        }
        given
    }

    fn variable(mut self, name: &str, value: &str) -> Given {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn load(&self) -> Result<Settings, Problems> {
        Settings::load(&self.files, &Environment::new(self.variables.clone()))
    }

    fn settings(&self) -> Settings {
        self.load().unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// The problems as printed, the directory left out.
    fn problems(&self) -> Vec<String> {
        let problems = self.load().expect_err("a configuration with problems");
        let dir = format!("{}/", self.dir.path().display());
        problems
            .as_slice()
            .iter()
            .map(|it| it.to_string().replace(&dir, ""))
            .collect()
    }
}

/// Settings of one file.
fn settings(text: &str) -> Settings {
    Given::files([text]).settings()
}

/// Problems of one file, without the place in it.
fn problems(text: &str) -> Vec<String> {
    let problems = Given::files([text])
        .load()
        .expect_err("a configuration with problems");
    problems
        .as_slice()
        .iter()
        .map(|it| format!("{}: {}", it.key, it.message))
        .collect()
}

/// A configuration of one account for wazzup-v2, with more lines for the account and for its target.
fn with_account(account: &str, target: &str) -> String {
    format!(
        "{SOURCE}
[[accounts]]
name = \"acme\"
source = \"crm\"
removal = \"delete\"
{account}
[accounts.target]
kind = \"wazzup-v2\"
token = \"env:TOKEN\"
{target}
"
    )
}

/// A configuration of one account with just these lines of the account and its target.
fn account_of(account: &str, target: &str) -> String {
    format!(
        "{SOURCE}\n[[accounts]]\nname = \"acme\"\nsource = \"crm\"\n{account}\n[accounts.target]\n{target}\n"
    )
}

fn only_account(text: &str) -> AccountSettings {
    let mut accounts = settings(text).accounts;
    assert_eq!(accounts.len(), 1);
    accounts.remove(0)
}
