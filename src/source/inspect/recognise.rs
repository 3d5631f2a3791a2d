//! Which of the known CRMs a database belongs to, by the tables that its preset names.

use std::collections::{BTreeMap, BTreeSet};

use super::{Catalogue, Table};
use crate::source::Database;
use crate::source::preset::Preset;

/// A known CRM whose tables are all there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recognised {
    /// What to ask it.
    pub preset: Preset,
    /// Parameters as the names of the tables have them; several where the tables are there several times.
    pub named: Vec<BTreeMap<String, String>>,
}

/// The known CRMs whose tables are all there; first the one of which the most is there.
pub fn recognise(catalogue: &Catalogue, database: Database) -> Vec<Recognised> {
    let mut recognised: Vec<Recognised> = Preset::names()
        .filter_map(Preset::built_in)
        .filter(|preset| preset.fits(database).is_ok())
        .filter_map(|preset| {
            let named = named(&preset, catalogue);
            (!named.is_empty()).then_some(Recognised { preset, named })
        })
        .collect();
    let weight = |it: &Recognised| {
        let n_columns: usize = it.preset.recognise.values().map(Vec::len).sum();
        std::cmp::Reverse((it.preset.recognise.len(), n_columns))
    };
    recognised.sort_by_key(weight);
    recognised
}

/// All ways in which the tables of a preset are there.
fn named(preset: &Preset, catalogue: &Catalogue) -> Vec<BTreeMap<String, String>> {
    let mut ways: BTreeSet<BTreeMap<String, String>> = BTreeSet::from([BTreeMap::new()]);
    for (pattern, columns) in &preset.recognise {
        let tables = catalogue
            .tables
            .iter()
            .filter(|table| columns.iter().all(|it| table.column(it).is_some()));
        let found: Vec<Vec<(String, String)>> = tables
            .filter_map(|table| bindings(pattern, table))
            .filter(|bindings| {
                bindings
                    .iter()
                    .all(|(name, text)| is_argument(preset, name, text))
            })
            .collect();
        ways = ways
            .iter()
            .flat_map(|way| found.iter().filter_map(|bindings| joined(way, bindings)))
            .collect();
    }
    ways.into_iter().collect()
}

fn is_argument(preset: &Preset, name: &str, text: &str) -> bool {
    preset.params.get(name).is_some_and(|it| it.fits(text).is_ok())
}

/// The way with these parameters too, if it has no others for them.
fn joined(way: &BTreeMap<String, String>, bindings: &[(String, String)]) -> Option<BTreeMap<String, String>> {
    let mut way = way.clone();
    for (name, text) in bindings {
        let known = way.entry(name.clone()).or_insert_with(|| text.clone());
        if known != text {
            return None;
        }
    }
    Some(way)
}

/// The parameters that the name of a table gives, if the table is one of the pattern: `users`, `{prefix}users`
/// or `{schema}.users`.
fn bindings(pattern: &str, table: &Table) -> Option<Vec<(String, String)>> {
    let Some((param, rest)) = pattern.strip_prefix('{').and_then(|it| it.split_once('}')) else {
        return (table.is_plain && table.name.eq_ignore_ascii_case(pattern)).then(Vec::new);
    };
    let value = match rest.strip_prefix('.') {
        Some(name) => table
            .name
            .eq_ignore_ascii_case(name)
            .then(|| table.schema.clone())??,
        None => {
            let len = table.name.len().checked_sub(rest.len())?;
            let end = table.name.get(len..)?;
            (table.is_plain && end.eq_ignore_ascii_case(rest)).then(|| table.name[..len].to_owned())?
        }
    };
    Some(vec![(param.to_owned(), value)])
}

#[cfg(test)]
mod tests {
    use super::super::Field;
    use super::*;

    fn table(schema: Option<&str>, name: &str, columns: &[&str]) -> Table {
        Table {
            schema: schema.map(str::to_owned),
            name: name.to_owned(),
            is_plain: schema.is_none_or(|it| it == "public"),
            columns: columns
                .iter()
                .map(|it| Field {
                    name: (*it).to_owned(),
                    kind: "text".to_owned(),
                    is_readable: true,
                })
                .collect(),
        }
    }

    /// The tables of a preset, with `word` for each parameter in their names.
    fn tables_of(preset: &Preset, word: &str) -> Vec<Table> {
        let one = |(pattern, columns): (&String, &Vec<String>)| {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            match pattern.split_once('}') {
                Some((_, rest)) => match rest.strip_prefix('.') {
                    Some(name) => table(Some(word), name, &columns),
                    None => table(Some("public"), &format!("{word}{rest}"), &columns),
                },
                None => table(Some("public"), pattern, &columns),
            }
        };
        preset.recognise.iter().map(one).collect()
    }

    #[test]
    fn every_preset_is_recognised_by_its_own_tables() {
        for name in Preset::names() {
            let preset = Preset::built_in(name).unwrap();
            let catalogue = Catalogue {
                tables: tables_of(&preset, "own_"),
            };
            for database in preset.databases() {
                let found = recognise(&catalogue, database);
                assert_eq!(found.first().map(|it| it.preset.name.as_str()), Some(name));
                let given = &found[0].named[..];
                assert_eq!(given.len(), 1);
                assert!(given[0].values().all(|it| it == "own_"), "{given:?}");
            }
        }
    }

    #[test]
    fn a_missing_table_column_or_query_is_another_crm() {
        let preset = Preset::built_in("suitecrm").unwrap();
        let tables = tables_of(&preset, "");
        let names = |tables: &[Table], database| {
            let tables = tables.to_vec();
            recognise(&Catalogue { tables }, database).len()
        };
        assert_eq!(names(&tables, Database::MySql), 1);
        assert_eq!(names(&tables[1..], Database::MySql), 0);
        assert_eq!(names(&tables, Database::Postgres), 0);
        let mut short = tables.clone();
        short[0].columns.pop();
        assert_eq!(names(&short, Database::MySql), 0);
    }

    #[test]
    fn tables_that_are_there_twice_are_two_ways_and_never_mixed() {
        let preset = Preset::built_in("dolibarr").unwrap();
        let mut tables = tables_of(&preset, "llx_");
        tables.extend(tables_of(&preset, "old_"));
        // A third company, of which half is missing.
        tables.extend(tables_of(&preset, "new_").into_iter().take(1));
        let found = recognise(&Catalogue { tables }, Database::MySql);
        let prefixes: Vec<&str> = found[0]
            .named
            .iter()
            .map(|it| it["table_prefix"].as_str())
            .collect();
        assert_eq!(prefixes, ["llx_", "old_"]);
    }
}
