//! Requests as they come over the wire, taken apart with all complaints that need no state.
//!
//! Bodies are read by hand instead of into typed structs: the simulator has to name every undocumented
//! property, and to see what a half-right request was about.

use axum::http::{Method, Uri};
use serde_json::{Map, Value};

use crate::simulator::call::Payload;

/// A request to the users of an account.
#[derive(Clone, Debug)]
pub(in crate::simulator) enum Request {
    /// The list, or what is wrong with the query.
    List(Result<Page, String>),
    Get(String),
    Upsert(Verb, Items<Item>),
    Delete(Items<String>),
    /// One user, named by the path.
    DeleteOne(String),
    /// No endpoint of this platform: method and path.
    Unknown(String),
}

/// The two methods that write users.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::simulator) enum Verb {
    Post,
    Patch,
}

/// Which part of the list is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::simulator) struct Page {
    pub(in crate::simulator) offset: usize,
    pub(in crate::simulator) limit: Option<usize>,
}

/// The items of a body.
#[derive(Clone, Debug)]
pub(in crate::simulator) struct Items<T> {
    /// The property that holds them.
    pub(in crate::simulator) key: &'static str,
    /// Those that could be read.
    pub(in crate::simulator) items: Vec<T>,
    /// Undocumented properties, as the platform's texts.
    pub(in crate::simulator) unknown: Vec<String>,
    /// What else is wrong, as the platform's texts.
    pub(in crate::simulator) malformed: Vec<String>,
}

/// One user in a body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::simulator) struct Item {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) phone: PhoneField,
}

/// The property `phone` of an item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum PhoneField {
    Omitted,
    Null,
    Text(String),
}

impl Item {
    /// The phone that the item gives to its user, if it is one.
    pub(super) fn phone(&self) -> Option<&str> {
        match &self.phone {
            PhoneField::Text(text) if is_phone(text) => Some(text),
            PhoneField::Text(_) | PhoneField::Omitted | PhoneField::Null => None,
        }
    }
}

/// Whether the text is 7–15 digits.
pub(super) fn is_phone(text: &str) -> bool {
    (7..=15).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit())
}

impl Request {
    pub(in crate::simulator) fn unknown(method: &Method, uri: &Uri) -> Request {
        Request::Unknown(format!("{method} {}", uri.path()))
    }

    /// The users that the request names, as often as it does.
    pub(in crate::simulator) fn user_ids(&self) -> Vec<String> {
        match self {
            Request::Get(id) | Request::DeleteOne(id) => vec![id.clone()],
            Request::Upsert(_, body) => body.items.iter().map(|it| it.id.clone()).collect(),
            Request::Delete(body) => body.items.clone(),
            Request::List(_) | Request::Unknown(_) => Vec::new(),
        }
    }

    /// The phones that the request gives to users.
    pub(in crate::simulator) fn phones(&self) -> Vec<String> {
        let Request::Upsert(_, body) = self else {
            return Vec::new();
        };
        let phones = body.items.iter().filter_map(Item::phone);
        phones.map(str::to_owned).collect()
    }
}

pub(in crate::simulator) fn read_page(uri: &Uri) -> Result<Page, String> {
    let mut page = Page::default();
    for (key, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let number = || {
            let number = value.parse::<usize>();
            number.map_err(|_| format!("{key} must be an integer number not less than 0"))
        };
        match key.as_ref() {
            "offset" => page.offset = number()?,
            "limit" => page.limit = Some(number()?),
            _ => {}
        }
    }
    Ok(page)
}

/// Reads the items of a body: the array at that property, or the body itself.
pub(in crate::simulator) fn read_items<T>(
    body: &Payload,
    key: Option<&'static str>,
    read: impl Fn(&Value, &str, &mut Items<T>) -> Option<T>,
) -> Items<T> {
    let mut found = Items {
        key: key.unwrap_or("the body"),
        items: Vec::new(),
        unknown: Vec::new(),
        malformed: Vec::new(),
    };
    let array = match (body, key) {
        (Payload::Json(Value::Object(root)), Some(key)) => {
            note_unknown(root, &[key], "", &mut found.unknown);
            root.get(key).and_then(Value::as_array)
        }
        (Payload::Json(_), Some(_)) => {
            found.malformed.push("the body must be an object".to_owned());
            return found;
        }
        (Payload::Json(root), None) => root.as_array(),
        (Payload::Absent, _) => {
            found.malformed.push(format!("{} should not be empty", found.key));
            return found;
        }
        (Payload::Unreadable(text), _) => {
            found.malformed.push(text.clone());
            return found;
        }
    };
    let Some(items) = array else {
        found.malformed.push(format!("{} must be an array", found.key));
        return found;
    };
    for (idx, item) in items.iter().enumerate() {
        let at = key.map_or_else(|| idx.to_string(), |key| format!("{key}.{idx}"));
        if let Some(item) = read(item, &at, &mut found) {
            found.items.push(item);
        }
    }
    found
}

pub(in crate::simulator) fn read_id(value: &Value, at: &str, found: &mut Items<String>) -> Option<String> {
    let id = value.as_str().map(str::to_owned);
    if id.is_none() {
        found.malformed.push(format!("{at} must be a string"));
    }
    id
}

pub(in crate::simulator) fn read_item(value: &Value, at: &str, found: &mut Items<Item>) -> Option<Item> {
    let Some(object) = value.as_object() else {
        found.malformed.push(format!("{at} must be an object"));
        return None;
    };
    note_unknown(
        object,
        &["id", "name", "phone"],
        &format!("{at}."),
        &mut found.unknown,
    );
    let mut text = |key: &str| {
        let text = object.get(key).and_then(Value::as_str).map(str::to_owned);
        if text.is_none() {
            found.malformed.push(format!("{at}.{key} must be a string"));
        }
        text
    };
    let (id, name) = (text("id"), text("name"));
    let phone = match object.get("phone") {
        None => Some(PhoneField::Omitted),
        Some(Value::Null) => Some(PhoneField::Null),
        Some(_) => text("phone").map(PhoneField::Text),
    };
    Some(Item {
        id: id?,
        name: name?,
        phone: phone?,
    })
}

fn note_unknown(object: &Map<String, Value>, known: &[&str], at: &str, unknown: &mut Vec<String>) {
    for key in object.keys().filter(|it| !known.contains(&it.as_str())) {
        unknown.push(format!("{at}property {key} should not exist"));
    }
}
