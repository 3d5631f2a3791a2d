//! What must be seen nowhere.

use super::*;

/// All that the platform knows, said in every way.
fn echo(seen: &Seen) -> Act {
    let headers = seen.headers.lines();
    let authorization = headers.filter(|it| it.starts_with("authorization"));
    let told: Vec<&str> = authorization.chain([&*seen.body]).collect();
    let told = told.join(" ").replace('"', " ");
    Act::Answer(answer(
        400,
        &[],
        json!({"error": told, "message": told}).to_string(),
    ))
}

#[tokio::test]
async fn no_secret_is_in_any_text() {
    let server = Server::start(echo).await;
    let http = Http::new(options());
    let now = || Now::new(Arc::new(|| Millis(0)));
    let safe = Safe::default();
    *safe.0.kept.lock().unwrap() = Kept {
        tokens: Some(Tokens {
            refresh: "kept-refresh".into(),
            access: "kept-access".into(),
            obtained_at: Millis(0),
            expires_at: Millis(0),
        }),
        asked_at: None,
    };
    let oauth = OAuth {
        client_id: "client".to_owned(),
        configured: FIRST.into(),
        place: String::new(),
        keeper: Box::new(safe.clone()),
    };
    let account = WhiteLabel {
        login: LOGIN.into(),
        password: PASSWORD.into(),
        account_id: "1".to_owned(),
        client_id: None,
    };
    let encoded = "cGFydG5lckBhY21lLmV4YW1wbGU6Y29ycmVjdC1ob3JzZQ==";
    for credential in [
        oauth.credential(server.url(), &http, now()),
        Partners::new(&http, now()).account(server.url(), account),
    ] {
        let answer: Answer = credential.bearer().await.unwrap_err();
        let shown = format!("{answer:?} {credential:?}");
        assert!(shown.contains("[redacted]"), "{shown}");
        for secret in [LOGIN, PASSWORD, encoded, FIRST, "kept-refresh", "kept-access"] {
            assert!(
                !shown.to_lowercase().contains(&secret.to_lowercase()),
                "{secret}: {shown}"
            );
        }
    }
    let sent = server.seen();
    assert!(sent[0].body.contains("kept-refresh"));
    assert!(sent.iter().any(|it| it.headers.contains(encoded)));
}
