//! What a platform with ids of its own promises, held to by `meta` against the simulator: what its lists show, what
//! each step does, and what each answer means. Every test ends with a look at the rules of the platform.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test itself may"
)]

#[path = "support/log.rs"]
mod log;

use std::time::Duration;

use secrecy::SecretString;
use wazzup_sync::domain::grant::Grant;
use wazzup_sync::simulator::{
    AlreadyAssigned, Fault, GraphErrorBody, How, MetaBusiness, MetaSwitches, MetaUser, MethodIs,
    RemoveUnassigned, Rule, Setup, Simulator, TasksOnRead, UnknownUser, UsageHeaders,
};
use wazzup_sync::target::http::{Http, HttpOptions};
use wazzup_sync::target::member::{Member, MemberId, MemberStep, MemberTarget, Members, StepAnswer};
use wazzup_sync::target::meta::{Meta, MetaOptions, meta};
use wazzup_sync::target::{Answer, Meaning};

const TOKEN: &str = "EAAtokenOfTheSystemUser";
const SECRET: &str = "secret-of-the-app";
/// HMAC-SHA256 of [`TOKEN`] under [`SECRET`].
const PROOF: &str = "c4a50704df238d78d680e464d3a35535464001c08b3f700877f50b7f1e4340b6";

const OWN: &str = "122100000000000001";
const BOT: &str = "122100000000000017";
const IDLE: &str = "122100000000000018";
const HUMAN: &str = "10222270944537964";

/// A platform with a client. Dropped, it holds the client to the platform's rules.
struct Stage {
    sim: Simulator,
    target: Meta,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let violations = self.sim.violations();
        assert!(
            violations.is_empty() || std::thread::panicking(),
            "the client broke rules: {violations:#?}"
        );
    }
}

/// The own user, one system user that is assigned and one that is not, and one person.
fn business() -> MetaBusiness {
    MetaBusiness::new(TOKEN)
        .and_system_user(BOT, MetaUser::assigned("Bot", &["DEVELOP"]))
        .and_system_user(IDLE, MetaUser::new("Idle"))
        .and_human(HUMAN, MetaUser::assigned("Anna", &["MANAGE"]))
}

fn options(business: &MetaBusiness) -> MetaOptions {
    MetaOptions {
        business_id: business.business_id.clone(),
        waba_id: business.waba_id.clone(),
        api_version: "v25.0".to_owned(),
        reassign: false,
        app_secret: None,
        creates: true,
    }
}

impl Stage {
    async fn new() -> Stage {
        Stage::switched(|_| {}).await
    }

    async fn switched(change: impl FnOnce(&mut MetaSwitches)) -> Stage {
        Stage::of(business(), change, |_| {}).await
    }

    /// A client that may unassign in order to assign.
    async fn reassigning(change: impl FnOnce(&mut MetaSwitches)) -> Stage {
        Stage::of(business(), change, |it| it.reassign = true).await
    }

    async fn of(
        business: MetaBusiness,
        change: impl FnOnce(&mut MetaSwitches),
        configure: impl FnOnce(&mut MetaOptions),
    ) -> Stage {
        let mut options = options(&business);
        configure(&mut options);
        let sim = Simulator::start(Setup::default().and_meta(business))
            .await
            .unwrap();
        sim.update_switches(|it| change(&mut it.meta));
        let target = client(&sim, TOKEN, options);
        Stage { sim, target }
    }

    fn business(&self) -> MetaBusiness {
        self.sim.meta(TOKEN).unwrap()
    }

    /// What a system user or a person may really do.
    fn tasks(&self, id: &str) -> Option<Grant> {
        let business = self.business();
        let user = business.system_users.get(id).or(business.humans.get(id));
        user.unwrap().tasks.clone().map(Grant::new::<String>)
    }

    async fn list(&self) -> Members {
        let members = self.target.list().await.unwrap();
        assert_eq!(members.incomplete, None);
        members
    }

    async fn member(&self, id: &str) -> Member {
        self.target.get(&id_of(id)).await.unwrap().unwrap()
    }

    async fn create(&self, name: &str, tasks: &[&str]) -> StepAnswer {
        let (key, grant) = (name.into(), grant(tasks));
        self.target.send(&MemberStep::Create { key, grant }).await
    }

    /// Admits somebody of whom nothing was seen.
    async fn admit(&self, id: &str, tasks: &[&str]) -> Answer {
        self.admit_seen(id, tasks, None).await
    }

    async fn admit_seen(&self, id: &str, tasks: &[&str], seen: Option<Member>) -> Answer {
        let (id, grant) = (id_of(id), grant(tasks));
        let step = MemberStep::Admit { id, grant, seen };
        self.target.send(&step).await.answer
    }

    async fn dismiss(&self, id: &str) -> Answer {
        let id = id_of(id);
        self.target.send(&MemberStep::Dismiss { id }).await.answer
    }

    /// Methods of the requests since the last look.
    fn methods(&self) -> Vec<String> {
        let methods = self.sim.requests().into_iter().map(|it| it.method).collect();
        self.sim.clear_requests();
        methods
    }
}

fn client(sim: &Simulator, token: &str, options: MetaOptions) -> Meta {
    let http = Http::new(HttpOptions {
        timeout: Duration::from_secs(20),
        requests_per_second: u32::MAX.try_into().unwrap(),
        ..HttpOptions::default()
    });
    let base_url = sim.base_url().parse().unwrap();
    meta(&base_url, SecretString::from(token), &http, options)
}

fn id_of(id: &str) -> MemberId {
    MemberId(id.into())
}

fn grant(tasks: &[&str]) -> Grant {
    Grant::new(tasks.iter().copied())
}

#[track_caller]
fn assert_accepted(answer: &Answer) {
    assert_eq!(answer.meaning, Meaning::Accepted, "{answer:?}");
}

#[track_caller]
fn assert_refused(answer: &Answer, meaning: &Meaning, code: &str) {
    assert_eq!(
        (&answer.meaning, answer.code.as_deref()),
        (meaning, Some(code)),
        "{answer:?}"
    );
    assert!(!answer.text.is_empty());
}

mod reading {
    use super::*;

    #[tokio::test]
    async fn a_list_shows_system_users_with_what_they_may_do_and_no_people() {
        let stage = Stage::new().await;
        let members = stage.list().await.members;
        let shown: Vec<_> = members
            .iter()
            .map(|it| (it.id.as_str(), &*it.key, it.is_active, it.grant.clone()))
            .collect();
        assert_eq!(
            shown,
            [
                (OWN, "Sync", true, Some(grant(&["MANAGE"]))),
                (BOT, "Bot", true, Some(grant(&["DEVELOP"]))),
                (IDLE, "Idle", false, Some(grant(&[]))),
            ]
        );
        let untouchable: Vec<_> = members.iter().map(|it| it.untouchable.is_some()).collect();
        assert_eq!(untouchable, [true, false, false]);
    }

    #[tokio::test]
    async fn one_member_is_read_as_the_list_shows_it() {
        let stage = Stage::switched(|it| it.page_cap = Some(1)).await;
        for expected in stage.list().await.members {
            assert_eq!(stage.target.get(&expected.id).await, Ok(Some(expected)));
        }
        for absent in [HUMAN, "77"] {
            assert_eq!(stage.target.get(&id_of(absent)).await, Ok(None));
        }
    }

    #[tokio::test]
    async fn pages_may_be_short_and_empty() {
        for (page_cap, empty_pages) in [(Some(1), false), (Some(2), false), (Some(1), true), (None, true)] {
            let stage = Stage::switched(|it| {
                it.page_cap = page_cap;
                it.empty_pages = empty_pages;
            })
            .await;
            let ids: Vec<_> = stage.list().await.members.into_iter().map(|it| it.id).collect();
            assert_eq!(ids, [OWN, BOT, IDLE].map(id_of), "{page_cap:?} {empty_pages}");
        }
    }

    #[tokio::test]
    async fn a_single_page_may_have_no_paging() {
        let stage = Stage::switched(|it| it.paging_on_single_page = false).await;
        assert_eq!(stage.list().await.members.len(), 3);
    }

    #[tokio::test]
    async fn more_users_than_a_page_holds_are_all_read() {
        let mut start = business();
        for n in 0..230_u64 {
            let id = (122_100_000_000_002_000 + n).to_string();
            start
                .system_users
                .insert(id, MetaUser::assigned("N", &["DEVELOP"]));
        }
        let stage = Stage::of(start, |_| {}, |_| {}).await;
        let members = stage.list().await.members;
        assert_eq!(members.len(), 233);
        assert_eq!(members.iter().filter(|it| it.is_active).count(), 232);
        assert_eq!(stage.methods(), ["GET"; 1 + 3 + 3]);
    }

    #[tokio::test]
    async fn a_list_that_leads_in_a_circle_or_nowhere_is_incomplete() {
        let (circle, nowhere) = ((true, false), (false, true));
        for (repeat_cursor, link_without_cursor) in [circle, nowhere] {
            let stage = Stage::switched(|it| {
                it.page_cap = Some(1);
                it.repeat_cursor = repeat_cursor;
                it.link_without_cursor = link_without_cursor;
            })
            .await;
            let members = stage.target.list().await.unwrap();
            assert!(members.incomplete.is_some(), "{members:?}");
            // Who was read before the circle is known; of the others nothing is.
            assert!(stage.target.get(&id_of("77")).await.is_err());
        }
    }

    #[tokio::test]
    async fn hidden_tasks_are_unknown() {
        for switch in [TasksOnRead::Omitted, TasksOnRead::Refused] {
            let stage = Stage::switched(|it| it.tasks_on_read = switch).await;
            for _ in 0..2 {
                let members = stage.list().await.members;
                let grants: Vec<_> = members.into_iter().map(|it| it.grant).collect();
                assert_eq!(grants, [None, None, Some(grant(&[]))], "{switch:?}");
            }
            assert!(stage.member(BOT).await.is_active);
        }
    }

    #[tokio::test]
    async fn a_refused_field_is_not_asked_for_again() {
        let stage = Stage::switched(|it| it.tasks_on_read = TasksOnRead::Refused).await;
        stage.list().await;
        assert_eq!(stage.methods(), ["GET"; 4]);
        stage.list().await;
        assert_eq!(stage.methods(), ["GET"; 2], "the own user is known as well");
    }

    #[tokio::test]
    async fn implied_tasks_are_shown_as_the_platform_shows_them() {
        let stage = Stage::switched(|it| it.tasks_on_read = TasksOnRead::Expanded).await;
        let shown = stage.member(BOT).await.grant.unwrap();
        assert!(shown.includes(&grant(&["DEVELOP"])) && shown != grant(&["DEVELOP"]));
    }

    #[tokio::test]
    async fn reads_that_broke_off_tell_nothing() {
        for how in [
            How::Reset,
            How::Truncated,
            How::EndlessBody,
            How::Html { status: 200 },
            How::Html { status: 502 },
        ] {
            for nth in 1..=3 {
                let stage = Stage::new().await;
                stage.sim.add_fault(Fault::new(how.clone()).nth(nth));
                let answer = stage.target.list().await.unwrap_err();
                assert_eq!(answer.meaning, Meaning::Unknown, "{how:?} {nth} {answer:?}");
            }
        }
    }

    #[tokio::test]
    async fn another_business_or_account_is_no_empty_one() {
        for configure in [
            (|it| it.business_id = "1".to_owned()) as fn(&mut MetaOptions),
            |it| it.waba_id = "1".to_owned(),
        ] {
            let stage = Stage::of(business(), |_| {}, configure).await;
            let answer = stage.target.list().await.unwrap_err();
            assert_refused(&answer, &Meaning::BadItem, "100/33");
            assert!(stage.target.get(&id_of(IDLE)).await.is_err());
        }
    }
}

mod creating {
    use super::*;

    #[tokio::test]
    async fn a_new_system_user_is_made_and_assigned() {
        let stage = Stage::new().await;
        let StepAnswer { answer, id } = stage.create("Jānis & Co", &["DEVELOP", "MANAGE"]).await;
        assert_accepted(&answer);
        let id = id.unwrap();
        assert_eq!(stage.tasks(id.as_str()), Some(grant(&["DEVELOP", "MANAGE"])));
        let made = &stage.business().system_users[id.as_str()];
        assert_eq!(
            (made.name.as_str(), made.role.as_str()),
            ("Jānis & Co", "EMPLOYEE")
        );
        assert_eq!(stage.methods(), ["POST", "POST"]);
        assert!(stage.member(id.as_str()).await.is_active);
    }

    #[tokio::test]
    async fn the_id_is_told_even_if_the_assignment_fails() {
        let stage = Stage::new().await;
        stage
            .sim
            .add_fault(Fault::status(503).method(MethodIs::Post).nth(2));
        let StepAnswer { answer, id } = stage.create("New", &["DEVELOP"]).await;
        assert_eq!(answer.meaning, Meaning::Unknown);
        assert_eq!(stage.tasks(id.unwrap().as_str()), None);
    }

    #[tokio::test]
    async fn a_lost_answer_is_unknown_and_nothing_is_repeated() {
        for (fault, n_made) in [
            (Fault::new(How::Reset), 0),
            (Fault::new(How::Reset).after_effect(), 1),
            (Fault::new(How::Truncated).after_effect(), 1),
            (Fault::new(How::Html { status: 200 }).after_effect(), 1),
        ] {
            let stage = Stage::new().await;
            stage.sim.add_fault(fault.method(MethodIs::Post));
            let StepAnswer { answer, id } = stage.create("New", &["DEVELOP"]).await;
            assert_eq!((answer.meaning, id), (Meaning::Unknown, None));
            assert_eq!(stage.business().system_users.len(), 3 + n_made);
            assert_eq!(stage.methods(), ["POST"]);
        }
    }

    #[tokio::test]
    async fn a_refusal_makes_nobody() {
        let stage = Stage::switched(|it| it.max_system_users = Some(3)).await;
        let StepAnswer { answer, id } = stage.create("New", &["DEVELOP"]).await;
        assert_refused(&answer, &Meaning::BadItem, "100");
        assert_eq!(id, None);
        assert_eq!(stage.methods(), ["POST"]);
    }

    #[tokio::test]
    async fn nothing_leaves_where_nobody_may_be_made_or_no_task_is_given() {
        let stage = Stage::of(business(), |_| {}, |it| it.creates = false).await;
        assert!(!stage.target.capabilities().creates);
        let refused = stage.create("New", &["DEVELOP"]).await.answer;
        assert_refused(&refused, &Meaning::BadItem, "CREATE_NOT_ALLOWED");
        let stage = Stage::new().await;
        let refused = stage.create("New", &[]).await.answer;
        assert_refused(&refused, &Meaning::BadItem, "NO_TASKS");
        assert_eq!(stage.methods(), [""; 0]);
    }
}

mod admitting {
    use super::*;

    #[tokio::test]
    async fn who_is_not_assigned_is() {
        let stage = Stage::new().await;
        let seen = stage.member(IDLE).await;
        stage.methods();
        assert_accepted(&stage.admit_seen(IDLE, &["MANAGE", "DEVELOP"], Some(seen)).await);
        assert_eq!(stage.tasks(IDLE), Some(grant(&["DEVELOP", "MANAGE"])));
        assert_eq!(stage.methods(), ["POST"]);
    }

    #[tokio::test]
    async fn who_has_just_that_needs_no_request() {
        let stage = Stage::new().await;
        let seen = stage.member(BOT).await;
        stage.methods();
        assert_accepted(&stage.admit_seen(BOT, &["DEVELOP"], Some(seen)).await);
        assert_eq!(stage.methods(), [""; 0]);
    }

    #[tokio::test]
    async fn tasks_are_overwritten_where_the_platform_does_that() {
        let stage = Stage::switched(|it| it.already_assigned = AlreadyAssigned::Overwrite).await;
        assert_accepted(&stage.admit(BOT, &["MANAGE"]).await);
        assert_eq!(stage.tasks(BOT), Some(grant(&["MANAGE"])));
    }

    #[tokio::test]
    async fn who_is_assigned_already_with_that_is_done() {
        for status in [400, 422] {
            let stage = Stage::switched(|it| it.already_assigned_status = status).await;
            assert_accepted(&stage.admit(BOT, &["DEVELOP"]).await);
            assert_eq!(stage.tasks(BOT), Some(grant(&["DEVELOP"])));
        }
    }

    #[tokio::test]
    async fn more_than_is_wanted_is_good_enough_where_the_platform_implies_it() {
        // The first answer is lost and the assignment landed; it shows more than was given.
        let stage = Stage::switched(|it| it.tasks_on_read = TasksOnRead::Expanded).await;
        let seen = stage.member(IDLE).await;
        stage.sim.add_fault(
            Fault::new(How::Reset)
                .method(MethodIs::Post)
                .after_effect()
                .times(1),
        );
        let lost = stage.admit_seen(IDLE, &["DEVELOP"], Some(seen.clone())).await;
        assert_eq!(lost.meaning, Meaning::Unknown);
        assert_accepted(&stage.admit_seen(IDLE, &["DEVELOP"], Some(seen)).await);
        assert_eq!(stage.tasks(IDLE), Some(grant(&["DEVELOP"])));
    }

    #[tokio::test]
    async fn what_shall_be_taken_away_is_not_good_enough() {
        let start = business().and_system_user(BOT, MetaUser::assigned("Bot", &["DEVELOP", "MANAGE"]));
        for reassign in [false, true] {
            let stage = Stage::of(start.clone(), |_| {}, |it| it.reassign = reassign).await;
            let seen = stage.member(BOT).await;
            let answer = stage.admit_seen(BOT, &["DEVELOP"], Some(seen)).await;
            if reassign {
                assert_accepted(&answer);
                assert_eq!(stage.tasks(BOT), Some(grant(&["DEVELOP"])));
            } else {
                assert_refused(&answer, &Meaning::BadItem, "ALREADY_ASSIGNED");
                assert!(answer.text.contains("DEVELOP, MANAGE"), "{}", answer.text);
            }
        }
    }

    #[tokio::test]
    async fn other_tasks_want_leave_to_reassign() {
        let stage = Stage::new().await;
        let answer = stage.admit(BOT, &["MANAGE"]).await;
        assert_refused(&answer, &Meaning::BadItem, "ALREADY_ASSIGNED");
        assert_eq!(stage.tasks(BOT), Some(grant(&["DEVELOP"])));

        let stage = Stage::reassigning(|_| {}).await;
        assert_accepted(&stage.admit(BOT, &["MANAGE"]).await);
        assert_eq!(stage.tasks(BOT), Some(grant(&["MANAGE"])));
        assert_eq!(stage.methods(), ["GET", "POST", "GET", "DELETE", "POST"]);
    }

    #[tokio::test]
    async fn tasks_that_are_hidden_are_settled_by_reassigning_or_not_at_all() {
        let hide = |it: &mut MetaSwitches| it.tasks_on_read = TasksOnRead::Omitted;
        let stage = Stage::reassigning(hide).await;
        assert_accepted(&stage.admit(BOT, &["MANAGE"]).await);
        assert_eq!(stage.tasks(BOT), Some(grant(&["MANAGE"])));
        let stage = Stage::switched(hide).await;
        let answer = stage.admit(BOT, &["MANAGE"]).await;
        assert_refused(&answer, &Meaning::BadItem, "ALREADY_ASSIGNED");
        assert!(answer.text.contains("doesn't show"), "{}", answer.text);
    }

    #[tokio::test]
    async fn who_loses_the_old_tasks_and_is_refused_the_new_ones_has_the_old_ones_again() {
        let stage = Stage::reassigning(|_| {}).await;
        let body = r#"{"error":{"message":"no more","type":"OAuthException","code":100}}"#;
        let refuse = How::Status {
            status: 400,
            body: Some(body.to_owned()),
            retry_after: None,
        };
        // The first POST is the one that is refused by itself.
        stage
            .sim
            .add_fault(Fault::new(refuse).method(MethodIs::Post).nth(2));
        let answer = stage.admit(BOT, &["MANAGE"]).await;
        assert_refused(&answer, &Meaning::BadItem, "100");
        assert_eq!(answer.text, "no more; it has DEVELOP again");
        assert_eq!(stage.tasks(BOT), Some(grant(&["DEVELOP"])));
    }

    #[tokio::test]
    async fn a_removal_that_has_not_landed_leaves_the_matter_open() {
        let stage = Stage::reassigning(|_| {}).await;
        // An answer of success, and the removal comes later.
        stage.sim.add_fault(
            Fault::new(How::Status {
                status: 200,
                body: Some(r#"{"success":true}"#.to_owned()),
                retry_after: None,
            })
            .method(MethodIs::Delete),
        );
        let answer = stage.admit(BOT, &["MANAGE"]).await;
        assert_eq!(answer.meaning, Meaning::Unknown, "{answer:?}");
    }

    #[tokio::test]
    async fn a_lost_answer_is_unknown_at_every_request() {
        for nth in 1..=3 {
            for fault in [Fault::new(How::Reset), Fault::new(How::Reset).after_effect()] {
                let stage = Stage::reassigning(|_| {}).await;
                stage.sim.add_fault(fault.nth(nth + 1));
                let answer = stage.admit(BOT, &["MANAGE"]).await;
                assert_eq!(answer.meaning, Meaning::Unknown, "request {nth}: {answer:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_success_that_is_denied_is_unknown() {
        let stage = Stage::new().await;
        let body = Some(r#"{"success":false}"#.to_owned());
        stage.sim.add_fault(
            Fault::new(How::Status {
                status: 200,
                body,
                retry_after: None,
            })
            .method(MethodIs::Post),
        );
        assert_eq!(stage.admit(IDLE, &["DEVELOP"]).await.meaning, Meaning::Unknown);
    }

    #[tokio::test]
    async fn unknown_tasks_and_users_are_refused_and_nobody_is_unassigned() {
        let stage = Stage::reassigning(|_| {}).await;
        let answer = stage.admit(BOT, &["FLY"]).await;
        assert_refused(&answer, &Meaning::BadItem, "100");
        assert_eq!(stage.tasks(BOT), Some(grant(&["DEVELOP"])));
        let answer = stage.admit("77", &["DEVELOP"]).await;
        assert_refused(&answer, &Meaning::BadItem, "100/33");
        stage
            .sim
            .update_switches(|it| it.meta.unknown_user = UnknownUser::Missing);
        let answer = stage.admit("77", &["DEVELOP"]).await;
        assert_refused(&answer, &Meaning::Missing, "803");
    }

    #[tokio::test]
    async fn the_own_user_is_left_alone() {
        let stage = Stage::new().await;
        let answer = stage.admit(OWN, &["DEVELOP"]).await;
        assert_refused(&answer, &Meaning::BadItem, "UNTOUCHABLE");
        assert_eq!(stage.sim.counts().writes(), 0);
    }
}

mod dismissing {
    use super::*;

    #[tokio::test]
    async fn who_goes_loses_all_tasks_and_stays_a_system_user() {
        let stage = Stage::new().await;
        assert_accepted(&stage.dismiss(BOT).await);
        assert_eq!(stage.tasks(BOT), None);
        assert!(!stage.member(BOT).await.is_active);
    }

    #[tokio::test]
    async fn who_is_gone_already_is_gone() {
        for (remove_unassigned, unknown_user) in [
            (RemoveUnassigned::NotFound, UnknownUser::NoAccess),
            (RemoveUnassigned::Ok, UnknownUser::Missing),
        ] {
            let stage = Stage::switched(|it| {
                it.remove_unassigned = remove_unassigned;
                it.unknown_user = unknown_user;
            })
            .await;
            assert_accepted(&stage.dismiss(IDLE).await);
            assert_accepted(&stage.dismiss("77").await);
        }
    }

    #[tokio::test]
    async fn who_is_said_to_be_gone_and_is_listed_is_not() {
        let body = r#"{"error":{"message":"User is not assigned","type":"GraphMethodException","code":803}}"#;
        let stage = Stage::new().await;
        stage.sim.add_fault(
            Fault::new(How::Status {
                status: 404,
                body: Some(body.to_owned()),
                retry_after: None,
            })
            .method(MethodIs::Delete),
        );
        let answer = stage.dismiss(BOT).await;
        assert_refused(&answer, &Meaning::BadItem, "803");
        assert!(answer.text.ends_with("listed as assigned"), "{}", answer.text);
    }

    #[tokio::test]
    async fn a_confirmation_that_fails_confirms_nothing() {
        let stage = Stage::new().await;
        stage.sim.add_fault(
            Fault::status(503)
                .method(MethodIs::Get)
                .path("/v25.0/102290129340398"),
        );
        assert_eq!(stage.dismiss(IDLE).await.meaning, Meaning::Unknown);
    }

    #[tokio::test]
    async fn who_may_not_be_removed_stays() {
        let mut start = business();
        start.restricted.insert(BOT.to_owned());
        let stage = Stage::of(start, |_| {}, |_| {}).await;
        let answer = stage.dismiss(BOT).await;
        assert_refused(&answer, &Meaning::BadItem, "100");
        assert!(answer.text.contains("asset group"), "{}", answer.text);
        assert_eq!(answer.status, Some(422));
    }

    #[tokio::test]
    async fn a_lost_answer_is_unknown() {
        for (fault, is_gone) in [
            (Fault::new(How::Reset), false),
            (Fault::new(How::Reset).after_effect(), true),
            (Fault::new(How::Truncated).after_effect(), true),
            (Fault::status(500), false),
        ] {
            let stage = Stage::new().await;
            stage.sim.add_fault(fault.method(MethodIs::Delete));
            assert_eq!(stage.dismiss(BOT).await.meaning, Meaning::Unknown);
            assert_eq!(stage.tasks(BOT).is_none(), is_gone);
        }
    }

    #[tokio::test]
    async fn the_own_user_is_left_alone() {
        let stage = Stage::new().await;
        let answer = stage.dismiss(OWN).await;
        assert_refused(&answer, &Meaning::BadItem, "UNTOUCHABLE");
        assert_eq!(stage.sim.counts().writes(), 0);
    }
}

mod answers {
    use super::*;

    /// The answer to a list and to a step, if the platform answers every request but the one for the own user so.
    async fn to(status: u16, body: &str) -> [Answer; 2] {
        let stage = Stage::new().await;
        stage.list().await;
        stage.sim.add_fault(Fault::new(How::Status {
            status,
            body: Some(body.to_owned()),
            retry_after: None,
        }));
        [stage.target.list().await.unwrap_err(), stage.dismiss(BOT).await]
    }

    #[tokio::test]
    async fn the_code_decides_in_every_shape_of_an_error() {
        for (code, meaning) in [
            (1, Meaning::Unknown),
            (2, Meaning::Unknown),
            (4, Meaning::SlowDown(None)),
            (17, Meaning::SlowDown(None)),
            (32, Meaning::SlowDown(None)),
            (613, Meaning::SlowDown(None)),
            (80_007, Meaning::SlowDown(None)),
            (80_008, Meaning::SlowDown(None)),
            (190, Meaning::Unauthorised),
            (102, Meaning::Unauthorised),
            (104, Meaning::Unauthorised),
            (3, Meaning::Forbidden),
            (10, Meaning::Forbidden),
            (200, Meaning::Forbidden),
            (294, Meaning::Forbidden),
            (100, Meaning::BadItem),
        ] {
            let minimal = format!(r#"{{"error":{{"message":"m","type":"OAuthException","code":{code}}}}}"#);
            let full = format!(
                r#"{{"error":{{"message":"m","type":"OAuthException","code":{code},"error_subcode":5,
                "is_transient":false,"error_user_title":"t","error_user_msg":"u","error_data":{{}},"fbtrace_id":"Af"}}}}"#
            );
            for body in [minimal, full] {
                for status in [200, 400, 403, 500] {
                    for answer in to(status, &body).await {
                        assert_eq!(answer.meaning, meaning, "{status} {body}");
                        assert_eq!(answer.status, Some(status));
                        assert_eq!(answer.text.contains("fbtrace_id Af"), body.contains("Af"));
                    }
                }
            }
        }
    }

    #[tokio::test]
    async fn being_blocked_by_policy_is_a_long_pause() {
        for code in [341, 368] {
            let body = format!(r#"{{"error":{{"message":"m","type":"OAuthException","code":{code}}}}}"#);
            for answer in to(400, &body).await {
                let Meaning::SlowDown(Some(pause)) = answer.meaning else {
                    panic!("{answer:?}");
                };
                assert!(pause >= Duration::from_secs(60 * 60));
            }
        }
    }

    #[tokio::test]
    async fn without_an_error_of_the_platform_the_status_decides() {
        for (status, meaning) in [
            (400, Meaning::BadItem),
            (401, Meaning::Unauthorised),
            (403, Meaning::Forbidden),
            (429, Meaning::SlowDown(None)),
            (500, Meaning::Unknown),
            (503, Meaning::Unknown),
        ] {
            for body in ["", "<html>Sorry</html>", "{"] {
                for answer in to(status, body).await {
                    assert_eq!(answer.meaning, meaning, "{status} {body}");
                }
            }
        }
    }

    #[tokio::test]
    async fn the_platforms_own_shapes_are_understood() {
        for error_body in [
            GraphErrorBody::Full,
            GraphErrorBody::Minimal,
            GraphErrorBody::Html,
            GraphErrorBody::Empty,
        ] {
            let stage = Stage::switched(|it| it.error_body = error_body).await;
            let stranger = client(&stage.sim, "wrong", options(&business()));
            let answer = stranger.list().await.unwrap_err();
            assert_eq!(answer.meaning, Meaning::Unauthorised, "{error_body:?}");
            stage.sim.clear_violations();
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let stage = Stage::new().await;
        let elsewhere = Simulator::start(Setup::default()).await.unwrap();
        let to = format!("{}/v25.0/me", elsewhere.base_url());
        stage.sim.add_fault(Fault::new(How::Redirect { to }));
        assert_eq!(stage.target.list().await.unwrap_err().meaning, Meaning::Unknown);
        assert_eq!(elsewhere.counts().requests, 0);
    }
}

mod limits {
    use super::*;

    fn minutes(n: u64) -> Duration {
        Duration::from_secs(60 * n)
    }

    #[tokio::test]
    async fn a_call_beyond_the_limit_waits_as_long_as_the_headers_say() {
        for (code, status) in [(4, 400), (17, 429), (80_008, 400), (80_008, 429)] {
            let stage = Stage::switched(|it| {
                it.call_limit = Some(0);
                it.limit_code = code;
                it.limit_status = status;
                it.regain_minutes = 7;
            })
            .await;
            let answer = stage.target.list().await.unwrap_err();
            assert_eq!(answer.status, Some(status));
            let Meaning::SlowDown(Some(pause)) = answer.meaning else {
                panic!("{answer:?}");
            };
            assert!(minutes(6) < pause && pause <= minutes(7), "{pause:?}");
            assert_eq!(stage.methods(), ["GET"]);
        }
    }

    #[tokio::test]
    async fn whoever_is_blocked_asks_for_nothing_and_says_how_long() {
        let stage = Stage::switched(|it| {
            it.call_limit = Some(2);
            it.regain_minutes = 7;
        })
        .await;
        for _ in 0..2 {
            let answer = stage.target.list().await.unwrap_err();
            assert!(
                matches!(answer.meaning, Meaning::SlowDown(Some(left)) if left <= minutes(7)),
                "{answer:?}"
            );
            assert_eq!((answer.status, answer.code.as_deref()), (None, Some("USAGE")));
        }
        assert_eq!(stage.methods(), ["GET", "GET"]);
    }

    #[tokio::test]
    async fn without_headers_the_code_alone_says_slow_down() {
        for usage_headers in [UsageHeaders::None, UsageHeaders::App] {
            let stage = Stage::switched(|it| {
                it.call_limit = Some(0);
                it.usage_headers = usage_headers;
            })
            .await;
            let answer = stage.target.list().await.unwrap_err();
            assert_eq!(answer.meaning, Meaning::SlowDown(None));
            assert_eq!(answer.code.as_deref(), Some("4/2446079"));
        }
    }

    #[tokio::test]
    async fn a_retry_after_is_heard_if_there_is_one() {
        let stage = Stage::new().await;
        stage.sim.add_fault(Fault::new(How::Status {
            status: 400,
            body: Some(r#"{"error":{"message":"m","type":"OAuthException","code":4}}"#.to_owned()),
            retry_after: Some(wazzup_sync::simulator::RetryAfter::Seconds(9)),
        }));
        let answer = stage.target.list().await.unwrap_err();
        assert_eq!(answer.meaning, Meaning::SlowDown(Some(Duration::from_secs(9))));
    }

    #[tokio::test]
    async fn a_limit_that_is_nearly_used_up_slows_down_and_stops_nothing() {
        for percent in [80, 99, 100, 250] {
            let stage = Stage::switched(|it| it.min_usage_percent = percent).await;
            assert_accepted(&stage.dismiss(BOT).await);
            assert_eq!(stage.list().await.members.len(), 3);
        }
    }

    #[tokio::test]
    async fn who_is_unassigned_to_be_assigned_is_not_left_waiting_for_the_limit() {
        let stage = Stage::reassigning(|it| {
            // Own user, POST, GET and DELETE; then the platform blocks.
            it.call_limit = Some(4);
            it.regain_minutes = 7;
        })
        .await;
        let answer = stage.admit(BOT, &["MANAGE"]).await;
        assert!(matches!(answer.meaning, Meaning::SlowDown(Some(_))), "{answer:?}");
        assert_eq!(stage.methods(), ["GET", "POST", "GET", "DELETE", "POST"]);
        let rules: Vec<_> = stage.sim.violations().iter().map(|it| it.rule).collect();
        assert_eq!(
            rules,
            [Rule::Patience],
            "the one request that mends the one before"
        );
        stage.sim.clear_violations();
    }
}

mod secrets {
    use super::log::Log;
    use super::*;

    async fn proving(secret: &str, change: impl FnOnce(&mut MetaSwitches)) -> Stage {
        let mut start = business();
        start.app_secret = Some(SECRET.to_owned());
        start.require_proof = true;
        let secret = Some(SecretString::from(secret));
        Stage::of(start, change, |it| it.app_secret = secret).await
    }

    #[tokio::test]
    async fn every_request_proves_that_we_know_the_secret() {
        let stage = proving(SECRET, |it| it.page_cap = Some(1)).await;
        stage.list().await;
        assert_accepted(&stage.create("New", &["DEVELOP"]).await.answer);
        assert_accepted(&stage.dismiss(BOT).await);
        let requests = stage.sim.requests();
        assert!(requests.len() > 8);
        for request in requests {
            let carried = format!("{} {}", request.path, request.body);
            assert!(carried.contains(PROOF), "{carried}");
            assert!(!carried.contains(TOKEN) && !carried.contains(SECRET));
        }
    }

    #[tokio::test]
    async fn a_wrong_secret_is_a_refused_credential() {
        for code in [104, 100] {
            let stage = proving("another", |it| it.wrong_proof_code = code).await;
            let answer = stage.target.list().await.unwrap_err();
            assert_refused(&answer, &Meaning::Unauthorised, &code.to_string());
            let rules: Vec<_> = stage.sim.violations().iter().map(|it| it.rule).collect();
            assert_eq!(rules, [Rule::AppSecretProof]);
            stage.sim.clear_violations();
        }
    }

    #[tokio::test]
    async fn the_log_holds_neither_token_nor_proof_nor_names() {
        let log = Log::start();
        let stage = proving(SECRET, |it| it.page_cap = Some(1)).await;
        let mut shown = format!("{:?} {:?}", stage.target, stage.list().await);
        shown += &format!("{:?}", stage.create("Newcomer", &["FLY"]).await);
        stage.sim.add_fault(Fault::new(How::Reset).times(1));
        shown += &format!("{:?}", stage.dismiss(BOT).await);
        let text = log.text();
        assert!(
            text.contains("http.path=\"/{business-id}/system_users\"") && text.contains("http.method=DELETE"),
            "{text}"
        );
        for secret in [TOKEN, SECRET, PROOF, "Newcomer", "Anna"] {
            assert!(!text.contains(secret), "{text}");
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

mod describing {
    use super::*;

    #[tokio::test]
    async fn steps_are_described_by_their_main_request_and_requests_are_counted() {
        let stage = Stage::new().await;
        let (id, key) = (id_of(BOT), "New".into());
        let grant = grant(&["DEVELOP"]);
        let describe = |step: MemberStep| {
            let (method, path) = stage.target.describe(&step);
            format!("{method} {path}")
        };
        let create = MemberStep::Create {
            key,
            grant: grant.clone(),
        };
        assert_eq!(describe(create), "POST /{business-id}/system_users");
        let admit = MemberStep::Admit {
            id: id.clone(),
            grant,
            seen: None,
        };
        assert_eq!(describe(admit), "POST /{waba-id}/assigned_users");
        assert_eq!(
            describe(MemberStep::Dismiss { id }),
            "DELETE /{waba-id}/assigned_users"
        );
        stage.list().await;
        assert_accepted(&stage.dismiss(BOT).await);
        let requests = stage.target.requests();
        assert_eq!((requests.read, requests.write), (3, 1));
    }
}
