//! What the service costs that has nothing to do: CPU time, resident memory, growth of the store. And what a year of
//! history costs in the store.
//!
//! `cargo bench --bench service` runs 10 accounts of 100 employees each, for 288 cycles (a day of five minutes), one a
//! second; `cargo bench --bench service -- --cycles 20` fewer. Sources are SQLite files, the platform is the
//! simulator, in this process, on plain http. CPU is user and system time of the service, as the kernel tells it.
//!
//! Meanwhile a store lives through a year (`--days 30`: less) by a clock of its own: one account of 1,000 users, 288
//! cycles a day, of which one an hour changes ten users and all others find nothing to do; history is kept 90 days.
//!
//! Ends with 1 if a limit is broken. What memory and time a debug build takes is shown, and not judged.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use sqlx::{Connection as _, Executor as _, SqliteConnection};
use wazzup_sync::domain::batch::{Batch, Item, PhoneField, Purpose, Verb};
use wazzup_sync::domain::memory::{Millis, Origin, Remembered};
use wazzup_sync::domain::outcome::{Change, Op, Outcome, Settled};
use wazzup_sync::domain::phone::Phone;
use wazzup_sync::domain::user::{User, UserId};
use wazzup_sync::simulator::{Setup, Simulator};
use wazzup_sync::store::{AnswerRecord, Closing, DigestChange, Store};

const ACCOUNTS: usize = 10;
const EMPLOYEES: usize = 100;
const CYCLES: u64 = 288;
const DAYS: u64 = 365;
const PROGRAM: &str = env!("CARGO_BIN_EXE_wazzup-sync");
/// Ticks of the kernel's clock in a second, the same on every Linux that we know.
const TICKS: f64 = 100.0;

/// The most that may be resident at any time, in MiB.
const MAX_RESIDENT: f64 = 24.0;
/// By how much it may have grown over all cycles, in MiB: pages that are touched for the first time, and no leak.
const MAX_GROWTH: f64 = 1.0;
/// The most CPU time for a start and 288 cycles, in seconds.
const MAX_CPU: f64 = 15.0;
/// How much larger the store may be at any time after the first history was taken away: pages that are free meanwhile.
const MAX_SWELL: f64 = 1.1;
/// History is kept so long, in days.
const HISTORY: u64 = 90;
/// Users of the account whose store lives through a year.
const USERS: usize = 1000;
/// Of them, so many are changed in an hour.
const CHANGED: usize = 10;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let number = |name: &str| {
        let at = args.iter().position(|it| it == name)?;
        args.get(at + 1)?.parse().ok()
    };
    let cycles = number("--cycles").unwrap_or(CYCLES);
    let days = number("--days").unwrap_or(DAYS);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be had");
    let mut table = Table::default();
    runtime.block_on(async {
        let year = tokio::spawn(live(days));
        measure(cycles, &mut table).await;
        year.await
            .expect("the store takes all of it")
            .show(days, &mut table);
    });
    match table.n_broken {
        0 => ExitCode::SUCCESS,
        n => {
            eprintln!("{n} limits are broken");
            ExitCode::FAILURE
        }
    }
}

/// What is measured, a line each.
#[derive(Default)]
struct Table {
    n_broken: usize,
}

impl Table {
    /// Without a limit.
    fn show(&self, what: &str, value: f64, unit: &str) {
        println!("{what:<34} {value:>9.2} {unit}");
    }

    /// With one, which holds if `is_judged`.
    fn judge(&mut self, what: &str, value: f64, limit: f64, unit: &str, is_judged: bool) {
        let verdict = match (is_judged, value <= limit) {
            (false, _) => "not judged: a debug build",
            (true, true) => "ok",
            (true, false) => "BROKEN",
        };
        self.n_broken += usize::from(verdict == "BROKEN");
        println!("{what:<34} {value:>9.2} {unit:<5} at most {limit:>6.2}  {verdict}");
    }
}

fn token(account: usize) -> String {
    format!("token-of-the-bench-{account}")
}

async fn measure(cycles: u64, table: &mut Table) {
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
    tokio::time::sleep(Duration::from_secs(15)).await;
    simulator.clear_requests();
    let before = usage(&service);
    let passes_before = quiet_passes(folder.path()).await;
    let bytes_before = bytes(folder.path());
    tokio::time::sleep(Duration::from_secs(cycles)).await;
    let after = usage(&service);
    let passes = quiet_passes(folder.path()).await - passes_before;
    let grown = bytes(folder.path()).saturating_sub(bytes_before);
    let _ = service.kill();
    let _ = service.wait();

    println!("{ACCOUNTS} accounts of {EMPLOYEES}, {cycles} cycles with nothing to do");
    let is_judged = !cfg!(debug_assertions);
    table.show("passes", passes, "");
    let least = ACCOUNTS as f64 * cycles as f64 * 0.95;
    table.judge(
        "passes that are missing",
        (least - passes).max(0.0),
        0.0,
        "",
        true,
    );
    let requests = simulator.requests().len() as f64;
    table.judge("requests to platforms", requests, 0.0, "", true);
    table.show("resident, begin", before.resident, "MiB");
    table.judge("resident, end", after.resident, MAX_RESIDENT, "MiB", is_judged);
    table.judge("resident, at most", after.peak, MAX_RESIDENT, "MiB", is_judged);
    let growth = after.resident - before.resident;
    table.judge("resident, growth", growth, MAX_GROWTH, "MiB", true);
    table.show("CPU of the cycles", after.cpu - before.cpu, "s");
    table.judge("CPU in all", after.cpu, MAX_CPU, "s", is_judged);
    table.judge("growth of the store", kib(grown), 0.0, "KiB", true);
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
    let log = std::fs::File::create(config.with_extension("log")).expect("the folder can be written");
    Command::new(PROGRAM)
        .arg("--config")
        .arg(config)
        .arg("run")
        .envs(tokens)
        // As the unit in `deploy/` runs it.
        .env("MALLOC_ARENA_MAX", "1")
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the program can be started")
}

/// Passes with nothing to do so far, as the service counts them.
async fn quiet_passes(folder: &Path) -> f64 {
    let log = std::fs::read_to_string(folder.join("config.log")).expect("the service logs");
    let line = log.lines().find(|it| it.contains("are served"));
    let port = line.and_then(|it| it.rsplit(':').next());
    let port = port.expect("the service says where").trim();
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/metrics"));
    let text = answer.await.expect("the service answers").text();
    let text = text.await.expect("the service answers");
    let sample = "wazzup_sync_runs_total{platform=\"wazzup-v2\",result=\"quiet\"} ";
    let value = text.lines().find_map(|it| it.strip_prefix(sample)?.parse().ok());
    value.expect("the service counts them")
}

/// What the service has used so far.
struct Usage {
    /// Seconds.
    cpu: f64,
    /// MiB.
    resident: f64,
    /// MiB.
    peak: f64,
}

fn usage(service: &Child) -> Usage {
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
    let mib = |name: &str| {
        let line = status.lines().find_map(|it| it.strip_prefix(name));
        let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<f64>().ok());
        kib.expect("the kernel tells it") / 1024.0
    };
    Usage {
        cpu: (ticks(11) + ticks(12)) / TICKS,
        resident: mib("VmRSS:"),
        peak: mib("VmHWM:"),
    }
}

fn bytes(folder: &Path) -> u64 {
    let meta = std::fs::metadata(folder.join("state.db")).expect("the store is there");
    meta.len()
}

fn kib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

/// Sizes of a store, in bytes with its journal, at the end of each day.
struct Year(Vec<u64>);

impl Year {
    fn show(&self, days: u64, table: &mut Table) {
        let mib = |bytes: u64| kib(bytes) / 1024.0;
        let at = |day: u64| self.0.get(usize::try_from(day).unwrap_or(usize::MAX)).copied();
        println!("\nthe store of {USERS} users, 288 cycles a day, {days} days, history of {HISTORY} days");
        for day in [1, 30, HISTORY, 180, 270, 365] {
            if let Some(bytes) = at(day - 1) {
                table.show(&format!("after day {day}"), mib(bytes), "MiB");
            }
        }
        // From then on as much goes as comes.
        let Some(full) = at(HISTORY + 1) else {
            println!("too few days to see history go");
            return;
        };
        let largest = self.0.iter().copied().max().unwrap_or_default();
        let limit = mib(full) * MAX_SWELL;
        table.judge("largest ever", mib(largest), limit, "MiB", true);
    }
}

/// Lets a store live through so many days.
async fn live(days: u64) -> Year {
    // In memory, if that can be had: it is the size that is looked at, and no disk has to take a year's writes.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let folder = folder.expect("a temporary folder can be had");
    let store = Store::open(&folder.path().join("state.db"))
        .await
        .expect("the folder is empty");
    let mut now = Millis(1_800_000_000_000);
    let mut first = Closing::new(now, "in_sync", 0);
    first.remember = (0..USERS).map(|n| remembered(n, 0, now)).collect();
    first.verified_at = Some(now);
    let run = store.begin_run("acme", now).await.expect("the store is ours");
    store.close_run(&run, &first).await.expect("the run is open");
    let mut sizes = Vec::new();
    for day in 0..days {
        for cycle in 0..CYCLES {
            now = now.plus(Millis::DAY / CYCLES as i64);
            if cycle % 12 == 0 {
                let n_changes = usize::try_from(day * 24 + cycle / 12).expect("few enough");
                change(&store, n_changes, now).await;
            } else {
                store
                    .quiet(&[("acme", USERS as u64)], now)
                    .await
                    .expect("the store is ours");
            }
        }
        let before = now.plus(-Millis::DAY * HISTORY as i64);
        while store.prune(before, 500).await.expect("the store is ours") > 0 {}
        sizes.push(store.bytes());
    }
    store.close().await.expect("the store is ours");
    Year(sizes)
}

fn user(n: usize, version: usize) -> User {
    User {
        id: UserId::from(n.to_string().as_str()),
        name: format!("Anna Person {n}, the {version}th of that name").into(),
        phone: Phone::from_remote(&format!("3712{n:07}")),
        grant: None,
    }
}

fn remembered(n: usize, version: usize, now: Millis) -> (UserId, Remembered) {
    let user = user(n, version);
    let remembered = Remembered::new(Origin::Created, now, Some(user.clone()));
    (user.id, remembered)
}

/// A pass that changes some users, as the journal and the record have it.
async fn change(store: &Store, n_changes: usize, now: Millis) {
    let ours = "the store is ours";
    let changed: Vec<usize> = (0..CHANGED)
        .map(|it| (n_changes * CHANGED + it) % USERS)
        .collect();
    let item = |n: &usize| {
        let user = user(*n, n_changes);
        Item {
            id: user.id,
            name: user.name,
            phone: user.phone.map_or(PhoneField::None, PhoneField::Number),
            grant: None,
            purpose: Purpose::Apply,
        }
    };
    let batch = Batch {
        verb: Verb::Update,
        items: changed.iter().map(item).collect(),
    };
    let settled = |n: &usize| Settled {
        change: Change {
            id: UserId::from(n.to_string().as_str()),
            op: Op::Update,
            old: Some(user(*n, 0)),
            new: Some(user(*n, n_changes)),
        },
        outcome: Outcome::Applied,
        code: None,
        detail: None,
        attempts: 1,
        status: Some(200),
    };
    let run = store.begin_run("acme", now).await.expect(ours);
    store
        .intend(&run, 1, &batch, &BTreeSet::new(), now)
        .await
        .expect(ours);
    let answer = AnswerRecord {
        meaning: "accepted",
        status: Some(200),
        code: None,
        text: "",
    };
    store.answered(&run, 1, &answer, now).await.expect(ours);
    let mut closing = Closing::new(now, "in_sync", 0);
    closing.settled = changed.iter().map(settled).collect();
    closing.remember = changed.iter().map(|n| remembered(*n, n_changes, now)).collect();
    closing.digest = DigestChange::Set(format!("{n_changes:032x}"));
    store.close_run(&run, &closing).await.expect(ours);
}
