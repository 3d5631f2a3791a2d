//! What people ask: how the accounts are, what to mend, and why somebody is as they are.

use serde_json::{Value, json};

use super::ended::Ended;
use super::texts::steady;
use super::world::{ANNA, BERTA, CARL, World};

/// A company with an open conflict (4), a hold (3), findings (5, 6), a foreign user (boss) and somebody who is not
/// active (7).
fn troubled() -> World {
    let world = World::new(&[ANNA, BERTA, CARL]);
    world.run("reconcile").expect(0);
    world.put("boss", "The Boss", "37126000009");
    world.employ(&[
        ANNA,
        BERTA,
        ("4", "Dace Priede", "+37126000009"),
        ("5", "Edgars", "12"),
        ("6", "", "+37126000006"),
        ("7", "Former Fred", "+37126000007"),
    ]);
    world.reconfigure(
        "SELECT id, name, phone FROM",
        "SELECT id, name, phone, CASE id WHEN '7' THEN 0 ELSE 1 END AS active FROM",
    );
    world.reconfigure("removal = \"delete\"", "removal = \"delete\"\nmax_removals = 0");
    world.run("reconcile --verify").expect(4);
    world
}

/// What ends a word.
const BREAKS: [char; 7] = [' ', '\n', ',', '.', ')', ';', '`'];

/// The text without times and ids.
fn timeless(world: &World, ended: &Ended) -> String {
    let text = steady(world, ended);
    let mut out = String::new();
    for word in text.split_inclusive(BREAKS) {
        let digits = word.trim_end_matches(BREAKS).trim_end_matches(':');
        let end = &word[digits.len()..];
        let is_hex = |it: &str| it.chars().all(|it| it.is_ascii_hexdigit() || it == '-');
        let is_date = digits.len() == 10 && digits.starts_with("20") && digits.contains('-');
        let is_time = digits.ends_with('Z') && digits.contains(':');
        let is_id = (digits.len() == 8 || digits.len() == 36) && is_hex(digits);
        match (is_date, is_time, is_id) {
            (true, _, _) => out.push_str("2026-01-02"),
            (_, true, _) if digits.len() == 6 => out.push_str("03:04Z"),
            (_, true, _) => out.push_str("03:04:05Z"),
            (_, _, true) => out.push_str("7f3a12bc"),
            _ => out.push_str(digits),
        }
        out.push_str(end);
    }
    out
}

fn account(document: &Value, name: &str) -> Value {
    let accounts = document["accounts"].as_array().unwrap();
    let found = accounts.iter().find(|it| it["account"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {document}")).clone()
}

#[test]
fn the_status_says_how_each_account_is() {
    let world = troubled();
    insta::assert_snapshot!("status", timeless(&world, &world.run("status").expect(0)));
    let status = account(&world.run("status --output json").expect(0).json(), "acme");
    assert_eq!(status["state"], "held");
    assert_eq!(status["platform"], "wazzup-v2");
    assert_eq!(status["open"], json!({"conflict": 1, "held": 1}));
    assert_eq!(status["holds"][0]["users"], json!(["3"]));
    assert_eq!(status["findings"], json!({"name_missing": 1, "phone_invalid": 1}));
    assert_eq!(status["foreign"], 1);
    assert_eq!(status["error"], Value::Null);
    assert_eq!(status["last"]["result"], "held");
    assert_eq!(status["last"]["at"], status["last_good_at"]);
}

#[test]
fn the_status_before_the_first_run_makes_no_store() {
    let world = World::new(&[ANNA]);
    let status = world.run("status").expect(0);
    assert!(status.said().contains("acme never run never never"), "{status:?}");
    assert!(!world.path("state.db").exists());
}

#[test]
fn the_status_of_an_account_follows_what_happens_to_it() {
    let world = World::new(&[ANNA]);
    let state = || account(&world.run("status --output json").expect(0).json(), "acme");
    world.run("reconcile").expect(0);
    assert_eq!(state()["state"], "in_sync");
    world.reconfigure("FROM employees", "FROM staff");
    world.run("reconcile").expect(65);
    let failing = state();
    assert_eq!(failing["state"], "failing");
    assert_eq!(failing["error"]["code"], "source_unusable");
    assert_ne!(failing["last"]["at"], failing["last_good_at"]);
    let text = world.run("status").expect(0);
    assert!(text.said().contains("Fails: "), "{text:?}");
    world.reconfigure("FROM staff", "FROM employees");
    world.run("reconcile").expect(0);
    assert_eq!(state()["state"], "in_sync", "a quiet run makes it good, too");
    world.run("pause acme").expect(0);
    assert_eq!(state()["state"], "paused");
    world.run("resume acme").expect(0);
    world.reconfigure("name = \"acme\"", "name = \"beta\"");
    assert_eq!(state()["state"], "retired");
    let text = world.run("status").expect(0);
    assert!(text.said().contains("Not in the configuration"), "{text:?}");
    let document = world.run("status --output json").expect(0).json();
    assert_eq!(account(&document, "beta")["state"], "never_run");
}

#[test]
fn a_refused_credential_is_told_with_the_time_of_the_next_try() {
    let world = World::new(&[ANNA]);
    world.run("reconcile").expect(0);
    world.secret("acme", "revoked");
    world.run("reconcile --verify").expect(77);
    let status = account(&world.run("status --output json").expect(0).json(), "acme");
    assert_eq!(status["state"], "failing");
    assert_eq!(status["error"]["code"], "credentials_refused");
    assert!(status["next_at"].is_string(), "{status}");
}

#[test]
fn findings_are_listed_by_kind() {
    let world = troubled();
    insta::assert_snapshot!("findings", timeless(&world, &world.run("findings").expect(0)));
    let document = world.run("findings acme --output json").expect(0).json();
    let findings = account(&document, "acme")["findings"].clone();
    assert_eq!(findings.as_array().unwrap().len(), 2, "{findings}");
    let kinds: Vec<&str> = findings
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["finding"].as_str().unwrap())
        .collect();
    assert!(
        kinds.contains(&"phone_invalid") && kinds.contains(&"name_missing"),
        "{kinds:?}"
    );
    let unknown = world.run("findings acmee").expect(64);
    assert!(unknown.said().contains("did you mean \"acme\"?"), "{unknown:?}");
}

#[test]
fn findings_say_when_there_are_none_and_when_nothing_was_read() {
    let world = World::new(&[ANNA]);
    let unread = world.run("findings").expect(0);
    assert!(unread.said().contains("not read yet"), "{unread:?}");
    world.run("reconcile").expect(0);
    assert_eq!(world.run("findings").expect(0).out, "acme: nothing to mend\n");
}

#[test]
fn people_are_explained_from_what_is_remembered() {
    let world = troubled();
    for (id, name) in [
        ("1", "in_sync"),
        ("3", "held"),
        ("4", "conflict"),
        ("5", "finding"),
        ("6", "quarantined"),
        ("boss", "foreign"),
    ] {
        let ended = world.run(&format!("explain acme {id}")).expect(0);
        insta::assert_snapshot!(format!("explain_{name}"), timeless(&world, &ended));
    }
}

#[test]
fn people_are_explained_from_what_is_read_now() {
    let world = troubled();
    let before = world.simulator().users(super::world::TOKEN);
    for (id, name) in [
        ("2", "in_sync"),
        ("3", "held"),
        ("4", "conflict"),
        ("6", "quarantined"),
        ("7", "inactive"),
        ("boss", "foreign"),
    ] {
        let ended = world.run(&format!("explain acme {id} --live")).expect(0);
        insta::assert_snapshot!(format!("explain_live_{name}"), timeless(&world, &ended));
    }
    assert_eq!(
        world.simulator().users(super::world::TOKEN),
        before,
        "nothing is sent"
    );
}

#[test]
fn programs_get_the_verdict_and_all_that_led_to_it() {
    let world = troubled();
    let explain = |line: &str| {
        world
            .run(&format!("explain acme {line} --output json"))
            .expect(0)
            .json()
    };
    for (line, verdict) in [
        ("1", "in_sync"),
        ("3", "held"),
        ("4", "open"),
        ("6", "quarantined"),
        ("boss", "foreign"),
        ("7 --live", "inactive"),
        ("6 --live", "quarantined"),
        ("3 --live", "held"),
        ("boss --live", "foreign"),
    ] {
        assert_eq!(explain(line)["verdict"], verdict, "{line}");
    }
    let anna = explain("1 --live");
    assert_eq!(anna["crm"]["rows"][0]["name"], "Anna Ozola");
    assert_eq!(anna["crm"]["employee"]["active"], true);
    assert_eq!(anna["platform"]["read_now"], true);
    assert_eq!(anna["platform"]["ours"]["origin"], "created");
    assert_eq!(anna["history"][0]["op"], "create");
    assert_eq!(anna["history"][0]["outcome"], "applied");
    assert_eq!(anna["requests"][0]["status"], 200);
    assert_eq!(anna["open"], json!([]));
    let dace = explain("4");
    assert_eq!(dace["crm"], Value::Null);
    assert_eq!(dace["open"][0]["outcome"], "conflict");
    assert!(dace["open"][0]["due_at"].is_string(), "{dace}");
}

#[test]
fn a_change_that_is_not_made_yet_is_explained() {
    let world = World::new(&[ANNA]);
    world.run("reconcile").expect(0);
    world.employ(&[("1", "Anna Kalna", "+37126000001"), BERTA]);
    let anna = world.run("explain acme 1 --live").expect(0);
    assert!(
        anna.said().contains("The next run plans: update \"Anna Ozola\""),
        "{anna:?}"
    );
    let berta = world.run("explain acme 2 --live --output json").expect(0).json();
    assert_eq!(berta["verdict"], "planned");
    assert_eq!(berta["planned"][0]["op"], "create");
}

#[test]
fn who_has_left_is_explained_by_the_past() {
    let world = World::new(&[ANNA, BERTA]);
    world.run("reconcile").expect(0);
    world.employ(&[ANNA]);
    world.run("reconcile").expect(0);
    let berta = world.run("explain acme 2 --output json").expect(0).json();
    assert_eq!(berta["verdict"], "gone");
    assert_eq!(berta["history"][0]["op"], "delete");
}

#[test]
fn an_unknown_id_is_refused_and_the_nearest_are_named() {
    let world = World::new(&[("e-100", "Anna Ozola", ""), ("e-200", "Berta Liepa", "")]);
    world.run("reconcile").expect(0);
    let near = world.run("explain acme e-10").expect(64);
    assert!(
        near.said().contains("did you mean \"e-100\" (Anna Ozola)?") && near.said().contains("--live"),
        "{near:?}"
    );
    let by_name = world.run("explain acme berta").expect(64);
    assert!(by_name.said().contains("did you mean \"e-200\""), "{by_name:?}");
    world.run("explain acme nobody --live").expect(64);
    world.run("explain acmee e-100").expect(64);
    let document = world.run("explain acme nobody --output json").expect(64).json();
    assert_eq!(document["error"]["code"], "usage");
}

#[test]
fn what_can_not_be_read_now_is_said_beside_what_is_remembered() {
    let world = World::new(&[ANNA]);
    world.run("reconcile").expect(0);
    world.reconfigure("FROM employees", "FROM staff");
    let ended = world.run("explain acme 1 --live").expect(65);
    assert!(
        ended.said().contains("Could not be read now.") && ended.said().contains("\"Anna Ozola\""),
        "{ended:?}"
    );
    // Nobody can say that there is no such person.
    world.run("explain acme 9 --live").expect(65);
}

#[test]
fn phones_are_masked_here_too_unless_asked_for() {
    let world = troubled();
    for line in [
        "status",
        "status --output json",
        "findings",
        "findings --output json",
        "explain acme 4",
        "explain acme 4 --live",
        "explain acme 4 --live --output json",
        "explain acme boss",
        "explain acme 6 --live --output json",
    ] {
        let ended = world.run(line).expect(0);
        assert!(!ended.out.contains("2600000"), "{line}: {}", ended.out);
    }
    let shown = world.run("explain acme 4 --live --show-phones").expect(0);
    assert!(shown.out.contains("+37126000009"), "{shown:?}");
}

#[test]
fn shells_get_a_script_that_knows_the_commands() {
    let world = World::new(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let script = world.run(&format!("completions {shell}")).expect(0).out;
        for word in ["reconcile", "explain", "show-phones"] {
            assert!(script.contains(word), "{word} in the script of {shell}");
        }
    }
    world.run("completions cmd").expect(64);
}

#[test]
fn the_manual_has_every_command_in_one_page_or_in_one_each() {
    let world = World::new(&[]);
    let page = world.run("man").expect(0).out;
    assert!(page.contains(".TH wazzup-sync 1"), "{page}");
    for section in [
        ".SH NAME",
        ".SH \"WAZZUP\\-SYNC EXPLAIN\"",
        ".SH \"WAZZUP\\-SYNC HOLDS APPROVE\"",
    ] {
        assert!(page.contains(section), "{section} in {page}");
    }
    assert_eq!(page.matches(".SH NAME").count(), 1);
    std::fs::create_dir(world.path("man")).unwrap();
    world.run("man --out man").expect(0);
    for name in [
        "wazzup-sync.1",
        "wazzup-sync-explain.1",
        "wazzup-sync-holds-approve.1",
    ] {
        assert!(world.path("man").join(name).exists(), "{name}");
    }
    world.run("man --out missing").expect(64);
}
