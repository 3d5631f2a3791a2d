//! Plans in files, for people to agree to.
//!
//! A plan file is never carried out. It holds the digest of each account's plan, by which a fresh plan is
//! compared, and the changes in words, by which a difference can be told. Phones in it are masked like in
//! every output, unless the plan was made with `--show-phones`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::passes::End;
use super::render::Show;
use crate::domain::user::User;

/// Says that a file is one of these.
const KIND: &str = "wazzup-sync plan";
const SCHEMA: u32 = 1;
/// Far more than the plans of a thousand accounts need.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The plans of some accounts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct PlanFile {
    schema: u32,
    kind: String,
    /// Of the program that made the plans: another one may plan otherwise.
    version: String,
    /// Whether phones are written whole.
    pub(super) phones: bool,
    pub(super) accounts: Vec<PlannedAccount>,
}

/// The plan of one account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct PlannedAccount {
    pub(super) account: String,
    /// Empty if there is nothing to do.
    pub(super) digest: String,
    changes: Vec<PlannedChange>,
    holds: Vec<PlannedHold>,
    requests: Vec<PlannedRequest>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct PlannedChange {
    id: String,
    op: String,
    /// What is known before anything is sent, such as `held`; none for what will be sent.
    outcome: Option<String>,
    old: Option<Record>,
    new: Option<Record>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Record {
    name: String,
    phone: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct PlannedHold {
    reason: String,
    users: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct PlannedRequest {
    method: String,
    path: String,
    users: Vec<String>,
}

impl PlanFile {
    /// The plans that these reports tell.
    pub(super) fn of(ends: &[End], show: &Show) -> PlanFile {
        PlanFile {
            schema: SCHEMA,
            kind: KIND.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            phones: show.show_phones,
            accounts: ends.iter().map(|end| PlannedAccount::of(end, show)).collect(),
        }
    }

    /// Reads a plan file.
    ///
    /// # Errors
    /// If it can't be read, is none, or was made by another version.
    pub(super) fn read(path: &Path) -> Result<PlanFile, Failure> {
        let name = path.display();
        let refused = |why: String| Failure::usage(format!("{name}: {why}"));
        let size = fs::metadata(path)
            .map_err(|error| refused(error.to_string()))?
            .len();
        if size > MAX_BYTES {
            return Err(refused("too large for a plan".to_owned()));
        }
        let text = fs::read(path).map_err(|error| refused(error.to_string()))?;
        let no_plan = "no plan of wazzup-sync; write one with: wazzup-sync plan --out FILE";
        let file: PlanFile = serde_json::from_slice(&text).map_err(|_| refused(no_plan.to_owned()))?;
        if file.kind != KIND {
            return Err(refused(no_plan.to_owned()));
        }
        if (file.schema, file.version.as_str()) != (SCHEMA, env!("CARGO_PKG_VERSION")) {
            return Err(Failure::stale(format!(
                "{name} was written by version {}, and this is {}: plan again",
                crate::text::printable(&file.version),
                env!("CARGO_PKG_VERSION")
            )));
        }
        Ok(file)
    }

    /// Writes the file as a whole, readable by its owner alone.
    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        let failed = |error: io::Error| not_writable(path, &error);
        let mut text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        text.push('\n');
        // In the same folder, so that the name changes its file in one step; made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder(path)).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// Whether a plan may be written there: where nothing is, or another plan. Asked before any work is done.
pub(super) fn check_place(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::metadata(folder(path)) {
            Ok(it) if it.is_dir() => Ok(()),
            Ok(_) => Err(Failure::usage(format!("{} is no folder", folder(path).display()))),
            Err(error) => Err(not_writable(folder(path), &error)),
        },
        Err(error) => Err(not_writable(path, &error)),
        Ok(it) if it.is_file() && is_plan_file(path) => Ok(()),
        Ok(_) => Err(Failure::usage(format!(
            "{} exists and is no plan of wazzup-sync: it is not overwritten; choose another name",
            path.display()
        ))),
    }
}

fn is_plan_file(path: &Path) -> bool {
    let text = fs::read(path).unwrap_or_default();
    serde_json::from_slice::<PlanFile>(&text).is_ok_and(|it| it.kind == KIND)
}

fn not_writable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!(
        "the plan can't be written to {}: {error}",
        path.display()
    ))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

impl PlannedAccount {
    fn of(end: &End, show: &Show) -> PlannedAccount {
        let report = &end.report;
        let record = |user: &User| Record {
            name: show.plain(&user.name),
            phone: show.phone(user.phone.as_ref()),
        };
        let changes = report.users.iter().map(|it| PlannedChange {
            id: it.settled.change.id.as_str().to_owned(),
            op: it.settled.change.op.word().to_owned(),
            outcome: (!it.is_planned).then(|| it.settled.outcome.word().to_owned()),
            old: it.settled.change.old.as_ref().map(record),
            new: it.settled.change.new.as_ref().map(record),
        });
        let holds = report.holds.iter().map(|it| PlannedHold {
            reason: it.reason.word().to_owned(),
            users: it.users.iter().map(|user| user.id.as_str().to_owned()).collect(),
        });
        let requests = report.batches.iter().map(|it| PlannedRequest {
            method: it.method.to_owned(),
            path: it.path.to_owned(),
            users: it.users.iter().map(|id| id.as_str().to_owned()).collect(),
        });
        PlannedAccount {
            account: report.account.clone(),
            digest: report.plan_digest.clone().unwrap_or_default(),
            changes: changes.collect(),
            holds: holds.collect(),
            requests: requests.collect(),
        }
    }

    /// What is another thing in the fresh plan, one line each.
    pub(super) fn differences(&self, fresh: &PlannedAccount) -> Vec<String> {
        let by_key = |plan: &PlannedAccount| -> BTreeMap<(String, String), PlannedChange> {
            let changes = plan.changes.iter();
            changes
                .map(|it| ((it.id.clone(), it.op.clone()), it.clone()))
                .collect()
        };
        let (old, new) = (by_key(self), by_key(fresh));
        let mut lines = Vec::new();
        for ((id, op), change) in &old {
            match new.get(&(id.clone(), op.clone())) {
                None => lines.push(format!("{op} {id}: no longer planned")),
                Some(now) if now != change => {
                    lines.push(format!(
                        "{op} {id}: it was {}, and is {} now",
                        change.words(),
                        now.words()
                    ));
                }
                Some(_) => {}
            }
        }
        for ((id, op), change) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
            lines.push(format!("{op} {id}: new in the plan ({})", change.words()));
        }
        if lines.is_empty() && self.holds != fresh.holds {
            lines.push("other changes are held".to_owned());
        }
        if lines.is_empty() && self.requests != fresh.requests {
            lines.push("the requests are others, or in another order".to_owned());
        }
        if lines.is_empty() {
            lines
                .push("a value that this file does not show whole, such as the digits of a phone".to_owned());
        }
        lines
    }
}

impl PlannedChange {
    fn words(&self) -> String {
        let record = |it: &Option<Record>| match it {
            Some(Record { name, phone }) => format!("{name}, {phone}"),
            None => "nobody".to_owned(),
        };
        let outcome = self
            .outcome
            .as_ref()
            .map(|it| format!(" ({it})"))
            .unwrap_or_default();
        format!("{} → {}{outcome}", record(&self.old), record(&self.new))
    }
}
