//! What the service costs that has nothing to do: CPU time, resident memory, growth of the store.
//!
//! `cargo bench --bench service` runs 10 accounts of 100 employees each, for 288 cycles (a day of five minutes), one a
//! second; `cargo bench --bench service -- --cycles 20` fewer. Sources are SQLite files, the platform is the
//! simulator, in this process, on plain http. CPU is user and system time of the service, as the kernel tells it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{Connection as _, Executor as _, SqliteConnection};
use wazzup_sync::simulator::{Setup, Simulator};

const ACCOUNTS: usize = 10;
const EMPLOYEES: usize = 100;
const CYCLES: u64 = 288;
const PROGRAM: &str = env!("CARGO_BIN_EXE_wazzup-sync");
/// Ticks of the kernel's clock in a second, the same on every Linux that we know.
const TICKS: f64 = 100.0;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let cycles = args.iter().position(|it| it == "--cycles");
    let cycles = cycles
        .and_then(|at| args.get(at + 1)?.parse().ok())
        .unwrap_or(CYCLES);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be had");
    runtime.block_on(measure(cycles));
}

fn token(account: usize) -> String {
    format!("token-of-the-bench-{account}")
}

async fn measure(cycles: u64) {
    let folder = tempfile::tempdir().expect("a temporary folder can be had");
    let setup = (1..ACCOUNTS).fold(Setup::account(&token(0)), |setup, account| {
        setup.and_account(&token(account), [])
    });
    let simulator = Simulator::start(setup).await.expect("a port is free");
    for account in 0..ACCOUNTS {
        fill(folder.path(), account).await;
    }
    let config = configure(folder.path(), &simulator);
    let mut service = start(&config);
    while (0..ACCOUNTS).any(|it| simulator.users(&token(it)).len() < EMPLOYEES) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The copy of the store, and the first quiet cycles.
    tokio::time::sleep(Duration::from_secs(5)).await;
    simulator.clear_requests();
    let (cpu_before, resident_before) = usage(&service);
    let bytes_before = bytes(folder.path());
    tokio::time::sleep(Duration::from_secs(cycles)).await;
    let (cpu_after, resident_after) = usage(&service);
    let bytes_after = bytes(folder.path());
    let _ = service.kill();
    let _ = service.wait();
    assert_eq!(
        simulator.requests().len(),
        0,
        "who has nothing to do sends no request"
    );
    println!("{ACCOUNTS} accounts of {EMPLOYEES}, {cycles} quiet cycles");
    println!("CPU                {:>8.2} s", cpu_after - cpu_before);
    println!("CPU of the start   {cpu_before:>8.2} s");
    println!("resident, begin    {:>8.1} MiB", resident_before / 1024.0);
    println!("resident, end      {:>8.1} MiB", resident_after / 1024.0);
    println!("store grew by      {:>8} bytes", bytes_after - bytes_before);
    simulator.shutdown().await;
}

async fn fill(folder: &Path, account: usize) {
    let url = format!(
        "sqlite:{}?mode=rwc",
        folder.join(format!("{account}.db")).display()
    );
    let mut conn = SqliteConnection::connect(&url).await.expect("a file can be made");
    let rows: Vec<String> = (1..=EMPLOYEES)
        .map(|n| format!("({n}, 'Anna Person {n}', '+371 26 {account:03} {n:03}', 1)"))
        .collect();
    let sql = format!(
        "CREATE TABLE employees (id INTEGER PRIMARY KEY, name TEXT, phone TEXT, active INTEGER);
         INSERT INTO employees VALUES {}",
        rows.join(", ")
    );
    conn.execute(sqlx::AssertSqlSafe(sql))
        .await
        .expect("the file is new");
    conn.close().await.expect("the file was written");
}

fn configure(folder: &Path, simulator: &Simulator) -> PathBuf {
    let mut text = format!(
        "[store]\nurl = \"sqlite:{}\"\n[daemon]\nschedule = \"* * * * * *\"\njitter = \"0s\"\n\
         listen = \"127.0.0.1:0\"\n[http]\nrequests_per_second = 1000\nsettle = \"10ms\"\n",
        folder.join("state.db").display()
    );
    for account in 0..ACCOUNTS {
        text.push_str(&format!(
            "[sources.crm{account}]\nurl = \"sqlite:{db}\"\nquery = \"SELECT id, name, phone, active FROM employees\"\n\
             [[accounts]]\nname = \"account{account}\"\nsource = \"crm{account}\"\nremoval = \"delete\"\n\
             [accounts.target]\nkind = \"wazzup-v2\"\nbase_url = \"{url}\"\ntoken = \"env:BENCH_TOKEN_{account}\"\n",
            db = folder.join(format!("{account}.db")).display(),
            url = simulator.base_url(),
        ));
    }
    let path = folder.join("config.toml");
    std::fs::write(&path, text).expect("the folder can be written");
    path
}

fn start(config: &Path) -> Child {
    let tokens = (0..ACCOUNTS).map(|it| (format!("BENCH_TOKEN_{it}"), token(it)));
    Command::new(PROGRAM)
        .arg("--config")
        .arg(config)
        .arg("run")
        .envs(tokens)
        .stderr(Stdio::null())
        .spawn()
        .expect("the program can be started")
}

/// CPU seconds and resident KiB so far.
fn usage(service: &Child) -> (f64, f64) {
    let read = |name: &str| {
        std::fs::read_to_string(format!("/proc/{}/{name}", service.id())).expect("the service runs")
    };
    let stat = read("stat");
    // The name in parentheses may hold blanks; what follows is numbers.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("a number of ticks");
    let status = read("status");
    let resident = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|it| it.split_whitespace().next()?.parse().ok());
    (
        (ticks(11) + ticks(12)) / TICKS,
        resident.expect("the kernel tells it"),
    )
}

fn bytes(folder: &Path) -> i64 {
    let meta = std::fs::metadata(folder.join("state.db")).expect("the store is there");
    i64::try_from(meta.len()).unwrap_or(i64::MAX)
}
