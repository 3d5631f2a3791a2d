//! From files and environment to one tree of values.
//!
//! `config` lays the files over each other, key by key, and the environment over the files. Two things
//! it can't do are done here: it would *replace* a list by the list of a later file, so the accounts of
//! all files are taken out first and joined; and it stops at the first broken file, so the files are
//! parsed here, each with all its errors.
//!
//! `[sources.NAME]` is a table: a later file may change single keys of a source that an earlier one
//! declares (another `url` on a test machine), and adds sources of other names.

use std::path::{Path, PathBuf};

use config::{Config, ConfigError, Map, Source, Value, ValueKind};
use toml::de::{DeTable, DeValue};

use super::problem::{Place, Report};
use super::secret::Environment;
use super::section::unknown;

/// The first words of every variable that is a setting.
const VARIABLE_PREFIX: &str = "WAZZUP_SYNC";

/// What `config` gives as origin of a value from the environment.
const ENVIRONMENT_ORIGIN: &str = "the environment";

/// The sections of the process: these alone may come from the environment too, since accounts and
/// sources are lists, and lists in variables can't be read by anybody.
const PROCESS_SECTIONS: [&str; 4] = ["store", "daemon", "http", "notify"];

/// Everything that may stand at the top of a file.
pub(super) const TOP_KEYS: &[&str] = &["store", "daemon", "http", "notify", "sources", "accounts"];

/// All layers, one over the other.
pub(super) struct Tree {
    /// The values of all sections but the accounts.
    pub(super) sections: Map<String, Value>,
    /// The accounts of all files, in order.
    pub(super) accounts: Vec<Value>,
}

/// Reads the files in order and lays the environment over them; notes what can't be read.
pub(super) fn read(files: &[PathBuf], environment: &Environment, report: &Report) -> Tree {
    let mut builder = Config::builder();
    let mut accounts = Vec::new();
    for path in files {
        if let Some(layer) = read_file(path, report) {
            accounts.extend(layer.accounts);
            builder = builder.add_source(FileLayer(layer.sections));
        }
    }
    let variables = config::Environment::with_prefix(VARIABLE_PREFIX)
        .prefix_separator("__")
        .separator("__")
        .source(Some(process_variables(environment, report)));
    let sections = match builder.add_source(variables).build().map(|it| it.cache.kind) {
        Ok(ValueKind::Table(sections)) => sections,
        Ok(_) => Map::new(),
        Err(error) => {
            report.add(Place::default(), "", error.to_string());
            Map::new()
        }
    };
    Tree { sections, accounts }
}

/// The parsed sections of one file, as a layer for `config`.
#[derive(Clone, Debug)]
struct FileLayer(Map<String, Value>);

impl Source for FileLayer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

fn read_file(path: &Path, report: &Report) -> Option<Tree> {
    let in_file = |line| Place {
        file: Some(path.to_owned()),
        line,
    };
    let text = match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => {
            report.set_partial();
            report.add(in_file(None), "", "is not UTF-8 text");
            return None;
        }
        Err(error) => {
            report.set_partial();
            report.add(in_file(None), "", format!("can't be read: {error}"));
            return None;
        }
    };
    let lines = Lines::new(&text);
    let (table, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        report.set_partial();
        for error in errors {
            // Only the message: the error's own display repeats the line, and with it a secret.
            let (line, column) = lines.position(error.span().map_or(0, |it| it.start));
            let message = format!("column {column}: {}", error.message());
            report.add(in_file(Some(line)), "", message);
        }
        return None;
    }
    let origin = |offset| in_file(Some(lines.position(offset).0)).to_origin();
    let mut sections = convert_table(table.into_inner(), &origin);
    let accounts = match sections.remove("accounts").map(|it| (Place::of(&it), it.kind)) {
        None => Vec::new(),
        Some((_, ValueKind::Array(accounts))) => accounts,
        Some((place, _)) => {
            report.add(
                place,
                "accounts",
                "expected a list of tables, each headed [[accounts]]",
            );
            Vec::new()
        }
    };
    sections.retain(|name, value| {
        let is_known = TOP_KEYS.contains(&name.as_str());
        if !is_known {
            let message = unknown("section", name, TOP_KEYS.iter().copied());
            report.add(Place::of(value), crate::text::printable(name), message);
        }
        is_known
    });
    Some(Tree { sections, accounts })
}

/// Finds lines and columns of byte offsets.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Lines<'t> {
        let after_breaks = text.match_indices('\n').map(|(idx, _)| idx + 1);
        Lines {
            text,
            starts: std::iter::once(0).chain(after_breaks).collect(),
        }
    }

    /// Line and column, both from 1.
    fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts[line - 1];
        let column = self.text.get(start..offset).map_or(0, |it| it.chars().count()) + 1;
        (line, column)
    }
}

fn convert_table(table: DeTable<'_>, origin: &impl Fn(usize) -> Option<String>) -> Map<String, Value> {
    table
        .into_iter()
        .map(|(key, value)| {
            // A table is where its header is, a value where its key is.
            let offset = key.span().start;
            let value = convert(value.into_inner(), offset, origin);
            (key.into_inner().into_owned(), value)
        })
        .collect()
}

fn convert(value: DeValue<'_>, offset: usize, origin: &impl Fn(usize) -> Option<String>) -> Value {
    let kind = match value {
        DeValue::String(text) => ValueKind::String(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => ValueKind::I64(number),
            // Out of every range that a setting has; the reader of the key says which one.
            Err(_) => ValueKind::Float(f64::INFINITY),
        },
        DeValue::Float(number) => ValueKind::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => ValueKind::Boolean(flag),
        DeValue::Datetime(time) => ValueKind::String(time.to_string()),
        DeValue::Array(items) => ValueKind::Array(
            items
                .into_iter()
                .map(|item| {
                    let offset = item.span().start;
                    convert(item.into_inner(), offset, origin)
                })
                .collect(),
        ),
        DeValue::Table(table) => ValueKind::Table(convert_table(table, origin)),
    };
    Value::new(origin(offset).as_ref(), kind)
}

/// The variables that are settings; notes those that look like one and can't be.
fn process_variables(environment: &Environment, report: &Report) -> Map<String, String> {
    let prefix = format!("{VARIABLE_PREFIX}__");
    let mut settings = Map::new();
    for (variable, value) in environment.variables() {
        let Some(rest) = variable.strip_prefix(&prefix) else {
            continue;
        };
        let parts: Vec<&str> = rest.split("__").collect();
        let is_plain = |part: &&str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_')
        };
        let message = match parts.as_slice() {
            [section, _] if PROCESS_SECTIONS.contains(&section.to_lowercase().as_str()) => {
                if parts.iter().all(is_plain) {
                    settings.insert(variable.clone(), value.clone());
                    continue;
                }
                "expected WAZZUP_SYNC__SECTION__KEY in capital letters"
            }
            [_, _] => "only the sections store, daemon, http and notify can be set by a variable",
            _ => "expected WAZZUP_SYNC__SECTION__KEY, with one section and one key",
        };
        report.add(Place::default(), crate::text::printable(variable), message);
    }
    settings
}

/// Whether the value came from the environment, where everything is text.
pub(super) fn is_environment(value: &Value) -> bool {
    value.origin() == Some(ENVIRONMENT_ORIGIN)
}

/// The variable that sets the key of a section.
pub(super) fn variable_name(section: &str, name: &str) -> String {
    format!("{VARIABLE_PREFIX}__{section}__{name}").to_uppercase()
}

/// A list from one variable: a TOML array, or a text that is the only item; an empty text is no item.
pub(super) fn environment_list(text: &str) -> Option<Vec<Value>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Vec::new());
    }
    if !text.starts_with('[') {
        return Some(vec![Value::new(None, text)]);
    }
    match DeValue::parse(text).ok()?.into_inner() {
        value @ DeValue::Array(_) => convert(value, 0, &|_| None).into_array().ok(),
        _ => None,
    }
}
