//! What each step sends, and what its answer means.

use super::*;

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
        // This platform never shows a change; what follows from that is told below.
        let puts = writes(&server).into_iter().filter(|it| it.0.starts_with("PUT"));
        let sent: Vec<String> = puts.map(|it| it.1).collect();
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
