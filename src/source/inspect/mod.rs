//! A look at a database of which nothing is known yet: what tables it has, and which CRM they belong to.
//!
//! Every question has the form of a query for employees, its columns called by the names of theirs. So it goes
//! the way of every read: one connection code, one read-only transaction with its limits, one way to tell a
//! failure without a password in it. What a column means in an answer is said at each question, and only there.
//!
//! [`recognise`] finds the presets whose tables are there; [`guess`] looks among the tables of an unknown CRM for
//! one that may hold employees, and writes a query to begin with.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::{Database, OptionsError, SourceError, SourceOptions, open};
use crate::domain::table::{Column, CompleteRead, Row};

pub mod guess;
pub mod recognise;
mod sql;

/// For one question: as long as a read may take by default.
const PATIENCE: Duration = Duration::from_secs(60);

/// Most columns of all tables; the largest CRMs have some tens of thousands.
const MAX_COLUMNS: usize = 1_000_000;

/// Most answers to a question for values. More would not be looked through by anybody.
const MAX_CHOICES: usize = 200;

/// A database that is looked at.
#[derive(Clone, Debug)]
pub struct Inspector {
    name: String,
    url: SecretString,
    password: Option<SecretString>,
    database: Database,
}

/// The tables and views of a database.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Catalogue {
    /// In the order of their names.
    pub tables: Vec<Table>,
}

/// A table or view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// The schema, where the database has schemas.
    pub schema: Option<String>,
    /// The name.
    pub name: String,
    /// Whether the name alone leads to it.
    pub is_plain: bool,
    /// In the order of the table.
    pub columns: Vec<Field>,
}

/// A column of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The type in the words of the database, in lower case.
    pub kind: String,
    /// Whether the user may read it.
    pub is_readable: bool,
}

impl Table {
    /// The name as people write it: with the schema if it needs one.
    pub fn shown(&self) -> String {
        match &self.schema {
            Some(schema) if !self.is_plain => format!("{schema}.{}", self.name),
            _ => self.name.clone(),
        }
    }

    /// The column of that name, in any letter case.
    pub fn column(&self, name: &str) -> Option<&Field> {
        self.columns.iter().find(|it| it.name.eq_ignore_ascii_case(name))
    }
}

/// Something that can be chosen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Choice {
    /// What stands for it.
    pub value: String,
    /// What people call it.
    pub name: String,
}

impl Inspector {
    /// The database at an address; failures tell of a source of that name. Connects to nothing yet.
    ///
    /// # Errors
    /// If the address can't be read.
    pub fn new(
        name: &str,
        url: SecretString,
        password: Option<SecretString>,
    ) -> Result<Inspector, OptionsError> {
        let inspector = Inspector {
            name: name.to_owned(),
            database: Database::of_url(url.expose_secret()).unwrap_or(Database::Sqlite),
            url,
            password,
        };
        // An address of no known kind is refused here.
        open(inspector.options(String::new(), 1))?;
        Ok(inspector)
    }

    /// What kind of database it is.
    pub fn database(&self) -> Database {
        self.database
    }

    /// The rows of a query for employees.
    ///
    /// # Errors
    /// As of every read.
    pub async fn read(&self, query: &str, max_rows: usize) -> Result<CompleteRead, SourceError> {
        let source = open(self.options(query.to_owned(), max_rows))
            .map_err(|OptionsError { source_name, cause }| SourceError::Unusable { source_name, cause })?;
        source.read().await
    }

    /// All tables and views, those of the database itself left out.
    ///
    /// # Errors
    /// As of every read.
    pub async fn catalogue(&self) -> Result<Catalogue, SourceError> {
        let mut answer = Err(SourceError::Unusable {
            source_name: self.name.clone(),
            cause: "has no list of its tables".to_owned(),
        });
        for question in sql::catalogue(self.database) {
            answer = self.read(question, MAX_COLUMNS).await;
            // A view that lost its table spoils the first list of SQLite.
            if !matches!(answer, Err(SourceError::Unusable { .. })) {
                break;
            }
        }
        Ok(Catalogue::of(&answer?))
    }

    /// What a question for values yields, in the order of its rows.
    ///
    /// # Errors
    /// As of every read.
    pub async fn choices(&self, question: &str) -> Result<Vec<Choice>, SourceError> {
        let read = self.read(question, MAX_CHOICES).await?;
        let cell = |row: &Row, column| row.get(column).unwrap_or_default().to_owned();
        let choices = read.rows().iter().map(|row| Choice {
            value: cell(row, Column::Id),
            name: cell(row, Column::Name),
        });
        Ok(choices.collect())
    }

    /// How many rows a table has; what is more than `limit` is not counted.
    ///
    /// # Errors
    /// As of every read.
    pub async fn count(&self, table: &Table, limit: usize) -> Result<usize, SourceError> {
        let found = self.choices(&sql::count(table, limit, self.database)).await?;
        Ok(found.first().and_then(|it| it.name.parse().ok()).unwrap_or(0))
    }

    /// The values of a column and how often each comes, the most frequent ones first; `None` stands for NULL.
    /// Not more than `limit`.
    ///
    /// # Errors
    /// As of every read.
    pub async fn values(
        &self,
        table: &Table,
        column: &str,
        limit: usize,
    ) -> Result<Vec<(Option<String>, usize)>, SourceError> {
        let read = self
            .read(&sql::values(table, column, limit, self.database), limit)
            .await?;
        let mut values: Vec<(Option<String>, usize)> = read
            .rows()
            .iter()
            .map(|row| {
                let times = row.get(Column::Name).and_then(|it| it.parse().ok());
                (row.get(Column::Id).map(str::to_owned), times.unwrap_or(0))
            })
            .collect();
        values.sort_by(|(one, n), (other, m)| m.cmp(n).then_with(|| one.cmp(other)));
        Ok(values)
    }

    fn options(&self, query: String, max_rows: usize) -> SourceOptions {
        SourceOptions {
            name: self.name.clone(),
            url: self.url.clone(),
            password: self.password.clone(),
            query,
            read_timeout: PATIENCE,
            max_rows,
            expected: Vec::new(),
        }
    }
}

impl Catalogue {
    /// The tables in the answer to [`sql::catalogue`].
    fn of(read: &CompleteRead) -> Catalogue {
        let mut rows: Vec<(Option<&str>, &str, i64, &Row)> = read
            .rows()
            .iter()
            .filter_map(|row| {
                let place = row.get(sql::PLACE).and_then(|it| it.parse().ok()).unwrap_or(0);
                Some((row.get(sql::SCHEMA), row.get(sql::TABLE)?, place, row))
            })
            .collect();
        rows.sort_by_key(|(schema, table, place, _)| (*schema, *table, *place));
        let is_yes = |row: &Row, column| !matches!(row.get(column), Some("0" | "false"));
        let mut tables: Vec<Table> = Vec::new();
        for (schema, name, _, row) in rows {
            let is_same = |it: &Table| it.schema.as_deref() == schema && it.name == name;
            if !tables.last().is_some_and(is_same) {
                tables.push(Table {
                    schema: schema.map(str::to_owned),
                    name: name.to_owned(),
                    is_plain: is_yes(row, sql::IS_PLAIN),
                    columns: Vec::new(),
                });
            }
            let (Some(table), Some(column)) = (tables.last_mut(), row.get(sql::COLUMN)) else {
                continue;
            };
            table.columns.push(Field {
                name: column.to_owned(),
                kind: row.get(sql::TYPE).unwrap_or_default().to_lowercase(),
                is_readable: is_yes(row, sql::IS_READABLE),
            });
        }
        Catalogue { tables }
    }
}
