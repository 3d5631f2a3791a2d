//! Refresh tokens: each is used once, kept before its access token is used, and refused with a way out.

use super::*;

#[tokio::test]
async fn a_new_refresh_token_is_kept_before_its_access_token_is_used() {
    let world = World::new().await;
    let safe = Safe::default();
    let target = world.target(&world.oauth(&safe));
    safe.0.is_broken.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        let answer = target.list().await.unwrap_err();
        assert_eq!(answer.meaning, Meaning::NotSent(Hindrance::Store));
        assert!(answer.text.contains("no space is left"), "{answer:?}");
    }
    assert!(
        world
            .server
            .lines()
            .iter()
            .all(|it| it.contains("/v2/oauth/token"))
    );
    assert_eq!(world.asked().len(), 1, "what came is not asked for again");
    safe.0.is_broken.store(false, Ordering::Relaxed);
    target.list().await.unwrap();
    assert!(world.asked().is_empty());
    assert_eq!(safe.refresh().as_deref(), Some("refresh-1"));
}

#[tokio::test]
async fn each_refresh_token_is_used_once_and_one_that_stays_is_used_again() {
    for keeps in [false, true] {
        let world = World::new().await;
        world.books(|it| it.keeps_refresh = keeps);
        let safe = Safe::default();
        for _ in 0..3 {
            // Another process each time.
            world.target(&world.oauth(&safe)).list().await.unwrap();
            world.target(&world.oauth(&safe)).list().await.unwrap();
            world.later(3600);
        }
        assert_eq!(world.asked(), ["refresh_token"; 3]);
        let kept = if keeps { FIRST } else { "refresh-3" };
        assert_eq!(safe.refresh().as_deref(), Some(kept));
    }
}

#[tokio::test]
async fn a_renewal_in_the_other_shape_is_tried_and_remembered() {
    let world = World::new().await;
    world.books(|it| it.wants_flat = true);
    let target = world.target(&world.oauth(&Safe::default()));
    for n_asked in [2, 1, 1] {
        target.list().await.unwrap();
        assert_eq!(world.asked().len(), n_asked);
        world.later(3600);
    }
}

#[tokio::test]
async fn a_refused_refresh_token_says_what_to_do() {
    let world = World::new().await;
    world.books(|it| it.refresh = None);
    let safe = Safe::default();
    let answer = world.oauth(&safe).bearer().await.unwrap_err();
    assert_eq!(answer.meaning, Meaning::Unauthorised);
    assert_eq!(answer.code.as_deref(), Some("INVALID_GRANT"));
    assert!(
        answer.text.contains("accounts[acme].target.oauth.refresh_token"),
        "{answer:?}"
    );
    assert!(!answer.text.contains("lost"), "{answer:?}");
    assert_eq!(safe.kept().asked_at, None);
    assert_eq!(
        world.asked().len(),
        1,
        "the code speaks of the token, not of the shape"
    );
}

#[tokio::test]
async fn a_refresh_token_that_is_refused_after_a_lost_answer_says_so() {
    let world = World::new().await;
    let safe = Safe::default();
    world.books(|it| it.next = vec![Some(vec![])]);
    let answer = world.oauth(&safe).bearer().await.unwrap_err();
    assert_eq!(answer.meaning, Meaning::Unknown);
    assert!(safe.kept().asked_at.is_some());
    world.books(|it| it.refresh = Some("replaced-unseen".to_owned()));
    for _ in 0..2 {
        let answer = world.oauth(&safe).bearer().await.unwrap_err();
        assert_eq!(answer.meaning, Meaning::Unauthorised);
        assert!(
            answer.text.contains("a renewal on 1970-01-01 00:00 UTC was lost"),
            "{answer:?}"
        );
    }
    world.books(|it| it.refresh = Some(FIRST.to_owned()));
    world.oauth(&safe).bearer().await.unwrap();
    assert_eq!(safe.kept().asked_at, None);
}

#[tokio::test]
async fn processes_side_by_side_share_a_renewal() {
    let world = World::new().await;
    let safe = Safe::default();
    let (one, other) = (world.oauth(&safe), world.oauth(&safe));
    for _ in 0..3 {
        let (one, other) = tokio::join!(one.bearer(), other.bearer());
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.token().expose_secret(), other.token().expose_secret());
        assert_eq!(world.asked(), ["refresh_token"]);
        world.later(3540);
    }
    // One of them is told of a token that was revoked, and the other one only hears of it.
    let (mine, theirs) = (one.bearer().await.unwrap(), other.bearer().await.unwrap());
    world.asked();
    one.renewed(&mine).await.unwrap().unwrap();
    other.renewed(&theirs).await.unwrap().unwrap();
    assert_eq!(world.asked(), ["refresh_token"]);
}

#[tokio::test]
async fn a_renewal_goes_on_when_nobody_waits_for_it_any_more() {
    let world = World::new().await;
    let safe = Safe::default();
    let credential = world.oauth(&safe);
    {
        let mut asking = Box::pin(credential.bearer());
        while world.books(|it| it.asked.is_empty()) {
            tokio::select! {
                biased;
                _ = &mut asking => {}
                () = tokio::task::yield_now() => {}
            }
        }
    }
    credential.bearer().await.unwrap();
    assert_eq!(world.asked(), ["refresh_token"]);
    assert_eq!(safe.refresh().as_deref(), Some("refresh-1"));
}
