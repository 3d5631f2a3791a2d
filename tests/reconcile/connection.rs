//! Answers that are none: refused credentials, broken lists, pages for people, requests to slow down. And
//! the token, which must be nowhere.

use wazzup_sync::domain::outcome::Outcome;
use wazzup_sync::reconcile::Stop;
use wazzup_sync::simulator::{Envelope, Fault, How, MethodIs, RetryAfter, Setup, SimUser, Simulator};

use super::lab::{Lab, TOKEN, describe, outcome, phone};
use super::log::Log;

fn answer(status: u16, body: &str) -> How {
    How::Status {
        status,
        body: Some(body.to_owned()),
        retry_after: None,
    }
}

/// A company with work to do: a newcomer, a leaver, a rename and a swap.
async fn busy() -> Lab {
    let lab = Lab::new().await.unguarded();
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
    let report = lab.run_named().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
}

#[tokio::test]
async fn a_refused_credential_ends_the_run_at_once() {
    let lab = busy().await;
    for (name, fault) in [
        ("at the list", Fault::status(401)),
        ("at the first write", Fault::status(401).method(MethodIs::Write)),
        (
            "at the second write",
            Fault::status(401).method(MethodIs::Write).nth(2),
        ),
        (
            "at a single read",
            Fault::status(401).method(MethodIs::Get).path("/v2/users/"),
        ),
        ("everything is forbidden", Fault::status(403)),
    ] {
        lab.sim.clear_faults();
        lab.count_anew();
        lab.sim.add_fault(fault);
        let report = lab.run_named().await;
        let story = format!("{name}: {}\n{}", describe(&report), lab.requests());
        assert_eq!(report.exit_code(), 77, "{story}");
        let refused = lab.sim.requests().iter().position(|it| it.fault.is_some());
        let after = &lab.sim.requests()[refused.unwrap() + 1..];
        assert!(after.iter().all(|it| it.method == "GET"), "{story}");
        assert!(after.len() <= 1, "{story}");
    }
    assert_next_run_finishes(&lab).await;
}

#[tokio::test]
async fn a_forbidden_write_is_a_bad_item_while_reads_are_allowed() {
    let lab = busy().await;
    lab.sim
        .add_fault(Fault::status(403).method(MethodIs::Write).user("4"));
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 3, "{}", describe(&report));
    assert_eq!(outcome(&report, "4").unwrap().1, Outcome::Rejected);
    assert_eq!(outcome(&report, "21").unwrap().1, Outcome::Applied);
    assert_next_run_finishes(&lab).await;
}

#[tokio::test]
async fn a_list_that_may_not_be_whole_changes_nothing() {
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
        let lab = busy().await;
        let before = lab.platform();
        lab.sim
            .add_fault(Fault::new(how).method(MethodIs::Get).path("/v2/users?"));
        let report = lab.run().await;
        let story = format!("{name}: {}\n{}", describe(&report), lab.requests());
        assert_eq!(report.exit_code(), 69, "{story}");
        assert_eq!(lab.writes(), [""; 0], "{story}");
        assert_eq!(lab.platform(), before, "{story}");
        assert_next_run_finishes(&lab).await;
    }
}

#[tokio::test]
async fn a_list_whose_later_page_is_broken_changes_nothing() {
    let lab = Lab::new().await.unguarded();
    lab.sim.update_switches(|it| it.page_cap = Some(7));
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
        lab.sim.add_fault(Fault::new(how).path("/v2/users?offset=14"));
        lab.count_anew();
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 69, "{}", describe(&report));
        assert_eq!(lab.writes(), [""; 0]);
        lab.sim.clear_faults();
    }
    assert_next_run_finishes(&lab).await;
}

#[tokio::test]
async fn a_platform_whose_lists_cannot_be_read_to_the_end_is_left_alone() {
    type Change = fn(&mut wazzup_sync::simulator::Switches);
    let ways: [(&str, Change); 3] = [
        ("every page is the first one", |it| it.ignore_offset = true),
        ("no data", |it| it.envelope = Envelope::MetaOnly),
        ("another order each time", |it| {
            it.unsorted = true;
            it.page_cap = Some(7);
        }),
    ];
    for (name, change) in ways {
        let lab = Lab::new().await.unguarded();
        lab.hire_many(120);
        lab.run().await;
        lab.sim.update_switches(change);
        lab.dismiss(3);
        lab.hire(121, "Newcomer", None);
        lab.count_anew();
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 69, "{name}: {}", describe(&report));
        assert_eq!(lab.writes(), [""; 0], "{name}");
        lab.sim.update_switches(|it| *it = Default::default());
        assert_next_run_finishes(&lab).await;
    }
}

#[tokio::test]
async fn a_redirect_carries_the_token_nowhere() {
    let trap = Simulator::start(Setup::account(TOKEN)).await.unwrap();
    let lab = busy().await;
    let to = format!("{}/v2/users", trap.base_url());
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

#[tokio::test]
async fn a_request_to_slow_down_is_no_failure() {
    for retry_after in [
        None,
        Some(RetryAfter::Seconds(0)),
        Some(RetryAfter::Millis(300)),
        Some(RetryAfter::Text("soon".to_owned())),
    ] {
        let lab = busy().await;
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

#[tokio::test]
async fn a_platform_that_wants_a_minute_gets_the_next_run() {
    for retry_after in [RetryAfter::Seconds(61), RetryAfter::DateIn(3600)] {
        for method in [MethodIs::Read, MethodIs::Write] {
            let lab = busy().await;
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

#[tokio::test]
async fn the_token_is_in_no_report_no_log_and_no_file() {
    let log = Log::start();
    let lab = busy().await;
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
            reports.push(format!("{:?}", lab.run_named().await));
            lab.sim.clear_faults();
        }
    }
    let report = lab.run_named().await;
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

#[tokio::test]
async fn writes_to_one_remote_follow_one_another() {
    let lab = busy().await;
    lab.sim.update_switches(|it| it.answer_delay_ms = 3);
    lab.sim
        .put_user(TOKEN, SimUser::new("boss", "Cabinet staff", None));
    let report = lab.run().await;
    lab.assert_no_violation();
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
}

/// A parked user's return never shares a request with its park, nor with what waits for it.
#[tokio::test]
async fn a_return_travels_after_its_park() {
    let lab = Lab::new().await.unguarded();
    lab.hire_many(60);
    lab.run().await;
    for _ in 0..2 {
        lab.rotate(&(1..=35).collect::<Vec<_>>());
        lab.rotate(&[40, 41]);
        lab.count_anew();
        let report = lab.run().await;
        lab.assert_equal(&report);
        for request in lab.sim.requests().iter().filter(|it| it.method == "PATCH") {
            let mut ids = request.user_ids.clone();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), request.user_ids.len());
        }
    }
}
