//! Answers that are none: refused credentials, broken lists, pages for people, requests to slow down. And
//! the token, which must be nowhere.

use wazzup_sync::domain::outcome::Outcome;
use wazzup_sync::reconcile::Stop;
use wazzup_sync::simulator::{Envelope, Fault, How, MethodIs, RetryAfter, Setup, SimUser, Simulator};
use wazzup_sync::target::Kind;

use super::lab::{Lab, TOKEN, by_kind, describe, documented, outcome, pages_of, phone};
use super::log::Log;

on_every_wazzup! {
    a_refused_credential_ends_the_run_at_once,
    a_forbidden_write_is_a_bad_item_while_reads_are_allowed,
    a_list_that_may_not_be_whole_changes_nothing,
    a_list_whose_later_page_is_broken_changes_nothing,
    a_platform_whose_lists_cannot_be_read_to_the_end_is_left_alone,
    a_redirect_carries_the_token_nowhere,
    a_request_to_slow_down_is_no_failure,
    a_platform_that_wants_a_minute_gets_the_next_run,
    the_token_is_in_no_report_no_log_and_no_file,
    writes_to_one_remote_follow_one_another,
    a_return_travels_after_its_park,
}

fn answer(status: u16, body: &str) -> How {
    How::Status {
        status,
        body: Some(body.to_owned()),
        retry_after: None,
    }
}

/// A company with work to do: a newcomer, a leaver, a rename and a swap.
async fn busy(kind: Kind) -> Lab {
    let lab = Lab::new(kind).await.unguarded();
    lab.hire_many(20);
    let report = lab.run().await;
    lab.assert_equal(&report);
    lab.hire(21, "Newcomer", Some(phone(21)));
    lab.dismiss(3);
    lab.edit(4, |it| it.name = "Renamed".to_owned());
    lab.rotate(&[5, 6]);
    lab.count_anew();
    lab
}

async fn assert_next_run_finishes(lab: &Lab) {
    lab.sim.clear_faults();
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
}

async fn a_refused_credential_ends_the_run_at_once(kind: Kind) {
    let lab = busy(kind).await;
    for (name, fault) in [
        ("at the list", Fault::status(401)),
        ("at the first write", Fault::status(401).method(MethodIs::Write)),
        (
            "at the second write",
            Fault::status(401).method(MethodIs::Write).nth(2),
        ),
        ("at a single read", lab.single_reads(Fault::status(401))),
        ("everything is forbidden", Fault::status(403)),
    ] {
        lab.sim.clear_faults();
        lab.count_anew();
        lab.sim.add_fault(fault);
        let report = lab.run().await;
        let story = format!("{name}: {}\n{}", describe(&report), lab.requests());
        assert_eq!(report.exit_code(), 77, "{story}");
        let refused = lab.sim.requests().iter().position(|it| it.fault.is_some());
        let after = &lab.sim.requests()[refused.unwrap() + 1..];
        assert!(after.iter().all(|it| it.method == "GET"), "{story}");
        assert!(after.len() <= 1, "{story}");
    }
    assert_next_run_finishes(&lab).await;
}

async fn a_forbidden_write_is_a_bad_item_while_reads_are_allowed(kind: Kind) {
    let lab = busy(kind).await;
    lab.sim
        .add_fault(Fault::status(403).method(MethodIs::Write).user("4"));
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 3, "{}", describe(&report));
    assert_eq!(outcome(&report, "4").unwrap().1, Outcome::Rejected);
    assert_eq!(outcome(&report, "21").unwrap().1, Outcome::Applied);
    assert_next_run_finishes(&lab).await;
}

async fn a_list_that_may_not_be_whole_changes_nothing(kind: Kind) {
    let two_rows = r#"{"data":[{"id":"1","name":"Person 1"},{"id":"2","name":"Person 2"}]}"#;
    let endings = [
        (
            "empty, against what single reads show",
            answer(200, r#"{"data":[]}"#),
        ),
        ("shorter than what single reads show", answer(200, two_rows)),
        ("null", answer(200, r#"{"data":null}"#)),
        (
            "a row that is none",
            answer(200, r#"{"data":[{"id":"1","name":"Person 1"},7]}"#),
        ),
        (
            "a row without an id",
            answer(200, r#"{"data":[{"name":"Person 1"}]}"#),
        ),
        ("no JSON", answer(200, "users: none")),
        ("no body", answer(200, "")),
        ("a page for people", How::Html { status: 200 }),
        ("a server error", How::Html { status: 500 }),
        ("cut", How::Truncated),
        ("endless", How::EndlessBody),
        ("not found", answer(404, "")),
        ("refused", answer(400, "")),
        ("reset", How::Reset),
        (
            "elsewhere",
            How::Redirect {
                to: "https://elsewhere.example/v2/users".to_owned(),
            },
        ),
    ];
    for (name, how) in endings {
        let lab = busy(kind).await;
        let before = lab.platform();
        lab.sim.add_fault(lab.lists(Fault::new(how), ""));
        let report = lab.run().await;
        let story = format!("{name}: {}\n{}", describe(&report), lab.requests());
        assert_eq!(report.exit_code(), 69, "{story}");
        assert_eq!(lab.writes(), [""; 0], "{story}");
        assert_eq!(lab.platform(), before, "{story}");
        assert_next_run_finishes(&lab).await;
    }
}

async fn a_list_whose_later_page_is_broken_changes_nothing(kind: Kind) {
    let lab = Lab::new(kind).await.unguarded();
    lab.sim.update_switches(|it| pages_of(it, 7));
    lab.hire_many(20);
    lab.run().await;
    lab.hire(21, "Newcomer", None);
    lab.dismiss(3);
    for how in [
        answer(200, r#"{"data":null}"#),
        answer(400, ""),
        How::Html { status: 502 },
        How::Truncated,
    ] {
        lab.sim.add_fault(lab.lists(Fault::new(how), "offset=14"));
        lab.count_anew();
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 69, "{}", describe(&report));
        assert_eq!(lab.writes(), [""; 0]);
        lab.sim.clear_faults();
    }
    assert_next_run_finishes(&lab).await;
}

async fn a_platform_whose_lists_cannot_be_read_to_the_end_is_left_alone(kind: Kind) {
    type Change = fn(&mut wazzup_sync::simulator::Switches);
    let ways: [(&str, Change); 3] = [
        ("every page is the first one", |it| {
            pages_of(it, 100);
            it.ignore_offset = true;
        }),
        ("another order each time", |it| {
            pages_of(it, 7);
            it.unsorted = true;
        }),
        ("no data", |it| it.envelope = Envelope::MetaOnly),
    ];
    // What stands around data is the same in all answers of v3.
    for (name, change) in &ways[..by_kind(kind, 3, 2)] {
        let lab = Lab::new(kind).await.unguarded();
        lab.hire_many(120);
        lab.run().await;
        lab.sim.update_switches(change);
        lab.dismiss(3);
        lab.hire(121, "Newcomer", None);
        lab.count_anew();
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 69, "{name}: {}", describe(&report));
        assert_eq!(lab.writes(), [""; 0], "{name}");
        lab.sim.set_switches(documented());
        assert_next_run_finishes(&lab).await;
    }
}

async fn a_redirect_carries_the_token_nowhere(kind: Kind) {
    let trap = Simulator::start(Setup::account(TOKEN)).await.unwrap();
    let lab = busy(kind).await;
    let to = format!("{}{}", trap.base_url(), lab.users_path());
    for method in [MethodIs::Read, MethodIs::Write] {
        lab.sim
            .add_fault(Fault::new(How::Redirect { to: to.clone() }).method(method));
        let report = lab.run().await;
        assert_ne!(report.exit_code(), 0);
        lab.sim.clear_faults();
    }
    assert_eq!(trap.requests(), []);
    assert_eq!(trap.counts().connections, 0);
    assert_next_run_finishes(&lab).await;
}

async fn a_request_to_slow_down_is_no_failure(kind: Kind) {
    let told = [Some(RetryAfter::Seconds(0)), Some(RetryAfter::Millis(300))];
    let untold = [None, Some(RetryAfter::Text("soon".to_owned()))];
    // Where nothing is told, v3 is known to want five seconds.
    let untold = untold.into_iter().take(by_kind(kind, 2, 0));
    for retry_after in told.into_iter().chain(untold) {
        let lab = busy(kind).await;
        for method in [MethodIs::Read, MethodIs::Write] {
            let how = How::RateLimit {
                retry_after: retry_after.clone(),
            };
            lab.sim.add_fault(Fault::new(how).method(method).times(1));
        }
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 0, "{retry_after:?}: {}", describe(&report));
        lab.assert_equal(&report);
        let requests = lab.sim.requests();
        for (idx, slow) in requests.iter().enumerate().filter(|(_, it)| it.fault.is_some()) {
            let waited_ms = requests[idx + 1].at_ms - slow.at_ms;
            assert!(waited_ms >= 250, "{retry_after:?}: {waited_ms} ms");
        }
    }
}

async fn a_platform_that_wants_a_minute_gets_the_next_run(kind: Kind) {
    for retry_after in [RetryAfter::Seconds(61), RetryAfter::DateIn(3600)] {
        for method in [MethodIs::Read, MethodIs::Write] {
            let lab = busy(kind).await;
            let how = How::RateLimit {
                retry_after: Some(retry_after.clone()),
            };
            lab.sim.add_fault(Fault::new(how).method(method));
            let report = lab.run().await;
            assert!(
                matches!(report.stop, Some(Stop::RateLimited(_))),
                "{}",
                describe(&report)
            );
            assert_eq!(report.exit_code(), 69);
            assert_next_run_finishes(&lab).await;
        }
    }
}

async fn the_token_is_in_no_report_no_log_and_no_file(kind: Kind) {
    let log = Log::start();
    let lab = busy(kind).await;
    let mut reports = Vec::new();
    // A platform that repeats the token in everything that it says.
    let told = format!("{{\"error\":\"BAD_{TOKEN}\",\"description\":\"Bearer {TOKEN} may not\"}}");
    let page = format!("<html>{TOKEN}</html>");
    let to = format!("https://{TOKEN}.example/{TOKEN}");
    for how in [
        answer(400, &told),
        answer(403, &told),
        answer(500, &told),
        answer(200, &page),
        answer(404, &told),
        How::Redirect { to },
        answer(401, &told),
    ] {
        for method in [MethodIs::Write, MethodIs::Read] {
            lab.sim.add_fault(Fault::new(how.clone()).method(method).times(6));
            reports.push(format!("{:?}", lab.run().await));
            lab.sim.clear_faults();
        }
    }
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    reports.push(format!("{report:?}"));
    assert!(!reports.concat().contains(TOKEN));
    let log = log.text();
    assert!(log.contains("request"), "there is a log");
    assert!(!log.contains(TOKEN));
    for entry in std::fs::read_dir(lab.dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!contains(&bytes, TOKEN), "{}", path.display());
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|it| it == text.as_bytes())
}

async fn writes_to_one_remote_follow_one_another(kind: Kind) {
    let lab = busy(kind).await;
    lab.sim.update_switches(|it| it.answer_delay_ms = 3);
    lab.sim
        .put_user(TOKEN, SimUser::new("boss", "Cabinet staff", None));
    let report = lab.run().await;
    lab.assert_no_violation();
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
}

/// A parked user's return never shares a request with its park, nor with what waits for it.
async fn a_return_travels_after_its_park(kind: Kind) {
    let lab = Lab::new(kind).await.unguarded();
    lab.hire_many(60);
    lab.run().await;
    for _ in 0..2 {
        lab.rotate(&(1..=35).collect::<Vec<_>>());
        lab.rotate(&[40, 41]);
        lab.count_anew();
        let report = lab.run().await;
        lab.assert_equal(&report);
        for request in lab.sim.requests().iter().filter(|it| it.method != "GET") {
            let mut ids = request.user_ids.clone();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), request.user_ids.len());
        }
    }
}
