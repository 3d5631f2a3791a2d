//! A CRM that nobody knows.

use super::database::Database;
use super::lab::Lab;

const TABLES: &str = "\
CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT, phone TEXT, email TEXT);
INSERT INTO clients VALUES (1, 'A Customer', '+371 26 999 999', 'c@example.com');
CREATE TABLE goods (id INTEGER PRIMARY KEY, title TEXT, price REAL);
CREATE TABLE staff (
  staff_id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, mobile TEXT, work_phone TEXT, email TEXT,
  status TEXT, position TEXT, hired_on TEXT
);
INSERT INTO staff VALUES
  (1, 'Anna', 'Ozola', '26 000 001', NULL, 'anna@example.com', 'Active', 'sales', NULL),
  (2, 'Berta', NULL, NULL, '+371 26 000 002', NULL, 'Active', 'support', NULL),
  (3, 'Carl', 'Egle', 'ask me', '', NULL, 'Active', 'sales', NULL),
  (4, 'Dace', 'Priede', '26 000 001', '', NULL, 'Active', NULL, NULL),
  (5, 'Left', 'Lately', '26 000 005', '', NULL, 'Left', 'sales', NULL);";

async fn lab() -> Lab {
    let database = Database::sqlite().await;
    database.execute(&format!("DROP TABLE employees; {TABLES}")).await;
    Lab::new(database)
}

/// The text without what differs from run to run.
fn steady(lab: &Lab, text: &str) -> String {
    text.replace(&lab.folder.path().display().to_string(), "/dir")
}

#[tokio::test]
async fn the_likeliest_table_is_found_shown_and_planned() {
    let lab = lab().await;
    let ended = lab.init(&["--default-region", "lv"]).expect(0);
    insta::assert_snapshot!("unknown_said", steady(&lab, &ended.out));
    insta::assert_snapshot!("unknown_file", steady(&lab, &lab.config()));
    assert_eq!(ended.err, "");
    assert_eq!(lab.files(), ["config.toml"]);
    let plan = lab.next_steps().await;
    assert!(
        plan.said().contains("Anna Ozola") && !plan.said().contains("Left Lately"),
        "{plan:?}"
    );
}

#[tokio::test]
async fn another_table_can_be_taken() {
    let lab = lab().await;
    lab.init(&["--table", "clients", "--account", "acme"]).expect(0);
    assert!(lab.config().contains("  FROM \"clients\"\n"), "{}", lab.config());
    assert!(lab.config().contains("name = \"acme\"\n"), "{}", lab.config());
    lab.next_steps().await;
}

#[tokio::test]
async fn phones_are_masked_unless_asked_for() {
    let lab = lab().await;
    let masked = lab.init(&["--default-region", "LV"]).expect(0);
    assert!(
        !masked.said().contains("26000001") && masked.said().contains("+371 26 *** *01"),
        "{masked:?}"
    );
    let shown = lab
        .init(&["--default-region", "LV", "--show-phones", "--out", "b.toml"])
        .expect(0);
    assert!(shown.said().contains("+37126000001"), "{shown:?}");
}

#[tokio::test]
async fn the_file_works_from_every_folder() {
    let database = Database::sqlite().await;
    let lab = Lab::new(database);
    lab.database
        .execute("INSERT INTO employees VALUES (1, 'Anna')")
        .await;
    std::fs::copy(lab.database.path(), lab.path("my crm%?.db")).unwrap();
    lab.run(&[
        "init",
        "--source",
        "sqlite:./my crm%25%3F.db?mode=ro",
        "--token-ref",
        "file:token",
    ])
    .expect(0);
    let config = lab.config();
    let folder = lab.folder.path().display();
    for line in [
        format!("url = \"sqlite:{folder}/my crm%25%3F.db?mode=ro\""),
        format!("url = \"sqlite:{folder}/state.db\""),
        format!("token = \"file:{folder}/token\""),
    ] {
        assert!(config.contains(&line), "{line}\n{config}");
    }
    lab.next_steps().await;
}

#[tokio::test]
async fn a_guess_that_does_not_run_is_written_and_said() {
    let database = Database::sqlite().await;
    database
        .execute(
            "CREATE TABLE staff (id REAL, name TEXT, phone TEXT); INSERT INTO staff VALUES (0.5, 'Anna', '')",
        )
        .await;
    let lab = Lab::new(database);
    let ended = lab.init(&[]).expect(65);
    assert!(ended.err.contains("mend the query in config.toml"), "{ended:?}");
    lab.run(&["--config", "config.toml", "check", "--offline"])
        .expect(0);
}

#[tokio::test]
async fn a_word_for_active_that_nobody_knows_sets_rows_aside() {
    let database = Database::sqlite().await;
    database
        .execute(
            "CREATE TABLE staff (id INTEGER, name TEXT, status TEXT); \
             INSERT INTO staff VALUES (1, 'Anna', 'trabaja'), (2, 'Berta', 'despedida')",
        )
        .await;
    let lab = Lab::new(database);
    let ended = lab.init(&[]).expect(0);
    assert!(
        ended.said().contains("2: 0 active, 0 not active, 2 set aside"),
        "{ended:?}"
    );
    assert!(ended.said().contains("active_unreadable"), "{ended:?}");
    assert!(
        lab.config()
            .contains("-- holds \"despedida\", \"trabaja\"; 1 or 0 is wanted"),
        "{}",
        lab.config()
    );
}
