//! What is down and comes back.

use std::fs;

use wazzup_sync::simulator::{Fault, How};

use crate::lab::{Lab, until};
use crate::world::{ANNA, TOKEN};

#[test]
fn a_crm_that_is_down_at_the_start_and_comes_back_ends_nothing() {
    let lab = Lab::new(&[ANNA]);
    let (here, away) = (lab.world.path("crm.db"), lab.world.path("away.db"));
    fs::rename(&here, &away).unwrap();
    let mut service = lab.start();
    service.wait_for_state("failing");
    assert_eq!(
        service.status()["accounts"][0]["last_run"]["error"],
        "source_unreachable"
    );
    assert_eq!(service.get("/readyz").0, 200);
    fs::rename(&away, &here).unwrap();
    // Somebody does not want to wait for the back-off.
    lab.world.run("reconcile").expect(0);
    service.wait_for_state("ok");
    service.stop();
}

#[test]
fn a_platform_that_is_down_is_tried_again_when_somebody_resumes_the_account() {
    let lab = Lab::new(&[ANNA]);
    lab.world.simulator().add_fault(Fault::new(How::Reset));
    let service = lab.start();
    service.wait_for_state("failing");
    lab.world.simulator().clear_faults();
    lab.world.run("resume acme").expect(0);
    service.wait_for_state("ok");
    assert_eq!(lab.world.ids(), ["1"]);
}

#[test]
fn a_refused_credential_stops_the_account_until_another_one_is_there() {
    let lab = Lab::new(&[ANNA]);
    lab.world.secret("acme", "wrong-token-000");
    let service = lab.start();
    service.wait_for_state("stopped");
    let n_writes = lab
        .world
        .simulator()
        .requests()
        .iter()
        .filter(|it| it.method != "GET")
        .count();
    assert_eq!(n_writes, 0);
    lab.world.secret("acme", TOKEN);
    service.signal(nix::sys::signal::Signal::SIGHUP);
    service.wait_for_state("ok");
}

#[test]
fn a_store_that_is_down_at_the_start_makes_the_service_unready_and_comes_back() {
    let lab = Lab::new(&[ANNA]);
    lab.world.reconfigure("/state.db", "/later/state.db");
    let mut service = lab.start();
    until("alive", || service.get("/livez").0 == 200);
    assert_eq!(service.get("/readyz").0, 503);
    assert_eq!(service.metric("wazzup_sync_ready"), Some(0.0));
    fs::create_dir(lab.world.path("later")).unwrap();
    until("ready", || service.get("/readyz").0 == 200);
    until("Anna", || lab.world.ids() == ["1"]);
    service.stop();
}

#[test]
fn a_secret_that_is_missing_stops_one_account_and_no_other() {
    let lab = Lab::new(&[ANNA]);
    let accounts = lab.world.account("acme", "acme") + &lab.world.account("beta", "nowhere");
    lab.world
        .configure(&format!("{}{accounts}", crate::lab::EACH_SECOND));
    let service = lab.start();
    until("both", || {
        let status = service.status();
        let state = |idx: usize| status["accounts"][idx]["state"].clone();
        state(0) == "ok" && state(1) == "failing"
    });
    let failures = "wazzup_sync_run_failures_total{platform=\"wazzup-v2\",error=\"configuration_invalid\"}";
    assert!(service.metric(failures) >= Some(1.0));
}
