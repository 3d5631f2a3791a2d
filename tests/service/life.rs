//! Start, work, reload, end.

use nix::sys::signal::Signal;
use wazzup_sync::simulator::{Fault, How, MethodIs};

use crate::lab::{EACH_SECOND, Ear, Lab, until};
use crate::world::{ANNA, BERTA};

#[test]
fn a_change_in_the_crm_is_on_the_platform_by_itself() {
    let lab = Lab::new(&[ANNA]);
    let mut service = lab.start();
    until("Anna", || lab.world.ids() == ["1"]);
    lab.crm("INSERT INTO employees VALUES ('2', 'Berta Liepa', '+37126000002')");
    until("Berta", || lab.world.ids() == ["1", "2"]);
    lab.crm("DELETE FROM employees WHERE id = '1'");
    until("only Berta", || lab.world.ids() == ["2"]);
    service.stop();
}

#[test]
fn quiet_cycles_ask_nothing_of_the_platform_and_leave_no_run() {
    let lab = Lab::new(&[ANNA]);
    let mut service = lab.start();
    let quiet = "wazzup_sync_runs_total{platform=\"wazzup-v2\",result=\"quiet\"}";
    until("quiet cycles", || service.metric(quiet) >= Some(1.0));
    let n_requests = lab.world.simulator().requests().len();
    let before = service.metric(quiet).unwrap();
    until("more of them", || service.metric(quiet) >= Some(before + 2.0));
    assert_eq!(lab.world.simulator().requests().len(), n_requests);
    service.stop();
    let runs = lab.world.run("runs --output json").expect(0).json();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1, "{runs}");
}

#[test]
fn a_broken_configuration_is_refused_with_all_its_problems_and_the_old_one_goes_on() {
    let lab = Lab::new(&[ANNA]);
    let service = lab.start();
    until("Anna", || lab.world.ids() == ["1"]);
    lab.world
        .reconfigure("[http]", "[http]\nwrong = 1\nalso_wrong = 2");
    service.signal(Signal::SIGHUP);
    service.wait_for_log("the old one stays");
    let log = service.log();
    assert!(
        log.contains("http.wrong") && log.contains("http.also_wrong"),
        "{log}"
    );
    let reloaded = "wazzup_sync_config_last_reload_successful";
    assert_eq!(service.metric(reloaded), Some(0.0));
    lab.crm("INSERT INTO employees VALUES ('2', 'Berta Liepa', '+37126000002')");
    until("Berta", || lab.world.ids() == ["1", "2"]);

    lab.world.reconfigure("wrong = 1\nalso_wrong = 2", "");
    service.signal(Signal::SIGHUP);
    service.wait_for_log("the configuration was read again");
    until("the metric", || service.metric(reloaded) == Some(1.0));
}

#[test]
fn a_reload_brings_new_accounts_and_takes_old_ones_away() {
    let lab = Lab::new(&[ANNA]);
    let service = lab.start();
    service.wait_for_state("ok");
    let disabled = lab
        .world
        .account("acme", "acme")
        .replace("removal", "enabled = false\nremoval");
    lab.world.configure(&format!("{EACH_SECOND}{disabled}"));
    service.signal(Signal::SIGHUP);
    service.wait_for_state("disabled");
    lab.world.configure(EACH_SECOND);
    service.signal(Signal::SIGHUP);
    until("retired", || service.status()["retired"][0] == "acme");
    assert_eq!(service.status()["accounts"].as_array().unwrap().len(), 0);
    lab.world
        .configure(&format!("{EACH_SECOND}{}", lab.world.account("acme", "acme")));
    service.signal(Signal::SIGHUP);
    until("back", || service.status()["accounts"][0]["state"] == "ok");
}

#[test]
fn a_request_in_flight_is_finished_before_the_end() {
    let lab = Lab::new(&[ANNA, BERTA]);
    let slow = Fault::new(How::Slow { millis: 700 })
        .method(MethodIs::Post)
        .times(1);
    lab.world.simulator().add_fault(slow);
    let mut service = lab.start();
    let is_sent = || {
        lab.world
            .simulator()
            .requests()
            .iter()
            .any(|it| it.method == "POST")
    };
    until("the request", is_sent);
    service.stop();
    assert_eq!(lab.world.ids(), ["1", "2"]);
    lab.world.run("reconcile").expect(0);
    let requests = lab.world.simulator().requests();
    let n_posts = requests.iter().filter(|it| it.method == "POST").count();
    assert_eq!(n_posts, 1, "nothing is sent twice");
}

#[test]
fn a_second_signal_ends_at_once_and_the_next_run_goes_on() {
    let lab = Lab::new(&[ANNA]);
    let hang = Fault::new(How::Hang { millis: None })
        .method(MethodIs::Post)
        .times(1);
    lab.world.simulator().add_fault(hang);
    let mut ear = Ear::at(&lab);
    let mut service = lab.start_with(&[("NOTIFY_SOCKET", &ear.path.clone())]);
    let is_sent = || {
        lab.world
            .simulator()
            .requests()
            .iter()
            .any(|it| it.method == "POST")
    };
    until("the request", is_sent);
    service.signal(Signal::SIGTERM);
    ear.wait_for("STOPPING=1");
    service.signal(Signal::SIGTERM);
    service.expect_end(0);
    assert!(service.log().contains("at once"), "{}", service.log());
    lab.world.simulator().clear_faults();
    lab.world.run("reconcile").expect(0);
    assert_eq!(lab.world.ids(), ["1"]);
}

#[test]
fn systemd_hears_of_every_turn_of_life() {
    let lab = Lab::new(&[ANNA]);
    let mut ear = Ear::at(&lab);
    let path = ear.path.clone();
    let mut service = lab.start_with(&[("NOTIFY_SOCKET", &path), ("WATCHDOG_USEC", "2000000")]);
    ear.wait_for("READY=1");
    ear.wait_for("WATCHDOG=1");
    ear.wait_for("STATUS=accounts: 1 ok");
    service.signal(Signal::SIGHUP);
    ear.wait_for("RELOADING=1");
    let is_reloading = |it: &&String| it.contains("RELOADING=1");
    let heard = ear.heard().to_vec();
    let reloading = heard.iter().find(is_reloading).unwrap();
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    let n_ready = |heard: &[String]| heard.iter().filter(|it| it.contains("READY=1")).count();
    until("ready again", || n_ready(ear.heard()) == 2);
    service.stop();
    let heard = ear.heard();
    let at = |word: &str| heard.iter().position(|it| it.contains(word)).unwrap();
    assert!(at("READY=1") < at("RELOADING=1") && at("RELOADING=1") < at("STOPPING=1"));
    for message in heard {
        for line in message.lines().filter(|it| it.starts_with("STATUS=")) {
            assert!(!line.contains("Anna"), "{line}");
        }
    }
}

#[test]
fn an_invalid_configuration_ends_the_start() {
    let lab = Lab::new(&[]);
    lab.world.reconfigure("[http]", "[http]\nwrong = 1");
    lab.start().expect_end(78);
    let lab = Lab::with(
        &[],
        &EACH_SECOND.replace("jitter", "status_token = \"env:NOWHERE\"\njitter"),
    );
    lab.start().expect_end(78);
    let lab = Lab::new(&[]);
    lab.world.run("run --loudly").expect(64);
}
