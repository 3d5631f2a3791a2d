//! Each reason for a hold: when it holds, what passes it, and what goes on beside it.

use super::super::memory::{Decision, Millis, Verdict};
use super::super::outcome::Outcome;
use super::super::plan::Plan;
use super::super::testing::*;
use super::*;

/// `staying` employees who are on the platform, and `leaving` users without a row: `1…` and `L1…`.
fn company(staying: usize, leaving: usize) -> Office {
    let mut office = Office::new();
    for n in 1..=staying {
        let (id, name) = (n.to_string(), format!("Employee {n}"));
        office = office.has(&id, &name, Some(n)).hires(&id, &name, Some(n));
    }
    for n in 1..=leaving {
        office = office.has(&format!("L{n}"), &format!("Leaver {n}"), Some(500 + n));
    }
    office
}

/// With the limits of a configuration that says nothing about them.
fn guarded(mut office: Office) -> Office {
    office.circumstances.limits = default_limits();
    office
}

fn with_removals(mut office: Office, limit: Limit) -> Office {
    office.circumstances.limits.removals = limit;
    office
}

fn all_sent(plan: &Plan) -> Vec<&str> {
    assert!(plan.holds.is_empty(), "{:?}", plan.holds);
    sent(plan)
}

/// That exactly these are held, for this reason alone, and nothing is sent.
#[track_caller]
fn assert_held(plan: &Plan, reason: Reason, ids: &[&str]) {
    assert_eq!(reasons(&plan.holds), [reason.word()]);
    assert_eq!(held(plan, reason).unwrap(), ids);
    for id in ids {
        assert_eq!(outcome(plan, id), Some((Outcome::Held, reason.word())));
    }
    assert_eq!(sent(plan), [""; 0]);
}

// Removals in one plan.

#[test]
fn a_percentage_lets_three_removals_pass_however_small_the_account() {
    assert_eq!(all_sent(&guarded(company(4, 3)).plan()), ["L1", "L2", "L3"]);
    assert_held(
        &guarded(company(5, 4)).plan(),
        Reason::Removals,
        &["L1", "L2", "L3", "L4"],
    );
}

#[test]
fn while_removals_are_paused_all_of_them_wait_even_those_that_were_approved() {
    let mut office = company(9, 2);
    office.circumstances.removals_paused = true;
    office = office.hires("10", "New One", Some(10));
    let plan = office.plan();
    assert_eq!(held(&plan, Reason::Removals).unwrap(), ["L1", "L2"]);
    assert_eq!(sent(&plan), ["10"]);
    assert!(
        plan.holds[0].detail.contains("paused"),
        "{}",
        plan.holds[0].detail
    );
    office = office.approves(Subject::Removal, &["L1", "L2"]);
    assert_eq!(held(&office.plan(), Reason::Removals).unwrap(), ["L1", "L2"]);
}

#[test]
fn a_percentage_is_compared_exactly() {
    // 10 of 100 are ten per cent, 10 of 99 are more.
    let mut office = guarded(company(90, 10));
    office.circumstances.limits.removals_per_day = ANY;
    assert_eq!(all_sent(&office.plan()).len(), 10);
    let mut office = guarded(company(89, 10));
    office.circumstances.limits.removals_per_day = ANY;
    assert_eq!(held(&office.plan(), Reason::Removals).unwrap().len(), 10);
}

#[test]
fn a_number_of_removals_is_exact_and_zero_always_asks() {
    assert_eq!(
        all_sent(&with_removals(company(9, 2), Limit::Count(2)).plan()),
        ["L1", "L2"]
    );
    assert_held(
        &with_removals(company(9, 2), Limit::Count(1)).plan(),
        Reason::Removals,
        &["L1", "L2"],
    );
    assert_held(
        &with_removals(company(9, 1), Limit::Count(0)).plan(),
        Reason::Removals,
        &["L1"],
    );
}

#[test]
fn half_of_four_always_asks_and_half_of_two_does_not() {
    assert_held(&company(2, 2).plan(), Reason::Removals, &["L1", "L2"]);
    assert_eq!(all_sent(&company(1, 1).plan()), ["L1"]);
    assert_eq!(all_sent(&company(1, 2).plan()), ["L1", "L2"], "two of three");
    assert_eq!(all_sent(&company(4, 3).plan()).len(), 3, "less than half");
}

#[test]
fn all_removals_of_the_plan_are_held_and_everything_else_goes_on() {
    let plan = with_removals(company(9, 2), Limit::Count(1))
        .hires("new", "Newcomer", Some(900))
        .plan();
    assert_eq!(sent(&plan), ["new"]);
    assert_eq!(held(&plan, Reason::Removals).unwrap(), ["L1", "L2"]);
}

#[test]
fn an_explicitly_inactive_employee_counts_as_well() {
    let office = with_removals(
        company(9, 0).has("x", "Zane", None).dismisses("x", "Zane"),
        Limit::Count(0),
    );
    assert_held(&office.plan(), Reason::Removals, &["x"]);
}

#[test]
fn an_approval_lets_just_its_users_pass() {
    let office = with_removals(company(9, 3), Limit::Count(1)).approves(Subject::Removal, &["L1", "L3"]);
    assert_eq!(
        all_sent(&office.plan()),
        ["L1", "L2", "L3"],
        "one is left to count"
    );
    let office = with_removals(company(9, 3), Limit::Count(0)).approves(Subject::Removal, &["L1", "L3"]);
    let plan = office.plan();
    assert_eq!(sent(&plan), ["L1", "L3"]);
    assert_eq!(held(&plan, Reason::Removals).unwrap(), ["L2"]);
    assert!(plan.counted.removals.is_empty(), "approved ones do not count");
}

#[test]
fn an_approval_ends_after_its_time() {
    let mut office = with_removals(company(9, 1), Limit::Count(0)).approves(Subject::Removal, &["L1"]);
    office.now = NOW.plus(Millis::DAY - 1);
    assert_eq!(all_sent(&office.plan()), ["L1"]);
    office.now = NOW.plus(Millis::DAY);
    assert_held(&office.plan(), Reason::Removals, &["L1"]);
}

#[test]
fn an_approval_of_one_thing_is_no_approval_of_another() {
    let office = with_removals(company(9, 1), Limit::Count(0)).approves(Subject::Update, &["L1"]);
    assert_held(&office.plan(), Reason::Removals, &["L1"]);
}

#[test]
fn an_approval_removes_nobody_who_came_back() {
    let plan = company(9, 0).approves(Subject::Removal, &["1"]).plan();
    assert_eq!(all_sent(&plan), [""; 0]);
}

#[test]
fn a_rejected_leaver_stays_with_a_finding_until_its_row_changes() {
    let office = company(9, 0)
        .has("x", "Zane", Some(700))
        .dismisses("x", "Zane")
        .rejects(Subject::Removal, &["x"]);
    let plan = office.plan();
    assert_eq!(all_sent(&plan), [""; 0]);
    assert_eq!(
        found(&plan.findings, super::super::finding::FindingKind::LeaverKept).len(),
        1
    );
    let mut changed = office.clone();
    changed.rows.pop();
    assert_eq!(all_sent(&changed.dismisses("x", "Zane K.").plan()), ["x"]);
    let mut gone = office;
    gone.rows.pop();
    assert_eq!(all_sent(&gone.plan()), ["x"], "the row is gone: that is a change");
}

// Removals in a day.

#[test]
fn removals_of_24_hours_add_up_with_a_floor_of_five() {
    let mut office = guarded(company(8, 1));
    office.circumstances.removed_in_24h = 4;
    assert_eq!(all_sent(&office.plan()), ["L1"]);
    office.circumstances.removed_in_24h = 5;
    assert_held(&office.plan(), Reason::RemovalsPerDay, &["L1"]);
}

#[test]
fn the_daily_percentage_is_of_those_managed_now_and_those_removed() {
    // 1 + 14 of 86 + 14 are fifteen per cent; 1 + 14 of 85 + 14 are more.
    let mut office = guarded(company(85, 1));
    office.circumstances.removed_in_24h = 14;
    assert_eq!(all_sent(&office.plan()), ["L1"]);
    let mut office = guarded(company(84, 1));
    office.circumstances.removed_in_24h = 14;
    assert_held(&office.plan(), Reason::RemovalsPerDay, &["L1"]);
}

#[test]
fn an_exact_number_a_day_is_exact() {
    let mut office = company(9, 1);
    office.circumstances.limits.removals_per_day = Limit::Count(2);
    office.circumstances.removed_in_24h = 1;
    assert_eq!(all_sent(&office.plan()), ["L1"]);
    office.circumstances.removed_in_24h = 2;
    assert_held(&office.plan(), Reason::RemovalsPerDay, &["L1"]);
}

// Changed settings.

#[test]
fn any_removal_right_after_the_settings_changed_is_held() {
    let mut office = company(20, 1).hires("new", "Newcomer", None);
    office.circumstances.settings_changed = true;
    let plan = office.plan();
    assert_eq!(held(&plan, Reason::SettingsChanged).unwrap(), ["L1"]);
    assert_eq!(sent(&plan), ["new"]);
}

#[test]
fn what_changed_settings_held_stays_held_and_hinders_no_other_leaver() {
    let office = guarded(company(20, 4)).still_holds(Reason::SettingsChanged, &["L1", "L2", "L3"]);
    let plan = office.plan();
    assert_eq!(held(&plan, Reason::SettingsChanged).unwrap(), ["L1", "L2", "L3"]);
    assert_eq!(sent(&plan), ["L4"]);
    let approved = office.approves(Subject::Removal, &["L1", "L2", "L3"]);
    assert_eq!(all_sent(&approved.plan()), ["L1", "L2", "L3", "L4"]);
}

// No rows.

#[test]
fn an_empty_table_removes_nobody() {
    assert_held(&company(0, 1).plan(), Reason::NoRows, &["L1"]);
    let all_inactive = company(0, 0).has("1", "Anna", None).dismisses("1", "Anna");
    assert_held(&all_inactive.plan(), Reason::NoRows, &["1"]);
}

#[test]
fn an_empty_table_for_an_empty_account_is_no_hold() {
    assert!(Office::new().plan().holds.is_empty());
}

// Plans made again.

#[test]
fn plans_made_again_within_one_run_add_up() {
    let mut office = with_removals(company(20, 2), Limit::Count(2));
    office.circumstances.passed.removals = ids(&["gone"]);
    assert_held(&office.plan(), Reason::Removals, &["L1", "L2"]);
    office.circumstances.passed.removals = ids(&["L1"]);
    assert_eq!(
        all_sent(&office.plan()).len(),
        2,
        "the same one again counts once"
    );
}

#[test]
fn the_share_is_of_those_who_were_there_when_the_run_began() {
    // Three of six: two are gone by now, one is left to go.
    let mut office = company(3, 1);
    office.circumstances.passed.removals = ids(&["gone1", "gone2"]);
    assert_held(&office.plan(), Reason::Removals, &["L1"]);
    // Three of seven, of whom two were asked for and are still there.
    let mut office = company(4, 3);
    office.circumstances.passed.removals = ids(&["L1", "L2"]);
    assert_eq!(all_sent(&office.plan()).len(), 3);
    // Three of six, of whom two were asked for and are still there.
    let mut office = company(3, 3);
    office.circumstances.passed.removals = ids(&["L1", "L2"]);
    assert_held(&office.plan(), Reason::Removals, &["L1", "L2", "L3"]);
}

#[test]
fn what_is_held_in_a_run_stays_held_in_its_later_plans() {
    let office = guarded(company(100, 2)).still_holds(Reason::Removals, &["L1", "L2"]);
    assert_held(&office.plan(), Reason::Removals, &["L1", "L2"]);
}

#[test]
fn a_mass_that_was_stopped_does_not_pass_bit_by_bit() {
    let office = with_removals(company(20, 3), Limit::Count(2)).still_holds(Reason::Removals, &["L1", "L2"]);
    assert_held(&office.plan(), Reason::Removals, &["L1", "L2", "L3"]);
}

#[test]
fn a_plan_tells_what_it_let_pass_without_approval() {
    let plan = company(9, 3)
        .has("x", "Zane", Some(700))
        .hires("x", "Zane", None)
        .approves(Subject::Removal, &["L2"])
        .plan();
    assert_eq!(plan.counted.removals, ids(&["L1", "L3"]));
    assert_eq!(plan.counted.phone_losses, ids(&["x"]));
    assert_eq!(plan.counted.updates, ids(&["x"]));
}

// Phones and updates.

/// Ten employees with phones, and `losing` more whose row has none any more.
fn phones_lost(losing: usize) -> Office {
    let mut office = company(10, 0);
    for n in 1..=losing {
        let (id, name) = (format!("P{n}"), format!("Phoneless {n}"));
        office = office.has(&id, &name, Some(700 + n)).hires(&id, &name, None);
    }
    office
}

#[test]
fn many_lost_phones_are_held_and_three_are_not() {
    assert_eq!(all_sent(&guarded(phones_lost(3)).plan()), ["P1", "P2", "P3"]);
    let office = guarded(phones_lost(4));
    assert_held(&office.plan(), Reason::PhoneLosses, &["P1", "P2", "P3", "P4"]);
    let approved = office.clone().approves(Subject::PhoneLoss, &["P1", "P2"]);
    assert_eq!(
        all_sent(&approved.plan()).len(),
        4,
        "two approved, two pass by the floor"
    );
    let mut rejected = office.rejects(Subject::PhoneLoss, &["P1"]);
    rejected.circumstances.limits.phone_losses = ANY;
    assert_eq!(
        sent(&rejected.plan()),
        ["P2", "P3", "P4"],
        "the rejected one keeps its phone"
    );
}

#[test]
fn a_broken_join_takes_no_phones_away() {
    let mut office = guarded(company(20, 0));
    office.rows = (1..=20)
        .map(|n| row(&n.to_string(), &format!("Employee {n}"), None, "1"))
        .collect();
    let plan = office.plan();
    assert_eq!(held(&plan, Reason::PhoneLosses).unwrap().len(), 20);
    assert_eq!(sent(&plan), [""; 0]);
}

#[test]
fn a_phone_that_moves_on_is_not_lost() {
    let mut office = company(10, 0);
    office.circumstances.limits.phone_losses = Limit::Count(0);
    office.rows = (1..=10)
        .map(|n| row(&n.to_string(), &format!("Employee {n}"), Some(n % 10 + 1), "1"))
        .collect();
    assert!(office.plan().holds.is_empty());
}

/// `changing` of twenty employees have another name.
fn renamed(changing: usize) -> Office {
    let mut office = company(20, 0);
    office.rows = (1..=20)
        .map(|n| {
            let name = format!("{} {n}", if n <= changing { "Renamed" } else { "Employee" });
            row(&n.to_string(), &name, Some(n), "1")
        })
        .collect();
    office
}

#[test]
fn many_updates_are_held_and_half_of_them_are_not() {
    assert_eq!(all_sent(&guarded(renamed(10)).plan()).len(), 10);
    let office = guarded(renamed(11));
    assert_eq!(held(&office.plan(), Reason::Updates).unwrap().len(), 11);
    let approved = office.clone().approves(Subject::Update, &["1"]);
    assert_eq!(all_sent(&approved.plan()).len(), 11);
    let rejected = office.rejects(Subject::Update, &["1"]);
    assert_eq!(
        all_sent(&rejected.plan()).len(),
        10,
        "the rejected one stays as it is"
    );
}

#[test]
fn ten_updates_pass_however_small_the_account() {
    let mut office = guarded(renamed(10));
    office.rows.truncate(10);
    let keep = ids(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    office.users.retain(|it| keep.contains(&it.id));
    office.managed.retain(|id, _| keep.contains(id));
    assert_eq!(all_sent(&office.plan()).len(), 10);
}

// Other ids for the same people.

/// A table whose ids all changed.
fn rekeyed(n: usize) -> Office {
    let mut office = company(0, 0);
    for n in 1..=n {
        let name = format!("Employee {n}");
        office = office
            .has(&n.to_string(), &name, Some(n))
            .hires(&format!("new-{n}"), &name, Some(n));
    }
    office
}

#[test]
fn a_table_with_new_ids_removes_nobody_and_creates_nobody() {
    let plan = guarded(rekeyed(6)).plan();
    assert_eq!(reasons(&plan.holds), ["removals", "rekeyed"]);
    assert_eq!(held(&plan, Reason::Rekeyed).unwrap().len(), 6);
    assert_eq!(sent(&plan), [""; 0]);
}

#[test]
fn the_same_name_or_the_same_phone_alone_makes_a_create_alike() {
    let mut office = company(9, 2)
        .hires("a", "LEAVER 1", Some(900))
        .hires("b", "Other", Some(502))
        .hires("c", "Other", Some(901));
    office.circumstances.limits.removals = Limit::Count(0);
    let plan = office.plan();
    assert_eq!(held(&plan, Reason::Rekeyed).unwrap(), ["a", "b"]);
    assert_eq!(sent(&plan), ["c"]);
}

#[test]
fn somebody_of_ours_who_comes_back_is_not_taken_for_a_leaver_under_another_id() {
    let mut office = company(9, 1)
        .misses("a", "Leaver 1", None)
        .hires("a", "Leaver 1", None);
    office.circumstances.limits.removals = Limit::Count(0);
    let plan = office.plan();
    assert_eq!(sent(&plan), ["a"]);
    assert_eq!(reasons(&plan.holds), ["removals"]);
}

#[test]
fn an_approved_create_that_looks_like_a_leaver_passes() {
    let mut office = company(9, 1).hires("a", "Leaver 1", Some(900));
    office.circumstances.limits.removals = Limit::Count(0);
    let plan = office.approves(Subject::Create, &["a"]).plan();
    assert_eq!(sent(&plan), ["a"]);
}

#[test]
fn a_rejected_create_is_not_made_until_its_row_changes() {
    let office = company(9, 0)
        .hires("a", "Newcomer", None)
        .rejects(Subject::Create, &["a"]);
    assert_eq!(all_sent(&office.plan()), [""; 0]);
    let mut changed = office;
    changed.rows.pop();
    assert_eq!(all_sent(&changed.hires("a", "Newcomer B", None).plan()), ["a"]);
}

// Another company's platform?

/// `seen` users of ours are on the platform, `missing` are not; all are employees.
fn lacking(seen: usize, missing: usize) -> Office {
    let mut office = company(seen, 0).hires("new", "Newcomer", None);
    for n in 1..=missing {
        let (id, name) = (format!("M{n}"), format!("Missing {n}"));
        office = office
            .misses(&id, &name, Some(600 + n))
            .hires(&id, &name, Some(600 + n));
    }
    office
}

#[test]
fn a_list_that_lacks_half_of_us_is_another_companys() {
    let plan = lacking(3, 3).plan();
    assert_eq!(held(&plan, Reason::TargetChanged).unwrap(), ["M1", "M2", "M3"]);
    assert!(plan.is_target_doubtful);
    assert!(plan.batches.is_empty(), "creates are held too");
    assert_eq!(outcome(&plan, "new"), Some((Outcome::Held, "target_changed")));
}

#[test]
fn a_few_who_vanished_are_created_again() {
    for office in [lacking(4, 3), lacking(0, 2)] {
        let plan = office.plan();
        assert!(plan.holds.is_empty() && !plan.is_target_doubtful);
        assert!(sent(&plan).contains(&"M1"));
    }
}

#[test]
fn with_another_credential_one_who_is_not_there_is_enough() {
    let mut office = lacking(1, 1);
    office.circumstances.binding_changed = true;
    assert_eq!(held(&office.plan(), Reason::TargetChanged).unwrap(), ["M1"]);
    let mut office = lacking(2, 0);
    office.circumstances.binding_changed = true;
    assert!(office.plan().holds.is_empty(), "they are there: taken silently");
}

#[test]
fn whoever_a_person_knows_to_be_absent_speaks_no_longer_against_the_list() {
    let plan = lacking(3, 3)
        .approves(Subject::Absence, &["M1", "M2", "M3"])
        .plan();
    assert!(plan.holds.is_empty() && !plan.is_target_doubtful);
    assert_eq!(sent(&plan), ["M1", "M2", "M3", "new"]);
}

#[test]
fn a_rejection_of_the_list_keeps_everything_held() {
    let plan = lacking(3, 3)
        .rejects(Subject::Absence, &["M1", "M2", "M3"])
        .plan();
    assert!(plan.is_target_doubtful && plan.batches.is_empty());
}

#[test]
fn users_whose_rows_are_unusable_speak_against_a_wrong_list_as_well() {
    let mut office = lacking(0, 2);
    for n in 1..=4 {
        let (id, name) = (format!("Q{n}"), format!("Quarantined {n}"));
        office = office.misses(&id, &name, None).muddles(&id, &name);
    }
    let plan = office.plan();
    assert!(plan.is_target_doubtful && plan.batches.is_empty());
    assert_eq!(held(&plan, Reason::TargetChanged).unwrap().len(), 6);
}

#[test]
fn creates_that_were_never_seen_are_not_missing() {
    let mut office = lacking(1, 0);
    for n in 1..=5 {
        let id = format!("J{n}");
        office.managed.insert(UserId::from(&*id), remembered(None));
        office = office.hires(&id, &format!("Journalled {n}"), None);
    }
    let plan = office.plan();
    assert!(plan.holds.is_empty());
    assert_eq!(sent(&plan).len(), 6);
}

// Adoption.

/// `alike` users under the id of an employee of that name, and `unlike` under that of somebody else.
fn strangers(alike: usize, unlike: usize) -> Office {
    let mut office = Office::new().hires("new", "Newcomer", None);
    for n in 1..=alike {
        let (id, name) = (n.to_string(), format!("Employee {n}"));
        office = office.sees(&id, &name, None).hires(&id, &name, Some(n));
    }
    for n in 1..=unlike {
        let id = format!("D{n}");
        office = office.sees(&id, &format!("Doubtful {n}"), Some(800 + n)).hires(
            &id,
            &format!("Employee {id}"),
            Some(700 + n),
        );
    }
    office
}

#[test]
fn three_who_look_like_somebody_else_are_adopted_and_four_hold_the_adoption() {
    assert!(strangers(2, 3).plan().holds.is_empty());
    let plan = strangers(2, 4).plan();
    let all = ["1", "2", "D1", "D2", "D3", "D4"];
    assert_eq!(held(&plan, Reason::Adoption).unwrap(), all);
    assert_eq!(sent(&plan), ["new"]);
    assert!(strangers(36, 4).plan().holds.is_empty(), "ten per cent");
    assert!(
        !strangers(35, 4).plan().holds.is_empty(),
        "more than ten per cent"
    );
}

#[test]
fn an_approved_adoption_goes_on_and_a_rejected_one_leaves_them_foreign() {
    let all = ["1", "2", "D1", "D2", "D3", "D4"];
    let approved = strangers(2, 4).approves(Subject::Adoption, &all).plan();
    assert!(approved.holds.is_empty());
    assert_eq!(sent(&approved).len(), 7);
    let rejected = strangers(2, 4).rejects(Subject::Adoption, &all).plan();
    assert!(rejected.holds.is_empty());
    assert_eq!(sent(&rejected), ["new"]);
    assert_eq!(rejected.diff.foreign, ids(&all));
}

#[test]
fn an_adoption_that_was_held_in_the_run_stays_held() {
    let plan = strangers(2, 3)
        .still_holds(Reason::Adoption, &["1", "2", "D1", "D2", "D3", "D4"])
        .plan();
    assert_eq!(
        held(&plan, Reason::Adoption).unwrap(),
        ["1", "2", "D1", "D2", "D3"]
    );
}

// The hold itself.

#[test]
fn the_same_hold_has_the_same_digest_and_another_one_has_another() {
    let digest = |plan: &Plan| plan.holds[0].digest.clone();
    let hold = |n| with_removals(company(20, n), Limit::Count(0)).plan();
    assert_eq!(digest(&hold(2)), digest(&hold(2)));
    assert_ne!(digest(&hold(2)), digest(&hold(3)));
}

#[test]
fn a_hold_remembers_the_rows_that_it_is_about() {
    let office = with_removals(
        company(9, 1).has("x", "Zane", None).dismisses("x", "Zane"),
        Limit::Count(0),
    );
    let plan = office.plan();
    let rows: Vec<Option<u128>> = plan.holds[0].users.iter().map(|it| it.row).collect();
    let mark = office.employees().by_id[&UserId::from("x")].row;
    assert_eq!(rows, [None, Some(mark)]);
}

#[test]
fn a_rejection_of_other_rows_is_no_rejection() {
    let mut office = company(9, 0).hires("a", "Newcomer", None);
    office.decisions.push(Decision {
        user: "a".into(),
        subject: Subject::Create,
        verdict: Verdict::Rejected { row: None },
    });
    assert_eq!(all_sent(&office.plan()), ["a"]);
}
