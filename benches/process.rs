//! What a whole command costs: CPU time and resident memory of the program as a child process.
//!
//! `cargo bench --bench process` measures on SQLite; with `WAZZUP_SYNC_TEST_POSTGRES` naming a server's
//! administrator, on PostgreSQL. The platform is the simulator, in this process, on plain http.
//!
//! CPU is user and system time together, as the kernel accounts it for the finished child: the median of
//! [`RUNS`] runs. Memory is the largest resident set of any of them.
//!
//! `cargo bench --bench process -- --order FILE` measures nothing, but writes the linker's order of functions.
//! It needs valgrind.

#[path = "../tests/support/aside.rs"]
mod aside;
#[path = "process/order.rs"]
mod order;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use order::{Order, executed};
use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use wazzup_sync::simulator::{Setup, Simulator};

const EMPLOYEES: usize = 1000;
const RUNS: usize = 15;
const TOKEN: &str = "token-of-the-bench";
const PROGRAM: &str = env!("CARGO_BIN_EXE_wazzup-sync");

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(position) = args.iter().position(|arg| arg == "--measure") {
        return measure_here(
            &args[position + 1],
            args[position + 2].parse().expect("a number of runs"),
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be had");
    match args.iter().position(|arg| arg == "--order") {
        Some(position) => {
            let mut order = Order::default();
            runtime.block_on(work_through(&mut Work::Trace(&mut order)));
            std::fs::write(&args[position + 1], order.script()).expect("the file can be written");
        }
        None => {
            println!("{EMPLOYEES} employees, median of {RUNS} runs      CPU ms   resident MiB");
            runtime.block_on(work_through(&mut Work::Measure));
        }
    }
}

/// What is done with each source.
enum Work<'a> {
    Measure,
    Trace(&'a mut Order),
}

async fn work_through(work: &mut Work<'_>) {
    let folder = tempfile::tempdir().expect("a temporary folder can be had");
    let sqlite = folder.path().join("crm.db");
    let url = format!("sqlite:{}?mode=rwc", sqlite.display());
    let mut conn = SqliteConnection::connect(&url).await.expect("a file can be made");
    fill(&mut conn).await;
    conn.close().await.expect("the file was written");
    let url = format!("sqlite:{}", sqlite.display());
    work_on(work, "SQLite", &url, folder.path()).await;
    match std::env::var("WAZZUP_SYNC_TEST_POSTGRES") {
        Ok(url) => {
            let mut conn = PgConnection::connect(&url)
                .await
                .expect("the server named answers");
            conn.execute("DROP TABLE IF EXISTS employees")
                .await
                .expect("the administrator may do so");
            fill_postgres(&mut conn).await;
            work_on(work, "PostgreSQL", &url, folder.path()).await;
            conn.execute("DROP TABLE employees")
                .await
                .expect("the administrator may do so");
        }
        Err(_) => println!("PostgreSQL: left out, WAZZUP_SYNC_TEST_POSTGRES is not set"),
    }
}

const TABLE: &str = "CREATE TABLE employees (id INTEGER PRIMARY KEY, name TEXT, phone TEXT, active INTEGER)";

async fn fill(conn: &mut SqliteConnection) {
    conn.execute(TABLE).await.expect("the table is new");
    conn.execute(sqlx::AssertSqlSafe(rows()))
        .await
        .expect("the rows are new");
}

async fn fill_postgres(conn: &mut PgConnection) {
    conn.execute(TABLE).await.expect("the table is new");
    conn.execute(sqlx::AssertSqlSafe(rows()))
        .await
        .expect("the rows are new");
}

/// Names and phones as people type them.
fn rows() -> String {
    let row = |n: usize| {
        format!(
            "({n}, 'Anna Person {n}', '+371 {} {:03} {:03}', 1)",
            26,
            n / 1000,
            n % 1000
        )
    };
    let rows: Vec<String> = (1..=EMPLOYEES).map(row).collect();
    format!("INSERT INTO employees VALUES {}", rows.join(", "))
}

async fn work_on(work: &mut Work<'_>, name: &str, url: &str, folder: &Path) {
    let simulator = aside::simulator(Setup::account(TOKEN));
    let config = configure(name, url, &simulator, folder);
    let state = folder.join(format!("{name}.db"));
    let start_over = || {
        remove_state(&state);
        simulator.seed(TOKEN, []);
    };
    match work {
        Work::Measure => {
            let first = || {
                start_over();
                measure(&config, 1)
            };
            let firsts: Vec<Usage> = std::iter::repeat_with(first).take(RUNS).collect();
            print_row(&format!("{name}: first sync"), &firsts);
            simulator.clear_requests();
            print_row(&format!("{name}: nothing to do"), &[measure(&config, RUNS)]);
            assert_eq!(
                simulator.requests().len(),
                0,
                "a run with nothing to do sends no request"
            );
        }
        Work::Trace(order) => {
            start_over();
            order.sync.extend(executed(&trace(&config), Path::new(PROGRAM)));
            order.quiet.extend(executed(&trace(&config), Path::new(PROGRAM)));
        }
    }
    simulator.shutdown().await;
}

/// Runs the program by a command that may have arguments before it.
fn reconcile(command: &mut Command, config: &Path) {
    let url = std::fs::read_to_string(config.with_extension("url")).expect("written before");
    let status = command
        .arg("--config")
        .args([config.as_os_str(), "reconcile".as_ref()])
        .env("BENCH_CRM", url.trim())
        .env("BENCH_TOKEN", TOKEN)
        .stdout(Stdio::null())
        .status()
        .expect("the program can be started");
    assert!(status.success(), "reconcile ended with {status}");
}

/// Runs once under callgrind; what it wrote.
fn trace(config: &Path) -> String {
    let output = config.with_extension("callgrind");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--demangle=no", "--quiet"]);
    command.arg(format!("--callgrind-out-file={}", output.display()));
    reconcile(command.arg(PROGRAM), config);
    std::fs::read_to_string(output).expect("valgrind wrote it")
}

fn remove_state(state: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut path = state.as_os_str().to_owned();
        path.push(suffix);
        // Most of them are not there.
        let _ = std::fs::remove_file(PathBuf::from(path));
    }
}

fn configure(name: &str, url: &str, simulator: &Simulator, folder: &Path) -> PathBuf {
    let path = folder.join(format!("{name}.toml"));
    let text = format!(
        r#"
store.url = "sqlite:{state}"
[http]
requests_per_second = 1000
settle = "10ms"
[sources.crm]
url = "env:BENCH_CRM"
query = "SELECT id, name, phone, active FROM employees"
[[accounts]]
name = "acme"
source = "crm"
removal = "delete"
[accounts.target]
kind = "wazzup-v2"
base_url = "{base_url}"
token = "env:BENCH_TOKEN"
"#,
        state = folder.join(format!("{name}.db")).display(),
        base_url = simulator.base_url(),
    );
    std::fs::write(&path, text).expect("the folder can be written");
    std::fs::write(folder.join(format!("{name}.url")), url).expect("the folder can be written");
    path
}

/// CPU milliseconds of each run, and the largest resident set in KiB.
struct Usage {
    cpu_ms: Vec<f64>,
    resident_kib: i64,
}

/// Measures in a process of its own, whose children are the measured runs and nothing else.
fn measure(config: &Path, runs: usize) -> Usage {
    let me = std::env::current_exe().expect("this program has a path");
    let output = Command::new(me)
        .args([
            "--measure".as_ref(),
            config.as_os_str(),
            runs.to_string().as_ref(),
        ])
        .stderr(Stdio::inherit())
        .output()
        .expect("this program can be started again");
    let text = String::from_utf8(output.stdout).expect("numbers are text");
    let mut words = text.split_whitespace();
    let resident_kib = words
        .next()
        .and_then(|word| word.parse().ok())
        .expect("memory comes first");
    Usage {
        resident_kib,
        cpu_ms: words.map(|word| word.parse().expect("a time")).collect(),
    }
}

fn measure_here(config: &str, runs: usize) {
    let mut times = Vec::new();
    let mut before = Duration::ZERO;
    for _ in 0..runs {
        reconcile(&mut Command::new(PROGRAM), Path::new(config));
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel accounts");
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        let now = Duration::from_micros(micros.unsigned_abs());
        times.push((now - before).as_secs_f64() * 1000.0);
        before = now;
    }
    let resident = getrusage(UsageWho::RUSAGE_CHILDREN)
        .expect("the kernel accounts")
        .max_rss();
    let times: Vec<String> = times.iter().map(|time| format!("{time:.3}")).collect();
    println!("{resident} {}", times.join(" "));
}

fn print_row(name: &str, usages: &[Usage]) {
    let mut times: Vec<f64> = usages
        .iter()
        .flat_map(|usage| usage.cpu_ms.iter().copied())
        .collect();
    times.sort_by(f64::total_cmp);
    let resident = usages
        .iter()
        .map(|usage| usage.resident_kib)
        .max()
        .unwrap_or_default();
    println!(
        "{name:<38} {:>8.1} {:>14.1}",
        times[times.len() / 2],
        resident as f64 / 1024.0
    );
}
