//! What people decide: holds, foreign users, and the memory of an account.

use serde_json::Value;

use super::world::{ANNA, BERTA, CARL, World};

/// A company of which everybody seems to have left, with the hold on record.
fn deserted() -> (World, String) {
    let world = World::new(&[ANNA, BERTA]);
    world.run("reconcile").expect(0);
    world.employ(&[CARL]);
    world.reconfigure("removal = \"delete\"", "removal = \"delete\"\nmax_removals = 0");
    let account = world.run("reconcile --output json").expect(4).account();
    let id = account["holds"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.ids(), ["1", "2", "3"]);
    (world, id)
}

#[test]
fn an_approved_hold_passes_and_names_who_and_why() {
    let (world, id) = deserted();
    let list = world.run("holds").expect(0);
    assert!(list.said().contains("1 Anna Ozola, 2 Berta Liepa"), "{list:?}");
    let command = format!("wazzup-sync --config c.toml holds approve {id} --reason");
    assert!(list.said().contains(&command), "{list:?}");
    assert_eq!(list.last_line(), "1 hold waits for a decision.");
    let approved = world
        .run(&format!(
            "holds approve {} --reason moved --output json",
            &id[..4]
        ))
        .expect(0);
    let hold = &approved.json()["hold"];
    assert_eq!(hold["status"], "approved");
    assert_eq!(hold["decided_by"], "tester");
    assert_eq!(hold["why"], "moved");
    let again = world.run(&format!("holds approve {id}")).expect(64);
    assert!(again.said().contains("approved already, by tester"), "{again:?}");
    world.run("reconcile").expect(0);
    assert_eq!(world.ids(), ["3"]);
    assert_eq!(
        world.run("holds").expect(0).last_line(),
        "Nothing waits for a decision."
    );
}

#[test]
fn a_rejected_hold_keeps_its_users() {
    let (world, id) = deserted();
    let rejected = world.run(&format!("holds reject {id}")).expect(0);
    assert!(rejected.said().contains("stay as they are"), "{rejected:?}");
    let account = world.run("reconcile --output json").expect(0).account();
    assert_eq!(account["findings"][0]["finding"], "leaver_kept");
    assert_eq!(world.ids(), ["1", "2", "3"]);
}

#[test]
fn foreign_users_are_claimed_and_pass_the_guards() {
    let world = World::new(&[ANNA]);
    let unread = world.run("foreign").expect(0);
    assert!(unread.said().contains("not read yet"), "{unread:?}");
    world.put("8", "Old One", "");
    world.put("9", "Old Two", "");
    world.run("reconcile").expect(0);
    let list = world.run("foreign list").expect(0);
    assert!(list.said().contains("8 Old One"), "{list:?}");
    let unknown = world.run("foreign claim acme 8 7").expect(64);
    assert!(
        unknown.said().contains("\"7\"") && unknown.said().contains("none was claimed"),
        "{unknown:?}"
    );
    world.run("foreign claim acme 8").expect(0);
    world.run("reconcile").expect(0);
    assert_eq!(world.ids(), ["1", "9"]);
    let all = world
        .run("foreign claim acme --all --output json")
        .expect(0)
        .json();
    assert_eq!(all["claimed"], 1);
    let none = world.run("foreign claim acme --all").expect(0);
    assert!(none.said().contains("no foreign users"), "{none:?}");
}

#[test]
fn an_account_keeps_its_memory_under_a_new_name() {
    let world = World::new(&[ANNA]);
    world.run("reconcile").expect(0);
    let early = world.run("state rename acme beta").expect(64);
    assert!(early.said().contains("still in the configuration"), "{early:?}");
    world.reconfigure("name = \"acme\"", "name = \"beta\"");
    world.run("state rename acme gamma").expect(64);
    world.run("state rename acme beta").expect(0);
    world.simulator().clear_requests();
    let ended = world.run("reconcile").expect(0);
    assert!(
        ended.said().contains("beta: in sync (1 employee, nothing to do"),
        "{ended:?}"
    );
    world.run("state rename acme beta").expect(64);
}

#[test]
fn a_forgotten_account_leaves_its_users_foreign() {
    let world = World::new(&[ANNA]);
    world.run("reconcile").expect(0);
    world.reconfigure("name = \"acme\"", "name = \"beta\"");
    let unknown = world.run("state forget acm").expect(64);
    assert!(
        unknown.said().contains("in the store; did you mean \"acme\"?"),
        "{unknown:?}"
    );
    world.run("state forget acme").expect(0);
    world.employ(&[BERTA]);
    let account = world.run("reconcile --output json").expect(0).account();
    assert_eq!(account["foreign"], 1);
    assert_eq!(world.ids(), ["1", "2"]);
}

#[test]
fn a_rebuilt_snapshot_is_what_the_platform_shows() {
    let world = World::new(&[ANNA, BERTA]);
    world.run("reconcile").expect(0);
    world.put("boss", "The Boss", "");
    let rebuilt = world.run("state rebuild acme --output json").expect(0).json();
    assert_eq!(
        rebuilt["users"],
        serde_json::json!({"ours": 2, "foreign": 1, "missing": 0})
    );
    let account = world.run("plan --output json").expect(0).account();
    assert_eq!(account["foreign"], 1);
}

#[test]
fn a_rebuild_does_not_believe_another_companys_list() {
    let world = World::new(&[]);
    world.employ_many(6);
    world.run("reconcile").expect(0);
    world.simulator().seed(super::world::TOKEN, []);
    let doubtful = world.run("state rebuild acme").expect(4);
    assert!(
        doubtful
            .out
            .contains("6 of 6 users of ours are not on the platform"),
        "{doubtful:?}"
    );
    // The guard still counts against what was known.
    let account = world.run("reconcile --verify --output json").expect(4).account();
    assert_eq!(account["holds"][0]["reason"], "target_changed");
    assert_eq!(world.ids(), [""; 0]);
}

#[test]
fn past_runs_are_listed_and_shown_by_the_beginning_of_their_id() {
    let world = World::new(&[ANNA]);
    let none = world.run("runs").expect(0);
    assert!(none.out.starts_with("No run is on record"), "{none:?}");
    world.run("reconcile").expect(0);
    let run = world.run("runs --output json").expect(0).json()["runs"][0]["run"].clone();
    let Value::String(run) = run else { panic!("{run}") };
    let shown = world.run(&format!("runs show {}", &run[..13])).expect(0);
    assert!(shown.said().contains(&format!("acme: run {run}")), "{shown:?}");
    assert!(shown.said().contains("created 1 Anna Ozola"), "{shown:?}");
    assert!(
        shown
            .out
            .contains("request 1: create, 1 user: accepted, HTTP 200"),
        "{shown:?}"
    );
    world.run("runs list --limit 1").expect(0);
}
