//! Several accounts in one command.

use std::fs;

use wazzup_sync::simulator::SimUser;

use super::world::{ANNA, TOKEN, World};

/// A company with `acme` and `beta`, each with a credential.
fn two() -> World {
    let world = World::new(&[ANNA]);
    world.secret("beta", "beta-token-77aa");
    world.simulator().seed("beta-token-77aa", []);
    world.configure(&(world.account("acme", "acme") + &world.account("beta", "beta")));
    world
}

#[test]
fn reports_come_in_the_order_of_the_configuration() {
    let world = two();
    let ended = world.run("reconcile --output json beta acme").expect(0);
    let names: Vec<String> = ended.json()["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["account"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["acme", "beta"]);
    let ended = world.run("reconcile").expect(0);
    assert_eq!(ended.last_line(), "total: 2 accounts — 2 in sync");
}

#[test]
fn one_bad_account_stops_only_itself() {
    let world = two();
    fs::remove_file(world.path("acme.token")).unwrap();
    let ended = world.run("reconcile").expect(78);
    assert!(
        ended.said().contains("acme: failed (configuration_invalid)"),
        "{ended:?}"
    );
    assert!(
        ended.said().contains("beta: in sync (1 employee, 1 applied"),
        "{ended:?}"
    );
    assert_eq!(ended.last_line(), "total: 2 accounts — 1 in sync, 1 failed");
    assert_eq!(world.simulator().users("beta-token-77aa").len(), 1);
}

#[test]
fn the_worst_code_wins_and_each_account_keeps_its_own() {
    let world = two();
    world.secret("beta", "revoked");
    world.put("boss", "The Boss", "37126000001");
    let document = world.run("reconcile --output json").expect(77).json();
    assert_eq!(document["exit_code"], 77);
    assert_eq!(document["result"], "failed");
    assert_eq!(document["accounts"][0]["exit_code"], 3);
    assert_eq!(document["accounts"][1]["exit_code"], 77);
    assert_eq!(document["accounts"][1]["error"]["code"], "credentials_refused");
}

#[test]
fn two_accounts_on_one_remote_are_refused_whoever_is_asked_for() {
    let world = two();
    world.secret("beta", TOKEN);
    for line in ["reconcile", "reconcile acme", "plan beta"] {
        let ended = world.run(line).expect(78);
        assert!(
            ended.said().contains("is the same remote as accounts["),
            "{ended:?}"
        );
    }
    assert_eq!(world.ids(), [""; 0]);
    world.reconfigure("name = \"beta\"", "enabled = false\nname = \"beta\"");
    world.run("reconcile").expect(0);
    world.run("reconcile beta").expect(78);
}

#[test]
fn a_disabled_account_waits_to_be_named() {
    let world = two();
    world.reconfigure("name = \"beta\"", "enabled = false\nname = \"beta\"");
    let all = world.run("reconcile").expect(0);
    assert!(!all.said().contains("beta"), "{all:?}");
    let named = world.run("reconcile beta").expect(0);
    assert!(named.said().contains("beta: in sync"), "{named:?}");
}

#[test]
fn lines_of_json_are_one_for_each_account() {
    let world = two();
    let ended = world.run("reconcile --output ndjson").expect(0);
    let mut names: Vec<String> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["account"].to_string())
        .collect();
    names.sort();
    assert_eq!(names, ["\"acme\"", "\"beta\""]);
}

#[test]
fn of_several_plans_in_a_file_all_are_applied_or_none() {
    let world = two();
    world.run("plan --out both.plan").expect(0);
    world
        .simulator()
        .put_user("beta-token-77aa", SimUser::new("1", "Somebody", None));
    let ended = world.run("apply both.plan").expect(6);
    assert!(
        ended.said().contains("beta: create 1: no longer planned"),
        "{ended:?}"
    );
    assert_eq!(world.ids(), [""; 0]);
    world.run("plan --out both.plan").expect(0);
    world.run("apply both.plan").expect(0);
    assert_eq!(world.ids(), ["1"]);
}

#[test]
fn an_id_that_one_of_the_accounts_knows_is_no_mistake() {
    let world = two();
    world
        .simulator()
        .put_user("beta-token-77aa", SimUser::new("9", "Old", None));
    world.run("reconcile").expect(0);
    world.run("foreign claim beta 9").expect(0);
    world.run("reconcile --user 9").expect(0);
    world.run("reconcile acme --user 9").expect(64);
}
