//! What waits for a person: what it would do, to how many, to whom, and how to decide.

use std::collections::BTreeMap;

use super::style::Tone;
use super::{Show, count, wrap};
use crate::domain::memory::Hold;
use crate::domain::user::UserId;

/// So many users of a hold are named.
const MAX_NAMED: usize = 10;

/// One hold, with the commands that decide it if it is on record.
pub(in crate::cli) fn hold(
    hold: &Hold,
    id: Option<&str>,
    names: &BTreeMap<&UserId, &str>,
    show: &Show,
) -> String {
    let heading = format!("Held: {}", hold.reason.word());
    let mut text = format!("  {}\n", show.style.paint(Tone::Warning, &heading));
    text.push_str(&wrap(&show.text(&hold.detail), 4));
    let who = who(hold, names, show);
    let users = count(hold.users.len(), "user");
    text.push_str(&wrap(
        &format!("{users} {}: {who}", hold.reason.subject().deed()),
        4,
    ));
    match id {
        Some(id) => text.push_str(&commands(id, show)),
        None => text.push_str(&wrap(
            "Not on record yet: `reconcile` records it and does all that does not depend on it.",
            4,
        )),
    }
    text
}

/// The first users of the hold by name.
fn who(hold: &Hold, names: &BTreeMap<&UserId, &str>, show: &Show) -> String {
    let shown = hold.users.iter().take(MAX_NAMED).map(|user| {
        let id = show.plain(user.id.as_str());
        match names.get(&user.id) {
            Some(name) => format!("{id} {}", show.plain(name)),
            None => id,
        }
    });
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if hold.users.len() > MAX_NAMED {
        text.push_str(&format!(", … and {} more", hold.users.len() - MAX_NAMED));
    }
    text
}

/// How to decide a hold.
fn commands(id: &str, show: &Show) -> String {
    let command = &show.command;
    format!(
        "    let them pass:  {command} holds approve {id} --reason \"…\"\n    \
         keep them:      {command} holds reject {id} --reason \"…\"\n"
    )
}
