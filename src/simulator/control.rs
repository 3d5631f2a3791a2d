//! The control plane: what the handle can do, over HTTP under `/_simulator/`.
//!
//! For a person with `curl`, and for tests that run the client as another process. There is no
//! authentication: a simulator holds nothing worth one.
//!
//! | Request | Does |
//! |---|---|
//! | `GET state` | accounts with users, switches, faults, counts |
//! | `GET requests`, `DELETE requests` | the recorded requests; forgets them and the counts |
//! | `GET violations`, `DELETE violations` | the broken rules; forgets them |
//! | `GET switches`, `PUT switches`, `PATCH switches` | all switches; sets them, absent ones to the default; changes those given |
//! | `GET faults`, `POST faults`, `DELETE faults` | the faults in force; adds one or an array; removes all |
//! | `PUT users` | `{"account", "users", "protected", "replace"}`: puts users, or replaces all |
//! | `DELETE users` | `{"account", "user_ids"}` |
//! | `PUT tokens` | `{"partners", "grants"}`: more who may have tokens of Wazzup v2 |
//! | `POST revoke` | `{"account"}`: ends the issued tokens of an account |
//! | `PUT settings` | `{"account", "settings", "channels"}`: replaces those of them that are given |
//! | `GET wuts`, `PATCH wuts` | the tenants of WUTS; changes those of its switches that are given |
//! | `PUT wuts`, `DELETE wuts` | `{"tenant", "users", "protected"}`: puts users; `{"tenant", "user_ids"}` |
//! | `PUT meta` | a business of Meta: adds it, or replaces the one with its token |
//! | `POST land` | lands delayed effects |
//! | `POST advance` | `{"millis"}`: moves a manual clock |

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::account::SimUser;
use super::faults::Fault;
use super::meta::MetaBusiness;
use super::reply::Reply;
use super::server::Shared;
use super::wazzup_v2::settings::{SimChannel, SimSettings};
use super::world::World;
use super::wuts;

/// What all paths of the control plane begin with.
pub(super) const PREFIX: &str = "/_simulator/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutUsers {
    account: String,
    #[serde(default)]
    users: Vec<SimUser>,
    #[serde(default)]
    protected: Vec<String>,
    /// Whether users that aren't named go.
    #[serde(default)]
    replace: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutSettings {
    account: String,
    settings: Option<SimSettings>,
    channels: Option<Vec<SimChannel>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteUsers {
    account: String,
    user_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    account: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    millis: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

pub(super) fn answer(shared: &Shared, method: &Method, path: &str, body: &[u8]) -> Reply {
    let mut world = shared.lock();
    world.settle();
    match steer(&mut world, method, path, body) {
        Ok(Some(value)) => Reply::json(StatusCode::OK, &value),
        Ok(None) => {
            let text = format!("{method} {PREFIX}{path} is not known");
            Reply::json(StatusCode::NOT_FOUND, &json!({"error": text}))
        }
        Err(err) => Reply::json(StatusCode::BAD_REQUEST, &json!({"error": err.to_string()})),
    }
}

fn steer(
    world: &mut World,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<Option<Value>, serde_json::Error> {
    let done = json!({"ok": true});
    let value = match (method.as_str(), path) {
        ("GET", "state") => state(world)?,
        ("GET", "requests") => to_value(&world.record.requests())?,
        ("DELETE", "requests") => {
            world.record.clear_requests();
            done
        }
        ("GET", "violations") => to_value(&world.record.violations())?,
        ("DELETE", "violations") => {
            world.record.clear_violations();
            done
        }
        ("GET", "switches") => to_value(&world.switches)?,
        ("PUT", "switches") => {
            world.switches = read(body)?;
            to_value(&world.switches)?
        }
        ("PATCH", "switches") => {
            world.switches = patched(&world.switches, read(body)?)?;
            to_value(&world.switches)?
        }
        ("GET", "faults") => to_value(&world.faults.list())?,
        ("POST", "faults") => {
            let faults = match read::<OneOrMany<Fault>>(body) {
                Ok(OneOrMany::Many(faults)) => faults,
                Ok(OneOrMany::One(fault)) => vec![fault],
                // The words of an untagged enum don't say what is wrong.
                Err(_) => vec![read(body)?],
            };
            for fault in faults {
                world.faults.add(fault);
            }
            to_value(&world.faults.list())?
        }
        ("DELETE", "faults") => {
            world.faults.clear();
            done
        }
        ("PUT", "users") => {
            let put: PutUsers = read(body)?;
            world.put_users(&put.account, put.users, put.replace);
            world.protect(&put.account, put.protected);
            done
        }
        ("DELETE", "users") => {
            let delete: DeleteUsers = read(body)?;
            world.remove_users(&delete.account, &delete.user_ids);
            done
        }
        ("PUT", "tokens") => {
            world.tokens.add(read(body)?);
            done
        }
        ("POST", "revoke") => {
            let revoke: Revoke = read(body)?;
            world.tokens.revoke(&revoke.account, true);
            done
        }
        ("PUT", "settings") => {
            let put: PutSettings = read(body)?;
            world.put_settings(&put.account, put.settings, put.channels);
            done
        }
        (method, "wuts") => {
            let now = world.clock.now();
            match wuts::steer(&mut world.wuts, method, body, now)? {
                Some(value) => value,
                None => return Ok(None),
            }
        }
        ("PUT", "meta") => {
            world.put_meta(read(body)?);
            done
        }
        ("POST", "land") => {
            world.land_all();
            done
        }
        ("POST", "advance") => {
            let advance: Advance = read(body)?;
            world.clock.advance(Duration::from_millis(advance.millis));
            done
        }
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn state(world: &World) -> Result<Value, serde_json::Error> {
    let accounts = world.accounts.iter().map(|(token, account)| {
        let users: Vec<&SimUser> = account.users().values().collect();
        json!({
            "account": token,
            "users": users,
            "protected": account.protected,
            "settings": **account.settings(),
            "channels": account.channels,
        })
    });
    let meta: Vec<&MetaBusiness> = world.meta.values().map(|it| &**it.state()).collect();
    Ok(json!({
        "now_ms": world.clock.now_ms(),
        "accounts": accounts.collect::<Vec<Value>>(),
        "meta": meta,
        "switches": to_value(&world.switches)?,
        "faults": to_value(&world.faults.list())?,
        "counts": to_value(&world.record.counts)?,
    }))
}

/// The switches with those replaced that are given.
pub(super) fn patched<T: Serialize + DeserializeOwned>(
    switches: &T,
    changes: serde_json::Map<String, Value>,
) -> Result<T, serde_json::Error> {
    let mut all = to_value(switches)?;
    patch(&mut all, Value::Object(changes));
    serde_json::from_value(all)
}

/// Replaces what the changes name, in groups of switches too.
fn patch(all: &mut Value, changes: Value) {
    match (all, changes) {
        (Value::Object(all), Value::Object(changes)) => {
            for (key, value) in changes {
                patch(all.entry(key).or_insert(Value::Null), value);
            }
        }
        (all, value) => *all = value,
    }
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(body)
}

fn to_value(value: &impl Serialize) -> Result<Value, serde_json::Error> {
    serde_json::to_value(value)
}
