use std::time::Duration;

use super::*;
use crate::domain::contention::ParkPolicy;
use crate::domain::diff::OnDrift;
use crate::domain::guard::{Limit, Limits};
use crate::settings::RemovalPolicy;

#[test]
fn an_account_is_read_whole() {
    let account = only_account(&with_account(
        "schedule = \"0 * * * *\"
max_removals = 0
max_removals_per_day = \"20%\"
max_phone_losses = 7
max_updates = \"100%\"
removal_after = \"15m\"
park = \"recreate\"
on_drift = \"report\"
protected = [\"1\", \"boss@example.com\"]
enabled = false",
        "",
    ));
    assert_eq!((account.name.as_str(), account.source.as_str()), ("acme", "crm"));
    assert_eq!(account.removal, RemovalPolicy::Delete);
    assert_eq!(account.schedule.unwrap().line(), "0 * * * *");
    let limits = Limits {
        removals: Limit::Count(0),
        removals_per_day: Limit::Percent(20),
        phone_losses: Limit::Count(7),
        updates: Limit::Percent(100),
    };
    assert_eq!(account.limits, limits);
    assert_eq!(account.removal_after, Duration::from_secs(15 * 60));
    assert_eq!(account.park, ParkPolicy::Recreate);
    assert_eq!(account.on_drift, OnDrift::Report);
    assert!(account.protected.contains("boss@example.com"));
    assert!(!account.enabled);
}

#[test]
fn defaults_are_those_of_the_documents() {
    let account = only_account(&with_account("", ""));
    let defaults = Limits {
        removals: Limit::Percent(10),
        removals_per_day: Limit::Percent(15),
        phone_losses: Limit::Percent(10),
        updates: Limit::Percent(50),
    };
    assert_eq!(account.limits, defaults);
    assert_eq!(account.removal_after, Duration::ZERO);
    assert_eq!(account.park, ParkPolicy::Clear);
    assert_eq!(account.on_drift, OnDrift::Repair);
    assert!(account.protected.is_empty() && account.enabled && account.schedule.is_none());
}

#[test]
fn what_is_mandatory_is_asked_for() {
    insta::assert_snapshot!(problems("[[accounts]]\n").join("\n"), @r#"
    accounts[#1].name: missing: what the account is called in reports
    accounts[#1].removal: missing: what happens to leavers: delete, deactivate (wuts), unassign (meta) or keep
    accounts[#1].source: missing: the name of a [sources.NAME]
    accounts[#1].target: missing: [accounts.target] with the platform and the credential
    "#);
    insta::assert_snapshot!(problems(&account_of("removal = \"keep\"", "")).join("\n"), @r#"
    accounts[acme].target.kind: missing: wazzup-v2, wazzup-v3, wuts or meta
    "#);
}

#[test]
fn an_unknown_source_is_named_with_its_nearest_neighbour() {
    let text = with_account("", "").replace("source = \"crm\"", "source = \"crn\"");
    assert_eq!(
        problems(&text),
        ["accounts[acme].source: there is no [sources.crn]; did you mean \"crm\"?"]
    );
}

#[test]
fn wrong_values_are_named() {
    let account = "schedule = \"0 0 * * 8\"
max_removals = \"110%\"
max_removals_per_day = -1
max_phone_losses = 1.5
max_updates = \"half\"
removal_after = 15
park = \"clean\"
on_drift = \"ignore\"
protected = [1]
enabled = \"no\"
max_removal = 3";
    insta::assert_snapshot!(problems(&with_account(account, "")).join("\n"), @r#"
    accounts[acme].schedule: "8" is no day of week
    accounts[acme].max_removals: expected a share as text, such as "10%" (0% to 100%), or a whole number
    accounts[acme].max_removals_per_day: expected a share as text, such as "10%" (0% to 100%), or a whole number
    accounts[acme].max_phone_losses: expected a share as text, such as "10%" (0% to 100%), or a whole number
    accounts[acme].max_updates: expected a share as text, such as "10%" (0% to 100%), or a whole number
    accounts[acme].removal_after: expected a duration as text, such as "30s", found a number
    accounts[acme].park: "clean" is none of clear, recreate; did you mean "clear"?
    accounts[acme].on_drift: "ignore" is none of repair, report
    accounts[acme].protected: expected a list of texts, none of them empty
    accounts[acme].enabled: expected true or false, found text
    accounts[acme].max_removal: unknown key; did you mean "max_removals"?
    "#);
}

#[test]
fn names_can_be_printed_and_typed() {
    for name in ["-acme", " acme", "ac\\u001bme", "ac\\u202eme"] {
        let text = with_account("", "").replace("\"acme\"", &format!("\"{name}\""));
        let problems = problems(&text);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].contains("].name: expected up to 100 characters"),
            "{problems:?}"
        );
        assert!(!problems[0].contains(['\u{1b}', '\u{202e}']), "{problems:?}");
    }
    let blank = with_account("", "").replace("\"acme\"", "\" \"");
    assert_eq!(problems(&blank), ["accounts[#1].name: is empty"]);
}

#[test]
fn two_enabled_accounts_of_one_remote_are_refused() {
    let two = |second: &str| {
        let second = second.replace("acme", "beta").replace(SOURCE, "");
        Given::files([&with_account("", ""), &second])
    };
    assert_eq!(
        two(&with_account("", "base_url = \"https://tech.wazzup24.com/\"")).problems(),
        [
            "2.toml:2: accounts[beta].target: is the same remote as accounts[acme].target: each would undo the other's work"
        ]
    );
    two(&with_account("enabled = false", "")).settings();
    two(&with_account("", "base_url = \"https://other.example\"")).settings();
    two(&with_account("", "").replace("TOKEN", "OTHER")).settings();
}

#[test]
fn an_account_is_found_by_name_and_knows_its_source_and_file() {
    let given = Given::files([&with_account("", "")]);
    let settings = given.settings();
    let account = settings.account("acme").unwrap();
    assert_eq!(settings.source_of(account).unwrap().name, "crm");
    assert_eq!(account.file(), Some(&given.files[0]));
    assert!(settings.account("other").is_none());
}
