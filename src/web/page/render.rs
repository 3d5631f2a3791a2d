//! The document. All that is written into it is escaped by the templates, but for our own style.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::parts::{count, date, isolated, number, text, time, time_or_never, typed, who};
use super::view::{Stored, View, is_trouble};
use super::{STYLE, chart};
use crate::domain::outcome::Outcome;
use crate::store::{FindingGlance, Glance, HoldGlance, OpenGlance, Part};
use crate::web::board::{Account, State};

/// Two arrows that meet, as a picture in the address.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect \
    width='16' height='16' rx='4' fill='%230f766e'/%3E%3Cpath d='M4 6h7M9 3.5 11.5 6 9 8.5M12 10.5H5M7 8 4.5 10.5 7 13' \
    fill='none' stroke='white' stroke-width='1.5'/%3E%3C/svg%3E";

/// The whole page.
pub(super) fn page(view: &View) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title(view)) }
                link rel="icon" href=(ICON);
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                (header(view))
                main #main tabindex="-1" {
                    (troubles(view))
                    (accounts(view))
                    @if let Stored::Read(glance) = &view.stored { (stored(view, glance)) }
                }
                (footer(view))
            }
        }
    }
}

fn title(view: &View) -> String {
    match view.n_troubled() {
        0 => "wazzup-sync".to_owned(),
        n => format!("({n}) wazzup-sync"),
    }
}

fn header(view: &View) -> Markup {
    let verdict = match (view.n_accounts(), view.n_troubled()) {
        (0, _) => "No account is configured".to_owned(),
        (_, 0) => "No account needs you".to_owned(),
        (_, 1) => "1 account needs you".to_owned(),
        (_, n) => format!("{} accounts need you", number(n)),
    };
    html! {
        header {
            p.brand { "wazzup-sync" }
            h1 { (verdict) }
            @if !view.states.is_empty() {
                ul.states aria-label="Accounts by state" {
                    @for (state, n) in &view.states {
                        li class=(tone(*state)) { b { (number(n)) } " " (state.word()) }
                    }
                }
            }
            p.quiet { "As of " time datetime=(super::super::status::instant(view.now)) { (date(view.now)) } " · " a href="/" { "read again" } }
        }
    }
}

/// What is wrong with the service itself.
fn troubles(view: &View) -> Markup {
    html! {
        @if matches!(view.stored, Stored::Unreadable) {
            p.trouble role="alert" {
                b { "The store can't be read." }
                " Runs, holds, open changes and findings are missing here; the log of the service says why. "
                "Below stands what the service remembers."
            }
        }
        @if !view.is_alive {
            p.trouble role="alert" { b { "The service hangs:" } " its loop does not move. The log may say why." }
        }
        @if view.is_reload_refused {
            p.trouble role="alert" {
                b { "The last reload was refused." }
                " The service goes on with the configuration from before; the log says what is wrong."
            }
        }
    }
}

/// The class that colours a state.
fn tone(state: State) -> &'static str {
    match state {
        State::Stopped | State::Failing => "bad",
        State::Held | State::Partial => "warn",
        State::Ok => "good",
        State::Paused | State::Disabled | State::New => "calm",
    }
}

fn accounts(view: &View) -> Markup {
    html! {
        section aria-labelledby="accounts" {
            h2 #accounts { "Accounts" }
            @if view.accounts.is_empty() {
                p.quiet { "There is none yet: accounts stand in the configuration." }
            } @else {
                // Roles, because on a narrow screen the style makes cards of the rows, and browsers then forget them.
                table.cards role="table" {
                    caption.unseen { "Accounts and how they are, the most urgent first" }
                    thead role="rowgroup" {
                        tr role="row" {
                            th role="columnheader" scope="col" { "Account" }
                            th role="columnheader" scope="col" { "State" }
                            th role="columnheader" scope="col" { "Last pass" }
                            th role="columnheader" scope="col" { "Next" }
                            th role="columnheader" scope="col" { "Waiting" }
                            th.number role="columnheader" scope="col" { "Users" }
                        }
                    }
                    tbody role="rowgroup" { @for it in &view.accounts { (account(it, view)) } }
                }
                @if view.n_more > 0 {
                    p.more { "… and " (number(view.n_more)) " more, less urgent; " code { "/api/status" } " has all." }
                }
            }
            @if !view.retired.is_empty() {
                p.quiet {
                    "Not in the configuration any more, and left alone: "
                    @for (at, name) in view.retired.iter().enumerate() {
                        @if at > 0 { ", " }
                        (isolated(&typed(name)))
                    }
                    "."
                }
            }
        }
    }
}

fn account(it: &Account, view: &View) -> Markup {
    let state = it.state();
    let waiting = waiting(it);
    html! {
        tr role="row" {
            th role="rowheader" scope="row" {
                (isolated(&typed(&it.name))) " " span.quiet { (it.platform.word()) }
            }
            td role="cell" data-label="State" {
                span class={ "state " (tone(state)) } { (state.word()) }
                @if it.is_running { " " span.quiet { "running" } }
                @if it.paused.removals && state != State::Paused { " " span.quiet { "removals paused" } }
            }
            td role="cell" data-label="Last pass" {
                @match &it.last {
                    None => span.quiet { "none yet" },
                    Some(last) => {
                        (time(last.ended_at, view.now))
                        @if let Some(error) = last.error { br; code { (error) } }
                        @if is_trouble(state) && last.result == "failed" {
                            br; span.quiet { "last good one: " (time_or_never(it.good_at, view.now)) }
                        }
                    },
                }
            }
            td role="cell" data-label="Next" {
                @match it.next_at {
                    Some(at) if it.is_enabled => (time(at, view.now)),
                    _ => span.quiet { "—" },
                }
            }
            td role="cell" data-label="Waiting" {
                @if waiting.is_empty() { span.quiet { "nothing" } } @else { (waiting.join(", ")) }
            }
            td.number role="cell" data-label="Users" {
                (number(it.overview.state.n_managed))
                @if it.overview.state.foreign > 0 {
                    " " span.quiet { "+ " (number(it.overview.state.foreign)) " foreign" }
                }
                @if let (Some(used), Some(limit)) = (it.seats_used(), it.seats) {
                    br; span.quiet { (number(used)) " of " (number(limit)) " seats" }
                }
            }
        }
    }
}

/// What is not done, in words.
fn waiting(it: &Account) -> Vec<String> {
    let overview = &it.overview;
    let n_holds: usize = overview.holds.values().sum();
    let n_findings: usize = overview.findings.values().sum();
    let open = |of: Outcome| -> usize {
        let these = overview.open.iter().filter(|((_, outcome), _)| *outcome == of);
        these.map(|(_, n)| n).sum()
    };
    let mut words = Vec::new();
    if n_holds > 0 {
        words.push(count(n_holds, "hold"));
    }
    for outcome in Outcome::ALL {
        let n = open(outcome);
        if n > 0 && outcome != Outcome::Held {
            words.push(format!("{} {}", number(n), outcome.word()));
        }
    }
    if n_findings > 0 {
        words.push(count(n_findings, "finding"));
    }
    words
}

/// What comes from the store.
fn stored(view: &View, glance: &Glance) -> Markup {
    html! {
        (section("holds", "Holds", glance.holds.n_all, holds(view, &glance.holds)))
        (section("open", "Conflicts and other open changes", glance.open.n_all, open(view, &glance.open)))
        (section("findings", "Findings", glance.findings.n_all, findings(&glance.findings)))
        section aria-labelledby="runs" {
            h2 #runs { "Last runs" }
            (chart::runs(&glance.runs, view.now))
        }
    }
}

fn section(id: &str, heading: &str, n: usize, content: Markup) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (heading) @if n > 0 { " " span.badge { (number(n)) } } }
            (content)
        }
    }
}

fn holds(view: &View, part: &Part<HoldGlance>) -> Markup {
    html! {
        @if part.shown.is_empty() { p.quiet { "Nothing waits for a decision." } }
        @else { p.quiet { "What looks like an accident waits for a person; all else goes on." } }
        @for it in &part.shown { (hold(view, it)) }
        @if part.n_more() > 0 { p.more { "… and " (number(part.n_more())) " more: " code { (view.command) " holds" } } }
    }
}

fn hold(view: &View, it: &HoldGlance) -> Markup {
    let users = &it.users;
    let what = format!("{} {}", count(users.n_all, "user"), it.reason.subject().deed());
    html! {
        article.card {
            h3 { (isolated(&typed(&it.account))) ": " (what) }
            p { code { (it.reason.word()) } " · " (time(it.since, view.now)) }
            p { (isolated(&text(&it.detail))) }
            @if !users.shown.is_empty() {
                ul.people aria-label=(what) { @for user in &users.shown { li { (who(user)) } } }
            }
            @if users.n_more() > 0 { p.more { "… and " (number(users.n_more())) " more" } }
            dl.commands {
                dt { "Let them pass" }
                dd { code { (view.command) " holds approve " (it.id) } }
                dt { "Keep them" }
                dd { code { (view.command) " holds reject " (it.id) } }
            }
        }
    }
}

fn open(view: &View, part: &Part<OpenGlance>) -> Markup {
    html! {
        @if part.shown.is_empty() { p.quiet { "All changes that may be made are made." } }
        @else {
            table.cards role="table" {
                caption.unseen { "Changes that are not applied, conflicts first" }
                thead role="rowgroup" {
                    tr role="row" {
                        th role="columnheader" scope="col" { "Who" }
                        th role="columnheader" scope="col" { "Outcome" }
                        th role="columnheader" scope="col" { "Other party" }
                        th role="columnheader" scope="col" { "Why" }
                        th role="columnheader" scope="col" { "Since" }
                    }
                }
                tbody role="rowgroup" { @for it in &part.shown { (open_change(view, it)) } }
            }
        }
        @if part.n_more() > 0 { p.more { "… and " (number(part.n_more())) " more: " code { (view.command) " status" } } }
    }
}

fn open_change(view: &View, it: &OpenGlance) -> Markup {
    html! {
        tr role="row" {
            th role="rowheader" scope="row" {
                (who(&it.user)) br; span.quiet { (isolated(&typed(&it.account))) }
            }
            td role="cell" data-label="Outcome" {
                span.state.warn { (it.outcome.word()) } " " span.quiet { (it.op.word()) }
            }
            td role="cell" data-label="Other party" {
                @match &it.other {
                    Some(other) => (who(other)),
                    None if it.outcome == Outcome::Conflict => span.quiet { "nobody whom the platform lists" },
                    None => span.quiet { "—" },
                }
            }
            td role="cell" data-label="Why" {
                @if let Some(detail) = &it.detail { (isolated(&text(detail))) }
                @else if let Some(code) = &it.code { code { (text(code)) } }
                @else { span.quiet { "—" } }
            }
            td role="cell" data-label="Since" {
                (time(it.since, view.now)) @if it.tries > 1 { br; span.quiet { (number(it.tries)) " tries" } }
            }
        }
    }
}

fn findings(part: &Part<FindingGlance>) -> Markup {
    html! {
        @if part.shown.is_empty() { p.quiet { "Nothing is to be mended in a CRM." } }
        @else {
            p.quiet { "To be mended in the CRM; all that does not depend on it goes on." }
            table.cards role="table" {
                caption.unseen { "Findings: what to mend in the CRM" }
                thead role="rowgroup" {
                    tr role="row" {
                        th role="columnheader" scope="col" { "Who" }
                        th role="columnheader" scope="col" { "Finding" }
                        th role="columnheader" scope="col" { "What to mend" }
                    }
                }
                tbody role="rowgroup" {
                    @for it in &part.shown {
                        tr role="row" {
                            th role="rowheader" scope="row" {
                                (who(&it.user)) br; span.quiet { (isolated(&typed(&it.account))) }
                            }
                            td role="cell" data-label="Finding" { code { (it.kind.word()) } }
                            td role="cell" data-label="What to mend" { (isolated(&text(&it.detail))) }
                        }
                    }
                }
            }
        }
        @if part.n_more() > 0 { p.more { "… and " (number(part.n_more())) " more" } }
    }
}

fn footer(view: &View) -> Markup {
    html! {
        footer {
            p {
                "wazzup-sync " (env!("CARGO_PKG_VERSION"))
                @if let Some(at) = view.started_at { " · up since " (date(at)) }
                @if let Some(at) = view.last_backup { " · last copy of the store " (time(at, view.now)) }
            }
            p { "This page only reads. Phones are masked. For programs: " a href="/api/status" { "/api/status" } ", " a href="/metrics" { "/metrics" } }
        }
    }
}
