use std::time::Duration;

use super::*;
use crate::domain::employee::LongIds;
use crate::settings::{DatabaseUrl, SourceRead};
use crate::source::Database;

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
}

/// A source of PostgreSQL with these lines.
fn postgres(lines: &str) -> String {
    format!("[sources.crm]\nurl = \"postgres://reader@db/crm\"\n{lines}\n")
}

#[test]
fn a_preset_is_taken_with_its_parameters() {
    let text = postgres("preset = \"chatwoot\"\nparams = { account_id = 7 }");
    let read = settings(&text).sources.remove("crm").unwrap().read;
    let SourceRead::Preset { preset, arguments } = read else {
        panic!("a query");
    };
    assert_eq!(preset.name, "chatwoot");
    let arguments: Vec<_> = arguments.iter().collect();
    assert_eq!(
        arguments,
        [
            ("account_id", "7".to_owned()),
            ("phone_key", "phone_number".to_owned())
        ]
    );
}

#[test]
fn a_preset_that_nobody_knows_is_named_with_the_nearest_one() {
    let said = problems(&postgres("preset = \"suitcrm\"\nparams = { any = 1 }"));
    assert_eq!(said.len(), 1, "{said:?}");
    let said = &said[0];
    assert!(
        said.starts_with("sources.crm.preset: \"suitcrm\" is none of bitrix24, "),
        "{said}"
    );
    assert!(said.ends_with("; did you mean \"suitecrm\"?"), "{said}");
}

#[test]
fn parameters_that_are_missing_unknown_or_unfit_are_all_named() {
    let text = postgres(
        "preset = \"twenty\"\nparams = { workspace_shema = \"x\", workspace_id = \"3c9f\", \"odd key\" = \"x\" }",
    );
    insta::assert_snapshot!(problems(&text).join("\n"), @r#"
    sources.crm.params."odd key": unknown parameter of this preset
    sources.crm.params.workspace_id: expected a UUID such as 20202020-1c25-4d02-bf25-6aeccf7ea419
    sources.crm.params.workspace_schema: missing: the schema of the workspace, such as workspace_3l7a9tzlv776uvy1t9ti3gumt (see core."dataSource", or \dn in psql)
    sources.crm.params.workspace_shema: unknown parameter of this preset; did you mean "workspace_schema"?
    "#);
    // One that can't be read is not missing.
    let text = postgres("preset = \"chatwoot\"\nparams = { account_id = [] }");
    assert_eq!(
        problems(&text),
        ["sources.crm.params.account_id: expected text in quotes, found a list"]
    );
    let text = postgres("preset = \"chatwoot\"");
    assert_eq!(
        Given::files([&text]).problems(),
        [
            "1.toml: sources.crm.params.account_id: missing: the number of the account, which stands in the addresses of its pages (/app/accounts/1/…)"
        ]
    );
}

#[test]
fn a_preset_for_another_database_is_refused_where_the_address_tells() {
    let text = postgres("preset = \"suitecrm\"");
    assert_eq!(
        problems(&text),
        [
            "sources.crm.preset: SuiteCRM 7.14 and 8 is read from MySQL or MariaDB, and the address is one of PostgreSQL"
        ]
    );
    settings(&text.replace("postgres://reader@db/crm", "cred:crm-url"));
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
