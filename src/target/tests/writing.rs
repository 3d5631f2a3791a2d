//! The wire forms of writes.

use super::server::{Server, ok};
use super::*;
use crate::domain::batch::ClearBy;
use crate::target::{Meaning, ReadTarget as _, Requests, WriteTarget as _};

const DONE: &str = r#"{"data":{"processed":1},"meta":{"timestamp":1}}"#;

async fn sent(batch: &Batch) -> (String, String) {
    let server = Server::answering(ok(DONE)).await;
    let answer = target(&server).send(batch).await;
    assert_eq!(answer.meaning, Meaning::Accepted, "{answer:?}");
    let seen = server.seen().remove(0);
    (seen.line, seen.body)
}

#[tokio::test]
async fn each_verb_has_its_method_and_body() {
    let record = vec![item("1", "Anna \"A\" Ozola", number("37126123456"))];
    let body = r#"{"users":[{"id":"1","name":"Anna \"A\" Ozola","phone":"37126123456"}]}"#;
    let expected = [
        (Verb::Create, "POST /v2/users", body),
        (Verb::Update, "PATCH /v2/users", body),
        (Verb::Upsert, "POST /v2/users", body),
        (Verb::Delete, "DELETE /v2/users", r#"{"user_ids":["1"]}"#),
    ];
    for (verb, line, body) in expected {
        let batch = batch(verb, record.clone());
        assert_eq!(sent(&batch).await, (line.to_owned(), body.to_owned()));
        let described = wazzup_v2(
            &"http://127.0.0.1".parse().unwrap(),
            SecretString::from(TOKEN),
            &Http::new(options()),
        )
        .describe(&batch);
        assert_eq!(format!("{} {}", described.0, described.1), line, "as planned");
    }
}

#[tokio::test]
async fn each_phone_field_has_its_wire_form() {
    let expected = [
        (number("37126123456"), r#","phone":"37126123456""#),
        (PhoneField::None, ""),
        (PhoneField::Clear(ClearBy::Empty), r#","phone":"""#),
        (PhoneField::Clear(ClearBy::Malformed), r#","phone":"none""#),
        (PhoneField::Clear(ClearBy::Omit), ""),
        (PhoneField::Clear(ClearBy::Null), r#","phone":null"#),
    ];
    for (phone, wire) in expected {
        let (_, body) = sent(&batch(Verb::Update, vec![item("ä/1", "B", phone)])).await;
        assert_eq!(body, format!(r#"{{"users":[{{"id":"ä/1","name":"B"{wire}}}]}}"#));
    }
}

#[tokio::test]
async fn the_order_of_the_batch_is_the_order_of_the_wire() {
    let items = ["2", "10", "1"]
        .map(|id| item(id, "x", PhoneField::None))
        .to_vec();
    let (_, body) = sent(&batch(Verb::Delete, items)).await;
    assert_eq!(body, r#"{"user_ids":["2","10","1"]}"#);
}

#[tokio::test]
async fn a_request_shows_who_we_are_and_the_token() {
    let server = Server::answering(ok(DONE)).await;
    target(&server).send(&anna()).await;
    let headers = server.seen().remove(0).headers;
    assert!(
        headers.contains(&format!("authorization: Bearer {TOKEN}\r\n")),
        "{headers}"
    );
    assert!(
        headers.contains("content-type: application/json\r\n"),
        "{headers}"
    );
    assert!(
        headers.contains(concat!("user-agent: wazzup-sync/", env!("CARGO_PKG_VERSION"))),
        "{headers}"
    );
    assert!(headers.contains("accept-encoding: gzip\r\n"), "{headers}");
}

#[tokio::test]
async fn reads_and_writes_are_counted_when_they_leave() {
    let server = Server::answering(ok(r#"{"data":[]}"#)).await;
    let target = target(&server);
    assert_eq!(target.requests(), Requests::default());
    target.list().await.unwrap();
    target.get(&"1".into()).await.unwrap();
    target.send(&anna()).await;
    assert_eq!(target.requests(), Requests { read: 2, write: 1 });
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let server = Server::answering(ok(DONE)).await;
    for path in ["/proxy", "/proxy/"] {
        let base = server.url().join(path).unwrap();
        let target = wazzup_v2(&base, SecretString::from(TOKEN), &Http::new(options()));
        target.send(&anna()).await;
    }
    assert_eq!(server.lines(), ["POST /proxy/v2/users", "POST /proxy/v2/users"]);
}
