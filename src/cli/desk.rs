//! What every command begins with: the console, the configuration, the store.

use std::path::PathBuf;

use super::console::Console;
use super::failure::Failure;
use super::render::Show;
use crate::domain::memory::Millis;
use crate::settings::{Environment, Settings};
use crate::store::Store;
use crate::workplace::{Workplace, system_clock};

/// A command's surroundings.
pub(super) struct Desk {
    pub(super) console: Console,
    config: Vec<PathBuf>,
    environment: Environment,
}

impl Desk {
    pub(super) fn new(console: Console, config: Vec<PathBuf>, environment: Environment) -> Desk {
        Desk {
            console,
            config,
            environment,
        }
    }

    /// The configuration.
    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        Ok(Settings::load(&self.config, &self.environment)?)
    }

    /// The configuration with all that it opens.
    pub(super) fn workplace(&self) -> Result<Workplace, Failure> {
        let settings = self.settings()?;
        Ok(Workplace::new(settings, self.environment.clone(), system_clock()))
    }

    /// The store to write to; it is made if it is not there.
    pub(super) async fn store(&self, workplace: &Workplace) -> Result<Store, Failure> {
        Ok(Store::open(workplace.store_path()?).await?)
    }

    /// The store to read from, if there is one. Makes and changes nothing.
    pub(super) async fn store_read_only(&self, workplace: &Workplace) -> Result<Option<Store>, Failure> {
        Ok(Store::open_read_only(workplace.store_path()?).await?)
    }

    /// How an answer for people is written.
    pub(super) fn show(&self, show_phones: bool) -> Show {
        Show {
            style: self.console.style,
            show_phones,
            command: self.command(),
        }
    }

    /// The beginning of a command line that speaks of the same configuration.
    pub(super) fn command(&self) -> String {
        let mut command = "wazzup-sync".to_owned();
        for file in &self.config {
            command.push_str(" --config ");
            command.push_str(&quoted(&file.display().to_string()));
        }
        command
    }

    /// Who gives the command, for the record.
    pub(super) fn who(&self) -> String {
        let variables = self.environment.variables();
        let names = ["SUDO_USER", "LOGNAME", "USER"].into_iter();
        let name = names
            .filter_map(|name| variables.get(name))
            .find(|it| !it.is_empty());
        match name {
            Some(name) => crate::text::printable(name),
            None => format!("uid {}", rustix::process::geteuid().as_raw()),
        }
    }
}

/// The time of day.
pub(super) fn now(workplace: &Workplace) -> Millis {
    (workplace.clock)()
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_./:@%+=,".contains(it);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("/etc/a.toml"), "/etc/a.toml");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
