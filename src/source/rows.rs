//! From the result of a query to rows of text: which columns it may have, what a field may hold, how many
//! rows there may be. Knows no database; each one hands over its cells as text.

use std::borrow::Cow;

use sqlx::{Column as _, Statement};

use super::MAX_FIELD_BYTES;
use crate::domain::table::{Column, Columns, CompleteRead, Reading, Row};

/// Longest part of an id that an error shows; enough to find the row.
const SHOWN_ID_CHARS: usize = 64;

/// Which column stands at which place of the result.
pub(super) struct Layout {
    columns: Columns,
    places: Vec<Column>,
}

impl Layout {
    /// The layout of a result with columns of these names.
    ///
    /// # Errors
    /// If a name is unknown or comes twice, or a needed column is missing.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, expected: &[Column]) -> Result<Layout, String> {
        let mut columns = Columns::default();
        let mut places = Vec::new();
        for name in names {
            let column = Column::from_name(name).ok_or_else(|| {
                format!(
                    "the query yields the unknown column `{name}`; allowed are {}",
                    allowed_names()
                )
            })?;
            if !columns.insert(column) {
                return Err(format!("the query yields the column `{}` twice", column.name()));
            }
            places.push(column);
        }
        if places.is_empty() {
            return Err(
                "the query yields no columns; it has to be a SELECT with at least id and name".to_owned(),
            );
        }
        let needed = [Column::Id, Column::Name];
        match needed.iter().chain(expected).find(|it| !columns.contains(**it)) {
            Some(missing) => Err(format!(
                "the query does not yield the column `{}`, which is needed",
                missing.name()
            )),
            None => Ok(Layout { columns, places }),
        }
    }

    /// The layout of what a prepared statement yields.
    ///
    /// # Errors
    /// As [`Layout::new`], and if the statement has parameters.
    pub fn of_statement(statement: &impl Statement, expected: &[Column]) -> Result<Layout, String> {
        let layout = Layout::new(statement.columns().iter().map(|it| it.name()), expected)?;
        match statement.parameters() {
            Some(parameters) if parameters.either(<[_]>::len, |n| n) > 0 => {
                Err("the query has parameters, which nobody fills".to_owned())
            }
            _ => Ok(layout),
        }
    }

    /// The columns in the order of the result.
    pub fn places(&self) -> &[Column] {
        &self.places
    }
}

fn allowed_names() -> String {
    Column::ALL.map(Column::name).join(", ")
}

/// What one cell holds: text or NULL; or why it has no text.
pub(super) type Cell<'r> = Result<Option<Cow<'r, str>>, Cow<'static, str>>;

/// Bytes as text.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Cow<'static, str>> {
    std::str::from_utf8(bytes).map_err(|_| Cow::from("holds bytes that are not UTF-8 text"))
}

/// A read of too many rows goes on for so many times the allowed number, to tell how many there are.
const COUNTED_TIMES: usize = 10;

/// The rows of a read under way.
pub(super) struct Collector<'a> {
    layout: &'a Layout,
    max_rows: usize,
    /// All rows so far; those beyond `max_rows` are counted only.
    n_rows: usize,
    reading: Reading,
}

impl<'a> Collector<'a> {
    pub fn new(layout: &'a Layout, max_rows: usize) -> Collector<'a> {
        Collector {
            layout,
            max_rows,
            n_rows: 0,
            reading: Reading::new(layout.columns),
        }
    }

    /// Takes the next row: `cell` yields what stands at a place of the result.
    ///
    /// # Errors
    /// If this is by far a row too many, it has another number of cells than the query has columns, or a
    /// cell can't be used.
    pub fn push<'r>(&mut self, n_cells: usize, cell: impl Fn(usize) -> Cell<'r>) -> Result<(), String> {
        let Collector {
            layout,
            max_rows,
            n_rows,
            reading,
        } = self;
        *n_rows += 1;
        if *n_rows > *max_rows {
            let last = max_rows.saturating_mul(COUNTED_TIMES);
            return match *n_rows {
                n if n > last => Err(too_many(*max_rows, &format!("more than {last}"))),
                _ => Ok(()),
            };
        }
        if n_cells != layout.places.len() {
            return Err(format!(
                "a row has {n_cells} cells, but the query has {} columns",
                layout.places.len()
            ));
        }
        let mut cells: [Option<Cow<'r, str>>; Column::ALL.len()] = Default::default();
        for (place, column) in layout.places.iter().enumerate() {
            cells[*column as usize] = cell(place).and_then(within_limit).map_err(|oddity| {
                let row = layout.describe_row(&cell);
                format!("the column `{}` of {row} {oddity}", column.name())
            })?;
        }
        reading.push(Row::new(cells.each_ref().map(|it| it.as_deref())));
        Ok(())
    }

    /// Declares the read complete: the last row has come, and the transaction was closed.
    ///
    /// # Errors
    /// If there were too many rows.
    pub fn finish(self) -> Result<CompleteRead, String> {
        if self.n_rows > self.max_rows {
            return Err(too_many(self.max_rows, &self.n_rows.to_string()));
        }
        Ok(self.reading.finish())
    }
}

fn too_many(max_rows: usize, there_are: &str) -> String {
    format!("the query yields more than {max_rows} rows (max_rows): there are {there_are}")
}

impl Layout {
    /// How an error names a row: by its id, if that one can be read.
    fn describe_row<'r>(&self, cell: &impl Fn(usize) -> Cell<'r>) -> String {
        let id = self
            .places
            .iter()
            .position(|it| *it == Column::Id)
            .and_then(|place| cell(place).ok().flatten());
        match id {
            Some(id) => {
                let shown: String = id.chars().take(SHOWN_ID_CHARS).collect();
                format!("the row with the id \"{shown}\"")
            }
            None => "a row without a readable id".to_owned(),
        }
    }
}

fn within_limit(text: Option<Cow<'_, str>>) -> Cell<'_> {
    match &text {
        Some(it) if it.len() > MAX_FIELD_BYTES => Err(Cow::from(format!(
            "holds {} bytes; a field may hold {MAX_FIELD_BYTES}",
            it.len()
        ))),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(names: &[&str], expected: &[Column]) -> Result<Vec<Column>, String> {
        Layout::new(names.iter().copied(), expected).map(|it| it.places)
    }

    fn cells<'r>(texts: &'r [&'r str]) -> impl Fn(usize) -> Cell<'r> {
        |place| Ok(Some(Cow::from(texts[place])))
    }

    #[test]
    fn columns_are_known_in_any_letter_case_and_order() {
        assert_eq!(layout(&["NAME", "Id"], &[]), Ok(vec![Column::Name, Column::Id]));
    }

    #[test]
    fn unknown_double_and_missing_columns_are_named() {
        for (names, expected, word) in [
            (
                &["id", "name", "salary"][..],
                &[][..],
                "`salary`; allowed are id, name, phone",
            ),
            (&["id", "name", "ID"], &[], "`id` twice"),
            (&["id"], &[], "`name`, which is needed"),
            (&["name"], &[], "`id`, which is needed"),
            (&["id", "name"], &[Column::Role], "`role`, which is needed"),
            (&[], &[], "no columns"),
        ] {
            let text = layout(names, expected).unwrap_err();
            assert!(text.contains(word), "{text}");
        }
    }

    #[test]
    fn rows_too_many_are_refused_with_the_limit_and_their_number() {
        let layout = Layout::new(["id", "name"], &[]).unwrap();
        let read = |n_rows: usize| {
            let mut collector = Collector::new(&layout, 2);
            for _ in 0..n_rows {
                collector.push(2, cells(&["1", "Anna"]))?;
            }
            collector.finish().map(|read| read.rows().len())
        };
        let refusal = |n: &str| format!("the query yields more than 2 rows (max_rows): there are {n}");
        assert_eq!(read(2), Ok(2));
        assert_eq!(read(3), Err(refusal("3")));
        assert_eq!(read(20), Err(refusal("20")));
        assert_eq!(read(21), Err(refusal("more than 20")));
    }

    #[test]
    fn a_field_of_the_limit_passes_and_a_longer_one_is_named_with_its_row() {
        let layout = Layout::new(["name", "id"], &[]).unwrap();
        let mut collector = Collector::new(&layout, 10);
        let long = "x".repeat(MAX_FIELD_BYTES);
        collector.push(2, cells(&[&long, "7"])).unwrap();
        let longer = format!("{long}x");
        assert_eq!(
            collector.push(2, cells(&[&longer, "7"])),
            Err(
                "the column `name` of the row with the id \"7\" holds 4097 bytes; a field may hold 4096"
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_row_of_another_width_is_refused() {
        let layout = Layout::new(["id", "name"], &[]).unwrap();
        let mut collector = Collector::new(&layout, 10);
        assert!(collector.push(3, cells(&["1", "2", "3"])).is_err());
    }
}
