//! The rules from rows to employees, one by one.

use super::super::table::Column;
use super::super::testing::*;
use super::*;

const ALL: [Column; 7] = [
    Column::Id,
    Column::Name,
    Column::Phone,
    Column::Phone2,
    Column::Phone3,
    Column::PhoneRegion,
    Column::Active,
];

/// What rows of these cells say, in a query that yields all columns about phones; all are active.
fn staff(rows: &[&[(Column, &str)]]) -> Employees {
    staff_by(rows, &rules())
}

fn staff_by(rows: &[&[(Column, &str)]], rules: &Rules) -> Employees {
    let rows: Vec<Row> = rows
        .iter()
        .map(|cells| {
            let is_told = cells.iter().any(|(column, _)| *column == Column::Active);
            let told = (!is_told).then_some((Column::Active, "1"));
            Row::from_pairs(&cells.iter().copied().chain(told).collect::<Vec<_>>())
        })
        .collect();
    employees(read(&ALL, &rows), rules)
}

fn named(id: &str) -> [(Column, &str); 2] {
    [(Column::Id, id), (Column::Name, "Anna")]
}

/// That nothing is made of the row, its user is left alone, and the owner is told why.
#[track_caller]
fn assert_quarantined(found: &Employees, id: &str, kind: FindingKind) {
    assert!(!found.by_id.contains_key(&UserId::from(id)));
    assert!(found.quarantined.contains(&UserId::from(id)));
    assert!(
        found.quarantined.contains(&UserId::new(hashed(id))),
        "the hashed id is left alone too"
    );
    let findings = super::super::testing::found(&found.findings, kind);
    assert!(findings.iter().any(|(of, _)| *of == id), "{:?}", found.findings);
}

#[test]
fn an_id_is_trimmed() {
    let found = staff(&[&named(" 7\t")]);
    assert!(found.by_id.contains_key(&UserId::from("7")));
}

#[test]
fn ids_that_no_request_can_carry_are_quarantined() {
    let too_long = "x".repeat(65);
    for id in ["", ".", "..", "a\u{7}b", "a\u{202e}b", too_long.as_str()] {
        let found = staff(&[&named(id), &named("1")]);
        assert_quarantined(&found, id, FindingKind::IdInvalid);
        assert!(
            found.by_id.contains_key(&UserId::from("1")),
            "one bad row stops only itself"
        );
    }
}

#[test]
fn the_length_of_an_id_is_counted_in_characters() {
    let id = "ä".repeat(64);
    assert!(staff(&[&named(&id)]).by_id.contains_key(&UserId::from(&*id)));
}

#[test]
fn a_long_id_is_hashed_if_the_settings_say_so() {
    let hashing = Rules {
        long_ids: LongIds::Hash,
        id_chars: 2,
        ..rules()
    };
    let found = staff_by(&[&named(" abc "), &named("ab")], &hashing);
    let ids: Vec<&str> = found.by_id.keys().map(UserId::as_str).collect();
    // The beginning of the well-known SHA-256 of "abc" (FIPS 180-2, appendix B.1).
    assert_eq!(ids, ["ab", "ba7816bf8f01cfea414140de5dae2223"]);
    assert!(found.findings.is_empty());
}

#[test]
fn identical_rows_count_once() {
    let found = staff(&[&named("7"), &named("7")]);
    assert_eq!(found.by_id.len(), 1);
    assert!(found.findings.is_empty());
    assert_eq!(found.n_rows, 2);
}

#[test]
fn differing_rows_with_one_id_are_quarantined() {
    let found = staff(&[&named("7"), &[(Column::Id, " 7"), (Column::Name, "Berta")]]);
    assert_quarantined(&found, "7", FindingKind::IdDuplicate);
}

#[test]
fn ids_that_differ_in_letter_case_are_quarantined_and_name_each_other() {
    let found = staff(&[&named("Äb1"), &named("äB1"), &named("äc1")]);
    assert_quarantined(&found, "Äb1", FindingKind::IdDuplicate);
    assert_quarantined(&found, "äB1", FindingKind::IdDuplicate);
    assert_eq!(found.by_id.len(), 1);
    for finding in &found.findings {
        assert!(finding.detail.contains("\"Äb1\"") && finding.detail.contains("\"äB1\""));
    }
}

#[test]
fn hashed_ids_that_differ_in_letter_case_are_quarantined_too() {
    let hashing = Rules {
        long_ids: LongIds::Hash,
        ..rules()
    };
    let (upper, lower) = ("X".repeat(80), "x".repeat(80));
    let found = staff_by(&[&named(&upper), &named(&lower)], &hashing);
    assert_quarantined(&found, &upper, FindingKind::IdDuplicate);
    assert_quarantined(&found, &lower, FindingKind::IdDuplicate);
    assert!(found.is_all_quarantined());
}

#[test]
fn an_unusable_row_makes_its_case_twin_unusable() {
    let found = staff(&[&named("ab"), &[(Column::Id, "AB")]]);
    assert_quarantined(&found, "ab", FindingKind::IdDuplicate);
}

#[test]
fn the_hash_of_a_quarantined_id_is_nobody_elses_id() {
    let thief = hashed("victim");
    let found = staff(&[&[(Column::Id, "victim")], &named(&thief)]);
    assert_quarantined(&found, "victim", FindingKind::NameMissing);
    assert_quarantined(&found, &thief, FindingKind::IdDuplicate);
}

#[test]
fn the_hash_of_a_used_id_is_nobody_elses_id() {
    let hashing = Rules {
        long_ids: LongIds::Hash,
        ..rules()
    };
    let long = "x".repeat(80);
    let thief = hashed(&long);
    for rows in [[&named(&long), &named(&thief)], [&named(&thief), &named(&long)]] {
        let rows: Vec<&[(Column, &str)]> = rows.iter().map(|it| it.as_slice()).collect();
        let found = staff_by(&rows, &hashing);
        assert!(found.by_id.is_empty());
        assert!(found.quarantined.contains(&UserId::from(&*thief)));
    }
}

#[test]
fn a_name_is_cleaned_and_an_empty_one_is_quarantined() {
    let found = staff(&[
        &[(Column::Id, "1"), (Column::Name, " Anna\t\u{202e} Ozola\n")],
        &[(Column::Id, "2"), (Column::Name, " \u{7}\u{200f} ")],
        &[(Column::Id, "3")],
    ]);
    assert_eq!(&*found.by_id[&UserId::from("1")].name, "Anna Ozola");
    assert_quarantined(&found, "2", FindingKind::NameMissing);
    assert_quarantined(&found, "3", FindingKind::NameMissing);
}

#[test]
fn an_inactive_row_needs_no_name() {
    let found = staff(&[&[(Column::Id, "1"), (Column::Active, "0")]]);
    assert!(!found.by_id[&UserId::from("1")].is_active);
    assert!(found.quarantined.is_empty() && found.findings.is_empty());
}

#[test]
fn a_long_name_is_cut_with_a_finding() {
    let name = "ā".repeat(151);
    let found = staff(&[&[(Column::Id, "1"), (Column::Name, &name)]]);
    assert_eq!(*found.by_id[&UserId::from("1")].name, *"ā".repeat(150));
    assert_eq!(
        super::super::testing::found(&found.findings, FindingKind::NameShortened).len(),
        1
    );
}

fn wish(cells: &[(Column, &str)]) -> PhoneWish {
    let mut all = named("1").to_vec();
    all.extend(cells);
    staff(&[&all]).by_id[&UserId::from("1")].phone.clone()
}

fn number(digits: &str) -> PhoneWish {
    PhoneWish::Number(Phone::from_remote(digits).unwrap())
}

#[test]
fn the_first_valid_of_three_phones_is_taken() {
    let cells = [
        (Column::Phone, "ask the desk"),
        (Column::Phone2, "+371 26 12 34 56"),
        (Column::Phone3, "26123457"),
    ];
    assert_eq!(wish(&cells), number("37126123456"));
    assert_eq!(wish(&cells[2..]), number("37126123457"));
    assert_eq!(wish(&cells[..1]), PhoneWish::Invalid);
}

#[test]
fn a_row_names_its_own_region() {
    let lithuanian = [(Column::Phone, "612 34567"), (Column::PhoneRegion, " lt ")];
    assert_eq!(wish(&lithuanian), number("37061234567"));
    let blank = [(Column::Phone, "26123456"), (Column::PhoneRegion, " ")];
    assert_eq!(wish(&blank), number("37126123456"));
}

#[test]
fn no_phone_at_all_is_none_and_rubbish_is_invalid() {
    assert_eq!(
        wish(&[(Column::Phone, "  "), (Column::Phone2, "")]),
        PhoneWish::None
    );
    assert_eq!(wish(&[(Column::Phone3, "1")]), PhoneWish::Invalid);
}

#[test]
fn without_a_phone_column_phones_are_not_managed() {
    let rows = [Row::from_pairs(&named("1"))];
    let found = employees(read(&[Column::Id, Column::Name], &rows), &rules());
    assert_eq!(found.by_id[&UserId::from("1")].phone, PhoneWish::Unmanaged);
    assert!(!found.manage_phones);
}

#[test]
fn every_word_for_active_is_read_in_any_case() {
    let active = ["1", "true", "t", "yes", "y", "on", "active"];
    let inactive = ["0", "false", "f", "no", "n", "off", "inactive"];
    for (word, is_active) in active
        .map(|it| (it, true))
        .into_iter()
        .chain(inactive.map(|it| (it, false)))
    {
        let title: String = word[..1].to_uppercase() + &word[1..];
        for text in [word.to_owned(), word.to_uppercase(), title, format!(" {word} ")] {
            let found = staff(&[&[(Column::Id, "1"), (Column::Name, "A"), (Column::Active, &text)]]);
            assert_eq!(found.by_id[&UserId::from("1")].is_active, is_active, "{text:?}");
        }
    }
}

#[test]
fn any_other_word_for_active_quarantines_the_row() {
    for text in ["", "2", "ja", "01", "1.0", "tru e"] {
        let found = staff(&[&[(Column::Id, "1"), (Column::Name, "A"), (Column::Active, text)]]);
        assert_quarantined(&found, "1", FindingKind::ActiveUnreadable);
    }
}

#[test]
fn null_in_active_quarantines_the_row_and_no_such_column_means_active() {
    let row = [Row::from_pairs(&named("1"))];
    let found = employees(read(&[Column::Id, Column::Name, Column::Active], &row), &rules());
    assert_quarantined(&found, "1", FindingKind::ActiveUnreadable);
    let found = employees(read(&[Column::Id, Column::Name], &row), &rules());
    assert!(found.by_id[&UserId::from("1")].is_active);
}

/// Rules under which so many active employees are looked at.
fn room(n: usize) -> Rules {
    Rules {
        room: Some(n),
        ..rules()
    }
}

fn listed(found: &Employees) -> Vec<&str> {
    found.by_id.keys().map(UserId::as_str).collect()
}

fn inactive(id: &str) -> [(Column, &str); 2] {
    [(Column::Id, id), (Column::Active, "0")]
}

#[test]
fn beyond_the_room_employees_are_counted_and_inactive_rows_wait() {
    let rows = [named("10"), named("2"), inactive("1"), named("b"), named("010")];
    let rows: Vec<&[(Column, &str)]> = rows.iter().map(|it| it.as_slice()).collect();
    let found = staff_by(&rows, &room(2));
    assert_eq!(listed(&found), ["2", "010"]);
    assert_eq!((found.n_unlisted(), found.n_rows), (2, 5));
    assert!(found.findings.is_empty());
    let all = staff_by(&rows, &room(9));
    assert_eq!(listed(&all), ["2", "010", "10", "b"]);
    assert_eq!(all.n_unlisted(), 0);
}

#[test]
fn whose_user_is_known_is_looked_at_wherever_the_row_stands() {
    let rows = [named("1"), named("2"), named("3"), inactive("4"), named("5")];
    let rows: Vec<&[(Column, &str)]> = rows.iter().map(|it| it.as_slice()).collect();
    let mut found = staff_by(&rows, &room(1));
    let known = ["5", "4", "1", "9"].map(UserId::from);
    found.admit(&known);
    found.admit(&known);
    assert_eq!(listed(&found), ["1", "4", "5"]);
    assert!(!found.by_id[&UserId::from("4")].is_active);
    assert_eq!(found.n_unlisted(), 2);
    let whole = staff(&rows);
    assert_eq!(found.by_id[&UserId::from("5")], whole.by_id[&UserId::from("5")]);
}

#[test]
fn what_is_too_long_is_said_only_of_those_who_are_looked_at() {
    let name = "ā".repeat(151);
    let row = [(Column::Id, "2"), (Column::Name, name.as_str())];
    let mut found = staff_by(&[&named("1"), &row], &room(1));
    assert!(found.findings.is_empty());
    found.admit(&[UserId::from("2")]);
    assert_eq!(found.findings.len(), 1);
}

#[test]
fn a_bad_row_is_quarantined_wherever_it_stands() {
    let rows: [&[(Column, &str)]; 6] = [
        &named("1"),
        &[(Column::Id, "2")],
        &[(Column::Id, "3"), (Column::Active, "perhaps")],
        &named("x\u{7}"),
        &named("ab"),
        &named("AB"),
    ];
    let found = staff_by(&rows, &room(1));
    assert_eq!(listed(&found), ["1"]);
    assert_quarantined(&found, "2", FindingKind::NameMissing);
    assert_quarantined(&found, "3", FindingKind::ActiveUnreadable);
    assert_quarantined(&found, "x\u{7}", FindingKind::IdInvalid);
    assert_quarantined(&found, "AB", FindingKind::IdDuplicate);
    assert_eq!(found.n_unlisted(), 0);
}

#[test]
fn a_borrowed_id_is_seen_beyond_the_room_too() {
    let thief = hashed("victim");
    let mut found = staff_by(
        &[&[(Column::Id, "victim")], &named(&thief), &named("1")],
        &room(1),
    );
    assert_quarantined(&found, &thief, FindingKind::IdDuplicate);
    assert_eq!(found.n_unlisted(), 0);
    found.admit(&[UserId::from(&*thief)]);
    assert_eq!(listed(&found), ["1"]);
}

#[test]
fn rows_that_all_wait_are_not_all_quarantined() {
    let found = staff_by(&[&inactive("1"), &inactive("2")], &room(9));
    assert!(found.by_id.is_empty() && !found.is_all_quarantined());
}
