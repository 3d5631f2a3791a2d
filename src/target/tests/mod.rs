//! The client against a small local server that misbehaves on demand.

mod answers;
mod connection;
#[path = "../../../tests/support/log.rs"]
mod log;
mod meta;
mod reading;
mod secrets;
mod server;
mod wazzup_v3;
mod writing;
mod wuts;

use std::num::NonZeroU32;
use std::time::Duration;

use secrecy::SecretString;

use self::server::Server;
use super::http::{Http, HttpOptions};
use super::wazzup_v2::{WazzupV2, wazzup_v2};
use super::wazzup_v3::WazzupV3;
use crate::domain::batch::{Batch, Item, PhoneField, Purpose, Verb};
use crate::domain::phone::Phone;

/// The credential of all tests.
const TOKEN: &str = "t0ken-of-acme";

/// Wide limits: only a test of a limit makes it narrow.
fn options() -> HttpOptions {
    HttpOptions {
        timeout: Duration::from_secs(20),
        max_response_bytes: 1024 * 1024,
        requests_per_second: NonZeroU32::MAX,
        ..HttpOptions::default()
    }
}

fn target(server: &Server) -> WazzupV2 {
    target_with(server, options())
}

fn target_with(server: &Server, options: HttpOptions) -> WazzupV2 {
    wazzup_v2(server.url(), SecretString::from(TOKEN), &Http::new(options))
}

fn wazzup_v3_at(server: &Server) -> WazzupV3 {
    super::wazzup_v3::wazzup_v3(server.url(), SecretString::from(TOKEN), &Http::new(options()))
}

fn item(id: &str, name: &str, phone: PhoneField) -> Item {
    Item {
        id: id.into(),
        name: name.into(),
        phone,
        grant: None,
        purpose: Purpose::Apply,
    }
}

fn batch(verb: Verb, items: Vec<Item>) -> Batch {
    Batch { verb, items }
}

/// One user with a phone, to be created.
fn anna() -> Batch {
    batch(Verb::Create, vec![item("1", "Anna Ozola", number("37126123456"))])
}

fn number(digits: &str) -> PhoneField {
    PhoneField::Number(Phone::from_remote(digits).unwrap())
}
