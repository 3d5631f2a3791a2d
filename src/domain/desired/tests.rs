//! Which phone an employee is to have, case by case.

use super::super::memory::Form;
use super::super::outcome::Op;
use super::super::table::{Column, Row};
use super::super::testing::*;
use super::*;

fn wanted(office: &Office) -> Desired {
    desired(
        &office.employees(),
        &office.world(),
        &office.managed,
        office.capabilities.names,
    )
}

fn phone_of(desired: &Desired, id: &str) -> Option<Phone> {
    desired.users[&UserId::from(id)].phone.clone()
}

#[test]
fn a_shared_phone_goes_to_the_one_who_holds_it() {
    let desired = wanted(
        &Office::new()
            .has("9", "Ilze", Some(1))
            .hires("1", "Anna", Some(1))
            .hires("9", "Ilze", Some(1))
            .hires("x", "Zane", Some(1)),
    );
    assert_eq!(phone_of(&desired, "9"), Some(phone(1)));
    assert_eq!(phone_of(&desired, "1"), None);
    assert_eq!(phone_of(&desired, "x"), None);
}

#[test]
fn a_shared_phone_that_no_claimant_holds_goes_to_the_smallest_id() {
    let desired = wanted(
        &Office::new()
            .sees("0", "Stranger", Some(1))
            .hires("10", "Anna", Some(1))
            .hires("9", "Ilze", Some(1))
            .hires("A", "Zane", Some(1)),
    );
    assert_eq!(phone_of(&desired, "9"), Some(phone(1)));
    assert_eq!(phone_of(&desired, "10"), None);
}

#[test]
fn a_finding_about_a_shared_phone_names_all_parties() {
    let desired = wanted(
        &Office::new()
            .hires("1", "Anna", Some(1))
            .hires("2", "Berta", Some(1))
            .hires("3", "Cecīlija", Some(1)),
    );
    let findings = found(&desired.findings, FindingKind::PhoneDuplicate);
    assert_eq!(findings.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["2", "3"]);
    for (_, detail) in findings {
        for id in ["\"1\"", "\"2\"", "\"3\""] {
            assert!(detail.contains(id), "{detail}");
        }
    }
}

#[test]
fn an_employee_who_is_not_active_claims_no_phone() {
    let mut office = Office::new().hires("2", "Berta", Some(1));
    office.rows.push(row("1", "Anna", Some(1), "no"));
    assert_eq!(phone_of(&wanted(&office), "2"), Some(phone(1)));
}

/// An employee whose phone can't be read, and who has one on the platform.
fn unreadable() -> Office {
    let mut office = Office::new().has("1", "Anna", Some(1));
    office.rows.push(Row::from_pairs(&[
        (Column::Id, "1"),
        (Column::Name, "Anna"),
        (Column::Active, "1"),
        (Column::Phone, "call the desk"),
    ]));
    office
}

#[test]
fn a_phone_that_can_not_be_read_is_left_out_with_a_finding() {
    let office = unreadable();
    let desired = wanted(&office);
    assert_eq!(phone_of(&desired, "1"), None);
    assert_eq!(found(&desired.findings, FindingKind::PhoneInvalid).len(), 1);
}

#[test]
fn a_phone_that_was_accepted_from_the_same_text_stays_with_a_finding() {
    let mut office = unreadable();
    let cells = office.employees().by_id[&UserId::from("1")].phone_cells;
    office.managed.get_mut(&UserId::from("1")).unwrap().phone_cells = Some(cells);
    let desired = wanted(&office);
    assert_eq!(phone_of(&desired, "1"), Some(phone(1)));
    assert_eq!(found(&desired.findings, FindingKind::PhoneInvalid).len(), 1);
    assert!(office.plan().batches.is_empty());
}

#[test]
fn an_empty_phone_is_no_finding() {
    let desired = wanted(&Office::new().hires("1", "Anna", None));
    assert!(desired.findings.is_empty());
}

#[test]
fn a_phone_that_is_not_managed_is_sent_back_unchanged() {
    let mut office = Office::new()
        .has("1", "Anna", Some(1))
        .hires("1", "Anna Ozola", None);
    office.columns = vec![Column::Id, Column::Name, Column::Active];
    let plan = office.plan();
    assert_eq!(plan.batches[0].items[0].phone.number(), Some(&phone(1)));
}

#[test]
fn a_null_phone_means_none() {
    let plan = Office::new()
        .has("1", "Anna", Some(1))
        .hires("1", "Anna", None)
        .plan();
    assert_eq!(plan.changes[&UserId::from("1")].op, Op::Update);
    assert_eq!(plan.changes[&UserId::from("1")].new.as_ref().unwrap().phone, None);
}

/// An employee whose name the platform shows in its own way, after so many sends.
fn normalised(times: u32) -> Office {
    let mut office = Office::new()
        .has("1", "ANNA", Some(1))
        .hires("1", "Anna", Some(1));
    office.managed.get_mut(&UserId::from("1")).unwrap().name_form = Some(Form {
        sent: "Anna".into(),
        read: "ANNA".into(),
        times,
    });
    office
}

#[test]
fn what_was_read_back_the_same_twice_is_a_finding_and_no_update() {
    assert_eq!(sent(&normalised(1).plan()), ["1"]);
    let plan = normalised(2).plan();
    assert!(plan.batches.is_empty());
    assert_eq!(found(&plan.findings, FindingKind::ValueNormalised).len(), 1);
}

#[test]
fn an_accepted_form_holds_for_the_value_that_was_sent_only() {
    let mut office = normalised(2);
    office.rows = vec![row("1", "Anna Ozola", Some(1), "1")];
    assert_eq!(sent(&office.plan()), ["1"]);
}

#[test]
fn a_phone_that_the_platform_drops_is_a_finding_after_two_sends() {
    let mut office = Office::new().has("1", "Anna", None).hires("1", "Anna", Some(1));
    let form = |times| {
        Some(Form {
            sent: Some(phone(1)),
            read: None,
            times,
        })
    };
    office.managed.get_mut(&UserId::from("1")).unwrap().phone_form = form(1);
    assert_eq!(sent(&office.plan()), ["1"]);
    office.managed.get_mut(&UserId::from("1")).unwrap().phone_form = form(2);
    let plan = office.plan();
    assert!(plan.batches.is_empty());
    assert_eq!(found(&plan.findings, FindingKind::PhoneDropped).len(), 1);
}
