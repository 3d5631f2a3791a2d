//! What lists and single reads show.

use super::*;

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
