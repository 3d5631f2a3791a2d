//! How much passes without a question.

/// How many changes pass without a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// A share of the managed users; a small account may always change a few (the floor of each guard).
    Percent(u32),
    /// Exactly so many.
    Count(u64),
}

impl Limit {
    /// Whether `n` of `managed` users are more than the limit allows. A percentage never refuses up to `floor`.
    pub fn is_exceeded(self, n: usize, managed: usize, floor: usize) -> bool {
        match self {
            Limit::Percent(percent) => n > floor && n as u64 * 100 > u64::from(percent) * managed as u64,
            Limit::Count(count) => n as u64 > count,
        }
    }

    pub(super) fn words(self, floor: usize) -> String {
        match self {
            Limit::Percent(percent) => format!("{percent} %, at least {floor}"),
            Limit::Count(count) => format!("{count}"),
        }
    }
}

/// The limits of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Removals in one run.
    pub removals: Limit,
    /// Removals in 24 hours.
    pub removals_per_day: Limit,
    /// Users that lose their phone and get no other, in one run.
    pub phone_losses: Limit,
    /// Users that change, in one run.
    pub updates: Limit,
}

/// A percentage lets so many removals of one plan pass: three people may well leave a small team at once.
pub(super) const REMOVALS_FLOOR: usize = 3;
/// A percentage lets so many removals of a day pass.
pub(super) const REMOVALS_PER_DAY_FLOOR: usize = 5;
/// A percentage lets so many users lose their phone.
pub(super) const PHONE_LOSSES_FLOOR: usize = 3;
/// A percentage lets so many users change.
pub(super) const UPDATES_FLOOR: usize = 10;
/// A percentage lets so many doubtful users be adopted.
pub(super) const ADOPTION_FLOOR: usize = 3;
/// Share of doubtful users above which an adoption is held.
pub(super) const ADOPTION_PERCENT: u32 = 10;
/// So many of the managed users must be missing before an account looks like another one.
pub(super) const TARGET_CHANGED_FLOOR: usize = 3;
/// From so many managed users on, the loss of half of them is never taken for granted.
pub(super) const HALF_FLOOR: usize = 4;
