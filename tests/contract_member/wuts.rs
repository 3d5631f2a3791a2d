//! WUTS: the contract on several platforms that its documents allow, and what is peculiar to it.

use secrecy::SecretString;
use serde_json::Value;
use wazzup_sync::domain::capability::Names;
use wazzup_sync::domain::grant::Grant;
use wazzup_sync::simulator::{
    CapShown, EmailCase, ErrorCodes, Fault, How, Ids, Lands, ListEnvelope, MethodIs, PutRole, RoleCase,
    Setup, Simulator, Transition, UserEnvelope, WutsErrorShape, WutsSwitches, WutsTokens, WutsUser,
};
use wazzup_sync::target::Meaning;
use wazzup_sync::target::member::{MemberId, MemberStep, MemberTarget};
use wazzup_sync::target::wuts::{Wuts, WutsOptions, wuts};

use super::log::Log;
use super::stage::{Stage, Truth, http};

const TENANT: &str = "acme";

const TOKEN: &str = "5f1e7a52-86bc-4d0e-9f0c-6d3b2b1a7c11";

const DEACTIVATING: WutsOptions = WutsOptions {
    creates: true,
    removes_by_delete: false,
};

const DELETING: WutsOptions = WutsOptions {
    creates: true,
    removes_by_delete: true,
};

struct WutsStage {
    simulator: Simulator,
    target: Wuts,
}

impl WutsStage {
    /// A tenant with the credential's user, and another administrator.
    async fn start(options: WutsOptions, change: impl FnOnce(&mut WutsSwitches)) -> WutsStage {
        let people = [
            WutsUser::new("1", "own@example.com", "admin").token(TOKEN),
            WutsUser::new("2", "boss@example.com", "admin"),
        ];
        let simulator = Simulator::start(Setup::default().and_tenant(TENANT, people))
            .await
            .unwrap();
        simulator.update_wuts_switches(change);
        let url = simulator.base_url().parse().unwrap();
        let target = wuts(&url, SecretString::from(TOKEN), &http(), options);
        WutsStage { simulator, target }
    }

    fn switch(&self, change: impl FnOnce(&mut WutsSwitches)) {
        self.simulator.update_wuts_switches(change);
    }

    fn as_stage(&self) -> &dyn Stage {
        self
    }

    /// Passwords of all creates so far.
    fn passwords(&self) -> Vec<String> {
        let requests = self.simulator.requests().into_iter();
        let passwords =
            requests.filter_map(|it| it.body.get("password").and_then(Value::as_str).map(str::to_owned));
        passwords.collect()
    }
}

impl Stage for WutsStage {
    fn target(&self) -> &dyn MemberTarget {
        &self.target
    }

    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn grants(&self) -> [Grant; 2] {
        [Grant::new(["user"]), Grant::new(["manager"])]
    }

    fn key(&self, name: &str) -> String {
        format!("{name}@example.com")
    }

    fn put(&self, key: &str, grant: &Grant, is_active: bool) -> MemberId {
        let n_users = self.simulator.wuts_users(TENANT).len();
        // Far from the numbers that the platform gives.
        let id = (1000 + n_users).to_string();
        let user = WutsUser {
            active: is_active,
            ..WutsUser::new(&id, key, &grant.to_string())
        };
        self.simulator.put_wuts_user(TENANT, user);
        MemberId(id.as_str().into())
    }

    fn remove(&self, id: &MemberId) {
        self.simulator.remove_wuts_user(TENANT, id.as_str());
    }

    fn truth(&self) -> Vec<Truth> {
        let users = self.simulator.wuts_users(TENANT).into_iter();
        let mut truth: Vec<Truth> = users
            .map(|it| Truth {
                id: MemberId(it.id.as_str().into()),
                key: it.email,
                is_active: it.active,
                grant: Some(Grant::new([it.role])),
            })
            .collect();
        truth.sort_by(|a, b| a.key.cmp(&b.key));
        truth
    }

    fn untouchables(&self) -> Vec<MemberId> {
        vec![MemberId("1".into())]
    }

    fn secrets(&self) -> Vec<String> {
        let tokens = self.simulator.wuts_users(TENANT).into_iter().map(|it| it.token);
        tokens.chain(self.passwords()).collect()
    }

    fn word_refusals(&self, n: usize) -> bool {
        let shapes = [
            WutsErrorShape::Documented,
            WutsErrorShape::Short,
            WutsErrorShape::Nested,
            WutsErrorShape::Message,
            WutsErrorShape::Empty,
            WutsErrorShape::Html,
        ];
        let codes = [ErrorCodes::ByProblem, ErrorCodes::Validation, ErrorCodes::Absent];
        let statuses = [400, 409, 422];
        let shape = shapes.get(n / (codes.len() * statuses.len()));
        self.switch(|it| {
            it.error_shape = shape.copied().unwrap_or(WutsErrorShape::Documented);
            it.error_codes = codes[n / statuses.len() % codes.len()];
            it.duplicate_status = statuses[n % statuses.len()];
        });
        shape.is_some()
    }
}

async fn documented() -> WutsStage {
    WutsStage::start(DEACTIVATING, |_| {}).await
}

/// Everything else than the documents show, as far as they contradict themselves or are silent.
async fn odd() -> WutsStage {
    WutsStage::start(DEACTIVATING, |it| {
        it.ids = Ids::Number;
        it.list_envelope = ListEnvelope::DataUsers;
        it.user_envelope = UserEnvelope::Bare;
        it.created_envelope = UserEnvelope::Data;
        it.role_case = RoleCase::Upper;
        it.active_as_number = true;
        it.create_status = 200;
        it.write_status = 202;
        it.empty_success = true;
        it.put_role = PutRole::Refuse;
        it.refuse_no_change = true;
        it.refuse_unknown_properties = true;
        it.password_kinds = true;
        it.error_shape = WutsErrorShape::Documented;
        it.error_codes = ErrorCodes::Validation;
    })
    .await
}

/// With the other way to remove.
async fn deleting() -> WutsStage {
    WutsStage::start(DELETING, |it| {
        it.list_envelope = ListEnvelope::Bare;
        it.created_envelope = UserEnvelope::Absent;
        it.email_case = EmailCase::Lower;
        it.has_promote = false;
    })
    .await
}

mod as_documented {
    member_contract!(super::documented);
}

mod on_an_odd_platform {
    member_contract!(super::odd);
}

mod with_deletions {
    member_contract!(super::deleting);
}

#[tokio::test]
async fn the_capabilities_are_those_of_a_platform_of_emails() {
    let stage = documented().await;
    let capabilities = stage.target.capabilities();
    assert_eq!(capabilities.names, Names::Identity);
    assert!(
        capabilities.grants && capabilities.creates && !capabilities.phones && !capabilities.unique_phones
    );
    assert_eq!((capabilities.batch_users, capabilities.seats), (1, None));
}

#[tokio::test]
async fn a_refused_transition_is_the_affair_of_that_user() {
    let stage = documented().await;
    stage.switch(|it| it.refused.push(Transition::new("admin", "user", "manager")));
    let stage = stage.as_stage();
    let anna = stage.put("anna@example.com", &stage.lesser(), true);
    let boris = stage.put("boris@example.com", &stage.greater(), true);
    let refused = stage
        .target()
        .send(&stage.admit(&anna, &stage.greater(), None))
        .await;
    assert_eq!(
        (refused.answer.meaning, refused.answer.code.as_deref()),
        (Meaning::Forbidden, None),
        "the name of a status is no code"
    );
    let other = stage
        .target()
        .send(&stage.admit(&boris, &stage.lesser(), None))
        .await;
    assert_eq!(other.answer.meaning, Meaning::Accepted);
    assert!(
        stage.target().get(&anna).await.is_ok(),
        "the credential is not at fault"
    );
    stage.assert_no_rule_was_broken();
}

#[tokio::test]
async fn roles_travel_by_promotion_where_a_put_does_not_take_them() {
    for (rule, error_codes) in [
        (PutRole::Refuse, ErrorCodes::ByProblem),
        (PutRole::Refuse, ErrorCodes::Absent),
        (PutRole::NotAllowed, ErrorCodes::ByProblem),
    ] {
        let stage = documented().await;
        stage.switch(|it| {
            it.put_role = rule;
            it.error_codes = error_codes;
        });
        let stage = stage.as_stage();
        let ids: Vec<MemberId> = (0..3)
            .map(|n| stage.put(&stage.key(&format!("anna{n}")), &stage.lesser(), n > 0))
            .collect();
        for id in &ids {
            let step = stage.admit(id, &stage.greater(), None);
            assert_eq!(stage.target().send(&step).await.answer.meaning, Meaning::Accepted);
            let user = stage.user(id).unwrap();
            assert_eq!((user.grant, user.is_active), (Some(stage.greater()), true));
        }
        // The refused one, a promotion each, and a PUT for the one that was not active.
        assert_eq!(stage.target().requests().write, 1 + 3 + 1);
        stage.assert_no_rule_was_broken();
    }
}

#[tokio::test]
async fn a_role_that_no_request_changes_is_a_refusal() {
    let stage = WutsStage::start(DEACTIVATING, |it| {
        it.put_role = PutRole::Refuse;
        it.has_promote = false;
    })
    .await;
    let stage = stage.as_stage();
    let anna = stage.put("anna@example.com", &stage.lesser(), false);
    let answer = stage
        .target()
        .send(&stage.admit(&anna, &stage.greater(), None))
        .await;
    assert_eq!(
        (answer.answer.meaning, answer.answer.code.as_deref()),
        (Meaning::BadItem, Some("VALIDATION_ERROR"))
    );
    assert!(!stage.user(&anna).unwrap().is_active, "with the wrong role");
    stage.assert_no_rule_was_broken();
}

#[tokio::test]
async fn administrators_stay_where_no_token_tells_which_is_ours() {
    for tokens in [WutsTokens::Masked, WutsTokens::Absent] {
        let stage = WutsStage::start(DELETING, |it| it.tokens = tokens).await;
        let stage = stage.as_stage();
        let anna = stage.put("anna@example.com", &stage.greater(), true);
        for id in ["1", "2"] {
            let answer = stage
                .target()
                .send(&stage.dismiss(&MemberId(id.into())))
                .await
                .answer;
            assert_eq!(
                (answer.meaning, answer.code.as_deref()),
                (Meaning::BadItem, Some("own_user"))
            );
        }
        let answer = stage.target().send(&stage.dismiss(&anna)).await.answer;
        assert_eq!(answer.meaning, Meaning::Accepted);
        stage.assert_no_rule_was_broken();
    }
}

#[tokio::test]
async fn another_administrator_can_be_dismissed_and_degraded() {
    let stage = documented().await;
    let stage = stage.as_stage();
    let boss = MemberId("2".into());
    let degraded = stage
        .target()
        .send(&stage.admit(&boss, &stage.greater(), None))
        .await;
    assert_eq!(degraded.answer.meaning, Meaning::Accepted);
    let dismissed = stage.target().send(&stage.dismiss(&boss)).await;
    assert_eq!(dismissed.answer.meaning, Meaning::Accepted);
    assert!(!stage.user(&boss).unwrap().is_active);
    stage.assert_no_rule_was_broken();
}

#[tokio::test]
async fn a_list_that_tells_of_more_is_incomplete_and_a_round_one_is_warned_of() {
    let stage = documented().await;
    let lesser = stage.as_stage().lesser();
    for n in 0..30 {
        stage.put(&stage.key(&format!("anna{n}")), &lesser, true);
    }
    for shown in [CapShown::Next, CapShown::HasMore, CapShown::Total] {
        stage.switch(|it| {
            it.cap_shown = shown;
            it.list_cap = Some(20);
        });
        let cut = stage.target.list().await.unwrap();
        assert_eq!(
            (cut.members.len(), cut.incomplete.is_some()),
            (20, true),
            "{shown:?}"
        );
        stage.switch(|it| it.list_cap = None);
        let whole = stage.target.list().await.unwrap();
        assert_eq!((whole.members.len(), whole.incomplete), (32, None), "{shown:?}");
    }
    stage.switch(|it| {
        it.cap_shown = CapShown::Nowhere;
        it.list_cap = Some(20);
    });
    let log = Log::start();
    let silent = stage.target.list().await.unwrap();
    assert_eq!((silent.members.len(), silent.incomplete), (20, None));
    assert!(log.text().contains("round number of users"), "{}", log.text());
}

#[tokio::test]
async fn a_create_that_lands_late_is_found_by_a_look() {
    let stage = documented().await;
    let late = How::DelayedEffect {
        lands: Lands::AtRequest(2),
        status: Some(504),
    };
    stage
        .simulator
        .add_fault(Fault::new(late).method(MethodIs::Post).times(1));
    let stage = stage.as_stage();
    let answer = stage.target().send(&stage.create("anna")).await;
    assert_eq!((answer.answer.meaning, answer.id), (Meaning::Unknown, None));
    let has_anna = async || {
        let members = stage.target().list().await.unwrap().members;
        members.iter().any(|it| &*it.key == "anna@example.com")
    };
    assert!(!has_anna().await);
    assert!(has_anna().await);
    stage.assert_no_rule_was_broken();
}

#[tokio::test]
async fn every_user_gets_a_password_of_its_own_that_any_policy_takes() {
    let stage = WutsStage::start(DEACTIVATING, |it| {
        it.password_kinds = true;
        it.password_min_chars = 32;
        it.password_max_chars = 32;
    })
    .await;
    for n in 0..20 {
        let step = stage.as_stage().create(&format!("anna{n}"));
        assert_eq!(stage.target.send(&step).await.answer.meaning, Meaning::Accepted);
    }
    let mut passwords = stage.passwords();
    passwords.sort();
    passwords.dedup();
    assert_eq!(passwords.len(), 20);
    stage.as_stage().assert_no_rule_was_broken();
}

#[tokio::test]
async fn the_case_of_an_email_is_shown_as_the_platform_has_it() {
    for (email_case, shown) in [
        (EmailCase::Keep, "Anna@Example.com"),
        (EmailCase::Lower, "anna@example.com"),
    ] {
        let stage = WutsStage::start(DEACTIVATING, |it| it.email_case = email_case).await;
        let step = MemberStep::Create {
            key: "Anna@Example.com".into(),
            grant: stage.as_stage().lesser(),
        };
        let id = stage.target.send(&step).await.id.unwrap();
        let member = stage.target.get(&id).await.unwrap().unwrap();
        assert_eq!(&*member.key, shown);
    }
}
