use super::*;
use crate::settings::{access, account, layers, service, source, target};

const EXAMPLE: &str = include_str!("../../../config/example.toml");

/// The example with the optional lines from `first` to `last` in force.
fn with_optional(first: &str, last: &str) -> String {
    let mut is_inside = false;
    let mut text = String::new();
    for line in EXAMPLE.lines() {
        is_inside |= line == first;
        match line.strip_prefix("# ") {
            Some(setting) if is_inside && is_setting(setting) => text.push_str(setting),
            _ => text.push_str(line),
        }
        text.push('\n');
        is_inside &= line != last;
    }
    text
}

/// Whether a commented line is one of TOML rather than of prose.
fn is_setting(line: &str) -> bool {
    let is_key =
        |key: &str| key.starts_with('"') || key.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
    (line.starts_with('[') && line.ends_with(']'))
        || line.split_once(" = ").is_some_and(|(key, _)| is_key(key))
}

#[test]
fn the_example_is_a_configuration_of_this_version() {
    let settings = settings(EXAMPLE);
    assert_eq!(settings.accounts.len(), 1);
    assert_eq!(settings.unsupported(), []);
}

#[test]
fn the_example_shows_the_defaults() {
    let mut example = settings(EXAMPLE);
    let mut bare = settings(&with_account("", ""));
    assert_eq!(example.store, bare.store);
    assert_eq!(example.daemon, bare.daemon);
    assert_eq!(example.http, bare.http);
    let (example, bare) = (example.accounts.remove(0), bare.accounts.remove(0));
    assert_eq!(example.limits, bare.limits);
    assert_eq!(example.removal_after, bare.removal_after);
    assert_eq!((example.park, example.on_drift), (bare.park, bare.on_drift));
    assert_eq!(example.target.base_url, bare.target.base_url);
}

#[test]
fn its_optional_sections_are_right_too() {
    let text = with_optional(
        "# [notify]",
        "# command = [\"/usr/local/bin/tell\", \"--channel\", \"operations\"]",
    );
    assert!(settings(&text).notify.is_some());
    let text = with_optional("# [accounts.access]", "# hide_phones = true");
    assert_eq!(settings(&text).unsupported(), []);
    let roles = with_optional("# [accounts.roles]", "# \"*\" = \"user\"");
    settings(&roles.replace("kind = \"wazzup-v2\"", "kind = \"wuts\""));
}

#[test]
fn the_example_names_every_key() {
    let all = [
        service::STORE_KEYS,
        service::DAEMON_KEYS,
        service::HTTP_KEYS,
        service::NOTIFY_KEYS,
        source::SOURCE_KEYS,
        account::ACCOUNT_KEYS,
        target::TARGET_KEYS,
        target::WHITE_LABEL_KEYS,
        target::OAUTH_KEYS,
        access::ACCESS_KEYS,
        access::RULE_KEYS,
        layers::TOP_KEYS,
    ];
    let lines: Vec<&str> = EXAMPLE.lines().map(|it| it.trim_start_matches("# ")).collect();
    for key in all.into_iter().flatten() {
        let is_named = lines.iter().any(|line| {
            line.starts_with(&format!("{key} = "))
                || line
                    .trim_matches(['[', ']'])
                    .split('.')
                    .any(|part| line.starts_with('[') && part == *key)
        });
        assert!(is_named, "{key} is not in config/example.toml");
    }
}

#[test]
fn with_every_line_in_force_only_what_excludes_each_other_is_wrong() {
    let all = with_optional(EXAMPLE.lines().next().unwrap(), "no such line");
    insta::assert_snapshot!(problems(&all).join("\n"), @r#"
    sources.crm.preset: give `query` or `preset`, not both
    accounts[acme].target.create_users: is a key of wuts and meta, not of wazzup-v2
    accounts[acme].target.business_id: is a key of meta, not of wazzup-v2
    accounts[acme].target.waba_id: is a key of meta, not of wazzup-v2
    accounts[acme].target.api_version: is a key of meta, not of wazzup-v2
    accounts[acme].target.match: is a key of meta, not of wazzup-v2
    accounts[acme].target.reassign: is a key of meta, not of wazzup-v2
    accounts[acme].target.app_secret: is a key of meta, not of wazzup-v2
    accounts[acme].target.white_label: give `token` or `white_label`, not both
    accounts[acme].target.oauth: give `token` or `oauth`, not both
    accounts[acme].roles: is a table of wuts, not of wazzup-v2
    accounts[acme].tasks: is a table of meta, not of wazzup-v2
    "#);
}
