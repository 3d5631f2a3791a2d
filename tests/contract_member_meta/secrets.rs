//! What must be seen nowhere.

use super::log::Log;
use super::*;

async fn proving(secret: &str, change: impl FnOnce(&mut MetaSwitches)) -> Stage {
    let mut start = business();
    start.app_secret = Some(SECRET.to_owned());
    start.require_proof = true;
    let secret = Some(SecretString::from(secret));
    Stage::of(start, change, |it| it.app_secret = secret).await
}

#[tokio::test]
async fn every_request_proves_that_we_know_the_secret() {
    let stage = proving(SECRET, |it| it.page_cap = Some(1)).await;
    stage.list().await;
    assert_accepted(&stage.create("New", &["DEVELOP"]).await.answer);
    assert_accepted(&stage.dismiss(BOT).await);
    let requests = stage.sim.requests();
    assert!(requests.len() > 8);
    for request in requests {
        let carried = format!("{} {}", request.path, request.body);
        assert!(carried.contains(PROOF), "{carried}");
        assert!(!carried.contains(TOKEN) && !carried.contains(SECRET));
    }
}

#[tokio::test]
async fn a_wrong_secret_is_a_refused_credential() {
    for code in [104, 100] {
        let stage = proving("another", |it| it.wrong_proof_code = code).await;
        let answer = stage.target.list().await.unwrap_err();
        assert_refused(&answer, &Meaning::Unauthorised, &code.to_string());
        let rules: Vec<_> = stage.sim.violations().iter().map(|it| it.rule).collect();
        assert_eq!(rules, [Rule::AppSecretProof]);
        stage.sim.clear_violations();
    }
}

#[tokio::test]
async fn the_log_holds_neither_token_nor_proof_nor_names() {
    let log = Log::start();
    let stage = proving(SECRET, |it| it.page_cap = Some(1)).await;
    let mut shown = format!("{:?} {:?}", stage.target, stage.list().await);
    shown += &format!("{:?}", stage.create("Newcomer", &["FLY"]).await);
    stage.sim.add_fault(Fault::new(How::Reset).times(1));
    shown += &format!("{:?}", stage.dismiss(BOT).await);
    let text = log.text();
    assert!(
        text.contains("http.path=\"/{business-id}/system_users\"") && text.contains("http.method=DELETE"),
        "{text}"
    );
    for secret in [TOKEN, SECRET, PROOF, "Newcomer", "Anna"] {
        assert!(!text.contains(secret), "{text}");
        assert!(!shown.contains(secret), "{shown}");
    }
}
