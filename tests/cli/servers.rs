//! A CRM on a database server: it works, and whatever goes wrong there removes nobody.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};
use tokio::runtime::Runtime;
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
            runtime: Runtime::new().unwrap(),
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
    crm.drop();
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
