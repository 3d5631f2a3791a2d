use super::super::Field;
use super::*;
use crate::source::Database;

fn table(name: &str, columns: &str) -> Table {
    let field = |it: &str| {
        let (name, kind) = it.split_once(':').unwrap_or((it, "text"));
        Field {
            name: name.to_owned(),
            kind: kind.to_owned(),
            is_readable: true,
        }
    };
    Table {
        schema: None,
        name: name.to_owned(),
        is_plain: true,
        columns: columns.split(' ').map(field).collect(),
    }
}

fn ranked(tables: &[(&str, &str, usize)]) -> Vec<String> {
    let mut found: Vec<Candidate> = tables
        .iter()
        .filter_map(|(name, columns, n_rows)| {
            let mut candidate = candidate(&table(name, columns))?;
            candidate.n_rows = Some(*n_rows);
            (looks_like_people(&candidate) && score(&candidate) > 0).then_some(candidate)
        })
        .collect();
    rank(&mut found);
    found.into_iter().map(|it| it.table.name).collect()
}

#[test]
fn the_table_of_the_staff_comes_before_those_of_customers_and_of_things() {
    let found = ranked(&[
        ("contacts", "id first_name last_name phone email status", 900),
        ("products", "id name code status", 40),
        ("customers", "id name phone email active", 30_000),
        ("staff_history", "id name phone", 4_000),
        ("app_users", "id username email enabled", 60),
        ("staff", "staff_id full_name mobile email active position", 50),
    ]);
    assert_eq!(found, ["staff", "app_users", "contacts", "staff_history"]);
}

#[test]
fn an_empty_table_and_one_of_a_whole_town_come_last() {
    let columns = "id name phone email active";
    let found = ranked(&[
        ("employees", columns, 0),
        ("people", columns, 30),
        ("persons", columns, MANY_ROWS + 1),
    ]);
    assert_eq!(found, ["people", "employees", "persons"]);
}

#[test]
fn columns_are_told_by_their_names() {
    for (columns, id, name, phones, active) in [
        ("id name phone", "id", &["name"][..], &["phone"][..], None),
        (
            "EmployeeID FirstName LastName WorkPhone MobilePhone Fax IsActive",
            "EmployeeID",
            &["FirstName", "LastName"],
            &["MobilePhone", "WorkPhone"],
            Some("IsActive"),
        ),
        (
            "people_id display_name last_name phone_verified mobile_country tel deleted_at",
            "people_id",
            &["display_name"],
            &["tel"],
            Some("deleted_at"),
        ),
        ("uid login", "uid", &["login"], &[], None),
    ] {
        let picked = pick(&table("people", columns)).unwrap();
        assert_eq!(picked.id, id);
        assert_eq!(picked.name, name);
        assert_eq!(picked.phones, phones);
        assert_eq!(picked.active.as_deref(), active);
    }
    assert_eq!(pick(&table("people", "phone email")), None);
}

#[test]
fn a_column_that_the_user_may_not_read_is_not_used() {
    let mut table = table("staff", "id name phone");
    table.columns[2].is_readable = false;
    assert_eq!(pick(&table).unwrap().phones, Vec::<String>::new());
}

/// The line of `active` in the query for such a column.
fn active(column: &str, values: &[Option<&str>], database: Database) -> String {
    let table = table("staff", &format!("id name {column}"));
    let values: Vec<Option<String>> = values.iter().map(|it| it.map(str::to_owned)).collect();
    let sketch = query::written(&candidate(&table).unwrap(), &values, database);
    assert!(sketch.has_active);
    let line = sketch
        .query
        .lines()
        .find(|it| it.contains("AS active") || it.contains(" active "));
    line.unwrap().trim().to_owned()
}

#[test]
fn who_is_active_is_told_by_what_the_column_is_and_holds() {
    let words = [Some("Active"), Some("Left"), None];
    for (column, values, database, expected) in [
        (
            "active:boolean",
            &[Some("true"), Some("false")][..],
            Database::Postgres,
            "active -- holds \"true\", \"false\"",
        ),
        (
            "status:varchar",
            &words,
            Database::MySql,
            "CASE WHEN \u{60}status\u{60} = 'Active' THEN 1 ELSE 0 END AS active -- holds \"Active\", \"Left\", NULL; \
             1 or 0 is wanted: CASE WHEN \u{60}status\u{60} = … THEN 1 ELSE 0 END",
        ),
        (
            "is_deleted:boolean",
            &[Some("false")],
            Database::Postgres,
            "CASE WHEN is_deleted IS NOT TRUE THEN 1 ELSE 0 END AS active -- holds \"false\"",
        ),
        (
            "deleted:tinyint",
            &[Some("0")],
            Database::MySql,
            "CASE WHEN COALESCE(deleted, 0) = 0 THEN 1 ELSE 0 END AS active -- holds \"0\"",
        ),
        (
            "left_at:timestamp",
            &[],
            Database::Sqlite,
            "CASE WHEN left_at IS NULL THEN 1 ELSE 0 END AS active -- whoever has a date here has left; \
             a date to come would count too",
        ),
        (
            "state:int",
            &[Some("3"), Some("7")],
            Database::Sqlite,
            "\"state\" AS active -- holds \"3\", \"7\"; 1 or 0 is wanted: CASE WHEN \"state\" = … THEN 1 ELSE 0 END",
        ),
    ] {
        assert_eq!(active(column, values, database), expected);
    }
}

#[test]
fn nothing_in_a_name_or_value_leaves_its_place() {
    let mut table = table("a\"b", "id name");
    table.columns[1].name = "name".to_owned();
    table.columns.push(Field {
        name: "status".to_owned(),
        kind: "text".to_owned(),
        is_readable: true,
    });
    let values = [Some("x\n'; DROP TABLE a; --".to_owned())];
    let query = query::written(&candidate(&table).unwrap(), &values, Database::Sqlite).query;
    assert!(query.contains("FROM \"a\"\"b\"\n"), "{query}");
    let line = query.lines().find(|it| it.contains("DROP")).unwrap();
    assert!(line.contains("-- holds \"x '; DROP TABLE a; --\""), "{line}");
}
