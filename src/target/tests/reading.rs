//! Lists and single users.

use super::server::{Act, Seen, Server, answer, ok};
use super::*;
use crate::target::{Meaning, ReadTarget as _};

/// A page of users with the numbers `ids`.
fn page(ids: std::ops::Range<usize>) -> Vec<u8> {
    let rows: Vec<String> = ids
        .map(|id| format!(r#"{{"id":"{id}","name":"N","phone":"371{id}"}}"#))
        .collect();
    ok(format!(
        r#"{{"data":[{}],"meta":{{"timestamp":1}}}}"#,
        rows.join(",")
    ))
}

/// The value of a query parameter of a request.
fn asked(seen: &Seen, name: &str) -> usize {
    let (_, query) = seen.line.split_once('?').unwrap();
    let pair = url::form_urlencoded::parse(query.as_bytes()).find(|it| it.0 == name);
    pair.unwrap().1.parse().unwrap()
}

/// A platform of `total` users with pages of at most `cap`.
async fn capped(total: usize, cap: usize) -> Server {
    Server::start(move |seen| {
        let begin = asked(seen, "offset").min(total);
        let end = total.min(begin + cap.min(asked(seen, "limit")));
        Act::Answer(page(begin..end))
    })
    .await
}

#[tokio::test]
async fn a_list_is_read_page_by_page_whatever_the_cap() {
    for (total, cap, n_requests) in [
        (0, 100, 1),
        (30, 7, 6),
        (120, 50, 4),
        (200, 100, 3),
        (1000, 1000, 11),
    ] {
        let server = capped(total, cap).await;
        let listing = target(&server).list().await.unwrap();
        assert_eq!(
            (listing.users.len(), &listing.incomplete),
            (total, &None),
            "cap {cap}"
        );
        assert_eq!(server.lines().len(), n_requests, "cap {cap}");
    }
}

#[tokio::test]
async fn the_offset_advances_by_the_rows_received() {
    let server = capped(20, 7).await;
    target(&server).list().await.unwrap();
    assert_eq!(
        server.lines(),
        [0, 7, 14, 20].map(|offset| format!("GET /v2/users?offset={offset}&limit=100"))
    );
}

#[tokio::test]
async fn a_platform_that_refuses_large_pages_is_asked_for_small_ones_from_then_on() {
    let server = Server::start(|seen| match asked(seen, "limit") {
        100 => Act::Answer(answer(400, &[], r#"{"error":"INVALID_LIMIT"}"#)),
        _ => Act::Answer(page(
            asked(seen, "offset").min(60)..(asked(seen, "offset") + 50).min(60),
        )),
    })
    .await;
    let target = target(&server);
    for _ in 0..2 {
        let listing = target.list().await.unwrap();
        assert_eq!((listing.users.len(), listing.incomplete), (60, None));
    }
    let limits: Vec<usize> = server.seen().iter().map(|it| asked(it, "limit")).collect();
    assert_eq!(limits, [100, 50, 50, 50, 50, 50, 50]);
}

#[tokio::test]
async fn an_ignored_offset_is_noticed() {
    for (rows, is_complete) in [(20, true), (99, true), (50, false), (100, false)] {
        let server = Server::start(move |_| Act::Answer(page(0..rows))).await;
        let listing = target(&server).list().await.unwrap();
        assert_eq!(listing.users.len(), rows);
        assert_eq!(listing.incomplete.is_none(), is_complete, "{rows} rows");
    }
}

#[tokio::test]
async fn an_error_on_a_later_page_ends_the_reading() {
    for bytes in [
        answer(500, &[], ""),
        ok("<html>"),
        ok(r#"{"data":null}"#),
        ok(r#"{"data":[{"id"#),
    ] {
        let server = Server::start(move |seen| match asked(seen, "offset") {
            0 => Act::Answer(page(0..100)),
            _ => Act::Answer(bytes.clone()),
        })
        .await;
        assert_eq!(
            target(&server).list().await.unwrap_err().meaning,
            Meaning::Unknown
        );
    }
}

#[tokio::test]
async fn an_unreadable_page_shows_no_names() {
    let server = Server::answering(ok(r#"{"data":[{"id":"1","name":"Anna Ozola","#)).await;
    let text = target(&server).list().await.unwrap_err().text;
    assert_eq!(text, "the answer can't be read: it breaks off");
}

#[tokio::test]
async fn a_row_without_an_id_spoils_the_list() {
    let server = Server::start(|seen| match asked(seen, "offset") {
        0 => Act::Answer(ok(r#"{"data":[{"id":"1"},{"name":"x"},{"id":3}]}"#)),
        _ => Act::Answer(ok(r#"{"data":[]}"#)),
    })
    .await;
    let listing = target(&server).list().await.unwrap();
    let ids: Vec<&str> = listing.users.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["1", "3"]);
    assert_eq!(listing.incomplete.as_deref(), Some("a row without an id"));
}

#[tokio::test]
async fn an_id_travels_as_one_segment_of_the_path() {
    let expected = [
        ("17", "17"),
        ("a/b", "a%2Fb"),
        ("ä", "%C3%A4"),
        ("a b", "a%20b"),
        ("%2e", "%252e"),
        ("%2e%2e", "%252e%252e"),
        ("..a", "..a"),
        ("a?b#c", "a%3Fb%23c"),
        ("a\\b", "a%5Cb"),
    ];
    for (id, segment) in expected {
        let body = format!(
            r#"{{"data":[{{"id":{},"name":"N"}}]}}"#,
            serde_json::to_string(id).unwrap()
        );
        let server = Server::answering(ok(body)).await;
        let user = target(&server).get(&id.into()).await.unwrap();
        assert_eq!(user.map(|it| it.id), Some(id.into()));
        assert_eq!(server.lines(), [format!("GET /v2/users/{segment}")]);
    }
}

#[tokio::test]
async fn an_id_that_no_path_can_carry_is_not_asked_for() {
    let server = Server::answering(ok(r#"{"data":[]}"#)).await;
    let target = target(&server);
    for id in ["", ".", "..", "a\nb"] {
        assert_eq!(
            target.get(&id.into()).await.unwrap_err().meaning,
            Meaning::BadItem,
            "{id:?}"
        );
    }
    assert_eq!(server.n_connections(), 0);
}

#[tokio::test]
async fn a_single_user_is_there_or_absent_in_several_forms() {
    let there = [
        r#"{"data":[{"id":"1","name":"N","phone":"37126123456"}]}"#,
        r#"{"data":{"id":"1","name":"N","phone":"37126123456"}}"#,
        r#"{"id":"1","name":"N","phone":37126123456}"#,
        r#"[{"id":"2","name":"M"},{"id":1,"name":"N","phone":"+371 26123456"}]"#,
    ];
    for body in there {
        let server = Server::answering(ok(body)).await;
        let user = target(&server).get(&"1".into()).await.unwrap().unwrap();
        assert_eq!(
            (&*user.name, user.phone.unwrap().digits()),
            ("N", "37126123456"),
            "{body}"
        );
    }
    let absent = [
        ok(r#"{"data":[]}"#),
        ok(r#"{"data":null}"#),
        answer(404, &[], ""),
        answer(404, &[], "<html>"),
    ];
    for bytes in absent {
        let server = Server::answering(bytes).await;
        assert_eq!(target(&server).get(&"1".into()).await, Ok(None));
    }
}

#[tokio::test]
async fn neither_presence_nor_absence_follows_from_other_answers() {
    let bodies = [
        r#"{"data":[{"id":"2","name":"N"}]}"#,
        r#"{"data":[{"name":"N"}]}"#,
        "{}",
        "",
        "<html>",
    ];
    for body in bodies {
        let server = Server::answering(ok(body)).await;
        let answer = target(&server).get(&"1".into()).await.unwrap_err();
        assert_eq!(answer.meaning, Meaning::Unknown, "{body}");
    }
    for (status, meaning) in [
        (401, Meaning::Unauthorised),
        (403, Meaning::Forbidden),
        (500, Meaning::Unknown),
    ] {
        let server = Server::answering(answer(status, &[], "")).await;
        assert_eq!(
            target(&server).get(&"1".into()).await.unwrap_err().meaning,
            meaning
        );
    }
}
