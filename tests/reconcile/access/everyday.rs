//! What a company does every day, on a platform that takes all of it.

use super::super::lab::TOKEN;
use super::*;

#[tokio::test]
async fn everybody_gets_what_the_role_gives_and_the_second_run_writes_nothing() {
    let lab = company().await;
    hire(&lab, "1", "sales");
    hire(&lab, "2", "head");
    hire(&lab, "3", "intern");
    let report = lab.run().await;
    assert_in_sync(&lab, &report);
    assert_eq!(rights(&lab, "1"), SALES);
    assert_eq!(rights(&lab, "2"), HEAD);
    assert_eq!(rights(&lab, "3"), NONE);
    assert_eq!(access(&report, "1"), Some((Outcome::Applied, None)));
    assert_eq!(access(&report, "3"), None, "nothing was to be done");
    assert_eq!(
        lab.writes(),
        ["POST", "PATCH"],
        "users first, then rights, all in one"
    );

    lab.count_anew();
    assert_idle(&lab, &lab.run().await);
    assert_eq!(lab.sim.counts().requests, 0, "a quiet cycle asks nothing");
    let verified = lab.run_verified().await;
    assert_idle(&lab, &verified);
}

#[tokio::test]
async fn another_role_is_one_read_and_one_write_and_no_list_of_users() {
    let lab = company().await;
    hire(&lab, "1", "sales");
    hire(&lab, "2", "head");
    lab.run().await;
    lab.count_anew();
    promote(&lab, "1", "head");
    let report = lab.run().await;
    assert_in_sync(&lab, &report);
    assert_eq!(rights(&lab, "1"), HEAD);
    assert_eq!(lab.writes(), ["PATCH"]);
    let lists = lab
        .sim
        .requests()
        .iter()
        .filter(|it| it.path.starts_with("/v2/users"))
        .count();
    assert_eq!(lists, 0, "{}", lab.requests());
    let change = &report
        .users
        .iter()
        .find(|it| it.settled.change.id.as_str() == "1")
        .unwrap();
    let grant = |it: &Option<wazzup_sync::domain::user::User>| it.clone().unwrap().grant.unwrap().to_string();
    assert_eq!(
        grant(&change.settled.change.old),
        "new clients, phones hidden, seller"
    );
    assert_eq!(grant(&change.settled.change.new), "manager");
    lab.count_anew();
    assert_idle(&lab, &lab.run().await);
}

#[tokio::test]
async fn rows_on_other_channels_stay_until_their_user_leaves() {
    let lab = company().await;
    hire(&lab, "1", "sales");
    hire(&lab, "2", "sales");
    lab.run().await;
    lab.sim.update_settings(TOKEN, |it| {
        it.user_roles.push(SimRole::new("c3", "1", "auditor", false));
    });
    promote(&lab, "1", "head");
    assert_in_sync(&lab, &lab.run().await);
    assert_eq!(rights(&lab, "1"), ["c1 manager", "c2 manager", "c3 auditor"]);

    lab.dismiss("1");
    lab.count_anew();
    let report = lab.run().await;
    assert_in_sync(&lab, &report);
    assert_eq!(rights(&lab, "1"), NONE);
    assert_eq!(lab.writes(), ["PATCH", "DELETE"], "rights go before the user");
    assert_eq!(access(&report, "1"), Some((Outcome::Applied, None)));
    lab.count_anew();
    assert_idle(&lab, &lab.run().await);
}

#[tokio::test]
async fn a_role_that_no_rule_matches_is_a_finding_and_leaves_rights_as_they_are() {
    let lab = company().await;
    hire(&lab, "1", "sales");
    hire(&lab, "2", "sales");
    lab.run().await;
    promote(&lab, "1", "pilot");
    lab.count_anew();
    let report = lab.run().await;
    assert_in_sync(&lab, &report);
    assert_eq!(rights(&lab, "1"), SALES);
    assert_eq!(lab.writes(), Vec::<String>::new());
    let findings: Vec<(&str, &str)> = report
        .findings
        .iter()
        .map(|it| (it.id.as_str(), it.kind.word()))
        .collect();
    assert_eq!(findings, [("1", "role_unmapped")]);
    assert_in_sync(&lab, &lab.run_verified().await);
    // Who leaves takes all rights along, whatever gave them.
    lab.dismiss("1");
    assert_in_sync(&lab, &lab.run().await);
    assert_eq!(rights(&lab, "1"), NONE);
}

#[tokio::test]
async fn supervisors_are_notified_as_configured_or_left_as_they_are() {
    let mut lab = company().await;
    hire(&lab, "1", "sales");
    lab.run().await;
    lab.sim.update_settings(TOKEN, |it| {
        it.push_input_output_message_events_for_managers = true;
    });
    promote(&lab, "1", "head");
    lab.run().await;
    assert!(
        lab.sim
            .settings(TOKEN)
            .push_input_output_message_events_for_managers
    );
    lab.account.access.as_mut().unwrap().notify_supervisors = Some(false);
    lab.account.plan_mark = "another".to_owned();
    let report = lab.run().await;
    assert_in_sync(&lab, &report);
    assert!(
        !lab.sim
            .settings(TOKEN)
            .push_input_output_message_events_for_managers
    );
    lab.count_anew();
    assert_idle(&lab, &lab.run().await);
}

#[tokio::test]
async fn a_thousand_users_on_three_channels_fit_into_one_document() {
    let mut lab = company().await;
    lab.timing.max_run = Duration::from_secs(600);
    lab.timeout = Duration::from_secs(20);
    lab.account.access.as_mut().unwrap().channels = ChannelChoice::All;
    let uuid = |n: usize| format!("0f3c1b5e-7d2a-4c7e-9a65-{n:012}");
    lab.sim.set_channels(
        TOKEN,
        (1..=3).map(|n| SimChannel::new(&uuid(n), &format!("Channel {n}"))),
    );
    for n in 1..=999 {
        hire(&lab, &n.to_string(), if n % 2 == 0 { "sales" } else { "head" });
    }
    let report = lab.run().await;
    assert_in_sync(&lab, &report);
    assert_eq!(settings_writes(&lab), 1);
    assert_eq!(lab.sim.settings(TOKEN).user_roles.len(), 2 + 3 * 999);
    lab.count_anew();
    let again = lab.run_verified().await;
    assert_idle(&lab, &again);
}

#[tokio::test]
async fn a_recreated_user_gets_back_what_it_had() {
    let lab = company().await.recreate();
    lab.sim.update_switches(|it| {
        it.set_phone_rules(wazzup_sync::simulator::PhoneRule::Keep);
        it.settings.rows_vanish_with_users = true;
    });
    for n in 1..=4 {
        hire(&lab, &n.to_string(), "sales");
    }
    promote(&lab, "4", "pilot");
    lab.run().await;
    let extra = SimRole(
        r#"{"channel_id":"c3", "user_id":"1","role":"auditor","allow_get_new_clients":false}"#.to_owned(),
    );
    let theirs = SimRole::new("c1", "4", "manager", true);
    lab.sim.update_settings(TOKEN, |it| {
        it.user_roles.extend([extra.clone(), theirs.clone()]);
        it.hide_phone_numbers_for_user_ids.push("4".to_owned());
    });
    lab.rotate(&[1, 4]);
    let report = lab.run().await;
    assert_in_sync(&lab, &report);
    assert_users(&lab);
    let rows = lab.sim.settings(TOKEN).user_roles;
    assert!(rows.contains(&extra) && rows.contains(&theirs), "{rows:?}");
    assert_eq!(
        rights(&lab, "1"),
        ["c1 seller+", "c2 seller+", "c3 auditor", "hidden"]
    );
    assert_eq!(rights(&lab, "4"), ["c1 manager+", "hidden"]);
    lab.count_anew();
    assert_idle(&lab, &lab.run().await);
    assert!(lab.sim.counts().reads > 0, "the next run verifies");
    assert!(lab.store.access("acme").await.unwrap().kept.is_empty());
}

#[tokio::test]
async fn other_channels_in_the_configuration_are_looked_at_anew() {
    let mut lab = company().await;
    hire(&lab, "1", "sales");
    lab.run().await;
    lab.account.access.as_mut().unwrap().channels = ChannelChoice::All;
    lab.account.plan_mark = "another".to_owned();
    assert_in_sync(&lab, &lab.run().await);
    assert_eq!(
        rights(&lab, "1"),
        ["c1 seller+", "c2 seller+", "c3 seller+", "hidden"]
    );
    lab.count_anew();
    assert_idle(&lab, &lab.run().await);
}
