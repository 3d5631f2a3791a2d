//! The steps for one system user: make it, assign it, unassign it.
//!
//! Each request is sent once. What the platform leaves open is settled by reading: whether an assignment that is
//! refused because there is one already is good enough, and whether one that is not found is really gone.

use std::sync::Arc;

use super::graph::Urgency;
use super::{Edge, Meta, OWN_USER, ROLE, local, refusal, rows};
use crate::domain::grant::Grant;
use crate::target::http::Reply;
use crate::target::member::{Member, MemberId, StepAnswer};
use crate::target::{Answer, Meaning};

impl Meta {
    /// A new system user with that name, assigned with those tasks.
    pub(super) async fn create(&self, name: &Arc<str>, grant: &Grant) -> StepAnswer {
        let refused = |answer| StepAnswer { answer, id: None };
        if !self.capabilities.creates {
            let text = "system users are not created by this account";
            return refused(local(Meaning::BadItem, "CREATE_NOT_ALLOWED", text));
        }
        if let Err(answer) = needs_tasks(grant) {
            return refused(answer);
        }
        let params = [("name", &**name), ("role", ROLE)];
        let place = self.place(Edge::SystemUsers);
        let reply = match self.graph.post(place, &params, Urgency::CanWait).await {
            Ok(reply) => reply,
            Err(answer) => return refused(answer),
        };
        let id = match rows::id(&reply.body) {
            Ok(id) => MemberId(id),
            // It may have been made; whoever reads the list finds it by its name.
            Err(why) => return refused(self.unreadable(&reply, why)),
        };
        StepAnswer {
            answer: self.assign(&id, grant, None).await,
            id: Some(id),
        }
    }

    /// An existing system user is assigned, with those tasks.
    pub(super) async fn admit(&self, id: &MemberId, grant: &Grant, seen: Option<&Member>) -> Answer {
        if let Err(answer) = needs_tasks(grant) {
            return answer;
        }
        if let Err(answer) = self.may_touch(id).await {
            return answer;
        }
        if seen.is_some_and(|it| it.is_active && it.grant.as_ref() == Some(grant)) {
            return done(None);
        }
        self.assign(id, grant, seen).await
    }

    /// A system user loses its assignment, with all tasks.
    pub(super) async fn dismiss(&self, id: &MemberId) -> Answer {
        if let Err(answer) = self.may_touch(id).await {
            return answer;
        }
        let refused = match self.unassign(id).await {
            Ok(status) => return done(status),
            Err(answer) => answer,
        };
        if refused.meaning != Meaning::Missing && !refusal::is_no_such_object(&refused) {
            return refused;
        }
        match self.find(Edge::AssignedUsers, id).await {
            Ok(None) => done(refused.status),
            Ok(Some(_)) => Answer {
                meaning: Meaning::BadItem,
                text: format!("{}; yet it is listed as assigned", refused.text),
                ..refused
            },
            Err(answer) => answer,
        }
    }

    async fn may_touch(&self, id: &MemberId) -> Result<(), Answer> {
        match self.own_id().await? == id.as_str() {
            true => Err(local(Meaning::BadItem, "UNTOUCHABLE", OWN_USER)),
            false => Ok(()),
        }
    }

    async fn assign(&self, id: &MemberId, grant: &Grant, seen: Option<&Member>) -> Answer {
        let refused = match self.post_tasks(id, grant, Urgency::CanWait).await {
            Ok(status) => return done(status),
            Err(answer) => answer,
        };
        if !may_mean_assigned(&refused) {
            return refused;
        }
        let tasks = match self.find(Edge::AssignedUsers, id).await {
            Ok(Some(assignment)) => assignment.tasks,
            Ok(None) => return refused,
            Err(answer) => return answer,
        };
        if let Some(tasks) = &tasks
            && is_good_enough(tasks, grant, seen)
        {
            return done(refused.status);
        }
        if !says_assigned(&refused) {
            return refused;
        }
        if !self.reassign {
            return Answer {
                meaning: Meaning::BadItem,
                code: Some("ALREADY_ASSIGNED".to_owned()),
                text: format!(
                    "{}: {} (`reassign` is off)",
                    refused.text,
                    described(tasks.as_ref())
                ),
                ..refused
            };
        }
        self.reassign(id, grant, tasks.as_ref()).await
    }

    /// Takes the assignment away and gives the one that is wanted, or the former one if that is refused.
    async fn reassign(&self, id: &MemberId, grant: &Grant, former: Option<&Grant>) -> Answer {
        match self.unassign(id).await {
            Err(answer) if answer.meaning != Meaning::Missing => return answer,
            Ok(_) | Err(_) => {}
        }
        let refused = match self.post_tasks(id, grant, Urgency::Now).await {
            Ok(status) => return done(status),
            Err(answer) => answer,
        };
        if says_assigned(&refused) {
            // The platform has not caught up with the removal. What is there in the end, a later read will tell.
            return Answer {
                meaning: Meaning::Unknown,
                ..refused
            };
        }
        let is_final = matches!(refused.meaning, Meaning::BadItem | Meaning::Forbidden);
        let Some(former) = former.filter(|it| is_final && !it.is_empty()) else {
            return refused;
        };
        let afterwards = match self.post_tasks(id, former, Urgency::Now).await {
            Ok(_) => format!("it has {former} again"),
            Err(answer) => format!("giving {former} back failed as well: {}", answer.text),
        };
        Answer {
            text: format!("{}; {afterwards}", refused.text),
            ..refused
        }
    }

    async fn post_tasks(
        &self,
        id: &MemberId,
        grant: &Grant,
        urgency: Urgency,
    ) -> Result<Option<u16>, Answer> {
        let tasks = serde_json::to_string(&grant.words().collect::<Vec<_>>())
            .expect("a list of texts has a JSON form");
        let params = [("user", id.as_str()), ("tasks", tasks.as_str())];
        let place = self.place(Edge::AssignedUsers);
        let reply = self.graph.post(place, &params, urgency).await?;
        self.confirmed(&reply)
    }

    async fn unassign(&self, id: &MemberId) -> Result<Option<u16>, Answer> {
        let place = self.place(Edge::AssignedUsers);
        let reply = self.graph.delete(place, &[("user", id.as_str())]).await?;
        self.confirmed(&reply)
    }

    /// The status of a 2xx that doesn't deny its success.
    fn confirmed(&self, reply: &Reply) -> Result<Option<u16>, Answer> {
        match rows::is_denied(&reply.body) {
            Ok(false) => Ok(Some(reply.status.as_u16())),
            Ok(true) => Err(self.unreadable(reply, "it says that nothing was done, and not why")),
            Err(why) => Err(self.unreadable(reply, why)),
        }
    }
}

/// An assignment without tasks is none: the platform wants at least one.
fn needs_tasks(grant: &Grant) -> Result<(), Answer> {
    match grant.is_empty() {
        true => Err(local(
            Meaning::BadItem,
            "NO_TASKS",
            "there are no tasks to be given",
        )),
        false => Ok(()),
    }
}

fn done(status: Option<u16>) -> Answer {
    Answer {
        meaning: Meaning::Accepted,
        status,
        code: None,
        text: String::new(),
    }
}

/// Whether tasks that are there already will do: the same, or more, since the platform shows what a task implies
/// beside it. More than is wanted was there before, though, is no proof: it may be what shall be taken away.
fn is_good_enough(tasks: &Grant, wanted: &Grant, seen: Option<&Member>) -> bool {
    let as_before = seen.is_some_and(|it| it.is_active && it.grant.as_ref() == Some(tasks));
    tasks == wanted || (tasks.includes(wanted) && !as_before)
}

/// Whether a refused assignment is worth a look at what is assigned.
fn may_mean_assigned(answer: &Answer) -> bool {
    refusal::is_invalid_parameter(answer) && (answer.status == Some(422) || says_assigned(answer))
}

/// "User is already assigned to this WhatsApp Business Account": the code alone says too little to unassign
/// anybody for it.
fn says_assigned(answer: &Answer) -> bool {
    let text = answer.text.to_lowercase();
    refusal::is_invalid_parameter(answer) && text.contains("already") && text.contains("assigned")
}

fn described(tasks: Option<&Grant>) -> String {
    match tasks {
        Some(tasks) => format!("it has {tasks}"),
        None => "the platform doesn't show with which tasks".to_owned(),
    }
}
