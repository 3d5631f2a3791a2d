//! The snapshot, taken anew: reads the platform's list and remembers it as the last known state.

use super::directory::Directory;
use super::link::Reader;
use super::pass::Parts;
use super::phones::Phones;
use super::stop::Stop;
use crate::domain::employee::Employees;
use crate::domain::memory::Managed;
use crate::domain::world::World;
use crate::target::AnyTarget;

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rebuilt {
    /// The list is the snapshot now.
    Saved {
        /// Users of ours in it.
        ours: usize,
        /// All others in it.
        foreign: usize,
        /// Users of ours that it lacks.
        missing: usize,
    },
    /// Another process has the remote.
    Busy,
    /// The list lacks so many of our users that it may be another company's. Nothing was remembered: the
    /// guard `target_changed` has to ask about it, and it counts against the snapshot as it was.
    Doubtful {
        /// Users of ours that were seen before.
        seen: usize,
        /// Those of them that the list lacks.
        missing: usize,
    },
}

/// So many absences are never a doubt, as for the guard `target_changed`.
const DOUBT_FLOOR: usize = 3;

/// Reads the list under the lock of the remote, and saves it in the place of the snapshot.
///
/// # Errors
/// The platform can't be read to the end, or the store can't be written.
pub async fn rebuild(parts: &Parts<'_>) -> Result<Rebuilt, Stop> {
    let Parts {
        store,
        target,
        account,
        timing,
        clock,
        ..
    } = parts;
    let Some(_lock) = store.lock_remote(&account.binding.remote).await? else {
        return Ok(Rebuilt::Busy);
    };
    let managed = store.managed(&account.name).await?;
    let world = match target {
        AnyTarget::Ids(target) => Reader::new(&**target, *timing, Phones::default()).list().await?,
        AnyTarget::Members(members) => {
            // Who is whom follows from the pins; who was never found is a stranger until the next pass.
            let pins = store.pins(&account.name).await?;
            let nobody = Employees::default();
            let directory = Directory::new(&**members, account, &nobody, &managed, pins, None);
            Reader::new(&directory, *timing, Phones::default()).list().await?
        }
    };
    let (seen, missing) = absences(&managed, &world);
    if missing >= DOUBT_FLOOR && missing * 2 >= seen {
        return Ok(Rebuilt::Doubtful { seen, missing });
    }
    let users: Vec<_> = world.users.into_values().collect();
    let ours = users.iter().filter(|user| managed.contains_key(&user.id)).count();
    store.save_snapshot(&account.name, &users, clock()).await?;
    Ok(Rebuilt::Saved {
        ours,
        foreign: users.len() - ours,
        missing,
    })
}

/// Users of ours that were seen before, and those of them that the world lacks.
fn absences(managed: &Managed, world: &World) -> (usize, usize) {
    let seen = managed.iter().filter(|(_, it)| it.observed.is_some());
    seen.fold((0, 0), |(seen, missing), (id, _)| {
        (seen + 1, missing + usize::from(!world.users.contains_key(id)))
    })
}
