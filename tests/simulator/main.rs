//! The simulator, seen over HTTP by a client that knows nothing: plain requests, plain JSON.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test itself may"
)]

mod answers;
mod batches;
mod control;
mod faults;
mod meta;
mod phones;
mod reads;
mod rules;
mod settings;
mod tokens;
mod wazzup_v3;
mod wuts;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use wazzup_sync::simulator::{Rule, Setup, SimUser, Simulator, Switches};

const TOKEN: &str = "token-a";

/// A simulator with one account, and a client with its token.
struct Bench {
    simulator: Simulator,
    http: reqwest::Client,
}

/// Status and body; a body that isn't JSON is shown as a string.
type Answered = (u16, Value);

impl Bench {
    async fn start(setup: Setup) -> Bench {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Bench {
            simulator: Simulator::start(setup).await.unwrap(),
            http: http.build().unwrap(),
        }
    }

    /// Users `1` to `n`, each with the phone `3710000000n`.
    async fn with_users(n: usize) -> Bench {
        Bench::start(Setup::default().and_account(TOKEN, (1..=n).map(user))).await
    }

    /// The same, with switches.
    async fn switched(n: usize, change: impl FnOnce(&mut Switches)) -> Bench {
        let bench = Bench::with_users(n).await;
        bench.simulator.update_switches(change);
        bench
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.simulator.base_url());
        self.http.request(method, url).bearer_auth(TOKEN)
    }

    async fn get(&self, path: &str) -> Answered {
        answered(self.request(Method::GET, path)).await
    }

    async fn list(&self, query: &str) -> Vec<String> {
        let (status, body) = self.get(&format!("/v2/users{query}")).await;
        assert_eq!(status, 200, "{body}");
        let rows = body["data"].as_array().unwrap();
        rows.iter()
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn write(&self, method: Method, body: Value) -> Answered {
        answered(self.request(method, "/v2/users").json(&body)).await
    }

    async fn post(&self, users: Value) -> Answered {
        self.write(Method::POST, json!({ "users": users })).await
    }

    async fn patch(&self, users: Value) -> Answered {
        self.write(Method::PATCH, json!({ "users": users })).await
    }

    async fn delete(&self, ids: &[&str]) -> Answered {
        self.write(Method::DELETE, json!({ "user_ids": ids })).await
    }

    fn ids(&self) -> Vec<String> {
        self.simulator.users(TOKEN).into_iter().map(|it| it.id).collect()
    }

    fn user(&self, id: &str) -> SimUser {
        let mut users = self.simulator.users(TOKEN).into_iter();
        users.find(|it| it.id == id).unwrap()
    }

    fn phone(&self, id: &str) -> Option<String> {
        self.user(id).phone
    }

    fn rules(&self) -> Vec<Rule> {
        self.simulator
            .violations()
            .into_iter()
            .map(|it| it.rule)
            .collect()
    }
}

async fn answered(request: RequestBuilder) -> Answered {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, body)
}

fn phone(n: usize) -> String {
    format!("371{n:08}")
}

fn user(n: usize) -> SimUser {
    SimUser::new(&n.to_string(), &format!("User {n}"), Some(&phone(n)))
}

/// An item that gives user `id` the phone `n`.
fn item(id: &str, n: usize) -> Value {
    json!({"id": id, "name": format!("User {id}"), "phone": phone(n)})
}
