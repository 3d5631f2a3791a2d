//! What the owner of the CRM should mend, in sentences, grouped by kind.

use super::{MAX_SHOWN, Show, count, wrap};
use crate::domain::finding::{Finding, FindingKind};

/// What a kind of finding means; the details say what to do.
pub(in crate::cli) fn sentence(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::PhoneInvalid => "no valid phone",
        FindingKind::PhoneDuplicate => "a phone that several employees have",
        FindingKind::PhoneDropped => "a phone that the platform does not keep",
        FindingKind::PhoneKept => "a phone that can't be taken away on the platform",
        FindingKind::NameShortened => "a name that is too long for the platform",
        FindingKind::NameMissing => "no name; the user is left as it is",
        FindingKind::ValueNormalised => "a value that the platform writes in another way",
        FindingKind::IdInvalid => "an unusable id; the user is left as it is",
        FindingKind::IdDuplicate => "an id on several rows; the user is left as it is",
        FindingKind::ActiveUnreadable => "active or not? The user is left as it is",
        FindingKind::RoleUnmapped => "a role that no rule of the configuration names",
        FindingKind::EmailMissing => "no e-mail",
        FindingKind::EmailDuplicate => "an e-mail that several employees have",
        FindingKind::UserMissing => "no user on the platform",
        FindingKind::UserAmbiguous => "several users on the platform could be meant",
        FindingKind::LeaverKept => "left, and stays on the platform",
    }
}

/// The findings, by kind, the first of each; empty if there are none.
pub(in crate::cli) fn findings(findings: &[Finding], show: &Show) -> String {
    by_kind(findings, MAX_SHOWN, show)
}

/// The same without leaving any out.
pub(in crate::cli) fn all(findings: &[Finding], show: &Show) -> String {
    by_kind(findings, usize::MAX, show)
}

fn by_kind(findings: &[Finding], max_shown: usize, show: &Show) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut text = format!("  {}\n", show.heading("To mend in the CRM"));
    for kind in FindingKind::ALL {
        let group: Vec<&Finding> = findings.iter().filter(|it| it.kind == kind).collect();
        if !group.is_empty() {
            text.push_str(&one_kind(kind, &group, max_shown, show));
        }
    }
    text
}

fn one_kind(kind: FindingKind, group: &[&Finding], max_shown: usize, show: &Show) -> String {
    let employees = count(group.len(), "employee");
    let mut text = wrap(&format!("{employees}: {} ({})", sentence(kind), kind.word()), 4);
    for it in &group[..group.len().min(max_shown)] {
        let id = match it.id.as_str() {
            "" => "(no id)".to_owned(),
            id => show.plain(id),
        };
        text.push_str(&wrap(&format!("{id}: {}", show.text(&it.detail)), 6));
    }
    if group.len() > max_shown {
        let more = group.len() - max_shown;
        text.push_str(&format!("      … and {more} more; --output json lists all\n"));
    }
    text
}

/// Numbers by kind, in one line: `2 phone_invalid, 1 name_shortened`.
pub(in crate::cli) fn summary(findings: &[Finding]) -> String {
    let parts: Vec<String> = kinds(findings)
        .into_iter()
        .map(|(kind, n)| format!("{n} {}", kind.word()))
        .collect();
    parts.join(", ")
}

/// Numbers by kind, those of none left out.
pub(in crate::cli) fn kinds(findings: &[Finding]) -> Vec<(FindingKind, usize)> {
    let counted = FindingKind::ALL.map(|kind| (kind, findings.iter().filter(|it| it.kind == kind).count()));
    counted.into_iter().filter(|(_, n)| *n > 0).collect()
}
