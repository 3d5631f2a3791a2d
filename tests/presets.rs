//! Every preset against the tables of its CRM: what people of all kinds become.
//!
//! `NAME.sql` makes the tables as the CRM has them, as far as the query looks at them, with people of all
//! kinds in them; where the CRM runs on several databases, `NAME.postgres.sql` and `NAME.mysql.sql` make the
//! tables and `NAME.sql` fills them (ERPNext and Frappe CRM share theirs). `NAME.rows` says what the query has to yield, written by hand from what
//! the CRM means; and under `sent` which phone a platform would get in Latvia: its digits, `none`, `invalid`,
//! or `off` if the person is not active.
#![expect(clippy::unwrap_used, reason = "a test may fail, and its helpers with it")]

#[expect(dead_code, reason = "made for the contract of sources, which needs more")]
#[path = "contract_source/database.rs"]
mod database;

use std::collections::{BTreeMap, BTreeSet};

use database::Database;
use wazzup_sync::domain::employee::{Employees, LongIds, PhoneWish, Rules, employees};
use wazzup_sync::domain::identity::Key;
use wazzup_sync::domain::table::{Column, CompleteRead, Row};
use wazzup_sync::domain::user::UserId;
use wazzup_sync::source;
use wazzup_sync::source::preset::Preset;

/// Reads a file of `tests/presets/`.
macro_rules! text {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/presets/", $name))
    };
}

#[path = "presets/arguments.rs"]
mod arguments;
#[path = "support/aside.rs"]
mod aside;
#[path = "presets/program.rs"]
mod program;

/// Makes one test of each line: the preset, its parameters, what makes the tables, and what is expected.
macro_rules! on {
    ($server:ident, $why:literal: $($test:ident $preset:literal $params:tt $sql:tt => $rows:literal;)*) => {
        $(#[tokio::test]
        #[ignore = $why]
        async fn $test() {
            let database = super::Database::$server().await;
            for sql in $sql {
                database.execute(sql).await;
            }
            super::assert_rows(&database, $preset, &$params, text!($rows)).await;
            database.drop().await;
        })*
    };
}

mod postgres {
    const TWENTY: (&str, &str) = ("workspace_id", "20202020-1c25-4d02-bf25-6aeccf7ea419");

    on! { postgres, "needs a PostgreSQL server, which tests/all.sh starts":
        chatwoot "chatwoot" [("account_id", "1")] [text!("chatwoot.sql")] => "chatwoot.rows";
        chatwoot_with_another_key "chatwoot" [("account_id", "1"), ("phone_key", r#"it's "mobile" \"#)]
            [text!("chatwoot.sql")] => "chatwoot-key.rows";
        dolibarr "dolibarr" [] [text!("dolibarr.postgres.sql"), text!("dolibarr.sql")] => "dolibarr.rows";
        dolibarr_with_another_prefix "dolibarr" [("table_prefix", "it's \"ours\"_"), ("entity", "1")]
            [text!("dolibarr.postgres.sql"), text!("dolibarr.sql"), RENAMED] => "dolibarr.rows";
        erpnext "erpnext" [] [text!("frappe.postgres.sql"), text!("frappe.sql")] => "erpnext.rows";
        erpnext_of_one_company "erpnext" [("company", r#"It's \ "Acme" Ltd"#)]
            [text!("frappe.postgres.sql"), text!("frappe.sql")] => "erpnext-company.rows";
        espocrm "espocrm" [] [text!("espocrm.postgres.sql"), text!("espocrm.sql")] => "espocrm.rows";
        frappe_crm "frappe-crm" [] [text!("frappe.postgres.sql"), text!("frappe.sql")] => "frappe-crm.rows";
        odoo "odoo" [] [text!("odoo.sql")] => "odoo.rows";
        odoo_19 "odoo" [] [text!("odoo.sql"), "ALTER TABLE res_partner DROP COLUMN mobile"] => "odoo-19.rows";
        odoo_of_one_company "odoo" [("company_id", "2")] [text!("odoo.sql")] => "odoo-company.rows";
        odoo_without_hr "odoo-without-hr" [] [text!("odoo.sql"), "DROP TABLE hr_employee"] => "odoo-without-hr.rows";
        twenty "twenty" [("workspace_schema", r#"workspace_3l7a"x"#), TWENTY] [text!("twenty.sql")] => "twenty.rows";
        twenty_with_another_field "twenty"
            [("workspace_schema", r#"workspace_3l7a"x"#), TWENTY, ("phone_field", "workMobile")]
            [text!("twenty.sql"), "DELETE FROM \"workspace_3l7a\"\"x\".\"workspaceMember\" WHERE \"nameLastName\" IS DISTINCT FROM 'Ozola'"]
            => "twenty-field.rows";
        zammad "zammad" [] [text!("zammad.sql")] => "zammad.rows";
    }

    const RENAMED: &str = "ALTER TABLE llx_user RENAME TO \"it's \"\"ours\"\"_user\"; \
        ALTER TABLE llx_usergroup RENAME TO \"it's \"\"ours\"\"_usergroup\"; \
        ALTER TABLE llx_usergroup_user RENAME TO \"it's \"\"ours\"\"_usergroup_user\"";
}

mod mariadb {
    on! { mariadb, "needs a MariaDB server, which tests/all.sh starts":
        bitrix24 "bitrix24" [] [text!("bitrix24.sql")] => "bitrix24.rows";
        dolibarr "dolibarr" [] [text!("dolibarr.mysql.sql"), text!("dolibarr.sql")] => "dolibarr.rows";
        dolibarr_with_another_prefix "dolibarr" [("table_prefix", "it's `ours`_"), ("entity", "1")]
            [text!("dolibarr.mysql.sql"), text!("dolibarr.sql"), RENAMED] => "dolibarr.rows";
        erpnext "erpnext" [] [concat!(text!("frappe.mysql.sql"), text!("frappe.sql"))] => "erpnext.rows";
        erpnext_of_one_company "erpnext" [("company", r#"It's \ "Acme" Ltd"#)]
            [concat!(text!("frappe.mysql.sql"), text!("frappe.sql"))] => "erpnext-company.rows";
        espocrm "espocrm" [] [concat!(text!("espocrm.mysql.sql"), text!("espocrm.sql"))] => "espocrm.rows";
        frappe_crm "frappe-crm" [] [concat!(text!("frappe.mysql.sql"), text!("frappe.sql"))] => "frappe-crm.rows";
        krayin "krayin" [] [text!("krayin.sql")] => "krayin.rows";
        suitecrm "suitecrm" [] [text!("suitecrm.sql")] => "suitecrm.rows";
        vtiger "vtiger" [] [text!("vtiger.sql")] => "vtiger.rows";
    }

    const RENAMED: &str = "RENAME TABLE llx_user TO `it's ``ours``_user`, \
        llx_usergroup TO `it's ``ours``_usergroup`, llx_usergroup_user TO `it's ``ours``_usergroup_user`";
}

/// Reads by a preset, and compares with the rows that are written down.
async fn assert_rows(database: &Database, preset: &str, params: &[(&str, &str)], expected: &str) {
    let read = database.read(&query(preset, params, database)).await.unwrap();
    let mut lines = expected
        .lines()
        .filter(|it| !it.starts_with('#') && !it.is_empty());
    let header: Vec<&str> = lines.next().unwrap().split(';').map(str::trim).collect();
    let (sent, names) = header.split_last().unwrap();
    assert_eq!(*sent, "sent");
    let columns: Vec<Column> = names.iter().map(|it| Column::from_name(it).unwrap()).collect();
    for column in Column::ALL {
        let is_expected = columns.contains(&column) || column == Column::UpdatedAt;
        assert_eq!(read.columns().contains(column), is_expected, "{}", column.name());
    }
    let expected: BTreeSet<Vec<String>> = lines
        .map(|line| line.split(';').map(|cell| cell.trim().to_owned()).collect())
        .collect();
    let rows = read.rows().to_vec();
    let people = people(read);
    let found: BTreeSet<Vec<String>> = rows
        .iter()
        .map(|row| {
            let cells = columns.iter().map(|column| shown(row.get(*column)));
            cells.chain([sent_of(row, &people)]).collect()
        })
        .collect();
    assert_eq!(found.len(), rows.len(), "a row comes twice");
    let (missing, surplus): (Vec<_>, Vec<_>) = (
        expected.difference(&found).collect(),
        found.difference(&expected).collect(),
    );
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "missing: {missing:#?}\nsurplus: {surplus:#?}"
    );
}

fn query(preset: &str, params: &[(&str, &str)], database: &Database) -> String {
    let preset = Preset::built_in(preset).unwrap();
    let params: BTreeMap<String, String> = params
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let kind = source::Database::of_url(&database.url).unwrap();
    preset.query(kind, &preset.arguments(&params).unwrap()).unwrap()
}

/// A cell as it is written down: in quotes where nobody would see it.
fn shown(cell: Option<&str>) -> String {
    match cell {
        None => "NULL".to_owned(),
        Some(text) if text.is_empty() || text.trim() != text => format!("'{text}'"),
        Some(text) => text.to_owned(),
    }
}

/// What the rules make of the rows; every row of a preset is one that they can use.
fn people(read: CompleteRead) -> Employees {
    let rules = Rules {
        default_region: Some("LV".into()),
        long_ids: LongIds::Reject,
        id_chars: 64,
        name_chars: 150,
        key: Key::Id,
        is_named_by_key: false,
        phones: true,
        grants: None,
        access: None,
        room: None,
    };
    let people = employees(read, &rules);
    assert_eq!(people.quarantined, BTreeSet::new(), "{:?}", people.findings);
    people
}

fn sent_of(row: &Row, people: &Employees) -> String {
    let person = &people.by_id[&UserId::new(row.get(Column::Id).unwrap())];
    match &person.phone {
        _ if !person.is_active => "off".to_owned(),
        PhoneWish::Number(phone) => phone.digits().to_owned(),
        PhoneWish::None => "none".to_owned(),
        PhoneWish::Invalid => "invalid".to_owned(),
        PhoneWish::Unmanaged => panic!("a preset that manages no phones"),
    }
}
