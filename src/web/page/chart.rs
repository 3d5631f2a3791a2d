//! The last runs as a picture: a bar for each, as high as it had changes, and their table for whoever does not see it.

use maud::{Markup, html};

use super::parts::{count, date, isolated, number, text, time, typed};
use crate::domain::memory::Millis;
use crate::domain::outcome::Outcome;
use crate::store::RunSummary;

/// So many runs stand in the table.
const MAX_ROWS: usize = 15;

/// The drawing, in its own units.
const HEIGHT: f64 = 100.0;
const STEP: f64 = 10.0;
const BAR: f64 = 7.0;
/// So wide at least: few runs shall not be drawn as huge blocks.
const MIN_STEPS: usize = 30;
/// Where a run had no change it is still to be seen.
const STUB: f64 = 3.0;

/// What of a run is drawn.
struct Bar {
    applied: usize,
    open: usize,
    has_failed: bool,
}

impl Bar {
    fn of(run: &RunSummary) -> Bar {
        let open = Outcome::ALL.into_iter().filter(|it| *it != Outcome::Applied);
        Bar {
            applied: run.outcomes.of(Outcome::Applied),
            open: open.map(|it| run.outcomes.of(it)).sum(),
            has_failed: matches!(run.result.as_deref(), Some("failed" | "interrupted")),
        }
    }

    fn n_all(&self) -> usize {
        self.applied + self.open
    }
}

/// The section; `runs` has the newest first.
pub(super) fn runs(runs: &[RunSummary], now: Millis) -> Markup {
    let (Some(newest), Some(oldest)) = (runs.first(), runs.last()) else {
        return html! { p.quiet { "No run has been recorded yet." } };
    };
    let bars: Vec<Bar> = runs.iter().rev().map(Bar::of).collect();
    let n_most = bars.iter().map(Bar::n_all).max().unwrap_or_default();
    html! {
        figure.chart {
            (drawing(runs, &bars, n_most))
            div.axis {
                span { (time(oldest.started_at, now)) }
                span { (time(newest.started_at, now)) }
            }
            figcaption {
                ul.legend {
                    li.applied { "applied" }
                    li.open { "open: held, conflict, rejected, deferred, unknown" }
                    li.failed { "the run failed" }
                }
                p.quiet {
                    "The highest bar has " (count(n_most, "change")) "; lower ones are drawn higher than in proportion. "
                    "Passes that find nothing to do leave no run."
                }
            }
        }
        details {
            summary { "The last " (count(runs.len().min(MAX_ROWS), "run")) " in figures" }
            (table(runs, now))
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no picture tells numbers apart that a float does not"
)]
fn drawing(runs: &[RunSummary], bars: &[Bar], n_most: usize) -> Markup {
    let width = bars.len().max(MIN_STEPS) as f64 * STEP;
    let first = width - bars.len() as f64 * STEP;
    // By the root: beside the first run, which creates everybody, the daily ones are to be seen as well.
    let unit = HEIGHT / (n_most.max(1) as f64).sqrt();
    let n_failed = bars.iter().filter(|it| it.has_failed).count();
    let label = format!(
        "The last {}, the newest on the right; {} failed.",
        count(bars.len(), "recorded run"),
        number(n_failed)
    );
    html! {
        svg role="img" aria-label=(label) viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" {
            line.base x1="0" x2=(width) y1=(HEIGHT) y2=(HEIGHT) {}
            @for (at, (bar, run)) in bars.iter().zip(runs.iter().rev()).enumerate() {
                @let x = first + at as f64 * STEP;
                @let whole = ((bar.n_all() as f64).sqrt() * unit).max(STUB);
                @let open = whole * bar.open as f64 / bar.n_all().max(1) as f64;
                g {
                    title { (told(run, bar)) }
                    @if bar.has_failed {
                        rect.failed x=(x) y="0" width=(BAR) height=(HEIGHT) {}
                    }
                    @if bar.applied > 0 || bar.open == 0 {
                        rect.applied x=(x) y=(round(HEIGHT - whole + open)) width=(BAR) height=(round(whole - open)) {}
                    }
                    @if bar.open > 0 {
                        rect.open x=(x) y=(round(HEIGHT - whole)) width=(BAR) height=(round(open)) {}
                    }
                }
            }
        }
    }
}

/// Enough for a picture.
fn round(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

/// A run in one line.
fn told(run: &RunSummary, bar: &Bar) -> String {
    format!(
        "{}, {}: {}, {} applied, {} open",
        typed(&run.account),
        date(run.started_at),
        result(run),
        number(bar.applied),
        number(bar.open)
    )
}

fn result(run: &RunSummary) -> String {
    let word = run.result.as_deref().unwrap_or("under way");
    match &run.error {
        Some(error) => format!("{word}, {}", error.code),
        None => word.replace('_', " "),
    }
}

fn table(runs: &[RunSummary], now: Millis) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label="The last runs in figures" {
            table {
                caption.unseen { "The last runs in figures" }
                thead {
                    tr {
                        th scope="col" { "Began" }
                        th scope="col" { "Account" }
                        th scope="col" { "Result" }
                        th.number scope="col" { "Applied" }
                        th.number scope="col" { "Open" }
                        th.number scope="col" { "Requests" }
                    }
                }
                tbody {
                    @for run in runs.iter().take(MAX_ROWS) {
                        @let bar = Bar::of(run);
                        tr {
                            td { (time(run.started_at, now)) }
                            td { (isolated(&typed(&run.account))) }
                            td title=[run.error.as_ref().map(|it| text(&it.message))] { (result(run)) }
                            td.number { (number(bar.applied)) }
                            td.number { (number(bar.open)) }
                            td.number { (number(run.requests.read + run.requests.write)) }
                        }
                    }
                }
            }
        }
    }
}
