//! Every known CRM on a real server: recognised by its tables, and planned without a line of SQL.

use super::database::Database;
use super::lab::Lab;

/// Reads a file of `tests/presets/`.
macro_rules! text {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/presets/", $name))
    };
}

/// Makes one test of each line: what makes the tables, the arguments, and what is recognised.
macro_rules! on {
    ($server:ident, $why:literal: $($test:ident $sql:tt $args:tt => $preset:literal;)*) => {
        $(#[tokio::test]
        #[ignore = $why]
        async fn $test() {
            let database = super::Database::$server().await;
            for sql in $sql {
                database.execute(sql).await;
            }
            super::assert_recognised(super::Lab::new(database), &$args, $preset).await;
        })*
    };
}

mod postgres {
    on! { postgres, "needs a PostgreSQL server, which tests/all.sh starts":
        chatwoot [text!("chatwoot.sql")] ["--param", "account_id=1"] => "chatwoot";
        dolibarr [text!("dolibarr.postgres.sql"), text!("dolibarr.sql")] [] => "dolibarr";
        dolibarr_with_another_prefix [text!("dolibarr.postgres.sql"), text!("dolibarr.sql"),
            "ALTER TABLE llx_user RENAME TO \"it's \"\"ours\"\"_user\"; \
             ALTER TABLE llx_usergroup RENAME TO \"it's \"\"ours\"\"_usergroup\"; \
             ALTER TABLE llx_usergroup_user RENAME TO \"it's \"\"ours\"\"_usergroup_user\""] [] => "dolibarr";
        erpnext [text!("frappe.postgres.sql"), text!("frappe.sql")] [] => "erpnext";
        espocrm [text!("espocrm.postgres.sql"), text!("espocrm.sql")] [] => "espocrm";
        odoo [text!("odoo.sql")] [] => "odoo";
        odoo_without_hr [text!("odoo.sql"), "DROP TABLE hr_employee"] [] => "odoo-without-hr";
        twenty [text!("twenty.sql"),
            "INSERT INTO core.workspace VALUES ('20202020-1c25-4d02-bf25-6aeccf7ea419', 'Acme')"] [] => "twenty";
        twenty_with_another_field [text!("twenty.sql"),
            "INSERT INTO core.workspace VALUES ('20202020-1c25-4d02-bf25-6aeccf7ea419', 'Acme');
             ALTER TABLE \"workspace_3l7a\"\"x\".\"workspaceMember\" DROP COLUMN \"phonePrimaryPhoneNumber\""] [] => "twenty";
        zammad [text!("zammad.sql")] [] => "zammad";
    }
}

mod mariadb {
    on! { mariadb, "needs a MariaDB server, which tests/all.sh starts":
        bitrix24 [text!("bitrix24.sql")] [] => "bitrix24";
        dolibarr [text!("dolibarr.mysql.sql"), text!("dolibarr.sql")] [] => "dolibarr";
        erpnext [concat!(text!("frappe.mysql.sql"), text!("frappe.sql"))] [] => "erpnext";
        espocrm [concat!(text!("espocrm.mysql.sql"), text!("espocrm.sql"))] [] => "espocrm";
        krayin [text!("krayin.sql")] [] => "krayin";
        suitecrm [text!("suitecrm.sql")] [] => "suitecrm";
        vtiger [text!("vtiger.sql")] [] => "vtiger";
    }
}

async fn assert_recognised(lab: Lab, args: &[&str], preset: &str) {
    let ended = lab.init(&[&["--default-region", "LV"], args].concat()).expect(0);
    assert!(ended.said().contains(&format!("(preset {preset})")), "{ended:?}");
    let config = lab.config();
    assert!(config.contains(&format!("\npreset = \"{preset}\"\n")), "{config}");
    let plan = lab.next_steps().await;
    assert!(plan.said().contains("to create in 1 request"), "{plan:?}");
    lab.database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn a_parameter_that_could_be_several_things_is_asked_for_with_all_of_them() {
    let database = Database::postgres().await;
    database.execute(text!("chatwoot.sql")).await;
    let lab = Lab::new(database);
    let ended = lab.init(&[]).expect(64);
    assert!(
        ended
            .said()
            .contains("--param account_id=… is needed: the number of the account")
            && ended.said().contains("there are 1 (Acme), 2 (Other)"),
        "{ended:?}"
    );
    let ended = lab
        .init(&["--param", "acount_id=1", "--param", "account_id=1"])
        .expect(64);
    assert!(
        ended.said().contains("has only account_id, phone_key"),
        "{ended:?}"
    );
    let ended = lab.init(&["--param", "account_id=one"]).expect(64);
    assert!(ended.said().contains("expected a whole number"), "{ended:?}");
    lab.database.execute("DELETE FROM accounts WHERE id = 2").await;
    lab.init(&[]).expect(0);
    assert!(
        lab.config().contains("params = { account_id = 1 }"),
        "{}",
        lab.config()
    );
    lab.database.drop().await;
}

/// The user of a query of one's own, who has no right to a table of the preset.
async fn a_missing_right_is_named_and_nothing_is_written(database: Database, tables: &str, missing: &str) {
    let name = database.name().replace("crm", "reader");
    let (user, password, on) = if database.url.starts_with("postgres") {
        (name.clone(), "PASSWORD", String::new())
    } else {
        (
            format!("{name}@'127.0.0.1'"),
            "IDENTIFIED BY",
            format!("{}.", database.name()),
        )
    };
    database
        .execute(&format!("CREATE USER {user} {password} 'sesame-open'"))
        .await;
    for table in tables.split(' ') {
        database
            .execute(&format!("GRANT SELECT ON {on}{table} TO {user}"))
            .await;
    }
    let lab = Lab::new(database);
    let mut url = url::Url::parse(&lab.database.url).unwrap();
    url.set_username(&name).unwrap();
    url.set_password(None).unwrap();
    let source = ["init", "--source", url.as_str()];
    let refused = lab.run(&source).expect(69);
    assert!(refused.said().contains("--password-ref"), "{refused:?}");
    std::fs::write(lab.path("crm-password"), "sesame-shut\n").unwrap();
    let password = ["--password-ref", "file:crm-password"];
    let refused = lab.run(&[&source[..], &password].concat()).expect(64);
    assert!(refused.said().contains("can be read by others"), "{refused:?}");
    use std::os::unix::fs::PermissionsExt as _;
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(lab.path("crm-password"), private).unwrap();
    let refused = lab.run(&[&source[..], &password].concat()).expect(69);
    assert!(
        !refused.said().contains("sesame") && !refused.said().contains("--password-ref"),
        "{refused:?}"
    );
    std::fs::write(lab.path("crm-password"), "sesame-open\n").unwrap();
    let refused = lab.run(&[&source[..], &password].concat()).expect(65);
    assert!(
        refused.said().contains("denied") && refused.said().contains(missing),
        "{refused:?}"
    );
    assert_eq!(lab.files(), ["crm-password"]);
    lab.database
        .execute(&format!("GRANT SELECT ON {on}{missing} TO {user}"))
        .await;
    lab.run(&[&source[..], &password].concat()).expect(0);
    let line = format!("password = \"file:{}\"", lab.path("crm-password").display());
    assert!(lab.config().contains(&line), "{}", lab.config());
    lab.next_steps().await;
    if on.is_empty() {
        lab.database.execute(&format!("DROP OWNED BY {user}")).await;
    }
    lab.database.execute(&format!("DROP USER {user}")).await;
    lab.database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn a_missing_right_is_named_on_postgresql() {
    let database = Database::postgres().await;
    database.execute(text!("odoo.sql")).await;
    let tables = "res_users res_partner hr_employee res_groups_users_rel res_company_users_rel";
    a_missing_right_is_named_and_nothing_is_written(database, tables, "ir_model_data").await;
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn a_missing_right_is_named_on_mariadb() {
    let database = Database::mariadb().await;
    database.execute(text!("suitecrm.sql")).await;
    let tables = "users acl_roles_users email_addr_bean_rel email_addresses";
    a_missing_right_is_named_and_nothing_is_written(database, tables, "acl_roles").await;
}

/// The likeliest table of an unknown CRM, with the types of each server.
async fn an_unknown_crm_is_guessed(database: Database) {
    database
        .execute(
            "CREATE TABLE app_people (person_id INT PRIMARY KEY, first_name VARCHAR(40), surname VARCHAR(40), \
             mobile VARCHAR(40), disabled BOOLEAN, \"position\" VARCHAR(40), left_at TIMESTAMP NULL)"
                .replace('"', if database.url.starts_with("postgres") { "\"" } else { "`" })
                .as_str(),
        )
        .await;
    database
        .execute(
            "INSERT INTO app_people VALUES (1, 'Anna', 'Ozola', '26 000 001', NULL, 'sales', NULL), \
             (2, 'Left', 'Lately', '26 000 002', TRUE, NULL, NULL), (3, 'Berta', NULL, '', FALSE, NULL, NULL)",
        )
        .await;
    let lab = Lab::new(database);
    let ended = lab
        .init(&["--default-region", "LV", "--table", "app_people"])
        .expect(0);
    assert!(
        ended.said().contains("3: 2 active, 1 not active, 0 set aside"),
        "{ended:?}"
    );
    let plan = lab.next_steps().await;
    assert!(
        plan.said().contains("Anna Ozola") && !plan.said().contains("Left Lately"),
        "{plan:?}"
    );
    lab.database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn an_unknown_crm_is_guessed_on_postgresql() {
    an_unknown_crm_is_guessed(Database::postgres().await).await;
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn an_unknown_crm_is_guessed_on_mariadb() {
    an_unknown_crm_is_guessed(Database::mariadb().await).await;
}
