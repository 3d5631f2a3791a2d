//! The two commands that need nothing: `demo` tells its story to the end, and `simulate` serves until it is
//! told to stop. Run as the program that people run.
#![expect(clippy::unwrap_used, reason = "a test may fail, and its helpers with it")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_wazzup-sync"))
}

fn demo(temporary: &Path, arguments: &[&str]) -> Output {
    program()
        .env("TMPDIR", temporary)
        .args(["demo", "--fast"])
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The demo's chapters, each with its heading; before the first one there is nothing.
fn chapters(told: &str) -> Vec<&str> {
    let starts: Vec<usize> = told.match_indices("\n── ").map(|(start, _)| start + 1).collect();
    let ends = starts.iter().skip(1).copied().chain([told.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &told[*start..end])
        .collect()
}

#[track_caller]
fn assert_tells(chapter: &str, lines: &[&str]) {
    for line in lines {
        assert!(chapter.contains(line), "{line:?} is not in\n{chapter}");
    }
}

#[test]
fn the_whole_demo_shows_every_platform() {
    let temporary = TempDir::new().unwrap();
    let output = demo(temporary.path(), &["--all"]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}\n{}", text(&output.stderr));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    let chapters = chapters(&told);
    let [_, _, _, _, _, _, four, day, _] = chapters[..] else {
        panic!("{} chapters:\n{told}", chapters.len());
    };
    // Four users, and on Wazzup v2 as many roles on a channel.
    for (account, n_applied) in [("wazzup-v2", 8), ("wazzup-v3", 4), ("wuts", 4), ("meta", 4)] {
        assert_tells(
            four,
            &[&format!("{account}: in sync (4 employees, {n_applied} applied")],
        );
        assert_tells(day, &[&format!("{account}: in sync (5 employees, nothing to do")]);
    }
    assert_tells(
        day,
        &[
            "new clients, seller → manager",
            "user → manager",
            "DEVELOP → MANAGE",
            "No platform got a request",
        ],
    );
}

#[test]
fn the_demo_tells_its_story_and_leaves_nothing_behind() {
    let temporary = TempDir::new().unwrap();
    let output = demo(temporary.path(), &[]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}\n{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);

    let chapters = chapters(&told);
    let [plan, sync, day, departure, bad_rows, nothing, next] = chapters[..] else {
        panic!("{} chapters:\n{told}", chapters.len());
    };
    assert_tells(
        plan,
        &["26 618 033", "40 to create in 1 request; nothing was sent"],
    );
    assert_tells(sync, &["40 applied", "shows all 40 employees", "is left alone"]);
    let swapped = ["Ilze Bērziņa", "+371 26 *** *33 → +371 29 *** *97"];
    assert_tells(
        day,
        &["deleted  12", "parked   9", "Kristīne Ozola → Kristīne Vītola"],
    );
    assert_tells(day, &swapped);
    let held = [
        "Held: removals",
        "35 users",
        "holds approve",
        "holds reject",
        "(exit code 4)",
    ];
    assert_tells(departure, &held);
    assert_tells(departure, &["Nobody was removed", "nothing to do"]);
    assert_tells(
        bad_rows,
        &[
            "phone_duplicate",
            "name_missing",
            "active_unreadable",
            "created  44",
        ],
    );
    assert_tells(nothing, &["2 applied", "nothing to do", "0 requests"]);
    assert_tells(next, &["init", "check", "plan", "reconcile", "[[accounts]]"]);
}

#[test]
fn each_chapter_fits_on_a_screen() {
    let temporary = TempDir::new().unwrap();
    let told = text(&demo(temporary.path(), &[]).stdout);
    for chapter in chapters(&told) {
        let n_lines = chapter.trim_end().lines().count();
        assert!(n_lines <= 25, "{n_lines} lines:\n{chapter}");
        for line in chapter.lines() {
            assert!(line.chars().count() <= 100, "{line}");
            assert!(!line.contains('\u{1b}'), "colour without a terminal: {line}");
        }
    }
}

#[test]
fn phones_are_masked_unless_they_are_asked_for() {
    let temporary = TempDir::new().unwrap();
    let whole = "+37126618033";
    assert!(!text(&demo(temporary.path(), &[]).stdout).contains(whole));
    assert!(text(&demo(temporary.path(), &["--show-phones"]).stdout).contains(whole));
}

#[test]
fn settings_of_the_real_thing_stay_out_of_the_story() {
    let temporary = TempDir::new().unwrap();
    let output = program()
        .env("TMPDIR", temporary.path())
        .env("WAZZUP_SYNC__STORE__URL", "sqlite:/does/not/exist/state.db")
        .args(["--config", "/does/not/exist.toml", "demo", "--fast"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_demo_that_cannot_be_told_ends_with_1() {
    let temporary = TempDir::new().unwrap();
    let output = demo(&temporary.path().join("absent"), &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("no temporary folder"), "{said}");
}

/// A simulator in a process of its own, ended at the latest with the test.
struct Simulate {
    child: Child,
    stdout: BufReader<ChildStdout>,
    introduction: String,
}

impl Simulate {
    fn start(arguments: &[&str]) -> Simulate {
        let mut child = program()
            .args(["simulate", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut introduction = String::new();
        while !introduction.contains("Serving") {
            let n_bytes = stdout.read_line(&mut introduction).unwrap();
            assert_ne!(n_bytes, 0, "it ended after:\n{introduction}");
        }
        Simulate {
            child,
            stdout,
            introduction,
        }
    }

    fn base_url(&self) -> &str {
        let line = self.introduction.lines().find(|it| it.contains("Base URL"));
        line.unwrap().split_whitespace().last().unwrap()
    }

    /// Ends it, and returns its exit code and its last words.
    fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut words = String::new();
        self.stdout.read_to_string(&mut words).unwrap();
        (self.child.wait().unwrap().code(), words)
    }
}

impl Drop for Simulate {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_simulator_serves_until_it_is_told_to_stop() {
    let simulate = Simulate::start(&["--users", "3", "--token", "its-token"]);
    let base_url = simulate.base_url().to_owned();
    for line in ["its-token", "base_url = \"http://127.0.0.1:", "_simulator/faults"] {
        assert!(simulate.introduction.contains(line), "{}", simulate.introduction);
    }
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let users = async || {
        let request = http.get(format!("{base_url}/v2/users")).bearer_auth("its-token");
        request.send().await.unwrap()
    };
    let listed = users().await.text().await.unwrap();
    assert!(
        listed.contains("Ilze Bērziņa") && listed.contains("37126618033"),
        "{listed}"
    );

    // As the introduction shows it, but for reads.
    let fault = json!({"when": {"method": "read", "nth": 1}, "how": {"status": {"status": 502}}});
    let steered = http.post(format!("{base_url}/_simulator/faults")).json(&fault);
    assert!(steered.send().await.unwrap().status().is_success());
    assert_eq!(users().await.status(), 502);
    assert_eq!(users().await.status(), 200);

    let stranger = http.get(format!("{base_url}/v2/users")).bearer_auth("another");
    assert_eq!(stranger.send().await.unwrap().status(), 401);
    let state = http
        .get(format!("{base_url}/_simulator/state"))
        .send()
        .await
        .unwrap();
    let state: Value = state.json().await.unwrap();
    assert_eq!(state["counts"]["requests"], 4, "{state}");

    let (code, words) = simulate.end(Signal::TERM);
    assert_eq!(code, Some(0), "{words}");
    assert!(
        words.contains("Served 4 requests") && words.contains("4 GET"),
        "{words}"
    );
    assert!(words.contains("1 met a fault, 1 had an unknown token"), "{words}");
    assert!(words.contains("KnownToken: 1×"), "{words}");
}

#[test]
fn the_simulator_begins_with_what_its_files_say() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let users = file(
        "users.json",
        r#"[{"id": "17", "name": "Anna", "phone": "37126000001"}]"#,
    );
    let switches = file("switches.json", r#"{"seats": 5}"#);
    let faults = file("faults.json", r#"{"how": "reset", "when": {"nth": 9}}"#);
    let arguments = ["--users", &users, "--switches", &switches, "--faults", &faults];
    let simulate = Simulate::start(&arguments);
    for line in ["1 (of 5 seats)", "Faults     1"] {
        assert!(simulate.introduction.contains(line), "{}", simulate.introduction);
    }
    let (code, words) = simulate.end(Signal::INT);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("kept every rule"), "{words}");
}

#[test]
fn an_address_that_is_taken_is_a_wrong_argument() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = program()
        .args(["simulate", "--listen", &address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = text(&output.stderr);
    assert!(
        said.contains(&format!("can't listen on {address}: Address already in use")),
        "{said}"
    );
}
