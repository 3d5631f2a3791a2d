//! The rules that every client of this platform has to keep, under whatever switches.

use super::tenant::Tenant;
use super::wire::{Request, Sent};
use crate::simulator::record::Rule;

/// The roles that are documented.
const ROLES: [&str; 3] = ["admin", "manager", "user"];

/// Shortest password that nobody guesses, whatever the platform takes.
const MIN_PASSWORD_CHARS: usize = 16;

/// Adds the rules that the request of this token breaks, judged by the state on its arrival.
pub(super) fn audit(request: &Request, token: &str, tenant: &mut Tenant, broken: &mut Vec<(Rule, String)>) {
    match request {
        Request::Unknown(_) => broken.push((Rule::KnownEndpoint, "no such endpoint".to_owned())),
        Request::List | Request::Get(_) => {}
        Request::Create(sent) => {
            audit_body(sent, broken);
            audit_role(sent.role.as_deref(), broken);
            audit_email(sent, tenant, broken);
            audit_password(sent, tenant, broken);
        }
        Request::Update(id, sent) => {
            audit_body(sent, broken);
            if sent.active.is_none() && sent.role.is_none() && sent.malformed.is_empty() {
                broken.push((Rule::NoEmptyBatch, "nothing to be changed".to_owned()));
            }
            audit_role(sent.role.as_deref(), broken);
            let unseats = sent.active == Some(false) || sent.role.as_deref().is_some_and(|it| it != "admin");
            audit_user(id, unseats, token, tenant, broken);
        }
        Request::Promote(id, sent) => {
            audit_body(sent, broken);
            audit_role(sent.new_role.as_deref(), broken);
            let unseats = sent.new_role.as_deref() != Some("admin");
            audit_user(id, unseats, token, tenant, broken);
        }
        Request::Delete(id) => audit_user(id, true, token, tenant, broken),
    }
}

fn audit_body(sent: &Sent, broken: &mut Vec<(Rule, String)>) {
    let malformed = sent.malformed.iter();
    broken.extend(malformed.map(|it| (Rule::DocumentedShape, format!("{} {}", it.field, it.text))));
    let unknown = sent.unknown.iter();
    broken.extend(unknown.map(|it| (Rule::KnownProperties, format!("property {it}"))));
}

fn audit_role(role: Option<&str>, broken: &mut Vec<(Rule, String)>) {
    if let Some(role) = role.filter(|it| !ROLES.contains(it)) {
        broken.push((Rule::KnownRole, format!("role {role:?}")));
    }
}

fn audit_user(id: &str, unseats: bool, token: &str, tenant: &Tenant, broken: &mut Vec<(Rule, String)>) {
    if !tenant.ever.contains(id) {
        broken.push((Rule::KnownUser, format!("user {id:?} was never there")));
    }
    if tenant.protected.contains(id) {
        broken.push((Rule::ProtectedUser, format!("user {id:?} is protected")));
    }
    if tenant.caller(token).is_some_and(|it| it.id == id) {
        broken.push((Rule::OwnUser, format!("user {id:?} is the caller's own")));
    }
    if unseats && tenant.is_last_admin(id) {
        let text = format!("user {id:?} is the last active administrator");
        broken.push((Rule::LastAdmin, text));
    }
}

/// A create is wrong if the client could know that the e-mail has a user, or that it may have one since its
/// own last create.
fn audit_email(sent: &Sent, tenant: &mut Tenant, broken: &mut Vec<(Rule, String)>) {
    let Some(email) = sent.email.as_ref().map(|it| it.to_lowercase()) else {
        return;
    };
    let exists = tenant.by_email(&email, true).is_some();
    let was_absent = tenant.listed.as_ref().is_some_and(|it| !it.contains(&email));
    if !tenant.posted.insert(email.clone()) {
        let text = format!("{email} a second time since the list was read");
        broken.push((Rule::CreateOnce, text));
    } else if exists && !was_absent {
        broken.push((Rule::EmailFree, format!("{email} has a user")));
    }
}

fn audit_password(sent: &Sent, tenant: &mut Tenant, broken: &mut Vec<(Rule, String)>) {
    let Some(password) = &sent.password else {
        return;
    };
    if password.chars().count() < MIN_PASSWORD_CHARS || !has_all_kinds(password) {
        broken.push((Rule::StrongPassword, "the password is weak".to_owned()));
    }
    if !tenant.passwords.insert(password.clone()) {
        broken.push((Rule::FreshPassword, "the password was used before".to_owned()));
    }
}

/// Whether a text has letters of both cases, a digit and a sign.
pub(super) fn has_all_kinds(text: &str) -> bool {
    let has = |is_of_kind: fn(char) -> bool| text.chars().any(is_of_kind);
    has(char::is_lowercase)
        && has(char::is_uppercase)
        && has(|it| it.is_ascii_digit())
        && has(|it| !it.is_alphanumeric())
}
