//! The exit codes: what scripts and systemd learn from a command.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Exit {
    /// In sync, or nothing to do.
    Ok,
    /// Something that should not happen.
    Unexpected,
    /// `plan --exit-code`: changes are pending.
    Pending,
    /// Open outcomes are left, or with `--strict` findings.
    Partial,
    /// A guard waits for a person.
    Held,
    /// Another process has the remote.
    Busy,
    /// The plan in the file is no longer the plan.
    StalePlan,
    /// Wrong arguments, or an account, user or hold that does not exist.
    Usage,
    /// What the source yields can't be used.
    SourceData,
    /// Source or platform is unreachable, rate limited or unreadable.
    Unavailable,
    /// The independent checker refused a plan.
    PlanRefused,
    /// The store can't be read or written.
    Store,
    /// The platform refuses the credential.
    Credentials,
    /// The configuration is invalid.
    Configuration,
}

/// Which of several codes a command ends with: what stopped the most comes first. The three codes that only
/// a whole command can have (64, 6, 2) never meet others; they stand where they hide nothing worse.
const PRECEDENCE: [Exit; 13] = [
    Exit::Configuration,
    Exit::PlanRefused,
    Exit::Store,
    Exit::Credentials,
    Exit::Unavailable,
    Exit::SourceData,
    Exit::Usage,
    Exit::StalePlan,
    Exit::Held,
    Exit::Partial,
    Exit::Busy,
    Exit::Unexpected,
    Exit::Pending,
];

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Unexpected => 1,
            Exit::Pending => 2,
            Exit::Partial => 3,
            Exit::Held => 4,
            Exit::Busy => 5,
            Exit::StalePlan => 6,
            Exit::Usage => 64,
            Exit::SourceData => 65,
            Exit::Unavailable => 69,
            Exit::PlanRefused => 70,
            Exit::Store => 74,
            Exit::Credentials => 77,
            Exit::Configuration => 78,
        }
    }

    /// The code of an account, as its report gives it. A number that is none of ours is unexpected.
    pub fn of_account(code: i32) -> Exit {
        let all = PRECEDENCE.into_iter().chain([Exit::Ok]);
        let mut all = all.filter(|exit| i32::from(exit.code()) == code);
        all.next().unwrap_or(Exit::Unexpected)
    }

    /// The one code for several accounts: 78, 70, 74, 77, 69, 65, 4, 3, 5, 1, else 0.
    pub fn combine(exits: impl IntoIterator<Item = Exit>) -> Exit {
        let exits: Vec<Exit> = exits.into_iter().collect();
        let first = PRECEDENCE.into_iter().find(|exit| exits.contains(exit));
        first.unwrap_or(Exit::Ok)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = Exit> {
        PRECEDENCE.into_iter().chain([Exit::Ok])
    }

    #[test]
    fn the_codes_are_those_of_the_table() {
        let mut codes: Vec<u8> = all().map(Exit::code).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 64, 65, 69, 70, 74, 77, 78]);
        assert_eq!(Exit::Ok.code(), 0);
        assert_eq!(Exit::Unexpected.code(), 1);
        assert_eq!(Exit::Pending.code(), 2);
        assert_eq!(Exit::Partial.code(), 3);
        assert_eq!(Exit::Held.code(), 4);
        assert_eq!(Exit::Busy.code(), 5);
        assert_eq!(Exit::StalePlan.code(), 6);
        assert_eq!(Exit::Usage.code(), 64);
        assert_eq!(Exit::SourceData.code(), 65);
        assert_eq!(Exit::Unavailable.code(), 69);
        assert_eq!(Exit::PlanRefused.code(), 70);
        assert_eq!(Exit::Store.code(), 74);
        assert_eq!(Exit::Credentials.code(), 77);
        assert_eq!(Exit::Configuration.code(), 78);
    }

    #[test]
    fn nothing_and_only_good_ends_are_good() {
        assert_eq!(Exit::combine([]), Exit::Ok);
        assert_eq!(Exit::combine([Exit::Ok, Exit::Ok]), Exit::Ok);
    }

    #[test]
    fn every_single_code_stands_for_itself() {
        for exit in all() {
            assert_eq!(Exit::of_account(i32::from(exit.code())), exit);
            assert_eq!(Exit::combine([exit]), exit);
            assert_eq!(Exit::combine([Exit::Ok, exit, Exit::Ok]), exit);
        }
    }

    #[test]
    fn of_several_the_documented_order_decides_whatever_order_they_come_in() {
        let by_code = |code| all().find(|exit| exit.code() == code).unwrap();
        let order = [78, 70, 74, 77, 69, 65, 4, 3, 5, 1].map(by_code);
        for (idx, stronger) in order.into_iter().enumerate() {
            for weaker in &order[idx..] {
                assert_eq!(Exit::combine([stronger, *weaker]), stronger);
                assert_eq!(Exit::combine([*weaker, stronger]), stronger);
            }
            assert_eq!(
                Exit::combine(order[idx..].iter().rev().copied().chain([Exit::Ok])),
                stronger
            );
        }
    }

    #[test]
    fn pending_changes_hide_nothing() {
        for exit in all().filter(|exit| !matches!(exit, Exit::Ok | Exit::Pending)) {
            assert_eq!(Exit::combine([Exit::Pending, exit]), exit);
        }
    }
}
