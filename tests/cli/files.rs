//! Files: which are made, by whom they can be read, and which are left alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::world::{ANNA, BERTA, World};

#[test]
fn reading_commands_make_no_file() {
    let world = World::new(&[ANNA]);
    let files = |world: &World| {
        let mut names: Vec<_> = fs::read_dir(world.dir())
            .unwrap()
            .map(|it| it.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let before = files(&world);
    for line in [
        "plan",
        "plan --exit-code",
        "check",
        "check --offline",
        "holds",
        "runs",
        "foreign",
    ] {
        world.run(line);
        assert_eq!(files(&world), before, "{line}");
    }
    assert_eq!(world.simulator().counts().writes(), 0);
}

#[test]
fn a_plan_file_is_for_its_owner_and_takes_the_place_of_plans_only() {
    let world = World::new(&[ANNA]);
    world.run("plan --out p.plan").expect(0);
    let mode = fs::metadata(world.path("p.plan")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    world.run("plan --out p.plan").expect(0);
    let refused = world.run("plan --out c.toml").expect(64);
    assert!(refused.said().contains("is not overwritten"), "{refused:?}");
    assert!(
        fs::read_to_string(world.path("c.toml"))
            .unwrap()
            .contains("[store]")
    );
    world.run("plan --out no/such/p.plan").expect(64);
    world.run("plan --out .").expect(64);
}

#[test]
fn a_plan_that_is_still_the_plan_is_applied() {
    let world = World::new(&[ANNA, BERTA]);
    world.run("plan --out p.plan").expect(0);
    let ended = world.run("apply p.plan").expect(0);
    assert!(
        ended
            .last_line()
            .starts_with("acme: in sync (2 employees, 2 applied"),
        "{ended:?}"
    );
    assert_eq!(world.ids(), ["1", "2"]);
    let again = world.run("apply p.plan --output json").expect(6);
    assert_eq!(again.account()["error"]["code"], "stale_plan");
}

#[test]
fn a_plan_of_nothing_is_still_nothing_however_that_is_found_out() {
    let world = World::new(&[ANNA]);
    world.run("reconcile").expect(0);
    world.run("plan --out p.plan").expect(0);
    world.run("apply p.plan").expect(0);
    // A list that has to be read again leads to the same nothing.
    world.run("state rebuild acme").expect(0);
    world.run("apply p.plan").expect(0);
    world.employ(&[ANNA, BERTA]);
    world.run("apply p.plan").expect(6);
    assert_eq!(world.ids(), ["1"]);
}

#[test]
fn no_plan_file_is_written_if_an_account_could_not_be_planned() {
    let world = World::new(&[ANNA]);
    world.reconfigure("SELECT id", "SELECT x");
    let ended = world.run("plan --out p.plan").expect(65);
    assert!(ended.said().contains("no plan file was written"), "{ended:?}");
    assert!(!world.path("p.plan").exists());
}

#[test]
fn a_plan_of_another_version_is_stale() {
    let world = World::new(&[ANNA]);
    world.run("plan --out p.plan").expect(0);
    let text = fs::read_to_string(world.path("p.plan")).unwrap();
    let other = text.replace(env!("CARGO_PKG_VERSION"), "99.0.0");
    fs::write(world.path("p.plan"), other).unwrap();
    let ended = world.run("apply p.plan").expect(6);
    assert!(ended.said().contains("99.0.0"), "{ended:?}");
}

#[test]
fn a_plan_of_an_account_that_is_gone_is_refused() {
    let world = World::new(&[ANNA]);
    world.run("plan --out p.plan").expect(0);
    world.reconfigure("name = \"acme\"", "name = \"beta\"");
    world.run("apply p.plan").expect(64);
}

#[test]
fn a_change_that_masks_hide_is_told_as_such() {
    let world = World::new(&[ANNA]);
    world.run("plan --out p.plan").expect(0);
    world.employ(&[("1", "Anna Ozola", "+37126111101")]);
    let ended = world.run("apply p.plan").expect(6);
    assert!(ended.said().contains("the digits of a phone"), "{ended:?}");
}
