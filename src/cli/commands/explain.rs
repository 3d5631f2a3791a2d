//! `explain`: one person, from the row in the CRM to what comes next.
//!
//! What is remembered comes from the store, which keeps no rows. With `--live` the CRM and the platform are read as
//! for a plan about this person, and nothing is sent.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::args::{ExplainArgs, Output};
use crate::cli::choose::choose_known;
use crate::cli::desk::{Desk, now};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::passes::{End, Job, Round};
use crate::cli::progress::Watch;
use crate::cli::render::explain::{Case, Live, document, text};
use crate::cli::render::{Show, json};
use crate::domain::employee::platform_id;
use crate::domain::user::UserId;
use crate::reconcile::Order;
use crate::settings::AccountSettings;
use crate::store::Store;
use crate::workplace::Workplace;

/// So many past changes and requests are told.
const MAX_PAST: usize = 10;

/// So many ids are guessed.
const MAX_GUESSES: usize = 3;

/// Runs the command.
pub(in crate::cli) async fn run(args: &ExplainArgs, desk: &Desk) -> Result<Exit, Failure> {
    let show = desk.show(args.answer.show_phones);
    let workplace = desk.workplace()?;
    let store = desk.store_read_only(&workplace).await?;
    let in_store = match &store {
        Some(store) => store.accounts().await?,
        None => Vec::new(),
    };
    choose_known(
        &workplace.settings,
        &in_store,
        std::slice::from_ref(&args.account),
    )?;
    let settings = workplace.settings.account(&args.account);
    let id = match settings {
        Some(settings) => platform_id(args.user.trim(), &workplace.rules(settings)?),
        None => UserId::new(args.user.trim()),
    };
    let (mut case, mut known) = match &store {
        Some(store) => remembered(&args.account, id, store).await?,
        None => (Case::of(&args.account, id), BTreeMap::new()),
    };
    case.is_retired = settings.is_none();
    let mut exit = Exit::Ok;
    if args.live {
        let Some(settings) = settings else {
            return Err(Failure::usage(format!(
                "account {:?} is not in the configuration any more, so nothing can be read for it now; leave out --live",
                args.account
            )));
        };
        let end = look(settings, &case.id, &workplace, store.as_ref(), desk).await?;
        exit = end.exit;
        known.extend(end.report.users.iter().map(|it| {
            let change = &it.settled.change;
            let user = change.new.as_ref().or(change.old.as_ref());
            let name = user.map(|it| it.name.to_string()).unwrap_or_default();
            (change.id.clone(), name)
        }));
        case.take(end, &show);
    }
    // Where something could not be read, nobody can say that there is no such person.
    if !case.is_known() && exit == Exit::Ok {
        return Err(unknown(args, &known, &show));
    }
    match args.answer.output {
        Output::Json => desk
            .console
            .print(&json::pretty(&document(&case, now(&workplace), &show))),
        Output::Text => desk.console.print(&text(&case, now(&workplace), &show)),
    }
    Ok(exit)
}

/// What the store knows of the person, and all ids that it knows with their names.
async fn remembered(
    account: &str,
    id: UserId,
    store: &Store,
) -> Result<(Case, BTreeMap<UserId, String>), Failure> {
    let mut managed = store.managed(account).await?;
    let foreign = store.foreign(account).await?;
    let findings = store.findings(account).await?;
    let open = store.open_outcomes(account).await?;
    let mut known: BTreeMap<UserId, String> = BTreeMap::new();
    known.extend(findings.iter().map(|it| (it.id.clone(), String::new())));
    known.extend(open.iter().map(|it| (it.user.clone(), String::new())));
    known.extend(managed.iter().map(|(id, it)| {
        let name = it.observed.as_ref().map(|it| it.name.to_string());
        (id.clone(), name.unwrap_or_default())
    }));
    known.extend(foreign.iter().map(|it| (it.id.clone(), it.name.to_string())));
    known.remove(&UserId::new(""));
    let mut holds = store.open_holds(account).await?;
    holds.retain(|it| it.hold.users.iter().any(|user| user.id == id));
    let case = Case {
        state: store.account(account).await?,
        managed: managed.remove(&id),
        foreign: foreign.into_iter().find(|it| it.id == id),
        findings: findings.into_iter().filter(|it| it.id == id).collect(),
        open: open.into_iter().filter(|it| it.user == id).collect(),
        holds,
        history: store.history_of(account, &id, MAX_PAST).await?,
        requests: store.requests_of(account, &id, MAX_PAST).await?,
        ..Case::of(account, id)
    };
    Ok((case, known))
}

/// Reads the CRM and the platform, and plans for this person.
async fn look(
    settings: &AccountSettings,
    id: &UserId,
    workplace: &Workplace,
    store: Option<&Store>,
    desk: &Desk,
) -> Result<End, Failure> {
    let order = Order {
        only: Some(BTreeSet::from([id.clone()])),
        verify: true,
        ..Order::default()
    };
    let watch = Watch::start(desk.console.is_watched, 1);
    let round = Round {
        workplace,
        store,
        watch: &watch,
    };
    let ends = round.preview(&[Job { settings, order }], false).await;
    let end = ends.into_iter().next();
    end.ok_or_else(|| Failure::unexpected("an account was not looked at"))
}

impl Case {
    /// Takes in what was read now; the findings of now take the place of those remembered.
    fn take(&mut self, end: End, show: &Show) {
        let report = end.report;
        if report.stop.is_none() {
            self.findings = report.findings;
            self.findings.retain(|it| it.id == self.id);
        }
        let mut planned = report.users;
        planned.retain(|it| it.settled.change.id == self.id);
        let mut holds = report.holds;
        holds.retain(|it| it.users.iter().any(|user| user.id == self.id));
        self.live = Some(Live {
            person: report.person.unwrap_or_default(),
            is_crm_read: report.rows.is_some(),
            planned,
            holds,
            error: report.stop.as_ref().map(|stop| json::Error {
                code: stop.code().to_owned(),
                message: show.text(&crate::text::chain(stop)),
            }),
        });
    }
}

/// Refuses an id that nobody bears, and guesses who may be meant: by a like id, or by the name.
fn unknown(args: &ExplainArgs, known: &BTreeMap<UserId, String>, show: &Show) -> Failure {
    let given = crate::text::printable(&args.user);
    let folded = args.user.trim().to_lowercase();
    let most = (folded.chars().count() / 3).clamp(1, 3);
    let mut guesses: Vec<(usize, &UserId, &String)> = known
        .iter()
        .filter_map(|(id, name)| {
            let distance = strsim::osa_distance(&folded, &id.as_str().to_lowercase());
            let is_named = !folded.is_empty() && name.to_lowercase().contains(&folded);
            (distance <= most || is_named).then_some((if is_named { 0 } else { distance }, id, name))
        })
        .collect();
    guesses.sort();
    let guesses: Vec<String> = guesses
        .into_iter()
        .take(MAX_GUESSES)
        .map(|(_, id, name)| match name.as_str() {
            "" => format!("{:?}", show.plain(id.as_str())),
            name => format!("{:?} ({})", show.plain(id.as_str()), show.plain(name)),
        })
        .collect();
    let hint = match guesses.is_empty() {
        true => String::new(),
        false => format!("; did you mean {}?", guesses.join(" or ")),
    };
    let account = crate::text::printable(&args.account);
    let advice = match args.live {
        true => "",
        false => "\nThis is what is remembered; --live asks the CRM and the platform, too",
    };
    Failure::usage(format!(
        "nobody is known as {given:?} in {account:?}{hint}{advice}"
    ))
}
