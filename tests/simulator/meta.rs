//! Meta's Graph API: lists by cursors, assignments, limits, and the rules that clients break.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use wazzup_sync::simulator::{
    AlreadyAssigned, Fault, GraphErrorBody, How, MetaBusiness, MetaSwitches, MetaUser, RemoveUnassigned,
    Rule, Setup, SimUser, Switches, TasksOnRead, UnknownUser, UsageHeaders,
};

use super::{Answered, Bench, TOKEN, answered};

const BUSINESS: &str = "506914307656634";
const WABA: &str = "102290129340398";
const OWN: &str = "122100000000000001";
const BOT: &str = "122100000000000017";
const IDLE: &str = "122100000000000018";
const HUMAN: &str = "10222270944537964";

/// The own user, two system users of which one is assigned, and one person.
fn business() -> MetaBusiness {
    MetaBusiness::new(TOKEN)
        .and_system_user(BOT, MetaUser::assigned("Bot", &["DEVELOP"]))
        .and_system_user(IDLE, MetaUser::new("Idle"))
        .and_human(HUMAN, MetaUser::assigned("Anna", &["MANAGE"]))
}

async fn bench(change: impl FnOnce(&mut MetaSwitches)) -> Bench {
    let bench = Bench::start(Setup::default().and_meta(business())).await;
    bench.simulator.update_switches(|it| change(&mut it.meta));
    bench
}

impl Bench {
    async fn graph(&self, path: &str) -> Answered {
        self.get(&format!("/v25.0/{path}")).await
    }

    async fn form(&self, method: Method, path: &str, params: &[(&str, &str)]) -> Answered {
        let body: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(params)
            .finish();
        let request = self
            .request(method, &format!("/v25.0/{path}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        answered(request).await
    }

    async fn assign(&self, user: &str, tasks: &str) -> Answered {
        let path = format!("{WABA}/assigned_users");
        self.form(Method::POST, &path, &[("user", user), ("tasks", tasks)])
            .await
    }

    async fn unassign(&self, user: &str) -> Answered {
        let path = format!("{WABA}/assigned_users");
        self.form(Method::DELETE, &path, &[("user", user)]).await
    }

    async fn create(&self, name: &str) -> Answered {
        let path = format!("{BUSINESS}/system_users");
        self.form(Method::POST, &path, &[("name", name), ("role", "EMPLOYEE")])
            .await
    }

    async fn assigned(&self, more: &str) -> Answered {
        self.graph(&format!("{WABA}/assigned_users?business={BUSINESS}{more}"))
            .await
    }

    /// The ids of all pages of the system users, and how many pages there were.
    async fn walk(&self, limit: usize) -> (Vec<String>, usize) {
        let mut after = String::new();
        let mut ids = Vec::new();
        for n_pages in 1.. {
            let (status, page) = self
                .graph(&format!("{BUSINESS}/system_users?limit={limit}{after}"))
                .await;
            assert_eq!(status, 200, "{page}");
            ids.extend(ids_of(&page));
            if page["paging"]["next"].is_null() {
                return (ids, n_pages);
            }
            let cursor = page["paging"]["cursors"]["after"].as_str().unwrap();
            after = format!("&after={cursor}");
        }
        unreachable!("the list has an end")
    }

    fn tasks(&self, id: &str) -> Option<Vec<String>> {
        let business = self.simulator.meta(TOKEN).unwrap();
        let user = business.system_users.get(id).or(business.humans.get(id));
        Some(user.unwrap().tasks.clone()?.into_iter().collect())
    }
}

fn ids_of(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().unwrap();
    rows.iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

fn code(answered: &Answered) -> (u16, i64, Option<i64>) {
    let error = &answered.1["error"];
    let code = error["code"].as_i64();
    (answered.0, code.unwrap(), error["error_subcode"].as_i64())
}

#[tokio::test]
async fn lists_are_walked_by_cursors() {
    let bench = bench(|_| {}).await;
    assert_eq!(
        bench.walk(100).await,
        (vec![OWN.into(), BOT.into(), IDLE.into()], 1)
    );
    assert_eq!(
        bench.walk(2).await,
        (vec![OWN.into(), BOT.into(), IDLE.into()], 2)
    );
    assert_eq!(bench.walk(3).await.1, 1);
    let (_, page) = bench.graph(&format!("{BUSINESS}/system_users?limit=1")).await;
    let link = page["paging"]["next"].as_str().unwrap();
    assert!(
        link.contains("access_token=token-a") && link.starts_with("http://localhost:"),
        "{link}"
    );
    assert_eq!(bench.rules(), []);
}

#[tokio::test]
async fn pages_can_be_short_empty_and_circular() {
    let bench = bench(|it| {
        it.page_cap = Some(1);
        it.empty_pages = true;
    })
    .await;
    let (ids, n_pages) = bench.walk(100).await;
    assert_eq!((ids.len(), n_pages), (3, 5));

    bench.simulator.update_switches(|it| it.meta.repeat_cursor = true);
    let path = format!("{BUSINESS}/system_users?after=");
    let (_, first) = bench.graph(&format!("{BUSINESS}/system_users")).await;
    let cursor = first["paging"]["cursors"]["after"].as_str().unwrap().to_owned();
    let (_, second) = bench.graph(&format!("{path}{cursor}")).await;
    assert_eq!(second["paging"]["cursors"]["after"], cursor.as_str());
    assert!(second["paging"]["next"].is_string());

    bench
        .simulator
        .update_switches(|it| it.meta.link_without_cursor = true);
    let (_, first) = bench.graph(&format!("{BUSINESS}/system_users")).await;
    assert!(first["paging"]["next"].is_string() && first["paging"]["cursors"].is_null());

    bench.simulator.update_switches(|it| {
        it.meta = MetaSwitches {
            paging_on_single_page: false,
            ..MetaSwitches::default()
        };
    });
    let (_, only) = bench.graph(&format!("{BUSINESS}/system_users")).await;
    assert!(only["paging"].is_null(), "{only}");
    let (status, _) = bench.graph(&format!("{path}nonsense")).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn tasks_are_shown_in_four_ways() {
    for (switch, expected) in [
        (TasksOnRead::Shown, json!(["DEVELOP"])),
        (
            TasksOnRead::Expanded,
            json!(["DEVELOP", "MESSAGING", "VIEW_TEMPLATES"]),
        ),
        (TasksOnRead::Omitted, Value::Null),
    ] {
        let bench = bench(|it| it.tasks_on_read = switch).await;
        let (_, page) = bench.assigned("&fields=id,name,tasks,user_type").await;
        assert_eq!(ids_of(&page), [HUMAN, OWN, BOT]);
        assert_eq!(page["data"][2]["tasks"], expected);
        assert_eq!(page["data"][0]["user_type"], "BUSINESS_USER");
    }
    let bench = bench(|it| it.tasks_on_read = TasksOnRead::Refused).await;
    let refused = bench.assigned("&fields=id,tasks").await;
    assert_eq!(code(&refused), (400, 100, None));
    assert_eq!(bench.assigned("&fields=id,name").await.0, 200);
    assert_eq!(bench.assigned("").await.1["data"][0]["name"], "Anna");
}

#[tokio::test]
async fn the_own_user_and_others_are_shown_by_id() {
    let bench = bench(|_| {}).await;
    assert_eq!(bench.graph("me?fields=id").await.1["id"], OWN);
    assert_eq!(bench.graph(BOT).await.1, json!({"id": BOT, "name": "Bot"}));
    assert_eq!(code(&bench.graph("77").await), (400, 100, Some(33)));
    assert_eq!(code(&bench.graph("77/system_users").await), (400, 100, Some(33)));
    assert_eq!(code(&bench.graph("77/users").await), (400, 2500, None));
}

#[tokio::test]
async fn assigning_gives_tasks_once_or_over_again() {
    let bench = bench(|_| {}).await;
    assert_eq!(
        bench.assign(IDLE, r#"["MANAGE"]"#).await,
        (200, json!({"success": true}))
    );
    assert_eq!(bench.tasks(IDLE), Some(vec!["MANAGE".to_owned()]));
    let again = bench.assign(IDLE, r#"["DEVELOP"]"#).await;
    assert_eq!(code(&again), (422, 100, None));
    assert_eq!(bench.tasks(IDLE), Some(vec!["MANAGE".to_owned()]));

    let set = |it: AlreadyAssigned| {
        let change = |all: &mut Switches| all.meta.already_assigned = it;
        bench.simulator.update_switches(change);
    };
    set(AlreadyAssigned::Add);
    assert_eq!(bench.assign(IDLE, r#"["DEVELOP"]"#).await.0, 200);
    assert_eq!(bench.tasks(IDLE).unwrap(), ["DEVELOP", "MANAGE"]);
    set(AlreadyAssigned::Overwrite);
    assert_eq!(bench.assign(IDLE, "['DEVELOP']").await.0, 200);
    assert_eq!(bench.tasks(IDLE).unwrap(), ["DEVELOP"]);

    for (user, tasks) in [
        (IDLE, "[]"),
        (IDLE, r#"["FLY"]"#),
        ("anna", r#"["MANAGE"]"#),
        ("", r#"["MANAGE"]"#),
    ] {
        assert_eq!(
            code(&bench.assign(user, tasks).await),
            (400, 100, None),
            "{tasks}"
        );
    }
    assert_eq!(
        code(&bench.assign("77", r#"["MANAGE"]"#).await),
        (400, 100, Some(33))
    );
    bench
        .simulator
        .update_switches(|it| it.meta.unknown_user = UnknownUser::Missing);
    assert_eq!(code(&bench.assign("77", r#"["MANAGE"]"#).await), (404, 803, None));
}

#[tokio::test]
async fn unassigning_takes_all_tasks() {
    let mut start = business();
    start.restricted.insert(IDLE.to_owned());
    let bench = Bench::start(Setup::default().and_meta(start)).await;
    assert_eq!(bench.unassign(BOT).await.0, 200);
    assert_eq!(bench.tasks(BOT), None);
    assert_eq!(code(&bench.unassign(BOT).await), (404, 803, None));
    bench
        .simulator
        .update_switches(|it| it.meta.remove_unassigned = RemoveUnassigned::Ok);
    assert_eq!(bench.unassign(BOT).await.0, 200);
    assert_eq!(code(&bench.unassign(IDLE).await), (422, 100, None));
    let in_query = bench.request(
        Method::DELETE,
        &format!("/v25.0/{WABA}/assigned_users?user={BOT}"),
    );
    assert_eq!(answered(in_query).await.0, 200);
}

#[tokio::test]
async fn system_users_are_made_with_any_name_unless_the_switch_says_otherwise() {
    let bench = bench(|_| {}).await;
    let (status, made) = bench.create("Bot").await;
    assert_eq!(status, 200);
    let id = made["id"].as_str().unwrap().to_owned();
    assert!(id.parse::<u64>().unwrap() > 1 << 53, "{id}");
    assert_eq!(bench.tasks(&id), None);
    assert_ne!(bench.create("New").await.1["id"], id.as_str());
    let rename = [
        ("name", "Renamed"),
        ("role", "EMPLOYEE"),
        ("system_user_id", id.as_str()),
    ];
    let path = format!("{BUSINESS}/system_users");
    assert_eq!(bench.form(Method::POST, &path, &rename).await.0, 200);
    let business = bench.simulator.meta(TOKEN).unwrap();
    assert_eq!(business.system_users[&id].name, "Renamed");

    bench.simulator.update_switches(|it| it.meta.unique_names = true);
    assert_eq!(code(&bench.create("Bot").await), (400, 100, None));
    bench
        .simulator
        .update_switches(|it| it.meta.max_system_users = Some(5));
    assert_eq!(code(&bench.create("Another").await), (400, 100, None));
    assert_eq!(code(&bench.create(" ").await), (400, 100, None));
}

#[tokio::test]
async fn tokens_and_proofs_are_checked() {
    // HMAC-SHA256 of `token-a` under `app-secret`.
    let right = "me?appsecret_proof=7bb5dc22898e2601eb36529e66b944a5f6960ef348212b8fe55752de6eb2bdc0";
    let wrong = "me?appsecret_proof=7bb5dc22898e2601eb36529e66b944a5f6960ef348212b8fe55752de6eb2bdc1";
    let bench = bench(|_| {}).await;
    assert_eq!(
        bench.graph(wrong).await.0,
        200,
        "without a secret, nothing is proven"
    );
    let set = |change: fn(&mut MetaBusiness)| bench.simulator.update_meta(TOKEN, change);
    set(|it| it.app_secret = Some("app-secret".to_owned()));
    assert_eq!(bench.graph(right).await.0, 200);
    assert_eq!(bench.rules(), []);
    assert_eq!(code(&bench.graph(wrong).await), (400, 104, None));
    assert_eq!(bench.graph("me").await.0, 200, "not required");
    set(|it| it.require_proof = true);
    bench
        .simulator
        .update_switches(|it| it.meta.wrong_proof_code = 100);
    assert_eq!(code(&bench.graph("me").await), (400, 100, None));

    let url = format!("{}/v25.0/me", bench.simulator.base_url());
    let wrong = answered(bench.http.get(&url).bearer_auth("wrong")).await;
    assert_eq!(code(&wrong), (401, 190, Some(467)));
    set(|it| it.app_secret = None);
    let in_url = answered(bench.http.get(format!("{url}?access_token={TOKEN}"))).await;
    assert_eq!(in_url.0, 200);
    assert_eq!(
        bench.rules(),
        [
            Rule::AppSecretProof,
            Rule::AppSecretProof,
            Rule::AppSecretProof,
            Rule::KnownToken,
            Rule::TokenInHeader
        ]
    );
}

fn header(response: &Response, name: &str) -> Option<Value> {
    let value = response.headers().get(name)?.to_str().unwrap();
    Some(serde_json::from_str(value).unwrap())
}

#[tokio::test]
async fn calls_are_counted_shown_and_refused() {
    let setup = Setup {
        manual_clock: true,
        ..Setup::default()
    };
    let bench = Bench::start(setup.and_meta(business())).await;
    bench.simulator.update_switches(|it| {
        it.meta.call_limit = Some(4);
        it.meta.regain_minutes = 5;
        it.meta.limit_code = 80_008;
        it.meta.limit_status = 400;
    });
    let call = async || bench.request(Method::GET, "/v25.0/me").send().await.unwrap();
    let first = call().await;
    assert_eq!(header(&first, "x-app-usage").unwrap()["call_count"], 25);
    assert_eq!(first.headers()["facebook-api-version"], "v25.0");
    call().await;
    call().await;
    let last = call().await;
    assert_eq!(last.status(), 200);
    let usage = header(&last, "x-business-use-case-usage").unwrap();
    let entry = &usage[BUSINESS][0];
    assert_eq!(entry["estimated_time_to_regain_access"], 5, "{usage}");
    assert_eq!(entry["call_count"], 100);
    assert_eq!(bench.rules(), []);

    let refused = call().await;
    assert_eq!(refused.status(), 400);
    let body: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(body["error"]["code"], 80_008);
    assert_eq!(bench.rules(), [Rule::Patience]);
    bench.simulator.advance(Duration::from_secs(5 * 60));
    assert_eq!(call().await.status(), 200);
    assert_eq!(bench.rules(), [Rule::Patience]);
}

#[tokio::test]
async fn usage_may_be_shown_in_part_and_at_least() {
    for (switch, app, business) in [
        (UsageHeaders::Both, true, true),
        (UsageHeaders::App, true, false),
        (UsageHeaders::Business, false, true),
        (UsageHeaders::None, false, false),
    ] {
        let bench = bench(|it| {
            it.usage_headers = switch;
            it.min_usage_percent = 80;
        })
        .await;
        let response = bench.request(Method::GET, "/v25.0/me").send().await.unwrap();
        let shown = header(&response, "x-app-usage");
        assert_eq!(shown.is_some(), app, "{switch:?}");
        assert!(shown.is_none_or(|it| it["call_count"] == 80));
        assert_eq!(
            header(&response, "x-business-use-case-usage").is_some(),
            business,
            "{switch:?}"
        );
    }
}

#[tokio::test]
async fn refusals_have_four_bodies() {
    let expect = async |body, change: &dyn Fn(&mut MetaSwitches)| {
        let bench = bench(|it| {
            it.error_body = body;
            change(it);
        })
        .await;
        bench.unassign(IDLE).await
    };
    let (status, full) = expect(GraphErrorBody::Full, &|_| {}).await;
    assert_eq!(
        (status, &full["error"]["type"]),
        (404, &json!("GraphMethodException"))
    );
    assert!(full["error"]["fbtrace_id"].is_string());
    let (_, minimal) = expect(GraphErrorBody::Minimal, &|_| {}).await;
    assert_eq!(minimal["error"].as_object().unwrap().len(), 3);
    let (status, empty) = expect(GraphErrorBody::Empty, &|it| it.always_400 = true).await;
    assert_eq!((status, empty), (400, json!("")));
    let (_, html) = expect(GraphErrorBody::Html, &|_| {}).await;
    assert!(html.as_str().unwrap().starts_with("<html>"));
}

#[tokio::test]
async fn every_broken_rule_is_told() {
    let mut start = business();
    start.protected.insert(IDLE.to_owned());
    let bench = Bench::start(Setup::default().and_meta(start)).await;
    bench.simulator.update_switches(|it| {
        it.meta.already_assigned = AlreadyAssigned::Overwrite;
        it.meta.remove_unassigned = RemoveUnassigned::Ok;
    });
    let rules_of = async |ask: Ask| {
        match ask {
            Ask::Get(path) => bench.graph(path).await,
            Ask::Assign(user, tasks) => bench.assign(user, tasks).await,
            Ask::Create(name) => bench.create(name).await,
        };
        let rules = bench.rules();
        bench.simulator.clear_violations();
        rules
    };
    assert_eq!(rules_of(Ask::Get("me")).await, []);
    assert_eq!(rules_of(Ask::Assign(BOT, r#"["MANAGE"]"#)).await, []);
    assert_eq!(
        rules_of(Ask::Assign(HUMAN, r#"["MANAGE"]"#)).await,
        [Rule::HumanUntouched]
    );
    assert_eq!(rules_of(Ask::Assign(OWN, r#"["MANAGE"]"#)).await, [Rule::OwnUser]);
    assert_eq!(
        rules_of(Ask::Assign(IDLE, r#"["MANAGE"]"#)).await,
        [Rule::ProtectedUser]
    );
    assert_eq!(rules_of(Ask::Assign(BOT, "[]")).await, [Rule::DocumentedShape]);
    assert_eq!(
        rules_of(Ask::Get("102290129340398/assigned_users?limit=25")).await,
        [Rule::BusinessNamed]
    );
    assert_eq!(
        rules_of(Ask::Get("506914307656634/system_users?limit=101")).await,
        [Rule::DocumentedShape]
    );
    assert_eq!(rules_of(Ask::Get("me?pretty=1")).await, [Rule::KnownProperties]);
    assert_eq!(rules_of(Ask::Get("me/accounts")).await, [Rule::KnownEndpoint]);
    assert_eq!(rules_of(Ask::Create("Newcomer")).await, []);
    assert_eq!(rules_of(Ask::Create("Newcomer")).await, [Rule::NameFree]);

    // Whoever goes where a page leads to shows the token in the address, and goes elsewhere.
    let (_, page) = bench.graph("506914307656634/system_users?limit=1").await;
    let link = page["paging"]["next"].as_str().unwrap();
    answered(bench.http.get(link)).await;
    assert_eq!(bench.rules(), [Rule::OneHost, Rule::TokenInHeader]);

    let json = bench.request(Method::POST, "/v25.0/102290129340398/assigned_users");
    answered(json.json(&json!({"user": BOT}))).await;
    assert!(bench.rules().contains(&Rule::DocumentedShape));
}

/// One request of the table above.
enum Ask {
    Get(&'static str),
    Assign(&'static str, &'static str),
    Create(&'static str),
}

#[tokio::test]
async fn faults_lag_and_other_hands_work_here_too() {
    let setup = Setup {
        manual_clock: true,
        ..Setup::default()
    };
    let bench = Bench::start(setup.and_meta(business())).await;
    bench.simulator.add_fault(Fault::status(503).user(BOT).times(1));
    assert_eq!(bench.unassign(BOT).await.0, 503);
    assert!(bench.tasks(BOT).is_some());
    let meddle = How::Meddle {
        put: vec![SimUser::new("122100000000000099", "By hand", None)],
        remove: vec![IDLE.to_owned()],
    };
    bench
        .simulator
        .add_fault(Fault::new(meddle).path("/v25.0/me").times(1));
    bench.graph("me").await;
    assert_eq!(bench.walk(100).await.0, [OWN, BOT, "122100000000000099"]);

    bench.simulator.update_switches(|it| it.read_lag_ms = 1_000);
    assert_eq!(bench.unassign(BOT).await.0, 200);
    assert_eq!(ids_of(&bench.assigned("").await.1), [HUMAN, OWN, BOT]);
    bench.simulator.advance(Duration::from_secs(1));
    assert_eq!(ids_of(&bench.assigned("").await.1), [HUMAN, OWN]);

    let requests = bench.simulator.requests();
    assert_eq!(requests[0].user_ids, [BOT]);
    assert_eq!(requests[0].body, json!({ "user": BOT }));
    assert_eq!(requests[0].account.as_deref(), Some(TOKEN));
    assert_eq!(
        (requests[0].had_effect, bench.simulator.counts().deletes),
        (false, 2)
    );
}

#[tokio::test]
async fn wazzup_and_meta_share_a_simulator_and_keep_apart() {
    let setup = Setup::account(TOKEN)
        .and_meta(business())
        .and_account("other", []);
    let bench = Bench::start(setup).await;
    assert_eq!(bench.list("").await, [""; 0]);
    assert_eq!(bench.graph("me").await.0, 200);
    assert_eq!(bench.rules(), []);
    let url = format!("{}/v25.0/me", bench.simulator.base_url());
    assert_eq!(answered(bench.http.get(&url).bearer_auth("other")).await.0, 401);
}

#[tokio::test]
async fn the_control_plane_puts_businesses_and_changes_single_switches() {
    let bench = Bench::start(Setup::default()).await;
    let steer = async |method: Method, path: &str, body: Value| {
        let url = format!("{}/_simulator/{path}", bench.simulator.base_url());
        answered(bench.http.request(method, url).json(&body)).await
    };
    let put = json!({"token": TOKEN, "own_id": OWN, "business_id": "1", "waba_id": "2",
        "system_users": {OWN: {"name": "Sync", "tasks": ["MANAGE"]}}});
    assert_eq!(steer(Method::PUT, "meta", put).await.0, 200);
    assert_eq!(bench.graph("me").await.1["name"], "Sync");
    let (_, state) = steer(Method::GET, "state", Value::Null).await;
    assert_eq!(state["meta"][0]["business_id"], "1");

    steer(Method::PATCH, "switches", json!({"meta": {"page_cap": 7}})).await;
    steer(
        Method::PATCH,
        "switches",
        json!({"meta": {"limit_code": 17}, "seats": 3}),
    )
    .await;
    let switches = bench.simulator.switches();
    assert_eq!(
        (switches.meta.page_cap, switches.meta.limit_code, switches.seats),
        (Some(7), 17, 3)
    );
    let wrong = json!({"meta": {"page_kap": 7}});
    assert_eq!(steer(Method::PATCH, "switches", wrong).await.0, 400);
}

#[tokio::test]
async fn a_pace_is_kept_or_told() {
    let setup = Setup {
        manual_clock: true,
        ..Setup::default()
    };
    let bench = Bench::start(setup.and_meta(business())).await;
    bench
        .simulator
        .update_switches(|it| it.max_requests_per_second = Some(1));
    bench.graph("me").await;
    bench.graph("me").await;
    assert_eq!(bench.rules(), []);
    bench.graph("me").await;
    assert_eq!(bench.rules(), [Rule::Pace]);
}
