//! The laws, each tried on many random companies.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestCaseResult;

use super::super::batch::{PhoneField, Purpose, Verb};
use super::super::contention::Clearing;
use super::super::finding::FindingKind;
use super::super::outcome::{Op, Outcome};
use super::super::plan::Plan;
use super::super::testing::*;
use super::super::user::UserId;
use super::expected::Expected;
use super::platform::Platform;
use super::scenario::{offices, rotations, sized};

/// The cases of `PROPTEST_CASES`. What fails becomes a test of its own, so no file remembers it.
fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// What is left undone, and why.
fn undone(plan: &Plan) -> BTreeMap<UserId, (Outcome, String)> {
    let settled = plan.settled.iter().map(|it| {
        let code = it.code.as_deref().unwrap_or_default().to_owned();
        (it.change.id.clone(), (it.outcome, code))
    });
    let blocked = plan
        .blocked
        .iter()
        .map(|(id, it)| (id.clone(), (Outcome::Conflict, it.code.to_owned())));
    settled.chain(blocked).collect()
}

fn kept_phones(plan: &Plan) -> BTreeSet<UserId> {
    let kept = plan
        .findings
        .iter()
        .filter(|it| it.kind == FindingKind::PhoneKept);
    kept.map(|it| it.id.clone()).collect()
}

/// Users that no plan may touch.
fn immovable(office: &Office, plan: &Plan) -> BTreeSet<UserId> {
    let employees = office.employees();
    let is_immovable = |id: &&UserId| {
        employees.quarantined.contains(*id)
            || office.policy.protected.contains(*id)
            || plan.diff.foreign.contains(*id)
            || plan.settled.iter().any(|it| it.change.id == **id)
            || !plan.diff.changes.contains_key(*id)
    };
    let ids: Vec<UserId> = office.users.iter().map(|it| it.id.clone()).collect();
    ids.iter().filter(is_immovable).cloned().collect()
}

/// Applying a plan gives what is desired, wherever nothing stands in the way, and changes nothing else.
fn reaches_the_desired_state(office: Office) -> TestCaseResult {
    let mut after = office.clone();
    let plan = after.settle();
    let (before, after) = (Platform::of(&office), Platform::of(&after));
    let untouched = immovable(&office, &plan);
    for id in &untouched {
        prop_assert_eq!(
            before.users.get(id),
            after.users.get(id),
            "{} must not change",
            id
        );
    }
    let (undone, kept) = (undone(&plan), kept_phones(&plan));
    for (id, change) in &plan.diff.changes {
        if undone.contains_key(id) || kept.contains(id) {
            continue;
        }
        prop_assert_eq!(after.users.get(id), change.new.as_ref(), "{}", id);
    }
    for (id, desired) in &plan.diff.desired.users {
        let is_free = !untouched.contains(id)
            && !undone.contains_key(id)
            && !kept.contains(id)
            && !office.policy.protected.contains(id);
        if is_free {
            prop_assert_eq!(after.users.get(id), Some(desired));
        }
    }
    Ok(())
}

/// Whatever is undone is undone for the same reason, and nothing is sent.
fn second_plan_is_empty(mut office: Office) -> TestCaseResult {
    let first = office.settle();
    let second = office.plan();
    prop_assert!(
        second.batches.is_empty(),
        "{:#?}\nafter {:#?}",
        second.batches,
        first.batches
    );
    prop_assert_eq!(undone(&second), undone(&first));
    prop_assert_eq!(kept_phones(&second), kept_phones(&first));
    Ok(())
}

/// A run that ends after so many requests is finished by the next one.
fn any_prefix_is_finished(office: &Office) -> TestCaseResult {
    let mut whole = office.clone();
    let plan = whole.settle();
    for n in 0..plan.batches.len() {
        let mut broken = office.clone();
        let mut platform = Platform::of(&broken);
        for batch in &plan.batches[..n] {
            prop_assert_eq!(platform.take(batch), Ok(()));
        }
        broken.learn(&plan, &platform);
        let _finishing = broken.settle();
        prop_assert_eq!(&broken.users, &whole.users, "after {} of {:#?}", n, &plan.batches);
    }
    Ok(())
}

/// What failed, and what could not be done because of it, is done by the next run.
fn any_failures_are_mended(office: &Office, luck: &[bool], in_part: bool) -> TestCaseResult {
    let mut whole = office.clone();
    let plan = whole.settle();
    let mut broken = office.clone();
    let mut platform = Platform::of(&broken);
    let mut luck = luck.iter().copied().cycle();
    for batch in &plan.batches {
        if in_part {
            platform.take_in_part(batch, |_| luck.next().unwrap_or(true));
        } else if luck.next().unwrap_or(true) {
            let mut after = platform.clone();
            if after.take(batch).is_ok() {
                platform = after;
            }
        }
    }
    broken.learn(&plan, &platform);
    let _finishing = broken.settle();
    prop_assert_eq!(
        &broken.users,
        &whole.users,
        "after failures in {:#?}",
        &plan.batches
    );
    prop_assert!(broken.plan().batches.is_empty());
    Ok(())
}

/// Every change of the diff has one fate: it is sent, or settled, or a phone stays.
fn every_change_has_one_fate(office: &Office) -> TestCaseResult {
    let plan = office.plan();
    let kept = kept_phones(&plan);
    for id in plan.diff.changes.keys() {
        let n_settled = plan.settled.iter().filter(|it| it.change.id == *id).count();
        let n_sent = usize::from(plan.changes.contains_key(id));
        let is_only_kept = n_settled + n_sent == 0 && kept.contains(id);
        prop_assert!(
            n_settled + n_sent == 1 || is_only_kept,
            "{}: {} and {}",
            id,
            n_sent,
            n_settled
        );
    }
    for id in plan
        .settled
        .iter()
        .map(|it| &it.change.id)
        .chain(plan.changes.keys())
        .chain(plan.blocked.keys())
    {
        prop_assert!(plan.diff.changes.contains_key(id));
    }
    for id in plan.blocked.keys() {
        prop_assert!(plan.changes.contains_key(id));
    }
    // Each change that is sent has one item that does it, and its user one more at most: to step aside.
    let mut n_items: BTreeMap<&UserId, (usize, usize)> = BTreeMap::new();
    for item in plan.batches.iter().flat_map(|it| &it.items) {
        let counts = n_items.entry(&item.id).or_default();
        match item.purpose {
            Purpose::Remove | Purpose::Apply => counts.0 += 1,
            Purpose::Park | Purpose::Recreate => counts.1 += 1,
        }
    }
    prop_assert_eq!(n_items.len(), plan.changes.len());
    for (id, (n_applied, n_aside)) in n_items {
        prop_assert!(n_applied == 1 && n_aside <= 1, "{}", id);
    }
    Ok(())
}

/// As few parks as there are cycles and cuts, and as few requests as there can be.
fn parks_and_requests_are_fewest(office: &Office) -> TestCaseResult {
    let plan = office.plan();
    let expected = Expected::of(office, &plan);
    prop_assert_eq!(plan.parks().count(), expected.parks());
    prop_assert_eq!(
        plan.batches.len(),
        expected.requests(&plan),
        "{:#?}",
        &plan.batches
    );
    Ok(())
}

/// Until it is known how a phone is taken away, one user alone shows it.
fn clearing_is_learned_alone(office: &Office) -> TestCaseResult {
    if office.terms.clearing != Clearing::Unknown {
        return Ok(());
    }
    let plan = office.plan();
    let clears = |item: &&super::super::batch::Item| matches!(item.phone, PhoneField::Clear(_));
    let first = plan
        .batches
        .iter()
        .find(|it| it.items.iter().any(|item| clears(&item)));
    prop_assert!(first.is_none_or(|it| it.items.len() == 1 && it.verb == Verb::Update));
    Ok(())
}

fn order_does_not_matter(office: &Office, rows: &[usize], users: &[usize]) -> TestCaseResult {
    let mut shuffled = office.clone();
    let by = |keys: &[usize], n: usize| {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|it| keys.get(*it).copied().unwrap_or(0));
        order
    };
    shuffled.rows = by(rows, office.rows.len())
        .iter()
        .map(|it| office.rows[*it].clone())
        .collect();
    shuffled.users = by(users, office.users.len())
        .iter()
        .map(|it| office.users[*it].clone())
        .collect();
    let (plan, other) = (office.plan(), shuffled.plan());
    prop_assert_eq!(plan.digest(), other.digest());
    prop_assert_eq!(plan, other);
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn applying_a_plan_gives_the_desired_state(office in offices()) {
        reaches_the_desired_state(office)?;
    }

    #[test]
    fn applying_a_plan_of_long_chains_gives_the_desired_state(office in rotations()) {
        reaches_the_desired_state(office)?;
    }

    #[test]
    fn the_second_plan_is_empty(office in offices()) {
        second_plan_is_empty(office)?;
    }

    #[test]
    fn the_second_plan_of_many_people_is_empty(office in sized(15..=30)) {
        second_plan_is_empty(office)?;
    }

    #[test]
    fn a_run_that_ends_early_is_finished_by_the_next(office in offices()) {
        any_prefix_is_finished(&office)?;
    }

    #[test]
    fn failed_requests_are_mended_by_the_next_run(
        office in offices(),
        luck in prop::collection::vec(any::<bool>(), 1..12),
    ) {
        any_failures_are_mended(&office, &luck, false)?;
    }

    #[test]
    fn failed_items_are_mended_by_the_next_run(
        office in offices(),
        luck in prop::collection::vec(any::<bool>(), 1..24),
    ) {
        any_failures_are_mended(&office, &luck, true)?;
    }

    #[test]
    fn failed_items_of_long_chains_are_mended_by_the_next_run(
        office in rotations(),
        luck in prop::collection::vec(any::<bool>(), 1..40),
    ) {
        any_failures_are_mended(&office, &luck, true)?;
    }

    #[test]
    fn every_change_has_exactly_one_fate(office in offices()) {
        every_change_has_one_fate(&office)?;
    }

    #[test]
    fn parks_and_requests_are_the_fewest(office in offices()) {
        parks_and_requests_are_fewest(&office)?;
    }

    #[test]
    fn parks_and_requests_of_long_chains_are_the_fewest(office in rotations()) {
        parks_and_requests_are_fewest(&office)?;
        every_change_has_one_fate(&office)?;
    }

    #[test]
    fn the_way_to_clear_a_phone_is_learned_with_one_user_alone(office in offices()) {
        clearing_is_learned_alone(&office)?;
    }

    #[test]
    fn the_order_of_rows_and_users_does_not_matter(
        office in offices(),
        rows in prop::collection::vec(any::<usize>(), 12),
        users in prop::collection::vec(any::<usize>(), 12),
    ) {
        order_does_not_matter(&office, &rows, &users)?;
    }

    #[test]
    fn rows_that_wait_change_no_plan(office in offices()) {
        let mut waiting = office.clone();
        waiting.rules.room = Some(office.rows.len());
        prop_assert_eq!(waiting.plan(), office.plan());
    }

    #[test]
    fn suspects_travel_alone(mut office in offices(), is_suspect in prop::collection::vec(any::<bool>(), 9)) {
        let ids = office.rows.iter().filter_map(|it| it.get(super::super::table::Column::Id));
        let suspects = ids.zip(is_suspect).filter(|(_, it)| *it).map(|(id, _)| UserId::from(id));
        office.scope.suspects = suspects.collect();
        let plan = office.clone().settle();
        for batch in &plan.batches {
            let has_suspect = batch.items.iter().any(|it| office.scope.suspects.contains(&it.id));
            prop_assert!(!has_suspect || batch.items.len() == 1);
        }
        second_plan_is_empty(office)?;
    }

    #[test]
    fn users_outside_of_the_scope_are_not_touched(office in offices(), n in 0..9usize) {
        let mut scoped = office.clone();
        let id = office.rows.get(n).and_then(|it| it.get(super::super::table::Column::Id)).unwrap_or("none");
        scoped.scope.only = Some(ids(&[id]));
        let plan = scoped.settle();
        prop_assert!(sent(&plan).into_iter().all(|it| it == id));
        let mut without = office.clone();
        without.scope.except = ids(&[id]);
        prop_assert!(!sent(&without.settle()).contains(&id));
    }

    #[test]
    fn a_world_that_shows_phones_twice_is_planned_soundly(
        office in offices(),
        copies in prop::collection::vec((0..9usize, 0..9usize), 1..3),
    ) {
        let mut office = office;
        // What such a platform does with a phone that is sent back, nobody knows: so this is not carried out.
        let n = office.users.len().max(1);
        for (from, to) in copies {
            let copied = office.users.get(from % n).and_then(|it| it.phone.clone());
            if let Some(user) = office.users.get_mut(to % n) {
                user.phone = copied;
            }
        }
        let plan = office.plan();
        for item in plan.batches.iter().flat_map(|it| &it.items) {
            prop_assert!(!immovable(&office, &plan).contains(&item.id));
        }
    }

    #[test]
    fn nobody_is_removed_without_leave(office in offices()) {
        let plan = office.plan();
        for item in plan.batches.iter().filter(|it| it.verb == Verb::Delete).flat_map(|it| &it.items) {
            let op = plan.changes.get(&item.id).map(|it| it.op);
            let is_back = op == Some(Op::Update) && item.purpose == Purpose::Recreate;
            prop_assert!(is_back || (op == Some(Op::Delete) && !plan.diff.desired.users.contains_key(&item.id)));
        }
    }
}

/// A law is worth little if no company comes near it: each of these happens often enough.
#[test]
fn the_companies_are_worth_trying() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..1000 {
        let office = offices().new_tree(&mut runner).unwrap().current();
        let plan = office.plan();
        let has = |code: &str| undone(&plan).values().any(|(_, it)| it == code);
        let verbs = |verb| plan.batches.iter().any(|it| it.verb == verb);
        let facts = [
            ("sends", !plan.batches.is_empty()),
            ("four requests", plan.batches.len() >= 4),
            ("upserts", verbs(Verb::Upsert)),
            ("creates", verbs(Verb::Create)),
            ("deletes", verbs(Verb::Delete)),
            ("parks", plan.parks().count() > 0),
            ("two parks", plan.parks().count() > 1),
            ("phone taken", has("phone_taken")),
            ("cannot park", has("cannot_park")),
            ("no seat", has("no_seat")),
            ("waits", has("waits_for_held_removal")),
            ("held", has("removals")),
            ("rekeyed", has("rekeyed")),
            ("adoption held", has("adoption")),
            ("half sent", !plan.blocked.is_empty()),
            ("phone kept", !kept_phones(&plan).is_empty()),
            ("adopts", !plan.diff.adopted.is_empty()),
            ("foreign", !plan.diff.foreign.is_empty()),
            (
                "shared phones",
                found(&plan.findings, FindingKind::PhoneDuplicate).len() > 1,
            ),
        ];
        for (fact, is_so) in facts {
            *seen.entry(fact).or_default() += usize::from(is_so);
        }
    }
    let rare: Vec<_> = seen.iter().filter(|(_, n)| **n < 10).collect();
    assert!(
        rare.is_empty(),
        "too rare in 1000 companies: {rare:?} of {seen:?}"
    );
}
