//! What `check` finds before the first reconcile.

use serde_json::json;

use super::world::{ANNA, BERTA, World};

#[test]
fn users_who_look_like_people_that_left_are_counted_apart() {
    let world = World::new(&[ANNA, BERTA, ("3", "", "+37126000003")]);
    world.reconfigure(
        "SELECT id, name, phone FROM employees",
        "SELECT id, name, phone, id = '1' AS active FROM employees",
    );
    world.put("77", "BERTA LIEPA", "");
    world.put("78", "Somebody", "37126000003");
    world.put("79", "The Boss", "37126000009");
    // Under the employee's id it is that one's user.
    world.put("2", "Berta Liepa", "");
    let text = world.run("check").expect(0);
    assert!(
        text.said()
            .contains("2 of these have the name or phone of people who left")
            && text.said().contains("(see: wazzup-sync --config c.toml foreign)"),
        "{text:?}"
    );
    let check = world.run("check --output json").expect(0).account();
    assert_eq!(check["would"]["former"], 2);
    assert_eq!(check["would"]["foreign"], 3);
    assert_eq!(check["warnings"], json!([]));
    assert_eq!(world.simulator().counts().writes(), 0);
}

#[test]
fn a_version_of_meta_that_has_ended_is_told_whatever_else_there_is() {
    let world = World::new(&[ANNA]);
    world.reconfigure(
        "removal = \"delete\"",
        "removal = \"unassign\"\ntasks = { \"*\" = [\"DEVELOP\"] }",
    );
    world.reconfigure(
        "kind = \"wazzup-v2\"",
        "kind = \"meta\"\nbusiness_id = \"1\"\nwaba_id = \"2\"\napi_version = \"v2.12\"",
    );
    let check = world.run("check --output json");
    let warning = &check.account()["warnings"][0];
    assert_eq!(warning["code"], "api_version_ended");
    assert!(
        warning["message"]
            .as_str()
            .unwrap()
            .starts_with("api_version v2.12 is no longer served since ")
    );
    assert!(world.run("check").said().contains("warning api_version v2.12"));
    world.reconfigure("v2.12", "v99.0");
    assert_eq!(world.run("check --output json").account()["warnings"], json!([]));
}

#[test]
fn a_column_that_the_platform_needs_is_missed() {
    let world = World::new(&[ANNA]);
    world.reconfigure("removal = \"delete\"", "removal = \"deactivate\"");
    world.reconfigure("kind = \"wazzup-v2\"", "kind = \"wuts\"");
    let check = world.run("check").expect(65);
    assert!(
        check
            .said()
            .contains("does not yield the column `email`, which is needed"),
        "{check:?}"
    );
    world.reconfigure(
        "SELECT id, name, phone",
        "SELECT id, name, 'a@example.com' AS email",
    );
    world.reconfigure(
        "[accounts.target]",
        "roles = { boss = \"manager\" }\n[accounts.target]",
    );
    let check = world.run("check").expect(65);
    assert!(
        check
            .said()
            .contains("does not yield the column `role`, which is needed"),
        "{check:?}"
    );
}
