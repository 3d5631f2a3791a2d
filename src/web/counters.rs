//! What is counted while the service runs. Labels are words of enums, and with consent names of accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::outcome::{Op, Outcome};
use crate::target::Kind;

/// How passes end. Good are all but the last two.
pub const RESULTS: [&str; 6] = ["quiet", "in_sync", "partial", "held", "busy", "failed"];
/// Why passes fail.
pub const ERRORS: [&str; 12] = [
    "configuration_invalid",
    "source_unreachable",
    "source_unusable",
    "all_quarantined",
    "store_failed",
    "credentials_refused",
    "rate_limited",
    "target_unreachable",
    "target_unreadable",
    "contract_changed",
    "out_of_time",
    "plan_refused",
];
/// What changes do.
pub const OPS: [Op; 5] = [Op::Create, Op::Update, Op::Delete, Op::Park, Op::Access];
/// How platforms are asked.
pub const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// What they answer.
pub const STATUSES: [&str; 9] = ["2xx", "3xx", "401", "403", "404", "429", "4xx", "5xx", "none"];
/// Kinds of source.
pub const DATABASES: [&str; 3] = ["postgres", "mysql", "sqlite"];
/// How reads of sources end.
pub const READS: [&str; 2] = ["complete", "failed"];
/// How people are told.
pub const CHANNELS: [&str; 2] = ["webhook", "command"];
/// Whether they were.
pub const TELLINGS: [&str; 2] = ["ok", "failed"];

/// Upper ends of the buckets of passes, in seconds: from a quiet one to the longest allowed.
const PASSES: &[f64] = &[0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0];
/// The same of requests and reads.
const REQUESTS: &[f64] = &[0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// The counted families.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Family {
    /// Passes, by result.
    Runs,
    /// Failed passes, by error.
    RunFailures,
    /// Changes, by op and outcome.
    Changes,
    /// Requests, by method and status.
    Requests,
    /// Reads of sources, by database and result.
    SourceReads,
    /// Notifications, by channel and result.
    Notifications,
}

/// The measured families.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Measure {
    /// Length of passes.
    Runs,
    /// Length of requests, by method.
    Requests,
    /// Length of reads, by database.
    SourceReads,
}

/// Whose number it is: of a platform, and of an account if accounts are named.
pub type Owner = (Option<Kind>, Option<Arc<str>>);

/// The values of a family's own labels; a family with one has an empty second.
pub type Labels = (&'static str, &'static str);

/// Numbers of values up to each end, and their sum.
#[derive(Clone, PartialEq, Debug)]
pub struct Histogram {
    ends: &'static [f64],
    counts: Vec<u64>,
    n_values: u64,
    sum: f64,
}

impl Histogram {
    fn new(ends: &'static [f64]) -> Histogram {
        Histogram {
            ends,
            counts: vec![0; ends.len()],
            n_values: 0,
            sum: 0.0,
        }
    }

    fn add(&mut self, seconds: f64) {
        for (count, end) in self.counts.iter_mut().zip(self.ends) {
            *count += u64::from(seconds <= *end);
        }
        self.n_values += 1;
        self.sum += seconds;
    }

    /// Values up to each end, in order.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        self.ends.iter().copied().zip(self.counts.iter().copied())
    }

    /// How many values there were.
    pub fn n_values(&self) -> u64 {
        self.n_values
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.sum
    }
}

/// All that is counted.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Counters {
    counts: BTreeMap<(Family, Owner, Labels), u64>,
    histograms: BTreeMap<(Measure, Owner, Labels), Histogram>,
}

impl Counters {
    /// Sees to it that there is a number for all that may be counted of these accounts and databases, and none of
    /// accounts that are not there any more.
    pub fn prepare(&mut self, accounts: &[Owner], databases: &BTreeSet<&'static str>) {
        let mut counts: Vec<(Family, Owner, Labels)> = Vec::new();
        for owner in accounts {
            let mut own = |family, labels| counts.push((family, owner.clone(), labels));
            RESULTS.into_iter().for_each(|it| own(Family::Runs, (it, "")));
            ERRORS
                .into_iter()
                .for_each(|it| own(Family::RunFailures, (it, "")));
            for (op, outcome) in changes() {
                own(Family::Changes, (op.word(), outcome.word()));
            }
        }
        let platforms: BTreeSet<Kind> = accounts.iter().filter_map(|(kind, _)| *kind).collect();
        let mut lengths = Vec::new();
        for kind in platforms {
            let owner: Owner = (Some(kind), None);
            lengths.push((Measure::Runs, owner.clone(), ("", "")));
            for method in METHODS {
                lengths.push((Measure::Requests, owner.clone(), (method, "")));
                for status in STATUSES {
                    counts.push((Family::Requests, owner.clone(), (method, status)));
                }
            }
        }
        for database in databases {
            lengths.push((Measure::SourceReads, (None, None), (database, "")));
            for result in READS {
                counts.push((Family::SourceReads, (None, None), (database, result)));
            }
        }
        for channel in CHANNELS {
            for result in TELLINGS {
                counts.push((Family::Notifications, (None, None), (channel, result)));
            }
        }
        let is_there = |owner: &Owner| owner.1.is_none() || accounts.contains(owner);
        self.counts.retain(|(_, owner, _), _| is_there(owner));
        for key in counts {
            self.counts.entry(key).or_default();
        }
        for key in lengths {
            let ends = ends_of(key.0);
            self.histograms.entry(key).or_insert_with(|| Histogram::new(ends));
        }
    }

    /// So many more.
    pub fn add(&mut self, family: Family, owner: Owner, labels: Labels, n: u64) {
        *self.counts.entry((family, owner, labels)).or_default() += n;
    }

    /// One more value.
    pub fn measure(&mut self, measure: Measure, owner: Owner, labels: Labels, length: Duration) {
        let histogram = self.histograms.entry((measure, owner, labels));
        histogram
            .or_insert_with(|| Histogram::new(ends_of(measure)))
            .add(length.as_secs_f64());
    }

    /// The numbers of a family.
    pub fn of(&self, family: Family) -> impl Iterator<Item = (&Owner, &Labels, u64)> {
        let counts = self.counts.iter().filter(move |((it, ..), _)| *it == family);
        counts.map(|((_, owner, labels), n)| (owner, labels, *n))
    }

    /// The histograms of a family.
    pub fn lengths_of(&self, measure: Measure) -> impl Iterator<Item = (&Owner, &Labels, &Histogram)> {
        let all = self.histograms.iter().filter(move |((it, ..), _)| *it == measure);
        all.map(|((_, owner, labels), histogram)| (owner, labels, histogram))
    }
}

fn ends_of(measure: Measure) -> &'static [f64] {
    match measure {
        Measure::Runs => PASSES,
        Measure::Requests | Measure::SourceReads => REQUESTS,
    }
}

/// All that may become of a change; what cannot be, such as a park that is deferred, stays 0.
pub fn changes() -> impl Iterator<Item = (Op, Outcome)> {
    OPS.into_iter()
        .flat_map(|op| Outcome::ALL.into_iter().map(move |outcome| (op, outcome)))
}

/// The class of an HTTP status.
pub fn status_class(status: Option<u16>) -> &'static str {
    match status {
        Some(401) => "401",
        Some(403) => "403",
        Some(404) => "404",
        Some(429) => "429",
        Some(400..=499) => "4xx",
        Some(500..) => "5xx",
        Some(300..=399) => "3xx",
        Some(_) => "2xx",
        None => "none",
    }
}

/// The method, if it is one that is counted.
pub fn method_word(method: &str) -> Option<&'static str> {
    METHODS.into_iter().find(|it| *it == method)
}
