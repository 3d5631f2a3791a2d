//! The parameters of a preset: what may be given, and what is taken.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use uuid::Uuid;

/// Longest text of an argument, in characters; far more than a name in any CRM has.
const MAX_CHARS: usize = 200;

/// Longest name of a table, column or schema that all databases take whole: PostgreSQL cuts a longer one
/// and goes on with what is left, which may be another table's name.
const MAX_IDENTIFIER_BYTES: usize = 63;

/// Something that the query of a preset leaves open.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// What kind of thing it is.
    pub kind: ParamKind,
    /// What it means, for whoever has to find it.
    pub about: String,
    /// What stands for it if it is not given; without, it has to be.
    pub default: Option<String>,
    /// Most bytes that a query adds to an identifier.
    #[serde(skip)]
    pub(super) longest_rest: usize,
}

/// A kind of parameter. The first one names something, the others are values.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamKind {
    /// The name, or the begin of the name, of a schema, table or column.
    Identifier,
    /// A whole number.
    Integer,
    /// Any text.
    Text,
    /// A UUID.
    Uuid,
}

/// What a parameter stands for. There is no way to one but [`Param::read`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Argument {
    /// Not empty, without control characters, and short enough for every name that is made of it.
    Identifier(String),
    Integer(i64),
    /// Without control characters.
    Text(String),
    Uuid(Uuid),
}

impl fmt::Display for Argument {
    /// The one way to write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Argument::Identifier(text) | Argument::Text(text) => f.write_str(text),
            Argument::Integer(number) => number.fmt(f),
            Argument::Uuid(uuid) => uuid.fmt(f),
        }
    }
}

/// Every parameter of one preset, each with what it stands for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Arguments(BTreeMap<String, Argument>);

impl Arguments {
    /// The arguments by the names of their parameters, in order; equal ones are written alike.
    pub fn iter(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|(name, it)| (name.as_str(), it.to_string()))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Argument> {
        self.0.get(name)
    }
}

/// What is wrong with one parameter that was given, or was not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ParamProblem {
    /// It has no default and was not given.
    Missing {
        /// Its name.
        name: String,
        /// What it means.
        about: String,
    },
    /// The preset has none of that name.
    Unknown {
        /// The name that was given.
        name: String,
    },
    /// What was given is not of its kind.
    Unfit {
        /// Its name.
        name: String,
        /// Why not.
        why: Unfit,
    },
}

/// Why a text is no argument of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// Neither a name nor a value may hold them.
    #[error("holds control characters")]
    ControlCharacters,
    /// A name without letters.
    #[error("is empty")]
    Empty,
    /// Of an identifier.
    #[error("is too long for a name in a database, which has {MAX_IDENTIFIER_BYTES} bytes at most")]
    LongName,
    /// Of a text.
    #[error("has more than {MAX_CHARS} characters")]
    LongText,
    /// Of an integer.
    #[error("expected a whole number")]
    NoInteger,
    /// Of a UUID.
    #[error("expected a UUID such as 20202020-1c25-4d02-bf25-6aeccf7ea419")]
    NoUuid,
}

impl Param {
    /// Reads an argument for this parameter.
    pub(super) fn read(&self, text: &str) -> Result<Argument, Unfit> {
        if text.chars().any(char::is_control) {
            return Err(Unfit::ControlCharacters);
        }
        match self.kind {
            ParamKind::Identifier if text.is_empty() => Err(Unfit::Empty),
            ParamKind::Identifier if text.len() + self.longest_rest > MAX_IDENTIFIER_BYTES => {
                Err(Unfit::LongName)
            }
            ParamKind::Identifier => Ok(Argument::Identifier(text.to_owned())),
            ParamKind::Integer => {
                let number = text.trim().parse().map_err(|_| Unfit::NoInteger)?;
                Ok(Argument::Integer(number))
            }
            ParamKind::Text if text.chars().count() > MAX_CHARS => Err(Unfit::LongText),
            ParamKind::Text => Ok(Argument::Text(text.to_owned())),
            ParamKind::Uuid => {
                let uuid = text.trim().parse().map_err(|_| Unfit::NoUuid)?;
                Ok(Argument::Uuid(uuid))
            }
        }
    }
}

/// What each parameter stands for.
pub(super) fn arguments(
    params: &BTreeMap<String, Param>,
    given: &BTreeMap<String, String>,
) -> Result<Arguments, Vec<ParamProblem>> {
    let mut problems: Vec<ParamProblem> = given
        .keys()
        .filter(|name| !params.contains_key(*name))
        .map(|name| ParamProblem::Unknown { name: name.clone() })
        .collect();
    let mut arguments = BTreeMap::new();
    for (name, param) in params {
        let name = name.clone();
        let Some(text) = given.get(&name).or(param.default.as_ref()) else {
            let about = param.about.clone();
            problems.push(ParamProblem::Missing { name, about });
            continue;
        };
        match param.read(text) {
            Ok(argument) => {
                arguments.insert(name, argument);
            }
            Err(why) => problems.push(ParamProblem::Unfit { name, why }),
        }
    }
    if problems.is_empty() {
        Ok(Arguments(arguments))
    } else {
        Err(problems)
    }
}
