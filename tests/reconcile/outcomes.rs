//! What a run says: one outcome for every planned change, open ones until they are closed, and what the
//! plan says before.

use std::collections::BTreeMap;
use std::time::Duration;

use wazzup_sync::domain::finding::FindingKind;
use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::reconcile::{AccountReport, Order, Stop};
use wazzup_sync::simulator::{Fault, How, MethodIs, SimUser};
use wazzup_sync::target::Kind;

use super::lab::{Lab, TOKEN, by_kind, describe, outcome, phone};

on_every_wazzup! {
    every_planned_change_has_one_outcome_whatever_happens,
    open_outcomes_count_until_they_are_closed,
    a_patient_run_leaves_an_open_conflict_alone_until_it_is_due,
    a_patient_run_leaves_held_leavers_alone,
    findings_in_force_are_reported_by_quiet_runs_too,
    what_the_platform_makes_of_a_name_is_accepted_after_the_second_time,
    a_plan_is_what_the_run_does_and_writes_nothing,
    a_run_for_one_user_changes_only_that_one,
    renames_take_no_list_and_what_they_meet_does,
    a_verification_is_due_after_six_hours_and_when_asked_for,
}

async fn company(kind: Kind, n: usize) -> Lab {
    let lab = Lab::new(kind).await.unguarded();
    lab.hire_many(n);
    let report = lab.run().await;
    lab.assert_equal(&report);
    lab.count_anew();
    lab
}

/// Who is reported, and how often; parks apart.
fn reported(report: &AccountReport) -> BTreeMap<String, usize> {
    let mut ids = BTreeMap::new();
    for it in report.users.iter().filter(|it| it.settled.change.op != Op::Park) {
        *ids.entry(it.settled.change.id.as_str().to_owned()).or_default() += 1;
    }
    ids
}

async fn every_planned_change_has_one_outcome_whatever_happens(kind: Kind) {
    type Accident = (&'static str, fn(&Lab));
    let accidents: [Accident; 8] = [
        ("nothing", |_| {}),
        ("all writes fail", |lab| {
            lab.sim.add_fault(Fault::status(503).method(MethodIs::Write));
        }),
        ("creates have no answer", |lab| {
            lab.sim.add_fault(Fault::new(How::Reset).method(MethodIs::Post));
        }),
        ("the credential is refused half-way", |lab| {
            lab.sim
                .add_fault(Fault::status(401).method(MethodIs::Write).nth(3));
        }),
        ("reads fail after the first write", |lab| {
            lab.sim.add_fault(lab.single_reads(Fault::new(How::Reset)));
        }),
        ("a phone is taken behind our back", |lab| {
            let put = vec![SimUser::new("boss", "Cabinet staff", Some(&phone(21)))];
            let remove = Vec::new();
            lab.sim.add_fault(
                Fault::new(How::Meddle { put, remove })
                    .method(MethodIs::Post)
                    .nth(1),
            );
        }),
        ("no seat is left", |lab| {
            lab.sim.update_switches(|it| it.seats = 20);
        }),
        ("somebody removed a user meanwhile", |lab| {
            let how = How::Meddle {
                put: Vec::new(),
                remove: vec!["4".to_owned()],
            };
            lab.sim.add_fault(Fault::new(how).method(MethodIs::Write).nth(1));
        }),
    ];
    let planned = ["21", "22", "3", "4", "5", "6", "7"];
    for (name, add) in accidents {
        let lab = company(kind, 20).await;
        lab.hire(21, "Newcomer", Some(phone(21)));
        lab.hire(22, "Newcomer, too", lab.person(3).phone);
        lab.dismiss(3);
        lab.edit(4, |it| it.name = "Renamed".to_owned());
        lab.rotate(&[5, 6]);
        lab.give_phone(7, None);
        add(&lab);
        let report = lab.run().await;
        let story = format!("{name}: {}\n{}", describe(&report), lab.requests());
        let expected: BTreeMap<String, usize> = planned.map(|id| (id.to_owned(), 1)).into();
        assert_eq!(reported(&report), expected, "{story}");
        assert_eq!(
            report.exit_code() == 0,
            lab.platform() == lab.desired(),
            "{story}"
        );
        // On record is just what was said.
        let open: Vec<String> = lab
            .store
            .open_outcomes("acme")
            .await
            .unwrap()
            .into_iter()
            .map(|it| it.user.to_string())
            .collect();
        let said: Vec<String> = report
            .users
            .iter()
            .filter(|it| it.settled.outcome != Outcome::Applied)
            .map(|it| it.settled.change.id.to_string())
            .collect();
        assert_eq!(open, said, "{story}");
        let run = lab.store.run(report.run.as_deref().unwrap()).await.unwrap();
        assert_eq!(run.summary.exit_code, Some(report.exit_code()), "{story}");
        assert_eq!(run.settled.len(), report.users.len(), "{story}");
    }
}

async fn open_outcomes_count_until_they_are_closed(kind: Kind) {
    let lab = company(kind, 20).await;
    lab.sim
        .put_user(TOKEN, SimUser::new("boss", "Cabinet staff", Some(&phone(300))));
    lab.give_phone(5, Some(phone(300)));
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 3);
    let since = lab.store.open_outcomes("acme").await.unwrap()[0].since;
    // Runs that get nowhere report it, too.
    lab.sim.add_fault(Fault::status(500).method(MethodIs::Get));
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 69);
    assert_eq!(outcome(&report, "5").unwrap().1, Outcome::Conflict);
    lab.sim.clear_faults();
    lab.crm.0.lock().unwrap().failure = Some(|| wazzup_sync::source::SourceError::Unreachable {
        source_name: "crm".to_owned(),
        cause: "gone".to_owned(),
    });
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 69);
    assert_eq!(outcome(&report, "5").unwrap().1, Outcome::Conflict);
    lab.crm.0.lock().unwrap().failure = None;
    // A run for others leaves it open and counts it.
    let order = Order {
        only: Some(["6".into()].into()),
        ..Order::default()
    };
    let report = lab.run_with(&order).await;
    assert_eq!(report.exit_code(), 3, "{}", describe(&report));
    assert_eq!(outcome(&report, "5").unwrap().1, Outcome::Conflict);
    let open = &lab.store.open_outcomes("acme").await.unwrap()[0];
    assert_eq!(open.since, since, "since when it is open is not forgotten");

    lab.give_phone(5, Some(phone(5)));
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    assert!(lab.store.open_outcomes("acme").await.unwrap().is_empty());
}

async fn a_patient_run_leaves_an_open_conflict_alone_until_it_is_due(kind: Kind) {
    let lab = company(kind, 20).await;
    lab.sim
        .put_user(TOKEN, SimUser::new("boss", "Cabinet staff", Some(&phone(300))));
    lab.give_phone(5, Some(phone(300)));
    assert_eq!(lab.run().await.exit_code(), 3);
    let patient = Order {
        is_patient: true,
        ..Order::default()
    };
    // Five minutes have gone by, and it is tried again; after the second time it waits for ten.
    assert!(!lab.run_with(&patient).await.is_quiet);
    lab.count_anew();
    let report = lab.run_with(&patient).await;
    assert!(report.is_quiet, "{}", describe(&report));
    assert_eq!(report.exit_code(), 3, "what is open counts");
    assert_eq!(outcome(&report, "5").unwrap().1, Outcome::Conflict);
    assert_eq!(lab.requests(), "", "nothing is asked");
    assert!(!lab.run_with(&patient).await.is_quiet, "ten minutes have gone by");
    // A change in the table comes first.
    lab.hire("21", "Somebody New", None);
    let report = lab.run_with(&patient).await;
    assert!(!report.is_quiet, "{}", describe(&report));
}

async fn a_patient_run_leaves_held_leavers_alone(kind: Kind) {
    let lab = company(kind, 20).await;
    for n in 5..=20 {
        lab.dismiss(n);
    }
    let patient = Order {
        is_patient: true,
        ..Order::default()
    };
    let report = lab.run_with(&patient).await;
    assert_eq!((report.exit_code(), report.is_quiet), (4, false));
    lab.count_anew();
    let report = lab.run_with(&patient).await;
    assert!(report.is_quiet, "{}", describe(&report));
    assert_eq!(report.exit_code(), 4, "what is held counts");
    assert_eq!(lab.requests(), "", "nothing is asked");
    lab.approve_all().await;
    let report = lab.run_with(&patient).await;
    lab.assert_equal(&report);
}

async fn findings_in_force_are_reported_by_quiet_runs_too(kind: Kind) {
    let lab = company(kind, 20).await;
    lab.give_phone(3, Some("no number".to_owned()));
    lab.give_phone(4, Some(phone(5)));
    for n_run in 1..=3 {
        lab.count_anew();
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 0, "{}", describe(&report));
        let kinds: Vec<(&str, FindingKind)> = report
            .findings
            .iter()
            .map(|it| (it.id.as_str(), it.kind))
            .collect();
        let expected = [
            ("3", FindingKind::PhoneInvalid),
            ("4", FindingKind::PhoneDuplicate),
        ];
        assert_eq!(kinds, expected, "run {n_run}");
    }
    assert_eq!(lab.sim.requests().len(), 0);
}

async fn what_the_platform_makes_of_a_name_is_accepted_after_the_second_time(kind: Kind) {
    let lab = company(kind, 20).await;
    lab.sim.update_switches(|it| it.cut_names_at = Some(12));
    lab.edit(3, |it| it.name = "A name that is longer".to_owned());
    lab.run().await;
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].kind, FindingKind::ValueNormalised);
    let user = lab.platform().into_iter().find(|it| it.id == "3").unwrap();
    assert_eq!(user.name, "A name that ");
    lab.count_anew();
    let report = lab.run().await;
    assert_eq!(report.findings.len(), 1);
    assert_eq!(lab.sim.requests().len(), 0, "no update in every cycle");
    lab.edit(3, |it| it.name = "A name that is longer than before".to_owned());
    lab.run().await;
    lab.edit(3, |it| it.name = "Short".to_owned());
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    lab.assert_equal(&report);
}

async fn a_plan_is_what_the_run_does_and_writes_nothing(kind: Kind) {
    let lab = company(kind, 20).await;
    lab.hire(21, "Newcomer", Some(phone(21)));
    lab.dismiss(3);
    lab.rotate(&[5, 6]);
    let before = std::fs::read(lab.dir.path().join("state.db")).unwrap();
    let plan = lab.plan().await;
    assert_eq!(plan.exit_code(), 0);
    assert!(lab.writes().is_empty());
    assert_eq!(std::fs::read(lab.dir.path().join("state.db")).unwrap(), before);
    let methods: Vec<&str> = plan.batches.iter().map(|it| it.method).collect();
    let expected = by_kind(
        kind,
        &["DELETE", "PATCH", "PATCH", "PATCH", "POST"][..],
        &["DELETE", "POST", "POST", "POST"],
    );
    assert_eq!(methods, expected);
    lab.count_anew();

    // A plan that was agreed to is carried out only if it is still the same.
    let digest = plan.plan_digest.unwrap();
    lab.edit(7, |it| it.name = "Renamed".to_owned());
    let order = Order {
        expected_plan: Some(digest.clone()),
        ..Order::default()
    };
    let report = lab.run_with(&order).await;
    assert!(
        matches!(report.stop, Some(Stop::Stale(_))),
        "{}",
        describe(&report)
    );
    assert_eq!(report.exit_code(), 6);
    assert!(lab.writes().is_empty());
    lab.edit(7, |it| it.name = "Person 7".to_owned());
    let report = lab.run_with(&order).await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
    assert_eq!(lab.writes(), methods);
}

async fn a_run_for_one_user_changes_only_that_one(kind: Kind) {
    let lab = company(kind, 20).await;
    lab.edit(5, |it| it.name = "Renamed".to_owned());
    lab.edit(6, |it| it.name = "Renamed, too".to_owned());
    lab.dismiss(7);
    let order = Order {
        only: Some(["5".into()].into()),
        ..Order::default()
    };
    let report = lab.run_with(&order).await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    assert_eq!(lab.writes(), [by_kind(kind, "PATCH", "POST")]);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
}

async fn renames_take_no_list_and_what_they_meet_does(kind: Kind) {
    let lab = company(kind, 20).await;
    lab.edit(5, |it| it.name = "Renamed".to_owned());
    lab.run().await;
    let methods: Vec<String> = lab.sim.requests().into_iter().map(|it| it.method).collect();
    let update = by_kind(kind, "PATCH", "POST");
    assert_eq!(methods, [update, "GET"], "{}", lab.requests());
    // Somebody has removed the user: it is seen, and the user created.
    lab.sim.remove_user(TOKEN, "6");
    lab.edit(6, |it| it.name = "Renamed, too".to_owned());
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
}

async fn a_verification_is_due_after_six_hours_and_when_asked_for(kind: Kind) {
    let lab = company(kind, 20).await;
    // The list, and the look whether that was all.
    let list_requests = 2;
    lab.run().await;
    assert_eq!(lab.sim.requests().len(), 0);
    lab.run_verified().await;
    assert_eq!(lab.sim.requests().len(), list_requests);
    lab.count_anew();
    lab.later(Duration::from_secs(6 * 3600));
    lab.run().await;
    assert_eq!(lab.sim.requests().len(), list_requests);
}
