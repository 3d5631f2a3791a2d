//! WUTS against a server of raw bytes: what is sent, and what is made of each answer.

mod conduct;
mod promoting;
mod reading;
mod writing;

use super::log::Log;
use super::server::{Act, Seen, Server, answer, ok};
use super::*;
use crate::domain::grant::Grant;
use crate::target::member::{Member, MemberId, MemberStep, MemberTarget as _, StepAnswer};
use crate::target::wuts::{Wuts, WutsOptions, wuts};
use crate::target::{Answer, Meaning, Requests};

/// The credential's user, an administrator, a manager and a user.
const LIST: &str = r#"{"success":true,"users":[
    {"id":"1","tenant_id":"t","email":"own@example.com","role":"admin","token":"t0ken-of-acme","active":true},
    {"id":2,"tenant_id":"t","email":"Boss@example.com","role":"admin","token":"wuts_tok_2","active":true},
    {"id":"3","tenant_id":"t","email":"anna@example.com","role":"manager","token":"wuts_tok_3","active":true},
    {"id":"4","tenant_id":"t","email":"igor@example.com","role":"user","token":"wuts_tok_4","active":false}]}"#;

const DONE: &str = r#"{"success":true,"message":"User updated successfully"}"#;

const OPTIONS: WutsOptions = WutsOptions {
    creates: true,
    removes_by_delete: false,
};

fn target(server: &Server) -> Wuts {
    target_with(server, OPTIONS)
}

fn target_with(server: &Server, options: WutsOptions) -> Wuts {
    wuts(
        server.url(),
        SecretString::from(TOKEN),
        &Http::new(super::options()),
        options,
    )
}

/// Lists [`LIST`], shows the users 3 and 4 of it, and answers everything else so.
async fn tenant(act: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Server {
    let single = |id: &str, role: &str, is_active: bool| {
        ok(format!(
            r#"{{"success":true,"data":{{"id":"{id}","email":"{id}@example.com","role":"{role}","active":{is_active}}}}}"#
        ))
    };
    Server::start(move |seen| match &*seen.line {
        "GET /users" => Act::Answer(ok(LIST)),
        "GET /users/3" => Act::Answer(single("3", "manager", true)),
        "GET /users/4" => Act::Answer(single("4", "user", false)),
        _ => act(seen),
    })
    .await
}

async fn answering(status: u16, body: &'static str) -> Server {
    tenant(move |_| Act::Answer(answer(status, &[], body))).await
}

/// Line and body of everything but reads.
fn writes(server: &Server) -> Vec<(String, String)> {
    let seen = server.seen().into_iter();
    seen.filter(|it| !it.line.starts_with("GET "))
        .map(|it| (it.line, it.body))
        .collect()
}

fn id(id: &str) -> MemberId {
    MemberId(id.into())
}

fn role(role: &str) -> Grant {
    Grant::new([role])
}

fn member(name: &str, email: &str, word: &str, is_active: bool) -> Member {
    Member {
        id: id(name),
        key: email.into(),
        is_active,
        grant: Some(role(word)),
        untouchable: None,
    }
}

fn admit(name: &str, word: &str, seen: Option<Member>) -> MemberStep {
    MemberStep::Admit {
        id: id(name),
        grant: role(word),
        seen,
    }
}

fn dismiss(name: &str) -> MemberStep {
    MemberStep::Dismiss { id: id(name) }
}

fn create() -> MemberStep {
    MemberStep::Create {
        key: "New@example.com".into(),
        grant: role("user"),
    }
}

fn code(answer: &StepAnswer) -> Option<&str> {
    answer.answer.code.as_deref()
}

async fn list_error(body: &str) -> Answer {
    let server = Server::answering(ok(body)).await;
    target(&server).list().await.unwrap_err()
}

const USE_PROMOTE: &str = r#"{"success":false,"error":"no","error_code":"VALIDATION_ERROR",
    "validation":[{"field":"role","message":"use promote","value":"user"}]}"#;
