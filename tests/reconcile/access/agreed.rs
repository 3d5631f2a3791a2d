//! What people agree to: plans, guards, drift, and what the configuration asks for.

use super::super::lab::{TOKEN, describe};
use super::*;

#[tokio::test]
async fn a_channel_that_nobody_bears_or_two_do_is_told_with_its_key_and_the_users_go_on() {
    for (names, words) in [
        (
            ["Main", "Old"],
            "no channel of the platform bears the name \"Riga\"",
        ),
        (["Riga", "Riga"], "2 channels bear the name \"Riga\""),
    ] {
        let lab = company().await;
        let ids = ["c1", "c2"];
        let channels = ids
            .into_iter()
            .zip(names)
            .map(|(id, name)| SimChannel::new(id, name));
        lab.sim.set_channels(TOKEN, channels);
        hire(&lab, "1", "sales");
        for report in [lab.plan().await, lab.run().await] {
            assert_eq!(report.exit_code(), 78);
            let Some(Stop::Misconfigured(why)) = &report.stop else {
                panic!("{}", describe(&report));
            };
            assert!(
                why.contains("accounts[acme].access.channels") && why.contains(words),
                "{why}"
            );
        }
        assert_users(&lab);
        assert_eq!(rights(&lab, "1"), NONE);
    }
}

#[tokio::test]
async fn too_many_changes_of_rights_wait_for_a_person() {
    let mut lab = company().await;
    for n in 1..=30 {
        hire(&lab, &n.to_string(), "sales");
    }
    lab.run().await;
    lab.account.limits.updates = Limit::Percent(50);
    for n in 1..=20 {
        promote(&lab, &n.to_string(), "head");
    }
    lab.count_anew();
    let report = lab.run().await;
    assert_eq!(report.result, RunResult::Held, "{}", describe(&report));
    assert_eq!(report.holds[0].reason, Reason::Updates);
    assert_eq!(
        access(&report, "1"),
        Some((Outcome::Held, Some("updates".to_owned())))
    );
    assert_eq!(lab.writes(), Vec::<String>::new());
    lab.approve_all().await;
    let report = lab.run().await;
    assert_in_sync(&lab, &report);
    assert_eq!(rights(&lab, "1"), HEAD);
}

#[tokio::test]
async fn rights_that_somebody_changed_are_drift() {
    for on_drift in [OnDrift::Repair, OnDrift::Report] {
        let mut lab = company().await;
        lab.account.policy.on_drift = on_drift;
        hire(&lab, "1", "sales");
        hire(&lab, "2", "sales");
        lab.run().await;
        lab.sim
            .update_settings(TOKEN, |it| it.user_roles.retain(|row| row.user() != "1"));
        lab.count_anew();
        let report = lab.run_verified().await;
        assert_in_sync(&lab, &report);
        assert_eq!(report.drift, 1);
        let is_repaired = on_drift == OnDrift::Repair;
        assert_eq!(rights(&lab, "1") == SALES, is_repaired);
        assert_eq!(lab.writes().is_empty(), !is_repaired);
    }
}

#[tokio::test]
async fn a_plan_tells_the_rights_and_their_requests_and_is_the_one_that_is_applied() {
    let lab = company().await;
    for n in 1..=5 {
        hire(&lab, &n.to_string(), "sales");
    }
    lab.run().await;
    lab.dismiss(1);
    hire(&lab, "7", "head");
    lab.count_anew();
    let plan = lab.plan().await;
    assert_eq!(lab.writes(), Vec::<String>::new());
    let batches: Vec<(&str, &str, Vec<&str>)> = plan
        .batches
        .iter()
        .map(|it| {
            (
                it.method,
                it.path,
                it.users.iter().map(|id| id.as_str()).collect(),
            )
        })
        .collect();
    assert_eq!(
        batches,
        [
            ("PATCH", "/v2/settings", vec!["1"]),
            ("DELETE", "/v2/users", vec!["1"]),
            ("POST", "/v2/users", vec!["7"]),
            ("PATCH", "/v2/settings", vec!["7"]),
        ]
    );
    let order = Order {
        expected_plan: plan.plan_digest,
        ..Order::default()
    };
    promote(&lab, "2", "head");
    let stale = lab.run_with(&order).await;
    assert_eq!(stale.exit_code(), 6, "{}", describe(&stale));
    promote(&lab, "2", "sales");
    let report = lab.run_with(&order).await;
    assert_in_sync(&lab, &report);
}

#[tokio::test]
async fn only_the_users_that_are_asked_for_get_other_rights() {
    let lab = company().await;
    for n in 1..=3 {
        hire(&lab, &n.to_string(), "sales");
    }
    lab.run().await;
    promote(&lab, "1", "head");
    promote(&lab, "2", "head");
    let only = Order {
        only: Some(BTreeSet::from(["1".into()])),
        ..Order::default()
    };
    assert_in_sync(&lab, &lab.run_with(&only).await);
    assert_eq!(rights(&lab, "1"), HEAD);
    assert_eq!(rights(&lab, "2"), SALES);
    assert_in_sync(&lab, &lab.run().await);
    assert_eq!(rights(&lab, "2"), HEAD);
}
