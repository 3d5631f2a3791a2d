use std::time::Duration;

use super::*;
use crate::settings::{HttpSettings, Zone};

#[test]
fn defaults_are_those_of_the_documents() {
    let settings = settings("");
    let daemon = settings.daemon;
    assert_eq!(daemon.schedule.line(), "*/5 * * * *");
    assert_eq!(daemon.timezone, Zone::UTC);
    assert_eq!(daemon.jitter, Duration::from_secs(10));
    assert_eq!(daemon.concurrency, 8);
    assert_eq!(daemon.verify_every, Duration::from_secs(6 * 60 * 60));
    assert_eq!(daemon.history_days, 90);
    assert_eq!(daemon.max_run, Duration::from_secs(15 * 60));
    assert_eq!(daemon.listen, Some("127.0.0.1:9464".parse().unwrap()));
    assert!(!daemon.account_labels);
    assert_eq!(settings.http, HttpSettings::default());
    assert_eq!(settings.http.max_response_bytes, 4_194_304);
    assert_eq!(settings.store.backups, 7);
}

#[test]
fn wrong_types_say_what_is_expected() {
    let text = "
[store]
url = 1
backups = \"7\"
[daemon]
timezone = 3
jitter = 10
concurrency = \"8\"
history_days = 0.5
account_labels = \"yes\"
allowed_hosts = \"a\"
[http]
max_response_bytes = 99999999999999999999
requests_per_second = 0
settle = \"1\"
timeout = \"0s\"
ca_file = \" \"
";
    insta::assert_snapshot!(problems(text).join("\n"), @r#"
    store.url: expected text in quotes, found a number
    store.backups: expected a whole number, found text
    daemon.timezone: expected text in quotes, found a number
    daemon.jitter: expected a duration as text, such as "30s", found a number
    daemon.concurrency: expected a whole number, found text
    daemon.history_days: expected a whole number from 1 to 36500
    daemon.account_labels: expected true or false, found text
    daemon.allowed_hosts: expected a list of texts, found text
    http.max_response_bytes: expected a whole number from 1024 to 1073741824
    http.requests_per_second: expected a whole number from 1 to 10000
    http.settle: expected a duration such as "200ms", "30s", "15m", "6h" or "2d"
    http.timeout: must be more than 0s
    http.ca_file: is empty
    "#);
}

#[test]
fn the_page_needs_a_token_beyond_loopback() {
    for listen in ["0.0.0.0:9464", "192.0.2.1:80", "[::]:9464"] {
        let text = format!("[daemon]\nlisten = \"{listen}\"\n");
        assert_eq!(
            problems(&text),
            ["daemon.status_token: missing: needed because daemon.listen can be reached from other machines"]
        );
        settings(&format!("{text}status_token = \"cred:status\"\n"));
    }
    for listen in ["", "127.0.0.1:1", "[::1]:9464"] {
        settings(&format!("[daemon]\nlisten = \"{listen}\"\n"));
    }
    assert!(
        problems("[daemon]\nlisten = \"localhost:80\"\n")[0].contains("expected an IP address and a port")
    );
}

#[test]
fn schedules_and_time_zones_are_checked() {
    let text = "[daemon]\nschedule = \"0 0 1 * 1\"\ntimezone = \"Europe/Rigga\"\n";
    insta::assert_snapshot!(problems(text).join("\n"), @r#"
    daemon.schedule: give a day of month or a day of week, not both: crontab would take either
    daemon.timezone: "Europe/Rigga" is no time zone; did you mean "Europe/Riga"?
    "#);
    let daemon = settings("[daemon]\nschedule = \"0 9 * * 1-5\"\ntimezone = \"Europe/Riga\"\n").daemon;
    assert_eq!(daemon.timezone, Zone::named("Europe/Riga").unwrap());
}

#[test]
fn notifications_need_somewhere_to_go() {
    let text = "[notify]\nsecret = \"cred:notify\"\n";
    insta::assert_snapshot!(problems(text).join("\n"), @r#"
    notify: expected `webhook`, `command` or both
    notify.secret: signs the webhook, and there is none
    "#);
    assert_eq!(
        problems("[notify]\ncommand = [\"tell\"]\n"),
        ["notify.command: expected a list that begins with the absolute path of a program"]
    );
    assert!(problems("[notify]\ncommand = []\n")[0].contains("absolute path"));
    assert!(problems("[notify]\nwebhook = \"http://hooks.example/x\"\n")[0].contains("plain http://"));
    settings("[notify]\nwebhook = \"http://127.0.0.1:1/x\"\nsecret = \"env:S\"\n");
}

#[test]
fn the_store_is_a_file_or_a_server() {
    assert!(problems("[store]\nurl = \"mysql://db/x\"\n")[0].contains("SQLite or PostgreSQL"));
    assert!(problems("[store]\nurl = \"sqlite::memory:\"\n")[0].contains("the path of a file"));
    assert!(problems("[store]\nurl = \"sqlite:a.db?mode=ro\"\n")[0].contains("without options"));
    let settings = settings("[store]\nurl = \"postgres://sync@db/sync\"\n");
    assert_eq!(
        settings.unsupported()[0].to_string(),
        "store.url: a database server is not supported by this version yet"
    );
}
