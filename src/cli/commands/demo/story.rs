//! The story: six chapters, each with a thing that happens in the CRM, the command, and the check that it
//! came out as told.

use super::company::{Company, Place, Shown};
use super::people::person;
use super::stage::{Excerpt, Stage};
use crate::cli::render::table::aligned;

const N_CHAPTERS: usize = 6;

/// Answers that fit as they are.
const WHOLE: Excerpt = Excerpt {
    first: usize::MAX,
    last: 0,
};

/// Tells all of it.
///
/// # Errors
/// If something comes out otherwise than told.
pub(super) async fn tell(stage: &Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    the_plan(stage, company).await?;
    stage.pause().await;
    the_first_sync(stage, company).await?;
    stage.pause().await;
    a_day(stage, company).await?;
    stage.pause().await;
    a_mass_departure(stage, company).await?;
    stage.pause().await;
    bad_rows(stage, company).await?;
    stage.pause().await;
    nothing_to_do(stage, company).await
}

async fn the_plan(stage: &Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(1, N_CHAPTERS, "What there is, and what would be done");
    let (rows, n_rows) = company.table(5).await?;
    stage.say(&format!(
        "A company has {n_rows} employees in the database of its CRM, with phones as people type them. Its account on\n\
         the platform, here a simulator on this machine, has one user that somebody made by hand.\n"
    ));
    let cells = |(id, name, phone, country, active): Shown| vec![id.to_string(), name, phone, country, active];
    let heading = ["id", "name", "phone", "country", "active"].map(str::to_owned);
    let rows = std::iter::once(heading.to_vec()).chain(rows.into_iter().map(cells));
    stage.say(&aligned(rows, 2));
    stage.say("`plan` says what would be done, down to the requests, and sends nothing. Phones are masked.");
    let excerpt = Excerpt { first: 4, last: 3 };
    stage.run(company, &["plan"], 0, excerpt).await?;
    anyhow::ensure!(company.take_counts().writes() == 0, "a plan wrote to the platform");
    Ok(())
}

async fn the_first_sync(stage: &Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(2, N_CHAPTERS, "The first sync");
    stage.say("`reconcile` does it. What counts as applied was read back from the platform, not assumed.");
    let excerpt = Excerpt { first: 6, last: 3 };
    stage.run(company, &["reconcile"], 0, excerpt).await?;
    let counts = company.take_counts();
    company.inspect()?;
    let (n_users, reads, writes) = (company.n_users(), counts.reads, counts.writes());
    stage.say("");
    stage.confirm(&format!(
        "The platform shows {n_users} users, each as in the CRM, after {writes} write and {reads} reads."
    ));
    stage.confirm("The user made by hand is not ours: it was left alone, and will be.");
    Ok(())
}

async fn a_day(stage: &Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(3, N_CHAPTERS, "A day's changes, with two who swap their phones");
    let (one, other, leaver, bride, new) = (person(1), person(9), person(12), person(17), person(41));
    company.swap_phones(one.id, other.id).await?;
    company.dismiss(leaver.id).await?;
    let married = "Kristīne Vītola";
    company.rename(bride.id, married).await?;
    company.hire(&new).await?;
    stage.say(&format!(
        "In the CRM, {} (1) and {} (9) swap their phones, {} (12) leaves,\n{} (17) becomes {married}, and {} (41) is hired.\n\n\
         No platform lets two users have one number, not even for a moment. So one of the two is parked first:\n\
         it gives its number away, the other takes it, and then the first one takes what is free now.",
        one.name, other.name, leaver.name, bride.name, new.name
    ));
    let said = stage.run(company, &["reconcile"], 0, WHOLE).await?;
    anyhow::ensure!(said.contains("parked"), "nobody was parked for the swap");
    company.inspect()?;
    stage.say("");
    stage.confirm("The platform shows just that, and at no time two users had one number.");
    company.take_counts();
    Ok(())
}

async fn a_mass_departure(stage: &Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(4, N_CHAPTERS, "A filter breaks, and 35 people seem to have left");
    company.break_view().await?;
    let (_, n_rows) = company.table(0).await?;
    stage.say(&format!(
        "Somebody changes a view in the CRM, and only {n_rows} employees are left in it. So many removals are not done\n\
         unasked: they are held, all else goes on, and a person decides."
    ));
    stage.run(company, &["reconcile"], 4, Excerpt { first: 2, last: 7 }).await?;
    let counts = company.take_counts();
    anyhow::ensure!(counts.writes() == 0, "a held removal was sent");
    company.inspect()?;
    stage.say("");
    stage.confirm("Nobody was removed. Now the view is mended, so there is nothing left to decide:");
    company.mend_view().await?;
    stage.run(company, &["reconcile"], 0, WHOLE).await?;
    company.inspect()?;
    company.take_counts();
    Ok(())
}

async fn bad_rows(stage: &Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(5, N_CHAPTERS, "Bad rows");
    let (unsure, shared) = (person(7), person(3));
    let mut nameless = person(42);
    nameless.name = String::new();
    let mut twin = person(43);
    twin.phone.clone_from(&shared.phone);
    let good = person(44);
    company.type_in(&nameless, Place::Nowhere).await?;
    company.type_in(&twin, Place::WithoutPhone).await?;
    company.hire(&good).await?;
    company.doubt(unsure.id).await?;
    stage.say(&format!(
        "Three are hired: 42 has no name yet, {} (43) got the number of {} (3), and\n{} (44) is as it should be. \
         And somebody typed `maybe` where it says whether {} (7) is active.\n\n\
         A bad row stops only itself: its user stays as it is, and the CRM's owner is told what to mend.",
        twin.name, shared.name, good.name, unsure.name
    ));
    stage.run(company, &["reconcile"], 0, WHOLE).await?;
    company.inspect()?;
    stage.say("");
    stage.confirm("The good row is on the platform; nothing else was touched.");
    company.take_counts();
    Ok(())
}

async fn nothing_to_do(stage: &Stage<'_>, company: &mut Company) -> anyhow::Result<()> {
    stage.chapter(6, N_CHAPTERS, "Nothing to do");
    stage.say(
        "Most of the time nothing has changed. Then one read of the table is all: the platform is not asked.\n\
         What is to be mended in the CRM is still told, until it is mended.",
    );
    stage.run(company, &["reconcile"], 0, WHOLE).await?;
    let requests = company.take_counts().requests;
    anyhow::ensure!(requests == 0, "{requests} requests were made for nothing");
    company.inspect()?;
    stage.say("");
    stage.confirm("0 requests.");
    Ok(())
}
