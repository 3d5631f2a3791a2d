//! What an error of MySQL or MariaDB means: does the next attempt help, or somebody who mends the query?
//!
//! Both servers put half of their errors under SQLSTATE `HY000`, so the numbers decide where the class does
//! not. The numbers are those of MySQL's and MariaDB's lists of server errors (November 2026).

use std::ops::RangeInclusive;

use sqlx::mysql::MySqlDatabaseError;

use crate::source::request::Verdict;

/// The server's own limit on a query: MariaDB's and MySQL's.
const TIMED_OUT: [u16; 2] = [1969, 3024];

/// Errors after which the next attempt may succeed though the query stays as it is, and whose SQLSTATE does
/// not say so.
const OUTAGES: [u16; 33] = [
    // The server: no disk, no memory, no thread, shutting down, an operator's order.
    1020, 1021, 1030, 1034, 1037, 1038, 1041, 1053, 1114, 1135, 1194, 1195, 1206, 1317,
    // The connection: too many, a database, host or user that is not let in.
    1040, 1049, 1129, 1130, 1203, 1226, 1524, 1820, 1862, 1927, 3118, 3159, 3169, 4031, 4151,
    // A lock that is not to be had, a table that changed meanwhile, a statement to prepare again.
    1205, 1412, 1615, 1637,
];

/// ProxySQL and TiDB tell here of a server behind them that they can't reach.
const OF_PROXIES: RangeInclusive<u16> = 9000..=9999;

/// Errors below this number come from the operating system or a storage engine.
const FIRST_OF_THE_SERVER: u16 = 1000;

pub(super) fn judge(err: &sqlx::Error) -> Verdict {
    match err {
        sqlx::Error::Database(database) => {
            let Some(database) = database.try_downcast_ref::<MySqlDatabaseError>() else {
                return Verdict::Unreachable(database.to_string());
            };
            let (number, text) = (database.number(), database.message().to_owned());
            if TIMED_OUT.contains(&number) {
                Verdict::TimedOut
            } else if is_outage(number, database.code().unwrap_or_default()) {
                Verdict::Unreachable(text)
            } else {
                Verdict::Unusable(text)
            }
        }
        // All else of the configuration was looked at before.
        sqlx::Error::Configuration(cause) if cause.to_string().contains("RSA") => Verdict::Unreachable(
            "the server takes this user's password over TLS only, and there is none (ssl-mode)".to_owned(),
        ),
        _ => Verdict::of_driver(err),
    }
}

/// Whether the server has no such setting, or this user may not change it.
pub(super) fn is_foreign_setting(err: &sqlx::Error) -> bool {
    let sqlx::Error::Database(err) = err else {
        return false;
    };
    let err = err.try_downcast_ref::<MySqlDatabaseError>();
    err.is_some_and(|it| matches!(it.number(), 1193 | 1227))
}

fn is_outage(number: u16, sqlstate: &str) -> bool {
    // Connection, authorisation, rollback by the server, ended by an operator.
    let is_class = matches!(sqlstate.get(..2), Some("08" | "28" | "40" | "70"));
    is_class || number < FIRST_OF_THE_SERVER || OUTAGES.contains(&number) || OF_PROXIES.contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_from_a_wrong_query() {
        for (number, sqlstate) in [
            (1040, "08004"),
            (1045, "28000"),
            (1047, "08S01"),
            (1049, "42000"),
            (1053, "08S01"),
            (1205, "HY000"),
            (1213, "40001"),
            (1317, "70100"),
            (1412, "HY000"),
            (1927, "70100"),
            (28, "HY000"),
            (9001, "HY000"),
        ] {
            assert!(is_outage(number, sqlstate), "{number}");
        }
        for (number, sqlstate) in [
            (1044, "42000"),
            (1054, "42S22"),
            (1064, "42000"),
            (1142, "42000"),
            (1146, "42S02"),
            (1242, "21000"),
            (1267, "HY000"),
            (1356, "HY000"),
            (1792, "25006"),
            (3636, "HY000"),
        ] {
            assert!(!is_outage(number, sqlstate), "{number}");
        }
    }
}
