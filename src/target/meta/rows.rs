//! Answers of the Graph API as far as they are about users.
//!
//! Read straight into what is wanted, without a tree in between. Ids are texts of digits that no float could
//! hold; tasks are an open set of words. Where tasks are not shown, or not as a list of texts, they are unknown,
//! which is not the same as none.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use crate::domain::grant::Grant;
use crate::target::loose::{FromLoose, OrOther};

/// Most rows of one page, a hundred times what is asked for: bounds the memory of a hostile answer.
const MAX_ROWS: usize = 10_000;

/// Most words of one grant. The documentation names 15, and takes 16 in a request.
const MAX_TASKS: usize = 100;

/// A user in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct User {
    pub(super) id: Arc<str>,
    pub(super) name: Arc<str>,
    /// `None` where they are not shown.
    pub(super) tasks: Option<Grant>,
}

/// One row of a list: a user, or why it is none.
pub(super) type Row = Result<User, &'static str>;

/// One page of a list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    /// The cursor behind the last row.
    pub(super) after: Option<String>,
    /// Whether the platform says that another page follows.
    pub(super) has_next: bool,
}

/// A page of users.
///
/// # Errors
/// Why it can't be read, without a word of its content: that may be names, and the token.
pub(super) fn page(body: &[u8]) -> Result<Page, &'static str> {
    let List {
        data,
        after,
        has_next,
    } = parse(body)?;
    let rows = data.ok_or("no list of users")?;
    Ok(Page {
        rows,
        after,
        has_next,
    })
}

/// The id of the object that the answer shows.
///
/// # Errors
/// Why there is none.
pub(super) fn id(body: &[u8]) -> Result<Arc<str>, &'static str> {
    let OrOther(user) = parse::<OrOther<Fields>>(body)?;
    let user = user.ok_or("no object where it should be")?.into_row()?;
    Ok(user.id)
}

/// Whether the answer says that nothing was done: `{"success": false}`.
///
/// # Errors
/// Why it can't be read. An empty body is read, and says nothing.
pub(super) fn is_denied(body: &[u8]) -> Result<bool, &'static str> {
    if body.trim_ascii().is_empty() {
        return Ok(false);
    }
    let OrOther(done) = parse::<OrOther<Done>>(body)?;
    Ok(done.is_some_and(|Done(success)| success == Some(false)))
}

fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, &'static str> {
    serde_json::from_slice(body).map_err(|err| match err.classify() {
        Category::Eof => "it breaks off",
        Category::Syntax | Category::Io => "no JSON",
        Category::Data => "no users where they should be",
    })
}

/// `{"data": […], "paging": {"cursors": {"after": "…"}, "next": "…"}}`.
#[derive(Default)]
struct List {
    data: Option<Vec<Row>>,
    after: Option<String>,
    has_next: bool,
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<List, D::Error> {
        deserializer.deserialize_map(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = List;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of users")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<List, A::Error> {
        let mut list = List::default();
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                "data" => list.data = fields.next_value::<OrOther<Rows>>()?.0.map(|Rows(it)| it),
                "paging" => {
                    let Links { after, has_next } =
                        fields.next_value::<OrOther<Links>>()?.0.unwrap_or_default();
                    list.after = after;
                    list.has_next = has_next;
                }
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(list)
    }
}

struct Rows(Vec<Row>);

impl FromLoose for Rows {
    fn from_seq<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Option<Rows>, A::Error> {
        let mut rows = Vec::new();
        while let Some(OrOther(fields)) = items.next_element::<OrOther<Fields>>()? {
            if rows.len() == MAX_ROWS {
                return Err(A::Error::custom("too many rows"));
            }
            rows.push(fields.map_or(Err("a row is no user"), Fields::into_row));
        }
        Ok(Some(Rows(rows)))
    }
}

/// What `paging` says. The text of `next` holds the token and is dropped here.
#[derive(Default)]
struct Links {
    after: Option<String>,
    has_next: bool,
}

impl FromLoose for Links {
    fn from_map<'de, A: MapAccess<'de>>(mut fields: A) -> Result<Option<Links>, A::Error> {
        let mut links = Links::default();
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                "cursors" => {
                    let cursors = fields.next_value::<OrOther<Cursors>>()?.0;
                    links.after = cursors.and_then(|Cursors(after)| after);
                }
                "next" => links.has_next = fields.next_value::<OrOther<Present>>()?.0.is_some(),
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(links))
    }
}

struct Cursors(Option<String>);

impl FromLoose for Cursors {
    fn from_map<'de, A: MapAccess<'de>>(mut fields: A) -> Result<Option<Cursors>, A::Error> {
        let mut after = None;
        while let Some(name) = fields.next_key::<String>()? {
            let OrOther(text) = fields.next_value::<OrOther<Word>>()?;
            if name == "after" {
                after = text.map(|Word(it)| it.to_string());
            }
        }
        Ok(Some(Cursors(after)))
    }
}

/// The fields of a user as far as they have come.
#[derive(Default)]
struct Fields {
    id: Option<Word>,
    name: Option<Word>,
    tasks: Option<Tasks>,
}

impl Fields {
    fn into_row(self) -> Row {
        let Fields { id, name, tasks } = self;
        let Word(id) = id.ok_or("a row without an id")?;
        let is_number = !id.is_empty() && id.bytes().all(|it| it.is_ascii_digit());
        if !is_number {
            return Err("the id of a row is no number");
        }
        Ok(User {
            id,
            // A name that is missing is no reason to lose the user.
            name: name.map_or_else(|| Arc::from(""), |Word(it)| it),
            tasks: tasks.map(|Tasks(it)| it),
        })
    }
}

impl FromLoose for Fields {
    fn from_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Fields>, A::Error> {
        let mut fields = Fields::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "id" => fields.id = map.next_value::<OrOther<Word>>()?.0,
                "name" => fields.name = map.next_value::<OrOther<Word>>()?.0,
                "tasks" => fields.tasks = map.next_value::<OrOther<Tasks>>()?.0,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(fields))
    }
}

struct Tasks(Grant);

impl FromLoose for Tasks {
    fn from_seq<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Option<Tasks>, A::Error> {
        let mut words: Option<Vec<Arc<str>>> = Some(Vec::new());
        while let Some(OrOther(word)) = items.next_element::<OrOther<Word>>()? {
            words = match (words, word) {
                (Some(mut words), Some(Word(word))) if words.len() < MAX_TASKS => {
                    words.push(word);
                    Some(words)
                }
                _ => None,
            };
        }
        Ok(words.map(|it| Tasks(Grant::new(it))))
    }
}

/// A text, or a whole number.
struct Word(Arc<str>);

impl FromLoose for Word {
    fn from_text(text: &str) -> Option<Word> {
        Some(Word(text.into()))
    }
}

/// A text that is not looked at.
struct Present;

impl FromLoose for Present {
    fn from_text(text: &str) -> Option<Present> {
        (!text.is_empty()).then_some(Present)
    }
}

/// `success`, if it is there.
struct Done(Option<bool>);

impl FromLoose for Done {
    fn from_map<'de, A: MapAccess<'de>>(mut fields: A) -> Result<Option<Done>, A::Error> {
        let mut success = None;
        while let Some(name) = fields.next_key::<String>()? {
            let OrOther(flag) = fields.next_value::<OrOther<Flag>>()?;
            if name == "success" {
                success = flag.map(|Flag(it)| it);
            }
        }
        Ok(Some(Done(success)))
    }
}

struct Flag(bool);

impl FromLoose for Flag {
    fn from_bool(flag: bool) -> Option<Flag> {
        Some(Flag(flag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(json: &str) -> Vec<Row> {
        page(json.as_bytes()).unwrap().rows
    }

    fn tasks(json: &str) -> Option<Grant> {
        let row = rows(&format!(r#"{{"data":[{{"id":"1","name":"A","tasks":{json}}}]}}"#));
        row[0].clone().unwrap().tasks
    }

    #[test]
    fn a_page_shows_users_and_where_it_goes_on() {
        let json = r#"{"data":[{"id":"122100000000000017","name":"Bot","tasks":["DEVELOP","MANAGE"]}],
            "paging":{"cursors":{"before":"B","after":"A"},"next":"https://graph.facebook.com/x?access_token=T"},
            "summary":{"total_count":1}}"#;
        let page = page(json.as_bytes()).unwrap();
        assert_eq!((page.after.as_deref(), page.has_next), (Some("A"), true));
        let user = page.rows[0].clone().unwrap();
        assert_eq!((&*user.id, &*user.name), ("122100000000000017", "Bot"));
        assert_eq!(user.tasks, Some(Grant::new(["MANAGE", "DEVELOP"])));
    }

    #[test]
    fn the_last_page_has_no_next_and_may_have_no_paging() {
        for json in [
            r#"{"data":[]}"#,
            r#"{"data":[],"paging":null}"#,
            r#"{"data":[],"paging":{"cursors":{"after":"A"}}}"#,
            r#"{"data":[],"paging":{"next":null}}"#,
            r#"{"data":[],"paging":{"next":""}}"#,
        ] {
            assert!(!page(json.as_bytes()).unwrap().has_next, "{json}");
        }
    }

    #[test]
    fn an_id_is_never_rounded() {
        let ids: Vec<_> = rows(
            r#"{"data":[{"id":"9007199254740993"},{"id":9007199254740993},{"id":18446744073709551615}]}"#,
        )
        .into_iter()
        .map(|it| it.unwrap().id.to_string())
        .collect();
        assert_eq!(
            ids,
            ["9007199254740993", "9007199254740993", "18446744073709551615"]
        );
        for json in [
            "9007199254740993.5",
            "1e20",
            "99999999999999999999",
            r#""17x""#,
            r#""""#,
            "null",
            "[]",
        ] {
            let row = rows(&format!(r#"{{"data":[{{"id":{json},"name":"A"}}]}}"#)).remove(0);
            assert!(row.is_err(), "{json}");
        }
    }

    #[test]
    fn tasks_that_are_not_shown_are_unknown_and_not_none() {
        assert_eq!(tasks("[]"), Some(Grant::new([""; 0])));
        assert_eq!(
            tasks(r#"["MANAGE","SOMETHING_NEW"]"#).map(|it| it.words().len()),
            Some(2)
        );
        for json in ["null", "{}", r#""MANAGE""#, r#"["MANAGE",{}]"#] {
            assert_eq!(tasks(json), None, "{json}");
        }
        let without = rows(r#"{"data":[{"id":"1"}]}"#).remove(0).unwrap();
        assert_eq!((without.tasks, &*without.name), (None, ""));
    }

    #[test]
    fn what_is_no_list_is_no_empty_list() {
        for json in [
            "{}",
            r#"{"data":null}"#,
            r#"{"data":{}}"#,
            "[]",
            "null",
            "",
            "<html>",
            r#"{"data":["#,
        ] {
            assert!(page(json.as_bytes()).is_err(), "{json}");
        }
        assert_eq!(rows(r#"{"data":[7]}"#), [Err("a row is no user")]);
    }

    #[test]
    fn the_id_of_a_created_user_is_found() {
        assert_eq!(id(br#"{"id":"1221","x":[]}"#).as_deref(), Ok("1221"));
        for json in ["{}", r#"{"id":""}"#, r#"{"success":true}"#, "[]", ""] {
            assert!(id(json.as_bytes()).is_err(), "{json}");
        }
    }

    #[test]
    fn only_a_plain_no_denies_success() {
        for json in [
            "",
            " ",
            "{}",
            r#"{"success":true}"#,
            "true",
            "[]",
            r#"{"success":null}"#,
        ] {
            assert_eq!(is_denied(json.as_bytes()), Ok(false), "{json}");
        }
        assert_eq!(is_denied(br#"{"success":false}"#), Ok(true));
        assert!(is_denied(b"<html>").is_err());
    }
}
