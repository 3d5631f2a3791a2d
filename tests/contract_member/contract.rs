//! The contract, one function a clause.

use std::time::Duration;

use wazzup_sync::simulator::{Fault, How, MethodIs, RetryAfter};
use wazzup_sync::target::Meaning;
use wazzup_sync::target::member::{Member, MemberId, MemberStep};

use super::log::Log;
use super::stage::{Stage, Truth};

/// All clauses as tests of the stage that the function makes.
macro_rules! member_contract {
    ($stage:path) => {
        member_contract!($stage:
            a_complete_list_shows_every_user_once,
            a_single_read_shows_a_user_or_none,
            a_created_user_is_there_and_its_id_is_told,
            a_key_that_is_taken_is_refused_and_changes_nothing,
            an_admitted_user_is_active_with_its_grant,
            what_needs_no_change_needs_no_request,
            a_dismissed_user_is_active_no_more_and_others_stay,
            a_step_for_a_user_that_is_gone_says_so,
            who_must_not_be_touched_is_shown_so_and_left_alone,
            a_lost_answer_is_unknown_and_nothing_is_sent_twice,
            a_read_without_an_answer_is_no_empty_list,
            a_refused_credential_is_told_apart_from_a_refused_user,
            a_platform_that_asks_for_a_pause_is_heard,
            a_refusal_is_one_however_it_is_worded,
            nothing_secret_is_shown_or_logged,
        );
    };
    ($stage:path: $($clause:ident,)*) => {
        $(
            #[tokio::test]
            async fn $clause() {
                let stage = $stage().await;
                $crate::contract::$clause(&stage).await;
            }
        )*
    };
}

fn truth_of(member: &Member) -> Truth {
    Truth {
        id: member.id.clone(),
        key: member.key.to_string(),
        is_active: member.is_active,
        grant: member.grant.clone(),
    }
}

/// A user by hand, active with the lesser grant.
fn put(stage: &dyn Stage, name: &str) -> MemberId {
    stage.put(&stage.key(name), &stage.lesser(), true)
}

async fn accepted(stage: &dyn Stage, step: &MemberStep) -> Option<MemberId> {
    let answer = stage.target().send(step).await;
    assert_eq!(
        answer.answer.meaning,
        Meaning::Accepted,
        "{step:?}: {:?}",
        answer.answer
    );
    answer.id
}

pub async fn a_complete_list_shows_every_user_once(stage: &dyn Stage) {
    put(stage, "anna");
    stage.put(&stage.key("boris"), &stage.greater(), true);
    stage.put(&stage.key("carla"), &stage.lesser(), false);
    let members = stage.target().list().await.unwrap();
    assert_eq!(members.incomplete, None);
    let mut shown: Vec<Truth> = members.members.iter().map(truth_of).collect();
    shown.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(shown, stage.truth());
    stage.assert_no_rule_was_broken();
}

pub async fn a_single_read_shows_a_user_or_none(stage: &dyn Stage) {
    let anna = put(stage, "anna");
    let shown = stage.target().get(&anna).await.unwrap().unwrap();
    assert_eq!(Some(truth_of(&shown)), stage.user(&anna));
    stage.remove(&anna);
    assert_eq!(stage.target().get(&anna).await, Ok(None));
    stage.assert_no_rule_was_broken();
}

pub async fn a_created_user_is_there_and_its_id_is_told(stage: &dyn Stage) {
    stage.target().list().await.unwrap();
    for (n, name) in ["anna", "boris"].into_iter().enumerate() {
        let id = accepted(stage, &stage.create(name)).await;
        let user = stage.by_key(&stage.key(name)).unwrap();
        assert!(user.is_active);
        assert_eq!(user.grant, Some(stage.lesser()));
        assert_eq!(id.unwrap_or_else(|| user.id.clone()), user.id);
        assert_eq!(stage.target().requests().write, n as u64 + 1);
    }
    stage.assert_no_rule_was_broken();
}

pub async fn a_key_that_is_taken_is_refused_and_changes_nothing(stage: &dyn Stage) {
    stage.target().list().await.unwrap();
    // Made by hand after the list was read: nobody could know.
    let anna = stage.put(&stage.key("anna"), &stage.greater(), false);
    let before = stage.truth();
    let answer = stage.target().send(&stage.create("anna")).await;
    assert!(is_refusal(&answer.answer.meaning), "{:?}", answer.answer);
    assert_eq!(answer.id, None, "whose user it is, is not decided here");
    assert_eq!(stage.truth(), before);
    let members = stage.target().list().await.unwrap().members;
    assert!(
        members.iter().any(|it| it.id == anna),
        "whoever looks again finds it"
    );
    stage.assert_no_rule_was_broken();
}

pub async fn an_admitted_user_is_active_with_its_grant(stage: &dyn Stage) {
    let [lesser, greater] = stage.grants();
    for (n, (grant, is_active, wanted)) in [
        (&lesser, true, &greater),
        (&greater, true, &lesser),
        (&lesser, false, &lesser),
        (&lesser, false, &greater),
        (&greater, false, &lesser),
    ]
    .into_iter()
    .enumerate()
    {
        for is_seen in [true, false] {
            let key = stage.key(&format!("anna{n}{is_seen}"));
            let id = stage.put(&key, grant, is_active);
            let seen = match is_seen {
                true => stage.target().get(&id).await.unwrap(),
                false => None,
            };
            accepted(stage, &stage.admit(&id, wanted, seen)).await;
            let user = stage.user(&id).unwrap();
            assert!(user.is_active, "{key}");
            assert_eq!(user.grant.as_ref(), Some(wanted), "{key}");
        }
    }
    stage.assert_no_rule_was_broken();
}

pub async fn what_needs_no_change_needs_no_request(stage: &dyn Stage) {
    let anna = put(stage, "anna");
    let seen = stage.target().get(&anna).await.unwrap();
    accepted(stage, &stage.admit(&anna, &stage.lesser(), seen)).await;
    assert_eq!(stage.target().requests().write, 0);
    stage.assert_no_rule_was_broken();
}

pub async fn a_dismissed_user_is_active_no_more_and_others_stay(stage: &dyn Stage) {
    let anna = put(stage, "anna");
    put(stage, "boris");
    let others = |truth: Vec<Truth>| -> Vec<Truth> { truth.into_iter().filter(|it| it.id != anna).collect() };
    let before = others(stage.truth());
    accepted(stage, &stage.dismiss(&anna)).await;
    assert!(stage.user(&anna).is_none_or(|it| !it.is_active));
    assert_eq!(others(stage.truth()), before);
    stage.assert_no_rule_was_broken();
}

pub async fn a_step_for_a_user_that_is_gone_says_so(stage: &dyn Stage) {
    let anna = put(stage, "anna");
    stage.target().list().await.unwrap();
    stage.remove(&anna);
    let before = stage.truth();
    for step in [stage.admit(&anna, &stage.greater(), None), stage.dismiss(&anna)] {
        let answer = stage.target().send(&step).await;
        assert_eq!(
            (answer.answer.meaning, answer.id),
            (Meaning::Missing, None),
            "{step:?}"
        );
    }
    assert_eq!(stage.truth(), before);
    stage.assert_no_rule_was_broken();
}

pub async fn who_must_not_be_touched_is_shown_so_and_left_alone(stage: &dyn Stage) {
    let before = stage.truth();
    let members = stage.target().list().await.unwrap().members;
    for id in stage.untouchables() {
        let member = members.iter().find(|it| it.id == id).unwrap();
        assert!(member.untouchable.is_some(), "{member:?}");
        for step in [stage.dismiss(&id), stage.admit(&id, &stage.lesser(), None)] {
            let answer = stage.target().send(&step).await.answer;
            assert_eq!(answer.meaning, Meaning::BadItem, "{step:?}");
            assert!(answer.code.is_some() && !answer.text.is_empty(), "{answer:?}");
        }
    }
    assert_eq!(stage.target().requests().write, 0);
    assert_eq!(stage.truth(), before);
    stage.assert_no_rule_was_broken();
}

/// Ways in which the answer to a request gets lost.
fn losses() -> Vec<Fault> {
    let ways = [
        How::Reset,
        How::Hang { millis: Some(1) },
        How::Truncated,
        How::Html { status: 200 },
        How::Html { status: 502 },
        How::EndlessBody,
        How::Redirect {
            to: "http://127.0.0.1:9/".to_owned(),
        },
    ];
    let mut faults: Vec<Fault> = ways.into_iter().map(Fault::new).collect();
    faults.extend([500, 503, 504].map(Fault::status));
    let after_effect: Vec<Fault> = faults.iter().cloned().map(Fault::after_effect).collect();
    faults.extend(after_effect);
    faults
}

pub async fn a_lost_answer_is_unknown_and_nothing_is_sent_twice(stage: &dyn Stage) {
    // What the target has to learn about the platform's ways is learned before.
    let first = put(stage, "first");
    accepted(stage, &stage.admit(&first, &stage.greater(), None)).await;
    for (n, loss) in losses().into_iter().enumerate() {
        let anna = put(stage, &format!("anna{n}"));
        let boris = stage.put(&stage.key(&format!("boris{n}")), &stage.lesser(), true);
        stage.target().list().await.unwrap();
        for step in [
            stage.create(&format!("new{n}")),
            stage.admit(&anna, &stage.greater(), None),
            stage.dismiss(&boris),
        ] {
            stage.simulator().clear_requests();
            stage
                .simulator()
                .add_fault(loss.clone().method(MethodIs::Write).times(1));
            let answer = stage.target().send(&step).await.answer;
            stage.simulator().clear_faults();
            assert_eq!(
                answer.meaning,
                Meaning::Unknown,
                "{step:?} under {loss:?}: {answer:?}"
            );
            let counts = stage.simulator().counts();
            assert_eq!(
                (counts.writes(), counts.faults),
                (1, 1),
                "{step:?} under {loss:?}"
            );
            // A look shows what is there, whatever became of the request.
            let members = stage.target().list().await.unwrap().members;
            let mut shown: Vec<Truth> = members.iter().map(truth_of).collect();
            shown.sort_by(|a, b| a.key.cmp(&b.key));
            assert_eq!(shown, stage.truth());
        }
    }
    stage.assert_no_rule_was_broken();
}

pub async fn a_read_without_an_answer_is_no_empty_list(stage: &dyn Stage) {
    let anna = put(stage, "anna");
    for loss in losses() {
        stage.simulator().add_fault(loss.clone());
        let list = stage.target().list().await.unwrap_err();
        let get = stage.target().get(&anna).await.unwrap_err();
        stage.simulator().clear_faults();
        assert_eq!(
            [list.meaning, get.meaning],
            [Meaning::Unknown, Meaning::Unknown],
            "{loss:?}"
        );
    }
    stage.assert_no_rule_was_broken();
}

pub async fn a_refused_credential_is_told_apart_from_a_refused_user(stage: &dyn Stage) {
    let anna = put(stage, "anna");
    stage.target().list().await.unwrap();
    for (status, meaning) in [(401, Meaning::Unauthorised), (403, Meaning::Forbidden)] {
        stage.simulator().add_fault(Fault::status(status));
        assert_eq!(stage.target().list().await.unwrap_err().meaning, meaning);
        assert_eq!(stage.target().get(&anna).await.unwrap_err().meaning, meaning);
        for step in [
            stage.create("new"),
            stage.admit(&anna, &stage.greater(), None),
            stage.dismiss(&anna),
        ] {
            let answer = stage.target().send(&step).await.answer;
            assert_eq!((answer.meaning, answer.status), (meaning.clone(), Some(status)));
        }
        stage.simulator().clear_faults();
        stage.target().list().await.unwrap();
    }
    stage.assert_no_rule_was_broken();
}

pub async fn a_platform_that_asks_for_a_pause_is_heard(stage: &dyn Stage) {
    let anna = put(stage, "anna");
    stage.target().list().await.unwrap();
    let retry_after = Some(RetryAfter::Seconds(7));
    stage
        .simulator()
        .add_fault(Fault::new(How::RateLimit { retry_after }));
    let pause = Meaning::SlowDown(Some(Duration::from_secs(7)));
    assert_eq!(stage.target().list().await.unwrap_err().meaning, pause);
    for step in [stage.create("new"), stage.dismiss(&anna)] {
        assert_eq!(stage.target().send(&step).await.answer.meaning, pause);
    }
    stage.assert_no_rule_was_broken();
}

fn is_refusal(meaning: &Meaning) -> bool {
    matches!(meaning, Meaning::BadItem | Meaning::Forbidden)
}

pub async fn a_refusal_is_one_however_it_is_worded(stage: &dyn Stage) {
    let mut n = 0;
    while stage.word_refusals(n) {
        stage.target().list().await.unwrap();
        let name = format!("anna{n}");
        stage.put(&stage.key(&name), &stage.lesser(), true);
        let answer = stage.target().send(&stage.create(&name)).await.answer;
        assert!(is_refusal(&answer.meaning), "wording {n}: {answer:?}");
        assert!(answer.status.is_some() && !answer.text.is_empty(), "{answer:?}");
        let shown = format!("{answer:?}");
        for secret in stage.secrets() {
            assert!(!shown.contains(&secret), "wording {n}: {shown}");
        }
        n += 1;
    }
    assert!(n > 1, "there is more than one wording");
    stage.assert_no_rule_was_broken();
}

pub async fn nothing_secret_is_shown_or_logged(stage: &dyn Stage) {
    let log = Log::start();
    let target = stage.target();
    let mut shown = String::new();
    let anna = put(stage, "anna");
    for fault in std::iter::once(None).chain(losses().into_iter().map(Some)) {
        stage.simulator().clear_faults();
        shown.push_str(&format!("{:?}", target.list().await));
        if let Some(fault) = fault {
            stage.simulator().add_fault(fault);
        }
        shown.push_str(&format!(
            "{:?} {:?}",
            target.list().await,
            target.get(&anna).await
        ));
        for step in [
            stage.create("new"),
            stage.admit(&anna, &stage.greater(), None),
            stage.dismiss(&anna),
        ] {
            shown.push_str(&format!("{:?}", target.send(&step).await));
        }
    }
    let logged = log.text();
    assert!(logged.contains("http.path="), "{logged}");
    for secret in stage.secrets() {
        assert!(!shown.contains(&secret), "{secret} is shown");
        assert!(!logged.contains(&secret), "{secret} is logged");
    }
    for key in stage.truth().into_iter().map(|it| it.key) {
        assert!(!logged.contains(&key), "{key} is logged");
    }
}
