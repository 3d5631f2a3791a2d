//! When a list that comes by cursors is whole.
//!
//! The end is a page without `next`: pages may be short or empty in the middle. A cursor that comes again would
//! lead in a circle, and one that is missing leads nowhere; what was read up to there may lack users. This is
//! the decision alone; whoever uses it makes the requests.

use std::collections::HashSet;
use std::sync::Arc;

use super::rows::{Page, User};

/// Most users of a list: a hundred full pages. Beyond it something is wrong.
const MAX_USERS: usize = 10_000;

/// Most pages of a list: [`MAX_USERS`] in pages of the default size, and as many empty ones.
const MAX_PAGES: usize = 800;

/// Reads one list to its end.
#[derive(Debug, Default)]
pub(super) struct Walk {
    users: Vec<User>,
    seen: HashSet<Arc<str>>,
    cursors: HashSet<String>,
    n_pages: usize,
    unusable: Option<&'static str>,
}

/// A list that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Walked {
    /// Each once, in the order of the platform.
    pub(super) users: Vec<User>,
    /// Why the list may lack users; `None` for a complete one.
    pub(super) incomplete: Option<&'static str>,
}

/// What comes after a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Then {
    /// The page behind this cursor.
    Page(String),
    /// Nothing: this is the list.
    End(Walked),
}

impl Walk {
    /// Takes the next page in.
    pub(super) fn take(&mut self, page: Page) -> Then {
        let Page {
            rows,
            after,
            has_next,
        } = page;
        for row in rows {
            match row {
                Ok(user) if self.seen.insert(user.id.clone()) => self.users.push(user),
                // A list that moves shows a user twice; by cursors none is lost by that.
                Ok(_) => {}
                Err(why) => self.unusable = Some(why),
            }
        }
        self.n_pages += 1;
        if !has_next {
            return self.end(None);
        }
        if self.users.len() > MAX_USERS {
            return self.end(Some("the list is longer than 10000 users"));
        }
        if self.n_pages >= MAX_PAGES {
            return self.end(Some("the list has no end after 800 pages"));
        }
        match after.filter(|it| !it.is_empty()) {
            None => self.end(Some("a page says that another one follows, and not where")),
            Some(cursor) if !self.cursors.insert(cursor.clone()) => {
                self.end(Some("the list leads back to a page that was read before"))
            }
            Some(cursor) => Then::Page(cursor),
        }
    }

    /// A user that was read so far, while others follow.
    pub(super) fn find(&self, id: &str) -> Option<&User> {
        self.seen
            .contains(id)
            .then(|| self.users.iter().find(|it| &*it.id == id))?
    }

    fn end(&mut self, doubt: Option<&'static str>) -> Then {
        Then::End(Walked {
            users: std::mem::take(&mut self.users),
            incomplete: doubt.or(self.unusable),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: &[u32], after: Option<&str>, has_next: bool) -> Page {
        let user = |id: &u32| User {
            id: id.to_string().into(),
            name: "".into(),
            tasks: None,
        };
        Page {
            rows: ids.iter().map(|it| Ok(user(it))).collect(),
            after: after.map(str::to_owned),
            has_next,
        }
    }

    fn goes_on(then: Then) -> String {
        match then {
            Then::Page(cursor) => cursor,
            Then::End(walked) => panic!("{walked:?}"),
        }
    }

    fn ended(then: Then) -> Walked {
        match then {
            Then::End(walked) => walked,
            Then::Page(cursor) => panic!("goes on at {cursor}"),
        }
    }

    fn ids(walked: &Walked) -> Vec<&str> {
        walked.users.iter().map(|it| &*it.id).collect()
    }

    #[test]
    fn the_list_ends_where_nothing_follows() {
        let mut walk = Walk::default();
        assert_eq!(goes_on(walk.take(page(&[1, 2], Some("a"), true))), "a");
        assert_eq!(goes_on(walk.take(page(&[], Some("b"), true))), "b");
        assert_eq!(walk.find("2").map(|it| &*it.id), Some("2"));
        let walked = ended(walk.take(page(&[3], Some("c"), false)));
        assert_eq!((ids(&walked), walked.incomplete), (vec!["1", "2", "3"], None));
    }

    #[test]
    fn a_cursor_that_comes_again_is_a_doubt() {
        let mut walk = Walk::default();
        goes_on(walk.take(page(&[1], Some("a"), true)));
        goes_on(walk.take(page(&[2], Some("b"), true)));
        let walked = ended(walk.take(page(&[3], Some("a"), true)));
        assert_eq!(ids(&walked), ["1", "2", "3"]);
        assert!(walked.incomplete.is_some());
    }

    #[test]
    fn a_next_page_without_a_cursor_is_a_doubt() {
        for after in [None, Some("")] {
            let walked = ended(Walk::default().take(page(&[1], after, true)));
            assert!(walked.incomplete.is_some(), "{after:?}");
        }
    }

    #[test]
    fn a_user_that_is_shown_twice_is_one_and_an_unusable_row_spoils_the_list() {
        let mut walk = Walk::default();
        goes_on(walk.take(page(&[1, 2], Some("a"), true)));
        let walked = ended(walk.take(page(&[2, 3], None, false)));
        assert_eq!((ids(&walked), walked.incomplete), (vec!["1", "2", "3"], None));
        let mut spoilt = page(&[1], None, false);
        spoilt.rows.push(Err("a row without an id"));
        let walked = ended(Walk::default().take(spoilt));
        assert_eq!(walked.incomplete, Some("a row without an id"));
    }

    #[test]
    fn a_list_without_end_is_given_up() {
        let mut walk = Walk::default();
        let mut n_pages = 0;
        let walked = loop {
            n_pages += 1;
            if let Then::End(walked) = walk.take(page(&[], Some(&n_pages.to_string()), true)) {
                break walked;
            }
        };
        assert_eq!((n_pages, walked.users.len()), (MAX_PAGES, 0));
        assert!(walked.incomplete.is_some_and(|it| it.contains("800 pages")));
        let many: Vec<u32> = (0..=10_000).collect();
        let walked = ended(Walk::default().take(page(&many, Some("a"), true)));
        assert!(walked.incomplete.is_some_and(|it| it.contains("10000 users")));
    }
}
