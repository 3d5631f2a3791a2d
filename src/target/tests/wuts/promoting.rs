//! Roles that are changed by promotions.

use super::*;

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
async fn a_role_that_a_put_does_not_change_is_changed_by_a_promotion() {
    // Says "done" to everything and changes nothing.
    let server = tenant(|_| Act::Answer(ok(DONE))).await;
    let target = target(&server);
    for (id, old, new) in [("3", "manager", "user"), ("4", "user", "manager")] {
        let step = admit(id, new, Some(member(id, "a", old, true)));
        assert_eq!(target.send(&step).await.answer.meaning, Meaning::Accepted);
    }
    let sent: Vec<String> = writes(&server).into_iter().map(|it| it.0).collect();
    assert_eq!(
        sent,
        ["PUT /users/3", "POST /users/3/promote", "POST /users/4/promote"]
    );
}

#[tokio::test]
async fn a_refused_promotion_leaves_an_accepted_put_to_be_read_back() {
    let server = tenant(|seen| match seen.line.starts_with("POST") {
        true => Act::Answer(answer(403, &[], "")),
        false => Act::Answer(ok(DONE)),
    })
    .await;
    let step = admit("4", "manager", Some(member("4", "a", "user", true)));
    let answer = target(&server).send(&step).await.answer;
    assert_eq!(answer.meaning, Meaning::Accepted, "{answer:?}");
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
