//! A company for one test: its CRM, its platform, its configuration, and the program to run on them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use wazzup_sync::settings::{Environment, Settings};
use wazzup_sync::simulator::{Setup, SimUser, Simulator};
use wazzup_sync::store::{RemoteLock, Store};
use wazzup_sync::workplace::{Workplace, system_clock};

use super::aside;
use super::ended::Ended;

/// The credential of `acme`; no secret, and not to be seen in any output all the same.
pub const TOKEN: &str = "acme-token-5b1f";

/// The partner who looks after `acme`, and the number of that account.
pub const LOGIN: &str = "partner@example.com";
pub const PASSWORD: &str = "partner-password-9c2e";
pub const NUMBER: &str = "7204-2419";

/// What `acme` granted to the application `client`.
pub const REFRESH_TOKEN: &str = "first-refresh-token-1d47";

pub struct World {
    dir: TempDir,
    runtime: Runtime,
    simulator: Simulator,
}

/// A row of the CRM: id, name, phone (empty: none).
pub type Row<'a> = (&'a str, &'a str, &'a str);

pub const ANNA: Row<'_> = ("1", "Anna Ozola", "+37126000001");
pub const BERTA: Row<'_> = ("2", "Berta Liepa", "+37126000002");
pub const CARL: Row<'_> = ("3", "Carl Egle", "+37126000003");

impl World {
    /// A company whose CRM has these employees, and whose platform has no users.
    pub fn new(rows: &[Row<'_>]) -> World {
        let setup = Setup::account(TOKEN)
            .and_partner(LOGIN, PASSWORD, &NUMBER.replace('-', ""), TOKEN)
            .and_grant(TOKEN, REFRESH_TOKEN);
        let world = World {
            dir: TempDir::new().unwrap(),
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            simulator: aside::simulator(setup),
        };
        world.secret("acme", TOKEN);
        world.employ(rows);
        world.configure(&world.account("acme", "acme"));
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    pub fn secret(&self, name: &str, text: &str) {
        let path = self.path(&format!("{name}.token"));
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The `[[accounts]]` of that name, with the credential of that name.
    pub fn account(&self, name: &str, credential: &str) -> String {
        format!(
            "[[accounts]]\nname = \"{name}\"\nsource = \"crm\"\nremoval = \"delete\"\n[accounts.target]\n\
             kind = \"wazzup-v2\"\nbase_url = \"{}\"\ntoken = \"file:{}\"\n",
            self.simulator.base_url(),
            self.path(&format!("{credential}.token")).display()
        )
    }

    /// The configuration with these accounts.
    pub fn configure(&self, accounts: &str) {
        let settings = format!(
            "[store]\nurl = \"sqlite:{store}\"\n[http]\nsettle = \"1ms\"\nretry_base = \"1ms\"\n\
             requests_per_second = 1000\n[sources.crm]\nurl = \"sqlite:{crm}\"\n\
             query = \"SELECT id, name, phone FROM employees\"\ndefault_region = \"LV\"\n{accounts}",
            store = self.path("state.db").display(),
            crm = self.path("crm.db").display(),
        );
        fs::write(self.path("c.toml"), settings).unwrap();
    }

    /// The same configuration with one text in the place of another.
    pub fn reconfigure(&self, from: &str, to: &str) {
        let path = self.path("c.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// The CRM has these employees and no others.
    pub fn employ(&self, rows: &[Row<'_>]) {
        let url = format!("sqlite:{}?mode=rwc", self.path("crm.db").display());
        self.runtime.block_on(async {
            let mut conn = SqliteConnection::connect(&url).await.unwrap();
            let table =
                "DROP TABLE IF EXISTS employees; CREATE TABLE employees (id TEXT, name TEXT, phone TEXT)";
            sqlx::raw_sql(table).execute(&mut conn).await.unwrap();
            for (id, name, phone) in rows {
                let insert = "INSERT INTO employees VALUES ($1, $2, nullif($3, ''))";
                let insert = sqlx::query(insert).bind(id).bind(name).bind(phone);
                insert.execute(&mut conn).await.unwrap();
            }
            conn.close().await.unwrap();
        });
    }

    /// So many employees.
    pub fn employ_many(&self, n: usize) {
        let rows: Vec<(String, String, String)> = (1..=n)
            .map(|it| (it.to_string(), format!("Person {it}"), format!("+371260{it:05}")))
            .collect();
        let rows: Vec<Row<'_>> = rows
            .iter()
            .map(|(id, name, phone)| (id.as_str(), name.as_str(), phone.as_str()))
            .collect();
        self.employ(&rows);
    }

    /// The platform has this user, by an administrator's hand.
    pub fn put(&self, id: &str, name: &str, phone: &str) {
        let phone = Some(phone).filter(|it| !it.is_empty());
        self.simulator.put_user(TOKEN, SimUser::new(id, name, phone));
    }

    /// Ids on the platform.
    pub fn ids(&self) -> Vec<String> {
        self.simulator.users(TOKEN).into_iter().map(|it| it.id).collect()
    }

    /// The command of that line; the configuration is added.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wazzup-sync"));
        command
            .args(["--config", "c.toml"])
            .args(line.split_whitespace())
            .current_dir(self.dir())
            .env_clear()
            .env("USER", "tester")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, line: &str) -> Ended {
        ended(self.command(line).output().unwrap())
    }

    /// Takes the remote of `acme`, as another process at work would.
    pub fn occupy(&self) -> RemoteLock {
        let environment = Environment::new([]);
        let settings = Settings::load(&[self.path("c.toml")], &environment).unwrap();
        let workplace = Workplace::new(settings, environment, system_clock());
        self.runtime.block_on(async {
            let store = Store::open(&self.path("state.db")).await.unwrap();
            let account = workplace.settings.account("acme").unwrap();
            let remote = workplace.remote_of(account, Some(&store)).unwrap();
            store.lock_remote(&remote).await.unwrap().unwrap()
        })
    }
}

pub fn ended(output: Output) -> Ended {
    let ended = Ended::of(output);
    for text in [&ended.out, &ended.err] {
        for secret in [TOKEN, PASSWORD, REFRESH_TOKEN] {
            assert!(!text.contains(secret), "{secret} is shown: {text}");
        }
        assert!(!text.contains("panicked"), "{text}");
    }
    ended
}
