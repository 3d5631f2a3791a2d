//! What a platform with ids of its own promises, held to by `meta` against the simulator: what its lists show, what
//! each step does, and what each answer means. Every test ends with a look at the rules of the platform.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test itself may"
)]

mod admitting;
mod answers;
mod creating;
mod describing;
mod dismissing;
mod limits;
#[path = "../support/log.rs"]
mod log;
mod reading;
mod secrets;

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
