//! A company on any platform, with the few deeds and looks that every platform has.

use std::collections::BTreeMap;
use std::time::Duration;

use wazzup_sync::reconcile::AccountReport;
use wazzup_sync::simulator::{Setup, SimUser, Simulator, Switches};
use wazzup_sync::target::Kind;

use super::ids::lab::{Lab as IdLab, TOKEN, documented, phone};
use super::ids::platforms::platforms;
use super::members::lab::Lab as MemberLab;
use super::switches::{self, Flip};

/// Somebody on Wazzup who was there before us.
const STRANGER: &str = "boss";

pub enum Stage {
    Ids(Box<IdLab>),
    Members(Box<MemberLab>),
}

use Stage::{Ids, Members};

/// One way in which a platform may behave where its documents are silent.
pub struct Way {
    pub name: String,
    change: Change,
}

enum Change {
    Switches(Box<Switches>),
    Flip(&'static Flip),
}

/// All ways of a platform, the documented one first.
pub fn ways(kind: Kind) -> Vec<Way> {
    match kind {
        Kind::WazzupV2 | Kind::WazzupV3 => platforms(kind)
            .into_iter()
            .map(|it| Way {
                name: it.name,
                change: Change::Switches(Box::new(it.switches)),
            })
            .collect(),
        Kind::Wuts | Kind::Meta => switches::of(kind)
            .iter()
            .map(|(name, flip)| Way {
                name: (*name).to_owned(),
                change: Change::Flip(flip),
            })
            .collect(),
    }
}

impl Stage {
    /// A platform with nobody but those who were there before us.
    pub async fn of(kind: Kind) -> Stage {
        match kind {
            Kind::WazzupV2 | Kind::WazzupV3 => {
                let boss = SimUser::new(STRANGER, "Cabinet staff", Some(&phone(900)));
                let setup = Setup::default().and_account(TOKEN, [boss]);
                let lab = IdLab::start(kind, setup.switches(documented())).await.unguarded();
                lab.sim.protect(TOKEN, [STRANGER]);
                Ids(Box::new(lab))
            }
            Kind::Wuts | Kind::Meta => Members(Box::new(MemberLab::of(kind).await)),
        }
    }

    /// The same, that behaves in this way.
    pub async fn that(kind: Kind, way: &Way) -> Stage {
        let stage = Stage::of(kind).await;
        match (&stage, &way.change) {
            (Ids(lab), Change::Switches(switches)) => {
                lab.sim.update_switches(|it| it.clone_from(switches));
            }
            (Members(lab), Change::Flip(flip)) => flip.flip(lab),
            _ => unreachable!("a way is of the platform"),
        }
        stage
    }

    pub fn sim(&self) -> &Simulator {
        match self {
            Ids(lab) => &lab.sim,
            Members(lab) => &lab.sim,
        }
    }

    pub fn impatient(&mut self) {
        let timeout = Duration::from_millis(100);
        match self {
            Ids(lab) => lab.timeout = timeout,
            Members(lab) => lab.timeout = timeout,
        }
    }

    pub fn hire(&self, n: usize) {
        match self {
            Ids(lab) => lab.hire(n, &format!("Person {n}"), Some(phone(n))),
            Members(lab) => lab.hire(n, if n.is_multiple_of(2) { "head" } else { "" }),
        }
    }

    /// Something of the n-th person changes, who stays the same user.
    pub fn change(&self, n: usize) {
        match self {
            Ids(lab) => lab.give_phone(n, Some(phone(n + 500))),
            Members(lab) => lab.hire(n, "head"),
        }
    }

    pub fn rename(&self, n: usize) {
        match self {
            Ids(lab) => lab.edit(n, |it| it.name = format!("Person {n} the second")),
            Members(lab) => lab.rename(n),
        }
    }

    pub fn dismiss(&self, n: usize) {
        match self {
            Ids(lab) => lab.dismiss(n),
            Members(lab) => lab.dismiss(n),
        }
    }

    pub async fn run(&self) -> AccountReport {
        match self {
            Ids(lab) => {
                lab.count_anew();
                lab.run().await
            }
            Members(lab) => lab.run().await,
        }
    }

    /// Our users on the platform: by what it knows them, with what else it shows.
    pub fn shown(&self) -> BTreeMap<String, String> {
        match self {
            Ids(lab) => lab
                .platform()
                .iter()
                .filter(|it| it.id != STRANGER)
                .map(told)
                .collect(),
            Members(lab) => lab.active(),
        }
    }

    /// What the table asks for.
    pub fn desired(&self) -> BTreeMap<String, String> {
        match self {
            Ids(lab) => lab.desired().iter().map(told).collect(),
            Members(lab) => lab.desired(),
        }
    }

    /// The platform shows what the table asks for.
    #[track_caller]
    pub fn assert_equal(&self, way: &Way) {
        match self {
            Ids(_) => assert_eq!(self.shown(), self.desired(), "{}", way.name),
            Members(lab) => switches::assert_equal(&way.name, lab),
        }
    }

    /// No rule was broken, nobody exists twice, and who was there before us is as before.
    #[track_caller]
    pub fn assert_clean(&self) {
        match self {
            Ids(lab) => {
                lab.assert_no_violation();
                let users = lab.platform();
                let boss = users.iter().find(|it| it.id == STRANGER);
                let expected = SimUser::new(STRANGER, "Cabinet staff", Some(&phone(900)));
                assert_eq!(boss, Some(&expected));
            }
            // Writes to those who were there are among the rules.
            Members(lab) => lab.assert_clean(),
        }
    }
}

fn told(user: &SimUser) -> (String, String) {
    (user.id.clone(), format!("{} {:?}", user.name, user.phone))
}
