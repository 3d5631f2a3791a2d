//! What every store must do, whatever it is built on: one function for each promise, over a store that is
//! fresh and empty.

#![expect(clippy::unwrap_used, reason = "a test ends where it can't go on")]

use std::collections::BTreeSet;
use std::sync::Arc;

use wazzup_sync::domain::batch::{Batch, ClearBy, Item, PhoneField, Purpose, Verb};
use wazzup_sync::domain::finding::{Finding, FindingKind};
use wazzup_sync::domain::memory::{
    Decision, Form, HeldUser, Hold, Millis, Origin, Reason, Remembered, Subject, Verdict,
};
use wazzup_sync::domain::outcome::{Change, Op, Outcome, Settled};
use wazzup_sync::domain::phone::Phone;
use wazzup_sync::domain::user::{User, UserId};
use wazzup_sync::store::{
    AccountError, AccountState, Answer, AnswerRecord, Binding, ClaimError, ClearFact, Closing, DecideError,
    DigestChange, Errand, Facts, FindRunError, HoldStatus, OpenScope, Requests, RunError, RunId, Store,
    StoreError,
};

/// One test for each function, on each kind of store.
macro_rules! contract {
    ($($module:ident: [$($name:ident),* $(,)?],)*) => {
        $(mod $module;)*

        mod sqlite {
            $(
                mod $module {
                    $(
                        #[tokio::test]
                        async fn $name() {
                            let folder = tempfile::tempdir().unwrap();
                            let path = folder.path().join("state.db");
                            let store = crate::Store::open(&path).await.unwrap();
                            crate::$module::$name(&store).await;
                        }
                    )*
                }
            )*
        }
    };
}

contract! {
    access: [
        what_was_accepted_is_remembered_until_it_is_forgotten,
        rights_that_are_being_changed_are_known_to_nobody,
        kept_rights_come_back_as_they_were_until_they_are_restored,
        a_new_snapshot_makes_all_rights_doubtful,
    ],
    accounts: [
        an_unknown_account_has_nothing,
        a_closed_run_leaves_all_that_it_was_given,
        a_digest_is_kept_cleared_or_set,
        facts_are_believed_for_a_while,
        an_account_is_renamed_with_all_it_has,
        a_forgotten_account_leaves_nothing,
        quiet_cycles_leave_a_time_and_no_run,
    ],
    credentials: [
        a_refusal_counts_while_the_credential_is_the_same,
        a_refusal_can_be_forgotten,
        tokens_come_back_with_the_same_key_only,
        a_renewal_without_an_answer_is_remembered_from_the_first_one_on,
        each_credential_has_its_own_tokens,
        a_renamed_account_keeps_its_tokens_and_a_forgotten_one_does_not,
        only_one_renews_at_a_time,
        who_wants_to_renew_waits_for_the_other_one,
    ],
    glance: [
        of_accounts_that_were_not_asked_for_nothing_is_said,
        long_lists_are_cut_and_counted,
        conflicts_come_first_and_what_is_held_is_shown_once,
        users_have_the_last_name_that_is_known,
        a_conflict_names_the_other_user,
    ],
    journal: [
        a_killed_run_leaves_open_intents_until_a_list_is_read,
        an_interrupted_run_without_requests_leaves_no_intents,
        a_run_is_closed_once,
        a_run_that_was_taken_for_killed_records_nothing,
        a_created_user_is_ours_before_the_request_leaves,
        requests_are_journalled_with_their_users_and_answers,
        removals_of_a_day_are_counted_by_user,
        created_users_are_found_by_time,
        users_of_requests_without_an_answer_are_found_by_time,
        runs_are_listed_and_found_by_the_beginning_of_their_ids,
        old_history_is_pruned_and_open_things_stay,
    ],
    outcomes: [
        an_open_outcome_keeps_its_beginning_and_counts_its_tries,
        a_run_closes_only_the_outcomes_in_its_scope,
        a_park_is_listed_and_never_open,
        the_history_of_a_user_has_its_changes_alone_the_newest_first,
    ],
    holds: [
        a_decision_during_a_run_keeps_the_digest_away,
        a_hold_keeps_its_id_while_it_is_open,
        an_approval_lasts_a_day,
        a_rejection_keeps_the_mark_of_the_row,
        a_later_decision_replaces_the_earlier_one,
        a_hold_is_found_by_the_beginning_of_its_id,
        forgotten_users_leave_no_decision,
    ],
    service: [
        a_pause_of_all_holds_for_accounts_to_come_and_has_exceptions,
        what_went_well_in_the_future_is_older_than_a_run_that_ends_now,
        a_copy_of_the_future_is_not_the_newest_and_the_first_to_go,
        removals_are_paused_by_themselves,
        who_resumes_gets_a_plan,
        back_offs_and_what_was_told_survive_and_go_with_the_account,
        standings_tell_what_changed,
        an_overview_counts_what_is_open,
    ],
    users: [
        foreign_users_are_claimed_or_none_is,
        a_claimed_user_is_not_foreign_again,
        a_new_snapshot_keeps_who_is_ours,
        strange_texts_come_back_as_they_were,
        many_users_are_written_at_once,
    ],
}

const NOW: Millis = Millis(1_800_000_000_000);

fn later(millis: i64) -> Millis {
    NOW.plus(millis)
}

fn user(id: &str, name: &str, phone: Option<&str>) -> User {
    User {
        id: id.into(),
        name: name.into(),
        phone: phone.and_then(Phone::from_remote),
        grant: None,
    }
}

fn anna() -> User {
    user("7", "Anna Ozola", Some("37126123456"))
}

fn ours(user: &User) -> (UserId, Remembered) {
    let remembered = Remembered::new(Origin::Adopted, NOW, Some(user.clone()));
    (user.id.clone(), remembered)
}

fn batch(verb: Verb, purpose: Purpose, ids: &[&str]) -> Batch {
    let item = |id: &&str| Item {
        id: (*id).into(),
        name: format!("Name of {id}").into(),
        phone: Phone::from_remote("37126123456").map_or(PhoneField::None, PhoneField::Number),
        grant: None,
        purpose,
    };
    Batch {
        verb,
        items: ids.iter().map(item).collect(),
    }
}

fn settled(id: &str, op: Op, outcome: Outcome) -> Settled {
    let (old, new) = match op {
        Op::Create => (None, Some(user(id, "New", None))),
        Op::Delete => (Some(user(id, "Old", Some("37126123456"))), None),
        _ => (
            Some(user(id, "Old", Some("37126123456"))),
            Some(user(id, "New", None)),
        ),
    };
    Settled {
        change: Change {
            id: id.into(),
            op,
            old,
            new,
        },
        outcome,
        code: (outcome != Outcome::Applied).then(|| "phone_taken".into()),
        detail: Some("for people".into()),
        attempts: 2,
        status: Some(400),
    }
}

fn hold(digest: &str, reason: Reason, ids: &[&str]) -> Hold {
    let users = ids
        .iter()
        .map(|id| HeldUser {
            id: (*id).into(),
            row: Some(u128::MAX - 1),
        })
        .collect();
    Hold {
        digest: digest.to_owned(),
        reason,
        users,
        detail: format!("{} users", ids.len()),
    }
}

/// A closing that reads nothing into the account but what the caller adds.
fn closing() -> Closing {
    Closing::new(later(1000), "in_sync", 0)
}

async fn run_with(store: &Store, account: &str, closing: &Closing) -> RunId {
    let run = store.begin_run(account, NOW).await.unwrap();
    store.close_run(&run, closing).await.unwrap();
    run
}

async fn intend(store: &Store, run: &RunId, seq: u32, batch: &Batch, now: Millis) {
    store
        .intend(run, seq, batch, &BTreeSet::new(), now)
        .await
        .unwrap();
}
