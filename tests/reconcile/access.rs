//! Rights on channels, which a platform keeps in one document for everybody.

use std::collections::BTreeSet;
use std::time::Duration;

use wazzup_sync::domain::access::{ChannelChoice, ChannelRef, Policy, Rights, Role, RoleMatch, Rule};
use wazzup_sync::domain::diff::OnDrift;
use wazzup_sync::domain::guard::Limit;
use wazzup_sync::domain::memory::Reason;
use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::reconcile::{AccountReport, Order, RunResult, Stop};
use wazzup_sync::simulator::{
    Envelope, Fault, How, Lands, MethodIs, RolesRule, SettingsEffect, SimChannel, SimRole, SimUser,
    UnknownRow,
};
use wazzup_sync::target::Kind;

use super::lab::{Lab, TOKEN, describe, phone};

/// Written by somebody else, in a way of its own, with words that nobody documents.
const FOREIGN: &str =
    r#"{ "user_id" : "boss","role":"owner", "channel_id":"c1",  "allow_get_new_clients":true,"since":1.50}"#;

fn rule(crm_role: &str, role: Option<Role>, new_clients: bool, hide_phones: bool) -> Rule {
    Rule {
        crm_role: match crm_role {
            "*" => RoleMatch::Any,
            role => RoleMatch::Is(role.to_owned()),
        },
        rights: Rights {
            role,
            new_clients,
            hide_phones,
        },
    }
}

fn policy() -> Policy {
    Policy {
        channels: ChannelChoice::Some(vec![
            ChannelRef::Id("c1".to_owned()),
            ChannelRef::Name("Riga".to_owned()),
        ]),
        notify_supervisors: None,
        rules: vec![
            rule("sales", Some(Role::Seller), true, true),
            rule("head", Some(Role::Manager), false, false),
            rule("intern", None, false, false),
        ],
    }
}

/// Two channels that are managed, one that is not, and a user with rights who is none of ours.
async fn company() -> Lab {
    let mut lab = Lab::new(Kind::WazzupV2).await.unguarded();
    lab.account.access = Some(policy());
    lab.crm.0.lock().unwrap().with_roles = true;
    lab.sim.set_channels(
        TOKEN,
        [
            SimChannel::new("c1", "Main"),
            SimChannel::new("c2", "Riga"),
            SimChannel::new("c3", "Old"),
        ],
    );
    lab.sim.put_user(TOKEN, SimUser::new("boss", "The Boss", None));
    lab.sim.protect(TOKEN, ["boss"]);
    lab.sim.update_settings(TOKEN, |it| {
        it.user_roles = vec![
            SimRole(FOREIGN.to_owned()),
            SimRole::new("c3", "boss", "auditor", false),
        ];
        it.hide_phone_numbers_for_user_ids = vec!["boss".to_owned()];
    });
    lab
}

fn hire(lab: &Lab, id: &str, role: &'static str) {
    let n: usize = id.parse().unwrap();
    lab.hire(id, &format!("Person {id}"), Some(phone(n)));
    promote(lab, id, role);
}

fn promote(lab: &Lab, id: &str, role: &'static str) {
    lab.edit(id, |it| it.role = Some(role));
}

/// What the document says of a user: `channel role` and `+` for new clients, `hidden` for hidden phones.
fn rights(lab: &Lab, id: &str) -> Vec<String> {
    let settings = lab.sim.settings(TOKEN);
    let rows = settings.user_roles.iter().filter(|it| it.user() == id);
    let text = |row: &SimRole| {
        let value: serde_json::Value = serde_json::from_str(&row.0).unwrap();
        let plus = if value["allow_get_new_clients"] == true {
            "+"
        } else {
            ""
        };
        format!("{} {}{plus}", row.channel(), value["role"].as_str().unwrap())
    };
    let mut all: Vec<String> = rows.map(text).collect();
    all.sort();
    if settings.hide_phone_numbers_for_user_ids.iter().any(|it| it == id) {
        all.push("hidden".to_owned());
    }
    all
}

const SALES: [&str; 3] = ["c1 seller+", "c2 seller+", "hidden"];
const HEAD: [&str; 2] = ["c1 manager", "c2 manager"];
const NONE: [&str; 0] = [];

fn settings_writes(lab: &Lab) -> usize {
    let requests = lab.sim.requests();
    let writes = requests
        .iter()
        .filter(|it| it.method == "PATCH" && it.path == "/v2/settings");
    writes.count()
}

/// The outcome of a user's rights.
fn access(report: &AccountReport, id: &str) -> Option<(Outcome, Option<String>)> {
    let mut users = report.users.iter().map(|it| &it.settled);
    let found = users.find(|it| it.change.op == Op::Access && it.change.id.as_str() == id)?;
    Some((found.outcome, found.code.as_deref().map(str::to_owned)))
}

#[track_caller]
fn assert_in_sync(lab: &Lab, report: &AccountReport) {
    assert_eq!(
        report.result,
        RunResult::InSync,
        "{}\n{}",
        describe(report),
        lab.requests()
    );
    assert_foreign(lab);
}

#[track_caller]
fn assert_foreign(lab: &Lab) {
    let settings = lab.sim.settings(TOKEN);
    let theirs = settings.user_roles.iter().filter(|it| it.user() == "boss");
    let theirs: Vec<&str> = theirs.map(|it| it.0.as_str()).collect();
    assert_eq!(theirs, [FOREIGN, &SimRole::new("c3", "boss", "auditor", false).0]);
    assert!(
        settings
            .hide_phone_numbers_for_user_ids
            .iter()
            .any(|it| it == "boss")
    );
    lab.assert_no_violation();
}

/// Users are kept in sync, whatever becomes of their rights.
#[track_caller]
fn assert_users(lab: &Lab) {
    let mut users = lab.platform();
    users.retain(|it| it.id != "boss");
    assert_eq!(users, lab.desired());
}

/// The next run, after nothing has happened, writes nothing.
#[track_caller]
fn assert_idle(lab: &Lab, again: &AccountReport) {
    assert_in_sync(lab, again);
    assert_eq!(lab.writes(), Vec::<String>::new());
}

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
    let verified = lab
        .run_with(&Order {
            verify: true,
            ..Order::default()
        })
        .await;
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
        it.user_roles.push(SimRole::new("c3", "1", "auditor", false))
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
    assert_in_sync(
        &lab,
        &lab.run_with(&Order {
            verify: true,
            ..Order::default()
        })
        .await,
    );
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
        it.push_input_output_message_events_for_managers = true
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
    let again = lab
        .run_with(&Order {
            verify: true,
            ..Order::default()
        })
        .await;
    assert_idle(&lab, &again);
}

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
async fn an_answer_that_is_lost_is_settled_by_reading() {
    let lost = [
        Fault::new(How::Reset),
        Fault::new(How::Reset).after_effect(),
        Fault::new(How::Status {
            status: 502,
            body: None,
            retry_after: None,
        }),
        Fault::new(How::Truncated).after_effect(),
        Fault::new(How::DelayedEffect {
            lands: Lands::AtRequest(1),
            status: None,
        }),
    ];
    for fault in lost {
        for nth in 1..=2 {
            let lab = company().await;
            for n in 1..=5 {
                hire(&lab, &n.to_string(), "sales");
            }
            lab.run().await;
            lab.dismiss(1);
            promote(&lab, "2", "head");
            hire(&lab, "7", "head");
            let mut fault = fault.clone().method(MethodIs::Patch).path("/v2/settings");
            fault.when.nth = Some(nth);
            lab.sim.add_fault(fault.clone());
            let mut report = lab.run().await;
            if report.result != RunResult::InSync {
                report = lab.run().await;
            }
            assert_eq!(
                report.result,
                RunResult::InSync,
                "{fault:?}: {}\n{}",
                describe(&report),
                lab.requests()
            );
            assert_eq!(rights(&lab, "1"), NONE, "{fault:?}");
            assert_eq!(rights(&lab, "2"), HEAD, "{fault:?}");
            assert_eq!(rights(&lab, "7"), HEAD, "{fault:?}");
            assert_foreign(&lab);
            assert_users(&lab);
        }
    }
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
async fn every_way_of_the_platform_ends_the_same() {
    type Switch = fn(&mut wazzup_sync::simulator::Switches);
    let ways: [Switch; 6] = [
        |it| it.settings.envelope = Envelope::Full,
        |it| it.settings.omit_empty_hidden = true,
        |it| it.settings.rows_vanish_with_users = true,
        |it| it.settings.unknown_user = UnknownRow::Refuse,
        |it| it.settings.unknown_user = UnknownRow::Drop,
        |it| it.read_lag_ms = 5,
    ];
    for (n, way) in ways.into_iter().enumerate() {
        let lab = company().await;
        lab.sim.update_switches(way);
        for n in 1..=5 {
            hire(&lab, &n.to_string(), "sales");
        }
        assert_in_sync(&lab, &lab.run().await);
        lab.dismiss(1);
        promote(&lab, "2", "head");
        hire(&lab, "7", "head");
        let report = lab.run().await;
        assert_eq!(report.result, RunResult::InSync, "way {n}: {}", describe(&report));
        assert_eq!(rights(&lab, "1"), NONE, "way {n}");
        assert_eq!(rights(&lab, "2"), HEAD, "way {n}");
        assert_eq!(rights(&lab, "7"), HEAD, "way {n}");
        lab.count_anew();
        let again = lab
            .run_with(&Order {
                verify: true,
                ..Order::default()
            })
            .await;
        assert_idle(&lab, &again);
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

#[tokio::test]
async fn a_third_of_all_requests_may_meet_an_accident() {
    for seed in 1..=12 {
        let mut lab = company().await;
        lab.timeout = Duration::from_millis(60);
        for n in 1..=6 {
            hire(&lab, &n.to_string(), "sales");
        }
        for day in 1..=3_u64 {
            let hows = [
                How::Reset,
                How::Status {
                    status: 503,
                    body: None,
                    retry_after: None,
                },
                How::Hang { millis: None },
                How::Truncated,
            ];
            for (n, how) in hows.into_iter().enumerate() {
                for after in [false, true] {
                    let mut fault = Fault::new(how.clone());
                    if after {
                        fault = fault.after_effect();
                    }
                    fault.when.probability = Some(0.05);
                    fault.when.seed = seed * 1000 + day * 100 + n as u64 * 2 + u64::from(after);
                    lab.sim.add_fault(fault);
                }
            }
            match day {
                1 => {}
                2 => {
                    lab.dismiss(1);
                    promote(&lab, "2", "head");
                    hire(&lab, "7", "head");
                }
                _ => {
                    promote(&lab, "2", "sales");
                    lab.dismiss(3);
                    hire(&lab, "1", "head");
                }
            }
            let mut n_runs = 0;
            loop {
                let report = lab.run().await;
                if report.result == RunResult::InSync {
                    break;
                }
                n_runs += 1;
                assert!(n_runs < 40, "seed {seed}, day {day}: {}", describe(&report));
            }
            lab.sim.clear_faults();
            let report = lab
                .run_with(&Order {
                    verify: true,
                    ..Order::default()
                })
                .await;
            assert_eq!(
                report.result,
                RunResult::InSync,
                "seed {seed}, day {day}: {}",
                describe(&report)
            );
            lab.count_anew();
            let again = lab
                .run_with(&Order {
                    verify: true,
                    ..Order::default()
                })
                .await;
            assert_idle(&lab, &again);
            for (id, person) in lab.crm.0.lock().unwrap().people.clone() {
                let expected: &[&str] = if person.role == Some("head") {
                    &HEAD
                } else {
                    &SALES
                };
                assert_eq!(rights(&lab, &id), expected, "seed {seed}, day {day}, user {id}");
            }
            let settings = lab.sim.settings(TOKEN);
            let known: BTreeSet<String> = lab.platform().into_iter().map(|it| it.id).collect();
            let owners: BTreeSet<String> = settings.user_roles.iter().map(SimRole::user).collect();
            assert!(
                owners.is_subset(&known),
                "seed {seed}, day {day}: rows of leavers stay"
            );
        }
    }
}

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
        let report = lab
            .run_with(&Order {
                verify: true,
                ..Order::default()
            })
            .await;
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
