//! What may not be seen outside.

use super::log::Log;
use super::server::{Act, Server, answer, ok};
use super::*;
use crate::target::{ReadTarget as _, WriteTarget as _};

#[tokio::test]
async fn a_token_that_the_platform_echoes_is_in_no_text() {
    let bodies = [
        TOKEN.to_owned(),
        format!("<html>Bearer {TOKEN}</html>"),
        format!(r#"{{"error":"invalid {TOKEN}"}}"#),
        format!(r#"{{"code":"{TOKEN}","message":["a","{TOKEN}"]}}"#),
        format!(r#"{{"errors":["{TOKEN}"]}}"#),
    ];
    for body in bodies {
        for status in [200, 302, 400, 401, 500] {
            let location = format!("location: https://{TOKEN}.example/");
            let server = Server::answering(answer(status, &[&location], &body)).await;
            let target = target(&server);
            for answer in [target.send(&anna()).await, target.list().await.unwrap_err()] {
                let shown = format!("{answer:?}").to_lowercase();
                assert!(
                    !shown.contains(TOKEN) && !shown.contains("t0ken_of_acme"),
                    "{shown}"
                );
            }
        }
    }
}

#[tokio::test]
async fn debug_shows_no_token() {
    let server = Server::answering(ok(r#"{"data":[]}"#)).await;
    let target = target(&server);
    target.list().await.unwrap();
    assert!(!format!("{target:?}").contains(TOKEN));
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_reported_and_not_shown() {
    let server = Server::answering(ok("{}")).await;
    let token = format!("{TOKEN}\n");
    let target = wazzup_v2(server.url(), SecretString::from(token), &Http::new(options()));
    let answer = target.send(&anna()).await;
    assert!(answer.text.starts_with("the token is unusable"), "{answer:?}");
    assert!(!format!("{answer:?}").contains(TOKEN));
    assert_eq!(server.n_connections(), 0);
}

#[tokio::test]
async fn the_log_has_neither_token_nor_names_nor_phones() {
    let log = Log::start();
    let rows = r#"{"data":[{"id":"17","name":"Anna Ozola","phone":"37126123456"}]}"#;
    let server = Server::start(move |seen| match &*seen.line {
        "POST /v2/users" => Act::Reset(vec![]),
        _ => Act::Answer(ok(rows)),
    })
    .await;
    let target = target(&server);
    target.get(&"17".into()).await.unwrap();
    target.list().await.unwrap();
    target.send(&anna()).await;

    let text = log.text();
    assert!(text.contains("http.path=\"/v2/users/{user_id}\""), "{text}");
    assert!(text.contains("http.method=POST"), "{text}");
    for secret in [TOKEN, "Ozola", "26123456"] {
        assert!(!text.contains(secret), "{text}");
    }
}
