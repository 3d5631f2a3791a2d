use super::super::employee::{Employees, employees};
use super::super::grant::Grant;
use super::super::table::{Column, Row};
use super::super::testing::{ids, read, rules};
use super::*;

/// Rows of id, e-mail (or name) and whether active.
fn company(key: Key, rows: &[(&str, &str, bool)]) -> Employees {
    let columns = [Column::Id, Column::Name, Column::Email, Column::Active];
    let rows: Vec<Row> = rows
        .iter()
        .map(|(id, key, is_active)| {
            let active = if *is_active { "1" } else { "0" };
            let cells = [
                (Column::Id, *id),
                (Column::Name, *key),
                (Column::Email, *key),
                (Column::Active, active),
            ];
            Row::from_pairs(&cells)
        })
        .collect();
    let rules = super::super::employee::Rules {
        key,
        is_named_by_key: key == Key::Email,
        ..rules()
    };
    employees(read(&columns, &rows), &rules)
}

fn member(id: &str, key: &str) -> Member {
    Member {
        id: MemberId(id.into()),
        key: key.into(),
        is_active: true,
        grant: Some(Grant::new(["user"])),
        untouchable: None,
    }
}

fn pins(pins: &[(&str, Option<&str>, &str)]) -> Pins {
    let pin = |(id, member, key): &(&str, Option<&str>, &str)| {
        let member = member.map(|it| MemberId(it.into()));
        (
            UserId::from(*id),
            Pin {
                member,
                key: (*key).into(),
            },
        )
    };
    pins.iter().map(pin).collect()
}

/// Whose each user is: pairs of the id in the core and the platform's.
fn pairs(found: &Identified) -> Vec<(&str, &str)> {
    let pairs = found.members.iter();
    pairs
        .map(|(id, member)| (id.as_str(), member.id.as_str()))
        .collect()
}

#[test]
fn people_are_found_by_e_mail_in_any_case_and_others_keep_theirs() {
    let staff = company(Key::Email, &[("5", "Anna@X.lv", true), ("6", "b@x.lv", true)]);
    let members = [member("s1", "anna@x.LV"), member("s2", "Boss@x.lv")];
    let found = identify(&members, &staff, [], &Pins::new(), Key::Email);
    assert_eq!(pairs(&found), [("5", "s1"), ("boss@x.lv", "s2")]);
    assert_eq!(found.known, ids(&["5"]));
}

#[test]
fn another_e_mail_is_a_successor_until_the_old_user_is_gone() {
    let staff = company(Key::Email, &[("5", "new@x.lv", true)]);
    let old = member("s1", "old@x.lv");
    let new = member("s2", "new@x.lv");
    let pins = pins(&[("5", Some("s1"), "old@x.lv")]);
    let found = identify(&[old.clone(), new.clone()], &staff, [], &pins, Key::Email);
    assert_eq!(pairs(&found), [("5", "s1")]);
    assert_eq!(found.successors.values().collect::<Vec<_>>(), [&new]);
    let gone = Member {
        is_active: false,
        ..old
    };
    let found = identify(&[gone, new], &staff, [], &pins, Key::Email);
    assert_eq!(pairs(&found)[0], ("5", "s2"));
}

#[test]
fn two_who_swap_their_e_mails_swap_their_users() {
    let staff = company(Key::Email, &[("5", "b@x.lv", true), ("6", "a@x.lv", true)]);
    let members = [member("s1", "a@x.lv"), member("s2", "b@x.lv")];
    let pins = pins(&[("5", Some("s1"), "a@x.lv"), ("6", Some("s2"), "b@x.lv")]);
    let found = identify(&members, &staff, [], &pins, Key::Email);
    assert_eq!(pairs(&found), [("5", "s2"), ("6", "s1")]);
    assert!(found.successors.is_empty());
}

#[test]
fn the_user_of_a_leaver_is_theirs_unless_a_row_has_its_e_mail() {
    let leaver = UserId::from("5");
    let pinned = pins(&[("5", Some("s1"), "a@x.lv")]);
    let members = [member("s1", "a@x.lv")];
    let of = |staff: &Employees| {
        let found = identify(&members, staff, [&leaver], &pinned, Key::Email);
        pairs(&found)[0].0.to_owned()
    };
    assert_eq!(of(&company(Key::Email, &[("6", "b@x.lv", true)])), "5");
    // The same person under another id.
    assert_eq!(of(&company(Key::Email, &[("6", "a@x.lv", true)])), "6");
    // Two rows with that e-mail are set aside; the user is nobody's, and so nobody removes it.
    let staff = company(Key::Email, &[("6", "a@x.lv", true), ("7", "A@x.lv", true)]);
    assert_eq!(of(&staff), "a@x.lv");
}

#[test]
fn a_create_whose_answer_was_lost_is_found_by_its_key() {
    let leaver = UserId::from("5");
    let pinned = pins(&[("5", None, "a@x.lv")]);
    let staff = company(Key::Email, &[]);
    let found = identify(&[member("s1", "A@x.lv")], &staff, [&leaver], &pinned, Key::Email);
    assert_eq!(pairs(&found), [("5", "s1")]);
}

#[test]
fn a_name_may_change_once_somebody_was_found_by_it() {
    let staff = company(Key::Name, &[("5", "Anna Liepa", true)]);
    let pinned = pins(&[("5", Some("s1"), "anna ozola")]);
    let members = [member("s1", "Anna O."), member("s2", "Anna Liepa")];
    let found = identify(&members, &staff, [], &pinned, Key::Name);
    assert_eq!(pairs(&found), [("5", "s1"), ("s2", "s2")]);
    assert_eq!(found.known, ids(&["5"]));
}

#[test]
fn of_two_with_the_same_name_nobody_is_taken() {
    let staff = company(Key::Name, &[("5", "Anna", true)]);
    let members = [member("s1", "Anna"), member("s2", "anna ")];
    let found = identify(&members, &staff, [], &Pins::new(), Key::Name);
    assert_eq!(found.ambiguous, ids(&["5"]));
    assert_eq!(found.findings.len(), 1);
    assert_eq!(pairs(&found), [("s1", "s1"), ("s2", "s2")]);
}

#[test]
fn a_claimed_user_is_known_by_its_own_name_and_no_name_is_an_employees() {
    let staff = company(Key::Name, &[("s1", "Anna", true)]);
    let claimed = UserId::from("s2");
    let members = [member("s1", "Somebody"), member("s2", "Else")];
    let found = identify(&members, &staff, [&claimed], &Pins::new(), Key::Name);
    assert_eq!(pairs(&found), [("s1~", "s1"), ("s2", "s2")]);
    assert_eq!(found.known, ids(&["s2"]));
}

#[test]
fn ids_of_the_platform_are_taken_as_they_are() {
    let staff = company(Key::Id, &[("1220", "Anna", true)]);
    let found = identify(
        &[member("1220", "x"), member("7", "y")],
        &staff,
        [],
        &Pins::new(),
        Key::Id,
    );
    assert_eq!(pairs(&found), [("7", "7"), ("1220", "1220")]);
    assert_eq!(found.known, ids(&["1220"]));
}
