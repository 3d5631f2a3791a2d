//! Users: managed, seen, foreign.

use super::*;

pub async fn foreign_users_are_claimed_or_none_is(store: &Store) {
    let foreign = vec![
        user("10", "Ten", Some("37120000010")),
        user("9", "Nine", None),
        user("x", "X", None),
    ];
    let digest = DigestChange::Set("d".to_owned());
    run_with(
        store,
        "acme",
        &Closing {
            foreign: Some(foreign),
            digest,
            ..closing()
        },
    )
    .await;
    let ids = [UserId::from("9"), "77".into()];
    let error = store.claim("acme", Some(&ids), later(5)).await.unwrap_err();
    let ClaimError::Unknown(unknown) = &error else {
        panic!("{error}")
    };
    assert_eq!(unknown, &["77".into()]);
    assert_eq!(error.to_string(), "no foreign users are known as \"77\"");
    assert_eq!(store.account("acme").await.unwrap().foreign, 3);

    assert_eq!(store.claim("acme", Some(&ids[..1]), later(5)).await.unwrap(), 1);
    let managed = store.managed("acme").await.unwrap();
    let nine = &managed[&"9".into()];
    assert_eq!((nine.origin, nine.since), (Origin::Claimed, later(5)));
    assert_eq!(nine.observed, Some(user("9", "Nine", None)));
    assert_eq!(store.account("acme").await.unwrap().digest, None);
    assert_eq!(store.claim("acme", None, later(6)).await.unwrap(), 2);
    assert!(store.foreign("acme").await.unwrap().is_empty());
    assert_eq!(store.managed("acme").await.unwrap().len(), 3);
}

pub async fn a_claimed_user_is_not_foreign_again(store: &Store) {
    let foreign = Some(vec![user("9", "Nine", None), user("x", "X", None)]);
    run_with(
        store,
        "acme",
        &Closing {
            foreign: foreign.clone(),
            ..closing()
        },
    )
    .await;
    let run = store.begin_run("acme", NOW).await.unwrap();
    store.claim("acme", Some(&["9".into()]), NOW).await.unwrap();
    let digest = DigestChange::Set("d".to_owned());
    store
        .close_run(
            &run,
            &Closing {
                foreign,
                digest,
                ..closing()
            },
        )
        .await
        .unwrap();
    assert_eq!(store.foreign("acme").await.unwrap(), [user("x", "X", None)]);
    assert_eq!(store.account("acme").await.unwrap().digest, None);
}

pub async fn a_new_snapshot_keeps_who_is_ours(store: &Store) {
    let mut remember = [
        anna(),
        user("8", "Bob", Some("37120000008")),
        user("9", "Eve", None),
    ]
    .map(|it| ours(&it));
    for (_, it) in &mut remember {
        it.phone_cells = Some(3);
    }
    let digest = DigestChange::Set("d".to_owned());
    run_with(
        store,
        "acme",
        &Closing {
            remember: remember.into(),
            digest,
            ..closing()
        },
    )
    .await;

    let moved = user("8", "Bob", Some("37129999999"));
    let listed = [anna(), moved.clone(), user("x", "Stranger", None)];
    store.save_snapshot("acme", &listed, later(9)).await.unwrap();
    let managed = store.managed("acme").await.unwrap();
    let seen: Vec<_> = managed
        .values()
        .map(|it| (it.observed.clone(), it.phone_cells))
        .collect();
    assert_eq!(seen, [(Some(anna()), Some(3)), (Some(moved), None), (None, None)]);
    assert!(managed.values().all(|it| it.origin == Origin::Adopted));
    let state = store.account("acme").await.unwrap();
    assert_eq!(
        (state.digest, state.verified_at, state.foreign),
        (None, Some(later(9)), 1)
    );
}

pub async fn strange_texts_come_back_as_they_were(store: &Store) {
    let texts = [
        "a\0b",
        "'; DROP TABLE runs; --",
        "Žanna 👩‍👩‍👧",
        "\u{202e}x",
        "\"",
        "\\u0000",
        "",
    ];
    let remember: Vec<(UserId, Remembered)> = texts.iter().map(|it| ours(&user(it, it, None))).collect();
    run_with(
        store,
        "acme 'quoted'",
        &Closing {
            remember: remember.clone(),
            ..closing()
        },
    )
    .await;
    let managed = store.managed("acme 'quoted'").await.unwrap();
    assert_eq!(managed, remember.into_iter().collect());
}

pub async fn many_users_are_written_at_once(store: &Store) {
    let ids: Vec<String> = (0..1000).map(|it| it.to_string()).collect();
    let users: Vec<User> = ids
        .iter()
        .map(|id| user(id, "Name", Some("37126123456")))
        .collect();
    let run = store.begin_run("acme", NOW).await.unwrap();
    for (seq, ids) in (1..).zip(ids.chunks(100)) {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        intend(store, &run, seq, &batch(Verb::Create, Purpose::Apply, &ids), NOW).await;
    }
    let closing = Closing {
        settled: ids
            .iter()
            .map(|id| settled(id, Op::Create, Outcome::Applied))
            .collect(),
        remember: users.iter().map(ours).collect(),
        ..closing()
    };
    store.close_run(&run, &closing).await.unwrap();
    let managed = store.managed("acme").await.unwrap();
    assert_eq!(managed.len(), 1000);
    assert!(
        managed
            .values()
            .zip(&users)
            .all(|(it, user)| it.observed.as_ref() == Some(user))
    );
    assert_eq!(store.run(run.as_str()).await.unwrap().settled.len(), 1000);
    let forget = Closing {
        forget: users.iter().map(|it| it.id.clone()).collect(),
        ..self::closing()
    };
    run_with(store, "acme", &forget).await;
    assert_eq!(store.account("acme").await.unwrap().n_managed, 0);
}
