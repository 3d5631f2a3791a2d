//! Rights on channels: one document, kept as it comes.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use wazzup_sync::simulator::{RolesRule, Rule, SettingsEffect, SimChannel, UnknownRow};

use super::{Answered, Bench, TOKEN, answered};

const ROW: &str =
    r#"{ "user_id":"1", "channel_id":"c1","role":"seller","allow_get_new_clients":true,"n":1.50}"#;

fn document(rows: &str) -> String {
    format!(
        r#"{{"user_roles":[{rows}],"hide_phone_numbers_for_user_ids":["1"],"push_input_output_message_events_for_managers":true}}"#
    )
}

async fn write(bench: &Bench, body: String) -> Answered {
    let request = bench.request(Method::PATCH, "/v2/settings");
    answered(request.header(CONTENT_TYPE, "application/json").body(body)).await
}

async fn read(bench: &Bench, path: &str) -> Answered {
    answered(bench.request(Method::GET, path)).await
}

#[tokio::test]
async fn a_document_comes_back_byte_for_byte_and_without_an_envelope() {
    let bench = Bench::with_users(1).await;
    assert_eq!(write(&bench, document(ROW)).await.0, 200);
    let reply = bench.request(Method::GET, "/v2/settings").send().await.unwrap();
    assert_eq!(reply.text().await.unwrap(), document(ROW));
}

#[tokio::test]
async fn a_document_replaces_all_roles_or_adds_to_them() {
    let bench = Bench::with_users(1).await;
    write(&bench, document(ROW)).await;
    bench
        .simulator
        .update_switches(|it| it.settings.roles = RolesRule::Merge);
    write(&bench, document("")).await;
    assert_eq!(bench.simulator.settings(TOKEN).user_roles.len(), 1);
    bench
        .simulator
        .update_switches(|it| it.settings.roles = RolesRule::Replace);
    write(&bench, document("")).await;
    assert_eq!(bench.simulator.settings(TOKEN).user_roles, []);
}

#[tokio::test]
async fn what_is_refused_has_no_effect_and_a_status_that_says_why() {
    let bench = Bench::with_users(1).await;
    let ghost = ROW.replace("\"1\"", "\"ghost\"");
    let refused = async |change: fn(&mut wazzup_sync::simulator::Switches), rows: &str| {
        bench.simulator.set_switches(Default::default());
        bench.simulator.update_switches(change);
        let (status, _) = write(&bench, document(rows)).await;
        assert_eq!(bench.simulator.settings(TOKEN).user_roles, [], "{status}");
        status
    };
    assert_eq!(
        refused(|it| it.settings.max_body_bytes = Some(100), ROW).await,
        413
    );
    assert_eq!(refused(|it| it.settings.forbid_writes = true, ROW).await, 403);
    assert_eq!(
        refused(|it| it.settings.refuse_unknown_properties = true, ROW).await,
        400
    );
    assert_eq!(
        refused(|it| it.settings.unknown_user = UnknownRow::Refuse, &ghost).await,
        400
    );
    assert_eq!(
        refused(|it| it.settings.unknown_user = UnknownRow::Drop, &ghost).await,
        200
    );
    assert_eq!(
        refused(|it| it.settings.unknown_channel = UnknownRow::Refuse, ROW).await,
        400
    );
    assert_eq!(
        refused(|it| it.settings.refused_users = vec!["1".to_owned()], ROW).await,
        400
    );
    assert_eq!(
        refused(|it| it.settings.effect = SettingsEffect::None, ROW).await,
        200
    );
    bench.simulator.set_switches(Default::default());
    assert_eq!(write(&bench, "{".to_owned()).await.0, 400);
}

#[tokio::test]
async fn channels_are_listed_and_found_one_by_one() {
    let bench = Bench::with_users(0).await;
    bench
        .simulator
        .set_channels(TOKEN, [SimChannel::new("c1", "Riga")]);
    let riga = json!({"channel_id": "c1", "name": "Riga", "status": "active"});
    let (status, listed) = read(&bench, "/v2/channels").await;
    assert_eq!((status, &listed["data"]), (200, &json!([riga])));
    let (status, found) = read(&bench, "/v2/channels/c1").await;
    assert_eq!((status, &found["data"]), (200, &riga));
    assert_eq!(read(&bench, "/v2/channels/c2").await.0, 404);
}

#[tokio::test]
async fn rights_of_a_protected_user_are_nobodys_to_change() {
    let bench = Bench::with_users(1).await;
    write(&bench, document(ROW)).await;
    bench.simulator.protect(TOKEN, ["1"]);
    write(&bench, document(ROW)).await;
    assert_eq!(bench.simulator.violations(), []);
    write(&bench, document(&ROW.replace("1.50", "1.5"))).await;
    let broken: Vec<Rule> = bench.simulator.violations().iter().map(|it| it.rule).collect();
    assert_eq!(broken, [Rule::ProtectedUser]);
}

#[tokio::test]
async fn the_control_plane_sets_rights_and_channels() {
    let bench = Bench::with_users(1).await;
    let body = json!({
        "account": TOKEN,
        "settings": {"user_roles": [{"channel_id": "c1", "user_id": "1", "role": "seller"}]},
        "channels": [{"channel_id": "c1", "name": "Riga"}],
    });
    let url = format!("{}/_simulator/settings", bench.simulator.base_url());
    assert_eq!(answered(bench.http.put(url).json(&body)).await.0, 200);
    assert_eq!(bench.simulator.settings(TOKEN).user_roles[0].user(), "1");
    let state = answered(bench.request(Method::GET, "/_simulator/state")).await.1;
    assert_eq!(state["accounts"][0]["channels"][0]["name"], Value::from("Riga"));
}
