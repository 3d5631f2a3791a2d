//! A database of one test, filled and looked at by another connection than the source's.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use url::Url;
use wazzup_sync::domain::table::{Column, CompleteRead};
use wazzup_sync::source::{SourceError, SourceOptions, open};

/// Where the tests find servers on which they may do everything.
const POSTGRES: &str = "WAZZUP_SYNC_TEST_POSTGRES";
const MARIADB: &str = "WAZZUP_SYNC_TEST_MARIADB";

/// How long a connection of the test waits for a lock: longer than any that is given back takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// One employee table, `employees(id, name)`, in a database of its own.
pub struct Database {
    pub url: String,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Server { admin: String, name: String },
}

/// What tells SQL apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Sqlite,
    Postgres,
    MariaDb,
}

impl Kind {
    fn of(url: &str) -> Kind {
        match url.split_once(':').unwrap().0 {
            "sqlite" => Kind::Sqlite,
            "postgres" => Kind::Postgres,
            "mariadb" => Kind::MariaDb,
            other => panic!("{other}"),
        }
    }
}

impl Database {
    pub async fn sqlite() -> Database {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crm.db");
        let database = Database {
            url: format!("sqlite:{}", path.display()),
            place: Place::Folder(folder),
        };
        database.create_table().await
    }

    pub async fn postgres() -> Database {
        Database::on_server(POSTGRES).await
    }

    pub async fn mariadb() -> Database {
        Database::on_server(MARIADB).await
    }

    async fn on_server(variable: &str) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let admin = std::env::var(variable).unwrap_or_else(|_| {
            panic!("{variable} has to hold the URL of a server; tests/all.sh starts one")
        });
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("crm_{}_{count}", std::process::id());
        execute(&admin, &format!("CREATE DATABASE {name}")).await;
        let mut url = Url::parse(&admin).unwrap();
        url.set_path(&name);
        let database = Database {
            url: url.into(),
            place: Place::Server { admin, name },
        };
        database.create_table().await
    }

    async fn create_table(self) -> Database {
        self.execute("CREATE TABLE employees (id INTEGER, name TEXT)")
            .await;
        self
    }

    /// Gives the space back; a test that fails leaves its database to whoever stops the server.
    pub async fn drop(self) {
        let kind = self.kind();
        match self.place {
            Place::Folder(folder) => folder.close().unwrap(),
            Place::Server { admin, name } => {
                let force = if kind == Kind::Postgres {
                    "WITH (FORCE)"
                } else {
                    ""
                };
                execute(&admin, &format!("DROP DATABASE {name} {force}")).await;
            }
        }
    }

    pub fn kind(&self) -> Kind {
        Kind::of(&self.url)
    }

    /// Path of the file.
    pub fn path(&self) -> &str {
        self.url
            .strip_prefix("sqlite:")
            .expect("this is a SQLite database")
    }

    /// Host and port of the server.
    pub fn address(&self) -> String {
        let url = Url::parse(&self.url).unwrap();
        format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
    }

    /// The name of the database on its server.
    pub fn name(&self) -> &str {
        match &self.place {
            Place::Server { name, .. } => name,
            Place::Folder(_) => panic!("a file has no name on a server"),
        }
    }

    /// The options of a read at another address of the same server.
    pub fn options_at(&self, query: &str, change: impl FnOnce(&mut Url)) -> SourceOptions {
        let mut url = Url::parse(&self.url).unwrap();
        change(&mut url);
        SourceOptions {
            url: url.as_str().into(),
            ..self.options(query)
        }
    }

    /// The options of a read by another user.
    pub fn options_of(&self, user: &str, password: &str, query: &str) -> SourceOptions {
        self.options_at(query, |url| {
            url.set_username(user).unwrap();
            url.set_password(Some(password)).unwrap();
        })
    }

    /// Runs statements on a connection of its own.
    pub async fn execute(&self, sql: &str) {
        execute(&self.url, sql).await;
    }

    /// The only number that a query yields.
    pub async fn number(&self, sql: &str) -> i64 {
        let query = || AssertSqlSafe(sql);
        match self.kind() {
            Kind::Sqlite => {
                let mut conn = sqlite(&self.url).await;
                sqlx::query_scalar(query()).fetch_one(&mut conn).await.unwrap()
            }
            Kind::Postgres => {
                let mut conn = sqlx::PgConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(query()).fetch_one(&mut conn).await.unwrap()
            }
            Kind::MariaDb => {
                let mut conn = sqlx::MySqlConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(query()).fetch_one(&mut conn).await.unwrap()
            }
        }
    }

    pub fn options(&self, query: &str) -> SourceOptions {
        SourceOptions {
            name: "crm".to_owned(),
            url: self.url.as_str().into(),
            password: None,
            query: query.to_owned(),
            read_timeout: Duration::from_secs(60),
            max_rows: 20_000,
            expected: Vec::new(),
        }
    }

    pub async fn read(&self, query: &str) -> Result<CompleteRead, SourceError> {
        read(self.options(query)).await
    }
}

pub async fn read(options: SourceOptions) -> Result<CompleteRead, SourceError> {
    open(options).expect("the options are fine").read().await
}

/// Connects for writing, makes the file if it is missing, and waits for whoever holds it.
pub async fn sqlite(url: &str) -> sqlx::SqliteConnection {
    let options: sqlx::sqlite::SqliteConnectOptions = url.parse().unwrap();
    let options = options.create_if_missing(true).busy_timeout(PATIENCE);
    options.connect().await.unwrap()
}

async fn execute(url: &str, sql: &str) {
    let sql = sqlx::raw_sql(AssertSqlSafe(sql));
    match Kind::of(url) {
        Kind::Sqlite => {
            let mut conn = sqlite(url).await;
            sql.execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
        }
        Kind::Postgres => {
            let mut conn = sqlx::PgConnection::connect(url).await.unwrap();
            let patience = format!("SET lock_timeout = {}", PATIENCE.as_millis());
            sqlx::raw_sql(AssertSqlSafe(patience))
                .execute(&mut conn)
                .await
                .unwrap();
            sql.execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
        }
        Kind::MariaDb => {
            let mut conn = sqlx::MySqlConnection::connect(url).await.unwrap();
            let patience = format!("SET lock_wait_timeout = {}", PATIENCE.as_secs());
            sqlx::raw_sql(AssertSqlSafe(patience))
                .execute(&mut conn)
                .await
                .unwrap();
            sql.execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
        }
    }
}

/// The cells of a column, sorted; NULL is `None`.
pub fn column(read: &CompleteRead, column: Column) -> Vec<Option<&str>> {
    let mut cells: Vec<_> = read.rows().iter().map(|row| row.get(column)).collect();
    cells.sort_unstable();
    cells
}

/// The cause, if the database can't be reached.
#[track_caller]
pub fn unreachable(result: Result<CompleteRead, SourceError>) -> String {
    match result {
        Err(SourceError::Unreachable { source_name, cause }) => {
            assert_eq!(source_name, "crm");
            cause
        }
        other => panic!("not unreachable: {other:?}"),
    }
}

/// The cause, if what the database yields can't be used.
#[track_caller]
pub fn unusable(result: Result<CompleteRead, SourceError>) -> String {
    match result {
        Err(SourceError::Unusable { source_name, cause }) => {
            assert_eq!(source_name, "crm");
            cause
        }
        other => panic!("not unusable: {other:?}"),
    }
}
