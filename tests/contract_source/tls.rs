//! TLS to a database server, by parameters of its URL.

use std::path::PathBuf;

use wazzup_sync::domain::table::Column;
use wazzup_sync::source::SourceOptions;

use super::EMPLOYEES;
use super::database::{Database, Kind, column, read, unreachable};
use super::fake::{mysql_greeting, packet, server_that_says};
use super::servers::on_servers;

/// The folder with the authorities' certificates.
const CERTIFICATES: &str = "WAZZUP_SYNC_TEST_TLS";

on_servers![
    a_server_whose_authority_is_named_is_believed,
    a_server_of_another_authority_is_refused,
    a_file_without_a_certificate_is_refused,
    tls_is_taken_where_it_is_offered,
];

/// A query that yields the TLS version of its connection, or no text.
fn version(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgres => {
            "SELECT 1 AS id, COALESCE(version, '') AS name FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        }
        _ => {
            "SELECT 1 AS id, variable_value AS name FROM information_schema.session_status \
             WHERE variable_name = 'Ssl_version'"
        }
    }
}

/// The options of a read with these parameters in the URL.
fn with(database: &Database, parameters: &[(&str, &str)]) -> SourceOptions {
    database.options_at(version(database.kind()), |url| {
        url.query_pairs_mut().clear().extend_pairs(parameters);
    })
}

/// The options of a read that looks at the server's name and authority.
fn verified(database: &Database, file: &str) -> SourceOptions {
    let folder = std::env::var(CERTIFICATES)
        .unwrap_or_else(|_| panic!("{CERTIFICATES} has to hold a folder; tests/all.sh makes it"));
    let path = PathBuf::from(folder).join(file);
    let authority = path.to_str().unwrap();
    match database.kind() {
        Kind::Postgres => with(
            database,
            &[("sslmode", "verify-full"), ("sslrootcert", authority)],
        ),
        _ => with(
            database,
            &[("ssl-mode", "VERIFY_IDENTITY"), ("ssl-ca", authority)],
        ),
    }
}

async fn a_server_whose_authority_is_named_is_believed(database: &Database) {
    let read = read(verified(database, "ca.pem")).await.unwrap();
    assert_eq!(column(&read, Column::Name), [Some("TLSv1.3")]);
}

async fn a_server_of_another_authority_is_refused(database: &Database) {
    let cause = unreachable(read(verified(database, "other-ca.pem")).await);
    assert!(cause.contains("invalid peer certificate"), "{cause}");
}

async fn a_file_without_a_certificate_is_refused(database: &Database) {
    for file in ["none.pem", "server.ext"] {
        unreachable(read(verified(database, file)).await);
    }
}

async fn tls_is_taken_where_it_is_offered(database: &Database) {
    let result = read(with(database, &[])).await.unwrap();
    assert_eq!(column(&result, Column::Name), [Some("TLSv1.3")]);
    let (key, off) = match database.kind() {
        Kind::Postgres => ("sslmode", "disable"),
        _ => ("ssl-mode", "DISABLED"),
    };
    let result = read(with(database, &[(key, off)])).await.unwrap();
    assert_eq!(column(&result, Column::Name), [Some("")]);
}

async fn cause_at(url: String) -> String {
    let database = Database::sqlite().await;
    let options = SourceOptions {
        url: url.into(),
        ..database.options(EMPLOYEES)
    };
    unreachable(read(options).await)
}

#[tokio::test]
async fn a_demand_for_tls_that_the_server_does_not_meet_is_an_outage() {
    let port = server_that_says(Vec::new(), vec![b"N".to_vec()]).await;
    let cause = cause_at(format!("postgres://reader@127.0.0.1:{port}/crm?sslmode=require")).await;
    assert!(cause.contains("server does not support TLS"), "{cause}");
    let port = server_that_says(mysql_greeting("caching_sha2_password"), Vec::new()).await;
    let cause = cause_at(format!("mysql://reader@127.0.0.1:{port}/crm?ssl-mode=REQUIRED")).await;
    assert!(cause.contains("server does not support TLS"), "{cause}");
}

#[tokio::test]
async fn a_password_that_goes_over_tls_only_is_not_sent_without() {
    let full_authentication = packet(2, b"\x01\x04");
    let key = packet(4, b"\x01-----BEGIN PUBLIC KEY-----");
    let port = server_that_says(
        mysql_greeting("caching_sha2_password"),
        vec![full_authentication, key],
    )
    .await;
    let cause = cause_at(format!("mysql://reader:sesame@127.0.0.1:{port}/crm")).await;
    assert_eq!(
        cause,
        "the server takes this user's password over TLS only, and there is none (ssl-mode)"
    );
}
