//! What the end of a pass leads to: numbers, the log, the back-off, a word to people.

use tracing::{debug, info, warn};

use super::ServiceError;
use super::backoff;
use super::notify::News;
use super::outfit::owner;
use super::service::Service;
use crate::domain::memory::Millis;
use crate::domain::outcome::Outcome;
use crate::reconcile::{AccountReport, RunResult, Stop};
use crate::store::BackOff;
use crate::text::{mask_phones, printable};
use crate::web::LastPass;
use crate::web::counters::{Counters, ERRORS, Family, Measure, Owner, RESULTS};

impl Service {
    /// Takes in the report of a pass.
    ///
    /// # Errors
    /// The checker refused a plan: nobody knows what else the program gets wrong.
    pub(super) async fn take_end(
        &mut self,
        name: &str,
        started_at: Millis,
        report: AccountReport,
    ) -> Result<(), ServiceError> {
        let now = (self.workplace.clock)();
        let was_bereft = self.bereft.remove(name) && matches!(report.stop, Some(Stop::Store(_)));
        let result = word_of(&report);
        log(&report, result);
        self.count(&report, result);
        let back_off = self.back_offs.get(name).copied().unwrap_or_default();
        let quiet_rows = report.is_quiet.then(|| report.rows.unwrap_or_default() as u64);
        self.note_quiet(name, quiet_rows);
        if let Some(rows) = quiet_rows {
            self.board.write_account(name, |it| {
                it.overview.state.rows = Some(rows);
                it.overview.state.quiet_at = Some(now);
            });
        }
        // Before the result is shown: whoever sees the one sees the numbers that belong to it.
        if !report.is_quiet
            && let Some(store) = self.shelf.store().cloned()
            && let Err(error) = self.refresh(name, &store).await
        {
            self.lose(&error);
        }
        match report.result {
            // Another process is at it, a person stopped it, or we are ending: nothing was learned.
            RunResult::Busy => self.table.ended(name, back_off, now),
            _ if matches!(report.stop, Some(Stop::Paused | Stop::Halted)) => {
                self.table.ended(name, back_off, now);
            }
            // As soon as the store is back, whatever the schedule says.
            RunResult::Failed if was_bereft || self.is_store_lost(&report).await => {
                self.table.ended(name, back_off, now);
                self.table.ask(name);
            }
            RunResult::Failed => {
                self.note_last(name, &report, result, now);
                let is_refused = matches!(report.stop, Some(Stop::Refused(_)));
                self.fail(name, is_refused).await;
            }
            RunResult::InSync | RunResult::Partial | RunResult::Held => {
                self.note_last(name, &report, result, now);
                let expected_at = self.rhythms.get(name).map(|it| it.tick_after(started_at));
                self.board.write_account(name, |it| {
                    it.good_at = Some(now);
                    it.expected_at = expected_at;
                });
                self.succeed(name, back_off, now).await;
            }
        }
        self.board.write_account(name, |it| it.is_running = false);
        self.tell_people(name, now);
        match report.stop {
            Some(Stop::Bug(_)) => Err(ServiceError::PlanRefused(name.to_owned())),
            _ => Ok(()),
        }
    }

    /// One more failed pass.
    pub(super) async fn fail(&mut self, name: &str, is_refused: bool) {
        let now = (self.workplace.clock)();
        let before = self.back_offs.get(name).copied().unwrap_or_default();
        let back_off = backoff::after_failure(before, is_refused);
        self.set_back_off(name, back_off).await;
        self.table.ended(name, back_off, now);
        self.board.write_account(name, |it| it.is_running = false);
    }

    async fn succeed(&mut self, name: &str, before: BackOff, now: Millis) {
        if before != BackOff::default() {
            info!(account = name, "the account is well again");
            self.set_back_off(name, BackOff::default()).await;
        }
        self.table.ended(name, BackOff::default(), now);
    }

    async fn set_back_off(&mut self, name: &str, back_off: BackOff) {
        self.back_offs.insert(name.to_owned(), back_off);
        if let Some(store) = self.shelf.store().cloned()
            && let Err(error) = store.set_back_off(name, back_off).await
        {
            self.lose(&error);
        }
    }

    /// Whether a pass failed because the store can't be used any more, by this or by any account.
    async fn is_store_lost(&mut self, report: &AccountReport) -> bool {
        let Some(Stop::Store(error)) = &report.stop else {
            return false;
        };
        if let Some(store) = self.shelf.store().cloned()
            && store.check_writable().await.is_err()
        {
            self.lose(error);
        }
        self.shelf.store().is_none()
    }

    fn note_last(&self, name: &str, report: &AccountReport, result: &'static str, now: Millis) {
        let failed = report.result == RunResult::Failed;
        let error = report.stop.as_ref().filter(|_| failed).map(Stop::code);
        self.board.write_account(name, |it| {
            it.last = Some(LastPass {
                result,
                error,
                ended_at: now,
            });
        });
    }

    fn tell_people(&self, name: &str, now: Millis) {
        let news = self.board.read(|facts| {
            let account = facts.accounts.iter().find(|it| it.name == name);
            account.map(|it| News::of(it, now))
        });
        if let Some(news) = news {
            self.notifier.hear(&news);
        }
    }

    fn count(&self, report: &AccountReport, result: &'static str) {
        self.board.write(|facts| {
            let account = facts.accounts.iter().find(|it| it.name == report.account);
            if let Some(account) = account {
                let owner = owner(account, facts.has_account_labels);
                count(&mut facts.counters, owner, report, result);
            }
        });
    }
}

fn count(counters: &mut Counters, owner: Owner, report: &AccountReport, result: &'static str) {
    let platform: Owner = (owner.0, None);
    counters.measure(Measure::Runs, platform, ("", ""), report.duration);
    counters.add(Family::Runs, owner.clone(), (result, ""), 1);
    let code = report.stop.as_ref().map(Stop::code);
    if let Some(code) = code.filter(|it| ERRORS.contains(it)) {
        counters.add(Family::RunFailures, owner.clone(), (code, ""), 1);
    }
    if report.is_quiet || report.run.is_none() {
        return;
    }
    for it in &report.users {
        let labels = (it.settled.change.op.word(), it.settled.outcome.word());
        counters.add(Family::Changes, owner.clone(), labels, 1);
    }
    if report.unlisted > 0 {
        let labels = ("create", Outcome::Deferred.word());
        counters.add(Family::Changes, owner, labels, report.unlisted as u64);
    }
}

/// How a pass ended, in the words of metrics.
fn word_of(report: &AccountReport) -> &'static str {
    match report.is_quiet {
        true => RESULTS[0],
        false => report.result.word(),
    }
}

fn log(report: &AccountReport, result: &'static str) {
    let account = &report.account;
    let duration_ms = report.duration.as_millis();
    if let Some(stop) = &report.stop {
        let cause = mask_phones(&printable(&crate::text::chain(stop)));
        warn!(
            account,
            run.id = report.run,
            result,
            code = stop.code(),
            cause,
            duration_ms,
            "the pass did not come to its end"
        );
        return;
    }
    if report.is_quiet || report.result == RunResult::Busy {
        debug!(account, result, duration_ms, "nothing to do");
        return;
    }
    let n_applied = report
        .users
        .iter()
        .filter(|it| it.settled.outcome == Outcome::Applied)
        .count();
    info!(
        account,
        run.id = report.run,
        result,
        applied = n_applied,
        open = report.users.len() - n_applied + report.unlisted,
        holds = report.holds.len(),
        requests.read = report.requests.read,
        requests.write = report.requests.write,
        duration_ms,
        "the pass has ended"
    );
}
