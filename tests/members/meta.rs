//! Meta: by name or id, with tasks, unassigned when they leave.

use wazzup_sync::domain::finding::FindingKind;
use wazzup_sync::domain::identity::Key;
use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::simulator::{MetaBusiness, MetaUser};

use super::lab::{Lab, Platform, TOKEN, changes, name};

const FIRST: &str = "122100000000000101";
const SECOND: &str = "122100000000000102";

fn applied(n: &str, op: Op) -> (String, Op, Outcome) {
    (n.to_owned(), op, Outcome::Applied)
}

#[tokio::test]
async fn who_is_there_by_name_is_assigned_and_not_made_again() {
    let business = MetaBusiness::new(TOKEN)
        .and_system_user(FIRST, MetaUser::new(&name(1)))
        .and_system_user(SECOND, MetaUser::assigned(&name(2), &["DEVELOP", "MANAGE"]));
    let lab = Lab::meta(business).await;
    for n in 1..=3 {
        lab.hire(n, "");
    }
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    assert_eq!(
        changes(&report),
        [
            applied("1", Op::Create),
            applied("2", Op::Access),
            applied("3", Op::Create)
        ]
    );
    assert_eq!(lab.active(), lab.desired());
    // Somebody's bot, and the system user behind the token; the person in the same list is none.
    assert_eq!(report.foreign, 2, "{report:#?}");
    lab.run().await;
    assert_eq!(lab.sim.requests().len(), 0);
    lab.assert_clean();
}

#[tokio::test]
async fn a_name_that_two_system_users_bear_is_a_finding() {
    let business = MetaBusiness::new(TOKEN)
        .and_system_user(FIRST, MetaUser::new(&name(1)))
        .and_system_user(SECOND, MetaUser::new(&name(1)));
    let lab = Lab::meta(business).await;
    lab.hire(1, "");
    lab.hire(2, "");
    let report = lab.run().await;
    assert_eq!(changes(&report), [applied("2", Op::Create)]);
    let ambiguous: Vec<&str> = report
        .findings
        .iter()
        .filter(|it| it.kind == FindingKind::UserAmbiguous)
        .map(|it| it.id.as_str())
        .collect();
    assert_eq!(ambiguous, ["1"]);
    assert_eq!(lab.sim.violations(), []);
}

#[tokio::test]
async fn by_id_nobody_is_made_and_who_is_missing_is_told() {
    let business = MetaBusiness::new(TOKEN).and_system_user(FIRST, MetaUser::new("Whoever"));
    let mut lab = Lab::meta(business).await;
    lab.account.key = Key::Id;
    if let Platform::Meta(options) = &mut lab.platform {
        options.creates = false;
    }
    lab.hire(FIRST.parse().unwrap(), "head");
    lab.hire(SECOND.parse().unwrap(), "");
    let report = lab.run().await;
    assert_eq!(changes(&report), [applied(FIRST, Op::Create)]);
    let missing: Vec<&str> = report
        .findings
        .iter()
        .filter(|it| it.kind == FindingKind::UserMissing)
        .map(|it| it.id.as_str())
        .collect();
    assert_eq!(missing, [SECOND]);
    let tasks = lab.business().system_users[FIRST].tasks.clone().unwrap();
    assert_eq!(Vec::from_iter(tasks), ["MANAGE"]);
    lab.assert_clean();
}

#[tokio::test]
async fn who_can_not_be_unassigned_is_told_and_all_others_go_on() {
    let lab = Lab::meta(MetaBusiness::new(TOKEN)).await;
    for n in 1..=8 {
        lab.hire(n, "");
    }
    assert_eq!(lab.run().await.exit_code(), 0);
    let users = lab.business().system_users;
    let bound = users.iter().find(|(_, it)| it.name == name(1)).unwrap().0.clone();
    lab.sim.update_meta(TOKEN, |it| {
        it.restricted.insert(bound);
    });
    lab.dismiss(1);
    lab.dismiss(2);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 3, "{report:#?}");
    assert_eq!(
        changes(&report),
        [
            ("1".to_owned(), Op::Delete, Outcome::Rejected),
            applied("2", Op::Delete)
        ]
    );
    let active = lab.active();
    assert!(active.contains_key(&name(1)) && !active.contains_key(&name(2)));
    assert_eq!(lab.sim.violations(), []);
}
