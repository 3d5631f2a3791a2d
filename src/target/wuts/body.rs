//! Users in the answers of WUTS, whatever stands around them.
//!
//! The documentation puts them under `users`, `user`, `data` or nothing, by endpoint; all of these are taken
//! everywhere. A list comes whole and without a word of pages, so whatever speaks of a next page, or of more
//! users than are listed, is kept: the list is then not whole after all.
//!
//! The users themselves, and what becomes of their tokens, are read in [`super::user`].

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{DeserializeSeed as _, Error as _, IgnoredAny, MapAccess, SeqAccess};
use serde_json::error::Category;

use super::user::{Fields, Row, UserAt};
use crate::target::loose::{Loose, Wanted};

/// Most users of one answer, ten times a large company: bounds the memory of a hostile answer.
const MAX_ROWS: usize = 10_000;

/// Deepest level at which users and words of pages are looked for: `{"data": {"users": …}}`.
const MAX_DEPTH: u8 = 2;

/// What an answer holds.
#[derive(Debug)]
pub struct Body {
    /// The users.
    pub users: Users,
    /// What `success` says, if it is there.
    pub success: Option<bool>,
    /// Why there may be more users than these.
    pub more: Option<&'static str>,
}

/// The users of an answer.
#[derive(PartialEq, Eq, Debug)]
pub enum Users {
    /// A list.
    Many(Vec<Row>),
    /// One by itself.
    One(Row),
    /// Neither.
    Absent,
}

/// Reads the body of an answer; `own` is the token that we come with.
///
/// # Errors
/// Why it can't be read, without a word of its content.
pub fn read(bytes: &[u8], own: &SecretString) -> Result<Body, &'static str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut draft = Draft::default();
    let place = Place {
        draft: &mut draft,
        own: own.expose_secret(),
        depth: 0,
        has_users: true,
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let end = Loose(place).deserialize(&mut reader).and_then(|_| reader.end());
    match end {
        Ok(()) => Ok(draft.into_body()),
        Err(err) => Err(match err.classify() {
            Category::Eof => "it breaks off",
            Category::Syntax | Category::Io => "no JSON",
            Category::Data => "too many users",
        }),
    }
}

/// What was found so far.
struct Draft {
    users: Users,
    success: Option<bool>,
    more: Option<&'static str>,
    /// How many users there are, by the answer's own count.
    total: Option<u64>,
}

impl Default for Draft {
    fn default() -> Draft {
        Draft {
            users: Users::Absent,
            success: None,
            more: None,
            total: None,
        }
    }
}

impl Draft {
    fn into_body(self) -> Body {
        let Draft {
            users,
            success,
            more,
            total,
        } = self;
        let n_rows = match &users {
            Users::Many(rows) => rows.len() as u64,
            Users::One(_) | Users::Absent => 0,
        };
        let counts_more = total.is_some_and(|total| total > n_rows);
        Body {
            users,
            success,
            more: more.or(counts_more.then_some("it counts more users than it lists")),
        }
    }
}

/// A value that may hold users, or words about pages.
struct Place<'a> {
    draft: &'a mut Draft,
    own: &'a str,
    depth: u8,
    /// Whether users are looked for here: what speaks of pages may hold lists of other things.
    has_users: bool,
}

/// What a field at such a place is.
enum Field {
    Success,
    /// Users, or an object around them.
    Users,
    /// An object about pages.
    Pages,
    /// There if there is another page.
    Next,
    /// True if there is another page.
    HasMore,
    /// The number of users.
    Total,
    /// The number of pages.
    TotalPages,
    /// One of a user's, perhaps.
    Other,
}

impl Field {
    fn from_name(name: &str) -> Field {
        let mut plain = name.to_ascii_lowercase();
        plain.retain(|it| it != '_' && it != '-');
        match plain.as_str() {
            "success" => Field::Success,
            "users" | "user" | "data" => Field::Users,
            "pagination" | "paging" | "page" | "pageinfo" | "meta" | "links" => Field::Pages,
            "hasmore" | "hasnext" | "hasnextpage" | "truncated" => Field::HasMore,
            "total" | "totalcount" | "totalusers" | "totalitems" | "totalrecords" | "count" => Field::Total,
            "totalpages" | "pagecount" | "lastpage" | "pages" => Field::TotalPages,
            "nextpagetoken" => Field::Next,
            _ if plain.starts_with("next") => Field::Next,
            _ => Field::Other,
        }
    }
}

impl<'de> Wanted<'de> for Place<'_> {
    type Value = ();

    fn list<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<()>, A::Error> {
        let Place {
            draft,
            own,
            has_users,
            ..
        } = self;
        if !has_users {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(None);
        }
        let mut rows = Vec::new();
        while let Some(row) = items.next_element_seed(Loose(UserAt(own)))? {
            if rows.len() == MAX_ROWS {
                return Err(A::Error::custom("too many users"));
            }
            rows.push(row.unwrap_or(Err("a row is no user")));
        }
        draft.users = Users::Many(rows);
        Ok(Some(()))
    }

    fn object<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<()>, A::Error> {
        let Place {
            draft,
            own,
            depth,
            has_users,
        } = self;
        let mut user = Fields::default();
        while let Some(name) = fields.next_key::<String>()? {
            let field = Field::from_name(&name);
            match field {
                Field::Success => draft.success = fields.next_value_seed(Loose(Flag))?,
                Field::Users | Field::Pages if depth < MAX_DEPTH => {
                    let place = Place {
                        draft: &mut *draft,
                        own,
                        depth: depth + 1,
                        has_users: has_users && matches!(field, Field::Users),
                    };
                    fields.next_value_seed(Loose(place))?;
                }
                Field::Next => {
                    if fields.next_value_seed(Loose(IsThere))? == Some(true) {
                        draft.more = Some("it tells of a next page");
                    }
                }
                Field::HasMore => {
                    if fields.next_value_seed(Loose(Flag))? == Some(true) {
                        draft.more = Some("it tells of more users");
                    }
                }
                Field::Total => {
                    let total = fields.next_value_seed(Loose(Number))?;
                    draft.total = draft.total.max(total);
                }
                Field::TotalPages => {
                    if fields.next_value_seed(Loose(Number))? > Some(1) {
                        draft.more = Some("it tells of several pages");
                    }
                }
                Field::Users | Field::Pages | Field::Other => user.read(&name, own, &mut fields)?,
            }
        }
        if has_users && user.has_id() && draft.users == Users::Absent {
            draft.users = Users::One(user.into_row());
        }
        Ok(Some(()))
    }
}

/// True or false.
struct Flag;

impl Wanted<'_> for Flag {
    type Value = bool;

    fn flag(self, flag: bool) -> Option<bool> {
        Some(flag)
    }
}

/// A whole number.
struct Number;

impl Wanted<'_> for Number {
    type Value = u64;

    fn text(self, text: &str) -> Option<u64> {
        text.parse().ok()
    }
}

/// Whether a value is something: no null, no false, no empty text, no zero.
struct IsThere;

impl<'de> Wanted<'de> for IsThere {
    type Value = bool;

    fn text(self, text: &str) -> Option<bool> {
        Some(!matches!(text, "" | "0"))
    }

    fn flag(self, flag: bool) -> Option<bool> {
        Some(flag)
    }

    fn object<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<bool>, A::Error> {
        let mut is_there = false;
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            is_there = true;
        }
        Ok(Some(is_there))
    }
}

#[cfg(test)]
mod tests {
    use super::super::user::Shown;
    use super::*;
    use crate::target::member::MemberId;

    const OWN: &str = "wuts_tok_own";

    fn body(json: &str) -> Body {
        read(json.as_bytes(), &SecretString::from(OWN)).unwrap_or_else(|why| panic!("{json}: {why}"))
    }

    fn rows(json: &str) -> Vec<Row> {
        match body(json).users {
            Users::Many(rows) => rows,
            other => panic!("{json} is no list: {other:?}"),
        }
    }

    fn shown(id: &str, email: &str, role: &str, is_active: bool) -> Shown {
        Shown {
            id: MemberId(id.into()),
            email: Some(email.into()),
            role: Some(role.into()),
            is_active: Some(is_active),
            is_own: false,
        }
    }

    const ANNA: &str = r#"{"id":"7","tenant_id":"t","email":"Anna@example.com","role":"user","token":"x","active":true,"created_at":"2026-06-15T12:00:00Z"}"#;

    fn anna() -> Shown {
        shown("7", "Anna@example.com", "user", true)
    }

    #[test]
    fn a_list_is_read_in_every_envelope() {
        for around in [
            r#"{"success":true,"users":[ROW]}"#,
            r#"{"success":true,"data":[ROW]}"#,
            r#"{"data":{"users":[ROW]}}"#,
            "[ROW]",
            "\u{feff}{\"users\":[ROW]}",
        ] {
            assert_eq!(rows(&around.replace("ROW", ANNA)), [Ok(anna())], "{around}");
        }
        assert_eq!(rows(r#"{"users":[]}"#), []);
    }

    #[test]
    fn one_user_is_read_in_every_envelope() {
        for around in [
            r#"{"success":true,"data":ROW}"#,
            r#"{"success":true,"user":ROW,"webhook_configured":false,"note":"x"}"#,
            r#"{"data":{"user":ROW}}"#,
            "ROW",
        ] {
            let users = body(&around.replace("ROW", ANNA)).users;
            assert_eq!(users, Users::One(Ok(anna())), "{around}");
        }
        for none in [
            r#"{"success":true,"message":"User updated successfully"}"#,
            r#"{"success":true,"data":{"user_id":"7","old_role":"user","new_role":"manager"}}"#,
            r#"{"data":null}"#,
            "null",
            "5",
        ] {
            assert_eq!(body(none).users, Users::Absent, "{none}");
        }
    }

    #[test]
    fn success_is_kept_as_it_is_said() {
        assert_eq!(body(r#"{"success":true}"#).success, Some(true));
        assert_eq!(body(r#"{"success":false,"error":"no"}"#).success, Some(false));
        assert_eq!(body(r#"{"success":"yes"}"#).success, None);
        assert_eq!(body("{}").success, None);
    }

    #[test]
    fn ids_may_be_numbers_and_roles_have_no_case() {
        let json = r#"{"users":[{"id":7,"email":"a@example.com","role":" Admin ","active":1},
            {"id":18446744073709551615,"email":"b@example.com","role":"user","active":"false"},
            {"id":"9","email":null,"role":null,"active":null},{"id":"10","role":""}]}"#;
        let bare = |id: &str| Shown {
            email: None,
            role: None,
            is_active: None,
            ..shown(id, "", "", true)
        };
        let expected = [
            Ok(shown("7", "a@example.com", "admin", true)),
            Ok(shown("18446744073709551615", "b@example.com", "user", false)),
            Ok(bare("9")),
            Ok(bare("10")),
        ];
        assert_eq!(rows(json), expected);
    }

    #[test]
    fn what_can_be_no_user_is_named_and_spoils_no_other_row() {
        let json = r#"[{"email":"x"},{"id":null},{"id":""},{"id":{"a":1}},{"id":1.5},{"id":true},null,5,"x",[1,[2]],
            {"id":"1","email":[]},{"id":"2","role":{}},{"id":"3","active":"perhaps"},{"id":"4","active":[]},
            {"id":"5","email":"e","role":"user","active":false}]"#;
        let rows = rows(json);
        assert_eq!(rows.len(), 15);
        assert!(rows[..14].iter().all(Result::is_err), "{rows:?}");
        assert_eq!(rows[14], Ok(shown("5", "e", "user", false)));
    }

    #[test]
    fn the_own_user_is_known_by_its_token_and_no_token_is_kept() {
        let json = format!(
            r#"{{"users":[{{"id":"1","token":"{OWN}"}},{{"id":"2","token":"wuts_tok_other"}},{{"id":"3","token":""}},
            {{"id":"4","token":null}},{{"id":"5","token":["{OWN}"]}},{{"id":"6"}}]}}"#
        );
        let rows = rows(&json);
        let own: Vec<bool> = rows.iter().map(|row| row.as_ref().unwrap().is_own).collect();
        assert_eq!(own, [true, false, false, false, false, false]);
        assert!(!format!("{rows:?}").contains("tok"), "{rows:?}");
        let nobody = read(br#"{"users":[{"id":"1","token":""}]}"#, &SecretString::from(""));
        let Users::Many(rows) = nobody.unwrap().users else {
            panic!()
        };
        assert!(!rows[0].as_ref().unwrap().is_own);
    }

    #[test]
    fn every_word_of_more_users_is_heard() {
        for more in [
            r#""next":"/users?page=2""#,
            r#""next_cursor":"abc""#,
            r#""nextPage":2"#,
            r#""has_more":true"#,
            r#""total":2"#,
            r#""total_pages":2"#,
            r#""pagination":{"page":1,"total":2}"#,
            r#""meta":{"last_page":3}"#,
            r#""links":{"next":{"href":"x"}}"#,
        ] {
            for json in [
                format!(r#"{{"users":[{ANNA}],{more}}}"#),
                format!(r#"{{{more},"data":[{ANNA}]}}"#),
                format!(r#"{{"data":{{{more},"users":[{ANNA}]}}}}"#),
            ] {
                assert!(body(&json).more.is_some(), "{json}");
            }
        }
        for all in [
            r#""next":null"#,
            r#""next_page":0"#,
            r#""next":"""#,
            r#""next":false"#,
            r#""links":{"next":{}}"#,
            r#""has_more":false"#,
            r#""count":1"#,
            r#""total":1,"pages":1"#,
            r#""meta":{"links":[{"label":"1"}],"total":1}"#,
        ] {
            let json = format!(r#"{{"users":[{ANNA}],{all}}}"#);
            assert_eq!(body(&json).more, None, "{json}");
            assert_eq!(rows(&json).len(), 1, "{json}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_without_a_quote() {
        let read = |json: &str| read(json.as_bytes(), &SecretString::from(OWN)).map(|it| it.users);
        assert_eq!(read(""), Err("it breaks off"));
        assert_eq!(read(r#"{"users":[{"id":"1","em"#), Err("it breaks off"));
        assert_eq!(read("<html>Anna</html>"), Err("no JSON"));
        assert_eq!(read(r#"{"users":[]} x"#), Err("no JSON"));
        let many = format!("[{}0]", "0,".repeat(MAX_ROWS));
        assert_eq!(read(&many), Err("too many users"));
        assert!(read(&"[".repeat(1_000_000)).is_err());
    }
}
