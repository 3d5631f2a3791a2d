//! What is true, compared with what a report says: every difference between table and platform is
//! accounted for, what is called applied is there, and the rules of the platform are kept.

use std::collections::BTreeMap;

use wazzup_sync::domain::contention::ParkPolicy;
use wazzup_sync::domain::finding::FindingKind;
use wazzup_sync::domain::outcome::{Op, Outcome, Settled};
use wazzup_sync::reconcile::AccountReport;
use wazzup_sync::simulator::{Rule, SimUser, Switches};
use wazzup_sync::target::Kind;

use super::lab::{Lab, TOKEN, phone};
use super::platforms::Platform;

/// Documented seats of an account.
const SEATS: usize = 1000;

/// Whose users are not ours, in every company of the walks.
pub const FOREIGN: [(&str, usize); 2] = [("boss", 14), ("chief", 13)];

pub fn foreign() -> Vec<SimUser> {
    FOREIGN
        .map(|(id, n)| SimUser::new(id, "Cabinet staff", Some(&phone(n))))
        .into()
}

/// A company without limits and with foreign users, on a platform of that kind.
pub async fn company(kind: Kind, switches: &Switches, park: ParkPolicy) -> Lab {
    let mut lab = Lab::new(kind).await.unguarded();
    lab.account.park = park;
    for user in foreign() {
        lab.sim.protect(TOKEN, [user.id.as_str()]);
        lab.sim.put_user(TOKEN, user);
    }
    // Only now: what an administrator does on a platform that lags would show late, too.
    lab.sim.set_switches(switches.clone());
    lab
}

/// Changes of the report, without parks.
fn settled(report: &AccountReport) -> impl Iterator<Item = &Settled> {
    let users = report.users.iter().map(|it| &it.settled);
    users.filter(|it| it.change.op != Op::Park)
}

fn has_finding(report: &AccountReport, id: &str, kind: FindingKind) -> bool {
    report
        .findings
        .iter()
        .any(|it| it.id.as_str() == id && it.kind == kind)
}

/// What is wrong after a run, in words.
pub fn wrong(lab: &Lab, report: &AccountReport) -> Result<(), String> {
    rules_are_kept(lab)?;
    let platform = lab.platform().into_iter();
    let mut users: BTreeMap<String, SimUser> = platform.map(|it| (it.id.clone(), it)).collect();
    for user in foreign() {
        if users.remove(&user.id).as_ref() != Some(&user) {
            return Err(format!("foreign user {} was touched", user.id));
        }
    }
    each_once(report)?;
    applied_is_there(&users, report)?;
    if report.stop.is_none() {
        differences_are_told(lab, &users, report)?;
    }
    Ok(())
}

fn rules_are_kept(lab: &Lab) -> Result<(), String> {
    // A limit that nobody told can only be met.
    let is_untold = lab.sim.switches().seats < SEATS;
    let mut violations = lab.sim.violations();
    violations.retain(|it| !(is_untold && it.rule == Rule::FreeSeats));
    match violations.is_empty() {
        true => Ok(()),
        false => Err(format!("rules broken: {violations:#?}")),
    }
}

fn each_once(report: &AccountReport) -> Result<(), String> {
    let mut ids: Vec<&str> = settled(report).map(|it| it.change.id.as_str()).collect();
    ids.sort_unstable();
    match ids.windows(2).find(|it| it[0] == it[1]) {
        Some(twice) => Err(format!("two outcomes for user {}", twice[0])),
        None => Ok(()),
    }
}

fn applied_is_there(users: &BTreeMap<String, SimUser>, report: &AccountReport) -> Result<(), String> {
    for it in settled(report).filter(|it| it.outcome == Outcome::Applied) {
        let id = it.change.id.as_str();
        let has = users.get(id).map(|it| (it.name.as_str(), it.phone.as_deref()));
        let phone = |it: &wazzup_sync::domain::user::User| it.phone.as_ref().map(|it| it.digits().to_owned());
        let new_phone = it.change.new.as_ref().and_then(phone);
        let new = it.change.new.as_ref().map(|it| (&*it.name, new_phone.as_deref()));
        if has != new && !has_finding(report, id, FindingKind::ValueNormalised) {
            return Err(format!("user {id} is {has:?}, and {new:?} is called applied"));
        }
    }
    Ok(())
}

fn differences_are_told(
    lab: &Lab,
    users: &BTreeMap<String, SimUser>,
    report: &AccountReport,
) -> Result<(), String> {
    let is_open =
        |id: &str| settled(report).any(|it| it.change.id.as_str() == id && it.outcome != Outcome::Applied);
    let desired = lab.desired();
    for want in &desired {
        let id = want.id.as_str();
        let has = users.get(id);
        let is_kept =
            has_finding(report, id, FindingKind::PhoneKept) && lab.account.park == ParkPolicy::Clear;
        let n_claimants = desired.iter().filter(|it| it.phone == want.phone).count();
        let is_duplicate = n_claimants > 1 && has_finding(report, id, FindingKind::PhoneDuplicate);
        let is_told = match has {
            None => false,
            Some(has) if has.name != want.name => false,
            Some(has) if has.phone == want.phone => true,
            Some(has) if has.phone.is_none() => is_duplicate,
            Some(_) => is_kept && (want.phone.is_none() || is_duplicate),
        };
        if !is_told && !is_open(id) {
            return Err(format!("{has:?} should be {want:?}, and nothing tells"));
        }
    }
    let is_wanted = |id: &str| desired.iter().any(|it| it.id == id);
    match users.keys().find(|id| !is_wanted(id) && !is_open(id)) {
        Some(id) => Err(format!("user {id} should be gone, and nothing tells")),
        None => Ok(()),
    }
}

/// Whether all is done that can be done: what is open can't be had here.
pub fn is_done(lab: &Lab, report: &AccountReport) -> bool {
    let switches = lab.sim.switches();
    let may_park = lab.account.park == ParkPolicy::Recreate
        || Platform::new(lab.kind, "", |it| *it = switches.clone()).clears();
    let is_settled = |it: &Settled| match it.outcome {
        Outcome::Applied => true,
        Outcome::Conflict => !may_park || it.code.as_deref() != Some("cannot_park"),
        Outcome::Deferred => switches.seats < SEATS && switches.seats <= lab.platform().len(),
        Outcome::Rejected => switches.phone_required,
        Outcome::Held | Outcome::Unknown => false,
    };
    report.stop.is_none() && settled(report).all(is_settled)
}
