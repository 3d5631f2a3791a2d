//! Where requests go, and what is logged of them.

use super::*;

#[tokio::test]
async fn the_log_has_neither_tokens_nor_emails_nor_the_password() {
    let log = Log::start();
    let server = tenant(|seen| match &*seen.line {
        "POST /users" => Act::Answer(answer(
            201,
            &[],
            r#"{"user":{"id":"9","email":"new@example.com","role":"user","token":"wuts_tok_9","active":true}}"#,
        )),
        "GET /users/2" => Act::Answer(answer(500, &[], r#"{"users":[{"token":"wuts_tok_3"}]}"#)),
        _ => Act::Reset(vec![]),
    })
    .await;
    let target = target(&server);
    target.list().await.unwrap();
    target.get(&id("2")).await.unwrap_err();
    for step in [create(), admit("3", "user", None), dismiss("3")] {
        target.send(&step).await;
    }
    let sent = writes(&server)
        .into_iter()
        .find(|it| it.0 == "POST /users")
        .unwrap();
    let sent: serde_json::Value = serde_json::from_str(&sent.1).unwrap();

    let text = log.text();
    assert!(text.contains("http.path=\"/users/{id}\""), "{text}");
    assert!(text.contains("http.method=PUT"), "{text}");
    let password = sent["password"].as_str().unwrap();
    for secret in [TOKEN, "wuts_tok", "example.com", password] {
        assert!(!text.contains(secret), "{text}");
    }
}
