//! Users that are without their phone, or gone, for a moment: however the run ends, they come back.

use std::time::Duration;

use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::reconcile::Stop;
use wazzup_sync::simulator::{Fault, How, MethodIs, PhoneRule, RetryAfter};

use super::lab::{Lab, describe, outcome, phone};

/// A company that has learned how phones are cleared, and in which 1 and 2 are about to swap: 2 is parked.
async fn about_to_swap() -> Lab {
    let lab = Lab::new().await.unguarded();
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
async fn about_to_recreate() -> Lab {
    let lab = Lab::new().await.unguarded().recreate();
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

#[tokio::test]
async fn who_cant_get_the_new_phone_gets_the_old_one_back_if_it_is_free() {
    let lab = about_to_swap().await;
    let refused = Fault::new(status(400, "INVALID_USER_DATA", None)).method(MethodIs::Patch);
    lab.sim.add_fault(refused.user("1"));
    let report = lab.run().await;
    assert_eq!(outcome(&report, "1").unwrap().1, Outcome::Rejected);
    let (op, what, code) = outcome(&report, "2").unwrap();
    let found = (op, what, code.as_deref());
    assert_eq!(found, (Op::Update, Outcome::Conflict, Some("phone_taken")));
    assert_nobody_is_without(&lab, &describe(&report));
    assert_next_run_finishes(&lab).await;
}

#[tokio::test]
async fn who_cant_get_the_new_phone_and_whose_old_one_is_gone_is_told() {
    let lab = about_to_swap().await;
    // The first request about 2 is its park.
    for nth in 2..9 {
        let refused = Fault::new(status(400, "INVALID_USER_DATA", None)).method(MethodIs::Patch);
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

#[tokio::test]
async fn a_run_that_is_told_to_wait_too_long_gives_back_first() {
    let lab = about_to_swap().await;
    let how = status(429, "", Some(RetryAfter::Seconds(120)));
    lab.sim
        .add_fault(Fault::new(how).method(MethodIs::Patch).nth(2).times(1));
    let report = lab.run().await;
    assert!(
        matches!(report.stop, Some(Stop::RateLimited(_))),
        "{}",
        describe(&report)
    );
    assert_nobody_is_without(&lab, &describe(&report));
    assert_next_run_finishes(&lab).await;
}

#[tokio::test]
async fn a_run_that_is_out_of_time_gives_back_first() {
    let mut lab = about_to_swap().await;
    // Whatever is slow besides: the run never begins what comes after the park.
    lab.timing.max_run = Duration::from_millis(400);
    lab.sim.add_fault(
        Fault::new(How::Slow { millis: 450 })
            .method(MethodIs::Patch)
            .nth(1),
    );
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

#[tokio::test]
async fn a_run_without_any_time_says_nothing_of_success() {
    let mut lab = about_to_swap().await;
    lab.timing.max_run = Duration::ZERO;
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 3, "{}", describe(&report));
    lab.timing.max_run = Duration::from_secs(60);
    assert_next_run_finishes(&lab).await;
}

#[tokio::test]
async fn a_run_whose_list_breaks_gives_back_first() {
    let lab = about_to_swap().await;
    // The return is answered with "not found", so that a list is asked for, which is no list.
    let patch = Fault::new(status(404, "USER_NOT_FOUND", None)).method(MethodIs::Patch);
    lab.sim.add_fault(patch.nth(2).times(1));
    // Two pages were read before; a page that is refused is asked for again in a smaller size.
    for nth in [3, 4] {
        let list = Fault::new(status(400, "BROKEN", None)).method(MethodIs::Get);
        lab.sim.add_fault(list.path("/v2/users?").nth(nth));
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

#[tokio::test]
async fn after_a_refused_credential_nothing_is_written_and_the_next_run_gives_back() {
    let lab = about_to_swap().await;
    let refused = Fault::new(status(401, "UNAUTHORIZED", None)).method(MethodIs::Patch);
    lab.sim.add_fault(refused.nth(2).times(1));
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 77);
    assert_eq!(lab.writes(), ["PATCH", "PATCH"], "the second one was refused");
    assert_next_run_finishes(&lab).await;
}

#[tokio::test]
async fn who_was_deleted_for_a_moment_is_created_again_whatever_happens() {
    type Accident = (&'static str, fn(&Lab));
    let accidents: [Accident; 5] = [
        ("the create is refused", |lab| {
            let refused = Fault::new(status(400, "INVALID_USER_DATA", None));
            lab.sim.add_fault(refused.method(MethodIs::Post).nth(1));
        }),
        ("the platform wants a long pause", |lab| {
            let how = status(429, "", Some(RetryAfter::Seconds(120)));
            lab.sim.add_fault(Fault::new(how).method(MethodIs::Post).nth(1));
        }),
        ("the other one is refused", |lab| {
            let refused = Fault::new(status(400, "INVALID_USER_DATA", None));
            lab.sim.add_fault(refused.method(MethodIs::Patch).user("2"));
        }),
        ("the create has no answer", |lab| {
            lab.sim
                .add_fault(Fault::new(How::Reset).method(MethodIs::Post).times(5));
        }),
        ("the create is answered with a server error", |lab| {
            lab.sim
                .add_fault(Fault::status(500).method(MethodIs::Post).times(2));
        }),
    ];
    for (name, add) in accidents {
        let lab = about_to_recreate().await;
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

#[tokio::test]
async fn who_was_deleted_for_a_moment_when_the_credential_was_refused_is_created_by_the_next_run() {
    for reports_drift in [false, true] {
        let mut lab = about_to_recreate().await;
        if reports_drift {
            lab.account.policy.on_drift = wazzup_sync::domain::diff::OnDrift::Report;
        }
        let refused = Fault::new(status(401, "UNAUTHORIZED", None)).method(MethodIs::Post);
        lab.sim.add_fault(refused.times(1));
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 77, "{}", describe(&report));
        assert_eq!(lab.platform().len(), 5);
        assert_next_run_finishes(&lab).await;
    }
}
