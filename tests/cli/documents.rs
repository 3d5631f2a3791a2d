//! What programs get.

use serde_json::{Value, json};

use super::world::{ANNA, BERTA, World};

/// The keys of an object as they stand in a text: `serde_json` would sort them.
fn keys_in_order(text: &str, keys: &[&str]) -> bool {
    let mut rest = text;
    keys.iter()
        .all(|key| match rest.split_once(&format!("\"{key}\":")) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

const ACCOUNT_KEYS: [&str; 15] = [
    "account",
    "run",
    "result",
    "exit_code",
    "error",
    "source",
    "changes",
    "outcomes",
    "requests",
    "users",
    "findings",
    "holds",
    "foreign",
    "drift",
    "duration_ms",
];

#[test]
fn the_document_of_reconcile_is_the_one_agreed_on() {
    let world = World::new(&[ANNA, ("2", "Berta", "12"), ("3", "Carl", "+37126000009")]);
    world.put("boss", "The Boss", "37126000009");
    let ended = world.run("reconcile --output json").expect(3);
    assert!(keys_in_order(
        &ended.out,
        &["schema", "result", "exit_code", "accounts"]
    ));
    assert!(keys_in_order(&ended.out, &ACCOUNT_KEYS), "{}", ended.out);
    let document = ended.json();
    assert_eq!(keys(&document).len(), 4);
    assert_eq!(document["schema"], 1);
    assert_eq!(document["result"], "partial");
    assert_eq!(document["exit_code"], 3);
    let account = &document["accounts"][0];
    assert_eq!(keys(account).len(), ACCOUNT_KEYS.len(), "{account}");
    assert_eq!(account["account"], "acme");
    assert!(account["run"].is_string());
    assert_eq!(account["error"], Value::Null);
    assert_eq!(account["source"], json!({"rows": 3, "complete": true}));
    assert_eq!(
        account["changes"],
        json!({"create": 3, "update": 0, "delete": 0, "park": 0, "access": 0})
    );
    assert_eq!(
        account["outcomes"],
        json!({"applied": 2, "rejected": 0, "conflict": 1, "deferred": 0, "held": 0, "unknown": 0})
    );
    assert_eq!(
        account["users"][0],
        json!({"id": "1", "op": "create", "outcome": "applied", "code": null, "detail": null})
    );
    let conflict = &account["users"][2];
    assert_eq!(conflict["id"], "3");
    assert_eq!(conflict["outcome"], "conflict");
    assert!(conflict["code"].is_string());
    assert!(
        conflict["detail"].as_str().unwrap().contains("\"boss\""),
        "{conflict}"
    );
    assert_eq!(account["findings"][0]["id"], "2");
    assert_eq!(account["findings"][0]["finding"], "phone_invalid");
    assert_eq!(account["holds"], json!([]));
    assert_eq!(account["foreign"], 1);
    assert_eq!(account["drift"], 0);
    assert!(account["requests"]["write"].as_u64().unwrap() >= 1);
}

#[test]
fn findings_and_open_changes_are_told_when_nothing_is_sent_too() {
    let world = World::new(&[ANNA, ("2", "Berta", "12")]);
    world.run("reconcile").expect(0);
    let quiet = world.run("reconcile --output json").expect(0).account();
    assert_eq!(quiet["run"], Value::Null);
    assert_eq!(quiet["findings"][0]["finding"], "phone_invalid");
    world.employ(&[]);
    world.run("reconcile").expect(4);
    world.reconfigure("SELECT id, name", "SELECT idd, name");
    let failed = world.run("reconcile --output json").expect(65).account();
    assert_eq!(failed["result"], "failed");
    assert_eq!(failed["error"]["code"], "source_unusable");
    assert_eq!(failed["source"], json!({"rows": null, "complete": false}));
    assert_eq!(failed["outcomes"]["held"], 2, "{failed}");
    assert_eq!(failed["holds"][0]["reason"], "no_rows", "{failed}");
}

#[test]
fn a_plan_has_no_outcomes_and_lists_its_requests() {
    let world = World::new(&[ANNA]);
    world.run("reconcile").expect(0);
    world.employ(&[("1", "Anna Kalna", "+37126000001"), BERTA]);
    let ended = world.run("plan --output json").expect(0);
    let account = ended.account();
    assert_eq!(account["run"], Value::Null);
    assert_eq!(
        account["batches"],
        json!([
            {"method": "PATCH", "path": "/v2/users", "users": ["1"]},
            {"method": "POST", "path": "/v2/users", "users": ["2"]}
        ])
    );
    for user in account["users"].as_array().unwrap() {
        assert_eq!(user["outcome"], Value::Null);
    }
    assert_eq!(account["changes"]["create"], 1);
    assert_eq!(account["changes"]["update"], 1);
    assert_eq!(account["requests"]["write"], 0);
}

#[test]
fn a_plan_with_a_hold_says_so() {
    let world = World::new(&[ANNA, BERTA]);
    world.run("reconcile").expect(0);
    world.employ(&[]);
    let account = world.run("plan --output json").expect(0).account();
    assert_eq!(account["result"], "held");
    assert_eq!(account["holds"][0]["reason"], "no_rows");
    assert_eq!(account["holds"][0]["users"], json!(["1", "2"]));
    // The id of a hold that is not on record yet works once it is.
    let planned = account["holds"][0]["id"].as_str().unwrap().to_owned();
    let account = world.run("reconcile --output json").expect(4).account();
    let recorded = account["holds"][0]["id"].as_str().unwrap();
    assert_ne!(planned, recorded);
    world.run(&format!("holds approve {planned}")).expect(0);
}

#[test]
fn a_failure_of_the_whole_command_is_a_document_too() {
    let world = World::new(&[ANNA]);
    let unknown = world.run("reconcile nobody --output json").expect(64).json();
    assert_eq!(unknown["schema"], 1);
    assert_eq!(unknown["result"], "failed");
    assert_eq!(unknown["exit_code"], 64);
    assert_eq!(unknown["accounts"], json!([]));
    assert_eq!(unknown["error"]["code"], "usage");
    world.reconfigure("removal = \"delete\"", "speed = 1");
    for line in [
        "reconcile --output json",
        "reconcile --output ndjson",
        "plan --output json",
        "check --offline --output json",
        "holds --output json",
        "runs --output json",
        "foreign --output json",
        "state forget acme --output json",
    ] {
        let document = world.run(line).expect(78).json();
        assert_eq!(document["result"], "failed", "{line}");
        assert_eq!(document["exit_code"], 78, "{line}");
        let problems = document["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 2, "{line}");
        assert_eq!(problems[0]["key"], "accounts[acme].removal");
        assert!(problems[0]["file"].as_str().unwrap().ends_with("c.toml"));
    }
}

#[test]
fn phones_are_masked_in_every_output_unless_asked_for() {
    let world = World::new(&[ANNA, ("2", "Berta", "+37126000001")]);
    world.put("boss", "The Boss", "37126000001");
    for line in [
        "plan",
        "plan --output json",
        "plan --output markdown",
        "plan --out p.plan",
        "check",
        "reconcile",
        "reconcile --output json",
        "reconcile --output ndjson",
        "foreign",
        "foreign --output json",
        "runs --output json",
    ] {
        let ended = world.run(line);
        assert!(!ended.out.contains("26000001"), "{line}: {}", ended.out);
    }
    let file = std::fs::read_to_string(world.path("p.plan")).unwrap();
    assert!(!file.contains("26000001"), "{file}");
    for line in [
        "plan --show-phones",
        "foreign --show-phones",
        "reconcile --output json --show-phones",
    ] {
        let ended = world.run(line);
        assert!(ended.out.contains("37126000001"), "{line}: {}", ended.out);
    }
}

#[test]
fn outside_text_does_not_disturb_a_terminal() {
    let world = World::new(&[("1", "Anna\u{1b}[31m\u{202e}", "+37126000001")]);
    world.put("b\u{1b}[1m", "Boss\u{1b}]0;title\u{7}", "37126000009");
    for line in ["plan", "plan --output markdown", "reconcile", "foreign", "runs"] {
        let ended = world.run(line);
        assert!(
            !ended.out.contains('\u{1b}') && !ended.out.contains('\u{202e}'),
            "{ended:?}"
        );
    }
}

#[test]
fn the_other_commands_answer_json() {
    let world = World::new(&[ANNA]);
    world.put("boss", "The Boss", "");
    for line in ["check", "check --offline", "holds", "runs", "foreign"] {
        let document = world.run(&format!("{line} --output json")).expect(0).json();
        assert_eq!(document["schema"], 1, "{line}");
    }
    assert!(!world.path("state.db").exists(), "reading makes no state");
    world.run("reconcile").expect(0);
    let check = world.run("check --output json").expect(0).json();
    let acme = &check["accounts"][0];
    assert_eq!(acme["source"]["columns"], json!(["id", "name", "phone"]));
    assert_eq!(acme["seats"], json!({"used": 2, "needed": 2, "limit": 1000}));
    assert_eq!(acme["would"]["foreign"], 1);
    let runs = world.run("runs --output json").expect(0).json();
    let run = runs["runs"][0]["run"].as_str().unwrap();
    let one = world
        .run(&format!("runs show {run} --output json"))
        .expect(0)
        .json();
    assert_eq!(one["run"]["result"], "in_sync");
    assert_eq!(one["users"][0]["op"], "create");
    assert_eq!(one["sent"][0]["verb"], "create");
    let foreign = world.run("foreign --output json").expect(0).json();
    assert_eq!(foreign["accounts"][0]["users"][0]["id"], "boss");
}
