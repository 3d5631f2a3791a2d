//! A table far larger than the account: what it costs, and what is said. Alone in its process, since the
//! kernel tells the memory of all children together.
#![expect(clippy::unwrap_used, reason = "a test may fail, and its helpers with it")]

#[path = "support/aside.rs"]
mod aside;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use nix::sys::resource::{UsageWho, getrusage};
use serde_json::Value;
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use tokio::runtime::Builder;
use wazzup_sync::simulator::Setup;

const TOKEN: &str = "acme-token-5b1f";

/// Largest resident set of a plan over a hundred thousand employees, in KiB.
const MAX_RESIDENT: i64 = 48 * 1024;

/// Employees with keys like UUIDs, and more columns than are needed.
const FILL: &str = "
    CREATE TABLE employees (id TEXT, name TEXT, phone TEXT, active INTEGER, role TEXT, updated_at TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
    INSERT INTO employees SELECT printf('%08x-9c0b-4ef8-bb6d-6bb9bd380a11', (i * 7919) % 100003),
        'Firstname Lastname ' || i, printf('+371 20 %06d', i), i % 10 > 0, 'sales|manager', '2026-11-22 07:08:09'
    FROM n";

/// Runs the program; yields its only document.
fn run(folder: &Path, base_url: &str, max_rows: usize, command: &str, code: i32) -> Value {
    let settings = format!(
        "[store]\nurl = \"sqlite:{folder}/state.db\"\n[http]\nsettle = \"1ms\"\nrequests_per_second = 1000\n\
         [sources.crm]\nurl = \"sqlite:{folder}/crm.db\"\nquery = \"SELECT * FROM employees\"\n\
         default_region = \"LV\"\nmax_rows = {max_rows}\n\
         [[accounts]]\nname = \"acme\"\nsource = \"crm\"\nremoval = \"delete\"\n\
         [accounts.target]\nkind = \"wazzup-v2\"\nbase_url = \"{base_url}\"\ntoken = \"file:{folder}/token\"\n",
        folder = folder.display(),
    );
    fs::write(folder.join("c.toml"), settings).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_wazzup-sync"))
        .args(["--config", "c.toml", command, "--output", "json"])
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    document["accounts"][0].clone()
}

#[test]
fn a_hundred_thousand_employees_are_planned_in_little_memory_and_who_has_no_seat_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, TOKEN).unwrap();
    fs::set_permissions(token, fs::Permissions::from_mode(0o600)).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let simulator = aside::simulator(Setup::account(TOKEN));
    runtime.block_on(async {
        let url = format!("sqlite:{}/crm.db?mode=rwc", folder.path().display());
        let mut crm = SqliteConnection::connect(&url).await.unwrap();
        crm.execute(FILL).await.unwrap();
        crm.close().await.unwrap();
    });
    let base_url = simulator.base_url();
    let base_url = base_url.as_str();

    let plan = run(folder.path(), base_url, 100_000, "plan", 0);
    let resident = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    assert!(resident <= MAX_RESIDENT, "{resident} KiB");
    assert_eq!(plan["source"]["rows"], 100_000);
    assert_eq!(plan["changes"]["create"], 90_000);
    assert_eq!(plan["users"].as_array().unwrap().len(), 2000);
    assert_eq!(plan["unlisted"], 88_000);
    assert_eq!(plan["batches"].as_array().unwrap().len(), 10);
    assert_eq!(simulator.counts().writes(), 0);

    let refused = run(folder.path(), base_url, 20_000, "plan", 65);
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("more than 20000 rows (max_rows): there are 100000"),
        "{message}"
    );

    // Who is counted only is told of by every run, and gets a seat when one is free.
    for _ in 0..2 {
        let run = run(folder.path(), base_url, 100_000, "reconcile", 3);
        assert_eq!(run["outcomes"]["deferred"], 89_000);
        assert_eq!(run["unlisted"], 88_000);
    }
    let leaver = simulator.users(TOKEN).swap_remove(0).id;
    runtime.block_on(async {
        let url = format!("sqlite:{}/crm.db", folder.path().display());
        let mut crm = SqliteConnection::connect(&url).await.unwrap();
        let leave = sqlx::query("UPDATE employees SET active = 0 WHERE id = $1");
        leave.bind(&leaver).execute(&mut crm).await.unwrap();
        crm.close().await.unwrap();
    });
    let after = run(folder.path(), base_url, 100_000, "reconcile", 3);
    assert_eq!(after["outcomes"]["applied"], 2);
    assert_eq!(after["outcomes"]["deferred"], 88_999);
    let users = simulator.users(TOKEN);
    assert_eq!(users.len(), 1000);
    assert!(users.iter().all(|it| it.id != leaver));
    assert!(simulator.violations().is_empty());
}
