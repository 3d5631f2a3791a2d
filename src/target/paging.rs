//! When a list that comes in pages is whole.
//!
//! The platform tells neither a total nor a next page, its limits and its order are undocumented, and the
//! list may change while it is read. A list that lacks users looks like users who left, so every doubt makes
//! it incomplete. This is the decision alone; whoever uses it makes the requests.
//!
//! The rules: advance by the rows received, up to an empty page. A page that repeats known users wholly is
//! the end if it is short (the offset was beyond the end, or is ignored on a list of one page), but if it is
//! full nobody knows what follows. A page that repeats some of them means that rows have moved: begin again.

use foldhash::HashSet;

use super::{Listing, People};
use crate::domain::user::{User, UserId};

/// How often a list that moved is read again: a person at work in the cabinet moves it once or twice.
const MAX_RESTARTS: u32 = 3;

/// Most users of a list: ten times the documented number of seats. Beyond it something is wrong.
const MAX_USERS: usize = 10_000;

/// Most pages of one reading, restarts included: 1,000 users in pages of one, read twice.
const MAX_PAGES: usize = 2_000;

/// One row of a list: a user, or why it is none.
pub type Row = Result<User, &'static str>;

/// Reads one list to its end.
#[derive(Debug)]
pub struct Paging {
    /// Rows asked for.
    limit: usize,
    /// The page size of the documentation's example. A first page of just this size is not believed to be
    /// all, though more were asked for: it may be the platform's maximum.
    documented: usize,
    n_pages: usize,
    n_restarts: u32,
    round: Round,
}

/// What was read since the last begin.
#[derive(Debug, Default)]
struct Round {
    users: Vec<User>,
    seen: HashSet<UserId>,
    n_rows: usize,
    n_pages: usize,
    n_rows_of_first: usize,
    unusable: Option<&'static str>,
}

impl Paging {
    /// A reading by pages of `limit` rows.
    pub fn new(limit: usize, documented: usize) -> Paging {
        Paging {
            limit,
            documented,
            n_pages: 0,
            n_restarts: 0,
            round: Round::default(),
        }
    }

    /// Where the next page begins.
    pub fn offset(&self) -> usize {
        self.round.n_rows
    }

    /// As [`Paging::take`], where the platform may give the whole list at once, whatever it is asked for: then
    /// the second page is the first again, and nothing is lacking.
    pub fn take_unless_whole(&mut self, page: Vec<Row>) -> Option<Listing> {
        let repeats_first = self.round.n_pages == 1 && self.round.is_just(&page);
        if repeats_first {
            return Some(self.end(None));
        }
        self.take(page)
    }

    /// Takes the page at [`Paging::offset`] in; the list, if that was the end.
    pub fn take(&mut self, page: Vec<Row>) -> Option<Listing> {
        let n_rows = page.len();
        if n_rows == 0 {
            return Some(self.end(None));
        }
        let is_full = n_rows >= self.page_rows(n_rows);
        let (n_new, n_repeated) = self.round.add(page);
        self.n_pages += 1;

        if n_new == 0 && is_full {
            return Some(self.end(Some("a full page repeats users that were listed before")));
        }
        if n_new == 0 {
            return Some(self.end(None));
        }
        if n_repeated > 0 && self.n_restarts == MAX_RESTARTS {
            return Some(self.end(Some("the list kept moving while it was read")));
        }
        if n_repeated > 0 {
            self.n_restarts += 1;
            self.round = Round::default();
        }
        if self.round.users.len() > MAX_USERS {
            return Some(self.end(Some("the list is longer than 10000 users")));
        }
        if self.n_pages >= MAX_PAGES {
            return Some(self.end(Some("the list has no end after 2000 pages")));
        }
        None
    }

    /// Rows of a full page: as many as the first one had, if others followed it; else as many as were asked
    /// for, or as the documentation shows.
    fn page_rows(&self, n_rows: usize) -> usize {
        match self.round.n_pages {
            0 | 1 if n_rows == self.documented => self.documented,
            0 | 1 => self.limit,
            _ => self.round.n_rows_of_first,
        }
    }

    fn end(&mut self, doubt: Option<&str>) -> Listing {
        let Round { users, unusable, .. } = std::mem::take(&mut self.round);
        Listing {
            users,
            phones_shown: true,
            incomplete: doubt.or(unusable).map(str::to_owned),
            people: People::default(),
        }
    }
}

impl Round {
    /// Whether the page holds the same users, and nothing else.
    fn is_just(&self, page: &[Row]) -> bool {
        let is_seen = |row: &Row| row.as_ref().is_ok_and(|user| self.seen.contains(&user.id));
        page.len() == self.n_rows && page.iter().all(is_seen)
    }

    /// Adds a page, each user once; how many of its rows are new users, and how many known ones.
    fn add(&mut self, page: Vec<Row>) -> (usize, usize) {
        if self.n_pages == 0 {
            self.n_rows_of_first = page.len();
        }
        self.n_pages += 1;
        self.n_rows += page.len();
        let (mut n_new, mut n_repeated) = (0, 0);
        for row in page {
            match row {
                Err(why) => self.unusable = Some(why),
                Ok(user) if self.seen.insert(user.id.clone()) => {
                    n_new += 1;
                    self.users.push(user);
                }
                Ok(_) => n_repeated += 1,
            }
        }
        (n_new, n_repeated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ids: std::ops::Range<usize>) -> Vec<Row> {
        ids.map(|id| {
            Ok(User {
                id: id.to_string().as_str().into(),
                name: "".into(),
                phone: None,
                grant: None,
            })
        })
        .collect()
    }

    /// Reads to the end from a platform that answers `offset` with `page(offset)`; also the pages it took.
    fn read(limit: usize, mut page: impl FnMut(usize) -> Vec<Row>) -> (Listing, usize) {
        let mut paging = Paging::new(limit, 50);
        for n_pages in 1.. {
            if let Some(listing) = paging.take(page(paging.offset())) {
                return (listing, n_pages);
            }
        }
        unreachable!("a reading has a bound of pages")
    }

    /// A platform of `total` users that caps its pages.
    fn capped(total: usize, cap: usize) -> impl Fn(usize) -> Vec<Row> {
        move |offset| rows(offset.min(total)..(offset + cap).min(total))
    }

    #[test]
    fn a_list_is_read_by_the_rows_received_up_to_an_empty_page() {
        for (total, cap, pages) in [
            (0, 100, 1),
            (20, 7, 4),
            (21, 7, 4),
            (100, 50, 3),
            (100, 100, 2),
            (250, 100, 4),
        ] {
            let (listing, n_pages) = read(100, capped(total, cap));
            assert_eq!(listing.incomplete, None, "{total} in pages of {cap}");
            assert_eq!(
                (listing.users.len(), n_pages),
                (total, pages),
                "{total} in pages of {cap}"
            );
        }
    }

    #[test]
    fn an_ignored_offset_is_the_end_on_a_short_page_and_a_doubt_on_a_full_one() {
        let (short, _) = read(100, |_| rows(0..20));
        assert_eq!((short.users.len(), short.incomplete), (20, None));
        let (full, _) = read(100, |_| rows(0..100));
        assert_eq!(full.users.len(), 100);
        assert!(full.incomplete.is_some());
    }

    #[test]
    fn a_first_page_of_the_documented_size_is_not_believed_to_be_all() {
        let (listing, _) = read(100, |_| rows(0..50));
        assert!(listing.incomplete.is_some(), "50 may be the maximum of a page");
    }

    #[test]
    fn a_repeated_last_page_is_the_end_if_it_is_shorter_than_the_others() {
        let repeating = |total: usize| {
            move |offset: usize| {
                let begin = if offset < total {
                    offset
                } else {
                    (total - 1) / 7 * 7
                };
                rows(begin..(begin + 7).min(total))
            }
        };
        let (short, _) = read(100, repeating(20));
        assert_eq!((short.users.len(), short.incomplete), (20, None));
        let (full, _) = read(100, repeating(21));
        assert!(
            full.incomplete.is_some(),
            "a full page says nothing of what follows"
        );
    }

    #[test]
    fn a_list_that_may_come_at_once_is_whole_when_it_comes_again() {
        for n in [7, 100, 150] {
            let mut paging = Paging::new(100, 100);
            assert_eq!(paging.take_unless_whole(rows(0..n)), None);
            let listing = paging.take_unless_whole(rows(0..n)).unwrap();
            assert_eq!((listing.users.len(), listing.incomplete), (n, None));
        }
        // In pages it goes on, and a later page that repeats is a doubt as ever.
        let mut paging = Paging::new(100, 100);
        assert_eq!(paging.take_unless_whole(rows(0..100)), None);
        assert_eq!(paging.take_unless_whole(rows(100..200)), None);
        assert!(
            paging
                .take_unless_whole(rows(100..200))
                .unwrap()
                .incomplete
                .is_some()
        );
    }

    #[test]
    fn a_list_that_moves_once_is_read_again() {
        let mut n_calls = 0;
        let (listing, n_pages) = read(100, |offset| {
            n_calls += 1;
            // Before the second page a user was added in front, and all others moved by one.
            let shift = usize::from(n_calls == 2);
            capped(150, 100)(offset - shift)
        });
        assert_eq!((listing.users.len(), listing.incomplete), (150, None));
        assert_eq!(n_pages, 2 + 3);
    }

    #[test]
    fn a_list_that_keeps_moving_is_given_up_after_three_more_times() {
        let (listing, n_pages) = read(100, |offset| capped(150, 100)(offset.saturating_sub(1)));
        assert!(listing.incomplete.is_some());
        assert_eq!(n_pages, 2 * 4);
    }

    #[test]
    fn a_user_twice_on_one_page_is_a_list_that_moves() {
        let (listing, n_pages) = read(100, |offset| {
            let mut page = capped(5, 100)(offset);
            page.extend(rows(0..1));
            page
        });
        assert_eq!(listing.users.len(), 5, "each user once");
        assert!(listing.incomplete.is_some());
        assert_eq!(n_pages, 4);
    }

    #[test]
    fn an_unusable_row_counts_for_the_offset_and_spoils_the_list() {
        let mut offsets = Vec::new();
        let (listing, _) = read(100, |offset| {
            offsets.push(offset);
            let mut page = capped(5, 5)(offset);
            if offset == 0 {
                page[2] = Err("a row without an id");
            }
            page
        });
        assert_eq!(offsets, [0, 5]);
        assert_eq!(listing.users.len(), 4);
        assert_eq!(listing.incomplete.as_deref(), Some("a row without an id"));
    }

    #[test]
    fn a_list_without_end_is_given_up() {
        let (listing, _) = read(100, |offset| rows(offset..offset + 100));
        assert!(listing.incomplete.unwrap().contains("10000 users"));
        let (listing, n_pages) = read(100, |offset| rows(offset..offset + 1));
        assert!(listing.incomplete.unwrap().contains("2000 pages"));
        assert_eq!(n_pages, MAX_PAGES);
    }

    #[test]
    fn pages_of_unusable_rows_alone_have_an_end() {
        let (listing, n_pages) = read(100, |_| vec![Err("a row without an id")]);
        assert!(listing.incomplete.is_some());
        assert_eq!(n_pages, 1);
    }
}
