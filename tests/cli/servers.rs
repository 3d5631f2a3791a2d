//! A CRM on a database server: it works, and whatever goes wrong there removes nobody.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use super::world::{ANNA, BERTA, World};

/// The password of the user who reads; in no output.
const PASSWORD: &str = "sesame-open-5b1f";

/// A database of its own with a table `employees`, and a user who may only SELECT from it.
struct Crm {
    admin: String,
    name: String,
    runtime: Runtime,
}

impl Crm {
    fn new(variable: &str) -> Crm {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let admin = std::env::var(variable).unwrap_or_else(|_| {
            panic!("{variable} has to hold the URL of a server; tests/all.sh starts one")
        });
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let crm = Crm {
            admin,
            name: format!("cli_{}_{count}", std::process::id()),
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
        };
        crm.execute(&crm.admin, &format!("CREATE DATABASE {}", crm.name));
        let (name, user) = (&crm.name, crm.user());
        let password = if crm.is_postgres() {
            "PASSWORD"
        } else {
            "IDENTIFIED BY"
        };
        crm.execute(
            crm.owner().as_str(),
            &format!(
                "CREATE TABLE employees (id INT, name VARCHAR(99), phone VARCHAR(99)); \
                 CREATE TABLE wages (id INT, name VARCHAR(99), phone VARCHAR(99)); \
                 CREATE USER {user} {password} '{PASSWORD}'; GRANT SELECT ON {table} TO {user}",
                table = if crm.is_postgres() {
                    "employees".to_owned()
                } else {
                    format!("{name}.employees")
                },
            ),
        );
        crm
    }

    fn is_postgres(&self) -> bool {
        self.admin.starts_with("postgres")
    }

    /// The user who reads, as SQL has it.
    fn user(&self) -> String {
        if self.is_postgres() {
            format!("reader_{}", self.name)
        } else {
            format!("reader_{}@'127.0.0.1'", self.name)
        }
    }

    /// The address of the database for who may do everything.
    fn owner(&self) -> Url {
        let mut url = Url::parse(&self.admin).unwrap();
        url.set_path(&self.name);
        url
    }

    /// The address of the database for the user who reads.
    fn reader(&self) -> String {
        let mut url = self.owner();
        url.set_username(&format!("reader_{}", self.name)).unwrap();
        url.set_password(Some(PASSWORD)).unwrap();
        url.into()
    }

    fn execute(&self, url: &str, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        self.runtime.block_on(async {
            if url.starts_with("postgres") {
                let mut conn = PgConnection::connect(url).await.unwrap();
                sql.execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            } else {
                let mut conn = MySqlConnection::connect(url).await.unwrap();
                sql.execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
        });
    }

    /// What ends a query in mid-read, and a word of what is said then.
    fn orders(&self) -> [(&'static str, &'static str); 2] {
        if self.is_postgres() {
            [
                ("SELECT pg_cancel_backend(PROCESS)", "user request"),
                ("SELECT pg_terminate_backend(PROCESS)", "terminating connection"),
            ]
        } else {
            [
                ("KILL QUERY PROCESS", "interrupted"),
                ("KILL CONNECTION PROCESS", "source"),
            ]
        }
    }

    /// The reader's process whose query sleeps.
    fn sleeper(&self) -> Option<i64> {
        let (owner, reader) = (self.owner(), format!("reader_{}", self.name));
        let found: Option<Option<i64>> = self.runtime.block_on(async {
            if self.is_postgres() {
                let sql = format!(
                    "SELECT pid::bigint FROM pg_stat_activity WHERE usename = '{reader}' AND wait_event = 'PgSleep'"
                );
                let mut conn = PgConnection::connect(owner.as_str()).await.unwrap();
                let query = sqlx::query_scalar(AssertSqlSafe(sql));
                query.fetch_optional(&mut conn).await.unwrap()
            } else {
                let sql = format!(
                    "SELECT CAST(id AS SIGNED) FROM information_schema.processlist \
                     WHERE user = '{reader}' AND state = 'User sleep'"
                );
                let mut conn = MySqlConnection::connect(owner.as_str()).await.unwrap();
                let query = sqlx::query_scalar(AssertSqlSafe(sql));
                query.fetch_optional(&mut conn).await.unwrap()
            }
        });
        found.flatten()
    }

    /// Waits until the reader's query sleeps, and gives the order.
    fn order(&self, order: &str) {
        let process = loop {
            if let Some(found) = self.sleeper() {
                break found;
            }
        };
        let order = order.replace("PROCESS", &process.to_string());
        self.execute(self.owner().as_str(), &order);
    }

    fn drop(self) {
        let user = self.user();
        if self.is_postgres() {
            let owned = format!("DROP OWNED BY {user}");
            self.execute(self.owner().as_str(), &owned);
        }
        self.execute(&self.admin, &format!("DROP DATABASE {}", self.name));
        self.execute(&self.admin, &format!("DROP USER {user}"));
    }
}

/// The company reads this address from now on.
fn point_at(world: &World, url: &str) {
    let path = world.path("crm.url");
    fs::write(&path, url).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Runs, and expects that the run fails, names the source and removes nobody.
#[track_caller]
fn fails(world: &World, code: i32, word: &str) {
    let ended = world.run("reconcile").expect(code);
    let said = ended.said();
    assert!(said.contains("source `crm`") && said.contains(word), "{ended:?}");
    assert!(!said.contains(PASSWORD), "{ended:?}");
    assert_eq!(world.ids(), ["1", "2"]);
}

fn whatever_goes_wrong_on_the_server_removes_nobody(variable: &str) {
    let crm = Crm::new(variable);
    let world = World::new(&[]);
    let path = world.path("crm.db").display().to_string();
    world.reconfigure(
        &format!("sqlite:{path}"),
        &format!("file:{}", world.path("crm.url").display()),
    );
    point_at(&world, &crm.reader());
    for (id, name, phone) in [ANNA, BERTA] {
        let insert = format!("INSERT INTO employees VALUES ({id}, '{name}', '{phone}')");
        crm.execute(crm.owner().as_str(), &insert);
    }
    world.run("reconcile").expect(0);
    assert_eq!(world.ids(), ["1", "2"]);

    let wrong_password = crm.reader().replace(PASSWORD, "sesame-shut-9c2e");
    point_at(&world, &wrong_password);
    fails(
        &world,
        69,
        if crm.is_postgres() {
            "authentication failed"
        } else {
            "Access denied"
        },
    );
    point_at(&world, &crm.reader().replace("127.0.0.1", "no-such-host.invalid"));
    fails(&world, 69, "is unreachable");
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut closed = Url::parse(&crm.reader()).unwrap();
    closed.set_port(Some(port)).unwrap();
    point_at(&world, closed.as_str());
    fails(&world, 69, "Connection refused");
    point_at(&world, &crm.reader());
    let sleep = if crm.is_postgres() {
        "pg_sleep(9)::text"
    } else {
        "SLEEP(9)"
    };
    for (from, to, code, word) in [
        ("FROM employees", "FROM persons", 65, "persons"),
        ("FROM persons", "FROM wages", 65, "denied"),
        (
            "SELECT id, name, phone FROM wages",
            "SELECT id, naam AS name FROM employees",
            65,
            "naam",
        ),
        ("id, naam AS name", "id, phone", 65, "`name`"),
        (
            "SELECT id, phone FROM employees\"",
            &format!("SELECT id, {sleep} AS name FROM employees\"\nread_timeout = \"200ms\""),
            69,
            "unreachable",
        ),
    ] {
        world.reconfigure(from, to);
        fails(&world, code, word);
    }
    // Ended by an operator in mid-read: the query alone, or the connection, as a server that restarts does.
    world.reconfigure("read_timeout = \"200ms\"", "");
    for (order, word) in crm.orders() {
        // Those that were given up before are gone by now, or soon.
        while crm.sleeper().is_some() {}
        let ended = std::thread::scope(|scope| {
            let run = scope.spawn(|| world.run("reconcile"));
            crm.order(order);
            run.join().unwrap()
        });
        let said = ended.said();
        assert_eq!(ended.code, 69, "{ended:?}");
        assert!(
            said.contains("source `crm` is unreachable") && said.contains(word),
            "{ended:?}"
        );
        assert!(!said.contains(PASSWORD), "{ended:?}");
        assert_eq!(world.ids(), ["1", "2"]);
    }
    crm.drop();
}

#[test]
fn whatever_goes_wrong_with_a_file_removes_nobody() {
    let world = World::new(&[ANNA, BERTA]);
    world.run("reconcile").expect(0);
    let file = |name: &str| format!("sqlite:{}\"", world.path(name).display());
    fs::write(world.path("text.db"), "no database ".repeat(99)).unwrap();
    fs::create_dir(world.path("folder.db")).unwrap();
    let query = "SELECT id, name, phone FROM employees";
    for (from, to, code, word) in [
        (
            file("crm.db"),
            file("no-such.db"),
            69,
            "unable to open database file",
        ),
        (file("no-such.db"), file("folder.db"), 69, "is unreachable"),
        (file("folder.db"), file("text.db"), 69, "file is not a database"),
        (file("text.db"), file("crm.db"), 65, "no such table: persons"),
        (
            "FROM persons".to_owned(),
            "FROM employees".to_owned(),
            65,
            "no such column: naam",
        ),
        (
            "SELECT id, naam AS name FROM employees\"".to_owned(),
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
             SELECT i AS id, 'Anna' AS name FROM n WHERE i < 0\"\nread_timeout = \"200ms\""
                .to_owned(),
            69,
            "within 200ms",
        ),
    ] {
        if word.contains("persons") {
            world.reconfigure(query, "SELECT id, name, phone FROM persons");
        }
        if word.contains("naam") {
            world.reconfigure("SELECT id, name, phone FROM", "SELECT id, naam AS name FROM");
        }
        world.reconfigure(&from, &to);
        fails(&world, code, word);
    }
}

#[test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
fn whatever_goes_wrong_on_a_postgresql_server_removes_nobody() {
    whatever_goes_wrong_on_the_server_removes_nobody("WAZZUP_SYNC_TEST_POSTGRES");
}

#[test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
fn whatever_goes_wrong_on_a_mariadb_server_removes_nobody() {
    whatever_goes_wrong_on_the_server_removes_nobody("WAZZUP_SYNC_TEST_MARIADB");
}
