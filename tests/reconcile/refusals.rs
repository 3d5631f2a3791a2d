//! What a platform refuses: phones, seats, records, everything. The rest is applied, and the outcome
//! names the cause and the other party.

use std::time::Duration;

use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::reconcile::{AccountReport, Stop};
use wazzup_sync::simulator::{BatchRule, Fault, How, MethodIs, PartialAnswer, SimUser};
use wazzup_sync::target::Kind;

use super::lab::{Lab, TOKEN, all_well, by_kind, describe, outcome, phone};
use super::platforms::{ANSWERS, BATCHES, CASES, CHECKS, Platform, SHAPES, STATUSES};

on_every_wazzup! {
    one_malformed_user_of_100_costs_15_more_requests_and_travels_alone_next_time,
    some_malformed_users_stop_nobody_else_in_any_run,
    where_all_are_refused_alike_the_contract_has_changed,
    the_seats_are_filled_to_the_last_and_the_rest_waits,
    a_phone_of_a_foreign_user_is_a_conflict_that_names_it_and_ends_with_it,
    a_phone_whose_holder_is_not_listed_is_a_conflict_however_it_is_told,
    a_phone_taken_behind_our_back_is_understood_in_every_shape,
    a_record_that_is_skipped_without_a_word_is_asked_for_alone,
}

/// The outcome and code of a user.
fn fate(report: &AccountReport, id: impl ToString) -> (Outcome, String) {
    let (_, what, code) =
        outcome(report, &id.to_string()).unwrap_or_else(|| panic!("{} is not reported", id.to_string()));
    (what, code.unwrap_or_default())
}

fn detail(report: &AccountReport, id: impl ToString) -> String {
    let id = id.to_string();
    let mut users = report.users.iter().map(|it| &it.settled);
    let found = users.find(|it| it.change.id.as_str() == id && it.change.op != Op::Park);
    found
        .and_then(|it| it.detail.as_deref())
        .unwrap_or_default()
        .to_owned()
}

/// Requests that name this user are refused.
fn malformed(id: usize) -> Fault {
    refusing("INVALID_USER_DATA", "the name has bad letters").user(&id.to_string())
}

fn refusing(code: &str, text: &str) -> Fault {
    let how = How::Status {
        status: 400,
        body: Some(format!("{{\"error\":\"{code}\",\"description\":\"{text}\"}}")),
        retry_after: None,
    };
    Fault::new(how).method(MethodIs::Write)
}

async fn one_malformed_user_of_100_costs_15_more_requests_and_travels_alone_next_time(kind: Kind) {
    for bad in [1, 2, 37, 50, 51, 64, 99, 100] {
        let lab = Lab::new(kind).await;
        lab.hire_many(100);
        lab.sim.add_fault(malformed(bad));
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 3, "{}", describe(&report));
        assert_eq!(
            fate(&report, bad),
            (Outcome::Rejected, "INVALID_USER_DATA".to_owned())
        );
        assert_eq!(detail(&report, bad), "the name has bad letters");
        assert_eq!(report.users.len(), 100);
        assert_eq!(lab.platform().len(), 99);
        let (list, read_back) = (1, 2);
        let n_more = lab.sim.requests().len() - list - 1 - read_back;
        assert!(n_more <= 15, "user {bad}: {n_more} more\n{}", lab.requests());

        lab.count_anew();
        lab.hire(200, "Newcomer", None);
        let report = lab.run().await;
        assert_eq!(fate(&report, 200).0, Outcome::Applied);
        assert_eq!(fate(&report, bad).0, Outcome::Rejected);
        assert_eq!(lab.writes(), ["POST", "POST"], "{}", lab.requests());

        lab.sim.clear_faults();
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 0, "{}", describe(&report));
        lab.assert_equal(&report);
    }
}

async fn some_malformed_users_stop_nobody_else_in_any_run(kind: Kind) {
    let lab = Lab::new(kind).await;
    lab.hire_many(100);
    for bad in [3, 4, 50, 98] {
        lab.sim.add_fault(malformed(bad));
    }
    for n_run in 1..=3 {
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 3, "run {n_run}: {}", describe(&report));
        for bad in [3, 4, 50, 98] {
            assert_eq!(fate(&report, bad).0, Outcome::Rejected, "run {n_run}, user {bad}");
        }
        assert_eq!(lab.platform().len(), 96);
    }
    lab.assert_no_violation();
}

async fn where_all_are_refused_alike_the_contract_has_changed(kind: Kind) {
    for n in [20, 100] {
        let lab = Lab::new(kind).await;
        lab.hire_many(n);
        lab.sim
            .add_fault(refusing("INVALID_USER_DATA", "email is missing"));
        for n_run in 1..=3 {
            lab.count_anew();
            let report = lab.run().await;
            assert!(
                matches!(report.stop, Some(Stop::ContractChanged(_))),
                "run {n_run}: {}",
                describe(&report)
            );
            assert_eq!(report.exit_code(), 69);
            assert!(
                lab.writes().len() < 30,
                "{n} users, run {n_run}: {}",
                lab.requests()
            );
            assert_eq!(report.users.len(), n, "one outcome for each");
        }
        lab.sim.clear_faults();
        lab.run().await;
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 0, "{}", describe(&report));
        lab.assert_equal(&report);
    }
}

async fn the_seats_are_filled_to_the_last_and_the_rest_waits(kind: Kind) {
    for (seats, learned) in [(1000, None), (40, Some(40)), (1, Some(1))] {
        let lab = Lab::new(kind).await.unguarded();
        lab.sim.update_switches(|it| it.seats = seats);
        let n = seats + 50;
        lab.hire_many(n);
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 3, "{}", describe(&report));
        assert_eq!(lab.platform().len(), seats);
        for id in 1..=n {
            let expected = if id <= seats {
                (Outcome::Applied, String::new())
            } else {
                (Outcome::Deferred, "no_seat".to_owned())
            };
            assert_eq!(fate(&report, id), expected, "user {id} on {seats} seats");
        }
        assert!(
            detail(&report, n).contains(&seats.to_string()),
            "{}",
            detail(&report, n)
        );
        if learned.is_none() {
            lab.assert_no_violation();
        }
        lab.sim.clear_violations();
        lab.count_anew();

        // The limit is remembered: nothing is tried again.
        let report = lab.run().await;
        assert_eq!(fate(&report, n).0, Outcome::Deferred);
        assert!(lab.writes().is_empty(), "{}", lab.requests());
        lab.assert_no_violation();

        // Who goes makes room.
        lab.dismiss(1);
        lab.run().await;
        let report = lab.run().await;
        assert_eq!(
            fate(&report, seats + 2).0,
            Outcome::Deferred,
            "{}",
            describe(&report)
        );
        let ids: Vec<String> = lab.platform().into_iter().map(|it| it.id).collect();
        assert!(ids.contains(&(seats + 1).to_string()) && ids.len() == seats);
        lab.assert_no_violation();

        // More seats are found out about in a week.
        lab.sim.update_switches(|it| it.seats = 2000);
        lab.later(Duration::from_secs(8 * 24 * 3600));
        lab.run().await;
        assert_eq!(lab.platform().len(), (n - 1).min(1000));
    }
}

async fn a_phone_of_a_foreign_user_is_a_conflict_that_names_it_and_ends_with_it(kind: Kind) {
    let lab = Lab::new(kind).await;
    lab.hire_many(10);
    lab.sim
        .put_user(TOKEN, SimUser::new("boss", "Cabinet staff", Some(&phone(3))));
    lab.sim.protect(TOKEN, ["boss"]);
    lab.run().await;
    // One who has a phone keeps it, one who has none goes without.
    lab.sim
        .put_user(TOKEN, SimUser::new("chief", "Cabinet staff", Some(&phone(400))));
    lab.give_phone(4, Some(phone(400)));
    for _ in 0..2 {
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 3);
        for (id, holder) in [(3, "boss"), (4, "chief")] {
            assert_eq!(fate(&report, id), (Outcome::Conflict, "phone_taken".to_owned()));
            assert!(detail(&report, id).contains(holder), "{}", detail(&report, id));
        }
        assert_eq!(report.foreign, 2);
    }
    assert_eq!(
        lab.platform().iter().find(|it| it.id == "4").unwrap().phone,
        Some(phone(4))
    );
    lab.sim.remove_user(TOKEN, "boss");
    lab.sim.remove_user(TOKEN, "chief");
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
}

async fn a_phone_whose_holder_is_not_listed_is_a_conflict_however_it_is_told(kind: Kind) {
    for name_phone in [true, false] {
        for batch in BATCHES {
            let lab = Lab::new(kind).await;
            lab.sim.update_switches(|it| it.batch = batch);
            lab.hire_many(40);
            let text = if name_phone {
                format!("User with phone number {} already exists in the CRM.", phone(17))
            } else {
                "User with this phone already exists in the CRM.".to_owned()
            };
            // Only with its phone is this user refused: two requests at most carry it without the phone.
            let fault = refusing("USER_ALREADY_EXISTS", &text).user("17");
            lab.sim.add_fault(fault.times(if name_phone { 1 } else { 7 }));
            let report = lab.run().await;
            assert_eq!(fate(&report, 17).0, Outcome::Conflict, "{}", describe(&report));
            let users = lab.platform();
            assert_eq!(users.len(), 40, "{}\n{}", describe(&report), lab.requests());
            let of = |id: &str| users.iter().find(|it| it.id == id).unwrap().phone.clone();
            assert_eq!((of("17"), of("18")), (None, Some(phone(18))));
            lab.sim.clear_faults();
            let report = lab.run().await;
            assert_eq!(report.exit_code(), 0, "{}", describe(&report));
            lab.assert_equal(&report);
        }
    }
}

/// Somebody takes a phone between our list and our request: the platform refuses it, in any shape.
async fn a_phone_taken_behind_our_back_is_understood_in_every_shape(kind: Kind) {
    let mut platforms = Vec::new();
    for shape in SHAPES {
        for case in CASES {
            for status in STATUSES {
                platforms.push(Platform::new(
                    kind,
                    format!("{shape:?}, {case:?}, {status}"),
                    |it| {
                        it.error_shape = shape;
                        it.code_case = case;
                        it.error_status = status;
                        it.validation_status = status;
                    },
                ));
            }
        }
    }
    for check in CHECKS {
        for batch in BATCHES {
            for answer in ANSWERS {
                for is_named in [true, false] {
                    platforms.push(Platform::new(
                        kind,
                        format!("{check:?}, {batch:?}, {answer:?}, phone named: {is_named}"),
                        |it| {
                            it.phone_check = check;
                            it.batch = batch;
                            it.partial_answer = answer;
                            it.name_phone_in_errors = is_named;
                        },
                    ));
                }
            }
        }
    }
    let stories = platforms.into_iter().map(|platform| async move {
        let lab = Lab::new(kind).await.unguarded();
        lab.hire_many(10);
        lab.run().await;
        lab.sim.set_switches(platform.switches.clone());
        let taken = SimUser::new("boss", "Cabinet staff", Some(&phone(103)));
        let meddle = How::Meddle {
            put: vec![taken],
            remove: Vec::new(),
        };
        lab.sim.add_fault(Fault::new(meddle).method(lab.updates()).nth(1));
        for n in 1..=8 {
            lab.give_phone(n, Some(phone(100 + n)));
        }
        lab.hire(11, "Newcomer", Some(phone(11)));
        let report = lab.run().await;
        let story = || format!("{}: {}\n{}", platform.name, describe(&report), lab.requests());
        assert_eq!(fate(&report, 3).0, Outcome::Conflict, "{}", story());
        assert!(detail(&report, 3).contains("boss"), "{}", story());
        let users = lab.platform();
        for n in [1, 2, 4, 5, 6, 7, 8] {
            let user = users.iter().find(|it| it.id == n.to_string()).unwrap();
            assert_eq!(user.phone, Some(phone(100 + n)), "user {n}: {}", story());
        }
        assert_eq!(users.len(), 12, "{}", story());
        Ok(())
    });
    all_well(stories).await;
}

/// A platform that refuses one record and says nothing of it but a smaller number.
async fn a_record_that_is_skipped_without_a_word_is_asked_for_alone(kind: Kind) {
    let code = by_kind(kind, "INVALID_USER_DATA", "INVALID_USERS_DATA");
    for batch in [BatchRule::SkipBad, BatchRule::StopAtFirst] {
        let lab = Lab::new(kind).await;
        lab.sim.update_switches(|it| {
            it.batch = batch;
            it.partial_answer = PartialAnswer::Success;
            it.phone_required = true;
        });
        lab.hire_many(30);
        lab.give_phone(7, None);
        lab.run().await;
        let report = lab.run().await;
        assert_eq!(
            fate(&report, 7),
            (Outcome::Rejected, code.to_owned()),
            "{batch:?}: {}\n{}",
            describe(&report),
            lab.requests()
        );
        assert_eq!(lab.platform().len(), 29, "{}", describe(&report));
        lab.assert_no_violation();
    }
}
