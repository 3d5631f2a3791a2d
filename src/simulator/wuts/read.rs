//! GET: the list, and one user.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::At;
use super::problem::{Problem, timestamp};
use super::switches::{CapShown, Ids, ListEnvelope, RoleCase, UserEnvelope, WutsTokens};
use super::tenant::{Kept, Tenant, WutsUser};
use crate::simulator::reply::Reply;

impl At<'_> {
    pub(super) fn list(&self, caller: &WutsUser, tenant: &mut Tenant) -> Result<Reply, Problem> {
        let is_allowed = match caller.role.as_str() {
            "admin" => true,
            "manager" => self.switches.managers_list,
            _ => false,
        };
        if !is_allowed {
            return Err(Problem::forbidden("Only administrators see the users"));
        }
        let users = tenant.users_as_seen(self.now, self.switches.read_lag_ms);
        let cap = self.switches.list_cap.unwrap_or(usize::MAX);
        let n_all = users.len();
        let listed: Vec<&Kept> = users.values().take(cap).collect();
        let rows: Vec<Value> = listed.iter().map(|it| self.listed(it)).collect();
        let emails = listed.iter().map(|it| it.user.email.to_lowercase()).collect();
        let is_cut = rows.len() < n_all;
        let mut body = match self.switches.list_envelope {
            ListEnvelope::Users => json!({"success": true, "users": rows}),
            ListEnvelope::Data => json!({"success": true, "data": rows}),
            ListEnvelope::DataUsers => json!({"success": true, "data": {"users": rows}}),
            ListEnvelope::Bare => json!(rows),
        };
        if self.switches.list_envelope != ListEnvelope::Bare {
            match self.switches.cap_shown {
                CapShown::Nowhere => {}
                CapShown::Next => body["next"] = json!(is_cut.then_some("/users?page=2")),
                CapShown::HasMore => body["pagination"] = json!({"page": 1, "has_more": is_cut}),
                CapShown::Total => body["total"] = json!(n_all),
            }
        }
        tenant.listed = Some(emails);
        tenant.posted.clear();
        Ok(Reply::json(StatusCode::OK, &body))
    }

    pub(super) fn get(&self, id: &str, caller: &WutsUser, tenant: &Tenant) -> Result<Reply, Problem> {
        if caller.role == "user" && caller.id != id {
            return Err(Problem::forbidden("Not allowed to see this user"));
        }
        let users = tenant.users_as_seen(self.now, self.switches.read_lag_ms);
        let kept = users
            .get(id)
            .ok_or_else(|| Problem::not_found("User not found"))?;
        let mut user = self.shown(kept);
        user.as_object_mut().map(|it| it.remove("token"));
        Ok(Reply::json(
            StatusCode::OK,
            &wrapped(user, self.switches.user_envelope),
        ))
    }

    fn listed(&self, kept: &Kept) -> Value {
        let mut user = self.shown(kept);
        match self.switches.tokens {
            WutsTokens::Full => {}
            WutsTokens::Masked => user["token"] = json!("****"),
            WutsTokens::Absent => {
                user.as_object_mut().map(|it| it.remove("token"));
            }
        }
        user
    }

    /// A user with all that is known of it.
    pub(super) fn shown(&self, kept: &Kept) -> Value {
        let Kept {
            user:
                WutsUser {
                    id,
                    email,
                    role,
                    active,
                    token,
                },
            created_s,
            updated_s,
        } = kept;
        let number = id.parse::<u64>().ok();
        json!({
            "id": match (self.switches.ids, number) {
                (Ids::Number, Some(number)) => json!(number),
                _ => json!(id),
            },
            "tenant_id": self.tenant_id,
            "email": email,
            "role": match self.switches.role_case {
                RoleCase::Lower => role.clone(),
                RoleCase::Upper => role.to_uppercase(),
            },
            "token": token,
            "active": match self.switches.active_as_number {
                true => json!(u8::from(*active)),
                false => json!(active),
            },
            "created_at": timestamp(*created_s),
            "updated_at": timestamp(*updated_s),
        })
    }
}

/// One user in its envelope.
pub(super) fn wrapped(user: Value, envelope: UserEnvelope) -> Value {
    match envelope {
        UserEnvelope::Data => json!({"success": true, "data": user}),
        UserEnvelope::User => json!({"success": true, "user": user}),
        UserEnvelope::Bare => user,
        UserEnvelope::Absent => json!({"success": true}),
    }
}
