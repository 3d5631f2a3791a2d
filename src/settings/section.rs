//! Reads the keys of one table of a configuration, each with its type, and notes what does not fit.
//!
//! A reader returns `None` both for an absent key and for an unfit value: in the second case the problem
//! is noted and the whole configuration is refused later, so the caller goes on with a default.

use std::collections::BTreeMap;
use std::time::Duration;

use config::{Value, ValueKind};

use super::problem::{Place, Report};
use super::secret::SecretRef;
use super::{duration, layers};
use crate::text::printable;

/// Longest piece of a value that a problem repeats.
const MAX_SHOWN_CHARS: usize = 40;

/// One table, with the key under which problems name it.
pub(super) struct Section<'a> {
    report: &'a Report,
    key: String,
    place: Place,
    entries: BTreeMap<&'a str, &'a Value>,
    known: &'static [&'static str],
}

impl<'a> Section<'a> {
    /// Opens a table and notes its unknown keys. An absent one is an empty one; what is no table is
    /// noted and read as an empty one.
    pub(super) fn open(
        report: &'a Report,
        key: impl Into<String>,
        value: Option<&'a Value>,
        known: &'static [&'static str],
    ) -> Section<'a> {
        let mut section = Section {
            report,
            key: key.into(),
            place: value.map(Place::of).unwrap_or_default(),
            entries: BTreeMap::new(),
            known,
        };
        match value.map(|it| &it.kind) {
            None => {}
            Some(ValueKind::Table(entries)) => {
                section.entries = entries.iter().map(|(key, value)| (key.as_str(), value)).collect();
                for name in section.entries.keys().filter(|name| !known.contains(*name)) {
                    section.problem(name, unknown("key", name, known.iter().copied()));
                }
            }
            Some(other) => report.add(
                section.place.clone(),
                &section.key,
                format!("expected a table, found {}", kind_name(other)),
            ),
        }
        section
    }

    /// Where problems are noted.
    pub(super) fn report(&self) -> &'a Report {
        self.report
    }

    /// Where the table stands.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether the key is there, with whatever value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The keys that are there.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.keys().copied()
    }

    /// The full key, or the variable that sets it.
    pub(super) fn key_of(&self, name: &str) -> String {
        match self.entries.get(name) {
            Some(value) if layers::is_environment(value) => layers::variable_name(&self.key, name),
            _ => format!("{}.{}", self.key, key_part(name)),
        }
    }

    /// Notes a problem of one key, at its place, or at the table's if it is absent.
    pub(super) fn problem(&self, name: &str, message: impl Into<String>) {
        self.report.add(self.place_of(name), self.key_of(name), message);
    }

    /// Where the key stands; if it is absent, where the table does.
    pub(super) fn place_of(&self, name: &str) -> Place {
        self.entries
            .get(name)
            .map_or_else(|| self.place.clone(), |it| Place::of(it))
    }

    /// Notes a mandatory key that is absent, saying what it is for.
    pub(super) fn need(&self, name: &str, purpose: &str) {
        if !self.has(name) {
            self.problem(name, format!("missing: {purpose}"));
        }
    }

    /// The value as it is.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        debug_assert!(
            self.known.is_empty() || self.known.contains(&name),
            "{name} is read but not declared"
        );
        self.entries.get(name).copied()
    }

    /// Text, an empty one too.
    pub(super) fn text_or_empty(&self, name: &str) -> Option<&'a str> {
        let value = self.value(name)?;
        if let ValueKind::String(text) = &value.kind {
            return Some(text);
        }
        self.expected(name, "text in quotes", value);
        None
    }

    /// Text that is not blank.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        let text = self.text_or_empty(name)?;
        if text.trim().is_empty() {
            self.problem(name, "is empty");
            return None;
        }
        Some(text)
    }

    /// Text that `parse` understands; what it says about others is noted.
    pub(super) fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match parse(self.text(name)?) {
            Ok(parsed) => Some(parsed),
            Err(message) => {
                self.problem(name, message);
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, name: &str, words: &[(&'static str, T)]) -> Option<T> {
        self.parsed(name, |text| parse_word(text, words))
    }

    /// `true` or `false`; from the environment as text.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        let value = self.value(name)?;
        match &value.kind {
            ValueKind::Boolean(flag) => return Some(*flag),
            ValueKind::String(text) if layers::is_environment(value) => match text.trim() {
                "true" | "1" => return Some(true),
                "false" | "0" => return Some(false),
                _ => {}
            },
            _ => {}
        }
        self.expected(name, "true or false", value);
        None
    }

    /// A whole number in the range; from the environment as text.
    pub(super) fn count(&self, name: &str, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(name)?;
        let count = match &value.kind {
            ValueKind::I64(number) => u64::try_from(*number).ok(),
            ValueKind::String(text) if layers::is_environment(value) => text.trim().parse().ok(),
            ValueKind::Float(_) => None,
            _ => {
                self.expected(name, "a whole number", value);
                return None;
            }
        };
        let count = count.filter(|count| range.contains(count));
        if count.is_none() {
            let (min, max) = (range.start(), range.end());
            self.problem(name, format!("expected a whole number from {min} to {max}"));
        }
        count
    }

    /// A duration such as `"30s"`.
    pub(super) fn duration(&self, name: &str) -> Option<Duration> {
        let value = self.value(name)?;
        if !matches!(value.kind, ValueKind::String(_)) {
            self.expected(name, "a duration as text, such as \"30s\"", value);
            return None;
        }
        self.parsed(name, duration::parse)
    }

    /// A duration that is more than nothing.
    pub(super) fn positive_duration(&self, name: &str) -> Option<Duration> {
        let duration = self.duration(name)?;
        if duration.is_zero() {
            self.problem(name, "must be more than 0s");
            return None;
        }
        Some(duration)
    }

    /// A list of texts, none blank; from the environment a TOML array, or one text alone.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let value = self.value(name)?;
        let parsed;
        let items = match &value.kind {
            ValueKind::Array(items) => items,
            ValueKind::String(text) if layers::is_environment(value) => {
                parsed = layers::environment_list(text);
                match &parsed {
                    Some(items) => items,
                    None => {
                        self.problem(name, "expected a list such as [\"a\", \"b\"]");
                        return None;
                    }
                }
            }
            _ => {
                self.expected(name, "a list of texts", value);
                return None;
            }
        };
        let texts: Option<Vec<String>> = items
            .iter()
            .map(|item| match &item.kind {
                ValueKind::String(text) if !text.trim().is_empty() => Some(text.clone()),
                _ => None,
            })
            .collect();
        if texts.is_none() {
            self.problem(name, "expected a list of texts, none of them empty");
        }
        texts
    }

    /// A reference to a secret. Nothing of an unfit value is repeated: it may be the secret itself.
    pub(super) fn secret(&self, name: &str) -> Option<SecretRef> {
        let value = self.value(name)?;
        let parsed = match &value.kind {
            ValueKind::String(text) => text.parse().map_err(|error| format!("{error}")),
            _ => Err(super::secret::NotAReference::Literal.to_string()),
        };
        match parsed {
            Ok(secret) => Some(secret),
            Err(message) => {
                self.problem(name, message);
                None
            }
        }
    }

    /// A table in this one, if it is there.
    pub(super) fn table(&self, name: &str, known: &'static [&'static str]) -> Option<Section<'a>> {
        let value = self.value(name)?;
        Some(Section::open(self.report, self.key_of(name), Some(value), known))
    }

    /// A list of tables in this one.
    pub(super) fn tables(&self, name: &str, known: &'static [&'static str]) -> Vec<Section<'a>> {
        let Some(value) = self.value(name) else {
            return Vec::new();
        };
        let ValueKind::Array(items) = &value.kind else {
            self.expected(name, "a list of tables", value);
            return Vec::new();
        };
        let key = self.key_of(name);
        let open =
            |(idx, item)| Section::open(self.report, format!("{key}[#{}]", idx + 1), Some(item), known);
        items.iter().enumerate().map(open).collect()
    }

    /// A table whose keys are the user's own words, each read by `read` from the opened table.
    pub(super) fn map<T>(
        &self,
        name: &str,
        read: impl Fn(&Section<'a>, &'a str) -> Option<T>,
    ) -> Option<BTreeMap<String, T>> {
        let value = self.value(name)?;
        let mut section = Section::open(self.report, self.key_of(name), None, &[]);
        section.place = Place::of(value);
        let ValueKind::Table(entries) = &value.kind else {
            self.expected(name, "a table", value);
            return None;
        };
        section.entries = entries.iter().map(|(key, value)| (key.as_str(), value)).collect();
        Some(
            section
                .names()
                .filter_map(|it| Some((it.to_owned(), read(&section, it)?)))
                .collect(),
        )
    }

    fn expected(&self, name: &str, what: &str, found: &Value) {
        self.problem(name, format!("expected {what}, found {}", kind_name(&found.kind)));
    }
}

/// The word's meaning, or what the words are.
pub(super) fn parse_word<T: Copy>(text: &str, words: &[(&'static str, T)]) -> Result<T, String> {
    if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*meaning);
    }
    let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let mut message = format!("{:?} is none of {}", shown(text), all.join(", "));
    if let Some(near) = nearest(text, all.into_iter()) {
        message.push_str(&format!("; did you mean {near:?}?"));
    }
    Err(message)
}

/// What to say about a name that nobody knows.
pub(super) fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> String {
    match nearest(name, known) {
        Some(near) => format!("unknown {what}; did you mean {:?}?", shown(near)),
        None => format!("unknown {what}"),
    }
}

/// The known name that a slip of the pen away from the given one, if any.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let name = name.to_lowercase();
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    known
        .map(|it| (strsim::osa_distance(&name, &it.to_lowercase()), it))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, it)| it)
}

/// A piece of a value that is no secret, fit to show.
pub(super) fn shown(text: &str) -> String {
    let text = printable(text);
    if text.chars().count() <= MAX_SHOWN_CHARS {
        return text;
    }
    text.chars().take(MAX_SHOWN_CHARS).chain(['…']).collect()
}

/// A key as it is written in TOML behind a point.
pub(super) fn key_part(name: &str) -> String {
    if is_bare(name) {
        name.to_owned()
    } else {
        format!("{:?}", shown(name))
    }
}

/// Whether TOML lets the key stand without quotes.
fn is_bare(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || it == '_' || it == '-')
}

fn kind_name(kind: &ValueKind) -> &'static str {
    match kind {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "true or false",
        ValueKind::I64(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_) => "a number",
        ValueKind::String(_) => "text",
        ValueKind::Table(_) => "a table",
        ValueKind::Array(_) => "a list",
    }
}
