//! `init` with somebody at the terminal.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use nix::pty::openpty;
use url::Url;

use super::database::Database;
use super::lab::Lab;

/// A person who waits for a question, and types an answer.
struct Person {
    terminal: File,
    /// Everything that the terminal has shown.
    seen: String,
}

impl Person {
    fn answer(&mut self, question: &str, answer: &str) {
        let from = self.seen.len();
        while !self.seen[from..].contains(question) {
            let mut bytes = [0; 1024];
            let n = self.terminal.read(&mut bytes).unwrap_or(0);
            assert!(n > 0, "{question} was not asked: {}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..n]));
        }
        self.terminal.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn what_is_not_given_is_asked_for_and_a_password_does_not_show() {
    let database = Database::postgres().await;
    database.execute("INSERT INTO employees VALUES (1, 'Anna')").await;
    let lab = Lab::new(database);
    let mut url = Url::parse(&lab.database.url).unwrap();
    let password = url.password().unwrap().to_owned();
    url.set_password(None).unwrap();

    let pty = openpty(None, None).unwrap();
    let child = lab
        .command(&["init", "--source", url.as_str()])
        .stdin(Stdio::from(pty.slave.try_clone().unwrap()))
        .stderr(Stdio::from(pty.slave))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut person = Person {
        terminal: File::from(pty.master),
        seen: String::new(),
    };
    person.answer("Password", &password);
    person.answer("crm-password, which only you can read? [yes]: ", "");
    person.answer("Region", "XX");
    person.answer("is no region", "lv");
    person.answer("Number or name [1]: ", "wazzup-v2");
    person.answer("Where is its token", "");
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{out}\n{}", person.seen);
    assert!(
        !person.seen.contains(&password) && !out.contains(&password),
        "the password shows"
    );

    let path = lab.path("crm-password");
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{password}\n"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let config = lab.config();
    assert!(
        config.contains("default_region = \"LV\"\n") && !config.contains(&password),
        "{config}"
    );
    assert!(lab.next_steps().await.said().contains("Anna"));
    lab.database.drop().await;
}
