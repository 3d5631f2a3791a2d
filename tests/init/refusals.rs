//! What is refused, in which words, and that nothing is written then.

use std::fs;

use super::database::Database;
use super::ended::Ended;
use super::lab::Lab;

const PASSWORD: &str = "sesame-open-5b1f";

async fn lab() -> Lab {
    let database = Database::sqlite().await;
    database.execute("INSERT INTO employees VALUES (1, 'Anna')").await;
    Lab::new(database)
}

#[track_caller]
fn refused(lab: &Lab, ended: Ended, code: i32, word: &str) {
    let ended = ended.expect(code);
    assert!(ended.said().contains(word), "{ended:?}");
    assert!(!ended.said().contains(PASSWORD), "{ended:?}");
    assert_eq!(lab.files(), Vec::<String>::new());
}

#[tokio::test]
async fn a_password_on_the_command_line_is_refused_and_never_repeated() {
    let lab = lab().await;
    for source in [
        format!("postgres://reader:{PASSWORD}@db/crm"),
        format!("mysql://reader:{PASSWORD}@db/crm"),
        format!("postgres://reader@db/crm?password={PASSWORD}"),
        format!("mariadb://reader:{PASSWORD}@db:port/crm"),
        format!("oracle://reader:{PASSWORD}@db/crm"),
        PASSWORD.to_owned(),
        format!("-{PASSWORD}"),
    ] {
        refused(&lab, lab.run(&["init", "--source", &source]), 64, "--source");
        refused(&lab, lab.run(&["-vv", "init", &source]), 64, "");
    }
    let url = format!("postgres://reader:{PASSWORD}@db/crm");
    let ended = lab.run(&["init", "--source", &url]);
    refused(
        &lab,
        ended,
        64,
        "holds a password: everybody on this machine can see it there",
    );
    for flag in ["--password-ref", "--token-ref"] {
        refused(&lab, lab.init(&[flag, PASSWORD]), 64, flag);
    }
    refused(
        &lab,
        lab.init(&[&format!("--password={PASSWORD}")]),
        64,
        "--password",
    );
}

#[tokio::test]
async fn a_file_that_is_there_is_not_overwritten() {
    let lab = lab().await;
    fs::write(lab.path("config.toml"), "mine").unwrap();
    let ended = lab.init(&[]).expect(64);
    assert!(
        ended
            .said()
            .contains("config.toml is there already and is not overwritten; choose another name by --out"),
        "{ended:?}"
    );
    assert_eq!(lab.config(), "mine");
    let ended = lab.init(&["--out", "no/such/c.toml"]).expect(64);
    assert!(ended.said().contains("there is no folder"), "{ended:?}");
    lab.init(&["--out", "."]).expect(64);
    lab.init(&["--out", "b.toml"]).expect(0);
    lab.init(&["--out", "b.toml"]).expect(64);
}

#[tokio::test]
async fn a_database_that_is_none_or_not_to_be_reached_is_named() {
    let lab = lab().await;
    let nowhere = lab.run(&["init", "--source", "sqlite:no-such.db"]);
    refused(
        &lab,
        nowhere,
        69,
        "source `crm` is unreachable: unable to open database file",
    );
    refused(&lab, lab.run(&["init"]), 64, "--source");
    refused(
        &lab,
        lab.run(&["init", "--source", "env:NO_SUCH"]),
        64,
        "env:NO_SUCH: the environment variable is not set",
    );
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for scheme in ["postgres", "mysql"] {
        let url = format!("{scheme}://reader@127.0.0.1:{port}/crm");
        let ended = lab.run(&["init", "--source", &url]);
        assert!(ended.said().contains("--password-ref"), "{ended:?}");
        refused(&lab, ended, 69, "source `crm` is unreachable: ");
        let mut command = lab.command(&["init", "--source", "env:URL"]);
        command.env(
            "URL",
            format!("{scheme}://reader:{PASSWORD}@127.0.0.1:{port}/crm"),
        );
        let output = command.output().unwrap();
        let said = format!("{output:?}");
        assert!(
            said.contains("Connection refused") && !said.contains(PASSWORD),
            "{said}"
        );
    }
}

#[tokio::test]
async fn arguments_that_fit_nothing_are_told() {
    let lab = lab().await;
    for (args, word) in [
        (
            &["--preset", "salesforce"][..],
            "there is no preset \"salesforce\"; there are bitrix24, chatwoot",
        ),
        (
            &["--preset", "odoo"],
            "Odoo 17 to 19 is read from PostgreSQL, and the address is one of SQLite",
        ),
        (&["--table", "persons"], "there is no table \"persons\""),
        (
            &["--default-region", "UK"],
            "--default-region: \"UK\" is no region",
        ),
        (&["--kind", "meta"], "--kind meta needs --business-id"),
        (
            &["--kind", "meta", "--business-id", "x"],
            "--business-id: expected digits",
        ),
        (&["--kind", "telegram"], "wazzup-v2"),
        (&["--config", "c.toml"], "--out names the one that it writes"),
    ] {
        refused(&lab, lab.init(args), 64, word);
    }
    lab.database.execute("DROP TABLE employees").await;
    refused(&lab, lab.init(&[]), 64, "no table that this user may see");
    lab.database
        .execute("CREATE TABLE goods (id INTEGER, title TEXT)")
        .await;
    refused(
        &lab,
        lab.init(&[]),
        64,
        "none that looks like one of employees: goods",
    );
}

#[tokio::test]
async fn nothing_is_written_to_the_database() {
    let lab = lab().await;
    let before = fs::read(lab.database.path()).unwrap();
    lab.init(&[]).expect(0);
    assert_eq!(fs::read(lab.database.path()).unwrap(), before);
    let folder = std::path::Path::new(lab.database.path()).parent().unwrap();
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}
