//! A folder, a database, and the program to run on them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use wazzup_sync::simulator::Setup;

use super::aside;
use super::database::Database;
use super::ended::Ended;

/// The platform's token; in no output.
pub const TOKEN: &str = "init-token-77d0";

pub struct Lab {
    pub folder: TempDir,
    pub database: Database,
}

impl Lab {
    pub fn new(database: Database) -> Lab {
        let folder = tempfile::tempdir().unwrap();
        Lab { folder, database }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names in the folder, in order.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }

    pub fn config(&self) -> String {
        fs::read_to_string(self.path("config.toml")).unwrap()
    }

    /// The program with these arguments; `CRM` is the address of the database.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wazzup-sync"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("CRM", &self.database.url)
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ended {
        let ended = Ended::of(self.command(args).output().unwrap());
        for text in [&ended.out, &ended.err] {
            assert!(!text.contains("panicked") && !text.contains(TOKEN), "{text}");
        }
        ended
    }

    /// `init` on the database, with more arguments.
    pub fn init(&self, more: &[&str]) -> Ended {
        self.run(&[&["init", "--source", "env:CRM"], more].concat())
    }

    /// The written file through the commands that come next, on a simulated platform; the answer of `plan`.
    pub async fn next_steps(&self) -> Ended {
        self.run(&["--config", "config.toml", "check", "--offline"])
            .expect(0);
        let simulator = aside::simulator(Setup::account(TOKEN));
        let kind = "kind = \"wazzup-v2\"\n";
        let config = self.config();
        assert!(config.contains(kind), "{config}");
        let base_url = format!("{kind}base_url = \"{}\"\n", simulator.base_url());
        fs::write(self.path("config.toml"), config.replace(kind, &base_url)).unwrap();
        fs::write(self.path("token"), TOKEN).unwrap();
        fs::set_permissions(self.path("token"), fs::Permissions::from_mode(0o600)).unwrap();
        self.run(&["--config", "config.toml", "check"]).expect(0);
        let plan = self.run(&["--config", "config.toml", "plan"]).expect(0);
        assert_eq!(simulator.users(TOKEN).len(), 0);
        plan
    }
}
