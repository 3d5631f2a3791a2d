//! A second made-up company that is on every platform: one table, four accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{Connection as _, Executor as _};

use crate::domain::phone::Phone;
use crate::simulator::{Counts, MetaBusiness, Setup, SimChannel, SimUser, Simulator, WutsUser};

/// The configuration's file.
pub(super) const CONFIG: &str = "all.toml";

const V2: &str = "demo-token-v2";
const V3: &str = "demo-token-v3";
const WUTS: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
const META: &str = "demo-token-meta";

/// In which commands find the tokens.
pub(super) const VARIABLES: &[(&str, &str)] = &[
    ("V2_TOKEN", V2),
    ("V3_TOKEN", V3),
    ("WUTS_TOKEN", WUTS),
    ("META_TOKEN", META),
];

const TENANT: &str = "demo";

/// Of Wazzup v2, where roles are given on channels.
const CHANNEL: &str = "b8de54a9-0d3f-4b2a-9f5c-0c4d1e2f3a4b";

const SCHEMA: &str = "
    CREATE TABLE employees (
        id INTEGER PRIMARY KEY, name TEXT, phone TEXT, email TEXT, role TEXT, active TEXT
    );
    INSERT INTO employees VALUES
        (1, 'Marta Kalniņa', '+371 26 555 101', 'marta@example.com', 'head', 'yes'),
        (2, 'Pēteris Liepa', '+371 26 555 102', 'peteris@example.com', 'sales', 'yes'),
        (3, 'Aigerim Nurlan', '+7 701 555 01 03', 'aigerim@example.com', 'sales', 'yes'),
        (4, 'Rafael Lima', '+55 11 98555 0104', 'rafael@example.com', 'sales', 'yes');";

/// Somebody is promoted, somebody leaves, somebody is hired.
const DAY: &str = "
    UPDATE employees SET role = 'head' WHERE id = 2;
    UPDATE employees SET active = 'no' WHERE id = 3;
    INSERT INTO employees VALUES
        (5, 'Nino Beridze', '+995 599 55 01 05', 'nino@example.com', 'sales', 'yes');";

/// The company on four platforms.
pub(super) struct Fleet {
    simulator: Simulator,
    crm: PathBuf,
}

/// One active employee.
#[derive(sqlx::FromRow)]
struct Employee {
    id: i64,
    name: String,
    phone: String,
    email: String,
    role: String,
}

impl Fleet {
    /// Founds it, with its CRM in this folder. On WUTS and Meta there is the administrator whose token it uses.
    pub(super) async fn found(folder: &Path) -> anyhow::Result<Fleet> {
        let own = WutsUser::new("1", "sync@example.com", "admin").token(WUTS);
        let setup = Setup::default()
            .and_account(V2, [])
            .channels([SimChannel::new(CHANNEL, "Sales")])
            .and_account(V3, [])
            .and_tenant(TENANT, [own])
            .and_meta(MetaBusiness::new(META));
        let fleet = Fleet {
            simulator: Simulator::start(setup).await?,
            crm: folder.join("people.db"),
        };
        fleet.simulator.protect_wuts(TENANT, ["1"]);
        fleet.execute(SCHEMA).await?;
        Ok(fleet)
    }

    /// A day in the CRM.
    pub(super) async fn day(&self) -> anyhow::Result<()> {
        self.execute(DAY).await
    }

    /// The configuration of its four accounts.
    pub(super) fn configuration(&self) -> String {
        let url = self.simulator.base_url();
        let business = MetaBusiness::new(META);
        let (business_id, waba_id) = (business.business_id, business.waba_id);
        format!(
            "\
[store]
url = \"sqlite:all.db\"

[http]
settle = \"1ms\"
retry_base = \"1ms\"
requests_per_second = 1000

[sources.crm]
url = \"sqlite:people.db\"
query = \"SELECT id, name, phone, email, role, active FROM employees\"

[[accounts]]
name = \"wazzup-v2\"
source = \"crm\"
removal = \"delete\"
[accounts.target]
kind = \"wazzup-v2\"
base_url = \"{url}\"
token = \"env:V2_TOKEN\"
[accounts.access]
channels = [\"name:Sales\"]
[[accounts.access.rules]]
crm_role = \"head\"
role = \"manager\"
[[accounts.access.rules]]
crm_role = \"*\"
role = \"seller\"
new_clients = true

[[accounts]]
name = \"wazzup-v3\"
source = \"crm\"
removal = \"delete\"
[accounts.target]
kind = \"wazzup-v3\"
base_url = \"{url}\"
token = \"env:V3_TOKEN\"

[[accounts]]
name = \"wuts\"
source = \"crm\"
removal = \"deactivate\"
[accounts.target]
kind = \"wuts\"
base_url = \"{url}\"
token = \"env:WUTS_TOKEN\"
create_users = true
[accounts.roles]
head = \"manager\"
\"*\" = \"user\"

[[accounts]]
name = \"meta\"
source = \"crm\"
removal = \"unassign\"
[accounts.target]
kind = \"meta\"
base_url = \"{url}\"
token = \"env:META_TOKEN\"
business_id = \"{business_id}\"
waba_id = \"{waba_id}\"
api_version = \"v25.0\"
match = \"name\"
reassign = true
create_users = true
[accounts.tasks]
head = [\"MANAGE\"]
\"*\" = [\"DEVELOP\"]
"
        )
    }

    /// Requests since the last call.
    pub(super) fn take_counts(&self) -> Counts {
        let counts = self.simulator.counts();
        self.simulator.clear_requests();
        counts
    }

    /// Whether every platform shows the active employees, and was asked for nothing that it forbids.
    pub(super) async fn inspect(&self) -> anyhow::Result<()> {
        let violations = self.simulator.violations();
        anyhow::ensure!(
            violations.is_empty(),
            "a rule of a platform was broken: {violations:?}"
        );
        let employees = self.employees().await?;
        let users: Vec<SimUser> = employees
            .iter()
            .map(|it| {
                let phone = Phone::parse(&it.phone, None);
                SimUser::new(&it.id.to_string(), &it.name, phone.as_ref().map(Phone::digits))
            })
            .collect();
        for token in [V2, V3] {
            anyhow::ensure!(self.simulator.users(token) == users, "{token} shows other users");
        }
        let roles = |of: fn(&Employee) -> (&str, &'static str)| -> BTreeMap<String, String> {
            let pairs = employees.iter().map(of);
            pairs
                .map(|(key, role)| (key.to_owned(), role.to_owned()))
                .collect()
        };
        let expected = employees.iter().map(|it| {
            let role = if it.role == "head" { "manager" } else { "seller" };
            (it.id.to_string(), role.to_owned())
        });
        let shown = self.simulator.settings(V2).user_roles;
        let shown: BTreeMap<_, _> = shown.iter().map(|it| (it.user(), it.role())).collect();
        anyhow::ensure!(
            shown == expected.collect(),
            "Wazzup v2 shows other roles on the channel"
        );
        let expected = roles(|it| (&it.email, if it.role == "head" { "manager" } else { "user" }));
        let shown = self.simulator.wuts_users(TENANT).into_iter();
        let shown = shown
            .filter(|it| it.active && it.role != "admin")
            .map(|it| (it.email, it.role));
        anyhow::ensure!(
            shown.collect::<BTreeMap<_, _>>() == expected,
            "WUTS shows other users"
        );
        let expected = roles(|it| (&it.name, if it.role == "head" { "MANAGE" } else { "DEVELOP" }));
        let business = self.simulator.meta(META).unwrap_or_default();
        let own_id = business.own_id;
        let shown = business.system_users.into_iter().filter(|(id, _)| *id != own_id);
        let shown = shown.filter_map(|(_, it)| Some((it.name, joined(it.tasks?))));
        anyhow::ensure!(
            shown.collect::<BTreeMap<_, _>>() == expected,
            "Meta shows other system users"
        );
        Ok(())
    }

    async fn employees(&self) -> anyhow::Result<Vec<Employee>> {
        let mut crm = self.open().await?;
        let query = "SELECT id, name, phone, email, role FROM employees WHERE active = 'yes' ORDER BY id";
        let employees = sqlx::query_as(query).fetch_all(&mut crm).await?;
        crm.close().await?;
        Ok(employees)
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

fn joined(tasks: BTreeSet<String>) -> String {
    tasks.into_iter().collect::<Vec<_>>().join(" ")
}
