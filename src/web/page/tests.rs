use super::chart;
use super::parts::{count, distance, number, text, typed, who};
use super::render::page;
use super::view::{Stored, View};
use crate::domain::memory::{Millis, Reason};
use crate::domain::outcome::{Op, Outcome};
use crate::store::{Glance, HoldGlance, OpenGlance, Part, Who};
use crate::web::board::Facts;

const NOW: Millis = Millis(1_795_406_400_000);

fn view(glance: Glance) -> View {
    let facts = Facts {
        command: "wazzup-sync --config c.toml".to_owned(),
        ..Facts::default()
    };
    let mut view = View::of(&facts, NOW, true);
    view.stored = Stored::Read(glance);
    view
}

fn shown(glance: Glance) -> String {
    page(&view(glance)).into_string()
}

fn part<T>(shown: Vec<T>, n_all: usize) -> Part<T> {
    Part { shown, n_all }
}

fn who_is(id: &str, name: &str) -> Who {
    Who {
        id: id.to_owned(),
        name: Some(name.to_owned()),
    }
}

#[test]
fn times_are_told_by_the_largest_unit_of_which_there_are_two() {
    let told = [0, -1, -119, -120, -7199, -7200, -172_799, -172_800, 90, 7300]
        .map(|seconds| distance(Millis(NOW.0 + seconds * 1000), NOW));
    let expected = [
        "now",
        "1 s ago",
        "119 s ago",
        "2 min ago",
        "119 min ago",
        "2 h ago",
        "47 h ago",
        "2 d ago",
        "in 90 s",
        "in 2 h",
    ];
    assert_eq!(told, expected);
}

#[test]
fn numbers_have_their_thousands_apart() {
    assert_eq!(
        [0, 999, 1000, 1_234_567].map(number),
        ["0", "999", "1,000", "1,234,567"]
    );
    assert_eq!(count(1, "user"), "1 user");
    assert_eq!(count(2000, "user"), "2,000 users");
}

#[test]
fn phones_are_masked_but_not_in_what_people_type() {
    assert_eq!(text("call 37126123456\u{202e}"), "call +371 26 *** *56");
    assert_eq!(typed("37126123456"), "37126123456");
    let named = who(&who_is("37126123456", "Anna 37126123456")).into_string();
    assert!(named.contains("<code><bdi>37126123456</bdi></code>"), "{named}");
    assert!(named.contains("Anna +371 26 *** *56"), "{named}");
}

#[test]
fn a_hold_names_its_users_and_the_commands_that_decide() {
    let hold = HoldGlance {
        id: "9e27170d".to_owned(),
        account: "<acme>".to_owned(),
        reason: Reason::Removals,
        detail: "26 users of 30 would be removed".to_owned(),
        since: Millis(NOW.0 - 3_600_000),
        users: part(vec![who_is("5", "<b>Carl</b>")], 26),
    };
    let page = shown(Glance {
        holds: part(vec![hold], 21),
        ..Glance::default()
    });
    for text in [
        "&lt;acme&gt;",
        "&lt;b&gt;Carl&lt;/b&gt;",
        "60 min ago",
        "… and 25 more",
        "wazzup-sync --config c.toml holds approve 9e27170d",
        "wazzup-sync --config c.toml holds reject 9e27170d",
        "… and 20 more",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
    assert!(!page.contains("<b>Carl"), "{page}");
}

#[test]
fn a_conflict_names_both_parties() {
    let conflict = |other| OpenGlance {
        account: "acme".to_owned(),
        user: who_is("31", "Zoe"),
        op: Op::Update,
        outcome: Outcome::Conflict,
        code: Some("phone_taken".to_owned()),
        detail: Some("37126000009 belongs to somebody".to_owned()),
        other,
        since: NOW,
        tries: 3,
    };
    let open = part(
        vec![conflict(Some(who_is("boss", "The Boss"))), conflict(None)],
        2,
    );
    let page = shown(Glance {
        open,
        ..Glance::default()
    });
    assert!(
        page.contains("The Boss") && page.contains("nobody whom the platform lists"),
        "{page}"
    );
    assert!(page.contains("+371 26 *** *09 belongs to somebody"), "{page}");
    assert!(!page.contains("37126000009"), "{page}");
}

#[test]
fn without_the_store_the_page_says_so_and_shows_the_rest() {
    let mut unread = view(Glance::default());
    unread.stored = Stored::Unreadable;
    let page = page(&unread).into_string();
    assert!(page.contains("The store can't be read."), "{page}");
    assert!(
        page.contains("No account is configured") && !page.contains("id=\"holds\""),
        "{page}"
    );
}

#[test]
fn no_element_has_an_attribute_twice() {
    let page = shown(Glance::default());
    for tag in page
        .split('<')
        .filter_map(|it| it.split_once('>'))
        .map(|(tag, _)| tag)
    {
        assert!(tag.matches(" class=").count() < 2, "{tag}");
    }
    assert!(
        chart::runs(&[], NOW)
            .into_string()
            .contains("No run has been recorded yet.")
    );
}
