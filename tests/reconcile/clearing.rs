//! How the way to take a phone away is learned, doubted and learned anew.

use wazzup_sync::domain::finding::FindingKind;
use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::simulator::{Fault, How, PhoneRule};
use wazzup_sync::target::Kind;

use super::lab::{Lab, describe, outcome, phone};

on_every_wazzup! {
    a_server_error_is_no_proof_that_no_way_clears_a_phone,
    a_user_who_is_always_refused_is_no_proof_that_no_way_clears_a_phone,
    a_way_that_is_refused_one_day_is_learned_anew,
    a_way_that_does_nothing_one_day_is_learned_anew,
    where_nothing_clears_cycles_are_conflicts_and_dropped_phones_findings,
    that_nothing_clears_is_forgotten_after_a_week,
    a_dropped_phone_that_stays_in_the_end_is_no_change_of_a_quiet_run,
}

async fn lab_of(kind: Kind, n: usize) -> Lab {
    let lab = Lab::new(kind).await.unguarded();
    lab.hire_many(n);
    let report = lab.run().await;
    lab.assert_equal(&report);
    lab.count_anew();
    lab
}

async fn a_server_error_is_no_proof_that_no_way_clears_a_phone(kind: Kind) {
    let lab = lab_of(kind, 4).await;
    lab.rotate(&[1, 2]);
    lab.sim
        .add_fault(Fault::status(503).method(lab.updates()).times(20));
    lab.run().await;
    lab.sim.clear_faults();
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
}

async fn a_user_who_is_always_refused_is_no_proof_that_no_way_clears_a_phone(kind: Kind) {
    let lab = lab_of(kind, 4).await;
    let body = r#"{"error":"INVALID_USER_DATA","description":"this user is locked"}"#;
    let refused = How::Status {
        status: 400,
        body: Some(body.to_owned()),
        retry_after: None,
    };
    lab.sim
        .add_fault(Fault::new(refused).method(lab.updates()).user("1"));
    lab.give_phone(1, None);
    lab.rotate(&[2, 3]);
    let report = lab.run().await;
    assert_eq!(
        outcome(&report, "1").unwrap().1,
        Outcome::Rejected,
        "{}",
        describe(&report)
    );
    let users = lab.platform();
    assert_eq!(users[1].phone, Some(phone(3)), "{}", describe(&report));
    assert_eq!(users[2].phone, Some(phone(2)), "{}", describe(&report));
    lab.assert_no_violation();
}

async fn a_way_that_is_refused_one_day_is_learned_anew(kind: Kind) {
    let lab = lab_of(kind, 6).await;
    lab.rotate(&[1, 2]);
    let report = lab.run().await;
    lab.assert_equal(&report);
    lab.sim.update_switches(|it| {
        it.empty_phone = PhoneRule::Reject;
        it.malformed_phone = PhoneRule::Keep;
        it.null_phone = PhoneRule::Clear;
    });
    lab.rotate(&[3, 4]);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}\n{}", describe(&report), lab.requests());
    lab.assert_equal(&report);
}

async fn a_way_that_does_nothing_one_day_is_learned_anew(kind: Kind) {
    let lab = lab_of(kind, 6).await;
    lab.rotate(&[1, 2]);
    let report = lab.run().await;
    lab.assert_equal(&report);
    lab.sim.update_switches(|it| {
        it.empty_phone = PhoneRule::Keep;
        it.malformed_phone = PhoneRule::Reject;
        it.null_phone = PhoneRule::Clear;
    });
    lab.give_phone(5, None);
    lab.rotate(&[3, 4]);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}\n{}", describe(&report), lab.requests());
    lab.assert_equal(&report);
}

async fn where_nothing_clears_cycles_are_conflicts_and_dropped_phones_findings(kind: Kind) {
    let lab = lab_of(kind, 20).await;
    lab.sim.update_switches(|it| it.set_phone_rules(PhoneRule::Keep));
    lab.rotate(&[1, 2]);
    lab.give_phone(3, None);
    lab.hire(21, "Wants the dropped phone", Some(phone(3)));
    lab.give_phone(4, None);
    lab.edit(5, |it| it.name = "Renamed".to_owned());
    lab.hire(22, "Newcomer", Some(phone(22)));
    lab.dismiss(6);
    lab.edit(1, |it| it.name = "Renamed, too".to_owned());
    for n_run in 1..=2 {
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 3, "{}\n{}", describe(&report), lab.requests());
        for id in ["1", "2", "21"] {
            let (_, what, code) = outcome(&report, id).unwrap();
            let found = (what, code.as_deref());
            assert_eq!(
                found,
                (Outcome::Conflict, Some("cannot_park")),
                "user {id}, run {n_run}"
            );
        }
        let kept: Vec<&str> = report
            .findings
            .iter()
            .filter(|it| it.kind == FindingKind::PhoneKept)
            .map(|it| it.id.as_str())
            .collect();
        assert_eq!(kept, ["3", "4"], "run {n_run}");
        // A phone that is still there was not taken away, whatever was tried.
        for id in ["3", "4"] {
            assert_eq!(outcome(&report, id), None, "user {id}, run {n_run}");
        }
    }
    let mut desired = lab.desired();
    for user in &mut desired {
        match user.id.as_str() {
            "21" => user.phone = None,
            "1" | "2" | "3" | "4" => user.phone = Some(phone(user.id.parse().unwrap())),
            _ => {}
        }
    }
    assert_eq!(lab.platform(), desired);
    lab.assert_no_violation();
    lab.count_anew();
    lab.run().await;
    assert!(lab.writes().is_empty(), "{}", lab.requests());
}

async fn that_nothing_clears_is_forgotten_after_a_week(kind: Kind) {
    let lab = lab_of(kind, 6).await;
    lab.sim.update_switches(|it| it.set_phone_rules(PhoneRule::Keep));
    lab.rotate(&[1, 2]);
    lab.run().await;
    lab.sim.update_switches(|it| it.set_phone_rules(PhoneRule::Clear));
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 3, "{}", describe(&report));
    lab.later(std::time::Duration::from_secs(8 * 24 * 3600));
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
}

async fn a_dropped_phone_that_stays_in_the_end_is_no_change_of_a_quiet_run(kind: Kind) {
    let lab = lab_of(kind, 6).await;
    lab.sim.update_switches(|it| it.set_phone_rules(PhoneRule::Keep));
    lab.give_phone(3, None);
    for _ in 0..3 {
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 0, "{}", describe(&report));
        assert_eq!(report.findings.len(), 1, "the finding is in force in every run");
        let is_update = report.users.iter().any(|it| it.settled.change.op == Op::Update);
        assert!(!is_update, "{:?}", report.users);
        lab.count_anew();
    }
    assert_eq!(lab.sim.requests().len(), 0, "a quiet run asks nothing");
}
