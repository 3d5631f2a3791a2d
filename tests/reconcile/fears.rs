//! What the owner of a CRM fears: that people vanish, or lose their phone, because of something that was
//! never meant so.

use std::time::Duration;

use wazzup_sync::domain::diff::OnDrift;
use wazzup_sync::domain::finding::FindingKind;
use wazzup_sync::domain::memory::Reason;
use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::reconcile::{AccountReport, RunResult};
use wazzup_sync::simulator::{Fault, How, Lands, MethodIs, SimUser};
use wazzup_sync::source::SourceError;
use wazzup_sync::store::Answer;
use wazzup_sync::target::Kind;

use super::lab::{Lab, TOKEN, by_kind, describe, outcome, phone};

on_every_wazzup! {
    an_empty_table_removes_nobody,
    a_table_of_which_half_is_gone_removes_nobody,
    a_source_that_cannot_be_read_changes_nothing,
    rows_that_cannot_be_used_remove_nobody,
    a_join_that_loses_all_phones_takes_nobodys_phone,
    a_query_that_yields_no_phones_any_more_takes_nobodys_phone,
    a_crm_with_other_ids_makes_no_second_copy_of_anybody,
    the_token_of_another_company_changes_nothing_there_and_nothing_here,
    a_new_token_of_the_same_account_is_taken_without_a_question,
    an_emptied_account_is_filled_again_once_a_person_says_so,
    a_rejected_removal_stays_away_until_the_row_comes_back_and_goes_again,
    an_approval_lets_just_these_users_pass_and_only_for_a_day,
    three_may_leave_a_run_and_six_of_forty_a_day,
    a_removal_waits_as_long_as_configured_unless_the_row_says_inactive,
    the_first_removal_after_the_settings_changed_waits_for_a_person,
    drift_is_repaired_or_only_reported_as_configured,
    users_with_an_employees_id_are_adopted_unless_they_look_like_somebody_else,
    claimed_users_are_removed_within_the_limits,
    a_create_without_an_answer_is_ours_for_a_day,
}

async fn company(kind: Kind, n: usize) -> Lab {
    let lab = Lab::new(kind).await;
    lab.hire_many(n);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
    lab.count_anew();
    lab
}

fn reasons(report: &AccountReport) -> Vec<Reason> {
    report.holds.iter().map(|it| it.reason).collect()
}

async fn decide(lab: &Lab, answer: Answer) {
    let now = (lab.clock())();
    for hold in lab.store.open_holds("acme").await.unwrap() {
        lab.store
            .decide(&hold.id, answer, "ops", Some("asked around"), now)
            .await
            .unwrap();
    }
}

/// Nothing was written, and a person is asked for these reasons; also by the next run.
async fn assert_held(lab: &Lab, expected: &[Reason]) {
    let before = lab.platform();
    for _ in 0..2 {
        let report = lab.run().await;
        let story = format!("{}\n{}", describe(&report), lab.requests());
        assert_eq!(report.exit_code(), 4, "{story}");
        assert_eq!(report.result, RunResult::Held, "{story}");
        assert_eq!(reasons(&report), expected, "{story}");
        assert!(
            report.users.iter().any(|it| it.settled.outcome == Outcome::Held),
            "{story}"
        );
        assert_eq!(lab.platform(), before, "{story}");
        assert_eq!(lab.writes(), [""; 0], "{story}");
    }
}

async fn assert_finishes(lab: &Lab) {
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}\n{}", describe(&report), lab.requests());
    lab.assert_equal(&report);
    lab.count_anew();
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    assert_eq!(lab.sim.requests().len(), 0, "{}", lab.requests());
}

async fn an_empty_table_removes_nobody(kind: Kind) {
    let lab = company(kind, 20).await;
    let people = std::mem::take(&mut lab.crm.0.lock().unwrap().people);
    assert_held(&lab, &[Reason::NoRows]).await;
    lab.crm.0.lock().unwrap().people = people;
    assert_finishes(&lab).await;
}

async fn a_table_of_which_half_is_gone_removes_nobody(kind: Kind) {
    let lab = company(kind, 20).await;
    for n in 1..=10 {
        lab.dismiss(n);
    }
    assert_held(&lab, &[Reason::Removals]).await;
    // What does not depend on it goes on.
    lab.hire(21, "Newcomer", Some(phone(21)));
    lab.edit(15, |it| it.name = "Renamed".to_owned());
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 4);
    assert_eq!(lab.writes(), by_kind(kind, &["PATCH", "POST"][..], &["POST"]));
    assert_eq!(lab.platform().len(), 21);
    // A newcomer with a leaver's phone waits for the decision.
    lab.hire(22, "Successor", Some(phone(1)));
    let report = lab.run().await;
    let (_, what, code) = outcome(&report, "22").unwrap();
    assert_eq!((what, code.as_deref()), (Outcome::Held, Some("rekeyed")));
    // So does one of ours who is to get a leaver's phone.
    lab.give_phone(16, Some(phone(2)));
    let report = lab.run().await;
    let (_, what, code) = outcome(&report, "16").unwrap();
    assert_eq!(
        (what, code.as_deref()),
        (Outcome::Held, Some("waits_for_held_removal"))
    );
    decide(&lab, Answer::Approve).await;
    assert_finishes(&lab).await;
}

async fn a_source_that_cannot_be_read_changes_nothing(kind: Kind) {
    let lab = company(kind, 20).await;
    lab.dismiss(1);
    let unreachable: fn() -> SourceError = || SourceError::Unreachable {
        source_name: "crm".to_owned(),
        cause: "the connection broke off after 7 rows".to_owned(),
    };
    let unusable: fn() -> SourceError = || SourceError::Unusable {
        source_name: "crm".to_owned(),
        cause: "the query yields no column `name`".to_owned(),
    };
    for (failure, exit_code, code, told) in [
        (unreachable, 69, "source_unreachable", "broke off after 7 rows"),
        (unusable, 65, "source_unusable", "no column `name`"),
    ] {
        lab.crm.0.lock().unwrap().failure = Some(failure);
        let report = lab.run().await;
        assert_eq!(report.exit_code(), exit_code);
        assert_eq!(report.result, RunResult::Failed);
        let stop = report.stop.as_ref().unwrap();
        assert_eq!(stop.code(), code);
        assert!(stop.to_string().contains(told), "{stop}");
        assert_eq!(lab.sim.requests().len(), 0, "nobody is asked");
        let last = &lab.store.runs(1, Some("acme")).await.unwrap()[0];
        assert_eq!(last.exit_code, Some(exit_code));
        assert_eq!(last.error.as_ref().unwrap().code, code);
    }
    lab.crm.0.lock().unwrap().failure = None;
    assert_finishes(&lab).await;
}

async fn rows_that_cannot_be_used_remove_nobody(kind: Kind) {
    let lab = company(kind, 20).await;
    for n in 1..=20 {
        lab.edit(n, |it| it.active = "maybe");
    }
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 65, "{}", describe(&report));
    assert_eq!(lab.sim.requests().len(), 0);
    assert_eq!(report.findings.len(), 20);
    // One good row among the bad ones is no reason to remove the others.
    lab.edit(7, |it| it.active = "1");
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    assert_eq!(lab.platform().len(), 20);
    for n in 1..=20 {
        lab.edit(n, |it| it.active = "1");
    }
    lab.run().await;
    assert_finishes(&lab).await;
}

async fn a_join_that_loses_all_phones_takes_nobodys_phone(kind: Kind) {
    let lab = company(kind, 20).await;
    for n in 1..=20 {
        lab.give_phone(n, None);
    }
    assert_held(&lab, &[Reason::PhoneLosses]).await;
    for n in 1..=20 {
        lab.give_phone(n, Some(phone(n)));
    }
    assert_finishes(&lab).await;
}

async fn a_query_that_yields_no_phones_any_more_takes_nobodys_phone(kind: Kind) {
    let lab = company(kind, 20).await;
    lab.crm.0.lock().unwrap().without_phones = true;
    lab.edit(3, |it| it.name = "Renamed".to_owned());
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
    assert!(lab.platform().iter().all(|it| it.phone.is_some()));
}

async fn a_crm_with_other_ids_makes_no_second_copy_of_anybody(kind: Kind) {
    let lab = company(kind, 20).await;
    let people = std::mem::take(&mut lab.crm.0.lock().unwrap().people);
    for (id, person) in people {
        lab.crm.0.lock().unwrap().people.insert(format!("e-{id}"), person);
    }
    assert_held(&lab, &[Reason::Removals, Reason::Rekeyed]).await;
    decide(&lab, Answer::Approve).await;
    assert_finishes(&lab).await;
}

/// Another token, as a person would configure it.
fn use_token(lab: &mut Lab, token: &str) {
    lab.token = token.to_owned();
    lab.account.binding.credential = format!("fingerprint of {token}");
}

async fn the_token_of_another_company_changes_nothing_there_and_nothing_here(kind: Kind) {
    let strangers = |n: usize| -> Vec<SimUser> {
        (1..=n)
            .map(|n| SimUser::new(&format!("s{n}"), "Stranger", Some(&phone(500 + n))))
            .collect()
    };
    // An account that is empty, one of strangers, and one in which some ids are the same.
    let mut alike = strangers(5);
    alike.extend((1..=8).map(|n| SimUser::new(&n.to_string(), "Somebody else", Some(&phone(600 + n)))));
    for others in [Vec::new(), strangers(30), alike] {
        let mut lab = company(kind, 20).await;
        lab.sim.seed("token of other", others.clone());
        use_token(&mut lab, "token of other");
        // Also what is new in the CRM goes nowhere.
        lab.hire(21, "Newcomer", Some(phone(21)));
        lab.dismiss(2);
        let here = lab.platform();
        for _ in 0..2 {
            let report = lab.run().await;
            assert_eq!(report.exit_code(), 4, "{}", describe(&report));
            assert_eq!(reasons(&report), [Reason::TargetChanged]);
            assert!(
                report.holds[0].detail.contains("right account"),
                "{}",
                report.holds[0].detail
            );
            assert_eq!(lab.writes(), [""; 0], "{}", lab.requests());
        }
        let mut others = others;
        others.sort_by(|one, other| one.id.cmp(&other.id));
        assert_eq!(lab.sim.users("token of other"), others);
        assert_eq!(lab.platform(), here);
        use_token(&mut lab, TOKEN);
        assert_finishes(&lab).await;
    }
}

async fn a_new_token_of_the_same_account_is_taken_without_a_question(kind: Kind) {
    let mut lab = company(kind, 20).await;
    lab.sim.seed("new token", lab.platform());
    use_token(&mut lab, "new token");
    lab.dismiss(3);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    assert_eq!(lab.sim.users("new token"), lab.desired());
    lab.count_anew();
    lab.run().await;
    assert_eq!(lab.sim.requests().len(), 0);
}

async fn an_emptied_account_is_filled_again_once_a_person_says_so(kind: Kind) {
    let lab = company(kind, 20).await;
    lab.sim.seed(TOKEN, Vec::new());
    // Nothing seems to have changed until the list is looked at again.
    lab.later(Duration::from_secs(7 * 3600));
    assert_held(&lab, &[Reason::TargetChanged]).await;
    decide(&lab, Answer::Approve).await;
    assert_finishes(&lab).await;
}

async fn a_rejected_removal_stays_away_until_the_row_comes_back_and_goes_again(kind: Kind) {
    let lab = company(kind, 20).await;
    for n in 1..=10 {
        lab.dismiss(n);
    }
    assert_held(&lab, &[Reason::Removals]).await;
    decide(&lab, Answer::Reject).await;
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    let kept = report
        .findings
        .iter()
        .filter(|it| it.kind == FindingKind::LeaverKept);
    assert_eq!(kept.count(), 10);
    assert_eq!(lab.platform().len(), 20);
    lab.count_anew();
    let report = lab.run().await;
    assert_eq!(lab.sim.requests().len(), 0, "decided, so quiet");
    assert_eq!(report.findings.len(), 10, "in force as long as it is so");
}

async fn an_approval_lets_just_these_users_pass_and_only_for_a_day(kind: Kind) {
    let lab = company(kind, 40).await;
    for n in 1..=20 {
        lab.dismiss(n);
    }
    assert_held(&lab, &[Reason::Removals]).await;
    decide(&lab, Answer::Approve).await;
    // One comes back, and others go besides.
    lab.hire(1, "Person 1", Some(phone(1)));
    for n in 21..=28 {
        lab.dismiss(n);
    }
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 4, "{}", describe(&report));
    let ids: Vec<String> = lab.platform().into_iter().map(|it| it.id).collect();
    assert!(
        ids.contains(&"1".to_owned()) && !ids.contains(&"2".to_owned()),
        "{ids:?}"
    );
    assert!(ids.contains(&"21".to_owned()), "not approved: {ids:?}");
    assert_eq!(ids.len(), 21);

    let lab = company(kind, 20).await;
    for n in 1..=10 {
        lab.dismiss(n);
    }
    assert_held(&lab, &[Reason::Removals]).await;
    decide(&lab, Answer::Approve).await;
    lab.later(Duration::from_secs(25 * 3600));
    assert_held(&lab, &[Reason::Removals]).await;
}

async fn three_may_leave_a_run_and_six_of_forty_a_day(kind: Kind) {
    let lab = company(kind, 40).await;
    let mut left = 0;
    for _ in 0..2 {
        for _ in 0..3 {
            left += 1;
            lab.dismiss(left);
        }
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    }
    lab.dismiss(7);
    lab.count_anew();
    assert_held(&lab, &[Reason::RemovalsPerDay]).await;
    lab.later(Duration::from_secs(25 * 3600));
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
}

async fn a_removal_waits_as_long_as_configured_unless_the_row_says_inactive(kind: Kind) {
    let mut lab = company(kind, 20).await;
    lab.account.policy.removal_after = 15 * 60 * 1000;
    lab.dismiss(1);
    lab.edit(2, |it| it.active = "no");
    let ids = |lab: &Lab| lab.platform().into_iter().map(|it| it.id).collect::<Vec<_>>();
    // Runs are five minutes apart.
    for n_run in 1..=3 {
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 0, "{}", describe(&report));
        assert!(ids(&lab).contains(&"1".to_owned()), "run {n_run}");
        assert!(!ids(&lab).contains(&"2".to_owned()), "run {n_run}");
    }
    // A failed read is no absence, and no presence either.
    lab.crm.0.lock().unwrap().failure = Some(|| SourceError::Unreachable {
        source_name: "crm".to_owned(),
        cause: "gone".to_owned(),
    });
    lab.run().await;
    assert!(ids(&lab).contains(&"1".to_owned()));
    lab.crm.0.lock().unwrap().failure = None;
    assert_finishes(&lab).await;

    // Who is seen in between begins anew.
    lab.dismiss(3);
    lab.run().await;
    lab.run().await;
    lab.hire(3, "Person 3", Some(phone(3)));
    lab.run().await;
    lab.dismiss(3);
    for _ in 0..3 {
        lab.run().await;
        assert!(ids(&lab).contains(&"3".to_owned()));
    }
    assert_finishes(&lab).await;
}

async fn the_first_removal_after_the_settings_changed_waits_for_a_person(kind: Kind) {
    let mut lab = company(kind, 20).await;
    lab.account.settings_mark = "another query".to_owned();
    lab.account.plan_mark = "another query".to_owned();
    lab.dismiss(1);
    assert_held(&lab, &[Reason::SettingsChanged]).await;
    // It does not pass by waiting, and others may go meanwhile.
    lab.later(Duration::from_secs(48 * 3600));
    lab.dismiss(2);
    let report = lab.run().await;
    assert_eq!(
        reasons(&report),
        [Reason::SettingsChanged],
        "{}",
        describe(&report)
    );
    assert_eq!(outcome(&report, "2").unwrap().1, Outcome::Applied);
    decide(&lab, Answer::Approve).await;
    assert_finishes(&lab).await;
}

async fn drift_is_repaired_or_only_reported_as_configured(kind: Kind) {
    let mut lab = company(kind, 20).await;
    let meddle = |lab: &Lab| {
        lab.sim
            .put_user(TOKEN, SimUser::new("1", "Renamed by hand", Some(&phone(1))));
        lab.sim
            .put_user(TOKEN, SimUser::new("2", "Person 2", Some(&phone(222))));
        lab.sim.remove_user(TOKEN, "3");
        lab.later(Duration::from_secs(7 * 3600));
    };
    meddle(&lab);
    let report = lab.run().await;
    assert_eq!(
        (report.exit_code(), report.drift),
        (0, 3),
        "{}",
        describe(&report)
    );
    lab.assert_equal(&report);
    lab.account.policy.on_drift = OnDrift::Report;
    meddle(&lab);
    let before = lab.platform();
    for _ in 0..2 {
        let report = lab.run().await;
        assert_eq!(
            (report.exit_code(), report.drift),
            (0, 3),
            "{}",
            describe(&report)
        );
        assert_eq!(lab.platform(), before);
        lab.later(Duration::from_secs(7 * 3600));
    }
    // What the CRM changes is done nevertheless.
    lab.edit(1, |it| it.name = "Renamed in the CRM".to_owned());
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    assert!(
        lab.platform()
            .contains(&SimUser::new("1", "Renamed in the CRM", Some(&phone(1))))
    );
}

async fn users_with_an_employees_id_are_adopted_unless_they_look_like_somebody_else(kind: Kind) {
    let lab = Lab::new(kind).await;
    lab.hire_many(20);
    lab.sim.seed(TOKEN, lab.desired()[..10].to_vec());
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);

    let lab = Lab::new(kind).await;
    lab.hire_many(20);
    let strangers = (1..=10).map(|n| SimUser::new(&n.to_string(), "Stranger", Some(&phone(700 + n))));
    lab.sim.seed(TOKEN, strangers);
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 4, "{}", describe(&report));
    assert_eq!(reasons(&report), [Reason::Adoption]);
    assert_eq!(
        outcome(&report, "11").unwrap().1,
        Outcome::Applied,
        "the others are created"
    );
    let is_untouched = |n: usize| {
        lab.platform()
            .iter()
            .any(|it| it.id == n.to_string() && it.name == "Stranger")
    };
    assert!((1..=10).all(is_untouched));
    // They are not ours: who leaves the CRM meanwhile is not removed.
    lab.dismiss(1);
    lab.run().await;
    assert!(is_untouched(1));
    lab.hire(1, "Person 1", Some(phone(1)));
    lab.run().await;
    decide(&lab, Answer::Approve).await;
    assert_finishes(&lab).await;
}

async fn claimed_users_are_removed_within_the_limits(kind: Kind) {
    let lab = company(kind, 20).await;
    for n in 1..=8 {
        let user = SimUser::new(&format!("old{n}"), "From before", Some(&phone(800 + n)));
        lab.sim.put_user(TOKEN, user);
    }
    lab.later(Duration::from_secs(7 * 3600));
    let report = lab.run().await;
    assert_eq!(
        (report.exit_code(), report.foreign),
        (0, 8),
        "{}",
        describe(&report)
    );
    let now = (lab.clock())();
    lab.store
        .claim("acme", Some(&["old1".into(), "old2".into()]), now)
        .await
        .unwrap();
    let report = lab.run().await;
    assert_eq!(
        (report.exit_code(), report.foreign),
        (0, 6),
        "{}",
        describe(&report)
    );
    assert_eq!(outcome(&report, "old1").unwrap().0, Op::Delete);
    lab.store.claim("acme", None, (lab.clock())()).await.unwrap();
    lab.count_anew();
    assert_held(&lab, &[Reason::Removals]).await;
    decide(&lab, Answer::Approve).await;
    assert_finishes(&lab).await;
}

async fn a_create_without_an_answer_is_ours_for_a_day(kind: Kind) {
    for (days, is_removed) in [(0, true), (2, false)] {
        let lab = company(kind, 20).await;
        lab.hire(21, "Came and went", Some(phone(21)));
        let lost = How::DelayedEffect {
            lands: Lands::OnDemand,
            status: None,
        };
        lab.sim.add_fault(Fault::new(lost).method(MethodIs::Post));
        let report = lab.run().await;
        assert_eq!(outcome(&report, "21").unwrap().1, Outcome::Unknown);
        lab.sim.clear_faults();
        lab.dismiss(21);
        lab.run().await;
        lab.later(Duration::from_secs(days * 24 * 3600));
        lab.run().await;
        lab.sim.land_delayed();
        assert_eq!(lab.platform().len(), 21, "it has landed by now");
        let report = lab.run_verified().await;
        assert_eq!(report.exit_code(), 0, "{}", describe(&report));
        assert_eq!(
            lab.platform().len() == 20,
            is_removed,
            "{days} days: {}",
            lab.requests()
        );
    }
}
