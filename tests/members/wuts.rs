//! WUTS: by e-mail, with a role, deactivated when they leave.

use std::collections::BTreeMap;

use wazzup_sync::domain::finding::FindingKind;
use wazzup_sync::domain::guard::Limit;
use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::simulator::WutsUser;
use wazzup_sync::target::wuts::WutsOptions;

use super::lab::{Lab, OWN, Platform, TENANT, changes, email};

fn one(n: usize, op: Op) -> (String, Op, Outcome) {
    (n.to_string(), op, Outcome::Applied)
}

#[tokio::test]
async fn people_are_found_or_created_and_a_second_run_asks_nobody() {
    let lab = Lab::wuts([
        WutsUser::new("s1", "Person1@Example.com", "manager"),
        WutsUser::new("s9", "guest@example.com", "user"),
    ])
    .await;
    for n in 1..=3 {
        lab.hire(n, if n == 2 { "head" } else { "" });
    }
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    assert_eq!(
        changes(&report),
        [one(1, Op::Access), one(2, Op::Create), one(3, Op::Create)]
    );
    let mut expected = lab.desired();
    expected.insert("guest@example.com".to_owned(), "user".to_owned());
    assert_eq!(lab.active(), expected);
    // The guest, the other administrator, and the one whose token we have.
    assert_eq!(report.foreign, 3);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0);
    assert_eq!(lab.sim.requests().len(), 0);
    lab.assert_clean();
}

async fn company(n: usize) -> Lab {
    let lab = Lab::wuts([]).await;
    for n in 1..=n {
        lab.hire(n, "");
    }
    assert_eq!(lab.run().await.exit_code(), 0);
    lab
}

#[tokio::test]
async fn roles_change_leavers_are_deactivated_and_come_back() {
    let lab = company(4).await;
    lab.hire(1, "head");
    lab.dismiss(2);
    let report = lab.run().await;
    assert_eq!(changes(&report), [one(1, Op::Access), one(2, Op::Delete)]);
    assert_eq!(lab.active(), lab.desired());
    let left = lab.sim.wuts_users(TENANT);
    assert!(left.iter().any(|it| it.email == email(2) && !it.active));

    lab.hire(2, "head");
    let report = lab.run().await;
    assert_eq!(changes(&report), [one(2, Op::Create)]);
    assert_eq!(lab.active(), lab.desired());
    lab.assert_clean();
}

#[tokio::test]
async fn another_e_mail_is_one_change_that_is_held_like_a_removal() {
    let mut lab = company(4).await;
    let before = lab.active();
    lab.rekey(1, 9, "");
    lab.account.limits.removals = Limit::Count(0);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 4, "{report:#?}");
    assert_eq!(changes(&report), [("1".to_owned(), Op::Update, Outcome::Held)]);
    assert_eq!(lab.active(), before);

    lab.account.limits.removals = Limit::Count(10);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    assert_eq!(lab.active(), lab.desired());
    lab.assert_clean();
}

#[tokio::test]
async fn nobody_is_created_where_that_is_not_allowed() {
    let mut lab = Lab::wuts([WutsUser::new("s1", &email(1), "user").inactive()]).await;
    lab.platform = Platform::Wuts(WutsOptions {
        creates: false,
        removes_by_delete: false,
    });
    lab.hire(1, "");
    lab.hire(2, "");
    let report = lab.run().await;
    assert_eq!(changes(&report), [one(1, Op::Create)]);
    let missing: Vec<&str> = report
        .findings
        .iter()
        .filter(|it| it.kind == FindingKind::UserMissing)
        .map(|it| it.id.as_str())
        .collect();
    assert_eq!(missing, ["2"]);
    assert_eq!(lab.active(), BTreeMap::from([(email(1), "user".to_owned())]));
}

#[tokio::test]
async fn two_rows_with_one_e_mail_change_nobody() {
    let lab = company(3).await;
    lab.put(4, "PERSON1@example.com", "head");
    let before = lab.active();
    let report = lab.run().await;
    assert_eq!(changes(&report), []);
    assert!(
        report
            .findings
            .iter()
            .any(|it| it.kind == FindingKind::EmailDuplicate)
    );
    assert_eq!(lab.active(), before);
}

#[tokio::test]
async fn our_own_user_and_protected_ones_stay_even_if_the_table_says_otherwise() {
    let mut lab = company(2).await;
    lab.account.policy.protected = [email(2).as_str().into()].into();
    lab.put(9, "sync@example.com", "");
    lab.dismiss(2);
    lab.run().await;
    let users = lab.sim.wuts_users(TENANT);
    assert!(
        users
            .iter()
            .any(|it| it.id == OWN && it.role == "admin" && it.active)
    );
    assert!(lab.active().contains_key(&email(2)));
    lab.assert_clean();
}
