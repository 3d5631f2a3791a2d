//! What tests, and people with `curl`, can see of the tenants and do to them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Wuts, WutsSwitches, WutsTenant, WutsUser};
use crate::simulator::clock::Moment;
use crate::simulator::control::{patched, read};
use crate::simulator::{Setup, Simulator};

impl Setup {
    /// One more tenant of WUTS.
    #[must_use]
    pub fn and_tenant(mut self, id: &str, users: impl IntoIterator<Item = WutsUser>) -> Setup {
        self.tenants.push(WutsTenant {
            id: id.to_owned(),
            users: users.into_iter().collect(),
            protected: Vec::new(),
        });
        self
    }
}

impl Simulator {
    /// The users of a tenant, sorted by id; none if there is no such tenant.
    pub fn wuts_users(&self, tenant: &str) -> Vec<WutsUser> {
        let world = self.settled();
        let tenant = world.wuts.tenants.get(tenant);
        tenant.map_or_else(Vec::new, |it| {
            it.users().values().map(|it| it.user.clone()).collect()
        })
    }

    /// An administrator's hand: adds a user or changes one. No rule applies.
    pub fn put_wuts_user(&self, tenant: &str, user: WutsUser) {
        let mut world = self.settled();
        let now = world.clock.now();
        world.wuts.put_users(tenant, vec![user], now);
    }

    /// An administrator's hand: removes a user, if there is one.
    pub fn remove_wuts_user(&self, tenant: &str, id: &str) {
        let mut world = self.settled();
        let now = world.clock.now();
        world.wuts.remove_users(tenant, &[id.to_owned()], now);
    }

    /// From now on every write that names one of these users is a violation.
    pub fn protect_wuts<'a>(&self, tenant: &str, ids: impl IntoIterator<Item = &'a str>) {
        let ids = ids.into_iter().map(str::to_owned);
        let mut world = self.settled();
        let tenant = world.wuts.tenants.entry(tenant.to_owned()).or_default();
        tenant.protected.extend(ids);
    }

    /// The switches of WUTS in force.
    pub fn wuts_switches(&self) -> WutsSwitches {
        self.settled().wuts.switches.clone()
    }

    /// Changes some switches of WUTS.
    pub fn update_wuts_switches(&self, change: impl FnOnce(&mut WutsSwitches)) {
        change(&mut self.settled().wuts.switches);
    }
}

impl Wuts {
    fn put_users(&mut self, tenant: &str, users: Vec<WutsUser>, now: Moment) {
        let lag_ms = self.switches.read_lag_ms;
        let tenant = self.tenants.entry(tenant.to_owned()).or_default();
        tenant.put(users, now, lag_ms);
    }

    fn remove_users(&mut self, tenant: &str, ids: &[String], now: Moment) {
        let lag_ms = self.switches.read_lag_ms;
        if let Some(tenant) = self.tenants.get_mut(tenant) {
            tenant.change(now, lag_ms, |it| it.retain(|id, _| !ids.contains(id)));
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    tenant: String,
    #[serde(default)]
    users: Vec<WutsUser>,
    #[serde(default)]
    protected: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delete {
    tenant: String,
    user_ids: Vec<String>,
}

/// A request to the control plane; `None` if there is none of that method.
pub(in crate::simulator) fn steer(
    wuts: &mut Wuts,
    method: &str,
    body: &[u8],
    now: Moment,
) -> Result<Option<Value>, serde_json::Error> {
    match method {
        "GET" => {}
        "PATCH" => wuts.switches = patched(&wuts.switches, read::<Map<String, Value>>(body)?)?,
        "PUT" => {
            let Put {
                tenant,
                users,
                protected,
            } = read(body)?;
            wuts.put_users(&tenant, users, now);
            let tenant = wuts.tenants.entry(tenant).or_default();
            tenant.protected.extend(protected);
        }
        "DELETE" => {
            let Delete { tenant, user_ids } = read(body)?;
            wuts.remove_users(&tenant, &user_ids, now);
        }
        _ => return Ok(None),
    }
    let tenants = wuts.tenants.iter().map(|(id, tenant)| {
        let users: Vec<&WutsUser> = tenant.users().values().map(|it| &it.user).collect();
        json!({"id": id, "users": users, "protected": tenant.protected})
    });
    Ok(Some(json!({
        "tenants": tenants.collect::<Vec<Value>>(),
        "switches": serde_json::to_value(&wuts.switches)?,
    })))
}
