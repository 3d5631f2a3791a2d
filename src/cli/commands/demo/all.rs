//! Every platform, once: one table for four accounts.

use super::fleet::Fleet;
use super::stage::{Excerpt, Stage};
use super::story;

/// Chapters of this part.
pub(super) const N_CHAPTERS: usize = 2;

/// Tells the part.
///
/// # Errors
/// If something comes out otherwise than told.
pub(super) async fn tell(stage: &mut Stage<'_>, fleet: &Fleet) -> anyhow::Result<()> {
    let n_before = story::N_CHAPTERS;
    stage.chapter(n_before + 1, "Four platforms, one table");
    stage.say(
        "Another company has four employees, and an account on each platform. Wazzup v2 and v3 know people by the \
         employee's id, WUTS by e-mail, Meta as system users by name. WUTS and Meta give them what their role in the \
         CRM says. All four accounts read the same table:",
    );
    stage.run(&["reconcile"], 0, Excerpt::Whole).await?;
    fleet.inspect().await?;
    stage.confirm(&["Each platform shows the four, with the rights of their roles."]);
    stage.pause().await?;

    stage.chapter(n_before + 2, "A day on four platforms");
    fleet.day().await?;
    stage.say(
        "Pēteris Liepa (2) is promoted, Aigerim Nurlan (3) leaves, Nino Beridze (5) is hired. Who leaves is deleted \
         on Wazzup, deactivated on WUTS, and loses the assignment on Meta, as each account's `removal` says.",
    );
    stage.run(&["reconcile"], 0, Excerpt::Whole).await?;
    fleet.inspect().await?;
    fleet.take_counts();
    stage.show("And again, with nothing to do:\n");
    stage.run(&["reconcile"], 0, Excerpt::Whole).await?;
    let requests = fleet.take_counts().requests;
    anyhow::ensure!(requests == 0, "{requests} requests were made for nothing");
    stage.confirm(&["No platform got a request."]);
    Ok(())
}
