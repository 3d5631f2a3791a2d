//! A clock that was wrong by hours and is set right: nothing waits for the time that comes twice, and nothing that is
//! shown is dated in the future.

use std::fs;

use crate::clockwork::{Clockwork, HOUR, MINUTE};
use crate::lab::{Lab, stays, until};
use crate::world::ANNA;

const HIRE_BERTA: &str = "INSERT INTO employees VALUES ('2', 'Berta Liepa', '+37126000002')";
const AGE: &str = "wazzup_sync_last_good_run_age_seconds{platform=\"wazzup-v2\"}";
const OVERDUE: &str = "wazzup_sync_run_overdue_seconds{platform=\"wazzup-v2\"}";
const QUIET: &str = "wazzup_sync_runs_total{platform=\"wazzup-v2\",result=\"quiet\"}";
const FAILURES: &str = "wazzup_sync_run_failures_total{platform=\"wazzup-v2\",error=\"source_unreachable\"}";

/// A service at rest, whose clock was three hours fast until now.
fn set_back() -> (Lab, Clockwork) {
    let lab = Lab::new(&[ANNA]);
    let service = Clockwork::start(&lab, -3 * HOUR);
    service.wait_for_state("ok");
    until("a quiet pass on record", || {
        lab.world.run("status --output json").expect(0).account()["last"]["result"] == "nothing_to_do"
    });
    service.turn(-3 * HOUR);
    (lab, service)
}

fn is_not_ahead(service: &Clockwork, field: &str) -> bool {
    service.instant(field).is_some_and(|it| it <= service.now())
}

#[test]
fn passes_go_on_and_ages_begin_at_nothing() {
    let (lab, service) = set_back();
    let n_quiet = service.metric(QUIET).unwrap();
    until("passes go on", || service.metric(QUIET) >= Some(n_quiet + 2.0));
    assert!(is_not_ahead(&service, "last_good_at"));
    assert!(service.instant("next_run_at").unwrap() <= service.now().plus(MINUTE));
    for age in [AGE, OVERDUE, "wazzup_sync_last_backup_age_seconds"] {
        let seconds = service.metric(age).unwrap();
        assert!((0.0..60.0).contains(&seconds), "{age} {seconds}");
    }
    lab.crm(HIRE_BERTA);
    until("Berta", || lab.world.ids() == ["1", "2"]);
    service.wait_for_state("ok");
    // Who looks from outside sees the same.
    let status = lab.world.run("status --output json").expect(0).account();
    assert_eq!(status["state"], "in_sync", "{status}");
}

#[test]
fn what_fails_after_is_shown_and_backs_off() {
    let (lab, service) = set_back();
    let (here, away) = (lab.world.path("crm.db"), lab.world.path("away.db"));
    fs::rename(&here, &away).unwrap();
    service.wait_for_state("failing");
    until("the failure", || service.metric(FAILURES) == Some(1.0));
    // That a pass went well in the future is no sign that the next one will.
    stays("one failure", || service.metric(FAILURES) == Some(1.0));
    let status = lab.world.run("status --output json").expect(0).account();
    assert_eq!(status["state"], "failing", "{status}");

    service.turn(50_000);
    for age in [AGE, OVERDUE] {
        let seconds = service.metric(age).unwrap();
        assert!((50.0..170.0).contains(&seconds), "{age} {seconds}");
    }
    fs::rename(&away, &here).unwrap();
    service.turn(MINUTE);
    service.wait_for_state("ok");
}
