//! What writes do to phones.

use serde_json::{Value, json};
use wazzup_sync::simulator::{BatchRule, PhoneCheck, PhoneRule};

use super::{Bench, item, phone};

/// One POST of these items under this check: whether it was accepted whole.
async fn accepted(check: PhoneCheck, items: Value) -> bool {
    let bench = Bench::switched(2, |it| it.phone_check = check).await;
    let (status, body) = bench.post(items).await;
    if status != 200 {
        assert_eq!(body["error"], "USER_ALREADY_EXISTS");
        assert_eq!(bench.phone("1"), Some(phone(1)), "a refused batch had an effect");
    }
    status == 200
}

#[tokio::test]
async fn a_chain_passes_only_where_the_phone_is_freed_in_time() {
    // User 1 moves on to a free phone, user 2 takes its old one.
    let freed_first = json!([item("1", 9), item("2", 1)]);
    let taken_first = json!([item("2", 1), item("1", 9)]);
    for (check, freed_first_passes, taken_first_passes) in [
        (PhoneCheck::Before, false, false),
        (PhoneCheck::During, true, false),
        (PhoneCheck::DuringReversed, false, true),
        (PhoneCheck::After, true, true),
    ] {
        assert_eq!(
            accepted(check, freed_first.clone()).await,
            freed_first_passes,
            "{check:?}"
        );
        assert_eq!(
            accepted(check, taken_first.clone()).await,
            taken_first_passes,
            "{check:?}"
        );
    }
}

#[tokio::test]
async fn a_swap_passes_only_with_a_check_at_the_end() {
    let swap = json!([item("1", 2), item("2", 1)]);
    assert!(accepted(PhoneCheck::After, swap.clone()).await);
    for check in [PhoneCheck::Before, PhoneCheck::During, PhoneCheck::DuringReversed] {
        assert!(!accepted(check, swap.clone()).await, "{check:?}");
    }
}

#[tokio::test]
async fn one_phone_for_two_new_users_never_passes() {
    let twins = json!([item("8", 8), item("9", 8)]);
    for check in [
        PhoneCheck::Before,
        PhoneCheck::During,
        PhoneCheck::DuringReversed,
        PhoneCheck::After,
    ] {
        assert!(!accepted(check, twins.clone()).await, "{check:?}");
    }
}

#[tokio::test]
async fn a_partial_batch_loses_exactly_the_clashing_item() {
    for (check, survivor) in [
        (PhoneCheck::Before, "8"),
        (PhoneCheck::During, "8"),
        (PhoneCheck::DuringReversed, "9"),
        (PhoneCheck::After, "8"),
    ] {
        let bench = Bench::switched(1, |it| {
            it.phone_check = check;
            it.batch = BatchRule::SkipBad;
        })
        .await;
        assert_eq!(
            bench
                .post(json!([item("8", 8), item("9", 8), item("2", 2)]))
                .await
                .0,
            400
        );
        assert_eq!(bench.ids(), ["1", "2", survivor], "{check:?}");
    }
}

#[tokio::test]
async fn a_check_at_the_end_stops_at_the_first_bad_item_if_told_so() {
    let bench = Bench::switched(1, |it| {
        it.phone_check = PhoneCheck::After;
        it.batch = BatchRule::StopAtFirst;
    })
    .await;
    bench
        .post(json!([item("7", 7), item("8", 1), item("9", 9)]))
        .await;
    assert_eq!(bench.ids(), ["1", "7"]);
}

#[tokio::test]
async fn keeping_ones_own_phone_is_no_clash() {
    for check in [PhoneCheck::Before, PhoneCheck::During, PhoneCheck::After] {
        assert!(accepted(check, json!([item("1", 1), item("2", 2)])).await);
    }
}

#[tokio::test]
async fn phones_need_not_be_unique() {
    let bench = Bench::switched(1, |it| it.unique_phones = false).await;
    for check in [PhoneCheck::Before, PhoneCheck::During, PhoneCheck::After] {
        bench.simulator.update_switches(|it| it.phone_check = check);
        assert_eq!(bench.post(json!([item("2", 1), item("3", 1)])).await.0, 200);
    }
    assert_eq!(bench.phone("3"), Some(phone(1)));
}

#[tokio::test]
async fn clashes_made_by_an_administrator_are_not_blamed_on_a_batch() {
    for check in [PhoneCheck::Before, PhoneCheck::During, PhoneCheck::After] {
        let bench = Bench::switched(2, |it| it.phone_check = check).await;
        let mut twin = super::user(2);
        twin.phone = Some(phone(1));
        bench.simulator.put_user(super::TOKEN, twin);
        let (status, _) = bench.post(json!([item("2", 1), item("3", 3)])).await;
        assert_eq!(status, 200, "{check:?}");
    }
}

/// The four ways to send no phone.
fn phoneless() -> [Value; 4] {
    [
        json!({"id": "1", "name": "One"}),
        json!({"id": "1", "name": "One", "phone": ""}),
        json!({"id": "1", "name": "One", "phone": null}),
        json!({"id": "1", "name": "One", "phone": "none"}),
    ]
}

/// What each of the four ways leaves: the phone, or `None` for a refusal.
async fn left(change: impl Fn(&mut wazzup_sync::simulator::Switches)) -> Vec<Option<Option<String>>> {
    let mut left = Vec::new();
    for item in phoneless() {
        let bench = Bench::switched(1, &change).await;
        let is_accepted = bench.post(json!([item])).await.0 == 200;
        left.push(is_accepted.then(|| bench.phone("1")));
    }
    left
}

#[tokio::test]
async fn by_default_everything_but_omission_clears_a_phone() {
    let (kept, cleared) = (Some(Some(phone(1))), Some(None));
    assert_eq!(
        left(|_| ()).await,
        [kept, cleared.clone(), cleared.clone(), cleared]
    );
}

#[tokio::test]
async fn nothing_clears_a_phone_if_told_so() {
    assert_eq!(
        left(|it| it.set_phone_rules(PhoneRule::Keep)).await,
        vec![Some(Some(phone(1))); 4]
    );
    assert_eq!(
        left(|it| it.set_phone_rules(PhoneRule::Reject)).await,
        vec![None; 4]
    );
}

#[tokio::test]
async fn each_way_can_be_the_only_one_that_clears() {
    for only in 0..4 {
        let left = left(|it| {
            it.set_phone_rules(PhoneRule::Keep);
            let rules = [
                &mut it.omitted_phone,
                &mut it.empty_phone,
                &mut it.null_phone,
                &mut it.malformed_phone,
            ];
            *rules.into_iter().nth(only).unwrap() = PhoneRule::Clear;
        })
        .await;
        for (way, left) in left.into_iter().enumerate() {
            let expected = (way != only).then(|| phone(1));
            assert_eq!(left, Some(expected), "way {way}, clearing way {only}");
        }
    }
}

#[tokio::test]
async fn a_phone_can_be_required() {
    let bench = Bench::switched(1, |it| it.phone_required = true).await;
    assert_eq!(bench.post(json!([{"id": "2", "name": "Two"}])).await.0, 400);
    assert_eq!(bench.post(json!([{"id": "1", "name": "New name"}])).await.0, 200);
    let (status, _) = bench
        .post(json!([{"id": "1", "name": "New name", "phone": ""}]))
        .await;
    assert_eq!(status, 400);
    assert_eq!(bench.phone("1"), Some(phone(1)));
}

#[tokio::test]
async fn a_malformed_phone_is_dropped_without_a_word() {
    for malformed in [
        "+37126123456",
        "371 26123456",
        "123456",
        "1234567890123456",
        "٣٧١٢٦١٢٣",
    ] {
        let bench = Bench::with_users(0).await;
        let (status, body) = bench
            .post(json!([{"id": "1", "name": "One", "phone": malformed}]))
            .await;
        assert_eq!((status, &body["data"]["processed"]), (200, &json!(1)));
        assert_eq!(bench.phone("1"), None, "{malformed}");
    }
}

#[tokio::test]
async fn phones_can_be_normalised() {
    let bench = Bench::switched(0, |it| it.normalise_phones = true).await;
    bench
        .post(json!([{"id": "1", "name": "One", "phone": "+371 (26) 12-34.56"}]))
        .await;
    assert_eq!(bench.phone("1").as_deref(), Some("37126123456"));
}
