//! The token endpoint: who gets tokens, what they are worth, and which rules a client can break.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wazzup_sync::simulator::{
    Envelope, ExpiresIn, Fault, MethodIs, RefreshShape, Rotation, Rule, Setup, TokenSwitches,
};

use super::{Answered, Bench, TOKEN, answered};

const PATH: &str = "/v2/oauth/token";

async fn bench() -> Bench {
    let setup = Setup {
        manual_clock: true,
        ..Setup::account(TOKEN)
    };
    Bench::start(
        setup
            .and_partner("login", "password", "7204", TOKEN)
            .and_grant(TOKEN, "first"),
    )
    .await
}

impl Bench {
    fn switch_tokens(&self, change: impl FnOnce(&mut TokenSwitches)) {
        self.simulator.update_switches(|it| change(&mut it.tokens));
    }

    async fn ask(&self, password: &str, body: Value) -> Answered {
        let url = format!("{}{PATH}", self.simulator.base_url());
        let request = self
            .http
            .post(url)
            .basic_auth("login", Some(password))
            .json(&body);
        answered(request).await
    }

    async fn machine(&self) -> String {
        let data = json!({"scope": "transport,crm"});
        let body = json!({"grant_type": "client_credentials", "client_credentials_data": data});
        let (status, body) = self.ask("password", body).await;
        assert_eq!(status, 200, "{body}");
        body["data"]["access_token"].as_str().unwrap().to_owned()
    }

    async fn exchange(&self, machine: &str, number: &str) -> Answered {
        let data = json!({
            "subject_token": machine,
            "subject_token_type": "urn:wazzup:oauth:token-type:machine_token",
            "requested_subject": number,
            "scope": "transport,crm",
        });
        let grant_type = "urn:ietf:params:oauth:grant-type:token-exchange";
        self.ask(
            "password",
            json!({"grant_type": grant_type, "token_exchange_data": data}),
        )
        .await
    }

    async fn renew(&self, refresh: &str) -> Answered {
        let data = json!({"refresh_token": refresh, "client_id": "client"});
        self.ask(
            "",
            json!({"grant_type": "refresh_token", "refresh_token_data": data}),
        )
        .await
    }

    async fn list_with(&self, token: &str) -> u16 {
        let url = format!("{}/v2/users", self.simulator.base_url());
        answered(self.http.get(url).bearer_auth(token)).await.0
    }
}

fn text(body: &Value, key: &str) -> String {
    body["data"][key].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_partner_gets_the_token_of_an_account_by_its_number() {
    let bench = bench().await;
    let (status, _) = bench
        .ask("wrong", json!({"grant_type": "client_credentials", "client_credentials_data": {"scope": "transport,crm"}}))
        .await;
    assert_eq!(status, 401);
    let machine = bench.machine().await;
    assert_eq!(bench.exchange("no-token", "7204").await.0, 400);
    assert_eq!(bench.exchange(&machine, "7205").await.0, 400);
    let (_, tokens) = bench.exchange(&machine, "7204").await;
    assert_eq!(tokens["data"]["expires_in"], 3600);
    assert_eq!(bench.list_with(&text(&tokens, "access_token")).await, 200);
    assert_eq!(bench.list_with(&machine).await, 401);
    assert_eq!(bench.renew(&text(&tokens, "refresh_token")).await.0, 200);
    assert_eq!(
        bench.rules(),
        [Rule::KnownToken],
        "the machine token is no account's"
    );
    let records = bench.simulator.requests();
    assert_eq!(records.last().unwrap().account.as_deref(), Some(TOKEN));
}

#[tokio::test]
async fn a_token_ends_with_its_time_with_its_uses_and_when_it_is_revoked() {
    let bench = bench().await;
    let access = text(&bench.renew("first").await.1, "access_token");
    bench.simulator.advance(Duration::from_secs(3599));
    assert_eq!(bench.list_with(&access).await, 200);
    bench.simulator.advance(Duration::from_secs(1));
    assert_eq!(bench.list_with(&access).await, 401);
    assert_eq!(bench.rules(), [Rule::TokenInTime]);
    bench.simulator.clear_violations();
    bench.switch_tokens(|it| {
        it.max_uses = Some(1);
        it.expires_in = ExpiresIn::Absent;
    });
    let refresh = bench.simulator.issued_tokens()[1].clone();
    let (_, tokens) = bench.renew(&refresh).await;
    let access = text(&tokens, "access_token");
    assert_eq!(bench.list_with(&access).await, 200);
    assert_eq!(bench.list_with(&access).await, 401);
    assert_eq!(bench.rules(), []);
    assert_eq!(bench.list_with(&access).await, 401);
    assert_eq!(bench.rules(), [Rule::RefusedToken]);
    bench.switch_tokens(|it| it.max_uses = None);
    let (_, tokens) = bench.renew(&text(&tokens, "refresh_token")).await;
    let access = text(&tokens, "access_token");
    bench.simulator.revoke_tokens(TOKEN, false);
    assert_eq!(bench.list_with(&access).await, 401);
    bench.simulator.revoke_grants(TOKEN);
    assert_eq!(bench.renew(&text(&tokens, "refresh_token")).await.0, 400);
}

#[tokio::test]
async fn a_refresh_token_is_replaced_repeated_or_stays() {
    for (rotation, told, is_valid_again) in [
        (Rotation::Replaced, true, false),
        (Rotation::Repeated, true, true),
        (Rotation::Silent, false, true),
    ] {
        let bench = bench().await;
        bench.switch_tokens(|it| it.rotation = rotation);
        let (_, tokens) = bench.renew("first").await;
        assert_eq!(tokens["data"]["refresh_token"].is_string(), told, "{rotation:?}");
        let again = bench.renew("first").await.0 == 200;
        assert_eq!(again, is_valid_again, "{rotation:?}");
        let rules = bench.rules();
        assert_eq!(rules == [Rule::LatestRefreshToken], !is_valid_again, "{rules:?}");
    }
}

#[tokio::test]
async fn who_never_saw_the_new_refresh_token_breaks_no_rule_with_the_old_one() {
    let bench = bench().await;
    let lost = Fault::status(502)
        .method(MethodIs::Post)
        .path(PATH)
        .after_effect();
    bench.simulator.add_fault(lost.times(1));
    assert_eq!(bench.renew("first").await.0, 502);
    assert_eq!(bench.renew("first").await.0, 400, "it was replaced all the same");
    assert_eq!(bench.rules(), []);
}

#[tokio::test]
async fn the_shape_of_a_renewal_and_of_its_answer_can_be_chosen() {
    let bench = bench().await;
    let flat = json!({"grant_type": "refresh_token", "refresh_token": "first", "client_id": "client"});
    assert_eq!(bench.ask("", flat.clone()).await.0, 400);
    bench.switch_tokens(|it| {
        it.refresh_shape = RefreshShape::Flat;
        it.envelope = Envelope::Bare;
        it.expires_in = ExpiresIn::Text;
        it.rotation = Rotation::Repeated;
    });
    assert_eq!(bench.renew("first").await.0, 400);
    let (status, tokens) = bench.ask("", flat.clone()).await;
    assert_eq!((status, &tokens["expires_in"]), (200, &json!("3600")));
    let mut other = flat;
    other["client_id"] = json!("other");
    assert_eq!(bench.ask("", other.clone()).await.0, 400);
    bench.switch_tokens(|it| it.refresh_needs_client_id = false);
    assert_eq!(bench.ask("", other).await.0, 200);
    bench.switch_tokens(|it| it.refuse_refresh = true);
    assert_eq!(bench.renew("first").await.0, 400);
    assert_eq!(bench.rules(), []);
}

#[tokio::test]
async fn wrong_bodies_and_renewals_side_by_side_are_told() {
    let bench = bench().await;
    let machine = bench.machine().await;
    assert_eq!(bench.exchange(&machine, "72-04").await.0, 400);
    assert_eq!(bench.ask("", json!({"grant_type": "password"})).await.0, 400);
    let surplus = json!({"refresh_token": "first", "client_id": "client", "secret": "x"});
    bench
        .ask(
            "",
            json!({"grant_type": "refresh_token", "refresh_token_data": surplus}),
        )
        .await;
    let expected = [
        Rule::DocumentedShape,
        Rule::DocumentedShape,
        Rule::KnownProperties,
    ];
    assert_eq!(bench.rules(), expected);
    bench.simulator.clear_violations();
    bench.switch_tokens(|it| it.rotation = Rotation::Repeated);
    let refresh = bench.simulator.issued_tokens()[2].clone();
    bench.simulator.update_switches(|it| it.answer_delay_ms = 5);
    tokio::join!(bench.renew(&refresh), bench.renew(&refresh));
    assert_eq!(bench.rules(), [Rule::OneRenewalAtATime]);
}

#[tokio::test]
async fn partners_and_grants_come_and_tokens_go_over_http() {
    let bench = Bench::start(Setup::account(TOKEN)).await;
    assert_eq!(bench.renew("first").await.0, 400);
    let put = bench.request(Method::PUT, "/_simulator/tokens").json(&json!({
        "partners": [{"login": "login", "password": "password", "accounts": {"7204": TOKEN}}],
        "grants": [{"account": TOKEN, "client_id": "client", "refresh_token": "first"}],
    }));
    assert_eq!(answered(put).await.0, 200);
    let machine = bench.machine().await;
    assert_eq!(bench.exchange(&machine, "7204").await.0, 200);
    let access = text(&bench.renew("first").await.1, "access_token");
    assert_eq!(bench.list_with(&access).await, 200);
    let revoke = bench
        .request(Method::POST, "/_simulator/revoke")
        .json(&json!({"account": TOKEN}));
    assert_eq!(answered(revoke).await.0, 200);
    assert_eq!(bench.list_with(&access).await, 401);
}

#[tokio::test]
async fn no_other_platform_takes_an_issued_token() {
    let bench = bench().await;
    let access = text(&bench.renew("first").await.1, "access_token");
    let url = format!("{}/v3/users", bench.simulator.base_url());
    assert_eq!(answered(bench.http.get(url).bearer_auth(access)).await.0, 401);
    assert_eq!(bench.rules(), [Rule::KnownToken]);
}
