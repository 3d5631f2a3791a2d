//! An hour in which the CRM or the platform is down: what is shown meanwhile and after, and that nobody has to do
//! anything.

use std::fs;

use wazzup_sync::simulator::{Fault, How};

use crate::clockwork::{Clockwork, HOUR};
use crate::door::Door;
use crate::lab::{EACH_SECOND, Lab, until};
use crate::people::{NOTIFY, events};
use crate::world::ANNA;

const HIRE_BERTA: &str = "INSERT INTO employees VALUES ('2', 'Berta Liepa', '+37126000002')";

/// Anna is on the platform, and the service has an hour's arrears to the time of day.
fn before_the_hour() -> (Lab, Clockwork) {
    let lab = Lab::new(&[ANNA]);
    let base_url = lab.world.simulator().base_url();
    let service = on_a_platform_at(&base_url, &lab);
    (lab, service)
}

fn on_a_platform_at(base_url: &str, lab: &Lab) -> Clockwork {
    let account = lab.world.account("acme", "acme");
    let account = account.replace(&lab.world.simulator().base_url(), base_url);
    let notify = NOTIFY.replace("FILE", &lab.world.path("told").display().to_string());
    lab.world.configure(&format!("{EACH_SECOND}{notify}{account}"));
    lab.world
        .reconfigure("settle = \"1ms\"", "settle = \"1ms\"\ntimeout = \"200ms\"");
    let service = Clockwork::start(lab, HOUR);
    service.wait_for_state("ok");
    assert_eq!(lab.world.ids(), ["1"]);
    service
}

fn accounts(state: &str) -> String {
    format!("wazzup_sync_accounts{{platform=\"wazzup-v2\",state=\"{state}\"}}")
}

const AGE: &str = "wazzup_sync_last_good_run_age_seconds{platform=\"wazzup-v2\"}";
const OVERDUE: &str = "wazzup_sync_run_overdue_seconds{platform=\"wazzup-v2\"}";

/// Lets the account fail for an hour, by that error, and looks at everything that is shown.
fn an_hour_of(error: &str, lab: &Lab, service: &Clockwork) {
    service.wait_for_state("failing");
    let failures = format!("wazzup_sync_run_failures_total{{platform=\"wazzup-v2\",error=\"{error}\"}}");
    let begin = service.now();
    let mut n_failures = 1.0;
    loop {
        until("the failure", || service.metric(&failures) == Some(n_failures));
        until("the next start", || {
            service.instant("next_run_at") > Some(service.now())
        });
        let next = service.instant("next_run_at").unwrap();
        if begin.plus(HOUR) <= next {
            break;
        }
        service.turn_to(next.plus(1000));
        n_failures += 1.0;
    }
    // A minute after the first failure, then after 3, 7, 15 and 31.
    assert_eq!(n_failures, 6.0);
    service.turn_to(begin.plus(HOUR));

    assert_eq!(service.state(), "failing");
    assert_eq!(service.status()["accounts"][0]["last_run"]["error"], error);
    assert_eq!(service.get("/readyz").0, 200, "the store is well");
    assert_eq!(service.metric("wazzup_sync_ready"), Some(1.0));
    assert_eq!(service.metric(&accounts("failing")), Some(1.0));
    assert_eq!(service.metric(&accounts("ok")), Some(0.0));
    let hour = 3590.0..3700.0;
    for age in [AGE, OVERDUE] {
        let seconds = service.metric(age).unwrap();
        assert!(hour.contains(&seconds), "{age} {seconds}");
    }
    assert_eq!(events(lab), ["failing"]);
    assert_eq!(lab.world.ids(), ["1"]);

    let status = lab.world.run("status --output json").expect(0).account();
    assert_eq!(status["state"], "failing", "{status}");
    assert_eq!(status["error"]["code"], error, "{status}");
    let report = lab.world.run("reconcile --output json").expect(69).account();
    assert_eq!(report["error"]["code"], error, "{report}");
}

/// What was down is well, and the change that was made meanwhile is not lost.
fn all_is_well_after(lab: &Lab, service: &Clockwork) {
    // The last pause of this hour.
    service.turn_to(service.instant("next_run_at").unwrap().plus(1000));
    until("Berta", || lab.world.ids() == ["1", "2"]);
    service.wait_for_state("ok");
    assert_eq!(service.metric(&accounts("ok")), Some(1.0));
    assert_eq!(service.metric(&accounts("failing")), Some(0.0));
    assert!(service.metric(AGE).unwrap() < 60.0);
    assert!(service.metric(OVERDUE).unwrap() < 60.0);
    assert_eq!(service.get("/readyz").0, 200);
    until("all is told", || events(lab) == ["failing", "recovered"]);
    // By schedule again, and not by the back-off.
    let good_at = service.instant("last_good_at").unwrap();
    until("the next pass", || {
        service.instant("last_good_at") > Some(good_at.plus(1000))
    });
    let status = lab.world.run("status --output json").expect(0).account();
    assert_eq!(status["state"], "in_sync", "{status}");
    assert_eq!(status["error"], serde_json::Value::Null);
    assert_eq!(lab.world.ids(), ["1", "2"]);
}

#[test]
fn a_crm_that_is_down_for_an_hour() {
    let (lab, service) = before_the_hour();
    let (here, away) = (lab.world.path("crm.db"), lab.world.path("away.db"));
    fs::rename(&here, &away).unwrap();
    let n_requests = lab.world.simulator().requests().len();
    an_hour_of("source_unreachable", &lab, &service);
    assert_eq!(lab.world.simulator().requests().len(), n_requests);
    fs::rename(&away, &here).unwrap();
    lab.crm(HIRE_BERTA);
    all_is_well_after(&lab, &service);
}

fn a_platform_that(how: How) {
    let (lab, service) = before_the_hour();
    lab.world.simulator().add_fault(Fault::new(how));
    lab.crm(HIRE_BERTA);
    an_hour_of("target_unreachable", &lab, &service);
    lab.world.simulator().clear_faults();
    all_is_well_after(&lab, &service);
}

#[test]
fn a_platform_that_answers_503_for_an_hour() {
    a_platform_that(How::Status {
        status: 503,
        body: None,
        retry_after: None,
    });
}

#[test]
fn a_platform_that_hangs_for_an_hour() {
    a_platform_that(How::Hang { millis: None });
}

#[test]
fn a_platform_that_closes_every_connection_for_an_hour() {
    a_platform_that(How::Reset);
}

#[test]
fn a_platform_that_refuses_connections_for_an_hour() {
    let lab = Lab::new(&[ANNA]);
    let mut door = Door::to(&lab.world.simulator().base_url());
    let service = on_a_platform_at(&door.base_url(), &lab);
    door.shut();
    lab.crm(HIRE_BERTA);
    an_hour_of("target_unreachable", &lab, &service);
    door.reopen();
    all_is_well_after(&lab, &service);
}
