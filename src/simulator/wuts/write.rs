//! POST, PUT and DELETE: who may do what to whom, and what becomes of it.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::At;
use super::audit::has_all_kinds;
use super::problem::Problem;
use super::read::wrapped;
use super::switches::{EmailCase, Lockout, PutRole, UserEnvelope};
use super::tenant::{Tenant, WutsUser, token_of};
use super::wire::{Fault, Sent};
use crate::simulator::reply::Reply;

/// The roles that the platform knows.
const ROLES: [&str; 3] = ["admin", "manager", "user"];

impl At<'_> {
    pub(super) fn create(
        &self,
        sent: &Sent,
        caller: &WutsUser,
        tenant: &mut Tenant,
        had_effect: &mut bool,
    ) -> Result<Reply, Problem> {
        if caller.role != "admin" {
            return Err(Problem::forbidden("Only administrators create users"));
        }
        let (email, role) = self.acceptable(sent)?;
        if tenant
            .by_email(&email, self.switches.duplicates_ignore_case)
            .is_some()
        {
            return Err(Problem::duplicate(&email, self.switches));
        }
        let id = tenant.next_id();
        let user = WutsUser {
            email: match self.switches.email_case {
                EmailCase::Keep => email,
                EmailCase::Lower => email.to_lowercase(),
            },
            role,
            active: true,
            token: token_of(&id),
            id: id.clone(),
        };
        tenant.put(vec![user], self.now, self.switches.read_lag_ms);
        *had_effect = true;
        let mut shown = tenant.users().get(&id).map_or(Value::Null, |it| self.shown(it));
        if !self.switches.create_shows_token {
            shown.as_object_mut().map(|it| it.remove("token"));
        }
        let mut body = wrapped(shown, self.switches.created_envelope);
        if self.switches.created_envelope != UserEnvelope::Bare {
            body["webhook_configured"] = json!(false);
            body["webhook_url"] = json!("");
            body["note"] = json!("Keep the token: it is how this user is known.");
        }
        Ok(self.written(self.switches.create_status, &body))
    }

    pub(super) fn update(
        &self,
        id: &str,
        sent: &Sent,
        caller: &WutsUser,
        tenant: &mut Tenant,
        had_effect: &mut bool,
    ) -> Result<Reply, Problem> {
        let before = existing(id, tenant)?;
        self.check_body(sent)?;
        let mut after = before.clone();
        if let Some(role) = sent.role.clone().filter(|it| *it != before.role) {
            match self.switches.put_role {
                PutRole::Apply => after.role = known_role("role", &role)?,
                PutRole::Ignore => {}
                PutRole::Refuse => {
                    let fault = Fault::new("role", "can't be changed here, use promote", &role);
                    return Err(Problem::invalid(vec![fault]));
                }
                PutRole::NotAllowed => return Err(Problem::not_allowed()),
            }
        }
        after.active = sent.active.unwrap_or(before.active);
        self.check_manages(&before, &after, caller)?;
        if after == before && self.switches.refuse_no_change {
            return Err(Problem::invalid(vec![Fault::new("", "nothing changes", "")]));
        }
        self.keep(&before, after, caller, tenant, had_effect)?;
        let body = json!({"success": true, "message": "User updated successfully"});
        Ok(self.written(self.switches.write_status, &body))
    }

    pub(super) fn promote(
        &self,
        id: &str,
        sent: &Sent,
        caller: &WutsUser,
        tenant: &mut Tenant,
        had_effect: &mut bool,
    ) -> Result<Reply, Problem> {
        if !self.switches.has_promote {
            return Err(Problem::not_found("no such endpoint"));
        }
        let before = existing(id, tenant)?;
        self.check_body(sent)?;
        let Some(new_role) = &sent.new_role else {
            return Err(Problem::invalid(vec![Fault::new("new_role", "is required", "")]));
        };
        let mut after = before.clone();
        after.role = known_role("new_role", new_role)?;
        self.keep(&before, after, caller, tenant, had_effect)?;
        let data = json!({"user_id": id, "old_role": before.role, "new_role": new_role});
        let body = json!({"success": true, "message": "User promoted successfully", "data": data});
        Ok(self.written(self.switches.write_status, &body))
    }

    pub(super) fn delete(
        &self,
        id: &str,
        caller: &WutsUser,
        tenant: &mut Tenant,
        had_effect: &mut bool,
    ) -> Result<Reply, Problem> {
        let before = existing(id, tenant)?;
        if caller.role != "admin" {
            return Err(Problem::forbidden("Only administrators delete users"));
        }
        if before.id == caller.id {
            return Err(Problem::forbidden("You can't delete yourself"));
        }
        self.check_last_admin(&before, None, tenant)?;
        tenant.change(self.now, self.switches.read_lag_ms, |it| {
            it.remove(id);
        });
        *had_effect = true;
        let body = json!({"success": true, "message": "User permanently deleted"});
        Ok(self.written(self.switches.write_status, &body))
    }

    /// E-mail and role of a create that is valid in itself.
    fn acceptable(&self, sent: &Sent) -> Result<(String, String), Problem> {
        self.check_body(sent)?;
        let mut faults = Vec::new();
        let mut required = |field: &str, value: &Option<String>| {
            let value = value.clone().unwrap_or_default();
            if value.is_empty() {
                faults.push(Fault::new(field, "is required", ""));
            }
            value
        };
        let email = required("email", &sent.email);
        let password = required("password", &sent.password);
        let role = required("role", &sent.role);
        if !email.contains('@') {
            faults.push(Fault::new("email", "is no e-mail", &email));
        }
        let lengths = self.switches.password_min_chars..=self.switches.password_max_chars;
        let is_weak = self.switches.password_kinds && !has_all_kinds(&password);
        if !lengths.contains(&password.chars().count()) || is_weak {
            faults.push(Fault::new("password", "does not follow the policy", &password));
        }
        if !ROLES.contains(&role.as_str()) {
            faults.push(Fault::new("role", "is unknown", &role));
        }
        if faults.is_empty() {
            Ok((email, role))
        } else {
            Err(Problem::invalid(faults))
        }
    }

    fn check_body(&self, sent: &Sent) -> Result<(), Problem> {
        let mut faults = sent.malformed.clone();
        if self.switches.refuse_unknown_properties {
            let unknown = sent.unknown.iter();
            faults.extend(unknown.map(|it| Fault::new(it, "is not known", "")));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(faults))
        }
    }

    /// Whether the caller may touch this user with a PUT at all.
    fn check_manages(&self, before: &WutsUser, after: &WutsUser, caller: &WutsUser) -> Result<(), Problem> {
        let manages = match caller.role.as_str() {
            "admin" => true,
            "manager" => {
                before.role != "admin"
                    && (before.active == after.active || self.switches.managers_switch_active)
            }
            _ => false,
        };
        if manages {
            Ok(())
        } else {
            Err(Problem::forbidden("Not allowed to manage this user"))
        }
    }

    fn keep(
        &self,
        before: &WutsUser,
        after: WutsUser,
        caller: &WutsUser,
        tenant: &mut Tenant,
        had_effect: &mut bool,
    ) -> Result<(), Problem> {
        let changes_role = before.role != after.role;
        if changes_role && !self.switches.allows(&caller.role, &before.role, &after.role) {
            return Err(Problem::forbidden("This change of role is not allowed"));
        }
        if *before == after {
            return Ok(());
        }
        if before.id == caller.id && self.switches.own_user == Lockout::Refuse {
            return Err(Problem::forbidden("You can't change yourself"));
        }
        self.check_last_admin(before, Some(&after), tenant)?;
        tenant.put(vec![after], self.now, self.switches.read_lag_ms);
        *had_effect = true;
        Ok(())
    }

    fn check_last_admin(
        &self,
        before: &WutsUser,
        after: Option<&WutsUser>,
        tenant: &Tenant,
    ) -> Result<(), Problem> {
        let stays = after.is_some_and(|it| it.active && it.role == "admin");
        if !stays && tenant.is_last_admin(&before.id) && self.switches.last_admin == Lockout::Refuse {
            return Err(Problem::forbidden("The last administrator has to stay"));
        }
        Ok(())
    }

    fn written(&self, status: u16, body: &Value) -> Reply {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        if self.switches.empty_success {
            Reply::empty(status)
        } else {
            Reply::json(status, body)
        }
    }
}

fn existing(id: &str, tenant: &Tenant) -> Result<WutsUser, Problem> {
    let user = tenant.user(id).cloned();
    user.ok_or_else(|| Problem::not_found("User not found"))
}

fn known_role(field: &str, role: &str) -> Result<String, Problem> {
    if ROLES.contains(&role) {
        Ok(role.to_owned())
    } else {
        Err(Problem::invalid(vec![Fault::new(field, "is unknown", role)]))
    }
}
