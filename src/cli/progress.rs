//! What a person at a terminal sees while a command takes longer than a moment. The engine reports, this
//! draws; never more than one line, on stderr, and it is gone when the answer comes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::task::JoinHandle;

use crate::reconcile::{Progress, Step};

/// Who waits no longer than this needs no explanation.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(120);

/// What each account is at.
#[derive(Debug, Default)]
struct Board {
    n_accounts: usize,
    n_ended: usize,
    steps: BTreeMap<String, String>,
    /// Drawn since patience ended.
    line: Option<ProgressBar>,
}

/// Draws the progress of a command until it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    board: Option<Arc<Mutex<Board>>>,
    drawer: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to watch so many accounts, if anybody looks.
    pub(super) fn start(is_watched: bool, n_accounts: usize) -> Watch {
        if !is_watched {
            return Watch {
                board: None,
                drawer: None,
            };
        }
        let board = Arc::new(Mutex::new(Board {
            n_accounts,
            ..Board::default()
        }));
        let drawer = tokio::spawn(draw(Arc::clone(&board)));
        Watch {
            board: Some(board),
            drawer: Some(drawer),
        }
    }

    /// Takes the steps of one account.
    pub(super) fn of(&self, account: &str) -> Progress {
        let Some(board) = self.board.clone() else {
            return Progress::default();
        };
        let account = account.to_owned();
        Progress::to(move |step| put(&board, &account, words(step)))
    }

    /// An account is at something that has no steps.
    pub(super) fn note(&self, account: &str, what: &str) {
        if let Some(board) = &self.board {
            put(board, account, what.to_owned());
        }
    }

    /// An account is done.
    pub(super) fn ended(&self, account: &str) {
        if let Some(board) = &self.board {
            let mut board = locked(board);
            board.n_ended += 1;
            board.steps.remove(account);
        }
    }
}

impl Drop for Watch {
    /// Clears the line at once: the answer comes next.
    fn drop(&mut self) {
        if let Some(drawer) = self.drawer.take() {
            drawer.abort();
        }
        let board = self.board.as_ref();
        let line = board.and_then(|board| locked(board).line.take());
        if let Some(line) = line {
            line.finish_and_clear();
        }
    }
}

/// A board is only ever set as a whole, so one that a panic left behind is as good as any.
fn locked(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put(board: &Mutex<Board>, account: &str, what: String) {
    let mut board = locked(board);
    board.steps.insert(account.to_owned(), what);
}

fn words(step: Step) -> String {
    match step {
        Step::ReadingSource => "reading the employees".to_owned(),
        Step::Listing => "reading the platform's users".to_owned(),
        Step::Sending { request, of } => format!("sending request {request} of {of}"),
        Step::Confirming { users } => format!("reading back {users} users"),
    }
}

async fn draw(board: Arc<Mutex<Board>>) {
    tokio::time::sleep(PATIENCE).await;
    locked(&board).line = Some(ProgressBar::new_spinner());
    loop {
        locked(&board).draw();
        tokio::time::sleep(TICK).await;
    }
}

impl Board {
    fn draw(&self) {
        if let Some(line) = &self.line {
            line.set_message(self.words());
            line.tick();
        }
    }

    fn words(&self) -> String {
        let mut text = match self.steps.iter().next() {
            Some((account, what)) => format!("{account}: {what}"),
            None => "working".to_owned(),
        };
        if self.n_accounts > 1 {
            text.push_str(&format!(
                " ({} of {} accounts done)",
                self.n_ended, self.n_accounts
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_an_account_at_work_and_how_many_are_done() {
        let mut board = Board {
            n_accounts: 3,
            ..Board::default()
        };
        assert_eq!(board.words(), "working (0 of 3 accounts done)");
        board
            .steps
            .insert("acme".to_owned(), words(Step::Sending { request: 2, of: 7 }));
        board.n_ended = 1;
        assert_eq!(
            board.words(),
            "acme: sending request 2 of 7 (1 of 3 accounts done)"
        );
    }
}
