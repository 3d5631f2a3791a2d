//! What a pass does when everybody behaves.

use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::simulator::SimUser;
use wazzup_sync::target::Kind;

use super::lab::{Lab, TOKEN, by_kind, describe, outcome, phone};

on_every_wazzup! {
    a_first_sync_of_1000_takes_10_writes_and_the_second_run_no_request,
    a_mixed_day_takes_one_request_of_each_kind,
    two_swapped_phones_need_one_parked_user_and_three_writes,
    a_rotation_of_300_takes_11_requests_once_the_way_to_clear_is_known,
    foreign_users_are_counted_and_never_touched,
    a_plan_says_what_reconcile_does_and_writes_nothing,
}

async fn a_first_sync_of_1000_takes_10_writes_and_the_second_run_no_request(kind: Kind) {
    let lab = Lab::new(kind).await;
    lab.hire_many(1000);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
    assert_eq!(lab.writes(), ["POST"; 10]);
    lab.count_anew();
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    assert_eq!(lab.sim.requests().len(), 0);
}

async fn a_mixed_day_takes_one_request_of_each_kind(kind: Kind) {
    let lab = Lab::new(kind).await;
    lab.hire_many(100);
    lab.run().await;
    lab.count_anew();
    for n in 101..=105 {
        lab.hire(n, &format!("Person {n}"), Some(phone(n)));
    }
    for n in 1..=7 {
        lab.edit(n, |person| person.name = format!("Renamed {n}"));
    }
    for n in 50..=52 {
        lab.dismiss(n);
    }
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
    let writes = by_kind(kind, &["DELETE", "PATCH", "POST"][..], &["PATCH", "POST"]);
    assert_eq!(lab.writes(), writes, "creates and updates may share requests");
}

async fn two_swapped_phones_need_one_parked_user_and_three_writes(kind: Kind) {
    let lab = Lab::new(kind).await;
    lab.hire_many(20);
    lab.run().await;
    for _ in 0..2 {
        lab.count_anew();
        let phones: Vec<_> = ["1", "2"]
            .map(|id| lab.crm.0.lock().unwrap().people[id].phone.clone())
            .into();
        lab.give_phone(1, phones[1].clone());
        lab.give_phone(2, phones[0].clone());
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 0, "{}", describe(&report));
        lab.assert_equal(&report);
        assert_eq!(
            report
                .users
                .iter()
                .filter(|it| it.settled.change.op == Op::Park)
                .count(),
            1
        );
    }
    assert_eq!(lab.writes().len(), 3, "{:#?}", lab.sim.requests());
}

async fn a_rotation_of_300_takes_11_requests_once_the_way_to_clear_is_known(kind: Kind) {
    let lab = Lab::new(kind).await.unguarded();
    lab.hire_many(300);
    lab.run().await;
    lab.give_phone(1, Some(phone(2)));
    lab.give_phone(2, Some(phone(1)));
    lab.run().await;
    lab.count_anew();
    for n in 1..=300 {
        lab.give_phone(n, Some(phone(1000 + n)));
    }
    let report = lab.run().await;
    lab.assert_equal(&report);
    lab.count_anew();
    for n in 1..=300 {
        lab.give_phone(n, Some(phone(1000 + n % 300 + 1)));
    }
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
    assert_eq!(lab.writes().len(), 11);
}

async fn foreign_users_are_counted_and_never_touched(kind: Kind) {
    let lab = Lab::new(kind).await;
    let foreign = SimUser::new("boss", "Cabinet staff", Some(&phone(3)));
    lab.sim.put_user(TOKEN, foreign.clone());
    lab.sim.protect(TOKEN, ["boss"]);
    lab.hire_many(5);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 3, "{}", describe(&report));
    assert_eq!(report.foreign, 1);
    let (op, what, code) = outcome(&report, "3").unwrap();
    assert_eq!(
        (op, what, code.as_deref()),
        (Op::Create, Outcome::Conflict, Some("phone_taken"))
    );
    assert!(lab.platform().contains(&foreign));
    assert_eq!(lab.platform().len(), 6, "3 is there without its phone");
    lab.assert_no_violation();
}

async fn a_plan_says_what_reconcile_does_and_writes_nothing(kind: Kind) {
    let lab = Lab::new(kind).await;
    lab.hire_many(150);
    let plan = lab.plan().await;
    assert_eq!(lab.writes(), Vec::<String>::new());
    assert_eq!(lab.platform(), []);
    let requests: Vec<_> = plan
        .batches
        .iter()
        .map(|it| (it.method, it.users.len()))
        .collect();
    assert_eq!(requests, [("POST", 100), ("POST", 50)]);
    let report = lab.run().await;
    lab.assert_equal(&report);
    assert_eq!(lab.writes(), ["POST", "POST"]);
    assert_eq!(lab.plan().await.batches, []);
}
