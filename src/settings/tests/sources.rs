use std::time::Duration;

use super::*;
use crate::domain::employee::LongIds;
use crate::settings::{Database, DatabaseUrl, SourceRead};

#[test]
fn a_source_is_read_whole() {
    let text = "
[sources.crm]
url = \"postgres://reader@db/crm\"
password = \"cred:crm\"
query = \"SELECT 1\"
default_region = \"lv\"
read_timeout = \"2m\"
max_rows = 5
long_ids = \"hash\"
";
    let source = settings(text).sources.remove("crm").unwrap();
    assert_eq!(source.name, "crm");
    assert!(matches!(
        source.url,
        DatabaseUrl::Plain {
            database: Database::Postgres,
            ..
        }
    ));
    assert_eq!(source.default_region.as_deref(), Some("LV"));
    assert_eq!(source.read_timeout, Duration::from_secs(120));
    assert_eq!(source.max_rows, 5);
    assert_eq!(source.long_ids, LongIds::Hash);
}

#[test]
fn defaults_are_those_of_the_documents() {
    let source = settings(SOURCE).sources.remove("crm").unwrap();
    assert_eq!(source.read_timeout, Duration::from_secs(60));
    assert_eq!(source.max_rows, 20_000);
    assert_eq!(source.long_ids, LongIds::Reject);
    assert_eq!(source.default_region, None);
}

#[test]
fn either_a_query_or_a_preset() {
    let source = |lines: &str| format!("[sources.crm]\nurl = \"sqlite:crm.db\"\n{lines}\n");
    assert_eq!(
        problems(&source("")),
        ["sources.crm.query: missing: the SELECT that yields the employees (or a `preset`)"]
    );
    assert_eq!(
        problems(&source("query = \"SELECT 1\"\npreset = \"twenty\"")),
        ["sources.crm.preset: give `query` or `preset`, not both"]
    );
    assert_eq!(
        problems(&source("query = \"SELECT 1\"\nparams = { a = \"b\" }")),
        ["sources.crm.params: belong to a `preset`, and there is none"]
    );
    let read = settings(&source(
        "preset = \"chatwoot\"\nparams = { account_id = 7, key = \"x\" }",
    ))
    .sources
    .remove("crm")
    .unwrap()
    .read;
    let SourceRead::Preset { name, params } = read else {
        panic!("a query");
    };
    assert_eq!(name, "chatwoot");
    assert_eq!(
        (params["account_id"].as_str(), params["key"].as_str()),
        ("7", "x")
    );
    assert_eq!(
        problems(&source("preset = \"twenty\"\nparams = { \"odd key\" = [] }")),
        ["sources.crm.params.\"odd key\": expected text in quotes, found a list"]
    );
}

#[test]
fn wrong_values_are_named() {
    let text = "
[sources.crm]
url = \"oracle://x\"
query = \" \"
default_region = \"UK\"
read_timeout = \"0s\"
max_rows = 0
long_ids = \"hashed\"
";
    insta::assert_snapshot!(problems(text).join("\n"), @r#"
    sources.crm.url: expected an address (postgres://…, mysql://… or sqlite:PATH) or a reference to one (env:NAME, file:PATH or cred:NAME)
    sources.crm.query: is empty
    sources.crm.default_region: "UK" is no region of two letters such as "LV" (ISO 3166)
    sources.crm.read_timeout: must be more than 0s
    sources.crm.max_rows: expected a whole number from 1 to 100000000
    sources.crm.long_ids: "hashed" is none of reject, hash; did you mean "hash"?
    "#);
}

#[test]
fn what_no_account_uses_is_no_problem() {
    let text = "[sources.old]\nurl = \"mysql://db/x\"\npreset = \"suitecrm\"\n";
    assert_eq!(settings(text).unsupported(), []);
}

#[test]
fn presets_are_understood_and_not_supported_yet() {
    let text =
        with_account("", "").replace("query = \"SELECT id, name FROM employees\"", "preset = \"odoo\"");
    let unsupported = settings(&text).unsupported();
    assert!(unsupported.iter().all(|it| it.file.is_some()), "{unsupported:?}");
    let keys: Vec<_> = unsupported.into_iter().map(|it| it.key).collect();
    assert_eq!(keys, ["sources.crm.preset"]);
}

#[test]
fn every_database_may_be_a_source() {
    for url in [
        "postgres://reader@db/crm",
        "mysql://reader@db/crm",
        "mariadb://reader@db/crm",
    ] {
        let text = with_account("", "").replace("sqlite:crm.db", url);
        assert_eq!(settings(&text).unsupported(), [], "{url}");
    }
}
