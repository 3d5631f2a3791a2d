//! Plans that a planner with a bug could make. Each must be refused for its own reason.

use std::sync::Arc;

use super::super::batch::ClearBy;

use super::super::testing::{Office, phone, user};
use super::super::user::User;
use super::*;

/// Three users with the phones 1, 2 and 3, and a foreign one, `x`, with phone 9.
fn world() -> World {
    World::from_list([
        user("1", "Anna", Some(1)),
        user("2", "Berta", Some(2)),
        user("3", "Cecīlija", Some(3)),
        user("x", "Stranger", Some(9)),
    ])
}

fn capabilities() -> Capabilities {
    Capabilities {
        batch_users: 2,
        name_chars: 10,
        id_chars: 5,
        ..Office::new().capabilities
    }
}

fn item(id: &str, phone_no: Option<usize>) -> Item {
    Item {
        id: id.into(),
        name: Arc::from("Name"),
        phone: phone_no.map_or(PhoneField::None, |n| PhoneField::Number(phone(n))),
        grant: None,
        purpose: Purpose::Apply,
    }
}

fn batch(verb: Verb, items: Vec<Item>) -> Batch {
    Batch { verb, items }
}

fn delete(id: &str, purpose: Purpose) -> Batch {
    let item = Item {
        purpose,
        ..item(id, None)
    };
    batch(Verb::Delete, vec![item])
}

fn park(id: &str) -> Batch {
    let item = Item {
        purpose: Purpose::Park,
        phone: PhoneField::Clear(ClearBy::Empty),
        ..item(id, None)
    };
    batch(Verb::Update, vec![item])
}

/// What the changes ask for: these users, with these phones, named as [`item`] names them.
fn changes(wanted: &[(&str, Option<Option<usize>>)]) -> BTreeMap<UserId, Change> {
    let world = world();
    let change = |(id, phone_no): &(&str, Option<Option<usize>>)| {
        let id = UserId::from(*id);
        let old = world.users.get(&id).cloned();
        let new: Option<User> = phone_no.map(|n| user(id.as_str(), "Name", n));
        let op = match (&old, &new) {
            (_, None) => Op::Delete,
            (None, Some(_)) => Op::Create,
            (Some(_), Some(_)) => Op::Update,
        };
        (id.clone(), Change { id, op, old, new })
    };
    wanted.iter().map(change).collect()
}

fn verdict(
    wanted: &[(&str, Option<Option<usize>>)],
    batches: &[Batch],
    seats: Option<usize>,
) -> Result<Vec<usize>, Violation> {
    check(&world(), &changes(wanted), batches, &capabilities(), seats)
}

fn refusal(wanted: &[(&str, Option<Option<usize>>)], batches: &[Batch]) -> Violation {
    verdict(wanted, batches, None).unwrap_err()
}

#[test]
fn a_sound_plan_passes_and_counts_the_seats() {
    let wanted = [
        ("1", Some(Some(2))),
        ("2", Some(Some(1))),
        ("3", None),
        ("4", Some(Some(3))),
    ];
    let plan = [
        delete("3", Purpose::Remove),
        park("1"),
        batch(Verb::Update, vec![item("2", Some(1))]),
        batch(Verb::Update, vec![item("1", Some(2))]),
        batch(Verb::Create, vec![item("4", Some(3))]),
    ];
    assert_eq!(verdict(&wanted, &plan, Some(4)), Ok(vec![3, 3, 3, 3, 4]));
}

#[test]
fn requests_of_no_user_or_too_many_are_refused() {
    assert_eq!(refusal(&[], &[batch(Verb::Delete, vec![])]), Violation::Size(0));
    let wanted = [("1", None), ("2", None), ("3", None)];
    let all = ["1", "2", "3"].map(|id| item(id, None)).to_vec();
    assert_eq!(refusal(&wanted, &[batch(Verb::Delete, all)]), Violation::Size(3));
}

#[test]
fn a_user_twice_in_a_request_is_refused() {
    let twice = batch(Verb::Update, vec![item("1", Some(5)), item("1", Some(5))]);
    assert_eq!(
        refusal(&[("1", Some(Some(5)))], &[twice]),
        Violation::Twice("1".into())
    );
}

#[test]
fn a_user_without_a_change_is_refused() {
    let stranger = delete("x", Purpose::Remove);
    assert_eq!(
        refusal(&[("1", None)], &[stranger]),
        Violation::Immovable("x".into())
    );
}

#[test]
fn a_create_of_a_user_that_exists_is_refused() {
    let create = batch(Verb::Create, vec![item("1", None)]);
    assert_eq!(
        refusal(&[("1", Some(None))], &[create]),
        Violation::Exists("1".into())
    );
}

#[test]
fn a_change_of_a_user_that_does_not_exist_is_refused() {
    for verb in [Verb::Update, Verb::Delete] {
        let change = batch(verb, vec![item("4", None)]);
        assert_eq!(
            refusal(&[("4", Some(None))], &[change]),
            Violation::Absent("4".into())
        );
    }
    let gone = [delete("1", Purpose::Remove), delete("1", Purpose::Remove)];
    assert_eq!(refusal(&[("1", None)], &gone), Violation::Absent("1".into()));
}

#[test]
fn an_upsert_may_meet_anybody_and_nobody() {
    let both = batch(Verb::Upsert, vec![item("1", None), item("4", None)]);
    assert_eq!(
        verdict(&[("1", Some(None)), ("4", Some(None))], &[both], None),
        Ok(vec![5])
    );
}

#[test]
fn ids_and_names_that_the_platform_can_not_take_are_refused() {
    let long_id = batch(Verb::Create, vec![item("äääääö", None)]);
    let wanted = [("äääääö", Some(None))];
    assert_eq!(refusal(&wanted, &[long_id]), Violation::Field("äääääö".into()));
    for name in ["", "a name of more than ten"] {
        let unnamed = Item {
            name: name.into(),
            ..item("1", None)
        };
        let update = batch(Verb::Update, vec![unnamed]);
        assert_eq!(
            refusal(&[("1", Some(None))], &[update]),
            Violation::Field("1".into()),
            "{name:?}"
        );
    }
}

#[test]
fn a_phone_that_another_holds_before_the_request_is_refused() {
    // Sound only if the platform treats the items in this order.
    let ordered = batch(Verb::Update, vec![item("1", Some(5)), item("2", Some(1))]);
    assert_eq!(
        refusal(&[("1", Some(Some(5))), ("2", Some(Some(1)))], &[ordered]),
        Violation::PhoneTaken {
            taker: "2".into(),
            holder: "1".into()
        }
    );
    let foreign = batch(Verb::Create, vec![item("4", Some(9))]);
    assert_eq!(
        refusal(&[("4", Some(Some(9)))], &[foreign]),
        Violation::PhoneTaken {
            taker: "4".into(),
            holder: "x".into()
        }
    );
}

#[test]
fn a_phone_that_two_take_in_one_request_is_refused() {
    let both = batch(Verb::Update, vec![item("1", Some(5)), item("2", Some(5))]);
    assert_eq!(
        refusal(&[("1", Some(Some(5))), ("2", Some(Some(5)))], &[both]),
        Violation::PhoneTaken {
            taker: "2".into(),
            holder: "1".into()
        }
    );
}

#[test]
fn a_phone_that_its_user_sends_back_is_not_taken_by_another_in_the_same_request() {
    let both = batch(Verb::Update, vec![item("1", Some(1)), item("2", Some(1))]);
    assert_eq!(
        refusal(&[("1", Some(Some(1))), ("2", Some(Some(1)))], &[both]),
        Violation::PhoneTaken {
            taker: "2".into(),
            holder: "1".into()
        }
    );
}

#[test]
fn where_phones_are_not_unique_anybody_may_take_any() {
    let capabilities = Capabilities {
        unique_phones: false,
        ..capabilities()
    };
    let plan = [batch(Verb::Update, vec![item("1", Some(9)), item("2", Some(9))])];
    let changes = changes(&[("1", Some(Some(9))), ("2", Some(Some(9)))]);
    assert!(check(&world(), &changes, &plan, &capabilities, None).is_ok());
}

#[test]
fn more_users_than_seats_are_refused_at_any_moment() {
    // In the end there are four again.
    let create = batch(Verb::Create, vec![item("4", None)]);
    let plan = [create, delete("1", Purpose::Remove)];
    assert_eq!(
        verdict(&[("1", None), ("4", Some(None))], &plan, Some(4)),
        Err(Violation::Seats { used: 5, seats: 4 })
    );
}

#[test]
fn in_an_account_over_its_seats_users_can_still_be_changed_and_removed() {
    let plan = [
        delete("1", Purpose::Remove),
        batch(Verb::Update, vec![item("2", None)]),
    ];
    assert_eq!(
        verdict(&[("1", None), ("2", Some(None))], &plan, Some(2)),
        Ok(vec![3, 3])
    );
}

#[test]
fn whoever_is_parked_or_deleted_for_a_moment_must_return() {
    assert_eq!(
        refusal(&[("1", Some(None))], &[park("1")]),
        Violation::Stranded("1".into())
    );
    assert_eq!(
        refusal(&[("1", None)], &[delete("1", Purpose::Recreate)]),
        Violation::Stranded("1".into())
    );
}

#[test]
fn a_plan_that_does_less_or_something_else_than_its_changes_is_refused() {
    let mismatch = Violation::Mismatch("1".into());
    assert_eq!(refusal(&[("1", None)], &[]), mismatch, "not removed");
    assert_eq!(refusal(&[("1", Some(Some(5)))], &[]), mismatch, "not updated");
    let other_phone = batch(Verb::Update, vec![item("1", Some(6))]);
    assert_eq!(refusal(&[("1", Some(Some(5)))], &[other_phone]), mismatch);
    let other_name = Item {
        name: "Other".into(),
        ..item("1", Some(5))
    };
    assert_eq!(
        refusal(&[("1", Some(Some(5)))], &[batch(Verb::Update, vec![other_name])]),
        mismatch
    );
    let removed = delete("1", Purpose::Remove);
    assert_eq!(refusal(&[("1", Some(Some(5)))], &[removed]), mismatch);
}

#[test]
fn only_renames_may_rest_on_the_snapshot() {
    let world = World {
        is_fresh: false,
        ..world()
    };
    let judge = |wanted: &[(&str, Option<Option<usize>>)], batches: &[Batch]| {
        check(&world, &changes(wanted), batches, &capabilities(), None).map(|_| ())
    };
    let rename = batch(Verb::Update, vec![item("1", Some(1))]);
    assert_eq!(judge(&[("1", Some(Some(1)))], &[rename]), Ok(()));
    let stale = |id: &str| Err(Violation::Stale(id.into()));
    let create = batch(Verb::Create, vec![item("4", Some(4))]);
    assert_eq!(judge(&[("4", Some(Some(4)))], &[create]), stale("4"));
    assert_eq!(judge(&[("2", None)], &[delete("2", Purpose::Remove)]), stale("2"));
    let move_ = batch(Verb::Update, vec![item("3", Some(7))]);
    assert_eq!(judge(&[("3", Some(Some(7)))], &[move_]), stale("3"));
}
