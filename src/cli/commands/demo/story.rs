//! The story: six chapters, each with something that happens in the CRM, the command, and the check that it
//! came out as told.

use super::company::{Becomes, Company, Shown};
use super::people::person;
use super::stage::{Excerpt, Stage};
use crate::cli::render::table::aligned;

/// Chapters of this story.
pub(super) const N_CHAPTERS: usize = 6;

/// Tells all of it.
///
/// # Errors
/// If something comes out otherwise than told.
pub(super) async fn tell(stage: &mut Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    the_plan(stage, company).await?;
    stage.pause().await?;
    the_first_sync(stage, company).await?;
    stage.pause().await?;
    a_day(stage, company).await?;
    stage.pause().await?;
    a_mass_departure(stage, company).await?;
    stage.pause().await?;
    bad_rows(stage, company).await?;
    stage.pause().await?;
    nothing_to_do(stage, company).await
}

async fn the_plan(stage: &mut Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(1, "What there is, and what would be done");
    let (rows, n_rows) = company.table(4).await?;
    stage.say(&format!(
        "A made-up company has {n_rows} employees in its CRM's database, with phones as people type them. Its account \
         on the platform, a simulator on this machine, has one user, made by hand. Nothing here leaves this machine."
    ));
    let heading = ["id", "name", "phone", "country", "active"].map(str::to_owned);
    let cells =
        |(id, name, phone, country, active): Shown| vec![id.to_string(), name, phone, country, active];
    let rows = std::iter::once(heading.to_vec()).chain(rows.into_iter().map(cells));
    stage.show(&aligned(rows, 2));
    stage.show("`plan` says what would be done, down to the requests, and sends nothing:\n");
    let excerpt = Excerpt::FirstAndFrom(4, "request 1");
    stage.run(&["plan"], 0, excerpt).await?;
    anyhow::ensure!(
        company.take_counts().writes() == 0,
        "a plan wrote to the platform"
    );
    Ok(())
}

async fn the_first_sync(stage: &mut Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(2, "The first sync");
    stage.say("`reconcile` does it. `applied` means: read back from the platform, not assumed.");
    let excerpt = Excerpt::FirstAndFrom(6, "not ours");
    stage.run(&["reconcile"], 0, excerpt).await?;
    company.inspect()?;
    let counts = company.take_counts();
    let shown = format!(
        "The platform shows all {} employees as they are in the CRM, after {} write and {} reads.",
        company.n_employees(),
        counts.writes(),
        counts.reads
    );
    stage.confirm(&[&shown, "The user made by hand is not ours: it is left alone."]);
    Ok(())
}

async fn a_day(stage: &mut Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(3, "A day's changes, and two who swap their phones");
    let (one, other, leaver, bride, new) = (person(1), person(9), person(12), person(17), person(41));
    let married = "Kristīne Vītola";
    company.swap_phones(one.id, other.id).await?;
    company.dismiss(leaver.id).await?;
    company.rename(bride.id, married).await?;
    company.hire(&new).await?;
    stage.say(&format!(
        "In the CRM, {} (1) and {} (9) swap their phones, {} (12) leaves, {} (17) is now {married}, and {} (41) is \
         hired. The platform never lets two users have the same number, so one of the two is parked first: she \
         gives her number away, the other one takes it, and then she takes the one that is free now.",
        one.name, other.name, leaver.name, bride.name, new.name
    ));
    let said = stage.run(&["reconcile"], 0, Excerpt::Whole).await?;
    anyhow::ensure!(said.contains("parked"), "nobody was parked for the swap");
    company.inspect()?;
    stage.confirm(&["The platform shows just that, and nobody else was touched."]);
    company.take_counts();
    Ok(())
}

async fn a_mass_departure(stage: &mut Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(4, "A filter breaks, and nearly everybody seems to have left");
    company.break_view().await?;
    let (_, n_rows) = company.table(0).await?;
    stage.say(&format!(
        "Somebody changes a view in the CRM, and it has only {n_rows} employees left. So many removals are never done \
         unasked: they are held until a person decides, and everything else would go on."
    ));
    let excerpt = Excerpt::FirstAndFrom(2, "Held: removals");
    stage.run(&["reconcile"], 4, excerpt).await?;
    anyhow::ensure!(company.take_counts().writes() == 0, "a held removal was sent");
    company.inspect()?;
    stage.confirm(&["Nobody was removed. The view is mended, and nothing is left to decide:"]);
    company.mend_view().await?;
    stage.run(&["reconcile"], 0, Excerpt::Whole).await?;
    company.inspect()?;
    company.take_counts();
    Ok(())
}

async fn bad_rows(stage: &mut Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(5, "Bad rows");
    let (unsure, first) = (person(7), person(3));
    let mut nameless = person(42);
    nameless.name.clear();
    let mut second = person(43);
    second.phone.clone_from(&first.phone);
    let good = person(44);
    company.type_in(&nameless, Becomes::Nothing).await?;
    company.type_in(&second, Becomes::UserWithoutPhone).await?;
    company.type_in(&good, Becomes::User).await?;
    company.doubt(unsure.id).await?;
    stage.say(&format!(
        "Three are hired: number 42 got no name, {} (43) got the phone of {} (3), and {} (44) is in order. And for {} \
         (7) somebody typed `maybe` as active. A bad row stops only itself: that user stays as it is, the others go on, \
         and the CRM's owner learns what to mend.",
        second.name, first.name, good.name, unsure.name
    ));
    stage.run(&["reconcile"], 0, Excerpt::Whole).await?;
    company.inspect()?;
    stage
        .confirm(&["The new ones are on the platform, one of them without a phone for now; 7 is as before."]);
    company.take_counts();
    Ok(())
}

async fn nothing_to_do(stage: &mut Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(6, "The rows are mended, and then there is nothing to do");
    let mended = [person(42), person(43)];
    for person in &mended {
        company.mend(person).await?;
    }
    company.believe(7).await?;
    stage.say("Somebody mends the three rows, and the next run does what was left:");
    stage.run(&["reconcile"], 0, Excerpt::Whole).await?;
    company.inspect()?;
    company.take_counts();
    stage.show("From now on, as long as nothing changes, all it takes is one read of the table:\n");
    stage.run(&["reconcile"], 0, Excerpt::Whole).await?;
    company.inspect()?;
    let requests = company.take_counts().requests;
    anyhow::ensure!(requests == 0, "{requests} requests were made for nothing");
    stage.confirm(&["The platform got 0 requests."]);
    Ok(())
}
