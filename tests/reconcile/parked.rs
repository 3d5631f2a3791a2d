//! Users that are without their phone, or gone, for a moment: however the run ends, they come back.

use std::time::Duration;

use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::reconcile::Stop;
use wazzup_sync::simulator::{Fault, How, MethodIs, PhoneRule, RetryAfter};
use wazzup_sync::target::Kind;

use super::lab::{Lab, by_kind, describe, outcome, phone};

on_every_wazzup! {
    who_cant_get_the_new_phone_gets_the_old_one_back_if_it_is_free,
    who_cant_get_the_new_phone_and_whose_old_one_is_gone_is_told,
    a_run_that_is_told_to_wait_too_long_gives_back_first,
    a_run_that_is_out_of_time_gives_back_first,
    a_run_without_any_time_says_nothing_of_success,
    a_run_whose_list_breaks_gives_back_first,
    after_a_refused_credential_nothing_is_written_and_the_next_run_gives_back,
    who_was_deleted_for_a_moment_is_created_again_whatever_happens,
    who_was_deleted_for_a_moment_when_the_credential_was_refused_is_created_by_the_next_run,
}

/// A company that has learned how phones are cleared, and in which 1 and 2 are about to swap: 2 is parked.
async fn about_to_swap(kind: Kind) -> Lab {
    let lab = Lab::new(kind).await.unguarded();
    lab.hire_many(6);
    lab.run().await;
    lab.rotate(&[5, 6]);
    let report = lab.run().await;
    lab.assert_equal(&report);
    lab.rotate(&[1, 2]);
    lab.count_anew();
    lab
}

/// The same where nothing clears a phone: one of both is deleted for a moment.
async fn about_to_recreate(kind: Kind) -> Lab {
    let lab = Lab::new(kind).await.unguarded().recreate();
    lab.sim.update_switches(|it| it.set_phone_rules(PhoneRule::Keep));
    lab.hire_many(6);
    lab.run().await;
    lab.rotate(&[5, 6]);
    let report = lab.run().await;
    lab.assert_equal(&report);
    lab.rotate(&[1, 2]);
    lab.count_anew();
    lab
}

fn status(status: u16, code: &str, retry_after: Option<RetryAfter>) -> How {
    How::Status {
        status,
        body: Some(format!("{{\"error\":\"{code}\",\"description\":\"no\"}}")),
        retry_after,
    }
}

/// Everybody is there with a phone of theirs, old or new.
fn assert_nobody_is_without(lab: &Lab, story: &str) {
    let phones = |id: &str| {
        lab.platform()
            .into_iter()
            .find(|it| it.id == id)
            .map(|it| it.phone)
    };
    for (id, one, other) in [("1", 1, 2), ("2", 1, 2)] {
        let has = phones(id).flatten();
        let fits = [phone(one), phone(other)].map(Some).contains(&has);
        assert!(fits, "user {id} has {has:?}: {story}\n{}", lab.requests());
    }
}

async fn assert_next_run_finishes(lab: &Lab) {
    lab.sim.clear_faults();
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}\n{}", describe(&report), lab.requests());
    lab.assert_equal(&report);
    lab.count_anew();
    lab.run().await;
    assert!(lab.writes().is_empty(), "{}", lab.requests());
}

async fn who_cant_get_the_new_phone_gets_the_old_one_back_if_it_is_free(kind: Kind) {
    let lab = about_to_swap(kind).await;
    let refused = Fault::new(status(400, "INVALID_USER_DATA", None)).method(lab.updates());
    lab.sim.add_fault(refused.user("1"));
    let report = lab.run().await;
    assert_eq!(outcome(&report, "1").unwrap().1, Outcome::Rejected);
    let (op, what, code) = outcome(&report, "2").unwrap();
    let found = (op, what, code.as_deref());
    assert_eq!(found, (Op::Update, Outcome::Conflict, Some("phone_taken")));
    assert_nobody_is_without(&lab, &describe(&report));
    assert_next_run_finishes(&lab).await;
}

async fn who_cant_get_the_new_phone_and_whose_old_one_is_gone_is_told(kind: Kind) {
    let lab = about_to_swap(kind).await;
    // The first request about 2 is its park.
    for nth in 2..9 {
        let refused = Fault::new(status(400, "INVALID_USER_DATA", None)).method(lab.updates());
        lab.sim.add_fault(refused.user("2").nth(nth));
    }
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 3);
    assert_eq!(outcome(&report, "1").unwrap().1, Outcome::Applied);
    assert_eq!(outcome(&report, "2").unwrap().1, Outcome::Rejected);
    let user = lab.platform().into_iter().find(|it| it.id == "2").unwrap();
    assert_eq!(user.phone, None, "both phones are beyond reach");
    let parks = report.users.iter().filter(|it| it.settled.change.op == Op::Park);
    assert_eq!(parks.count(), 1);
    assert_next_run_finishes(&lab).await;
}

async fn a_run_that_is_told_to_wait_too_long_gives_back_first(kind: Kind) {
    let lab = about_to_swap(kind).await;
    let how = status(429, "", Some(RetryAfter::Seconds(120)));
    lab.sim
        .add_fault(Fault::new(how).method(lab.updates()).nth(2).times(1));
    let report = lab.run().await;
    assert!(
        matches!(report.stop, Some(Stop::RateLimited(_))),
        "{}",
        describe(&report)
    );
    assert_nobody_is_without(&lab, &describe(&report));
    assert_next_run_finishes(&lab).await;
}

async fn a_run_that_is_out_of_time_gives_back_first(kind: Kind) {
    let mut lab = about_to_swap(kind).await;
    // Whatever is slow besides: the run never begins what comes after the park.
    lab.timing.max_run = Duration::from_millis(400);
    lab.sim
        .add_fault(Fault::new(How::Slow { millis: 450 }).method(lab.updates()).nth(1));
    let report = lab.run().await;
    assert!(
        matches!(report.stop, Some(Stop::OutOfTime)),
        "{}",
        describe(&report)
    );
    assert_eq!(report.exit_code(), 3);
    assert_nobody_is_without(&lab, &describe(&report));
    lab.timing.max_run = Duration::from_secs(60);
    assert_next_run_finishes(&lab).await;
}

async fn a_run_without_any_time_says_nothing_of_success(kind: Kind) {
    let mut lab = about_to_swap(kind).await;
    lab.timing.max_run = Duration::ZERO;
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 3, "{}", describe(&report));
    lab.timing.max_run = Duration::from_secs(60);
    assert_next_run_finishes(&lab).await;
}

async fn a_run_whose_list_breaks_gives_back_first(kind: Kind) {
    let lab = about_to_swap(kind).await;
    // The return is refused because of its phone, so that a list is asked for, which is no list.
    let refused = Fault::new(status(400, "USER_ALREADY_EXISTS", None)).method(lab.updates());
    lab.sim.add_fault(refused.nth(2).times(1));
    // Two pages were read before; a page that is refused is asked for again in a smaller size. V3 has no sizes.
    for nth in by_kind(kind, &[3, 4][..], &[2]) {
        let list = lab.lists(Fault::new(status(400, "BROKEN", None)), "");
        lab.sim.add_fault(list.nth(*nth));
    }
    let report = lab.run().await;
    assert!(
        matches!(report.stop, Some(Stop::Unreadable(_))),
        "{}",
        describe(&report)
    );
    assert_nobody_is_without(&lab, &describe(&report));
    assert_next_run_finishes(&lab).await;
}

async fn after_a_refused_credential_nothing_is_written_and_the_next_run_gives_back(kind: Kind) {
    let lab = about_to_swap(kind).await;
    let refused = Fault::new(status(401, "UNAUTHORIZED", None)).method(lab.updates());
    lab.sim.add_fault(refused.nth(2).times(1));
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 77);
    let update = by_kind(kind, "PATCH", "POST");
    assert_eq!(lab.writes(), [update, update], "the second one was refused");
    assert_next_run_finishes(&lab).await;
}

async fn who_was_deleted_for_a_moment_is_created_again_whatever_happens(kind: Kind) {
    type Accident = (&'static str, fn(&Lab));
    let accidents: [Accident; 5] = [
        ("the create is refused", |lab| {
            let refused = Fault::new(status(400, "INVALID_USER_DATA", None));
            lab.sim.add_fault(refused.method(MethodIs::Post).user("1").nth(1));
        }),
        ("the platform wants a long pause", |lab| {
            let how = status(429, "", Some(RetryAfter::Seconds(120)));
            let fault = Fault::new(how).method(MethodIs::Post).user("1");
            lab.sim.add_fault(fault.nth(1));
        }),
        ("the other one is refused", |lab| {
            let refused = Fault::new(status(400, "INVALID_USER_DATA", None));
            lab.sim.add_fault(refused.method(lab.updates()).user("2"));
        }),
        ("the create has no answer", |lab| {
            lab.sim
                .add_fault(Fault::new(How::Reset).method(MethodIs::Post).user("1").times(5));
        }),
        ("the create is answered with a server error", |lab| {
            lab.sim
                .add_fault(Fault::status(500).method(MethodIs::Post).user("1").times(2));
        }),
    ];
    for (name, add) in accidents {
        let lab = about_to_recreate(kind).await;
        add(&lab);
        let report = lab.run().await;
        let story = format!("{name}: {}\n{}", describe(&report), lab.requests());
        assert!(
            report.exit_code() != 0 || lab.platform() == lab.desired(),
            "{story}"
        );
        assert_eq!(lab.platform().len(), 6, "{story}");
        assert_next_run_finishes(&lab).await;
    }
}

async fn who_was_deleted_for_a_moment_when_the_credential_was_refused_is_created_by_the_next_run(kind: Kind) {
    for reports_drift in [false, true] {
        let mut lab = about_to_recreate(kind).await;
        if reports_drift {
            lab.account.policy.on_drift = wazzup_sync::domain::diff::OnDrift::Report;
        }
        let refused = Fault::new(status(401, "UNAUTHORIZED", None)).method(MethodIs::Post);
        lab.sim.add_fault(refused.user("1").times(1));
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 77, "{}", describe(&report));
        assert_eq!(lab.platform().len(), 5);
        assert_next_run_finishes(&lab).await;
    }
}
