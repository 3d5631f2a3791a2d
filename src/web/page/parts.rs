//! Small pieces: times, numbers, people, and texts from outside.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::domain::memory::Millis;
use crate::store::Who;
use crate::text::{mask_phones, printable};
use crate::web::status::instant;

/// A text from outside: without characters that reorder or hide, and with phones masked. What it would mean in HTML is
/// escaped where it is written.
pub(super) fn text(raw: &str) -> String {
    mask_phones(&printable(raw))
}

/// A text from outside that people have to type: an id or the name of an account. It may look like a phone.
pub(super) fn typed(raw: &str) -> String {
    printable(raw)
}

/// Such a text, which brings its own direction of writing and keeps it to itself.
pub(super) fn isolated(text: &str) -> Markup {
    html! { bdi { (text) } }
}

/// A user by id and name.
pub(super) fn who(who: &Who) -> Markup {
    html! {
        @if who.id.is_empty() { span.quiet { "(no id)" } } @else { code { (isolated(&typed(&who.id))) } }
        @if let Some(name) = &who.name { " " (isolated(&text(name))) }
    }
}

/// How long ago, or in how long, with the time itself for whoever points at it.
pub(super) fn time(at: Millis, now: Millis) -> Markup {
    html! { time datetime=(instant(at)) title=(date(at)) { (distance(at, now)) } }
}

/// The same of what may not have happened.
pub(super) fn time_or_never(at: Option<Millis>, now: Millis) -> Markup {
    match at {
        Some(at) => time(at, now),
        None => html! { span.quiet { "never" } },
    }
}

/// As a sentence has it.
pub(super) fn date(at: Millis) -> String {
    let at = DateTime::from_timestamp_millis(at.0).unwrap_or(DateTime::<Utc>::UNIX_EPOCH);
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `5 min ago`, `in 2 h`.
pub(super) fn distance(at: Millis, now: Millis) -> String {
    const UNITS: [(i64, &str); 3] = [(24 * 60 * 60, "d"), (60 * 60, "h"), (60, "min")];
    let seconds = (at.0.saturating_sub(now.0)) / 1000;
    let length = seconds.unsigned_abs();
    let (n, unit) = UNITS
        .into_iter()
        .map(|(size, unit)| (length / size.unsigned_abs(), unit))
        // Two days and less are told by the hour, and so on: `1 d` may be nearly two.
        .find(|(n, _)| *n >= 2)
        .unwrap_or((length, "s"));
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("in {n} {unit}"),
        _ => format!("{n} {unit} ago"),
    }
}

/// `1 user`, `2,000 users`.
pub(super) fn count(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", number(n)),
    }
}

/// With its thousands apart.
pub(super) fn number(n: impl Display) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
