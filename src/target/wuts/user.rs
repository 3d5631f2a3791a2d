//! One user as WUTS shows it.
//!
//! The list shows the token of every user. A token is compared with our own where it is read and goes no
//! further: no type here can hold one.

use std::fmt;
use std::sync::Arc;

use serde::de::{IgnoredAny, MapAccess};

use crate::target::loose::{Loose, Wanted};
use crate::target::member::MemberId;

/// A user, or why it is none.
pub type Row = Result<Shown, &'static str>;

/// A user as far as the answer shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    /// The platform's id.
    pub id: MemberId,
    /// As written.
    pub email: Option<Arc<str>>,
    /// In lower case.
    pub role: Option<Arc<str>>,
    /// Whether it can log in.
    pub is_active: Option<bool>,
    /// Whether its token is the one that we come with.
    pub is_own: bool,
}

impl fmt::Debug for Shown {
    /// Without the e-mail, which is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown")
            .field("id", &self.id.as_str())
            .field("role", &self.role)
            .field("is_active", &self.is_active)
            .field("is_own", &self.is_own)
            .finish_non_exhaustive()
    }
}

/// A user in a list; the text is our own token.
pub struct UserAt<'a>(pub &'a str);

impl<'de> Wanted<'de> for UserAt<'_> {
    type Value = Row;

    fn object<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<Row>, A::Error> {
        let mut user = Fields::default();
        while let Some(name) = fields.next_key::<String>()? {
            user.read(&name, self.0, &mut fields)?;
        }
        Ok(Some(user.into_row()))
    }
}

/// The fields of a user as far as they have come. `Some(None)` is a value that can't be used.
#[derive(Default)]
pub struct Fields {
    id: Option<Option<Value>>,
    email: Option<Option<Value>>,
    role: Option<Option<Value>>,
    active: Option<Option<Value>>,
    is_own: bool,
}

/// The value of a field.
enum Value {
    Text(Arc<str>),
    Flag(bool),
    Null,
}

impl Fields {
    /// Takes in the value of one field.
    ///
    /// # Errors
    /// The value is no JSON.
    pub fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        own: &str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let slot = match name {
            "id" => &mut self.id,
            "email" => &mut self.email,
            "role" => &mut self.role,
            "active" => &mut self.active,
            "token" => {
                self.is_own |= map.next_value_seed(Loose(Equals(own)))? == Some(true);
                return Ok(());
            }
            _ => return map.next_value::<IgnoredAny>().map(|_| ()),
        };
        *slot = Some(map.next_value_seed(Loose(AnyValue))?);
        Ok(())
    }

    /// Whether this can be a user at all.
    pub fn has_id(&self) -> bool {
        self.id.is_some()
    }

    /// The user.
    pub fn into_row(self) -> Row {
        let Fields {
            id,
            email,
            role,
            active,
            is_own,
        } = self;
        let id = match id {
            Some(Some(Value::Text(id))) if !id.is_empty() => MemberId(id),
            Some(Some(Value::Text(_) | Value::Null)) | None => return Err("a row without an id"),
            Some(Some(Value::Flag(_)) | None) => return Err("the id of a row is no text"),
        };
        let email = match email {
            Some(Some(Value::Text(email))) => Some(email).filter(|it| !it.trim().is_empty()),
            Some(Some(Value::Null)) | None => None,
            Some(Some(Value::Flag(_)) | None) => return Err("the e-mail of a row is no text"),
        };
        let role = match role {
            Some(Some(Value::Text(role))) => Some(role.trim().to_lowercase().into()),
            Some(Some(Value::Null)) | None => None,
            Some(Some(Value::Flag(_)) | None) => return Err("the role of a row is no text"),
        };
        let is_active = match active {
            Some(Some(Value::Flag(is_active))) => Some(is_active),
            Some(Some(Value::Text(text))) => match &*text {
                "1" | "true" => Some(true),
                "0" | "false" => Some(false),
                _ => return Err("whether a row is active can't be read"),
            },
            Some(Some(Value::Null)) | None => None,
            Some(None) => return Err("whether a row is active can't be read"),
        };
        Ok(Shown {
            id,
            email,
            role: role.filter(|it: &Arc<str>| !it.is_empty()),
            is_active,
            is_own,
        })
    }
}

/// The value of a field of a user.
struct AnyValue;

impl Wanted<'_> for AnyValue {
    type Value = Value;

    fn text(self, text: &str) -> Option<Value> {
        Some(Value::Text(text.into()))
    }

    fn flag(self, flag: bool) -> Option<Value> {
        Some(Value::Flag(flag))
    }

    fn null(self) -> Option<Value> {
        Some(Value::Null)
    }
}

/// Whether a text is this one. The text itself is gone after that.
struct Equals<'a>(&'a str);

impl Wanted<'_> for Equals<'_> {
    type Value = bool;

    fn text(self, text: &str) -> Option<bool> {
        Some(!text.is_empty() && text == self.0)
    }
}
