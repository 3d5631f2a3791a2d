//! Presets: what to ask the databases of known CRMs.
//!
//! A preset is data, one file of `config/presets/` each, built into the program: a query for each kind of
//! database, its parameters, what a leaver looks like, and the tables by which the CRM is recognised. This
//! module reads such a file, checks it, and makes the query of it; what a CRM means by a user is said in
//! the file alone, where whoever runs the CRM can read it, copy the query and change it.
//!
//! Parameters become part of the text of the query (see `render` for how that is safe): PostgreSQL's rows
//! are read in the form of the protocol that gives all values as text, and that form has no parameters. So
//! a source knows nothing of presets, and the query that runs can be shown.

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::params::{Arguments, Param, ParamKind, ParamProblem, Unfit};
use super::Database;

mod params;
mod render;

/// Lists the files, each under its name.
macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../config/presets/", $name, ".toml")))),*]
    };
}

/// The built-in presets, by name.
const BUILT_IN: &[(&str, &str)] = built_in![
    "bitrix24",
    "chatwoot",
    "dolibarr",
    "erpnext",
    "espocrm",
    "frappe-crm",
    "krayin",
    "odoo",
    "odoo-without-hr",
    "suitecrm",
    "twenty",
    "vtiger",
    "zammad",
];

/// What becomes of the row of somebody who leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leavers {
    /// It stays, and is no longer active.
    Stay,
    /// It is gone.
    Vanish,
    /// It stays when the CRM's owner deactivates them, and is gone when they are deleted.
    Both,
}

/// A query for a known CRM, with what it leaves open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preset {
    /// Name in the configuration.
    pub name: String,
    /// Name of the CRM, and its versions.
    pub crm: String,
    /// What becomes of the rows of leavers.
    pub leavers: Leavers,
    /// What the query leaves open, by name.
    pub params: BTreeMap<String, Param>,
    /// Tables, each with columns, that only this CRM has. A name may hold a parameter.
    pub recognise: BTreeMap<String, Vec<String>>,
    /// Every parameter is used in every query.
    queries: BTreeMap<Database, String>,
}

/// A preset as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    crm: String,
    leavers: Leavers,
    #[serde(default)]
    params: BTreeMap<String, Param>,
    recognise: BTreeMap<String, Vec<String>>,
    queries: BTreeMap<Database, String>,
}

/// What is wrong with the file of a preset.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPreset(String);

/// The CRM does not run on this kind of database, as far as the preset knows.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{crm} is read from {}, and the address is one of {}", names(.has), .asked.name())]
pub struct WrongDatabase {
    crm: String,
    has: Vec<Database>,
    asked: Database,
}

fn names(databases: &[Database]) -> String {
    let names: Vec<&str> = databases.iter().map(|it| it.name()).collect();
    names.join(" or ")
}

impl Preset {
    /// The names of all built-in presets, in order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The built-in preset of that name.
    pub fn built_in(name: &str) -> Option<Preset> {
        let (name, text) = BUILT_IN.iter().find(|(it, _)| *it == name)?;
        Some(Preset::parse(name, text).expect("a test reads every built-in preset"))
    }

    /// Reads the text of a preset's file.
    ///
    /// # Errors
    /// If it is no TOML or lacks something, or its queries and parameters do not fit each other.
    pub fn parse(name: &str, text: &str) -> Result<Preset, InvalidPreset> {
        let file: File = toml::from_str(text).map_err(|err| InvalidPreset(err.to_string()))?;
        let File {
            crm,
            leavers,
            mut params,
            recognise,
            queries,
        } = file;
        for query in queries.values() {
            render::check(query, &mut params).map_err(InvalidPreset)?;
        }
        for (name, param) in &params {
            if let Some(Err(unfit)) = param.default.as_deref().map(|it| param.read(it)) {
                return Err(InvalidPreset(format!("the default of {name}: {unfit}")));
            }
        }
        Ok(Preset {
            name: name.to_owned(),
            crm,
            leavers,
            params,
            recognise,
            queries,
        })
    }

    /// The queries as the file has them, one for each kind of database.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        self.queries.values().map(String::as_str)
    }

    /// The kinds of database that the preset has a query for.
    pub fn databases(&self) -> impl Iterator<Item = Database> {
        self.queries.keys().copied()
    }

    /// Whether the preset has a query for a kind of database.
    ///
    /// # Errors
    /// If it has none.
    pub fn fits(&self, database: Database) -> Result<(), WrongDatabase> {
        self.template(database).map(|_| ())
    }

    /// Takes the parameters that were given, and the defaults of the others.
    ///
    /// # Errors
    /// All parameters that are missing, unknown or unfit.
    pub fn arguments(&self, given: &BTreeMap<String, String>) -> Result<Arguments, Vec<ParamProblem>> {
        params::arguments(&self.params, given)
    }

    /// The query for a kind of database, as the database gets it. The arguments are those of this preset.
    ///
    /// # Errors
    /// If there is none for this kind.
    pub fn query(&self, database: Database, arguments: &Arguments) -> Result<String, WrongDatabase> {
        let query = self.template(database)?;
        Ok(render::render(query, database, arguments))
    }

    /// The query as the file has it, its parameters left open.
    ///
    /// # Errors
    /// If there is none for this kind of database.
    pub fn template(&self, database: Database) -> Result<&str, WrongDatabase> {
        let query = self.queries.get(&database).map(String::as_str);
        query.ok_or_else(|| WrongDatabase {
            crm: self.crm.clone(),
            has: self.databases().collect(),
            asked: database,
        })
    }
}

#[cfg(test)]
mod tests;
