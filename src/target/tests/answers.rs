//! What each answer means, seen through the whole client.

use std::time::Duration;

use super::server::{Act, Server, answer, ok};
use super::*;
use crate::target::{Answer, Meaning, ReadTarget as _, WriteTarget as _};

/// What the answer means to a write, which is the same for both generations of Wazzup's API.
async fn to_write(bytes: Vec<u8>) -> Answer {
    let server = Server::answering(bytes).await;
    let answer = target(&server).send(&anna()).await;
    assert_eq!(wazzup_v3_at(&server).send(&anna()).await, answer);
    answer
}

async fn to_list(bytes: Vec<u8>) -> Answer {
    let server = Server::answering(bytes).await;
    let answer = target(&server).list().await.unwrap_err();
    assert_eq!(wazzup_v3_at(&server).list().await.unwrap_err(), answer);
    answer
}

#[tokio::test]
async fn any_2xx_with_json_or_nothing_is_accepted() {
    for body in [
        "",
        " \r\n",
        "{}",
        r#"{"data":null,"meta":{}}"#,
        r#"{"data":{"processed":0}}"#,
    ] {
        for status in [200, 201, 202] {
            let answer = to_write(answer(status, &[], body)).await;
            assert_eq!(
                (answer.meaning, answer.status),
                (Meaning::Accepted, Some(status)),
                "{body}"
            );
        }
    }
    let no_content = b"HTTP/1.1 204 No Content\r\n\r\n".to_vec();
    assert_eq!(to_write(no_content).await.meaning, Meaning::Accepted);
}

#[tokio::test]
async fn a_2xx_that_is_no_json_is_unknown() {
    for body in ["<html>Sign in</html>", "OK", r#"{"data":"#, "{}{}"] {
        let answer = to_write(ok(body)).await;
        assert_eq!(
            (answer.meaning, answer.status),
            (Meaning::Unknown, Some(200)),
            "{body}"
        );
    }
    let answer = to_write(ok("<html>Sign in</html>")).await;
    assert!(answer.text.contains("Sign in"), "{}", answer.text);
}

#[tokio::test]
async fn each_status_has_its_meaning() {
    let expected = [
        (400, Meaning::BadItem),
        (401, Meaning::Unauthorised),
        (403, Meaning::Forbidden),
        (404, Meaning::Missing),
        (408, Meaning::Unknown),
        (409, Meaning::BadItem),
        (413, Meaning::BadItem),
        (422, Meaning::BadItem),
        (425, Meaning::Unknown),
        (429, Meaning::SlowDown(None)),
        (500, Meaning::Unknown),
        (503, Meaning::Unknown),
    ];
    for (status, meaning) in expected {
        for body in ["", "<html>no</html>", "{", r#"{"description":"no"}"#] {
            let written = to_write(answer(status, &[], body)).await;
            assert_eq!(
                (&written.meaning, written.status),
                (&meaning, Some(status)),
                "{body}"
            );
            assert!(!written.text.is_empty(), "{status} {body}");
            let listed = to_list(answer(status, &[], body)).await;
            assert_eq!(listed.meaning, meaning, "{status} {body}");
        }
    }
}

#[tokio::test]
async fn a_code_is_found_in_any_shape() {
    let text = "User with phone number 37126123456 already exists in the CRM.";
    let shapes = [
        format!(r#"{{"error":"USER_ALREADY_EXISTS","description":"{text}"}}"#),
        format!(
            r#"{{"status":400,"requestId":"1","error":"userAlreadyExists","description":"{text}","data":{{"fields":[]}}}}"#
        ),
        format!(r#"{{"code":"user_already_exists","message":"{text}"}}"#),
        format!(r#"{{"error":{{"code":"USER_ALREADY_EXISTS","message":"{text}"}}}}"#),
        format!(r#"{{"errors":[{{"code":"user already exists","message":"{text}"}}]}}"#),
        format!(r#"{{"data":{{"code":"USER_ALREADY_EXISTS"}},"message":"{text}"}}"#),
    ];
    for shape in shapes {
        for status in [400, 409, 422] {
            let answer = to_write(answer(status, &[], &shape)).await;
            assert_eq!(
                answer.meaning,
                Meaning::PhoneTaken(Phone::from_remote("37126123456")),
                "{shape}"
            );
            assert_eq!(answer.code.as_deref(), Some("USER_ALREADY_EXISTS"), "{shape}");
            assert_eq!(answer.text, text, "{shape}");
        }
    }
}

#[tokio::test]
async fn a_refusal_without_a_code_may_still_tell_of_a_phone() {
    let body = r#"{"statusCode":409,"message":["User with phone number 37126123456 already exists"],"error":"Conflict"}"#;
    let answer = to_write(answer(409, &[], body)).await;
    assert_eq!(
        answer.meaning,
        Meaning::PhoneTaken(Phone::from_remote("37126123456"))
    );
    assert_eq!(answer.code, None);
}

#[tokio::test]
async fn a_phone_may_be_taken_where_the_code_speaks_of_data() {
    let body = r#"{"error":"INVALID_USERS_DATA","description":"phone 37126123456 is already in use"}"#;
    let answer = to_write(answer(400, &[], body)).await;
    assert_eq!(
        answer.meaning,
        Meaning::PhoneTaken(Phone::from_remote("37126123456"))
    );
}

#[tokio::test]
async fn too_many_users_in_a_request_are_a_bad_item_however_that_is_spelt() {
    for code in ["TOO_MACH_ENTITIES", "TOO_MANY_ENTITIES", "tooMachEntities"] {
        for status in [400, 403, 404] {
            let body = format!(r#"{{"error":"{code}","description":"no more than 100"}}"#);
            let answer = to_write(answer(status, &[], body)).await;
            assert_eq!(answer.meaning, Meaning::BadItem, "{status} {code}");
        }
    }
}

#[tokio::test]
async fn retry_after_is_passed_on() {
    let seconds = to_write(answer(429, &["Retry-After: 7"], "")).await;
    assert_eq!(seconds.meaning, Meaning::SlowDown(Some(Duration::from_secs(7))));
    let headers = [
        "date: Wed, 21 Oct 2026 07:28:00 GMT",
        "retry-after: Wed, 21 Oct 2026 07:28:30 GMT",
    ];
    let date = to_write(answer(429, &headers, "")).await;
    assert_eq!(date.meaning, Meaning::SlowDown(Some(Duration::from_secs(30))));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_carries_no_token_away() {
    let elsewhere = Server::answering(ok(r#"{"data":[]}"#)).await;
    let location = format!("location: {}v2/users?x=1", elsewhere.url());
    for status in [301, 302, 303, 307, 308] {
        let bytes = answer(status, &[&location], "");
        let server = Server::start(move |_| Act::Answer(bytes.clone())).await;
        let target = target(&server);
        let expected = format!(
            "redirect to another place refused (host 127.0.0.1:{})",
            elsewhere.url().port().unwrap()
        );
        for answer in [target.send(&anna()).await, target.list().await.unwrap_err()] {
            assert_eq!((answer.meaning, answer.status), (Meaning::Unknown, Some(status)));
            assert_eq!(answer.text, expected);
        }
    }
    assert_eq!(elsewhere.n_connections(), 0);
}
