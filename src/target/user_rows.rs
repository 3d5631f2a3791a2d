//! Users as the Wazzup APIs write them: `{"id", "name", "phone"}`, alone or in a list.
//!
//! Read straight into domain values, without a tree in between: a page is bounded in bytes, but a tree of it
//! would take many times as much. Tolerant where the documentation is silent (numbers for texts, null for
//! nothing, with or without `data`), and plain about what can't be a user.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::loose::{FromLoose, OrOther};
use super::paging::Row;
use crate::domain::phone::Phone;
use crate::domain::user::{User, UserId};

/// Most rows of one page, a hundred times what is asked for: bounds the memory of a hostile answer.
const MAX_ROWS: usize = 10_000;

/// One page of a list, or all of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// In the order of the platform.
    pub rows: Vec<Row>,
    /// What stands around them.
    pub shape: Shape,
    /// Whether at least one row has a field for a phone, be it empty.
    pub shows_phones: bool,
}

/// What stands around the rows of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Nothing: the array is the answer.
    Bare,
    /// An object with the array at `data`.
    Wrapped,
}

/// What an answer carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Payload {
    /// A list.
    Many(Page),
    /// A user by itself.
    One(Row),
    /// `null`.
    Nothing,
}

/// Reads the body of an answer.
///
/// # Errors
/// Why it can't be read, without a word of its content: that may be names.
pub fn read(body: &[u8]) -> Result<Payload, &'static str> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match serde_json::from_slice(body) {
        Ok(Root(payload)) => Ok(payload),
        Err(err) => Err(match err.classify() {
            Category::Eof => "it breaks off",
            Category::Syntax | Category::Io => "no JSON",
            Category::Data => "no users where they should be",
        }),
    }
}

/// The whole answer: `{"data": …}`, or the same without the envelope.
struct Root(Payload);

impl<'de> Deserialize<'de> for Root {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Root, D::Error> {
        deserializer.deserialize_any(RootVisitor)
    }
}

struct RootVisitor;

impl<'de> Visitor<'de> for RootVisitor {
    type Value = Root;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("users")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Root, A::Error> {
        read_rows(items, Shape::Bare).map(Root)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Root, A::Error> {
        let mut data = None;
        let mut bare = Fields::default();
        while let Some(key) = fields.next_key()? {
            match key {
                Key::Data => data = Some(fields.next_value::<Payload>()?),
                _ => bare.read(key, &mut fields)?,
            }
        }
        match data {
            Some(payload) => Ok(Root(payload)),
            None if bare.id.is_some() => Ok(Root(Payload::One(bare.into_row()))),
            None => Err(A::Error::custom("neither `data` nor a user")),
        }
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Payload, D::Error> {
        deserializer.deserialize_any(PayloadVisitor)
    }
}

struct PayloadVisitor;

impl<'de> Visitor<'de> for PayloadVisitor {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of users, a user or null")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Payload, A::Error> {
        read_rows(items, Shape::Wrapped)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Payload, A::Error> {
        read_fields(fields).map(|fields| Payload::One(fields.into_row()))
    }

    fn visit_unit<E>(self) -> Result<Payload, E> {
        Ok(Payload::Nothing)
    }
}

fn read_rows<'de, A: SeqAccess<'de>>(mut items: A, shape: Shape) -> Result<Payload, A::Error> {
    let mut rows = Vec::new();
    let mut shows_phones = false;
    while let Some(OrOther(row)) = items.next_element::<OrOther<RowOf>>()? {
        if rows.len() == MAX_ROWS {
            return Err(A::Error::custom("too many rows"));
        }
        rows.push(row.map_or(Err("a row is no user"), |RowOf(fields)| {
            shows_phones |= fields.phone.is_some();
            fields.into_row()
        }));
    }
    Ok(Payload::Many(Page {
        rows,
        shape,
        shows_phones,
    }))
}

fn read_fields<'de, A: MapAccess<'de>>(mut map: A) -> Result<Fields, A::Error> {
    let mut fields = Fields::default();
    while let Some(key) = map.next_key()? {
        fields.read(key, &mut map)?;
    }
    Ok(fields)
}

/// The name of a field. Of an answer, and not of a user: `data`.
#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Data,
    Id,
    Name,
    Phone,
    #[serde(other)]
    Other,
}

/// The fields of a user as far as they have come.
#[derive(Default)]
struct Fields {
    id: Option<Field>,
    name: Option<Field>,
    phone: Option<Field>,
}

/// The value of a field.
enum Field {
    Text(Arc<str>),
    Null,
    Other,
}

impl Fields {
    fn read<'de, A: MapAccess<'de>>(&mut self, key: Key, map: &mut A) -> Result<(), A::Error> {
        let slot = match key {
            Key::Id => &mut self.id,
            Key::Name => &mut self.name,
            Key::Phone => &mut self.phone,
            Key::Data | Key::Other => return map.next_value::<IgnoredAny>().map(|_| ()),
        };
        let OrOther(field) = map.next_value::<OrOther<Field>>()?;
        *slot = Some(field.unwrap_or(Field::Other));
        Ok(())
    }

    fn into_row(self) -> Row {
        let Fields { id, name, phone } = self;
        let id = match id {
            Some(Field::Text(text)) if !text.is_empty() => UserId::new(text),
            Some(Field::Other) => return Err("the id of a row is no text"),
            Some(Field::Text(_) | Field::Null) | None => return Err("a row without an id"),
        };
        let name = match name {
            Some(Field::Text(text)) => text,
            Some(Field::Null) | None => Arc::from(""),
            Some(Field::Other) => return Err("the name of a row is no text"),
        };
        let phone = match phone {
            Some(Field::Text(text)) => Phone::from_remote(&text),
            Some(Field::Null) | None => None,
            Some(Field::Other) => return Err("the phone of a row is no text"),
        };
        Ok(User {
            id,
            name,
            phone,
            grant: None,
        })
    }
}

impl FromLoose for Field {
    fn from_text(text: &str) -> Option<Field> {
        Some(Field::Text(text.into()))
    }

    fn from_null() -> Option<Field> {
        Some(Field::Null)
    }
}

/// A row that is an object.
struct RowOf(Fields);

impl FromLoose for RowOf {
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Option<RowOf>, A::Error> {
        read_fields(map).map(|fields| Some(RowOf(fields)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str, name: &str, phone: Option<&str>) -> User {
        User {
            id: id.into(),
            name: name.into(),
            phone: phone.and_then(Phone::from_remote),
            grant: None,
        }
    }

    fn rows(json: &str) -> Vec<Row> {
        match read(json.as_bytes()) {
            Ok(Payload::Many(page)) => page.rows,
            other => panic!("{json} is no list: {other:?}"),
        }
    }

    #[test]
    fn a_list_is_read_with_and_without_its_envelope() {
        let list = r#"[{"id":"1","name":"Anna","phone":"37126123456"}]"#;
        let expected = [Ok(user("1", "Anna", Some("37126123456")))];
        assert_eq!(rows(list), expected);
        assert_eq!(
            rows(&format!(r#"{{"meta":{{"timestamp":1}},"data":{list}}}"#)),
            expected
        );
        assert_eq!(rows(&format!("\u{feff}{{\"data\":{list}}}")), expected);
        assert_eq!(rows(r#"{"data":[]}"#), []);
    }

    #[test]
    fn shape_and_phones_of_a_page_are_told() {
        let page = |json: &str| match read(json.as_bytes()) {
            Ok(Payload::Many(page)) => (page.shape, page.shows_phones),
            other => panic!("{json} is no list: {other:?}"),
        };
        assert_eq!(page(r#"[{"id":"1","name":"Anna"}]"#), (Shape::Bare, false));
        assert_eq!(page("[]"), (Shape::Bare, false));
        assert_eq!(
            page(r#"[{"id":"1"},{"id":"2","phone":null}]"#),
            (Shape::Bare, true)
        );
        let json = r#"{"count":"1","data":[{"id":"1","phone":"37126123456"}]}"#;
        assert_eq!(page(json), (Shape::Wrapped, true));
    }

    #[test]
    fn numbers_nulls_and_missing_fields_have_their_plain_meaning() {
        let json = r#"[{"id":7,"name":null,"phone":37126123456},{"id":"8","phone":null,"new":{"x":[1]}},
            {"id":"9","name":"","phone":""},{"id":-1,"phone":"none"}]"#;
        let expected = [
            Ok(user("7", "", Some("37126123456"))),
            Ok(user("8", "", None)),
            Ok(user("9", "", None)),
            Ok(user("-1", "", None)),
        ];
        assert_eq!(rows(json), expected);
    }

    #[test]
    fn what_can_be_no_user_is_named_and_spoils_no_other_row() {
        let json = r#"[{"name":"x"},{"id":null},{"id":""},{"id":{"a":1}},{"id":1.5},{"id":true},null,5,"x",[1,[2]],
            {"id":"1","name":[]},{"id":"2","phone":{}},{"id":"3"}]"#;
        let rows = rows(json);
        assert_eq!(rows.len(), 13);
        assert!(rows[..12].iter().all(Result::is_err), "{rows:?}");
        assert_eq!(rows[12], Ok(user("3", "", None)));
    }

    #[test]
    fn a_single_user_comes_alone_or_in_an_envelope() {
        let one = Payload::One(Ok(user("1", "Anna", None)));
        assert_eq!(read(br#"{"data":{"id":"1","name":"Anna"}}"#), Ok(one.clone()));
        assert_eq!(read(br#"{"id":"1","name":"Anna"}"#), Ok(one));
        assert_eq!(read(br#"{"data":null}"#), Ok(Payload::Nothing));
    }

    #[test]
    fn other_shapes_are_errors_that_quote_nothing() {
        assert_eq!(read(b""), Err("it breaks off"));
        assert_eq!(read(br#"{"data":[{"id":"1","name":"An"#), Err("it breaks off"));
        assert_eq!(read(b"<html>Anna</html>"), Err("no JSON"));
        assert_eq!(read(br#"{"data":[]} x"#), Err("no JSON"));
        for json in [
            "{}",
            r#""Anna""#,
            "5",
            "null",
            r#"{"data":"Anna"}"#,
            r#"{"users":[]}"#,
        ] {
            assert_eq!(
                read(json.as_bytes()),
                Err("no users where they should be"),
                "{json}"
            );
        }
    }

    #[test]
    fn a_hostile_number_of_rows_is_refused() {
        let json = format!("[{}0]", "0,".repeat(MAX_ROWS));
        assert_eq!(read(json.as_bytes()), Err("no users where they should be"));
        let nested = "[".repeat(1_000_000);
        assert!(read(nested.as_bytes()).is_err());
    }
}
