//! Rights on channels, which a platform keeps in one document for everybody.

mod agreed;
mod everyday;
mod faults;
mod refused;

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
