//! The whole program with a preset, from the configuration to the platform.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use wazzup_sync::simulator::{Setup, Simulator};

use super::aside;
use super::database::Database;

const TOKEN: &str = "preset-token-9c41";

/// A company with Odoo and a platform.
struct World {
    folder: TempDir,
    database: Database,
    simulator: Simulator,
}

impl World {
    async fn new() -> World {
        let database = Database::postgres().await;
        database.execute(text!("odoo.sql")).await;
        World {
            folder: TempDir::new().unwrap(),
            database,
            simulator: aside::simulator(Setup::account(TOKEN)),
        }
    }

    /// Runs the program, its source with these lines.
    fn run(&self, command: &str, source: &str) -> Output {
        let settings = format!(
            "[store]\nurl = \"sqlite:state.db\"\n[http]\nsettle = \"1ms\"\nrequests_per_second = 1000\n\
             [sources.crm]\nurl = \"env:CRM\"\ndefault_region = \"LV\"\n{source}\n\
             [[accounts]]\nname = \"acme\"\nsource = \"crm\"\nremoval = \"delete\"\n[accounts.target]\n\
             kind = \"wazzup-v2\"\nbase_url = \"{}\"\ntoken = \"env:TOKEN\"\n",
            self.simulator.base_url()
        );
        fs::write(self.folder.path().join("c.toml"), settings).unwrap();
        Command::new(env!("CARGO_BIN_EXE_wazzup-sync"))
            .args(["--config", "c.toml", command, "--output", "json"])
            .current_dir(self.folder.path())
            .env_clear()
            .env("CRM", &self.database.url)
            .env("TOKEN", TOKEN)
            .output()
            .unwrap()
    }

    fn ids(&self) -> Vec<String> {
        self.simulator.users(TOKEN).into_iter().map(|it| it.id).collect()
    }
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|err| panic!("{err}: {output:?}"))
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn people_of_a_preset_reach_the_platform_and_other_parameters_remove_nobody_unasked() {
    let world = World::new().await;
    let output = world.run("reconcile", "preset = \"odoo\"");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let all = ["10", "13", "15", "2", "7", "8", "9"];
    assert_eq!(world.ids(), all);

    // One who is not of that company would go, which no limit forbids.
    let output = world.run("reconcile", "preset = \"odoo\"\nparams = { company_id = 1 }");
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let hold = &document(&output)["accounts"][0]["holds"][0];
    assert_eq!(
        (&hold["reason"], &hold["users"]),
        (&"settings_changed".into(), &["15"][..].into())
    );
    assert_eq!(world.ids(), all);

    // Another preset is another question too.
    let output = world.run(
        "plan",
        "preset = \"odoo-without-hr\"\nparams = { company_id = 1 }",
    );
    let hold = &document(&output)["accounts"][0]["holds"][0];
    assert_eq!(hold["reason"], "settings_changed");
    world.database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn a_preset_for_another_database_than_the_secret_address_names_is_refused() {
    let world = World::new().await;
    let output = world.run("reconcile", "preset = \"suitecrm\"");
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    let told = document(&output).to_string();
    assert!(
        told.contains("sources.crm.preset: SuiteCRM 7.14 and 8 is read from MySQL or MariaDB, and the address is one of PostgreSQL"),
        "{told}"
    );
    world.database.drop().await;
}
