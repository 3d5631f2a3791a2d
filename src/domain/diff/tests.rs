//! Who is ours, who left, and what changed behind our back.

use super::super::testing::*;
use super::*;

fn changes(office: &Office) -> Diff {
    office.knowing(diff)
}

fn ops(diff: &Diff) -> Vec<(&str, Op)> {
    diff.changes.values().map(|it| (it.id.as_str(), it.op)).collect()
}

#[test]
fn employees_and_users_are_compared_by_id() {
    let diff = changes(
        &Office::new()
            .has("1", "Anna", Some(1))
            .has("2", "Berta", Some(2))
            .has("3", "Cecīlija", None)
            .hires("1", "Anna", Some(1))
            .hires("2", "Berta B", Some(2))
            .hires("4", "Dace", None),
    );
    assert_eq!(
        ops(&diff),
        [("2", Op::Update), ("3", Op::Delete), ("4", Op::Create)]
    );
}

#[test]
fn foreign_users_are_counted_and_left_alone() {
    let diff = changes(&Office::new().sees("x", "Stranger", None).hires("1", "Anna", None));
    assert_eq!(diff.foreign, ids(&["x"]));
    assert_eq!(ops(&diff), [("1", Op::Create)]);
}

#[test]
fn a_user_under_the_id_of_an_employee_is_adopted_active_or_not() {
    let diff = changes(
        &Office::new()
            .sees("1", "Anna", None)
            .sees("2", "Berta", None)
            .hires("1", "Anna", None)
            .dismisses("2", "Berta"),
    );
    assert_eq!(diff.adopted, ids(&["1", "2"]));
    assert_eq!(ops(&diff), [("2", Op::Delete)]);
}

#[test]
fn only_who_shares_neither_name_nor_phone_is_doubtful() {
    let diff = changes(
        &Office::new()
            .sees("1", "Anna", Some(1))
            .sees("2", "Berta", Some(2))
            .sees("3", "Cecīlija", Some(3))
            .hires("1", "Anna", Some(9))
            .hires("2", "Beate", Some(2))
            .hires("3", "Dace", Some(8)),
    );
    assert_eq!(diff.doubtful, ids(&["3"]));
}

#[test]
fn the_user_of_an_unusable_row_is_left_exactly_as_it_is() {
    let office = Office::new().has("1", "Anna", Some(1)).muddles("1", "Anna");
    assert!(changes(&office).changes.is_empty());
    let stranger = Office::new().sees("1", "Anna", Some(1)).muddles("1", "Anna");
    assert_eq!(changes(&stranger).foreign, ids(&["1"]));
}

#[test]
fn protected_users_are_never_touched() {
    let mut office = Office::new()
        .has("1", "Anna", Some(1))
        .has("2", "Berta", None)
        .sees("3", "Cecīlija", None)
        .hires("1", "Beate", Some(2))
        .hires("3", "Dace", Some(3))
        .hires("4", "Eva", None);
    office.policy.protected = ids(&["1", "2", "3", "4"]);
    let diff = changes(&office);
    assert!(diff.changes.is_empty(), "{:?}", diff.changes);
    assert!(diff.adopted.is_empty());
}

#[test]
fn leavers_that_are_kept_are_a_finding() {
    let mut office = Office::new()
        .has("1", "Anna", Some(1))
        .has("2", "Berta", Some(2))
        .dismisses("2", "Berta");
    office.policy.leavers = Leavers::Keep;
    let diff = changes(&office);
    assert!(diff.changes.is_empty());
    let kept = found(&diff.findings, FindingKind::LeaverKept);
    assert_eq!(kept.iter().map(|it| it.0).collect::<Vec<_>>(), ["1", "2"]);
}

// How long somebody must be absent.

const QUARTER: i64 = 15 * 60 * 1000;

fn absent(since: Option<Millis>) -> Office {
    let mut office = Office::new().has("1", "Anna", None).hires("2", "Berta", None);
    office.policy.removal_after = QUARTER;
    office.managed.get_mut(&UserId::from("1")).unwrap().absent_since = since;
    office
}

#[test]
fn an_absent_employee_is_removed_after_the_time_and_not_before() {
    for (since, is_removed) in [
        (None, false),
        (Some(NOW.plus(1 - QUARTER)), false),
        (Some(NOW.plus(-QUARTER)), true),
    ] {
        let diff = changes(&absent(since));
        assert_eq!(
            diff.changes.contains_key(&UserId::from("1")),
            is_removed,
            "{since:?}"
        );
        assert_eq!(diff.absent[&UserId::from("1")], since.unwrap_or(NOW));
    }
}

#[test]
fn a_clock_that_was_set_back_begins_the_wait_anew() {
    let diff = changes(&absent(Some(NOW.plus(Millis::DAY))));
    assert_eq!(diff.absent[&UserId::from("1")], NOW);
    assert_eq!(ops(&diff), [("2", Op::Create)]);
}

#[test]
fn an_inactive_row_needs_no_wait() {
    let diff = changes(&absent(None).dismisses("1", "Anna"));
    assert_eq!(ops(&diff), [("1", Op::Delete), ("2", Op::Create)]);
    assert!(diff.absent.is_empty());
}

#[test]
fn whoever_waits_for_its_removal_keeps_its_phone() {
    let mut office = Office::new()
        .has("1", "Anna", Some(1))
        .hires("2", "Berta", Some(1));
    office.policy.removal_after = QUARTER;
    let plan = office.plan();
    assert_eq!(plan.blocked[&UserId::from("2")].code, "phone_taken");
}

// Drift.

/// An employee whose user somebody renamed on the platform.
fn drifted() -> Office {
    let mut office = Office::new()
        .has("1", "Anna", Some(1))
        .hires("1", "Anna", Some(1));
    office.users = vec![user("1", "Hacked", Some(1))];
    office
}

#[test]
fn drift_is_reported_and_repaired() {
    let diff = changes(&drifted());
    assert_eq!(diff.drift, ids(&["1"]));
    assert_eq!(ops(&diff), [("1", Op::Update)]);
}

#[test]
fn drift_that_is_only_to_be_reported_stays() {
    let mut office = drifted();
    office.policy.on_drift = OnDrift::Report;
    let diff = changes(&office);
    assert_eq!(diff.drift, ids(&["1"]));
    assert!(diff.changes.is_empty());
    office.rows = vec![row("1", "Anna Ozola", Some(1), "1")];
    assert_eq!(
        ops(&changes(&office)),
        [("1", Op::Update)],
        "what the CRM changes is no drift"
    );
}

#[test]
fn what_we_were_at_when_a_run_ended_is_no_drift() {
    let mut office = drifted();
    office.policy.on_drift = OnDrift::Report;
    let found = office.knowing(|known| {
        diff(&Known {
            under_way: &ids(&["1"]),
            ..*known
        })
    });
    assert!(found.drift.is_empty());
    assert_eq!(ops(&found), [("1", Op::Update)]);
}

#[test]
fn a_user_that_somebody_removed_is_drift_too() {
    let mut office = Office::new().misses("1", "Anna", None).hires("1", "Anna", None);
    let diff = changes(&office);
    assert_eq!((diff.drift.len(), diff.missing.len()), (1, 1));
    assert_eq!(ops(&diff), [("1", Op::Create)]);
    office.policy.on_drift = OnDrift::Report;
    assert!(changes(&office).changes.is_empty());
}

#[test]
fn what_somebody_made_equal_to_the_crm_is_drift_without_a_change() {
    let mut office = drifted();
    office.rows = vec![row("1", "Hacked", Some(1), "1")];
    let diff = changes(&office);
    assert_eq!(diff.drift, ids(&["1"]));
    assert!(diff.changes.is_empty());
}

// What is left of users that are not there.

#[test]
fn a_leaver_that_is_not_there_is_gone() {
    let diff = changes(&Office::new().misses("1", "Anna", None));
    assert_eq!((diff.gone, diff.missing), (ids(&["1"]), ids(&["1"])));
    assert!(diff.changes.is_empty());
}

#[test]
fn a_create_that_was_never_seen_is_remembered_for_a_day() {
    let mut office = Office::new();
    let journalled = |since| Remembered {
        since,
        ..remembered(None)
    };
    office
        .managed
        .insert("1".into(), journalled(NOW.plus(1 - Millis::DAY)));
    office
        .managed
        .insert("2".into(), journalled(NOW.plus(-Millis::DAY)));
    assert_eq!(changes(&office).gone, ids(&["2"]));
}

#[test]
fn a_create_whose_answer_was_lost_and_that_landed_is_ours() {
    let mut office = Office::new().sees("1", "Anna", None);
    office.managed.insert("1".into(), remembered(None));
    let diff = changes(&office);
    assert!(diff.foreign.is_empty());
    assert_eq!(ops(&diff), [("1", Op::Delete)], "its employee left meanwhile");
}

// What a snapshot is good for.

#[test]
fn only_renames_can_be_made_on_a_snapshot() {
    let base = Office::new().has("1", "Anna", Some(1));
    let is_renames = |office: Office| changes(&office).is_renames_only();
    assert!(is_renames(base.clone().hires("1", "Anna Ozola", Some(1))));
    assert!(!is_renames(base.clone().hires("1", "Anna", Some(2))));
    assert!(!is_renames(base.clone().hires("1", "Anna", None)));
    assert!(!is_renames(base.clone()));
    assert!(!is_renames(
        base.hires("1", "Anna", Some(1)).hires("2", "Berta", None)
    ));
}

#[test]
fn a_snapshot_knows_no_strangers_and_misses_nobody() {
    let office = Office::new()
        .has("1", "Anna", Some(1))
        .hires("1", "Anna Ozola", Some(1));
    let (employees, world) = (office.employees(), World::from_snapshot(&office.managed));
    let known = Known {
        employees: &employees,
        world: &world,
        managed: &office.managed,
        decisions: &[],
        under_way: &BTreeSet::new(),
        policy: &office.policy,
        capabilities: &office.capabilities,
        now: NOW,
    };
    let diff = diff(&known);
    assert_eq!(ops(&diff), [("1", Op::Update)]);
    assert!(diff.missing.is_empty() && diff.drift.is_empty() && diff.foreign.is_empty());
}
