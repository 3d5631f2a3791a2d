//! WUTS: `/users` of a tenant.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wazzup_sync::simulator::{
    CapShown, EmailCase, ErrorCodes, Fault, How, Ids, ListEnvelope, Lockout, MethodIs, PutRole, RoleCase,
    Rule, Setup, Transition, UserEnvelope, WutsErrorShape, WutsSwitches, WutsTokens, WutsUser,
};

use super::{Answered, Bench, TOKEN, answered};

const TENANT: &str = "acme";

const PASSWORD: &str = "Correct-Horse-42-Battery";

/// The caller's own user 1, administrator 2, manager 3, user 4, and user 5 who is inactive.
async fn bench() -> Bench {
    Bench::start(Setup::default().and_tenant(TENANT, people())).await
}

fn people() -> Vec<WutsUser> {
    vec![
        WutsUser::new("1", "own@example.com", "admin").token(TOKEN),
        WutsUser::new("2", "boss@example.com", "admin"),
        WutsUser::new("3", "Anna@example.com", "manager"),
        WutsUser::new("4", "igor@example.com", "user"),
        WutsUser::new("5", "left@example.com", "user").inactive(),
    ]
}

async fn switched(change: impl FnOnce(&mut WutsSwitches)) -> Bench {
    let bench = bench().await;
    bench.simulator.update_wuts_switches(change);
    bench
}

async fn send(bench: &Bench, method: Method, path: &str, body: Value) -> Answered {
    answered(bench.request(method, path).json(&body)).await
}

async fn put(bench: &Bench, id: &str, body: Value) -> Answered {
    send(bench, Method::PUT, &format!("/users/{id}"), body).await
}

async fn post(bench: &Bench, email: &str, role: &str) -> Answered {
    let body = json!({"email": email, "password": PASSWORD, "role": role});
    send(bench, Method::POST, "/users", body).await
}

async fn as_user(bench: &Bench, id: &str, method: Method, path: &str, body: Value) -> u16 {
    let token = user(bench, id).token;
    let url = format!("{}{path}", bench.simulator.base_url());
    let request = bench.http.request(method, url).bearer_auth(token).json(&body);
    answered(request).await.0
}

fn user(bench: &Bench, id: &str) -> WutsUser {
    let mut users = bench.simulator.wuts_users(TENANT).into_iter();
    users.find(|it| it.id == id).unwrap()
}

/// Role and whether active.
fn standing(bench: &Bench, id: &str) -> (String, bool) {
    let user = user(bench, id);
    (user.role, user.active)
}

#[tokio::test]
async fn the_list_shows_all_users_with_their_tokens() {
    let bench = bench().await;
    let (status, body) = bench.get("/users").await;
    assert_eq!((status, &body["success"]), (200, &json!(true)));
    let users = body["users"].as_array().unwrap();
    assert_eq!(users.len(), 5);
    assert_eq!(users[0]["token"], TOKEN);
    assert_eq!(
        (&users[4]["id"], &users[4]["tenant_id"], &users[4]["active"]),
        (&json!("5"), &json!(TENANT), &json!(false))
    );
    assert!(users[0]["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(bench.rules(), []);
}

#[tokio::test]
async fn one_user_is_shown_without_its_token() {
    let bench = bench().await;
    let (status, body) = bench.get("/users/3").await;
    assert_eq!(status, 200);
    assert_eq!(body["data"]["email"], "Anna@example.com");
    assert_eq!(body["data"].get("token"), None);
    assert_eq!(bench.get("/users/99").await.0, 404);
}

#[tokio::test]
async fn the_token_identifies_user_and_tenant() {
    let setup = Setup::default().and_tenant(TENANT, people()).and_tenant(
        "other",
        [WutsUser::new("9", "o@example.com", "admin").token("t-other")],
    );
    let bench = Bench::start(setup).await;
    let url = format!("{}/users", bench.simulator.base_url());
    let (_, body) = answered(bench.http.get(&url).header("authorization", "t-other")).await;
    assert_eq!(body["users"].as_array().unwrap().len(), 1);
    for request in [bench.http.get(&url), bench.http.get(&url).bearer_auth("wrong")] {
        let (status, body) = answered(request).await;
        assert_eq!((status, &body["error_code"]), (401, &json!("UNAUTHORIZED")));
    }
    let inactive = as_user(&bench, "5", Method::GET, "/users/5", Value::Null).await;
    assert_eq!(inactive, 401);
    bench
        .simulator
        .update_wuts_switches(|it| it.inactive_tokens_work = true);
    assert_eq!(
        as_user(&bench, "5", Method::GET, "/users/5", Value::Null).await,
        200
    );
    assert_eq!(bench.simulator.counts().unauthorised, 2);
}

#[tokio::test]
async fn a_user_is_created_once() {
    let bench = bench().await;
    bench.get("/users").await;
    let (status, body) = post(&bench, "New@example.com", "user").await;
    assert_eq!((status, &body["user"]["id"]), (201, &json!("6")));
    assert!(body["user"]["token"].is_string() && body["note"].is_string());
    let user = user(&bench, "6");
    assert_eq!(
        (user.email.as_str(), user.role.as_str(), user.active),
        ("New@example.com", "user", true)
    );
    assert_eq!(bench.rules(), []);
    let (status, body) = post(&bench, "new@example.com", "user").await;
    assert_eq!(
        (status, &body["error_code"]),
        (409, &json!("EMAIL_ALREADY_EXISTS"))
    );
    for status in [400, 422] {
        bench
            .simulator
            .update_wuts_switches(|it| it.duplicate_status = status);
        assert_eq!(post(&bench, "new@example.com", "user").await.0, status);
    }
    bench
        .simulator
        .update_wuts_switches(|it| it.duplicates_ignore_case = false);
    assert_eq!(post(&bench, "new@example.com", "user").await.0, 201);
}

#[tokio::test]
async fn a_create_must_be_valid_and_an_administrators() {
    let bench = switched(|it| it.password_kinds = true).await;
    for body in [
        json!({"email": "n@example.com", "password": PASSWORD}),
        json!({"email": "n@example.com", "password": PASSWORD, "role": "boss"}),
        json!({"email": "nobody", "password": PASSWORD, "role": "user"}),
        json!({"email": "n@example.com", "password": "short", "role": "user"}),
        json!({"email": "n@example.com", "password": "all-small-letters", "role": "user"}),
        json!({"email": 5, "password": PASSWORD, "role": "user"}),
        json!([]),
    ] {
        let (status, answer) = send(&bench, Method::POST, "/users", body.clone()).await;
        assert_eq!(
            (status, &answer["error_code"]),
            (400, &json!("VALIDATION_ERROR")),
            "{body}"
        );
        assert!(answer["validation"][0]["field"].is_string(), "{body}");
    }
    let body = json!({"email": "n@example.com", "password": PASSWORD, "role": "user"});
    assert_eq!(as_user(&bench, "3", Method::POST, "/users", body).await, 403);
    assert_eq!(bench.simulator.wuts_users(TENANT).len(), 5);
}

#[tokio::test]
async fn role_and_access_are_changed_by_put() {
    let bench = bench().await;
    let (status, body) = put(&bench, "4", json!({"role": "manager"})).await;
    assert_eq!(
        (status, body),
        (
            200,
            json!({"success": true, "message": "User updated successfully"})
        )
    );
    assert_eq!(standing(&bench, "4"), ("manager".to_owned(), true));
    put(&bench, "5", json!({"active": true, "role": "manager"})).await;
    assert_eq!(standing(&bench, "5"), ("manager".to_owned(), true));
    put(&bench, "5", json!({"active": false})).await;
    assert_eq!(standing(&bench, "5"), ("manager".to_owned(), false));
    assert_eq!(put(&bench, "99", json!({"active": false})).await.0, 404);
    assert_eq!(put(&bench, "4", json!({"role": "boss"})).await.0, 400);
    assert_eq!(put(&bench, "4", json!({"active": "yes"})).await.0, 400);
    assert_eq!(put(&bench, "4", json!({})).await.0, 200);
    bench
        .simulator
        .update_wuts_switches(|it| it.refuse_no_change = true);
    assert_eq!(put(&bench, "4", json!({})).await.0, 400);
    assert_eq!(put(&bench, "4", json!({"role": "manager"})).await.0, 400);
}

#[tokio::test]
async fn every_cell_of_the_matrix_of_promotions_can_be_refused() {
    let bench = switched(|it| it.refused.push(Transition::new("admin", "user", "manager"))).await;
    let (status, body) = put(&bench, "4", json!({"role": "manager"})).await;
    assert_eq!((status, &body["error_code"]), (403, &json!("FORBIDDEN")));
    let promote = send(
        &bench,
        Method::POST,
        "/users/4/promote",
        json!({"new_role": "manager"}),
    );
    assert_eq!(promote.await.0, 403);
    assert_eq!(put(&bench, "4", json!({"role": "admin"})).await.0, 200);
    // A manager: users only, and only their access.
    for (id, body, expected) in [
        ("5", json!({"active": true}), 200),
        ("5", json!({"role": "manager"}), 403),
        ("2", json!({"active": false}), 403),
    ] {
        let path = format!("/users/{id}");
        assert_eq!(
            as_user(&bench, "3", Method::PUT, &path, body).await,
            expected,
            "{id}"
        );
    }
    assert_eq!(
        as_user(&bench, "3", Method::GET, "/users", Value::Null).await,
        403
    );
    assert_eq!(
        as_user(&bench, "5", Method::PUT, "/users/5", json!({"active": false})).await,
        403
    );
}

#[tokio::test]
async fn a_role_may_be_changed_by_a_promotion_alone() {
    for (rule, status) in [
        (PutRole::Refuse, 400),
        (PutRole::NotAllowed, 405),
        (PutRole::Ignore, 200),
    ] {
        let bench = switched(|it| it.put_role = rule).await;
        assert_eq!(
            put(&bench, "4", json!({"role": "manager"})).await.0,
            status,
            "{rule:?}"
        );
        assert_eq!(standing(&bench, "4").0, "user");
        let body = json!({"new_role": "manager"});
        let (status, body) = send(&bench, Method::POST, "/users/4/promote", body).await;
        assert_eq!(
            (status, &body["data"]),
            (
                200,
                &json!({"user_id": "4", "old_role": "user", "new_role": "manager"})
            )
        );
        assert_eq!(standing(&bench, "4").0, "manager");
    }
    let bench = switched(|it| it.has_promote = false).await;
    let body = json!({"new_role": "manager"});
    assert_eq!(send(&bench, Method::POST, "/users/4/promote", body).await.0, 404);
}

#[tokio::test]
async fn a_user_is_deleted_for_good() {
    let bench = bench().await;
    assert_eq!(send(&bench, Method::DELETE, "/users/4", Value::Null).await.0, 200);
    assert_eq!(send(&bench, Method::DELETE, "/users/4", Value::Null).await.0, 404);
    assert_eq!(send(&bench, Method::DELETE, "/users/1", Value::Null).await.0, 403);
    assert_eq!(bench.simulator.wuts_users(TENANT).len(), 4);
    assert_eq!(bench.rules(), [Rule::OwnUser]);
}

#[tokio::test]
async fn own_user_and_last_administrator_can_be_lost_if_the_switches_say_so() {
    let bench = bench().await;
    assert_eq!(put(&bench, "1", json!({"active": false})).await.0, 403);
    bench
        .simulator
        .update_wuts_switches(|it| it.own_user = Lockout::Allow);
    put(&bench, "2", json!({"role": "user"})).await;
    assert_eq!(put(&bench, "1", json!({"role": "user"})).await.0, 403);
    bench
        .simulator
        .update_wuts_switches(|it| it.last_admin = Lockout::Allow);
    assert_eq!(put(&bench, "1", json!({"role": "user"})).await.0, 200);
    assert_eq!(
        bench.rules(),
        [
            Rule::OwnUser,
            Rule::OwnUser,
            Rule::LastAdmin,
            Rule::OwnUser,
            Rule::LastAdmin
        ]
    );
}

#[tokio::test]
async fn every_broken_rule_is_told_even_where_it_passes() {
    let create = |email: &str, password: &str| json!({"email": email, "password": password, "role": "user"});
    for (method, path, body, rule) in [
        (Method::PUT, "/users/99", json!({"active": true}), Rule::KnownUser),
        (
            Method::PUT,
            "/users/3",
            json!({"active": true}),
            Rule::ProtectedUser,
        ),
        (Method::PUT, "/users/4", json!({"role": "boss"}), Rule::KnownRole),
        (Method::PUT, "/users/4", json!({}), Rule::NoEmptyBatch),
        (
            Method::PUT,
            "/users/4",
            json!({"active": true, "email": "x"}),
            Rule::KnownProperties,
        ),
        (
            Method::PUT,
            "/users/4",
            json!({"active": 1}),
            Rule::DocumentedShape,
        ),
        (
            Method::POST,
            "/users/4/promote",
            json!({"new_role": "boss"}),
            Rule::KnownRole,
        ),
        (Method::PATCH, "/users/4", json!({}), Rule::KnownEndpoint),
        (
            Method::POST,
            "/users",
            create("IGOR@example.com", PASSWORD),
            Rule::EmailFree,
        ),
        (
            Method::POST,
            "/users",
            create("n@example.com", "Sh0rt-one"),
            Rule::StrongPassword,
        ),
        (
            Method::POST,
            "/users",
            create("n@example.com", "long-but-all-small-1"),
            Rule::StrongPassword,
        ),
    ] {
        let bench = bench().await;
        bench.simulator.protect_wuts(TENANT, ["3"]);
        send(&bench, method.clone(), path, body.clone()).await;
        assert_eq!(bench.rules(), [rule], "{method} {path} {body}");
    }
}

#[tokio::test]
async fn a_create_is_repeated_only_after_a_look() {
    let bench = bench().await;
    bench
        .simulator
        .add_fault(Fault::status(500).method(MethodIs::Post));
    let create = async |password: &str| {
        let body = json!({"email": "n@example.com", "password": password, "role": "user"});
        send(&bench, Method::POST, "/users", body).await
    };
    create("First-Password-1").await;
    bench.get("/users").await;
    create("Second-Password-2").await;
    assert_eq!(bench.rules(), []);
    create("Third-Password-3").await;
    create("Third-Password-3").await;
    assert_eq!(
        bench.rules(),
        [Rule::CreateOnce, Rule::CreateOnce, Rule::FreshPassword]
    );
}

#[tokio::test]
async fn who_came_after_the_list_could_not_be_known() {
    let bench = bench().await;
    bench.get("/users").await;
    bench
        .simulator
        .put_wuts_user(TENANT, WutsUser::new("7", "n@example.com", "user"));
    assert_eq!(post(&bench, "n@example.com", "user").await.0, 409);
    bench.simulator.remove_wuts_user(TENANT, "7");
    assert_eq!(put(&bench, "7", json!({"active": false})).await.0, 404);
    assert_eq!(bench.rules(), []);
}

#[tokio::test]
async fn the_list_can_be_cut_and_may_tell_it() {
    let bench = switched(|it| it.list_cap = Some(2)).await;
    let (_, body) = bench.get("/users").await;
    assert_eq!(body["users"].as_array().unwrap().len(), 2);
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    for (shown, pointer, cut, whole) in [
        (CapShown::Next, "/next", json!("/users?page=2"), Value::Null),
        (
            CapShown::HasMore,
            "/pagination/has_more",
            json!(true),
            json!(false),
        ),
        (CapShown::Total, "/total", json!(5), json!(5)),
    ] {
        bench.simulator.update_wuts_switches(|it| it.cap_shown = shown);
        assert_eq!(bench.get("/users").await.1.pointer(pointer), Some(&cut));
        bench.simulator.update_wuts_switches(|it| it.list_cap = None);
        assert_eq!(bench.get("/users").await.1.pointer(pointer), Some(&whole));
        bench.simulator.update_wuts_switches(|it| it.list_cap = Some(2));
    }
}

#[tokio::test]
async fn users_are_shown_in_every_way() {
    let bench = bench().await;
    let list = async |change: fn(&mut WutsSwitches)| {
        bench.simulator.update_wuts_switches(change);
        bench.get("/users").await.1
    };
    assert_eq!(
        list(|it| it.list_envelope = ListEnvelope::Data).await["data"][0]["id"],
        "1"
    );
    assert_eq!(
        list(|it| it.list_envelope = ListEnvelope::DataUsers).await["data"]["users"][0]["id"],
        "1"
    );
    assert_eq!(
        list(|it| it.list_envelope = ListEnvelope::Bare).await[0]["id"],
        "1"
    );
    assert_eq!(list(|it| it.ids = Ids::Number).await[0]["id"], 1);
    assert_eq!(
        list(|it| it.role_case = RoleCase::Upper).await[0]["role"],
        "ADMIN"
    );
    assert_eq!(list(|it| it.active_as_number = true).await[4]["active"], 0);
    assert_eq!(
        list(|it| it.tokens = WutsTokens::Masked).await[0]["token"],
        "****"
    );
    assert_eq!(
        list(|it| it.tokens = WutsTokens::Absent).await[0].get("token"),
        None
    );
    for (envelope, pointer) in [
        (UserEnvelope::Data, "/data/id"),
        (UserEnvelope::User, "/user/id"),
        (UserEnvelope::Bare, "/id"),
    ] {
        bench
            .simulator
            .update_wuts_switches(|it| it.user_envelope = envelope);
        let (_, body) = bench.get("/users/3").await;
        assert_eq!(body.pointer(pointer), Some(&json!(3)), "{body}");
    }
    bench.simulator.update_wuts_switches(|it| {
        it.email_case = EmailCase::Lower;
        it.created_envelope = UserEnvelope::Absent;
        it.create_status = 200;
    });
    let (status, body) = post(&bench, "New@Example.com", "user").await;
    assert_eq!((status, body.get("user")), (200, None));
    assert_eq!(user(&bench, "6").email, "new@example.com");
    bench.simulator.update_wuts_switches(|it| it.empty_success = true);
    assert_eq!(put(&bench, "4", json!({"active": false})).await, (200, json!("")));
}

#[tokio::test]
async fn errors_have_every_shape_and_may_repeat_what_was_sent() {
    let bench = bench().await;
    let refused = async |change: fn(&mut WutsSwitches)| {
        bench.simulator.update_wuts_switches(change);
        put(&bench, "4", json!({"role": "boss"})).await
    };
    let (status, body) = refused(|_| {}).await;
    assert_eq!(status, 400);
    assert_eq!(
        body["validation"],
        json!([{"field": "role", "message": "is unknown", "value": "boss"}])
    );
    assert!(body["timestamp"].is_string());
    assert_eq!(
        refused(|it| it.echo_values = false).await.1["validation"][0]["value"],
        ""
    );
    assert_eq!(
        refused(|it| it.error_codes = ErrorCodes::Absent)
            .await
            .1
            .get("error_code"),
        None
    );
    bench
        .simulator
        .update_wuts_switches(|it| it.error_codes = ErrorCodes::Validation);
    assert_eq!(
        bench.get("/users/99").await.1["error_code"],
        "VALIDATION_ERROR",
        "whatever the status"
    );
    let (_, body) = refused(|it| it.error_shape = WutsErrorShape::Short).await;
    assert_eq!(body, json!({"success": false, "error": "Validation failed"}));
    let (_, body) = refused(|it| it.error_shape = WutsErrorShape::Nested).await;
    assert_eq!(body["error"]["code"], "VALIDATION_ERROR");
    let (_, body) = refused(|it| it.error_shape = WutsErrorShape::Message).await;
    assert_eq!(body["errors"], json!({"role": "is unknown"}));
    assert_eq!(
        refused(|it| it.error_shape = WutsErrorShape::Empty).await,
        (400, json!(""))
    );
    let (_, body) = refused(|it| it.error_shape = WutsErrorShape::Html).await;
    assert!(body.as_str().unwrap().starts_with("<html>"));
}

#[tokio::test]
async fn reads_lag_behind_writes() {
    let setup = Setup {
        manual_clock: true,
        ..Setup::default().and_tenant(TENANT, people())
    };
    let bench = Bench::start(setup).await;
    bench.simulator.update_wuts_switches(|it| it.read_lag_ms = 1000);
    put(&bench, "4", json!({"active": false})).await;
    assert_eq!(bench.get("/users/4").await.1["data"]["active"], true);
    bench.simulator.advance(Duration::from_millis(1000));
    assert_eq!(bench.get("/users/4").await.1["data"]["active"], false);
}

#[tokio::test]
async fn faults_strike_here_too() {
    let bench = bench().await;
    bench
        .simulator
        .add_fault(Fault::status(502).method(MethodIs::Put).user("4").after_effect());
    assert_eq!(put(&bench, "4", json!({"active": false})).await.0, 502);
    assert_eq!(put(&bench, "5", json!({"active": true})).await.0, 200);
    assert!(!user(&bench, "4").active, "the effect was not lost");
    bench.simulator.clear_faults();
    let meddle = How::MeddleTenant {
        put: vec![WutsUser::new("8", "n@example.com", "user")],
        remove: vec!["4".to_owned()],
    };
    bench
        .simulator
        .add_fault(Fault::new(meddle).method(MethodIs::Post));
    bench.get("/users").await;
    assert_eq!(post(&bench, "n@example.com", "user").await.0, 409);
    let ids: Vec<String> = bench
        .simulator
        .wuts_users(TENANT)
        .into_iter()
        .map(|it| it.id)
        .collect();
    assert_eq!(ids, ["1", "2", "3", "5", "8"]);
    assert_eq!(bench.rules(), []);
    assert_eq!(bench.simulator.counts().puts, 2);
    let requests = bench.simulator.requests();
    assert_eq!(requests[0].user_ids, ["4"]);
    assert!(requests[0].had_effect);
    assert_eq!(requests[3].user_ids, ["n@example.com"]);
}

#[tokio::test]
async fn tenants_are_seen_and_changed_over_the_control_plane() {
    let bench = bench().await;
    let steer = async |method: Method, body: Value| send(&bench, method, "/_simulator/wuts", body).await;
    let (_, state) = steer(Method::GET, Value::Null).await;
    assert_eq!(state["tenants"][0]["users"][0]["email"], "own@example.com");
    steer(Method::PATCH, json!({"list_cap": 3})).await;
    assert_eq!(bench.simulator.wuts_switches().list_cap, Some(3));
    assert_eq!(steer(Method::PATCH, json!({"list_kap": 3})).await.0, 400);
    let new = json!({"id": "6", "email": "n@example.com", "role": "user", "token": "t"});
    steer(
        Method::PUT,
        json!({"tenant": TENANT, "users": [new], "protected": ["6"]}),
    )
    .await;
    steer(Method::DELETE, json!({"tenant": TENANT, "user_ids": ["2", "3"]})).await;
    assert_eq!(bench.simulator.wuts_users(TENANT).len(), 4);
    put(&bench, "6", json!({"active": false})).await;
    assert_eq!(bench.rules(), [Rule::ProtectedUser]);
    assert_eq!(steer(Method::POST, Value::Null).await.0, 404);
}

#[tokio::test]
async fn the_other_platform_is_not_disturbed() {
    let setup = Setup::account("v2").and_tenant(TENANT, people());
    let bench = Bench::start(setup).await;
    let url = format!("{}/v2/users", bench.simulator.base_url());
    assert_eq!(answered(bench.http.get(&url).bearer_auth("v2")).await.0, 200);
    assert_eq!(answered(bench.http.get(&url).bearer_auth(TOKEN)).await.0, 401);
    let url = format!("{}/users", bench.simulator.base_url());
    assert_eq!(answered(bench.http.get(&url).bearer_auth("v2")).await.0, 401);
}
