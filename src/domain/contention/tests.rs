//! Who gets which phone and seat, case by case.

use super::super::batch::{PhoneField, Purpose};
use super::super::finding::FindingKind;
use super::super::memory::Subject;
use super::super::outcome::Outcome;
use super::super::plan::Plan;
use super::super::table::Column;
use super::super::testing::*;
use super::*;

fn conflict(code: &str) -> Option<(Outcome, &str)> {
    Some((Outcome::Conflict, code))
}

fn new_phone(plan: &Plan, id: &str) -> Option<Phone> {
    plan.changes[&UserId::from(id)].new.as_ref()?.phone.clone()
}

fn detail<'a>(plan: &'a Plan, id: &str) -> &'a str {
    settled(plan, id).unwrap().detail.as_deref().unwrap()
}

#[test]
fn a_phone_of_a_foreign_user_is_a_conflict_that_names_the_holder() {
    let plan = Office::new()
        .sees("x", "Stranger", Some(0))
        .has("1", "Anna", Some(1))
        .hires("1", "Anna", Some(0))
        .plan();
    assert_eq!(outcome(&plan, "1"), conflict("phone_taken"));
    assert!(detail(&plan, "1").contains("\"x\""), "{}", detail(&plan, "1"));
    assert!(plan.batches.is_empty());
}

#[test]
fn a_conflict_carries_the_rest_of_the_record() {
    let plan = Office::new()
        .sees("x", "Stranger", Some(0))
        .has("1", "Anna", Some(1))
        .hires("1", "Anna Ozola", Some(0))
        .plan();
    assert_eq!(new_phone(&plan, "1"), Some(phone(1)), "the old phone stays");
    assert_eq!(plan.blocked[&UserId::from("1")].code, "phone_taken");
    assert_eq!(plan.blocked[&UserId::from("1")].wanted.takes(), Some(&phone(0)));
}

#[test]
fn a_blocked_update_gives_its_old_phone_to_whom_it_belongs_now() {
    let plan = Office::new()
        .sees("x", "Stranger", Some(0))
        .has("1", "Anna", Some(1))
        .hires("1", "Anna", Some(0))
        .hires("2", "Berta", Some(1))
        .plan();
    assert_eq!(new_phone(&plan, "1"), None);
    assert_eq!(new_phone(&plan, "2"), Some(phone(1)));
}

#[test]
fn nobody_gives_up_a_phone_for_somebody_who_gets_no_seat() {
    let mut office = Office::new()
        .sees("x", "Stranger", Some(0))
        .has("1", "Anna", Some(1))
        .hires("1", "Anna", Some(0))
        .hires("2", "Berta", Some(1));
    office.terms.seats = Some(2);
    let plan = office.plan();
    assert_eq!(outcome(&plan, "2"), Some((Outcome::Deferred, "no_seat")));
    assert_eq!(outcome(&plan, "1"), conflict("phone_taken"));
    assert!(plan.batches.is_empty());
}

#[test]
fn whoever_waits_for_a_held_removal_is_held_and_names_the_leaver() {
    let plan = Office::new()
        .has("9", "Leaver", Some(0))
        .has("1", "Anna", Some(1))
        .has("2", "Berta", Some(2))
        .hires("1", "Anna", Some(0))
        .hires("2", "Berta", Some(1))
        .still_holds(Reason::Removals, &["9"])
        .plan();
    for id in ["1", "2"] {
        assert_eq!(
            outcome(&plan, id),
            Some((Outcome::Held, "waits_for_held_removal"))
        );
        assert!(detail(&plan, id).contains("\"9\""), "{}", detail(&plan, id));
    }
    assert!(
        detail(&plan, "2").contains("held removal of user \"9\""),
        "2 waits for 1, who stays: {}",
        detail(&plan, "2")
    );
}

#[test]
fn the_smallest_ids_get_the_free_seats() {
    let mut office = Office::new()
        .has("5", "Eva", None)
        .hires("5", "Eva", None)
        .hires("10", "Juris", None)
        .hires("9", "Ilze", None)
        .hires("a", "Zane", None);
    office.terms.seats = Some(2);
    let plan = office.plan();
    assert_eq!(sent(&plan), ["9"]);
    assert_eq!(outcome(&plan, "10"), Some((Outcome::Deferred, "no_seat")));
    assert_eq!(outcome(&plan, "a"), Some((Outcome::Deferred, "no_seat")));
}

#[test]
fn a_removal_frees_its_seat_in_the_same_plan() {
    let mut office = Office::new()
        .has("1", "Anna", Some(0))
        .hires("2", "Berta", Some(0));
    office.terms.seats = Some(1);
    assert_eq!(sent(&office.plan()), ["1", "2"]);
}

#[test]
fn a_user_of_ours_whose_create_is_under_way_is_seated_before_a_new_one() {
    let mut office = Office::new().hires("9", "Ilze", None).hires("1", "Anna", None);
    office.managed.insert("9".into(), remembered(None));
    office.terms.seats = Some(1);
    let plan = office.plan();
    assert_eq!(sent(&plan), ["9"]);
    assert_eq!(outcome(&plan, "1"), Some((Outcome::Deferred, "no_seat")));
}

#[test]
fn in_an_account_with_more_users_than_seats_nobody_is_deleted_for_a_moment() {
    let mut office = Office::new()
        .has("1", "Anna", Some(1))
        .has("2", "Berta", Some(2))
        .has("3", "Cecīlija", Some(3))
        .hires("1", "Anna", Some(2))
        .hires("2", "Berta", Some(1))
        .hires("3", "Cecīlija", None);
    office.terms.clearing = Clearing::Impossible;
    office.terms.park = ParkPolicy::Recreate;
    office.terms.seats = Some(3);
    assert_eq!(office.plan().parks().count(), 2);
    office.terms.seats = Some(2);
    let plan = office.plan();
    assert!(plan.batches.is_empty(), "{:?}", plan.batches);
    assert_eq!(outcome(&plan, "1"), conflict("cannot_park"));
    assert_eq!(found(&plan.findings, FindingKind::PhoneKept).len(), 1);
}

#[test]
fn where_no_phone_can_be_taken_away_a_swap_is_a_conflict_of_both() {
    let mut office = Office::new()
        .has("1", "Anna", Some(1))
        .has("2", "Berta", Some(2))
        .hires("1", "Anna", Some(2))
        .hires("2", "Berta", Some(1));
    office.terms.clearing = Clearing::Impossible;
    let plan = office.plan();
    assert_eq!(outcome(&plan, "1"), conflict("cannot_park"));
    assert_eq!(outcome(&plan, "2"), conflict("cannot_park"));
    assert!(plan.batches.is_empty());
}

#[test]
fn where_no_phone_can_be_taken_away_a_dropped_one_is_a_finding_and_its_claimant_a_conflict() {
    let mut office = Office::new()
        .has("1", "Anna", Some(1))
        .hires("1", "Anna", None)
        .hires("2", "Berta", Some(1));
    office.terms.clearing = Clearing::Impossible;
    let plan = office.plan();
    assert_eq!(found(&plan.findings, FindingKind::PhoneKept).len(), 1);
    assert_eq!(plan.blocked[&UserId::from("2")].code, "cannot_park");
    assert_eq!(new_phone(&plan, "2"), None, "created without it");
}

#[test]
fn where_no_phone_can_be_taken_away_uniqueness_makes_no_difference_to_that() {
    let mut office = Office::new().has("1", "Anna", Some(1)).hires("1", "Anna B", None);
    office.terms.clearing = Clearing::Impossible;
    office.terms.unique_phones = false;
    office.capabilities.unique_phones = false;
    let plan = office.plan();
    assert_eq!(new_phone(&plan, "1"), Some(phone(1)));
    assert_eq!(found(&plan.findings, FindingKind::PhoneKept).len(), 1);
}

#[test]
fn with_recreate_one_of_a_swap_is_deleted_and_created_again() {
    let mut office = Office::new()
        .has("1", "Anna", Some(1))
        .has("2", "Berta", Some(2))
        .hires("1", "Anna", Some(2))
        .hires("2", "Berta", Some(1));
    office.terms.clearing = Clearing::Impossible;
    office.terms.park = ParkPolicy::Recreate;
    let plan = office.plan();
    assert_eq!(sent(&plan), ["1", "2", "1"]);
    assert_eq!(plan.batches[0].items[0].purpose, Purpose::Recreate);
}

#[test]
fn a_phone_that_the_platform_called_taken_is_a_conflict_although_nobody_shows_it() {
    let mut office = Office::new().hires("1", "Anna", Some(1));
    office.terms.unseen_phones.insert(phone(1));
    let plan = office.plan();
    assert_eq!(plan.blocked[&UserId::from("1")].code, "phone_taken");
    assert_eq!(new_phone(&plan, "1"), None);
}

// A platform with unique phones should never show one twice, and nobody promised that.

#[test]
fn a_user_whose_phone_is_shown_twice_can_be_renamed() {
    let plan = Office::new()
        .has("1", "Anna", Some(1))
        .sees("x", "Stranger", Some(1))
        .hires("1", "Anna Ozola", Some(1))
        .plan();
    assert_eq!(sent(&plan), ["1"]);
}

#[test]
fn a_phone_that_two_users_let_go_of_is_taken_in_the_next_plan() {
    let plan = Office::new()
        .has("1", "Anna", Some(1))
        .has("2", "Berta", Some(1))
        .has("3", "Cecīlija", None)
        .hires("1", "Anna", Some(5))
        .hires("2", "Berta", Some(6))
        .hires("3", "Cecīlija", Some(1))
        .plan();
    assert_eq!(sent(&plan), ["1", "2"]);
    assert_eq!(outcome(&plan, "3"), conflict("phone_taken"));
}

#[test]
fn phones_that_are_not_managed_stay_even_where_one_is_shown_twice() {
    let mut office = Office::new()
        .has("1", "Anna", Some(1))
        .has("2", "Berta", Some(1))
        .hires("1", "Anna Ozola", None)
        .hires("2", "Berta", None);
    office.columns = vec![Column::Id, Column::Name, Column::Active];
    let plan = office.plan();
    assert_eq!(sent(&plan), ["1"]);
    assert_eq!(
        plan.batches[0].items[0].phone,
        PhoneField::Number(phone(1)),
        "sent back unchanged"
    );
}

#[test]
fn an_approved_removal_frees_its_phone() {
    let plan = Office::new()
        .has("9", "Leaver", Some(0))
        .hires("1", "Anna", Some(0))
        .still_holds(Reason::Removals, &["9"])
        .approves(Subject::Removal, &["9"])
        .plan();
    assert_eq!(sent(&plan), ["9", "1"]);
}
