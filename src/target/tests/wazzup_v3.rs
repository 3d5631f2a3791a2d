//! The paths, bodies and lists of Wazzup v3.

use super::server::{Act, Seen, Server, answer, ok};
use super::*;
use crate::target::{Listing, Meaning, ReadTarget as _, Requests, WriteTarget as _};

fn leavers(ids: &[&str]) -> Batch {
    let items = ids.iter().map(|id| item(id, "x", PhoneField::None)).collect();
    batch(Verb::Delete, items)
}

/// The list as an array of the users `ids`.
fn array(ids: std::ops::Range<usize>) -> String {
    let rows: Vec<String> = ids
        .map(|id| format!(r#"{{"id":"{id}","name":"N","phone":"371{id}"}}"#))
        .collect();
    format!("[{}]", rows.join(","))
}

fn offset(seen: &Seen) -> usize {
    let (_, offset) = seen.line.split_once("?offset=").unwrap();
    offset.parse().unwrap()
}

/// What the list of that platform looks like to us, and how many requests it took.
async fn list(page: impl Fn(usize) -> String + Send + Sync + 'static) -> (Listing, usize) {
    let server = Server::start(move |seen| Act::Answer(ok(page(offset(seen))))).await;
    let listing = wazzup_v3_at(&server).list().await.unwrap();
    (listing, server.lines().len())
}

#[tokio::test]
async fn creates_and_updates_are_posted_as_a_bare_array() {
    let record = vec![
        item("1", "Anna", number("37126123456")),
        item("2", "B", PhoneField::None),
    ];
    for verb in [Verb::Create, Verb::Update, Verb::Upsert] {
        let server = Server::answering(ok("")).await;
        let (target, batch) = (wazzup_v3_at(&server), batch(verb, record.clone()));
        assert_eq!(target.send(&batch).await.meaning, Meaning::Accepted);
        let seen = server.seen().remove(0);
        assert_eq!(seen.line, "POST /v3/users");
        assert_eq!(
            seen.body,
            r#"[{"id":"1","name":"Anna","phone":"37126123456"},{"id":"2","name":"B"}]"#
        );
        assert_eq!(target.describe(&batch), ("POST", "/v3/users"));
    }
}

#[tokio::test]
async fn leavers_go_together_and_a_single_one_alone() {
    let server = Server::answering(ok("")).await;
    let target = wazzup_v3_at(&server);
    for (ids, line, described, body) in [
        (
            &["2", "10"][..],
            "PATCH /v3/users/bulk_delete",
            "/v3/users/bulk_delete",
            r#"["2","10"]"#,
        ),
        (&["a/b"], "DELETE /v3/users/a%2Fb", "/v3/users/{id}", ""),
        // No path can carry this one.
        (
            &[".."],
            "PATCH /v3/users/bulk_delete",
            "/v3/users/bulk_delete",
            r#"[".."]"#,
        ),
    ] {
        let batch = leavers(ids);
        assert_eq!(target.send(&batch).await.meaning, Meaning::Accepted);
        let seen = server.seen().pop().unwrap();
        assert_eq!((seen.line.as_str(), seen.body.as_str()), (line, body));
        assert_eq!(target.describe(&batch).1, described);
    }
    assert_eq!(target.requests(), Requests { read: 0, write: 3 });
}

#[tokio::test]
async fn leavers_that_were_absent_come_back_in_a_success() {
    for body in ["[]", r#"["2"]"#, ""] {
        let server = Server::answering(ok(body)).await;
        let answer = wazzup_v3_at(&server).send(&leavers(&["1", "2"])).await;
        assert_eq!(answer.meaning, Meaning::Accepted, "{body}");
    }
}

#[tokio::test]
async fn a_missing_bulk_call_is_no_missing_user() {
    for (status, meaning) in [
        (404, Meaning::BadItem),
        (405, Meaning::BadItem),
        (403, Meaning::Forbidden),
    ] {
        let server = Server::answering(answer(status, &[], "")).await;
        let target = wazzup_v3_at(&server);
        assert_eq!(target.send(&leavers(&["1", "2"])).await.meaning, meaning);
    }
    let server = Server::answering(answer(404, &[], "")).await;
    let answer = wazzup_v3_at(&server).send(&leavers(&["1"])).await;
    assert_eq!(answer.meaning, Meaning::Missing, "a single one is gone");
}

#[tokio::test]
async fn an_array_is_the_whole_list_if_it_comes_again() {
    for (n, n_requests) in [(0, 1), (7, 2), (99, 2), (100, 2), (101, 2), (1000, 2)] {
        let (listing, n_sent) = list(move |_| array(0..n)).await;
        assert_eq!((listing.users.len(), &listing.incomplete), (n, &None), "{n}");
        assert_eq!(n_sent, n_requests, "{n}");
    }
}

#[tokio::test]
async fn an_array_may_come_in_pages() {
    // Pages as documented, and shorter ones.
    for (cap, n_requests) in [(100, 4), (30, 10)] {
        let (listing, n_sent) = list(move |offset| array(offset.min(250)..(offset + cap).min(250))).await;
        assert_eq!((listing.users.len(), listing.incomplete), (250, None), "{cap}");
        assert_eq!(n_sent, n_requests, "{cap}");
    }
}

#[tokio::test]
async fn pages_in_an_envelope_are_read_to_an_empty_one_whatever_the_count_says() {
    for count in ["250", "\"250\"", "100", "null"] {
        for cap in [100, 30] {
            let (listing, _) = list(move |offset| {
                let rows = array(offset.min(250)..(offset + cap).min(250));
                format!(r#"{{"count":{count},"data":{rows}}}"#)
            })
            .await;
            assert_eq!(
                (listing.users.len(), listing.incomplete),
                (250, None),
                "{count}, {cap}"
            );
        }
    }
    let (listing, _) = list(|_| format!(r#"{{"count":100,"data":{}}}"#, array(0..100))).await;
    assert!(listing.incomplete.is_some(), "nobody knows what follows");
}

#[tokio::test]
async fn whether_a_list_shows_phones_is_told_by_its_rows() {
    for (rows, phones_shown) in [
        (r#"[{"id":"1","name":"N"}]"#, false),
        (
            r#"[{"id":"1","name":"N"},{"id":"2","name":"M","phone":""}]"#,
            true,
        ),
        ("[]", true),
    ] {
        let (listing, _) = list(|_| rows.to_owned()).await;
        assert_eq!(listing.phones_shown, phones_shown, "{rows}");
    }
}

#[tokio::test]
async fn an_absent_user_may_be_an_empty_answer() {
    for bytes in [ok(""), ok("[]"), answer(404, &[], "")] {
        let server = Server::answering(bytes).await;
        assert_eq!(wazzup_v3_at(&server).get(&"1".into()).await, Ok(None));
    }
    let server = Server::answering(ok(r#"{"id":"1","name":"N","phone":"37126123456","accountId":7}"#)).await;
    let user = wazzup_v3_at(&server).get(&"1".into()).await.unwrap().unwrap();
    assert_eq!(user.phone.unwrap().digits(), "37126123456");
    assert_eq!(server.lines(), ["GET /v3/users/1"]);
}
