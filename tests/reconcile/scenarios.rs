//! Every day that a company may have, on every platform that may be: after two runs at most the platform
//! equals the table, no rule was broken and nobody else's user was touched.

use wazzup_sync::domain::outcome::Outcome;
use wazzup_sync::reconcile::AccountReport;
use wazzup_sync::simulator::SimUser;
use wazzup_sync::target::Kind;

use super::lab::{Lab, TOKEN, all_well, describe, phone};
use super::platforms::{Platform, platforms};

on_every_wazzup! {
    on_every_platform_every_day_ends_well,
}

/// A day: what happens in the CRM.
struct Day {
    name: &'static str,
    edit: fn(&Lab),
}

const N_PEOPLE: usize = 90;

/// Wants the phone of a foreign user, on all days.
const RIVAL: usize = 90;

const DAYS: [Day; 9] = [
    Day {
        name: "first sync",
        edit: |lab| lab.hire_many(N_PEOPLE),
    },
    Day {
        name: "swap",
        edit: |lab| lab.rotate(&[1, 2]),
    },
    Day {
        name: "rotation of 12",
        edit: |lab| lab.rotate(&(10..22).collect::<Vec<_>>()),
    },
    Day {
        name: "chain of 25",
        edit: |lab| {
            lab.rotate(&(30..55).collect::<Vec<_>>());
            lab.give_phone(54, Some(phone(1054)));
        },
    },
    Day {
        name: "phone dropped",
        edit: |lab| lab.give_phone(60, None),
    },
    Day {
        name: "phone moved on",
        edit: |lab| {
            lab.give_phone(62, lab.person(61).phone);
            lab.give_phone(61, None);
        },
    },
    Day {
        name: "phone of a leaver for a newcomer, and of one who gets another",
        edit: |lab| {
            lab.hire(163, "Newcomer", lab.person(63).phone);
            lab.dismiss(63);
            lab.hire(164, "Newcomer, too", lab.person(64).phone);
            lab.give_phone(64, Some(phone(1064)));
        },
    },
    Day {
        name: "all at once",
        edit: |lab| {
            lab.rotate(&[1, 3]);
            lab.rotate(&[10, 12, 14]);
            lab.rotate(&(30..45).collect::<Vec<_>>());
            lab.give_phone(44, Some(phone(1144)));
            lab.give_phone(65, None);
            lab.give_phone(67, lab.person(66).phone);
            lab.give_phone(66, None);
            lab.hire(168, "Newcomer", lab.person(68).phone);
            lab.dismiss(68);
            lab.hire(169, "Without a phone", None);
            lab.edit(70, |it| it.name = "Renamed".to_owned());
            lab.edit(71, |it| it.active = "0");
            lab.edit(72, |it| {
                it.name = "Renamed, and without a phone".to_owned();
                it.phone = None;
            });
        },
    },
    Day {
        name: "back again",
        edit: |lab| {
            lab.give_phone(60, Some(phone(60)));
            lab.hire(63, "Person 63", Some(phone(63)));
            lab.dismiss(163);
            lab.edit(71, |it| it.active = "yes");
            lab.rotate(&[1, 2, 3]);
        },
    },
];

fn boss() -> SimUser {
    SimUser::new("boss", "Cabinet staff", Some(&phone(RIVAL)))
}

/// What must be on the platform in the end: the rival goes without the phone of the boss.
fn expected(lab: &Lab) -> Vec<SimUser> {
    let mut users = lab.desired();
    for user in &mut users {
        if user.phone == boss().phone {
            user.phone = None;
        }
    }
    users.push(boss());
    users.sort_by(|one, other| one.id.cmp(&other.id));
    users
}

/// Whether all but the rival's wish is done.
fn is_done(report: &AccountReport) -> bool {
    let others = report
        .users
        .iter()
        .filter(|it| it.settled.change.id.as_str() != RIVAL.to_string());
    report.stop.is_none()
        && others
            .into_iter()
            .all(|it| it.settled.outcome == Outcome::Applied)
}

/// Lives through all days on one platform; the first thing that goes wrong, in words.
async fn live(platform: &Platform) -> Result<(), String> {
    let mut lab = Lab::new(platform.kind).await.unguarded();
    if !platform.clears() {
        lab = lab.recreate();
    }
    lab.sim.put_user(TOKEN, boss());
    lab.sim.protect(TOKEN, ["boss"]);
    // Only now: what an administrator did on a platform that lags would show late, too.
    lab.sim.set_switches(platform.switches.clone());
    for day in &DAYS {
        (day.edit)(&lab);
        lab.count_anew();
        let at = |n_run: usize| {
            format!(
                "platform \"{}\", day \"{}\", run {n_run}",
                platform.name, day.name
            )
        };
        for n_run in 1..=2 {
            let report = lab.run().await;
            check(&lab, &report).map_err(|what| format!("{}: {what}", at(n_run)))?;
            if is_done(&report) {
                break;
            }
            if n_run == 2 {
                return Err(format!(
                    "{}: not done: {}\n{}",
                    at(n_run),
                    describe(&report),
                    lab.requests()
                ));
            }
        }
        lab.count_anew();
        let report = lab.run().await;
        check(&lab, &report).map_err(|what| format!("{}: {what}", at(3)))?;
        if !lab.writes().is_empty() {
            return Err(format!("{}: writes again:\n{}", at(3), lab.requests()));
        }
    }
    Ok(())
}

/// What must hold after every run: no rule broken, and no word of success that is not so.
fn check(lab: &Lab, report: &AccountReport) -> Result<(), String> {
    let violations = lab.sim.violations();
    if !violations.is_empty() {
        return Err(format!("rules broken: {violations:#?}\n{}", lab.requests()));
    }
    if !lab.platform().contains(&boss()) {
        return Err("the foreign user was touched".to_owned());
    }
    if is_done(report) && lab.platform() != expected(lab) {
        let difference = lab.difference(&expected(lab), report);
        return Err(format!(
            "said to be done and is not: {difference}\n{}",
            lab.requests()
        ));
    }
    Ok(())
}

async fn on_every_platform_every_day_ends_well(kind: Kind) {
    all_well(platforms(kind).iter().map(live)).await;
}
