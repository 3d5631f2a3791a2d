//! Rights on channels, as people and programs are told of them.

use wazzup_sync::simulator::{SimChannel, SimRole};

use crate::world::{ANNA, BERTA, TOKEN, World};

const ACCESS: &str = "[accounts.access]\nchannels = [\"name:Riga\"]\n\
     [[accounts.access.rules]]\ncrm_role = \"sales\"\nrole = \"seller\"\nnew_clients = true\n";

/// A company where all are in sales.
fn company(channels: &[SimChannel]) -> World {
    let world = World::new(&[ANNA, BERTA]);
    world.configure(&format!("{}{ACCESS}", world.account("acme", "acme")));
    world.reconfigure("phone FROM", "phone, 'sales' AS role FROM");
    world.simulator().set_channels(TOKEN, channels.to_vec());
    world
}

#[test]
fn a_plan_and_a_reconcile_tell_of_rights_beside_users() {
    let world = company(&[SimChannel::new("c1", "Riga")]);
    let plan = world.run("plan --output json").expect(0).account();
    assert_eq!(plan["changes"]["access"], 2);
    assert_eq!(plan["users"][1]["op"], "access");
    assert_eq!(plan["batches"][1]["path"], "/v2/settings");
    assert_eq!(plan["batches"][1]["users"], serde_json::json!(["1", "2"]));
    let text = world.run("plan").expect(0);
    assert!(text.last_line().contains("2 to get other rights"), "{text:?}");
    let check = world.run("check").expect(0);
    assert!(check.said().contains("give 2 other rights"), "{check:?}");

    let done = world.run("reconcile --output json").expect(0).account();
    assert_eq!(
        (&done["changes"]["create"], &done["changes"]["access"]),
        (&2.into(), &2.into())
    );
    assert_eq!(done["outcomes"]["applied"], 4);
    let rows = world.simulator().settings(TOKEN).user_roles;
    assert_eq!(
        rows,
        [
            SimRole::new("c1", "1", "seller", true),
            SimRole::new("c1", "2", "seller", true)
        ]
    );
    let again = world.run("reconcile --verify --output json").expect(0).account();
    assert_eq!(
        (&again["changes"]["access"], &again["requests"]["write"]),
        (&0.into(), &0.into())
    );
    let run = done["run"].as_str().unwrap();
    let shown = world.run(&format!("runs show {run}")).expect(0);
    assert!(shown.said().contains("new clients, seller"), "{shown:?}");
    let shown = world.run(&format!("runs show {run} --output json")).expect(0);
    assert!(
        shown.said().contains("\"access\": \"new clients, seller\""),
        "{shown:?}"
    );
}

#[test]
fn a_change_of_rights_shows_the_old_and_the_new_ones() {
    let world = company(&[SimChannel::new("c1", "Riga")]);
    world.run("reconcile").expect(0);
    world.reconfigure("role = \"seller\"", "role = \"manager\"");
    let text = world.run("plan").expect(0);
    assert!(
        text.said().contains("new clients, seller → manager, new clients"),
        "{text:?}"
    );
    let markdown = world.run("plan --output markdown").expect(0);
    assert!(markdown.said().contains("manager"), "{markdown:?}");
}

#[test]
fn a_channel_name_that_none_or_two_bear_is_refused_by_check_with_its_key_and_the_reason() {
    for (channels, reason) in [
        (
            vec![SimChannel::new("c1", "Main")],
            "no channel of the platform bears the name \"Riga\"; there are \"Main\"",
        ),
        (
            vec![SimChannel::new("c1", "Riga"), SimChannel::new("c2", "Riga")],
            "2 channels bear the name \"Riga\"; give the id of the one that is meant: c1 or c2",
        ),
    ] {
        let world = company(&channels);
        let check = world.run("check").expect(78);
        assert!(
            check.said().contains("accounts[acme].access.channels"),
            "{check:?}"
        );
        assert!(check.said().contains(reason), "{check:?}");
        let json = world.run("check --output json").expect(78).json();
        assert_eq!(json["accounts"][0]["error"]["code"], "configuration_invalid");
    }
}

#[test]
fn rules_without_a_column_for_roles_are_65() {
    let world = company(&[SimChannel::new("c1", "Riga")]);
    world.reconfigure("phone, 'sales' AS role FROM", "phone FROM");
    let ended = world.run("check").expect(65);
    assert!(ended.said().contains("role"), "{ended:?}");
}

#[test]
fn rules_of_a_platform_without_rights_are_refused_with_key_and_reason() {
    let world = company(&[]);
    world.reconfigure("kind = \"wazzup-v2\"", "kind = \"wazzup-v3\"");
    let ended = world.run("check --offline").expect(78);
    assert!(ended.said().contains("accounts[acme].access"), "{ended:?}");
    assert!(
        ended.said().contains("its API has no call for roles"),
        "{ended:?}"
    );
}
