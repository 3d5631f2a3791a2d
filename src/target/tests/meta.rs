//! Meta: what its requests look like, and answers that no decent server gives.

use super::server::{Act, Seen, Server, answer, ok};
use super::*;
use crate::domain::grant::Grant;
use crate::target::Meaning;
use crate::target::member::{MemberId, MemberStep, MemberTarget as _};
use crate::target::meta::{Meta, MetaOptions, meta};

const SECRET: &str = "s3cret-of-the-app";
/// HMAC-SHA256 of [`TOKEN`] under [`SECRET`].
const PROOF: &str = "76d9781157109f16b6b8fc3de4b5cd24c49943c6986fd3933ec95ca678a8b32c";

const USER: &str = "122100000000000017";

fn meta_at(url: &url::Url) -> Meta {
    let options = MetaOptions {
        business_id: "506914307656634".to_owned(),
        waba_id: "102290129340398".to_owned(),
        api_version: "v25.0".to_owned(),
        reassign: true,
        app_secret: Some(SecretString::from(SECRET)),
        creates: true,
    };
    meta(
        url,
        SecretString::from(TOKEN),
        &Http::new(super::options()),
        options,
    )
}

fn grant() -> Grant {
    Grant::new(["MANAGE", "DEVELOP"])
}

fn admit() -> MemberStep {
    MemberStep::Admit {
        id: MemberId(USER.into()),
        grant: grant(),
        seen: None,
    }
}

/// The own user, and whatever the test says for all else.
async fn server(act: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Server {
    Server::start(move |seen| {
        let is_me = seen.line.contains("/me?");
        Act::Answer(if is_me { ok(r#"{"id":"1"}"#) } else { act(seen) })
    })
    .await
}

/// The request lines, without the proof that all of them carry.
fn lines(server: &Server) -> Vec<String> {
    let proof = format!("appsecret_proof={PROOF}");
    let cut = |line: String| {
        assert!(line.starts_with("POST") || line.ends_with(&proof), "{line}");
        let line = line.replace(&format!("&{proof}"), "");
        line.replace(&format!("?{proof}"), "")
    };
    server.lines().into_iter().map(cut).collect()
}

#[tokio::test]
async fn pages_are_asked_for_at_our_own_address_whatever_the_links_say() {
    let elsewhere = Server::answering(ok(r#"{"data":[]}"#)).await;
    let link = format!("{}v25.0/1/system_users?access_token={TOKEN}", elsewhere.url());
    let server = server(move |seen| {
        let is_last = seen.line.contains("after=");
        let paging = match is_last {
            true => String::new(),
            false => format!(r#","paging":{{"cursors":{{"after":"Q+/="}},"next":"{link}"}}"#),
        };
        ok(format!(r#"{{"data":[]{paging}}}"#))
    })
    .await;
    let members = meta_at(server.url()).list().await.unwrap();
    assert_eq!((members.members.len(), members.incomplete), (0, None));
    let assigned =
        "GET /v25.0/102290129340398/assigned_users?business=506914307656634&fields=id%2Cname%2Ctasks";
    assert_eq!(
        lines(&server),
        [
            "GET /v25.0/me?fields=id".to_owned(),
            "GET /v25.0/506914307656634/system_users?fields=id%2Cname&limit=100".to_owned(),
            "GET /v25.0/506914307656634/system_users?fields=id%2Cname&limit=100&after=Q%2B%2F%3D".to_owned(),
            format!("{assigned}&limit=100"),
            format!("{assigned}&limit=100&after=Q%2B%2F%3D"),
        ]
    );
    assert_eq!(elsewhere.n_connections(), 0);
}

#[tokio::test]
async fn each_step_has_its_wire_form() {
    let server = server(|seen| match seen.line.contains("system_users") {
        true => ok(format!(r#"{{"id":"{USER}"}}"#)),
        false => ok(r#"{"success":true}"#),
    })
    .await;
    let target = meta_at(server.url());
    let create = MemberStep::Create {
        key: "Jānis & Co".into(),
        grant: grant(),
    };
    let dismiss = MemberStep::Dismiss {
        id: MemberId(USER.into()),
    };
    for step in [create, admit(), dismiss] {
        let sent = target.send(&step).await;
        assert_eq!(sent.answer.meaning, Meaning::Accepted, "{sent:?}");
        assert_eq!(sent.id, Some(MemberId(USER.into())));
    }
    let proof = format!("&appsecret_proof={PROOF}");
    let tasks = format!("user={USER}&tasks=%5B%22DEVELOP%22%2C%22MANAGE%22%5D{proof}");
    let seen = server.seen();
    let bodies: Vec<_> = seen.iter().map(|it| it.body.as_str()).collect();
    let name = format!("name=J%C4%81nis+%26+Co&role=EMPLOYEE{proof}");
    assert_eq!(bodies, [&name, &tasks, "", &tasks, ""]);
    assert_eq!(
        lines(&server),
        [
            "POST /v25.0/506914307656634/system_users".to_owned(),
            "POST /v25.0/102290129340398/assigned_users".to_owned(),
            "GET /v25.0/me?fields=id".to_owned(),
            "POST /v25.0/102290129340398/assigned_users".to_owned(),
            format!("DELETE /v25.0/102290129340398/assigned_users?user={USER}"),
        ]
    );
    for Seen { headers, line, .. } in &seen {
        assert!(
            headers.contains(&format!("authorization: Bearer {TOKEN}\r\n")),
            "{headers}"
        );
        let is_form = headers.contains("content-type: application/x-www-form-urlencoded\r\n");
        assert_eq!(is_form, line.starts_with("POST"), "{line} {headers}");
    }
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let server = server(|_| ok(r#"{"data":[]}"#)).await;
    for path in ["/proxy", "/proxy/"] {
        let target = meta_at(&server.url().join(path).unwrap());
        target.get(&MemberId(USER.into())).await.unwrap();
    }
    assert!(
        server
            .lines()
            .iter()
            .all(|it| it.starts_with("GET /proxy/v25.0/"))
    );
}

#[tokio::test]
async fn a_row_that_is_no_user_spoils_the_list_and_not_the_others() {
    for row in [r#"{"name":"N"}"#, "7", r#"{"id":1.5}"#, r#"{"id":"x"}"#] {
        let rows = format!(r#"{{"data":[{{"id":"{USER}","name":"A"}},{row}]}}"#);
        let server = server(move |_| ok(&rows)).await;
        let target = meta_at(server.url());
        let members = target.list().await.unwrap();
        assert_eq!(members.members.len(), 1, "{row}");
        assert!(members.incomplete.is_some(), "{row}");
        assert!(target.get(&MemberId(USER.into())).await.unwrap().is_some());
        assert!(target.get(&MemberId("2".into())).await.is_err(), "{row}");
    }
}

#[tokio::test]
async fn who_does_not_know_its_own_user_touches_nobody() {
    let server = Server::answering(ok("{}")).await;
    let target = meta_at(server.url());
    let dismiss = MemberStep::Dismiss {
        id: MemberId(USER.into()),
    };
    for step in [admit(), dismiss] {
        assert_eq!(target.send(&step).await.answer.meaning, Meaning::Unknown);
    }
    assert_eq!(target.list().await.unwrap_err().meaning, Meaning::Unknown);
    assert!(server.lines().iter().all(|it| it.starts_with("GET /v25.0/me?")));
}

#[tokio::test]
async fn secrets_that_the_platform_echoes_are_in_no_text() {
    for secret in [TOKEN, SECRET, PROOF] {
        let bodies = [
            secret.to_owned(),
            format!("<html>Bearer {secret}</html>"),
            format!(r#"{{"error":"invalid {secret}"}}"#),
            format!(
                r#"{{"error":{{"message":"no {secret}","code":100,"error_user_msg":"{secret}","fbtrace_id":"{secret}"}}}}"#
            ),
            format!(r#"{{"error":{{"message":"{secret}","code":"{secret}"}}}}"#),
            format!(r#"{{"data":[],"paging":{{"next":"https://x.example/?access_token={secret}"}}}}"#),
        ];
        for body in bodies {
            for status in [200, 302, 400, 401, 500] {
                let location = format!("location: https://{secret}.example/");
                let bytes = answer(status, &[&location], &body);
                let server = server(move |_| bytes.clone()).await;
                let target = meta_at(server.url());
                let shown = format!(
                    "{:?} {:?} {target:?}",
                    target.send(&admit()).await,
                    target.list().await
                );
                assert!(!shown.to_lowercase().contains(secret), "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_reported_and_not_shown() {
    let server = Server::answering(ok("{}")).await;
    let token = format!("{TOKEN}\n");
    let options = MetaOptions {
        business_id: "1".to_owned(),
        waba_id: "2".to_owned(),
        api_version: "v25.0".to_owned(),
        reassign: false,
        app_secret: None,
        creates: false,
    };
    let http = Http::new(super::options());
    let target = meta(server.url(), SecretString::from(token), &http, options);
    let answer = target.list().await.unwrap_err();
    assert!(answer.text.starts_with("the token is unusable"), "{answer:?}");
    assert!(!format!("{answer:?}").contains(TOKEN));
    assert_eq!(server.n_connections(), 0);
}
