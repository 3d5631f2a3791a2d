//! Every exit code, and what is said with it.

use std::fs;
use std::process::Stdio;

use wazzup_sync::simulator::{Fault, How};

use super::world::{ANNA, BERTA, CARL, World, ended};

#[test]
fn in_sync_is_0_and_the_second_run_asks_the_platform_nothing() {
    let world = World::new(&[ANNA, BERTA]);
    let first = world.run("reconcile").expect(0);
    assert!(
        first
            .last_line()
            .starts_with("acme: in sync (2 employees, 2 applied, "),
        "{first:?}"
    );
    assert_eq!(world.ids(), ["1", "2"]);
    world.simulator().clear_requests();
    let second = world.run("reconcile").expect(0);
    assert!(
        second
            .out
            .starts_with("acme: in sync (2 employees, nothing to do, "),
        "{second:?}"
    );
    assert_eq!(second.out.lines().count(), 1);
    assert!(world.simulator().requests().is_empty());
    assert!(world.simulator().violations().is_empty());
}

#[test]
fn pending_changes_are_2_if_a_plan_is_asked_for_the_code() {
    let world = World::new(&[ANNA]);
    world.run("plan").expect(0);
    world.run("plan --exit-code").expect(2);
    world.run("reconcile").expect(0);
    world.run("plan --exit-code").expect(0);
}

#[test]
fn an_open_conflict_is_3_until_it_is_gone() {
    let world = World::new(&[ANNA]);
    world.put("boss", "The Boss", "37126000001");
    let ended = world.run("reconcile").expect(3);
    assert!(ended.said().contains("conflict"), "{ended:?}");
    assert!(ended.said().contains("\"boss\""), "names both parties: {ended:?}");
    assert_eq!(ended.last_line(), "acme: partial — 1 conflict open");
    world.run("reconcile").expect(3);
    world.simulator().remove_user(super::world::TOKEN, "boss");
    world.run("reconcile").expect(0);
}

#[test]
fn findings_are_3_only_if_strict() {
    let world = World::new(&[("1", "Anna", "12")]);
    world.run("reconcile").expect(0);
    let ended = world.run("reconcile --strict").expect(3);
    assert_eq!(ended.last_line(), "acme: partial — 1 finding (--strict)");
}

#[test]
fn a_held_plan_is_4_and_for_plan_0() {
    let world = World::new(&[ANNA, BERTA]);
    world.run("reconcile").expect(0);
    world.employ(&[]);
    world.run("plan").expect(0);
    world.run("plan --exit-code").expect(2);
    let ended = world.run("reconcile").expect(4);
    assert!(ended.said().contains("Held: no_rows"), "{ended:?}");
    assert_eq!(ended.last_line(), "acme: held — 2 held open");
    assert_eq!(world.ids(), ["1", "2"]);
}

#[test]
fn a_remote_that_another_process_has_is_5() {
    let world = World::new(&[ANNA]);
    let lock = world.occupy();
    let ended = world.run("reconcile").expect(5);
    assert!(ended.last_line().starts_with("acme: busy"), "{ended:?}");
    world.run("state rebuild acme").expect(5);
    drop(lock);
    world.run("reconcile").expect(0);
}

#[test]
fn a_stale_plan_is_6_and_says_what_moved() {
    let world = World::new(&[ANNA, BERTA]);
    world.run("plan --out p.plan").expect(0);
    world.employ(&[ANNA, CARL]);
    world.simulator().clear_requests();
    let ended = world.run("apply p.plan").expect(6);
    assert!(
        ended.said().contains("acme: create 2: no longer planned"),
        "{ended:?}"
    );
    assert!(
        ended.said().contains("acme: create 3: new in the plan"),
        "{ended:?}"
    );
    assert_eq!(world.ids(), [""; 0]);
    assert_eq!(world.simulator().counts().writes(), 0);
}

#[test]
fn what_nobody_bears_is_64_with_a_hint() {
    let world = World::new(&[ANNA]);
    let unknown = world.run("reconcile acmee").expect(64);
    assert!(unknown.said().contains("did you mean \"acme\"?"), "{unknown:?}");
    world.run("plan nobody").expect(64);
    world.run("reconcile --user 99").expect(64);
    world.run("reconcile --user 1").expect(0);
    world.run("reconcile --user 1").expect(0);
    world.run("holds approve 0123").expect(64);
    world.run("runs show 0123").expect(64);
    world.run("foreign claim acme 7").expect(64);
    world.run("foreign claim nobody 7").expect(64);
    world.run("state forget acme").expect(64);
    world.run("state forget nobody").expect(64);
    world.run("apply nothing.plan").expect(64);
    fs::write(world.path("bad.plan"), "{}").unwrap();
    let bad = world.run("apply bad.plan").expect(64);
    assert!(bad.said().contains("no plan of wazzup-sync"), "{bad:?}");
    world.run("reconcile --bogus").expect(64);
}

#[test]
fn unusable_rows_are_65() {
    let world = World::new(&[ANNA]);
    world.reconfigure("SELECT id, name, phone", "SELECT id, phone");
    let ended = world.run("reconcile").expect(65);
    assert_eq!(ended.last_line(), "acme: failed (source_unusable)");
    assert!(ended.said().contains("Nothing was sent"), "{ended:?}");
    world.reconfigure("SELECT id, phone", "SELECT '' AS id, name");
    let ended = world.run("reconcile").expect(65);
    assert_eq!(ended.last_line(), "acme: failed (all_quarantined)");
    world.run("plan").expect(65);
    world.run("check").expect(65);
}

#[test]
fn a_source_or_platform_that_does_not_answer_is_69() {
    let world = World::new(&[ANNA]);
    world.simulator().add_fault(Fault::new(How::Status {
        status: 503,
        body: None,
        retry_after: None,
    }));
    let ended = world.run("reconcile").expect(69);
    assert_eq!(ended.last_line(), "acme: failed (target_unreachable)");
    world.simulator().clear_faults();
    world.run("reconcile").expect(0);
    fs::rename(world.path("crm.db"), world.path("gone.db")).unwrap();
    let ended = world.run("reconcile").expect(69);
    assert_eq!(ended.last_line(), "acme: failed (source_unreachable)");
    assert_eq!(world.ids(), ["1"]);
}

#[test]
fn a_store_that_can_not_be_had_is_74() {
    let world = World::new(&[ANNA]);
    world.reconfigure("state.db", "no/such/folder/state.db");
    let ended = world.run("reconcile").expect(74);
    assert!(
        ended.said().contains("no/such/folder does not exist"),
        "{ended:?}"
    );
    world.reconfigure("no/such/folder/state.db", "c.toml");
    world.run("reconcile").expect(74);
    world.run("plan").expect(74);
}

#[test]
fn a_refused_credential_is_77() {
    let world = World::new(&[ANNA]);
    world.secret("acme", "another-token");
    let ended = world.run("reconcile").expect(77);
    assert_eq!(ended.last_line(), "acme: failed (credentials_refused)");
    assert!(ended.said().contains("accounts[acme].target"), "{ended:?}");
    let check = world.run("check").expect(77);
    assert!(check.said().contains("refuses the credential"), "{check:?}");
}

#[test]
fn a_wrong_configuration_is_78_with_all_its_problems() {
    let world = World::new(&[ANNA]);
    world.reconfigure("removal = \"delete\"", "removal = \"burn\"\nspeed = 1");
    for line in ["reconcile", "plan", "check --offline", "holds", "runs", "foreign"] {
        let ended = world.run(line).expect(78);
        assert!(
            ended.said().contains("the configuration has 2 problems:"),
            "{ended:?}"
        );
        assert!(ended.said().contains("c.toml:"), "{ended:?}");
        assert!(ended.said().contains("accounts[acme].removal"), "{ended:?}");
        assert!(ended.said().contains("accounts[acme].speed"), "{ended:?}");
        assert_eq!(ended.out, "");
    }
}

#[test]
fn a_secret_that_leads_nowhere_is_78_with_its_key() {
    let world = World::new(&[ANNA]);
    fs::remove_file(world.path("acme.token")).unwrap();
    let ended = world.run("reconcile").expect(78);
    assert!(
        ended.said().contains("accounts[acme].target.token: file:"),
        "{ended:?}"
    );
    assert!(ended.said().contains("No such file"), "{ended:?}");
    assert_eq!(ended.last_line(), "acme: failed (configuration_invalid)");
    world.run("check --offline").expect(0);
    world.run("check").expect(78);
}

#[test]
fn what_this_version_can_not_do_is_78_and_not_ignored() {
    let world = World::new(&[ANNA]);
    world.reconfigure(
        "[store]\nurl = \"sqlite:",
        "[store]\nurl = \"postgres://localhost/",
    );
    let check = world.run("check --offline").expect(78);
    assert!(
        check.said().contains("not supported by this version yet"),
        "{check:?}"
    );
    let ended = world.run("reconcile").expect(78);
    assert!(
        ended.said().contains("not supported by this version yet"),
        "{ended:?}"
    );
}

#[test]
fn an_answer_that_can_not_be_written_is_1_and_one_that_nobody_reads_is_nothing() {
    let world = World::new(&[ANNA]);
    let full = fs::File::create("/dev/full").unwrap();
    let output = world.command("reconcile").stdout(Stdio::from(full)).output();
    let full = ended(output.unwrap()).expect(1);
    assert!(full.said().contains("can't be written"), "{full:?}");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = world.command("reconcile").stdout(Stdio::from(writer)).output();
    let closed = ended(output.unwrap()).expect(0);
    assert_eq!(closed.err, "");
}
