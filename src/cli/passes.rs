//! Passes over several accounts, side by side, and how each of them ended.

use std::collections::BTreeMap;
use std::future::Future;

use futures_util::stream::{self, StreamExt as _};

use super::exit::Exit;
use super::progress::Watch;
use crate::reconcile::{AccountReport, Order, Parts, RunResult, preview, reconcile};
use crate::settings::AccountSettings;
use crate::store::Store;
use crate::workplace::{Opened, Workplace, open_all};

/// One account to be looked at, and how.
pub(super) struct Job<'a> {
    pub(super) settings: &'a AccountSettings,
    pub(super) order: Order,
}

/// How an account's pass ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) report: AccountReport,
    /// The account's exit code.
    pub(super) exit: Exit,
    /// The account's result.
    pub(super) result: RunResult,
    /// What a person types to decide a hold, by the digest of the hold; of those on record.
    pub(super) hold_ids: BTreeMap<String, String>,
}

impl End {
    /// The end of a pass that did what it could.
    fn of_pass(report: AccountReport, hold_ids: BTreeMap<String, String>, is_strict: bool) -> End {
        let mut exit = Exit::of_account(report.exit_code());
        let mut result = report.result;
        if is_strict && exit == Exit::Ok && !report.findings.is_empty() {
            exit = Exit::Partial;
            result = RunResult::Partial;
        }
        End {
            report,
            exit,
            result,
            hold_ids,
        }
    }

    /// The end of a plan: it has no code for what would be changed, unless asked for one.
    fn of_plan(report: AccountReport, hold_ids: BTreeMap<String, String>, tells_pending: bool) -> End {
        let has_pending = !report.users.is_empty() || !report.holds.is_empty();
        let exit = match report.result {
            RunResult::Failed => Exit::of_account(report.exit_code()),
            _ if has_pending && tells_pending => Exit::Pending,
            _ => Exit::Ok,
        };
        let result = match report.result {
            RunResult::InSync if has_pending => RunResult::Partial,
            result => result,
        };
        End {
            report,
            exit,
            result,
            hold_ids,
        }
    }
}

/// What all passes of a command share.
pub(super) struct Round<'a> {
    pub(super) workplace: &'a Workplace,
    pub(super) store: Option<&'a Store>,
    pub(super) watch: &'a Watch,
}

impl Round<'_> {
    /// Reconciles; tells each end as it comes, and all of them in the order of the jobs.
    pub(super) async fn reconcile(
        &self,
        store: &Store,
        jobs: &[Job<'_>],
        is_strict: bool,
        each: impl FnMut(&End),
    ) -> Vec<End> {
        let pass = async |opened: &Opened, order: &Order| {
            let progress = self.watch.of(&opened.account.name);
            let parts = Parts {
                source: &*opened.source,
                store,
                target: &opened.target,
                account: &opened.account,
                timing: self.workplace.timing(),
                clock: &self.workplace.clock,
                progress: &progress,
            };
            Box::pin(reconcile(&parts, order)).await
        };
        let end = |report, ids| End::of_pass(report, ids, is_strict);
        self.all(jobs, pass, end, each).await
    }

    /// Plans; tells all ends in the order of the jobs.
    pub(super) async fn preview(&self, jobs: &[Job<'_>], tells_pending: bool) -> Vec<End> {
        let pass = async |opened: &Opened, order: &Order| {
            self.watch.note(&opened.account.name, "planning");
            let Opened {
                source,
                target,
                account,
            } = opened;
            let timing = self.workplace.timing();
            let clock = &self.workplace.clock;
            Box::pin(preview(
                &**source, self.store, target, account, timing, clock, order,
            ))
            .await
        };
        let end = |report, ids| End::of_plan(report, ids, tells_pending);
        self.all(jobs, pass, end, |_| {}).await
    }

    async fn all(
        &self,
        jobs: &[Job<'_>],
        pass: impl AsyncFn(&Opened, &Order) -> AccountReport,
        end: impl Fn(AccountReport, BTreeMap<String, String>) -> End,
        mut each: impl FnMut(&End),
    ) -> Vec<End> {
        let chosen: Vec<&AccountSettings> = jobs.iter().map(|it| it.settings).collect();
        let opened = open_all(self.workplace, &chosen, self.store);
        let (pass, end) = (&pass, &end);
        let one = async |idx: usize, job: &Job<'_>, opened: Result<Opened, Box<AccountReport>>| {
            let report = match opened {
                Ok(opened) => pass(&opened, &job.order).await,
                Err(report) => *report,
            };
            let ids = self.hold_ids(&report).await;
            self.watch.ended(&report.account);
            (idx, end(report, ids))
        };
        let one = &one;
        let passes = jobs.iter().zip(opened).enumerate();
        let passes = passes.map(|(idx, (job, opened))| one(idx, job, opened));
        in_turn(passes, self.workplace.settings.daemon.concurrency, &mut each).await
    }

    /// The ids of the holds that are on record.
    async fn hold_ids(&self, report: &AccountReport) -> BTreeMap<String, String> {
        let Some(store) = self.store.filter(|_| !report.holds.is_empty()) else {
            return BTreeMap::new();
        };
        // Without an id the report still says all there is to decide; `holds list` will tell again.
        let open = store.open_holds(&report.account).await.unwrap_or_default();
        open.into_iter().map(|it| (it.hold.digest, it.id)).collect()
    }
}

/// Runs so many at a time; all ends in the order of the passes.
async fn in_turn<F>(
    passes: impl Iterator<Item = F>,
    n_at_once: usize,
    each: &mut impl FnMut(&End),
) -> Vec<End>
where
    F: Future<Output = (usize, End)>,
{
    let mut running = std::pin::pin!(stream::iter(passes).buffer_unordered(n_at_once.max(1)));
    let mut ends = Vec::new();
    while let Some((idx, end)) = running.next().await {
        each(&end);
        ends.push((idx, end));
    }
    ends.sort_by_key(|(idx, _)| *idx);
    ends.into_iter().map(|(_, end)| end).collect()
}

/// The one code and result of a command.
pub(super) fn conclude(ends: &[End]) -> (Exit, &'static str) {
    let exit = Exit::combine(ends.iter().map(|it| it.exit));
    let result = [
        RunResult::Failed,
        RunResult::Held,
        RunResult::Partial,
        RunResult::Busy,
    ];
    let result = result
        .into_iter()
        .find(|result| ends.iter().any(|it| it.result == *result));
    (exit, result.unwrap_or(RunResult::InSync).word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check::Violation;
    use crate::reconcile::{Said, Stop};
    use crate::source::SourceError;
    use crate::store::StoreError;

    fn end(stop: Stop) -> End {
        End::of_pass(AccountReport::stopped("acme", stop), BTreeMap::new(), true)
    }

    #[test]
    fn every_reason_to_stop_has_its_code() {
        let said = || Said("no".to_owned());
        let (source_name, cause) = ("crm".to_owned(), "no".to_owned());
        let unreachable = SourceError::Unreachable { source_name, cause };
        let (source_name, cause) = ("crm".to_owned(), "no".to_owned());
        let unusable = SourceError::Unusable { source_name, cause };
        let folder = "/no".into();
        for (stop, exit) in [
            (Stop::Misconfigured("no".to_owned()), Exit::Configuration),
            (Stop::Source(unreachable), Exit::Unavailable),
            (Stop::Source(unusable), Exit::SourceData),
            (Stop::AllQuarantined(2), Exit::SourceData),
            (Stop::Store(StoreError::MissingFolder { folder }), Exit::Store),
            (Stop::Refused(said()), Exit::Credentials),
            (Stop::RateLimited(said()), Exit::Unavailable),
            (Stop::Unreachable(said()), Exit::Unavailable),
            (Stop::Unreadable(said()), Exit::Unavailable),
            (Stop::ContractChanged(said()), Exit::Unavailable),
            (Stop::Stale("no".to_owned()), Exit::StalePlan),
            (Stop::Bug(Violation::Size(0)), Exit::PlanRefused),
        ] {
            let text = stop.to_string();
            let end = end(stop);
            assert_eq!(end.exit, exit, "{text}");
            assert_eq!(end.result, RunResult::Failed, "{text}");
        }
    }

    #[test]
    fn of_several_ends_the_worst_gives_code_and_result() {
        assert_eq!(conclude(&[]), (Exit::Ok, "in_sync"));
        let bug = end(Stop::Bug(Violation::Size(0)));
        let stale = end(Stop::Stale(String::new()));
        assert_eq!(conclude(&[stale, bug]), (Exit::PlanRefused, "failed"));
    }
}
