//! POST and DELETE: system users are made and get names; users are assigned and unassigned.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::switches::{AlreadyAssigned, MetaSwitches, RemoveUnassigned, UnknownUser};
use super::wire::Request;
use super::{Business, MetaUser, Now, Problem};

/// All tasks that any of the documents names.
const TASKS: [&str; 15] = [
    "MANAGE",
    "DEVELOP",
    "MANAGE_TEMPLATES",
    "MANAGE_PHONE",
    "VIEW_COST",
    "MANAGE_EXTENSIONS",
    "VIEW_PHONE_ASSETS",
    "MANAGE_PHONE_ASSETS",
    "VIEW_TEMPLATES",
    "MESSAGING",
    "VIEW_INSIGHTS",
    "RECEIVE_INCOMING_MESSAGES",
    "MANAGE_BILLING",
    "MANAGE_USERS",
    "FULL_CONTROL",
];

/// The id of the first system user that is made by a request.
const FIRST_CREATED: u64 = 122_100_000_000_001_000;

impl Business {
    pub(super) fn create(&mut self, request: &Request, now: &mut Now<'_>) -> Result<Value, Problem> {
        let switches = &now.switches.meta;
        let name = required(request, "name")?.to_owned();
        if let Some(id) = request.param("system_user_id") {
            let id = id.to_owned();
            if !self.state().system_users.contains_key(&id) {
                return Err(Problem::no_access(&id));
            }
            self.change(now, |business| {
                if let Some(user) = business.system_users.get_mut(&id) {
                    user.name = name;
                }
            });
            return Ok(json!({ "id": id }));
        }
        let role = required(request, "role")?;
        if !matches!(role, "ADMIN" | "EMPLOYEE") {
            return Err(Problem::invalid(
                "(#100) Param role must be one of {ADMIN, EMPLOYEE}",
            ));
        }
        let users = &self.state().system_users;
        if switches.max_system_users.is_some_and(|max| users.len() >= max) {
            return Err(Problem::invalid("You have reached the limit of system users"));
        }
        if switches.unique_names && users.values().any(|it| it.name == name) {
            return Err(Problem::invalid("A system user with this name exists already"));
        }
        let id = (FIRST_CREATED + self.state().n_created).to_string();
        let user = MetaUser {
            role: role.to_owned(),
            ..MetaUser::new(&name)
        };
        self.change(now, |business| {
            business.n_created += 1;
            business.system_users.insert(id.clone(), user);
        });
        Ok(json!({ "id": id }))
    }

    pub(super) fn assign(&mut self, request: &Request, now: &mut Now<'_>) -> Result<Value, Problem> {
        let switches = &now.switches.meta;
        let user = user_of(request)?.to_owned();
        let tasks = request.tasks().map_err(Problem::invalid)?;
        if let Some(unknown) = tasks.iter().find(|it| !TASKS.contains(&it.as_str())) {
            let text = format!("(#100) Param tasks must be one of {TASKS:?} - got \"{unknown}\"");
            return Err(Problem::invalid(text));
        }
        let tasks = match self.tasks_of(&user, switches)? {
            None => tasks,
            Some(former) => match switches.already_assigned {
                AlreadyAssigned::Refuse => {
                    return Err(Problem::impossible(
                        switches.already_assigned_status,
                        "User is already assigned to this WhatsApp Business Account",
                    ));
                }
                AlreadyAssigned::Overwrite => tasks,
                AlreadyAssigned::Add => former.union(&tasks).cloned().collect(),
            },
        };
        self.change(now, |business| {
            if let Some(user) = business.user_mut(&user) {
                user.tasks = Some(tasks);
            }
        });
        Ok(json!({"success": true}))
    }

    pub(super) fn unassign(&mut self, request: &Request, now: &mut Now<'_>) -> Result<Value, Problem> {
        let switches = &now.switches.meta;
        let user = user_of(request)?.to_owned();
        let former = self.tasks_of(&user, switches)?;
        if self.state().restricted.contains(&user) {
            let text = "Cannot remove user due to business asset group permissions";
            return Err(Problem::impossible(422, text));
        }
        match (former, switches.remove_unassigned) {
            (None, RemoveUnassigned::Ok) => return Ok(json!({"success": true})),
            (None, RemoveUnassigned::NotFound) => {
                return Err(Problem::missing(
                    "User is not assigned to this WhatsApp Business Account",
                ));
            }
            (Some(_), _) => {}
        }
        self.change(now, |business| {
            if let Some(user) = business.user_mut(&user) {
                user.tasks = None;
            }
        });
        Ok(json!({"success": true}))
    }

    fn tasks_of(&self, user: &str, switches: &MetaSwitches) -> Result<Option<BTreeSet<String>>, Problem> {
        let state = self.state();
        let found = state.system_users.get(user).or_else(|| state.humans.get(user));
        match (found, switches.unknown_user) {
            (Some(user), _) => Ok(user.tasks.clone()),
            (None, UnknownUser::NoAccess) => Err(Problem::no_access(user)),
            (None, UnknownUser::Missing) => Err(Problem::missing("User not found")),
        }
    }
}

fn required<'a>(request: &'a Request, name: &str) -> Result<&'a str, Problem> {
    let value = request.param(name).filter(|it| !it.trim().is_empty());
    value.ok_or_else(|| Problem::invalid(format!("(#100) The parameter {name} is required")))
}

fn user_of(request: &Request) -> Result<&str, Problem> {
    let user = required(request, "user")?;
    match user.bytes().all(|it| it.is_ascii_digit()) {
        true => Ok(user),
        false => Err(Problem::invalid(
            "Invalid parameter: user must be a valid user ID",
        )),
    }
}
