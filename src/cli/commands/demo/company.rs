//! The made-up company: its CRM in an SQLite file, its account on the simulated platform, and what the
//! platform must show if the program keeps its promises.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{Connection as _, Executor as _};

use super::people::{self, Person};
use crate::domain::phone::Phone;
use crate::simulator::{Counts, Setup, SimUser, Simulator};

/// Employees at the beginning.
pub(super) const N_PEOPLE: usize = 40;

/// The token of the company's account.
const TOKEN: &str = "demo-token";

/// A user that somebody made by hand on the platform.
const FOREIGN_ID: &str = "support-line";

/// The CRM. What is kept in sync is the view, as it would be in a real one: one word in it decides who
/// counts as an employee.
const SCHEMA: &str = "
    CREATE TABLE employees (
        id INTEGER PRIMARY KEY, name TEXT, phone TEXT, country TEXT, department TEXT, active TEXT
    );
    CREATE VIEW staff AS SELECT * FROM employees;";

/// Somebody wants to see the shop alone, and forgets who else reads the view.
const BREAK_VIEW: &str = "
    DROP VIEW staff;
    CREATE VIEW staff AS SELECT * FROM employees WHERE department = 'shop';";

const MEND_VIEW: &str = "
    DROP VIEW staff;
    CREATE VIEW staff AS SELECT * FROM employees;";

/// The company.
pub(super) struct Company {
    simulator: Simulator,
    crm: PathBuf,
    /// What the platform must show, by id.
    expected: BTreeMap<String, SimUser>,
}

/// What becomes of a new row on the platform.
#[derive(Clone, Copy)]
pub(super) enum Becomes {
    /// A user with all that the row says.
    User,
    /// A user without a phone.
    UserWithoutPhone,
    /// No user.
    Nothing,
}

/// One row of the CRM as it is, for people: id, name, phone, country, active.
pub(super) type Shown = (i64, String, String, String, String);

impl Company {
    /// Founds it, with its CRM in this folder.
    pub(super) async fn found(folder: &Path) -> anyhow::Result<Company> {
        let foreign = SimUser::new(FOREIGN_ID, "Support line", Some("37167000000"));
        let setup = Setup::default().and_account(TOKEN, [foreign.clone()]);
        let mut company = Company {
            simulator: Simulator::start(setup).await?,
            crm: folder.join("crm.db"),
            expected: BTreeMap::from([(FOREIGN_ID.to_owned(), foreign)]),
        };
        // Whatever it does with the others, it must not write to this one.
        company.simulator.protect(TOKEN, [FOREIGN_ID]);
        let mut crm = company.open().await?;
        crm.execute(SCHEMA).await?;
        let mut transaction = crm.begin().await?;
        for person in people::people(N_PEOPLE) {
            insert(&mut transaction, &person).await?;
            company.expect(&person);
        }
        transaction.commit().await?;
        crm.close().await?;
        Ok(company)
    }

    /// Where the platform is.
    pub(super) fn base_url(&self) -> String {
        self.simulator.base_url()
    }

    /// The token of the account.
    pub(super) fn token(&self) -> &'static str {
        TOKEN
    }

    /// The first rows of what the configured query reads, and how many it has.
    pub(super) async fn table(&self, n_shown: i64) -> anyhow::Result<(Vec<Shown>, i64)> {
        let mut crm = self.open().await?;
        let rows = sqlx::query_as("SELECT id, name, phone, country, active FROM staff ORDER BY id LIMIT $1")
            .bind(n_shown)
            .fetch_all(&mut crm)
            .await?;
        let n_rows = sqlx::query_scalar("SELECT count(*) FROM staff")
            .fetch_one(&mut crm)
            .await?;
        crm.close().await?;
        Ok((rows, n_rows))
    }

    /// Somebody is hired.
    pub(super) async fn hire(&mut self, person: &Person) -> anyhow::Result<()> {
        self.type_in(person, Becomes::User).await
    }

    /// A new row in the CRM, and what the platform must make of it.
    pub(super) async fn type_in(&mut self, person: &Person, becomes: Becomes) -> anyhow::Result<()> {
        let mut crm = self.open().await?;
        insert(&mut crm, person).await?;
        match becomes {
            Becomes::User => self.expect(person),
            Becomes::UserWithoutPhone => {
                self.expect(person);
                self.expected_mut(person.id)?.phone = None;
            }
            Becomes::Nothing => {}
        }
        Ok(crm.close().await?)
    }

    /// Somebody leaves.
    pub(super) async fn dismiss(&mut self, id: usize) -> anyhow::Result<()> {
        self.edit("UPDATE employees SET active = 'no' WHERE id = $1", id, None)
            .await?;
        self.expected.remove(&id.to_string());
        Ok(())
    }

    /// Somebody has another name from now on.
    pub(super) async fn rename(&mut self, id: usize, name: &str) -> anyhow::Result<()> {
        let edit = "UPDATE employees SET name = $2 WHERE id = $1";
        self.edit(edit, id, Some(name)).await?;
        self.expected_mut(id)?.name = name.to_owned();
        Ok(())
    }

    /// Two people swap their phones.
    pub(super) async fn swap_phones(&mut self, one: usize, other: usize) -> anyhow::Result<()> {
        let edit = "UPDATE employees SET phone = $2 WHERE id = $1";
        let (phone_of_one, phone_of_other) = (people::person(one).phone, people::person(other).phone);
        self.edit(edit, one, Some(&phone_of_other)).await?;
        self.edit(edit, other, Some(&phone_of_one)).await?;
        let phone_of_one = self.expected_mut(one)?.phone.clone();
        let phone_of_other = std::mem::replace(&mut self.expected_mut(other)?.phone, phone_of_one);
        self.expected_mut(one)?.phone = phone_of_other;
        Ok(())
    }

    /// Somebody types what nobody can read; the user stays as it is.
    pub(super) async fn doubt(&self, id: usize) -> anyhow::Result<()> {
        self.edit(
            "UPDATE employees SET active = $2 WHERE id = $1",
            id,
            Some("maybe"),
        )
        .await
    }

    /// Somebody mends that.
    pub(super) async fn believe(&self, id: usize) -> anyhow::Result<()> {
        self.edit("UPDATE employees SET active = $2 WHERE id = $1", id, Some("yes"))
            .await
    }

    /// Somebody mends name and phone of a row.
    pub(super) async fn mend(&mut self, person: &Person) -> anyhow::Result<()> {
        let Person { id, name, phone, .. } = person;
        self.edit("UPDATE employees SET name = $2 WHERE id = $1", *id, Some(name))
            .await?;
        self.edit("UPDATE employees SET phone = $2 WHERE id = $1", *id, Some(phone))
            .await?;
        self.expect(person);
        Ok(())
    }

    /// The view lets hardly anybody through.
    pub(super) async fn break_view(&self) -> anyhow::Result<()> {
        self.execute(BREAK_VIEW).await
    }

    /// The view is as it was.
    pub(super) async fn mend_view(&self) -> anyhow::Result<()> {
        self.execute(MEND_VIEW).await
    }

    /// How many employees must be on the platform.
    pub(super) fn n_employees(&self) -> usize {
        self.expected.keys().filter(|id| *id != FOREIGN_ID).count()
    }

    /// Requests since the last call.
    pub(super) fn take_counts(&self) -> Counts {
        let counts = self.simulator.counts();
        self.simulator.clear_requests();
        counts
    }

    /// Whether the platform shows what it must, and was asked for nothing that it forbids.
    pub(super) fn inspect(&self) -> anyhow::Result<()> {
        let violations = self.simulator.violations();
        anyhow::ensure!(
            violations.is_empty(),
            "a rule of the platform was broken: {violations:?}"
        );
        let users = self.simulator.users(TOKEN);
        let is_expected = users.iter().eq(self.expected.values());
        anyhow::ensure!(
            is_expected,
            "the platform shows other users than the CRM has: {} instead of {}, or other values",
            users.len(),
            self.expected.len()
        );
        Ok(())
    }

    fn expect(&mut self, person: &Person) {
        let id = person.id.to_string();
        let phone = Phone::parse(&person.phone, Some(person.region));
        let user = SimUser::new(&id, &person.name, phone.as_ref().map(Phone::digits));
        self.expected.insert(id, user);
    }

    fn expected_mut(&mut self, id: usize) -> anyhow::Result<&mut SimUser> {
        let user = self.expected.get_mut(&id.to_string());
        user.ok_or_else(|| anyhow::anyhow!("the story has no employee {id}"))
    }

    async fn edit(&self, edit: &'static str, id: usize, value: Option<&str>) -> anyhow::Result<()> {
        let mut crm = self.open().await?;
        let mut query = sqlx::query(edit).bind(i64::try_from(id)?);
        if let Some(value) = value {
            query = query.bind(value);
        }
        query.execute(&mut crm).await?;
        Ok(crm.close().await?)
    }

    async fn execute(&self, script: &'static str) -> anyhow::Result<()> {
        let mut crm = self.open().await?;
        crm.execute(script).await?;
        Ok(crm.close().await?)
    }

    async fn open(&self) -> sqlx::Result<SqliteConnection> {
        let options = SqliteConnectOptions::new()
            .filename(&self.crm)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        SqliteConnection::connect_with(&options).await
    }
}

async fn insert(crm: &mut SqliteConnection, person: &Person) -> anyhow::Result<()> {
    let Person {
        id,
        name,
        phone,
        region,
    } = person;
    // Every eighth works in the shop.
    let department = if id % 8 == 0 { "shop" } else { "office" };
    sqlx::query("INSERT INTO employees VALUES ($1, $2, $3, $4, $5, 'yes')")
        .bind(i64::try_from(*id)?)
        .bind(name)
        .bind(phone)
        .bind(*region)
        .bind(department)
        .execute(crm)
        .await?;
    Ok(())
}
