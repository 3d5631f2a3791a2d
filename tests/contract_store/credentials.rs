//! Credentials: what was refused, and tokens that nobody can read in the file.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use wazzup_sync::domain::refusal::Refusal;
use wazzup_sync::store::{Refused, TokenKey, Tokens, TokensError};

use super::*;

fn key(text: &str) -> TokenKey {
    TokenKey::new(SecretString::from(text.repeat(32))).unwrap()
}

fn tokens(refresh: &str, access: &str) -> Tokens {
    Tokens {
        refresh: refresh.into(),
        access: access.into(),
        obtained_at: NOW,
        expires_at: later(3_600_000),
    }
}

fn refused(secret: &str, text: &str) -> Option<Refused> {
    Some(Refused {
        secret: secret.to_owned(),
        text: text.to_owned(),
    })
}

async fn learn(store: &Store, refused: Option<Refused>, ended_at: Millis) {
    let closing = Closing {
        ended_at,
        refused,
        ..closing()
    };
    run_with(store, "acme", &closing).await;
}

async fn refusal(store: &Store) -> Option<Refusal> {
    store.account("acme").await.unwrap().refusal
}

pub async fn a_refusal_counts_while_the_credential_is_the_same(store: &Store) {
    assert_eq!(refusal(store).await, None);
    learn(store, refused("one", "HTTP 401"), later(1)).await;
    learn(store, refused("one", "HTTP 403"), later(2)).await;
    learn(store, None, later(3)).await;
    let mut expected = Refusal {
        secret: "one".to_owned(),
        text: "HTTP 403".to_owned(),
        since: later(1),
        last_tried: later(2),
        n_tries: 2,
    };
    assert_eq!(refusal(store).await, Some(expected.clone()));
    learn(store, refused("other", "HTTP 403"), later(4)).await;
    expected.secret = "other".to_owned();
    (expected.since, expected.last_tried, expected.n_tries) = (later(4), later(4), 1);
    assert_eq!(refusal(store).await, Some(expected));
}

pub async fn a_refusal_can_be_forgotten(store: &Store) {
    store.forget_refusal("acme").await.unwrap();
    learn(store, refused("one", "HTTP 401"), later(1)).await;
    store.forget_refusal("acme").await.unwrap();
    assert_eq!(refusal(store).await, None);
}

pub async fn tokens_come_back_with_the_same_key_only(store: &Store) {
    let kept = store.tokens(&key("a"), "acme", "r").await.unwrap();
    assert!(kept.tokens.is_none() && kept.asked_at.is_none());
    let saved = tokens("refresh", "access");
    store
        .save_tokens(&key("a"), "acme", "r", &saved, NOW)
        .await
        .unwrap();
    let kept = store.tokens(&key("a"), "acme", "r").await.unwrap().tokens.unwrap();
    assert_eq!(kept.refresh.expose_secret(), "refresh");
    assert_eq!(kept.access.expose_secret(), "access");
    assert_eq!((kept.obtained_at, kept.expires_at), (NOW, later(3_600_000)));
    let error = store.tokens(&key("b"), "acme", "r").await.unwrap_err();
    assert!(matches!(error, TokensError::Key { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("\"acme\"") && text.contains("[store] key"), "{text}");
}

pub async fn a_renewal_without_an_answer_is_remembered_from_the_first_one_on(store: &Store) {
    let asked_at = async || store.tokens(&key("a"), "acme", "r").await.unwrap().asked_at;
    store.begin_renewal("acme", "r", later(1)).await.unwrap();
    store.begin_renewal("acme", "r", later(2)).await.unwrap();
    assert_eq!(asked_at().await, Some(later(1)));
    store
        .save_tokens(&key("a"), "acme", "r", &tokens("refresh", "access"), later(3))
        .await
        .unwrap();
    assert_eq!(asked_at().await, None);
    store.begin_renewal("acme", "r", later(4)).await.unwrap();
    let kept = store.tokens(&key("a"), "acme", "r").await.unwrap();
    assert!(
        kept.tokens.is_some() && kept.asked_at == Some(later(4)),
        "the tokens stay"
    );
    store.withdraw_renewal("acme", "r", None).await.unwrap();
    assert_eq!(asked_at().await, None);
}

pub async fn each_credential_has_its_own_tokens(store: &Store) {
    let save = async |remote: &str, refresh: &str, now| {
        let tokens = tokens(refresh, "access");
        store
            .save_tokens(&key("a"), "acme", remote, &tokens, now)
            .await
            .unwrap();
    };
    let refresh = async |remote: &str| {
        let kept = store.tokens(&key("a"), "acme", remote).await.unwrap();
        kept.tokens.map(|it| it.refresh.expose_secret().to_owned())
    };
    save("first", "one", NOW).await;
    save("second", "two", later(Millis::DAY)).await;
    assert_eq!(refresh("first").await.as_deref(), Some("one"));
    assert_eq!(refresh("second").await.as_deref(), Some("two"));
    save("second", "three", later(8 * Millis::DAY)).await;
    assert_eq!(refresh("first").await, None, "nobody has come back to it");
    assert_eq!(refresh("second").await.as_deref(), Some("three"));
}

pub async fn a_renamed_account_keeps_its_tokens_and_a_forgotten_one_does_not(store: &Store) {
    let saved = tokens("refresh", "access");
    store
        .save_tokens(&key("a"), "acme", "r", &saved, NOW)
        .await
        .unwrap();
    store.rename("acme", "beta").await.unwrap();
    assert!(
        store
            .tokens(&key("a"), "beta", "r")
            .await
            .unwrap()
            .tokens
            .is_some()
    );
    store.forget("beta").await.unwrap();
    assert!(
        store
            .tokens(&key("a"), "beta", "r")
            .await
            .unwrap()
            .tokens
            .is_none()
    );
}

pub async fn only_one_renews_at_a_time(store: &Store) {
    let lock = async |remote| store.lock_tokens(remote, Duration::ZERO).await.unwrap();
    let first = lock("r").await;
    assert!(first.is_some());
    assert!(lock("r").await.is_none());
    assert!(lock("other").await.is_some());
    assert!(
        store.lock_remote("r").await.unwrap().is_some(),
        "a run is another matter"
    );
    drop(first);
    assert!(lock("r").await.is_some());
}

pub async fn who_wants_to_renew_waits_for_the_other_one(store: &Store) {
    let patience = Duration::from_secs(60);
    let first = store.lock_tokens("r", patience).await.unwrap().unwrap();
    let release = async {
        tokio::task::yield_now().await;
        drop(first);
    };
    let (second, ()) = tokio::join!(store.lock_tokens("r", patience), release);
    assert!(second.unwrap().is_some());
}
