//! People decide, and are told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::lab::{EACH_SECOND, Lab, content, token_file, until};
use crate::world::ANNA;

fn told(lab: &Lab) -> Vec<Value> {
    let said = content(lab, "told");
    said.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
}

pub fn events(lab: &Lab) -> Vec<String> {
    let event = |it: &Value| it["event"].as_str().unwrap().to_owned();
    told(lab).iter().map(event).collect()
}

/// A program that writes down what it is told, in the file of that name.
pub const NOTIFY: &str = "[notify]\ncommand = [\"/bin/sh\", \"-c\", \"cat >> FILE; echo >> FILE\"]\n";

/// A lab whose service tells a program, which writes it down; and thirty employees.
fn talking_lab() -> Lab {
    let lab = Lab::new(&[]);
    lab.world.employ_many(30);
    let notify = NOTIFY.replace("FILE", &lab.world.path("told").display().to_string());
    let account = lab.world.account("acme", "acme");
    lab.world.configure(&format!("{EACH_SECOND}{notify}{account}"));
    lab
}

#[test]
fn a_hold_is_told_once_and_its_end_too_even_over_a_restart() {
    let lab = talking_lab();
    let mut service = lab.start();
    service.wait_for_state("ok");
    assert_eq!(events(&lab), [""; 0]);
    lab.crm("DELETE FROM employees WHERE id <> '1'");
    until("the hold is told", || events(&lab) == ["held"]);
    let message = &told(&lab)[0];
    assert_eq!(message["account"], "acme");
    assert_eq!(message["holds"]["removals"], 1);
    assert!(!message.to_string().contains("Person"), "{message}");
    service.wait_for_log("people were told");
    service.stop();

    let mut service = lab.start();
    service.wait_for_state("held");
    let holds = lab.world.run("holds --output json").expect(0).json();
    let hold = holds["holds"][0]["id"].as_str().unwrap().to_owned();
    lab.world.run(&format!("holds approve {hold}")).expect(0);
    until("all is well", || events(&lab) == ["held", "recovered"]);
    assert_eq!(lab.world.ids(), ["1"]);
    service.stop();
}

/// Takes so many requests, each with the answer of that status; yields heads and bodies.
fn listen(statuses: &'static [u16]) -> (u16, JoinHandle<Vec<(String, String)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = move || {
        let mut taken = Vec::new();
        for status in statuses {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(reader.read_line(&mut head).unwrap(), 0);
            }
            let head = head.to_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap();
            let length = length.split("\r\n").next().unwrap().parse().unwrap();
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = format!(
                "HTTP/1.1 {status} Whatever\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n"
            );
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
            taken.push((head, String::from_utf8(body).unwrap()));
        }
        taken
    };
    (port, thread::spawn(serve))
}

#[test]
fn a_webhook_is_signed_and_told_again_until_it_takes_the_message() {
    let lab = Lab::new(&[ANNA]);
    let (port, server) = listen(&[302, 204]);
    let secret = token_file(&lab, "notify", "sign-with-this");
    let notify =
        format!("[notify]\nwebhook = \"http://127.0.0.1:{port}/hook\"\nsecret = \"file:{secret}\"\n");
    let account = lab.world.account("acme", "acme");
    lab.world.configure(&format!("{EACH_SECOND}{notify}{account}"));
    lab.world.secret("acme", "wrong-token-000");
    let service = lab.start();
    let taken = server.join().unwrap();
    for (head, body) in &taken {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"sign-with-this").unwrap();
        mac.update(body.as_bytes());
        let digest: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|it| format!("{it:02x}"))
            .collect();
        assert!(
            head.contains(&format!("x-wazzup-sync-signature: sha256={digest}")),
            "{head}"
        );
        let message: Value = serde_json::from_str(body).unwrap();
        assert_eq!(message["event"], "failing");
        assert_eq!(message["error"], "credentials_refused");
    }
    assert_eq!(taken[0].1, taken[1].1, "the same message, with the same id");
    let ok = "wazzup_sync_notifications_total{channel=\"webhook\",result=\"ok\"}";
    until("it is counted", || service.metric(ok) == Some(1.0));
    let failed = "wazzup_sync_notifications_total{channel=\"webhook\",result=\"failed\"}";
    assert_eq!(service.metric(failed), Some(1.0));
}

#[test]
fn a_paused_account_sends_nothing_until_it_is_resumed() {
    let lab = Lab::new(&[ANNA]);
    let service = lab.start();
    service.wait_for_state("ok");
    lab.world.run("pause --all").expect(0);
    service.wait_for_state("paused");
    lab.crm("INSERT INTO employees VALUES ('2', 'Berta Liepa', '+37126000002')");
    let paused = lab.world.run("reconcile --output json").expect(4).account();
    assert_eq!(paused["error"]["code"], "paused");
    assert_eq!(lab.world.ids(), ["1"]);
    lab.world.run("resume acme").expect(0);
    until("Berta", || lab.world.ids() == ["1", "2"]);
    lab.world.run("resume --all").expect(0);
    lab.world.run("pause nobody").expect(64);
    lab.world.run("pause").expect(64);
    lab.world.run("pause acme --all").expect(64);
}

#[test]
fn while_removals_are_paused_all_else_goes_on() {
    let lab = Lab::new(&[ANNA]);
    lab.world.run("reconcile").expect(0);
    lab.world.run("pause acme --removals").expect(0);
    lab.crm("UPDATE employees SET id = '2', name = 'Berta Liepa', phone = '+37126000002'");
    let held = lab.world.run("reconcile --output json").expect(4).account();
    assert_eq!(held["holds"][0]["reason"], "removals");
    lab.crm("INSERT INTO employees VALUES ('3', 'Carl Egle', '+37126000003')");
    let service = lab.start();
    until("the others", || lab.world.ids().contains(&"3".to_owned()));
    service.wait_for_state("held");
    let paused = "wazzup_sync_removals_paused{platform=\"wazzup-v2\"}";
    assert_eq!(service.metric(paused), Some(1.0));
    assert!(lab.world.ids().contains(&"1".to_owned()));
    // Approval is no way around the brake.
    let holds = lab.world.run("holds --output json").expect(0).json();
    let hold = holds["holds"][0]["id"].as_str().unwrap().to_owned();
    lab.world.run(&format!("holds approve {hold}")).expect(0);
    lab.world.run("reconcile").expect(4);
    assert!(lab.world.ids().contains(&"1".to_owned()));
    lab.world.run("resume acme --removals").expect(0);
    until("Anna is gone", || lab.world.ids() == ["2", "3"]);
}
