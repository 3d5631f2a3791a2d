//! JSON values of which only some kinds are of use.
//!
//! Platforms send numbers for texts, null for nothing, an object where a list was documented. Whoever reads
//! an answer says what it makes of the kinds that it knows; every other kind is passed over and yields
//! nothing, so that one odd value never spoils the rest. Nothing is kept on the way: no tree is built, and a
//! value that nobody wants leaves no copy behind.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What is made of a JSON value, by its kind; `None` for kinds that are of no use.
pub trait Wanted<'de>: Sized {
    /// What is made of it.
    type Value;

    /// A text, or a whole number as text.
    fn text(self, _: &str) -> Option<Self::Value> {
        None
    }

    /// True or false.
    fn flag(self, _: bool) -> Option<Self::Value> {
        None
    }

    /// Null.
    fn null(self) -> Option<Self::Value> {
        None
    }

    /// A list. Read to its end.
    fn list<A: SeqAccess<'de>>(self, items: A) -> Result<Option<Self::Value>, A::Error> {
        pass_list(items)
    }

    /// An object. Read to its end.
    fn object<A: MapAccess<'de>>(self, fields: A) -> Result<Option<Self::Value>, A::Error> {
        pass_object(fields)
    }
}

/// Reads any JSON value as what is wanted.
pub struct Loose<W>(pub W);

impl<'de, W: Wanted<'de>> DeserializeSeed<'de> for Loose<W> {
    type Value = Option<W::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, W: Wanted<'de>> Visitor<'de> for Loose<W> {
    type Value = Option<W::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.text(text))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.0.text(&number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(self.0.text(&number.to_string()))
    }

    /// Too long a number, or one with a fraction: its text is lost.
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(self.0.flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.0.null())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        self.0.list(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        self.0.object(fields)
    }
}

/// A value that is made in the same way wherever it stands: what [`Wanted`] is for a place, by its type alone.
pub trait FromLoose: Sized {
    /// From a text, or a whole number as text.
    fn from_text(_: &str) -> Option<Self> {
        None
    }

    /// From true or false.
    fn from_bool(_: bool) -> Option<Self> {
        None
    }

    /// From null.
    fn from_null() -> Option<Self> {
        None
    }

    /// From a list. Reads it to its end.
    fn from_seq<'de, A: SeqAccess<'de>>(items: A) -> Result<Option<Self>, A::Error> {
        pass_list(items)
    }

    /// From an object. Reads it to its end.
    fn from_map<'de, A: MapAccess<'de>>(fields: A) -> Result<Option<Self>, A::Error> {
        pass_object(fields)
    }
}

/// A value of a kind that is of use, or `None` for any other JSON value.
pub struct OrOther<T>(pub Option<T>);

impl<'de, T: FromLoose> Deserialize<'de> for OrOther<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OrOther<T>, D::Error> {
        Loose(ByType(PhantomData)).deserialize(deserializer).map(OrOther)
    }
}

struct ByType<T>(PhantomData<T>);

impl<'de, T: FromLoose> Wanted<'de> for ByType<T> {
    type Value = T;

    fn text(self, text: &str) -> Option<T> {
        T::from_text(text)
    }

    fn flag(self, flag: bool) -> Option<T> {
        T::from_bool(flag)
    }

    fn null(self) -> Option<T> {
        T::from_null()
    }

    fn list<A: SeqAccess<'de>>(self, items: A) -> Result<Option<T>, A::Error> {
        T::from_seq(items)
    }

    fn object<A: MapAccess<'de>>(self, fields: A) -> Result<Option<T>, A::Error> {
        T::from_map(fields)
    }
}

fn pass_list<'de, T, A: SeqAccess<'de>>(mut items: A) -> Result<Option<T>, A::Error> {
    while items.next_element::<IgnoredAny>()?.is_some() {}
    Ok(None)
}

fn pass_object<'de, T, A: MapAccess<'de>>(mut fields: A) -> Result<Option<T>, A::Error> {
    while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts alone.
    struct Text;

    impl Wanted<'_> for Text {
        type Value = String;

        fn text(self, text: &str) -> Option<String> {
            Some(text.to_owned())
        }
    }

    fn text(json: &str) -> Option<String> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let value = Loose(Text).deserialize(&mut reader).unwrap();
        reader.end().unwrap();
        value
    }

    #[test]
    fn what_is_not_wanted_is_passed_over() {
        assert_eq!(text(r#""a\nb""#).as_deref(), Some("a\nb"));
        assert_eq!(text("17").as_deref(), Some("17"));
        assert_eq!(text("-17").as_deref(), Some("-17"));
        for json in ["1.5", "true", "null", r#"[1,["x"]]"#, r#"{"a":{"b":"c"}}"#] {
            assert_eq!(text(json), None, "{json}");
        }
    }
}
