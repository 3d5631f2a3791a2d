//! What a person at a terminal sees while a command takes longer than a moment. The engine reports, this
//! draws; never more than one line, on stderr, and it is gone when the answer comes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
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
            let mut board = board.lock().unwrap_or_else(PoisonError::into_inner);
            board.n_ended += 1;
            board.steps.remove(account);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(drawer) = self.drawer.take() {
            drawer.abort();
        }
    }
}

fn put(board: &Mutex<Board>, account: &str, what: String) {
    let mut board = board.lock().unwrap_or_else(PoisonError::into_inner);
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

/// Clears the line however the drawing ends: a drawer is aborted, not asked to stop.
struct Line(ProgressBar);

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

async fn draw(board: Arc<Mutex<Board>>) {
    tokio::time::sleep(PATIENCE).await;
    let line = Line(ProgressBar::new_spinner());
    loop {
        let text = board.lock().unwrap_or_else(PoisonError::into_inner).line();
        line.0.set_message(text);
        line.0.tick();
        tokio::time::sleep(TICK).await;
    }
}

impl Board {
    fn line(&self) -> String {
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
