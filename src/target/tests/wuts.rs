//! WUTS against a server of raw bytes: what is sent, and what is made of each answer.

use super::log::Log;
use super::server::{Act, Seen, Server, answer, ok};
use super::*;
use crate::domain::grant::Grant;
use crate::target::member::{Member, MemberId, MemberStep, MemberTarget as _, StepAnswer};
use crate::target::wuts::{Wuts, WutsOptions, wuts};
use crate::target::{Answer, Meaning, Requests};

/// The credential's user, an administrator, a manager and a user.
const LIST: &str = r#"{"success":true,"users":[
    {"id":"1","tenant_id":"t","email":"own@example.com","role":"admin","token":"t0ken-of-acme","active":true},
    {"id":2,"tenant_id":"t","email":"Boss@example.com","role":"admin","token":"wuts_tok_2","active":true},
    {"id":"3","tenant_id":"t","email":"anna@example.com","role":"manager","token":"wuts_tok_3","active":true},
    {"id":"4","tenant_id":"t","email":"igor@example.com","role":"user","token":"wuts_tok_4","active":false}]}"#;

const DONE: &str = r#"{"success":true,"message":"User updated successfully"}"#;

const OPTIONS: WutsOptions = WutsOptions {
    creates: true,
    removes_by_delete: false,
};

fn target(server: &Server) -> Wuts {
    target_with(server, OPTIONS)
}

fn target_with(server: &Server, options: WutsOptions) -> Wuts {
    wuts(
        server.url(),
        SecretString::from(TOKEN),
        &Http::new(super::options()),
        options,
    )
}

/// Lists [`LIST`], shows the users 3 and 4 of it, and answers everything else so.
async fn tenant(act: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Server {
    let single = |id: &str, role: &str, is_active: bool| {
        ok(format!(
            r#"{{"success":true,"data":{{"id":"{id}","email":"{id}@example.com","role":"{role}","active":{is_active}}}}}"#
        ))
    };
    Server::start(move |seen| match &*seen.line {
        "GET /users" => Act::Answer(ok(LIST)),
        "GET /users/3" => Act::Answer(single("3", "manager", true)),
        "GET /users/4" => Act::Answer(single("4", "user", false)),
        _ => act(seen),
    })
    .await
}

async fn answering(status: u16, body: &'static str) -> Server {
    tenant(move |_| Act::Answer(answer(status, &[], body))).await
}

/// Line and body of everything but reads.
fn writes(server: &Server) -> Vec<(String, String)> {
    let seen = server.seen().into_iter();
    seen.filter(|it| !it.line.starts_with("GET "))
        .map(|it| (it.line, it.body))
        .collect()
}

fn id(id: &str) -> MemberId {
    MemberId(id.into())
}

fn role(role: &str) -> Grant {
    Grant::new([role])
}

fn member(name: &str, email: &str, word: &str, is_active: bool) -> Member {
    Member {
        id: id(name),
        key: email.into(),
        is_active,
        grant: Some(role(word)),
        untouchable: None,
    }
}

fn admit(name: &str, word: &str, seen: Option<Member>) -> MemberStep {
    MemberStep::Admit {
        id: id(name),
        grant: role(word),
        seen,
    }
}

fn dismiss(name: &str) -> MemberStep {
    MemberStep::Dismiss { id: id(name) }
}

fn create() -> MemberStep {
    MemberStep::Create {
        key: "New@example.com".into(),
        grant: role("user"),
    }
}

fn code(answer: &StepAnswer) -> Option<&str> {
    answer.answer.code.as_deref()
}

async fn list_error(body: &str) -> Answer {
    let server = Server::answering(ok(body)).await;
    target(&server).list().await.unwrap_err()
}

#[tokio::test]
async fn the_list_shows_who_must_not_be_touched() {
    let server = Server::answering(ok(LIST)).await;
    let members = target(&server).list().await.unwrap();
    assert_eq!(members.incomplete, None);
    let mut own = member("1", "own@example.com", "admin", true);
    own.untouchable = Some("the credential's own user");
    let expected = [
        own,
        member("2", "Boss@example.com", "admin", true),
        member("3", "anna@example.com", "manager", true),
        member("4", "igor@example.com", "user", false),
    ];
    assert_eq!(members.members, expected);
}

#[tokio::test]
async fn the_last_administrator_is_shown_as_untouchable() {
    let list = LIST.replace(TOKEN, "wuts_tok_1").replace(
        r#""role":"manager","token":"wuts_tok_3""#,
        r#""role":"manager","token":"t0ken-of-acme""#,
    );
    let one_admin = list.replacen(r#""role":"admin""#, r#""role":"user""#, 1);
    for (list, expected) in [
        (list, [None, None]),
        (one_admin, [None, Some("the last active administrator")]),
    ] {
        let server = Server::answering(ok(&list)).await;
        let members = target(&server).list().await.unwrap().members;
        assert_eq!([members[0].untouchable, members[1].untouchable], expected);
    }
}

#[tokio::test]
async fn where_no_token_tells_the_own_user_every_administrator_is_untouchable() {
    let server = Server::answering(ok(LIST.replace(TOKEN, "****"))).await;
    let members = target(&server).list().await.unwrap().members;
    let is_untouchable: Vec<bool> = members.iter().map(|it| it.untouchable.is_some()).collect();
    assert_eq!(is_untouchable, [true, true, false, false]);
}

#[tokio::test]
async fn a_list_that_may_lack_users_says_so() {
    let row = r#"{"id":"1","email":"a@example.com","role":"user","active":true}"#;
    let other = r#"{"id":"1","email":"b@example.com","role":"user","active":true}"#;
    for (json, n_users, is_complete) in [
        (format!(r#"{{"users":[{row}]}}"#), 1, true),
        (format!("[{row},{row}]"), 1, true),
        (format!("[{row},{other}]"), 1, false),
        (format!("[{row},{{}}]"), 1, false),
        (
            format!(r#"[{row},{{"id":"2","email":"b@example.com","role":"user"}}]"#),
            1,
            false,
        ),
        (format!(r#"{{"users":[{row}],"next":"/users?page=2"}}"#), 1, false),
        (format!(r#"{{"users":[{row}],"total":2}}"#), 1, false),
        (r#"{"users":[]}"#.to_owned(), 0, true),
    ] {
        let server = Server::answering(ok(&json)).await;
        let members = target(&server).list().await.unwrap();
        assert_eq!(
            (members.members.len(), members.incomplete.is_none()),
            (n_users, is_complete),
            "{json}"
        );
    }
}

#[tokio::test]
async fn who_has_no_email_or_no_role_is_shown_as_such() {
    let json = r#"[{"id":"1","active":true,"role":"user"},{"id":"2","email":"b@example.com","active":true}]"#;
    let server = Server::answering(ok(json)).await;
    let members = target(&server).list().await.unwrap().members;
    assert_eq!(
        (&*members[0].key, members[0].untouchable),
        ("", Some("a user without an e-mail"))
    );
    assert_eq!(members[1].grant, None);
}

#[tokio::test]
async fn what_is_no_list_is_an_error_that_shows_nothing_of_it() {
    for body in [
        "",
        "null",
        "{}",
        r#"{"success":true}"#,
        r#"{"data":{"id":"1","email":"a@example.com"}}"#,
        r#"{"users":[{"id":"1","token":"wuts_tok_1""#,
        "\u{feff}{\"users\":[{\"token\":\"wuts_tok_1\"",
        "wuts_tok_1",
        "<html>wuts_tok_1</html>",
    ] {
        let answer = list_error(body).await;
        assert_eq!(
            (&answer.meaning, answer.status),
            (&Meaning::Unknown, Some(200)),
            "{body}"
        );
        assert!(
            answer.text.starts_with("the answer can't be read: "),
            "{answer:?}"
        );
        assert!(
            !answer.text.contains("tok") && !answer.text.contains('@'),
            "{answer:?}"
        );
    }
    let answer = list_error("<html>Sign in</html>").await;
    assert!(answer.text.contains("Sign in"), "{answer:?}");
    let answer = list_error(r#"{"success":false,"error":"try later","users":[]}"#).await;
    assert_eq!(
        (answer.meaning, answer.text.as_str()),
        (Meaning::Unknown, "try later")
    );
}

#[tokio::test]
async fn one_user_is_read_or_not_there() {
    let found = r#"{"success":true,"data":{"id":3,"email":"anna@example.com","role":"manager","active":true,"tenant_id":"t"}}"#;
    let server = Server::answering(ok(found)).await;
    let target_of_found = target(&server);
    let shown = target_of_found.get(&id("3")).await.unwrap();
    // Nothing tells yet whose token it is; a manager can't be an administrator's.
    assert_eq!(shown, Some(member("3", "anna@example.com", "manager", true)));
    let other = target_of_found.get(&id("4")).await.unwrap_err();
    assert_eq!(other.meaning, Meaning::Unknown, "another user than asked for");
    assert_eq!(server.lines(), ["GET /users/3", "GET /users/4"]);

    let absent = Server::answering(answer(404, &[], r#"{"success":false,"error":"no"}"#)).await;
    assert_eq!(target(&absent).get(&id("3")).await, Ok(None));
    for (status, meaning) in [
        (401, Meaning::Unauthorised),
        (403, Meaning::Forbidden),
        (500, Meaning::Unknown),
    ] {
        let server = Server::answering(answer(status, &[], "")).await;
        assert_eq!(target(&server).get(&id("3")).await.unwrap_err().meaning, meaning);
    }
    let empty = Server::answering(ok(r#"{"success":true,"data":null}"#)).await;
    assert_eq!(
        target(&empty).get(&id("3")).await.unwrap_err().meaning,
        Meaning::Unknown
    );
}

#[tokio::test]
async fn a_single_read_knows_the_own_user_from_the_list() {
    let single = r#"{"data":{"id":"1","email":"own@example.com","role":"admin","active":true}}"#;
    let server = answering(200, single).await;
    let target = target(&server);
    target.list().await.unwrap();
    let own = target.get(&id("1")).await.unwrap().unwrap();
    assert_eq!(own.untouchable, Some("the credential's own user"));
}

#[tokio::test]
async fn an_id_that_no_path_can_carry_is_not_asked_for() {
    let server = answering(200, DONE).await;
    let target = target(&server);
    for odd in ["", ".", "..", "a\nb"] {
        assert_eq!(target.get(&id(odd)).await.unwrap_err().meaning, Meaning::BadItem);
        assert_eq!(code(&target.send(&dismiss(odd)).await), Some("id_invalid"));
    }
    target.get(&id("a/b?c#d")).await.unwrap_err();
    assert_eq!(server.lines(), ["GET /users/a%2Fb%3Fc%23d"]);
}

#[tokio::test]
async fn only_what_differs_is_sent() {
    let expected = [
        // Who was not seen is looked at.
        (admit("3", "user", None), Some(r#"{"role":"user"}"#)),
        (admit("4", "user", None), Some(r#"{"active":true}"#)),
        (admit("3", "manager", None), None),
        (
            admit("3", "user", Some(member("3", "a", "manager", true))),
            Some(r#"{"role":"user"}"#),
        ),
        (
            admit("4", "user", Some(member("4", "a", "user", false))),
            Some(r#"{"active":true}"#),
        ),
        (
            admit("4", "manager", Some(member("4", "a", "user", false))),
            Some(r#"{"active":true,"role":"manager"}"#),
        ),
        (
            admit("3", "manager", Some(member("3", "a", "manager", true))),
            None,
        ),
        // What was seen of another user says nothing of this one.
        (
            admit("4", "manager", Some(member("3", "a", "manager", true))),
            Some(r#"{"active":true,"role":"manager"}"#),
        ),
        (dismiss("3"), Some(r#"{"active":false}"#)),
    ];
    for (step, body) in expected {
        let server = answering(200, DONE).await;
        let target = target(&server);
        let answer = target.send(&step).await;
        assert_eq!(answer.answer.meaning, Meaning::Accepted, "{step:?}");
        assert_eq!(answer.id, None, "it was named");
        let (method, path) = target.describe(&step);
        assert_eq!((method, path), ("PUT", "/users/{id}"));
        let sent: Vec<String> = writes(&server).into_iter().map(|it| it.1).collect();
        assert_eq!(sent, body.into_iter().collect::<Vec<_>>(), "{step:?}");
    }
}

#[tokio::test]
async fn a_role_that_was_not_shown_is_sent() {
    let server = answering(200, DONE).await;
    let mut seen = member("3", "a", "manager", true);
    seen.grant = None;
    target(&server).send(&admit("3", "manager", Some(seen))).await;
    assert_eq!(writes(&server)[0].1, r#"{"role":"manager"}"#);
}

#[tokio::test]
async fn a_grant_that_is_not_one_role_is_not_sent() {
    let server = answering(200, DONE).await;
    let target = target(&server);
    for grant in [Grant::new(["a", "b"]), Grant::from_text("")] {
        let admit = MemberStep::Admit {
            id: id("3"),
            grant: grant.clone(),
            seen: None,
        };
        let create = MemberStep::Create {
            key: "a@example.com".into(),
            grant,
        };
        for step in [admit, create] {
            let answer = target.send(&step).await;
            assert_eq!(
                (code(&answer), &answer.answer.meaning),
                (Some("one_role"), &Meaning::BadItem)
            );
        }
    }
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn a_leaver_is_deleted_if_so_configured() {
    let server = answering(200, r#"{"success":true,"message":"User permanently deleted"}"#).await;
    let options = WutsOptions {
        removes_by_delete: true,
        ..OPTIONS
    };
    let target = target_with(&server, options);
    assert_eq!(target.describe(&dismiss("3")), ("DELETE", "/users/{id}"));
    assert_eq!(target.send(&dismiss("3")).await.answer.meaning, Meaning::Accepted);
    assert_eq!(writes(&server), [("DELETE /users/3".to_owned(), String::new())]);
}

#[tokio::test]
async fn a_new_user_gets_a_password_that_nobody_sees() {
    let body = r#"{"success":true,"user":{"id":17,"tenant_id":"t","email":"new@example.com","role":"user",
        "token":"wuts_tok_new","active":true},"webhook_configured":false,"webhook_url":"","note":"keep the token"}"#;
    for status in [200, 201] {
        let server = answering(status, body).await;
        let target = target(&server);
        assert_eq!(target.describe(&create()), ("POST", "/users"));
        let answer = target.send(&create()).await;
        assert_eq!(answer.answer.meaning, Meaning::Accepted);
        assert_eq!(
            answer.id,
            Some(id("17")),
            "the case of the e-mail is the platform's"
        );
        let sent = writes(&server).remove(0);
        assert_eq!(sent.0, "POST /users");
        let sent: serde_json::Value = serde_json::from_str(&sent.1).unwrap();
        let password = sent["password"].as_str().unwrap();
        assert!(password.len() >= 20, "{password}");
        assert_eq!(
            sent,
            serde_json::json!({"email": "New@example.com", "password": password, "role": "user"})
        );
        let shown = format!("{target:?} {answer:?}");
        for secret in [password, "wuts_tok", TOKEN] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_password_that_the_platform_repeats_is_not_shown() {
    for status in [200, 400, 409, 500] {
        let server = tenant(move |seen| {
            let sent: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
            let password = sent["password"].as_str().unwrap();
            let body = format!(
                r#"{{"success":false,"error":"bad password {password}","error_code":"{password}",
                "validation":[{{"field":"password","message":"{password}","value":"{password}"}}]}}"#
            );
            Act::Answer(answer(status, &[], body))
        })
        .await;
        let answer = target(&server).send(&create()).await;
        let sent: serde_json::Value = serde_json::from_str(&writes(&server)[0].1).unwrap();
        let password = sent["password"].as_str().unwrap().to_lowercase();
        let shown = format!("{answer:?}").to_lowercase();
        assert!(
            shown.contains("bad password") && !shown.contains(&password),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn the_id_of_a_new_user_is_told_if_the_answer_is_about_it() {
    for (body, expected) in [
        (r#"{"data":{"id":"17","email":"new@example.com"}}"#, Some("17")),
        (r#"{"id":"17"}"#, Some("17")),
        (
            r#"{"success":true,"user":{"id":"3","email":"anna@example.com"}}"#,
            None,
        ),
        (DONE, None),
        ("", None),
    ] {
        let server = answering(201, body).await;
        let answer = target(&server).send(&create()).await;
        assert_eq!(answer.answer.meaning, Meaning::Accepted, "{body}");
        assert_eq!(answer.id, expected.map(id), "{body}");
    }
}

#[tokio::test]
async fn no_user_is_created_where_none_may_be() {
    let server = answering(201, DONE).await;
    let target = target_with(
        &server,
        WutsOptions {
            creates: false,
            ..OPTIONS
        },
    );
    assert!(!target.capabilities().creates);
    let answer = target.send(&create()).await;
    assert_eq!(
        (code(&answer), answer.answer.meaning.clone()),
        (Some("create_users"), Meaning::BadItem)
    );
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn every_answer_to_a_write_has_its_meaning() {
    let broken: [(u16, &str, Meaning); 12] = [
        (200, DONE, Meaning::Accepted),
        (201, "", Meaning::Accepted),
        (200, r#"{"success":false,"error":"no"}"#, Meaning::BadItem),
        (200, "<html>Sign in</html>", Meaning::Unknown),
        (200, r#"{"success":tr"#, Meaning::Unknown),
        (400, "", Meaning::BadItem),
        (401, "", Meaning::Unauthorised),
        (403, "", Meaning::Forbidden),
        (404, "", Meaning::Missing),
        (409, "<html>", Meaning::BadItem),
        (422, "{", Meaning::BadItem),
        (502, "<html>", Meaning::Unknown),
    ];
    for (status, body, meaning) in broken {
        let server = answering(status, body).await;
        for step in [create(), admit("3", "user", None), dismiss("3")] {
            let answer = target(&server).send(&step).await.answer;
            assert_eq!(
                (&answer.meaning, answer.status),
                (&meaning, Some(status)),
                "{step:?} {body}"
            );
            assert!(
                meaning == Meaning::Accepted || !answer.text.is_empty(),
                "{answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_user_that_is_not_there_is_missing() {
    let server = answering(404, "").await;
    let target = target(&server);
    for step in [
        dismiss("3"),
        admit("9", "user", None),
        admit("3", "user", Some(member("3", "a", "manager", true))),
    ] {
        assert_eq!(target.send(&step).await.answer.meaning, Meaning::Missing);
    }
}

#[tokio::test]
async fn the_own_user_is_not_written_to() {
    let server = answering(200, DONE).await;
    let target = target(&server);
    let own = || Some(member("1", "own@example.com", "admin", false));
    for step in [
        dismiss("1"),
        admit("1", "user", own()),
        admit("1", "admin", own()),
    ] {
        let answer = target.send(&step).await;
        assert_eq!(
            (code(&answer), &answer.answer.meaning),
            (Some("own_user"), &Meaning::BadItem)
        );
    }
    assert_eq!(server.lines(), ["GET /users"], "read once, to know who it is");
}

#[tokio::test]
async fn the_last_administrator_is_not_taken_away() {
    let list = LIST.replace(TOKEN, "wuts_tok_1").replace("wuts_tok_3", TOKEN);
    let server = Server::start(move |seen| match &*seen.line {
        "GET /users" => Act::Answer(ok(&list)),
        "PUT /users/1" => Act::Answer(ok(DONE)),
        _ => panic!("{} was sent", seen.line),
    })
    .await;
    let target = target(&server);
    let first = target.send(&dismiss("1")).await;
    assert_eq!(first.answer.meaning, Meaning::Accepted);
    // The list still shows the first one as an administrator: reads lag.
    target.list().await.unwrap();
    let seen = member("2", "boss@example.com", "admin", true);
    for step in [dismiss("2"), admit("2", "user", Some(seen))] {
        let answer = target.send(&step).await;
        assert_eq!(
            (code(&answer), &answer.answer.meaning, answer.answer.status),
            (Some("last_admin"), &Meaning::BadItem, None)
        );
    }
    assert_eq!(target.requests(), Requests { read: 2, write: 1 });
}

#[tokio::test]
async fn a_refused_step_takes_no_administrator_away_and_an_unknown_one_may_have() {
    for (status, expected) in [(403, None), (500, Some("last_admin"))] {
        let list = LIST.replace(TOKEN, "wuts_tok_1").replace("wuts_tok_3", TOKEN);
        let server = Server::start(move |seen| match &*seen.line {
            "GET /users" => Act::Answer(ok(&list)),
            "PUT /users/1" => Act::Answer(answer(status, &[], "")),
            _ => Act::Answer(ok(DONE)),
        })
        .await;
        let target = target(&server);
        target.send(&dismiss("1")).await;
        assert_eq!(code(&target.send(&dismiss("2")).await), expected, "{status}");
    }
}

#[tokio::test]
async fn without_a_list_nobody_is_changed() {
    for (status, meaning) in [
        (401, Meaning::Unauthorised),
        (403, Meaning::BadItem),
        (404, Meaning::BadItem),
        (429, Meaning::SlowDown(None)),
        (500, Meaning::Unknown),
    ] {
        let server = Server::answering(answer(status, &[], "")).await;
        let answer = target(&server).send(&dismiss("3")).await;
        assert_eq!(answer.answer.meaning, meaning, "{status}");
        assert_eq!(server.lines(), ["GET /users"]);
    }
}

const USE_PROMOTE: &str = r#"{"success":false,"error":"no","error_code":"VALIDATION_ERROR",
    "validation":[{"field":"role","message":"use promote","value":"user"}]}"#;

/// A platform that changes roles by promotions alone.
async fn promoting() -> Server {
    tenant(|seen| match &*seen.line {
        "POST /users/3/promote" | "POST /users/4/promote" => Act::Answer(ok(
            r#"{"success":true,"message":"ok","data":{"user_id":"3","old_role":"manager","new_role":"user"}}"#,
        )),
        _ if seen.body.contains("role") => Act::Answer(answer(400, &[], USE_PROMOTE)),
        _ => Act::Answer(ok(DONE)),
    })
    .await
}

#[tokio::test]
async fn a_role_is_changed_by_a_promotion_where_a_put_suggests_it() {
    let server = promoting().await;
    let target = target(&server);
    let demote = admit("3", "user", Some(member("3", "a", "manager", true)));
    let both = admit("4", "manager", Some(member("4", "a", "user", false)));
    for step in [demote, both] {
        assert_eq!(
            target.send(&step).await.answer.meaning,
            Meaning::Accepted,
            "{step:?}"
        );
    }
    let sent = |line: &str, body: &str| (line.to_owned(), body.to_owned());
    assert_eq!(
        writes(&server),
        [
            sent("PUT /users/3", r#"{"role":"user"}"#),
            sent("POST /users/3/promote", r#"{"new_role":"user"}"#),
            // By then it is known; and the role comes before the access.
            sent("POST /users/4/promote", r#"{"new_role":"manager"}"#),
            sent("PUT /users/4", r#"{"active":true}"#),
        ]
    );
}

#[tokio::test]
async fn a_refused_promotion_is_the_answer_and_an_absent_one_is_not() {
    for (status, expected) in [
        (403, Meaning::Forbidden),
        (422, Meaning::BadItem),
        (500, Meaning::Unknown),
    ] {
        let server = tenant(move |seen| match &*seen.line {
            "PUT /users/4" => Act::Answer(answer(400, &[], USE_PROMOTE)),
            _ => Act::Answer(answer(status, &[], "")),
        })
        .await;
        let answer = target(&server).send(&admit("4", "manager", None)).await.answer;
        assert_eq!((answer.meaning, answer.status), (expected, Some(status)));
        assert_eq!(writes(&server).len(), 2, "nobody is activated with a wrong role");
    }
    let server = tenant(|seen| match &*seen.line {
        "PUT /users/4" => Act::Answer(answer(400, &[], USE_PROMOTE)),
        _ => Act::Answer(answer(404, &[], "")),
    })
    .await;
    let answer = target(&server).send(&admit("4", "manager", None)).await.answer;
    assert_eq!((answer.meaning, answer.status), (Meaning::BadItem, Some(400)));
}

#[tokio::test]
async fn a_forbidden_role_is_not_tried_another_way() {
    let server = answering(403, USE_PROMOTE).await;
    let answer = target(&server).send(&admit("3", "admin", None)).await.answer;
    assert_eq!(answer.meaning, Meaning::Forbidden);
    assert_eq!(writes(&server).len(), 1);
}

#[tokio::test]
async fn lost_answers_are_unknown_and_nothing_is_sent_twice() {
    for step in [create(), admit("3", "user", None), dismiss("3")] {
        for act in [
            || Act::Close(vec![]),
            || Act::Reset(vec![]),
            || Act::Close(b"HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n{\"success\":true".to_vec()),
        ] {
            let server = tenant(move |_| act()).await;
            let answer = target(&server).send(&step).await;
            assert_eq!(answer.answer.meaning, Meaning::Unknown, "{step:?}");
            assert_eq!(writes(&server).len(), 1, "{step:?}");
        }
    }
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let server = Server::start(|seen| match &*seen.line {
        "GET /proxy/users" => Act::Answer(ok(LIST)),
        _ => Act::Answer(ok(DONE)),
    })
    .await;
    let base = server.url().join("/proxy/").unwrap();
    let target = wuts(
        &base,
        SecretString::from(TOKEN),
        &Http::new(super::options()),
        OPTIONS,
    );
    assert_eq!(target.send(&dismiss("3")).await.answer.meaning, Meaning::Accepted);
    assert_eq!(server.lines(), ["GET /proxy/users", "PUT /proxy/users/3"]);
}

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

#[tokio::test]
async fn a_list_of_a_round_length_is_warned_of_once() {
    let rows: Vec<String> = (0..50)
        .map(|n| format!(r#"{{"id":{n},"email":"{n}@example.com","role":"user","active":true}}"#))
        .collect();
    for (n_rows, n_warnings) in [(50, 1), (49, 0)] {
        let log = Log::start();
        let server = Server::answering(ok(format!("[{}]", rows[..n_rows].join(",")))).await;
        let target = target(&server);
        for _ in 0..2 {
            let members = target.list().await.unwrap();
            assert_eq!(members.incomplete, None, "a round number alone is no evidence");
        }
        let n_told = log.text().matches("list.users=50").count();
        assert_eq!(n_told, n_warnings, "{}", log.text());
    }
}
