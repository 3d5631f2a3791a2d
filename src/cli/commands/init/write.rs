//! The file: one template with the safe choices made, and a place where nothing was before.
//!
//! The text is read by the program's own settings before it gets its name, so that no file is left behind that
//! the next command would refuse.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf, absolute};

use secrecy::{ExposeSecret as _, SecretString};
use tempfile::NamedTempFile;

use super::choose::Read;
use crate::cli::desk::quoted;
use crate::cli::failure::Failure;
use crate::settings::{Environment, SecretRef, Settings, TargetKind};
use crate::source::preset::{Leavers, ParamKind, Preset};
use crate::text::printable;

/// Where the file will be.
pub(super) struct Place {
    /// As given.
    pub(super) given: PathBuf,
    /// From the root.
    path: PathBuf,
}

impl Place {
    /// The place, if nothing is there.
    pub(super) fn new(given: &Path) -> Result<Place, Failure> {
        let path = absolute(given)
            .map_err(|error| Failure::usage(format!("--out: {} can't be found: {error}", given.display())))?;
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => return Err(is_there(given)),
        }
        let place = Place {
            given: given.to_owned(),
            path,
        };
        if place.folder().is_dir() {
            Ok(place)
        } else {
            Err(Failure::usage(format!(
                "--out: there is no folder {}",
                place.folder().display()
            )))
        }
    }

    /// The folder of the file.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}

fn is_there(path: &Path) -> Failure {
    Failure::usage(format!(
        "{} is there already and is not overwritten; choose another name by --out",
        path.display()
    ))
}

/// Everything that the file says.
pub(super) struct Draft<'a> {
    pub(super) command: String,
    pub(super) folder: &'a Path,
    pub(super) url: &'a str,
    pub(super) password: Option<&'a SecretRef>,
    pub(super) read: &'a Read,
    pub(super) default_region: Option<&'a str>,
    pub(super) account: &'a str,
    pub(super) platform: &'a Target,
}

/// The platform, and where its credential is.
pub(super) struct Target {
    pub(super) kind: TargetKind,
    pub(super) token: SecretRef,
    /// Of Meta: the business and the WhatsApp account.
    pub(super) numbers: Option<(String, String)>,
}

impl Draft<'_> {
    /// The text of the file.
    pub(super) fn text(&self) -> String {
        let Draft {
            command,
            folder,
            url,
            password,
            read,
            default_region,
            account,
            platform,
        } = self;
        let store = folder.join("state.db");
        let password = match password {
            Some(reference) => format!("password = {}\n", text(&reference.to_string())),
            None => String::new(),
        };
        let region = match default_region {
            Some(region) => format!("default_region = {}", text(region)),
            None => "# default_region = \"LV\"".to_owned(),
        };
        format!(
            "\
# wazzup-sync for {crm}. Written by \"wazzup-sync init\"; it is yours now.
#
#   {command} check       does everything answer? Only reads
#   {command} plan        what would be changed? Only reads
#   {command} reconcile   change it
#
# Secrets never stand here, only where they are: env:NAME (a variable), file:PATH (a file that others can't read) or
# cred:NAME (a credential of systemd). All other settings and their defaults: config/example.toml.

[store]
# What the program remembers between runs. Keep it: without it, nobody knows which users are ours.
url = {store}

[sources.crm]
url = {url}
{password}{read}
# Region of phone numbers that have no country code.
{region}

[[accounts]]
# What the account is called in reports.
name = {account}
source = \"crm\"
{removal}
{target}",
            crm = crm_of(read),
            store = text(&format!("sqlite:{}", store.display())),
            url = text(url),
            read = read_of(read),
            account = text(account),
            removal = removal(platform.kind, read.leavers()),
            target = target(platform),
        )
    }
}

fn crm_of(read: &Read) -> String {
    match read {
        Read::Preset { preset, .. } => preset.crm.clone(),
        Read::Table { candidate, .. } => format!("the table {}", printable(&candidate.table.shown())),
    }
}

/// What is asked of the database.
fn read_of(read: &Read) -> String {
    match read {
        Read::Preset { preset, params } => {
            let params = params_of(preset, params);
            let name = text(&preset.name);
            format!(
                "# The query for this CRM is built in: config/presets/{}.toml says whom it takes for an employee. To change\n\
                 # it, copy it to `query` in the place of `preset`.\n\
                 preset = {name}\n{params}",
                preset.name
            )
        }
        Read::Table { sketch, .. } => {
            let query = &sketch.query;
            // A literal text, so that it reads as it runs, unless it holds what would end that.
            let is_plain = !query.contains("'''") && query.chars().all(|it| it == '\n' || !it.is_control());
            let query = if is_plain {
                format!("'''\n{query}\n'''")
            } else {
                text(query)
            };
            format!(
                "# Written by the names of columns alone: look at each line. Columns: id and name (both needed), phone, phone2,\n\
                 # phone3, phone_region, email, active, role. A column that is not there is not managed.\n\
                 query = {query}\n"
            )
        }
    }
}

/// The parameters of a preset: those to write down, and what the others stand for.
fn params_of(preset: &Preset, params: &std::collections::BTreeMap<String, String>) -> String {
    let mut lines = String::new();
    let mut pairs = Vec::new();
    for (name, param) in &preset.params {
        let default = match (params.get(name), &param.default) {
            (None, Some(default)) => format!(" [{}]", if default.is_empty() { "none" } else { default }),
            _ => String::new(),
        };
        lines.push_str(&format!("# {name}: {}{default}\n", param.about));
        if let Some(value) = params.get(name) {
            let number = value.trim().parse::<i64>().ok();
            let value = match number.filter(|_| param.kind == ParamKind::Integer) {
                Some(number) => number.to_string(),
                None => text(value),
            };
            pairs.push(format!("{name} = {value}"));
        }
    }
    if pairs.is_empty() {
        return lines;
    }
    format!("{lines}params = {{ {} }}\n", pairs.join(", "))
}

fn removal(kind: TargetKind, leavers: Leavers) -> String {
    let (word, what) = match kind {
        TargetKind::WazzupV2 | TargetKind::WazzupV3 => ("delete", "are deleted on the platform"),
        TargetKind::Wuts => ("deactivate", "are deactivated on the platform"),
        TargetKind::Meta => ("unassign", "lose their tasks on the platform"),
    };
    let mut lines = format!(
        "# People who leave {what}. \"keep\" leaves them as they are, and reports them.\n\
         removal = \"{word}\"\n\
         # But nobody without a person's word: each removal waits, is listed by \"holds\", and is approved or rejected\n\
         # there. When the first ones were right, take this line away: then up to 10% in a plan pass by themselves.\n\
         max_removals = 0\n"
    );
    match leavers {
        Leavers::Stay => lines.push_str("# Rows of leavers stay in this CRM and say so: nothing has to be waited for.\n"),
        Leavers::Vanish | Leavers::Both => lines.push_str(
            "# Leavers may vanish from the table, and so would everybody whose row is gone for a moment. Somebody has to\n\
             # be gone so long. When the CRM is known never to rewrite its table: \"0s\".\n\
             removal_after = \"15m\"\n",
        ),
    }
    lines
}

fn target(platform: &Target) -> String {
    let Target { kind, token, numbers } = platform;
    let mut lines = format!(
        "[accounts.target]\n# wazzup-v2, wazzup-v3, wuts or meta.\nkind = \"{}\"\ntoken = {}\n",
        kind.word(),
        text(&token.to_string())
    );
    let create_users =
        "# People without a user there get one; if not, they are reported.\ncreate_users = false\n";
    match kind {
        TargetKind::WazzupV2 | TargetKind::WazzupV3 => {}
        TargetKind::Wuts => lines.push_str(create_users),
        TargetKind::Meta => {
            lines.push_str(create_users);
            if let Some((business, waba)) = numbers {
                lines.push_str(&format!(
                    "business_id = {}\nwaba_id = {}\n",
                    text(business),
                    text(waba)
                ));
            }
            lines.push_str(
                "\n# Role in the CRM = tasks; \"*\" is all others.\n[accounts.tasks]\n\"*\" = [\"DEVELOP\"]\n",
            );
        }
    }
    lines
}

/// A text as TOML writes it.
fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The file without its name yet, and what it says.
pub(super) struct Prepared {
    file: NamedTempFile,
    pub(super) settings: Settings,
}

/// Puts the text beside its place and reads it as every command will.
pub(super) fn prepare(place: &Place, text: &str, environment: &Environment) -> Result<Prepared, Failure> {
    let unwritable =
        |error: io::Error| Failure::usage(format!("{} can't be written: {error}", place.given.display()));
    let mut file = tempfile::Builder::new()
        .prefix(".wazzup-sync-init-")
        .suffix(".toml")
        .tempfile_in(place.folder())
        .map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    let files = [file.path().to_owned()];
    let settings = Settings::load(&files, environment)?;
    Ok(Prepared { file, settings })
}

impl Prepared {
    /// Gives the file its name, unless something got it meanwhile.
    pub(super) fn keep(self, place: &Place) -> Result<(), Failure> {
        self.file.persist_noclobber(&place.path).map_err(|error| {
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                is_there(&place.given)
            } else {
                Failure::usage(format!(
                    "{} can't be written: {}",
                    place.given.display(),
                    error.error
                ))
            }
        })?;
        Ok(())
    }
}

/// Writes a secret into a new file that only its owner can read.
pub(super) fn keep_secret(reference: &SecretRef, secret: &SecretString) -> Result<(), Failure> {
    let SecretRef::File(path) = reference else {
        return Ok(());
    };
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(format!("{}\n", secret.expose_secret()).as_bytes()));
    written.map_err(|error| Failure::usage(format!("{} can't be written: {error}", path.display())))
}

/// The commands that come next, each with what it does.
pub(super) fn next_steps(
    command: &str,
    secrets: &[&SecretRef],
    environment: &Environment,
) -> Vec<Vec<String>> {
    let mut steps = Vec::new();
    for reference in secrets {
        if reference.resolve(environment).is_ok() {
            continue;
        }
        let step = match reference {
            SecretRef::File(path) if !path.exists() => [
                format!("(umask 077; cat > {})", quoted(&path.display().to_string())),
                "paste the secret, then Enter and Ctrl-D".to_owned(),
            ],
            SecretRef::Env(name) => [format!("export {name}=…"), "the secret".to_owned()],
            SecretRef::File(_) | SecretRef::Cred(_) => {
                [format!("# {reference}"), "has to lead to the secret".to_owned()]
            }
        };
        steps.push(step.to_vec());
    }
    for (word, does) in [
        ("check", "does everything answer? Only reads"),
        ("plan", "what would be changed, request by request; only reads"),
    ] {
        steps.push(vec![format!("{command} {word}"), does.to_owned()]);
    }
    steps
}

#[cfg(test)]
mod tests;
