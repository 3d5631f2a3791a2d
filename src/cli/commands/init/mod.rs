//! `init`: from the address of a CRM's database to a configuration. Reads only, and writes one new file (and
//! another one for a password that was typed).
//!
//! What it shows comes from the file that it is about to write, by the rules of every pass. So what it shows is
//! what `plan` will begin with.

mod address;
mod ask;
mod choose;
mod sample;
mod write;

use std::path::Path;

use self::address::Address;
use self::ask::Asker;
use self::choose::{Chooser, Read};
use self::write::{Draft, Place, Prepared, Target};
use crate::cli::args::InitArgs;
use crate::cli::desk::{Desk, quoted};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::render::table::aligned;
use crate::cli::render::wrap;
use crate::domain::employee::Rules;
use crate::settings::{Settings, SourceRead, TargetKind, region};
use crate::source::SourceError;
use crate::source::inspect::Inspector;
use crate::workplace::{Workplace, system_clock};

/// The kinds of platform, each with whom it is for.
const KINDS: [(TargetKind, &str); 4] = [
    (TargetKind::WazzupV2, "Wazzup, API for tech partners"),
    (TargetKind::WazzupV3, "Wazzup, API for companies"),
    (TargetKind::Wuts, "WUTS"),
    (TargetKind::Meta, "WhatsApp Business of Meta"),
];

/// Runs the command; `is_asked` if somebody sits at the terminal.
pub(in crate::cli) async fn run(args: &InitArgs, desk: &Desk, is_asked: bool) -> Result<Exit, Failure> {
    if desk.names_config() {
        return Err(Failure::usage(
            "init reads no configuration; --out names the one that it writes",
        ));
    }
    let place = Place::new(&args.out)?;
    let mut asker = is_asked.then(Asker::at_terminal);
    let environment = desk.environment();
    let address = address::read(args, environment, &place, asker.as_mut())?;
    let inspector = Inspector::new("crm", address.url.clone(), address.password.clone())
        .map_err(|error| Failure::usage(format!("--source: {}", error.cause)))?;
    let show = desk.show(args.show_phones);
    let read = Chooser {
        args,
        inspector: &inspector,
        console: &desk.console,
        show: &show,
        asker: asker.as_mut(),
    };
    let mut read = read;
    let read = read
        .choose()
        .await
        .map_err(|failure| advised(failure, &address))?;
    let default_region = default_region(args, asker.as_mut())?;
    let platform = platform(args, &place, asker.as_mut())?;
    let command = format!("wazzup-sync --config {}", quoted(&args.out.display().to_string()));
    let draft = Draft {
        command: command.clone(),
        folder: place.folder(),
        url: &address.written,
        password: address.password_ref.as_ref(),
        read: &read,
        default_region: default_region.as_deref(),
        account: &args.account,
        platform: &platform,
    };
    let prepared = write::prepare(&place, &draft.text(), environment)?;
    let (rules, query) = what_is_asked(&prepared, desk, &inspector)?;
    let exit = match inspector.read(&query.0, query.1).await {
        Ok(rows) => {
            desk.console.print(&sample::sample(rows, rules, &show));
            Exit::Ok
        }
        // A query that was only guessed is to be mended in the file; one that is built in is right, and something
        // else is missing.
        Err(error @ SourceError::Unusable { .. }) if matches!(read, Read::Table { .. }) => {
            let why = format!("error: {error}; mend the query in {}\n", args.out.display());
            desk.console.note(&show.text(&why));
            desk.console.note("\n");
            Exit::SourceData
        }
        Err(error) => return Err(Failure::source(&error, &advice_for(&error, &read))),
    };
    if let (true, Some(reference), Some(password)) =
        (address.is_to_keep, &address.password_ref, &address.password)
    {
        write::keep_secret(reference, password)?;
    }
    prepared.keep(&place)?;
    tell_next(desk, args.out.as_path(), &command, &address, &platform);
    Ok(exit)
}

/// What may help against a failure of the connection.
fn advised(failure: Failure, address: &Address) -> Failure {
    if failure.exit != Exit::Unavailable || address.has_password {
        return failure;
    }
    Failure {
        message: format!(
            "{}\nif the database wants a password, say where it is: --password-ref file:PATH (or env:NAME, cred:NAME)",
            failure.message
        ),
        ..failure
    }
}

/// What may be missing where the query of a preset can't be used.
fn advice_for(error: &SourceError, read: &Read) -> String {
    match (error, read) {
        (SourceError::Unusable { .. }, Read::Preset { preset, .. }) => {
            let params: Vec<String> = preset
                .params
                .iter()
                .map(|(name, param)| format!("--param {name}=…: {}", param.about))
                .collect();
            let params = params.join("; ");
            let mut advice = format!(
                "nothing was written: the query of the preset {} does not run here. Give the user the right to SELECT \
                 what it names, or take another preset by --preset",
                preset.name
            );
            if !params.is_empty() {
                advice.push_str(&format!(". Its parameters: {params}"));
            }
            wrap(&advice, 2).trim_end().to_owned()
        }
        _ => String::new(),
    }
}

/// The rules and the query of the only account.
fn what_is_asked(
    prepared: &Prepared,
    desk: &Desk,
    inspector: &Inspector,
) -> Result<(Rules, (String, usize)), Failure> {
    let settings: Settings = prepared.settings.clone();
    let workplace = Workplace::new(settings, desk.environment().clone(), system_clock());
    let missing = || Failure::unexpected("the configuration that was made has no account");
    let account = workplace.settings.accounts.first().ok_or_else(missing)?;
    let source = workplace.settings.source_of(account).ok_or_else(missing)?;
    let query = match &source.read {
        SourceRead::Query(query) => query.clone(),
        SourceRead::Preset { preset, arguments } => preset
            .query(inspector.database(), arguments)
            .map_err(|wrong| Failure::usage(format!("--preset: {wrong}")))?,
    };
    let max_rows = usize::try_from(source.max_rows).unwrap_or(usize::MAX);
    Ok((workplace.rules(account)?, (query, max_rows)))
}

fn default_region(args: &InitArgs, asker: Option<&mut Asker<'_>>) -> Result<Option<String>, Failure> {
    match (&args.default_region, asker) {
        (Some(text), _) => match region(text) {
            Ok(region) => Ok(Some(region)),
            Err(why) => Err(Failure::usage(format!("--default-region: {why}"))),
        },
        (None, Some(asker)) => asker.ask(
            "Region of phone numbers without a country code, such as LV (Enter for none)",
            None,
            |answer| match answer {
                "" => Ok(None),
                answer => region(answer).map(Some),
            },
        ),
        (None, None) => Ok(None),
    }
}

fn platform(args: &InitArgs, place: &Place, mut asker: Option<&mut Asker<'_>>) -> Result<Target, Failure> {
    let kind = match (&args.kind, &mut asker) {
        (Some(word), _) => KINDS
            .iter()
            .position(|(kind, _)| kind.word() == word)
            .unwrap_or(0),
        (None, Some(asker)) => {
            let kinds = KINDS.map(|(kind, about)| (kind.word().to_owned(), about.to_owned()));
            asker.choose("Which platform?", &kinds)?
        }
        (None, None) => 0,
    };
    let (kind, _) = KINDS[kind];
    let default = format!("file:{}", place.folder().join("token").display());
    let token = match (&args.token_ref, &mut asker) {
        (Some(text), _) => address::reference("--token-ref", text)?,
        (None, Some(asker)) => asker.ask(
            "Where is its token (env:NAME, file:PATH or cred:NAME)?",
            Some(&default),
            |it| it.parse().map(address::whole).map_err(|why| format!("{why}")),
        )?,
        (None, None) => address::reference("--token-ref", &default)?,
    };
    let mut number = |flag: &str, given: &Option<String>, question: &str| match (given, &mut asker) {
        (Some(number), _) if is_number(number) => Ok(number.clone()),
        (Some(_), _) => Err(Failure::usage(format!("{flag}: expected digits"))),
        (None, Some(asker)) => asker.ask(question, None, |answer| {
            is_number(answer)
                .then(|| answer.to_owned())
                .ok_or_else(|| "digits are wanted".to_owned())
        }),
        (None, None) => Err(Failure::usage(format!("--kind meta needs {flag}"))),
    };
    let numbers = if kind == TargetKind::Meta {
        let business = number("--business-id", &args.business_id, "Number of the business")?;
        let waba = number(
            "--waba-id",
            &args.waba_id,
            "Number of the WhatsApp Business account",
        )?;
        Some((business, waba))
    } else {
        None
    };
    Ok(Target { kind, token, numbers })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

fn tell_next(desk: &Desk, out: &Path, command: &str, address: &Address, platform: &Target) {
    let secrets: Vec<_> = address.password_ref.iter().chain([&platform.token]).collect();
    let steps = write::next_steps(command, &secrets, desk.environment());
    desk.console
        .print(&format!("\n{} is written. Next:\n", out.display()));
    desk.console.print(&aligned(steps, 2));
}
