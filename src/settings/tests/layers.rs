use std::time::Duration;

use super::*;
use crate::settings::{SourceRead, StoreUrl};

#[test]
fn a_later_file_wins_over_an_earlier_one_key_by_key_and_the_environment_over_both() {
    let given = Given::files([
        "[http]\ntimeout = \"1s\"\nconnect_timeout = \"1s\"\nsettle = \"3s\"\n",
        "[http]\ntimeout = \"2s\"\nconnect_timeout = \"2s\"\n",
    ])
    .variable("WAZZUP_SYNC__HTTP__TIMEOUT", "4s");
    let http = given.settings().http;
    assert_eq!(http.timeout, Duration::from_secs(4));
    assert_eq!(http.connect_timeout, Duration::from_secs(2));
    assert_eq!(http.settle, Duration::from_secs(3));
    assert_eq!(http.retry_base, Duration::from_millis(200));
}

#[test]
fn accounts_of_all_files_are_joined_in_order() {
    let second = with_account("", "")
        .replace("acme", "beta")
        .replace("TOKEN", "OTHER")
        .replace(SOURCE, "");
    let given = Given::files([&with_account("", ""), &second]);
    let names: Vec<String> = given.settings().accounts.into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["acme", "beta"]);
}

#[test]
fn the_same_account_name_twice_is_an_error_that_names_both_places() {
    let again = with_account("", "").replace("TOKEN", "OTHER");
    let given = Given::files([&with_account("", ""), &again]);
    let problems = given.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].starts_with("2.toml:5: accounts[acme].name: another account has this name ("),
        "{problems:?}"
    );
    assert!(problems[0].ends_with("1.toml:5)"), "{problems:?}");
}

#[test]
fn a_later_file_changes_single_keys_of_a_source_and_adds_others() {
    let given = Given::files([
        SOURCE,
        "[sources.crm]\nurl = \"sqlite:test.db\"\n[sources.hr]\nurl = \"sqlite:hr.db\"\nquery = \"SELECT 1\"\n",
    ]);
    let sources = given.settings().sources;
    assert_eq!(sources["crm"].url.configured(), "sqlite:test.db");
    assert_eq!(
        sources["crm"].read,
        SourceRead::Query("SELECT id, name FROM employees".to_owned())
    );
    assert!(sources.contains_key("hr"));
}

#[test]
fn numbers_flags_and_lists_are_read_from_variables_and_digits_stay_text() {
    let given = Given::files([""])
        .variable("WAZZUP_SYNC__DAEMON__CONCURRENCY", "3")
        .variable("WAZZUP_SYNC__DAEMON__ACCOUNT_LABELS", "true")
        .variable("WAZZUP_SYNC__DAEMON__LISTEN", "")
        .variable(
            "WAZZUP_SYNC__DAEMON__ALLOWED_HOSTS",
            "[\"a.example\", \"b.example\"]",
        )
        .variable("WAZZUP_SYNC__STORE__URL", "sqlite:0012345")
        .variable("WAZZUP_SYNC__NOTIFY__COMMAND", "/usr/bin/tell")
        .variable("WAZZUP_SYNC_OTHER", "not ours")
        .variable("PATH", "/bin");
    let settings = given.settings();
    assert_eq!(settings.daemon.concurrency, 3);
    assert!(settings.daemon.account_labels);
    assert_eq!(settings.daemon.listen, None);
    assert_eq!(settings.daemon.allowed_hosts, ["a.example", "b.example"]);
    assert_eq!(settings.store.url, StoreUrl::Sqlite("0012345".into()));
    assert_eq!(
        settings.notify.unwrap().command,
        Some(vec!["/usr/bin/tell".to_owned()])
    );
}

#[test]
fn problems_of_variables_name_the_variable() {
    let given = Given::files(["[http]\ntimeout = \"1s\"\n"])
        .variable("WAZZUP_SYNC__HTTP__TIMEOUT", "soon")
        .variable("WAZZUP_SYNC__HTTP__REQUESTS_PER_SECOND", "many")
        .variable("WAZZUP_SYNC__DAEMON__ACCOUNT_LABELS", "perhaps")
        .variable("WAZZUP_SYNC__DAEMON__ALLOWED_HOSTS", "[1")
        .variable("WAZZUP_SYNC__HTTP__TIMOUT", "1s")
        .variable("WAZZUP_SYNC__SOURCES__CRM", "x")
        .variable("WAZZUP_SYNC__HTTP", "x")
        .variable("WAZZUP_SYNC__HTTP__A__B", "x")
        .variable("WAZZUP_SYNC__http__settle", "1s");
    insta::assert_snapshot!(given.problems().join("\n"), @r#"
    WAZZUP_SYNC__DAEMON__ACCOUNT_LABELS: expected true or false, found text
    WAZZUP_SYNC__DAEMON__ALLOWED_HOSTS: expected a list such as ["a", "b"]
    WAZZUP_SYNC__HTTP: expected WAZZUP_SYNC__SECTION__KEY, with one section and one key
    WAZZUP_SYNC__HTTP__A__B: expected WAZZUP_SYNC__SECTION__KEY, with one section and one key
    WAZZUP_SYNC__HTTP__REQUESTS_PER_SECOND: expected a whole number from 1 to 10000
    WAZZUP_SYNC__HTTP__TIMEOUT: expected a duration such as "200ms", "30s", "15m", "6h" or "2d"
    WAZZUP_SYNC__HTTP__TIMOUT: unknown key; did you mean "timeout"?
    WAZZUP_SYNC__SOURCES__CRM: only the sections store, daemon, http and notify can be set by a variable
    WAZZUP_SYNC__http__settle: expected WAZZUP_SYNC__SECTION__KEY in capital letters
    "#);
}

#[test]
fn syntax_errors_say_file_line_and_column_and_repeat_nothing() {
    let given = Given::files(["[store]\nkey = \"cred:x\"\n\n[http]\ntimeout = hunter2\nproxy = \"hunter2\n"]);
    let problems = given.problems();
    assert!(problems.len() >= 2, "{problems:?}");
    assert!(problems[0].starts_with("1.toml:5: column 11: "), "{problems:?}");
    assert!(problems[1].starts_with("1.toml:6: column "), "{problems:?}");
    assert!(!problems.concat().contains("hunter2"), "{problems:?}");
}

#[test]
fn files_that_cannot_be_read_are_named_and_the_others_are_checked() {
    let mut given = Given::files(["[http]\ntimeout = 3\n", ""]);
    given.files.insert(0, given.dir.path().join("absent.toml"));
    given.files.push(given.dir.path().to_owned());
    std::fs::write(&given.files[2], b"\xff").unwrap();
    let problems = given.problems().join("\n");
    assert!(
        problems.contains("absent.toml: can't be read: No such file"),
        "{problems}"
    );
    assert!(problems.contains("2.toml: is not UTF-8 text"), "{problems}");
    assert!(problems.contains("Is a directory"), "{problems}");
    assert!(
        problems.contains("1.toml:2: http.timeout: expected a duration"),
        "{problems}"
    );
}

#[test]
fn what_a_broken_file_may_hold_is_not_missed() {
    let account = with_account("", "").replace(SOURCE, "");
    let given = Given::files([&account, "broken"]);
    let problems = given.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("2.toml:1: column "), "{problems:?}");
}

#[test]
fn unknown_keys_and_sections_are_errors_with_a_hint() {
    let text = "
top = 1
[htpp]
timeout = \"1s\"
[http]
timeuot = \"1s\"
entirely_different = 1
\"a.b\" = 1
[sources.crm]
url = \"sqlite:crm.db\"
query = \"SELECT 1\"
defualt_region = \"LV\"
";
    insta::assert_snapshot!(Given::files([text]).problems().join("\n"), @r#"
    1.toml:2: top: unknown section
    1.toml:3: htpp: unknown section; did you mean "http"?
    1.toml:6: http.timeuot: unknown key; did you mean "timeout"?
    1.toml:7: http.entirely_different: unknown key
    1.toml:8: http."a.b": unknown key
    1.toml:12: sources.crm.defualt_region: unknown key; did you mean "default_region"?
    "#);
}

#[test]
fn all_problems_come_at_once_in_order_and_each_once() {
    let text = "
[daemon]
schedule = \"x\"
timezone = \"Europe/Rigga\"
[http]
timeout = 30
[sources.crm]
url = \"sqlite:crm.db\"
[[accounts]]
name = \"acme\"
source = \"crn\"
max_removals = \"many\"
[accounts.target]
kind = \"wazzup-v4\"
[[accounts]]
removal = \"delte\"
";
    insta::assert_snapshot!(Given::files([text]).problems().join("\n"), @r#"
    1.toml: sources.crm.query: missing: the SELECT that yields the employees (or a `preset`)
    1.toml:3: daemon.schedule: expected five fields (minute, hour, day of month, month, day of week), or six with seconds first; found 1
    1.toml:4: daemon.timezone: "Europe/Rigga" is no time zone; did you mean "Europe/Riga"?
    1.toml:6: http.timeout: expected a duration as text, such as "30s", found a number
    1.toml:9: accounts[acme].removal: missing: what happens to leavers: delete, deactivate (wuts), unassign (meta) or keep
    1.toml:11: accounts[acme].source: there is no [sources.crn]; did you mean "crm"?
    1.toml:12: accounts[acme].max_removals: expected a share as text, such as "10%" (0% to 100%), or a whole number
    1.toml:14: accounts[acme].target.kind: "wazzup-v4" is none of wazzup-v2, wazzup-v3, wuts, meta; did you mean "wazzup-v2"?
    1.toml:15: accounts[#2].name: missing: what the account is called in reports
    1.toml:15: accounts[#2].source: missing: the name of a [sources.NAME]
    1.toml:15: accounts[#2].target: missing: [accounts.target] with the platform and the credential
    1.toml:16: accounts[#2].removal: "delte" is none of delete, deactivate, unassign, keep; did you mean "delete"?
    "#);
}

#[test]
fn shapes_that_are_no_tables_are_named() {
    let given = Given::files([
        "accounts = 3\nsources = \"x\"\nhttp = 1\n",
        "[[daemon]]\n",
        "accounts = [1]\n",
    ]);
    insta::assert_snapshot!(given.problems().join("\n"), @r#"
    1.toml:1: accounts: expected a list of tables, each headed [[accounts]]
    1.toml:2: sources: expected tables, each headed [sources.NAME]
    1.toml:3: http: expected a table, found a number
    2.toml:1: daemon: expected a table, found a list
    3.toml:1: accounts[#1]: expected a table, found a number
    "#);
}

#[test]
fn an_empty_configuration_is_a_configuration() {
    let settings = settings("");
    assert!(settings.accounts.is_empty() && settings.sources.is_empty());
    assert_eq!(settings.notify, None);
    assert_eq!(
        settings.store.url,
        StoreUrl::Sqlite("/var/lib/wazzup-sync/state.db".into())
    );
}
