//! What the platform does not take, and whom that concerns.

use super::super::lab::{TOKEN, describe};
use super::*;

#[tokio::test]
async fn a_document_that_is_too_large_is_an_outcome_of_rights_and_removals_go_on() {
    let lab = company().await;
    for n in 1..=6 {
        hire(&lab, &n.to_string(), "sales");
    }
    lab.run().await;
    lab.sim
        .update_switches(|it| it.settings.max_body_bytes = Some(200));
    lab.dismiss(1);
    promote(&lab, "2", "head");
    hire(&lab, "7", "sales");
    let report = lab.run().await;
    assert_eq!(
        (report.result, report.exit_code()),
        (RunResult::Partial, 3),
        "{}",
        describe(&report)
    );
    for id in ["1", "2", "7"] {
        let refused = Some((Outcome::Rejected, Some("PAYLOAD_TOO_LARGE".to_owned())));
        assert_eq!(access(&report, id), refused, "{id}");
    }
    assert_users(&lab);
    assert_eq!(rights(&lab, "2"), SALES);
    assert_foreign(&lab);

    lab.sim.update_switches(|it| it.settings.max_body_bytes = None);
    let report = lab.run().await;
    assert_in_sync(&lab, &report);
    assert_eq!(rights(&lab, "1"), NONE);
    assert_eq!(rights(&lab, "2"), HEAD);
    assert_eq!(rights(&lab, "7"), SALES);
    lab.count_anew();
    assert_idle(&lab, &lab.run().await);
}

#[tokio::test]
async fn rights_that_may_not_be_written_stop_nobody() {
    let lab = company().await;
    for n in 1..=5 {
        hire(&lab, &n.to_string(), "sales");
    }
    lab.run().await;
    lab.sim.update_switches(|it| it.settings.forbid_writes = true);
    lab.dismiss(1);
    hire(&lab, "7", "head");
    let report = lab.run().await;
    assert_eq!(report.result, RunResult::Partial, "{}", describe(&report));
    assert_eq!(access(&report, "7").unwrap().0, Outcome::Rejected);
    assert_eq!(access(&report, "1").unwrap().0, Outcome::Rejected);
    assert_users(&lab);
    lab.sim.update_switches(|it| it.settings.forbid_writes = false);
    assert_in_sync(&lab, &lab.run().await);
    assert_eq!(rights(&lab, "1"), NONE);
    assert_eq!(rights(&lab, "7"), HEAD);
}

#[tokio::test]
async fn rights_that_may_not_be_read_fail_the_run_after_the_users() {
    let lab = company().await;
    for n in 1..=5 {
        hire(&lab, &n.to_string(), "sales");
    }
    lab.run().await;
    lab.sim.update_switches(|it| it.settings.forbid_reads = true);
    lab.dismiss(1);
    hire(&lab, "7", "head");
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 69, "{}", describe(&report));
    assert_users(&lab);
    lab.sim.update_switches(|it| it.settings.forbid_reads = false);
    assert_in_sync(&lab, &lab.run().await);
    assert_eq!(rights(&lab, "1"), NONE);
    assert_eq!(rights(&lab, "7"), HEAD);
}

#[tokio::test]
async fn one_user_whose_row_is_refused_is_no_harm_to_others() {
    let lab = company().await;
    lab.sim
        .update_switches(|it| it.settings.refused_users = vec!["5".to_owned()]);
    for n in 1..=9 {
        hire(&lab, &n.to_string(), "sales");
    }
    let report = lab.run().await;
    assert_eq!(report.result, RunResult::Partial, "{}", describe(&report));
    for n in 1..=9 {
        let id = n.to_string();
        let expected = if n == 5 {
            Outcome::Rejected
        } else {
            Outcome::Applied
        };
        assert_eq!(access(&report, &id).unwrap().0, expected, "{id}");
        assert_eq!(rights(&lab, &id).is_empty(), n == 5, "{id}");
    }
    assert_foreign(&lab);
    assert!(settings_writes(&lab) <= 10, "{}", lab.requests());
}

#[tokio::test]
async fn rows_of_nobody_are_left_out_only_after_they_are_refused() {
    let lab = company().await;
    let of_nobody = [
        SimRole::new("c1", "ghost", "seller", true),
        SimRole::new("c9", "1", "seller", true),
    ];
    lab.sim
        .update_settings(TOKEN, |it| it.user_roles.extend(of_nobody.clone()));
    hire(&lab, "1", "sales");
    assert_in_sync(&lab, &lab.run().await);
    assert_eq!(rights(&lab, "ghost"), ["c1 seller+"]);
    assert_eq!(
        rights(&lab, "1"),
        ["c1 seller+", "c2 seller+", "c9 seller+", "hidden"]
    );

    lab.sim.update_switches(|it| {
        it.settings.unknown_user = UnknownRow::Refuse;
        it.settings.unknown_channel = UnknownRow::Refuse;
    });
    hire(&lab, "2", "head");
    let report = lab.run().await;
    assert_eq!(report.result, RunResult::InSync, "{}", describe(&report));
    assert_eq!(rights(&lab, "ghost"), NONE);
    assert_eq!(rights(&lab, "1"), SALES);
    assert_eq!(rights(&lab, "2"), HEAD);
    let ghost = report
        .users
        .iter()
        .find(|it| it.settled.change.id.as_str() == "ghost")
        .unwrap();
    assert!(ghost.settled.detail.is_some(), "it is told why");
}

#[tokio::test]
async fn undocumented_properties_go_only_where_the_platform_refuses_them() {
    let lab = company().await;
    lab.sim
        .update_switches(|it| it.settings.refuse_unknown_properties = true);
    lab.sim.update_settings(TOKEN, |it| it.user_roles.truncate(1));
    lab.sim.clear_violations();
    hire(&lab, "1", "sales");
    let report = lab.run().await;
    assert_eq!(report.result, RunResult::InSync, "{}", describe(&report));
    assert_eq!(rights(&lab, "1"), SALES);
    assert_eq!(rights(&lab, "boss"), ["c1 owner+", "hidden"]);
}

#[tokio::test]
async fn what_is_accepted_without_effect_is_not_called_applied() {
    for effect in [SettingsEffect::None, SettingsEffect::HalfOfNews] {
        let lab = company().await;
        lab.sim.update_switches(|it| it.settings.effect = effect);
        for n in 1..=4 {
            hire(&lab, &n.to_string(), "sales");
        }
        let report = lab.run().await;
        let n_shown = (1..=4).filter(|n| rights(&lab, &n.to_string()) == SALES).count();
        let applied = |n: &usize| access(&report, &n.to_string()).unwrap().0 == Outcome::Applied;
        assert_eq!((1..=4).filter(applied).count(), n_shown, "{}", describe(&report));
        assert_eq!(report.result, RunResult::Partial);
        lab.sim
            .update_switches(|it| it.settings.effect = SettingsEffect::Whole);
        assert_in_sync(&lab, &lab.run().await);
    }
}

#[tokio::test]
async fn a_platform_that_only_adds_roles_keeps_those_of_leavers_and_says_so() {
    let lab = company().await;
    lab.sim.update_switches(|it| it.settings.roles = RolesRule::Merge);
    for n in 1..=5 {
        hire(&lab, &n.to_string(), "sales");
    }
    assert_in_sync(&lab, &lab.run().await);
    lab.dismiss(1);
    let report = lab.run().await;
    assert_users(&lab);
    let expected = Some((Outcome::Unknown, Some("not_confirmed".to_owned())));
    assert_eq!(access(&report, "1"), expected, "{}", describe(&report));
}
