//! The rules that every client of Meta has to keep, under whatever switches.

use super::wire::{Endpoint, Request};
use super::{Business, MetaBusiness, Proof};
use crate::simulator::record::Rule;

/// Parameters that any request may have.
const COMMON: [&str; 2] = ["access_token", "appsecret_proof"];

impl Business {
    /// Adds the rules that the request breaks, judged by the state on its arrival.
    pub(in crate::simulator) fn audit(
        &mut self,
        request: &Request,
        max_per_second: Option<u32>,
        now_ms: u64,
        broken: &mut Vec<(Rule, String)>,
    ) {
        let mut note = |rule, text: String| broken.push((rule, text));
        if let Some(text) = self.arrivals.too_many(max_per_second, now_ms) {
            note(Rule::Pace, text);
        }
        let host = self.host.get_or_insert_with(|| request.host.clone());
        if *host != request.host {
            note(
                Rule::OneHost,
                format!("to {:?}, the first one went to {host:?}", request.host),
            );
        }
        if self.limits.was_told_to_wait(now_ms) {
            note(Rule::Patience, "it was told to wait".to_owned());
        }
        if request.token().is_some() {
            note(Rule::TokenInHeader, "the token is a parameter".to_owned());
        }
        let state = self.state();
        if let proof @ (Proof::Missing | Proof::Wrong) = state.proof_of(request) {
            note(
                Rule::AppSecretProof,
                format!("the proof is {proof:?}").to_lowercase(),
            );
        }
        if let Some(text) = &request.malformed {
            note(Rule::DocumentedShape, text.clone());
        }
        for (name, _) in unknown_params(request) {
            note(Rule::KnownProperties, format!("parameter {name:?}"));
        }
        audit_endpoint(request, state, &mut note);
    }
}

fn unknown_params(request: &Request) -> impl Iterator<Item = (&String, &String)> {
    let known: &[&str] = match request.endpoint {
        Endpoint::Me | Endpoint::User(_) => &["fields"],
        Endpoint::SystemUsers(_) => &["fields", "limit", "after", "before"],
        Endpoint::AssignedUsers(_) => &["fields", "limit", "after", "before", "business"],
        Endpoint::CreateSystemUser(_) => &["name", "role", "system_user_id"],
        Endpoint::Assign(_) => &["user", "tasks"],
        Endpoint::Unassign(_) => &["user"],
        Endpoint::Unknown(_) => &[],
    };
    let is_known = |name: &str| known.contains(&name) || COMMON.contains(&name);
    let params = request.params.iter().filter(move |(name, _)| !is_known(name));
    params.filter(|_| !matches!(request.endpoint, Endpoint::Unknown(_)))
}

fn audit_endpoint(request: &Request, state: &MetaBusiness, note: &mut impl FnMut(Rule, String)) {
    match &request.endpoint {
        Endpoint::Unknown(_) => note(Rule::KnownEndpoint, "no such endpoint".to_owned()),
        Endpoint::Me | Endpoint::User(_) => {}
        Endpoint::SystemUsers(_) | Endpoint::AssignedUsers(_) => {
            if let Some(Err(text)) = request.limit() {
                note(Rule::DocumentedShape, text);
            }
            let needs_business = matches!(request.endpoint, Endpoint::AssignedUsers(_));
            if needs_business && request.param("business").is_none() {
                note(Rule::BusinessNamed, "no business".to_owned());
            }
        }
        Endpoint::CreateSystemUser(_) => {
            audit_user(request, state, note);
            let name = request.param("name").unwrap_or_default();
            let is_new = request.param("system_user_id").is_none();
            if is_new && state.system_users.values().any(|it| it.name == name) {
                note(Rule::NameFree, format!("a system user is called {name:?}"));
            }
            if name.trim().is_empty() {
                note(Rule::DocumentedShape, "no name".to_owned());
            }
        }
        Endpoint::Assign(_) => {
            audit_user(request, state, note);
            if let Err(text) = request.tasks() {
                note(Rule::DocumentedShape, text);
            }
        }
        Endpoint::Unassign(_) => audit_user(request, state, note),
    }
}

/// Whom a write may not name.
fn audit_user(request: &Request, state: &MetaBusiness, note: &mut impl FnMut(Rule, String)) {
    for id in request.user_ids() {
        if state.humans.contains_key(&id) {
            note(Rule::HumanUntouched, format!("user {id:?} is a person"));
        }
        if id == state.own_id {
            note(Rule::OwnUser, format!("user {id:?} is the one behind the token"));
        }
        if state.protected.contains(&id) {
            note(Rule::ProtectedUser, format!("user {id:?} is protected"));
        }
    }
}
