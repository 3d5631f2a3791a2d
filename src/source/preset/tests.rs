use super::*;

const TEXT: &str = "
crm = \"Own CRM\"
leavers = \"stay\"
[recognise]
users = [\"id\"]
[params.prefix]
kind = \"identifier\"
about = \"begin of the names of tables\"
default = \"own_\"
[params.company]
kind = \"text\"
about = \"name of the company\"
[params.unit]
kind = \"integer\"
about = \"number of the unit\"
default = \"1\"
[params.tenant]
kind = \"uuid\"
about = \"id of the tenant\"
default = \"20202020-1C25-4D02-BF25-6AECCF7EA419\"
[queries]
postgres = \"FROM {prefix}user u WHERE {company} = {unit} AND {tenant} = '{}'\"
mysql = \"FROM {prefix}people WHERE {company} = {unit} AND {tenant} = '{not a param}'\"
sqlite = \"FROM {prefix} WHERE {company} = {unit} AND {tenant} = 1\"
";

fn preset() -> Preset {
    Preset::parse("own", TEXT).unwrap()
}

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

fn query(database: Database, pairs: &[(&str, &str)]) -> String {
    let preset = preset();
    let arguments = preset.arguments(&given(pairs)).unwrap();
    preset.query(database, &arguments).unwrap()
}

fn refusal(from: &str, to: &str) -> String {
    assert!(TEXT.contains(from), "{from}");
    let text = TEXT.replace(from, to);
    Preset::parse("own", &text).unwrap_err().to_string()
}

#[test]
fn every_built_in_preset_is_right() {
    for name in Preset::names() {
        let preset = Preset::built_in(name).unwrap();
        assert_eq!(preset.name, name);
        assert!(preset.databases().next().is_some(), "{name} has no query");
        assert!(!preset.recognise.is_empty(), "{name} can't be recognised");
        for param in preset.params.values() {
            assert!(!param.about.is_empty());
        }
    }
    assert_eq!(Preset::built_in("salesforce"), None);
}

#[test]
fn the_names_that_configurations_rely_on_are_there() {
    let names: Vec<&str> = Preset::names().collect();
    for name in [
        "suitecrm",
        "espocrm",
        "vtiger",
        "odoo",
        "erpnext",
        "frappe-crm",
        "twenty",
        "krayin",
        "dolibarr",
        "chatwoot",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    assert!(names.is_sorted());
    let needs = |name: &str| {
        let params = Preset::built_in(name).unwrap().params;
        let mut needed = params.into_iter().filter(|(_, it)| it.default.is_none());
        needed.by_ref().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(needs("twenty"), ["workspace_id", "workspace_schema"]);
    assert_eq!(needs("chatwoot"), ["account_id"]);
    for name in names
        .into_iter()
        .filter(|it| !["twenty", "chatwoot"].contains(it))
    {
        assert_eq!(needs(name), [""; 0], "{name}");
    }
}

#[test]
fn every_file_is_built_in() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/presets");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut names: Vec<String> = Preset::names().map(|it| format!("{it}.toml")).collect();
    names.sort();
    assert_eq!(files, names);
}

#[test]
fn arguments_are_written_as_each_database_takes_them() {
    let odd = &[
        ("company", "it's \\ \"`"),
        ("prefix", "a\"`' "),
        ("unit", " -07 "),
    ][..];
    assert_eq!(
        query(Database::Postgres, odd),
        "FROM \"a\"\"`' user\" u WHERE E'it''s \\\\ \"`' = -7 \
         AND '20202020-1c25-4d02-bf25-6aeccf7ea419' = '{}'"
    );
    assert_eq!(
        query(Database::MySql, odd),
        "FROM `a\"``' people` WHERE _utf8mb4 X'69742773205c202260' = -7 \
         AND '20202020-1c25-4d02-bf25-6aeccf7ea419' = '{not a param}'"
    );
    assert_eq!(
        query(Database::Sqlite, odd),
        "FROM \"a\"\"`' \" WHERE 'it''s \\ \"`' = -7 \
         AND '20202020-1c25-4d02-bf25-6aeccf7ea419' = 1"
    );
}

#[test]
fn an_argument_in_braces_is_no_parameter() {
    let query = query(Database::Sqlite, &[("company", "{unit} {prefix}")]);
    assert_eq!(
        query,
        "FROM \"own_\" WHERE '{unit} {prefix}' = 1 AND '20202020-1c25-4d02-bf25-6aeccf7ea419' = 1"
    );
}

#[test]
fn all_that_is_wrong_with_arguments_is_said_at_once() {
    let problems = preset().arguments(&given(&[
        ("prefix", ""),
        ("unit", "1; DROP TABLE users"),
        ("tenant", "x' OR 1 = 1"),
        ("unti", "1"),
    ]));
    let unfit = |name: &str, why| ParamProblem::Unfit {
        name: name.to_owned(),
        why,
    };
    assert_eq!(
        problems,
        Err(vec![
            ParamProblem::Unknown {
                name: "unti".to_owned()
            },
            ParamProblem::Missing {
                name: "company".to_owned(),
                about: "name of the company".to_owned()
            },
            unfit("prefix", Unfit::Empty),
            unfit("tenant", Unfit::NoUuid),
            unfit("unit", Unfit::NoInteger),
        ])
    );
}

#[test]
fn names_are_as_long_as_databases_take_them_whole() {
    let why = |pairs: &[(&str, &str)]| match &preset().arguments(&given(pairs)).unwrap_err()[..] {
        [ParamProblem::Unfit { why, .. }] => *why,
        problems => panic!("{problems:?}"),
    };
    // The longest name is that of `{prefix}people`.
    let longest = "x".repeat(63 - "people".len());
    assert!(
        preset()
            .arguments(&given(&[("company", ""), ("prefix", &longest)]))
            .is_ok()
    );
    let longer = format!("{longest}x");
    assert_eq!(why(&[("company", ""), ("prefix", &longer)]), Unfit::LongName);
    assert_eq!(why(&[("company", &"x".repeat(201))]), Unfit::LongText);
    assert_eq!(why(&[("company", "a\0b")]), Unfit::ControlCharacters);
    assert_eq!(
        why(&[("company", ""), ("unit", "9223372036854775808")]),
        Unfit::NoInteger
    );
}

#[test]
fn equal_arguments_are_told_alike() {
    let told = |pairs: &[(&str, &str)]| {
        let arguments = preset().arguments(&given(pairs)).unwrap();
        let told: Vec<String> = arguments
            .iter()
            .map(|(name, it)| format!("{name}={it}"))
            .collect();
        told.join(" ")
    };
    let plain = told(&[("company", "x")]);
    assert_eq!(
        plain,
        "company=x prefix=own_ tenant=20202020-1c25-4d02-bf25-6aeccf7ea419 unit=1"
    );
    assert_eq!(
        told(&[("company", "x"), ("unit", "01"), ("prefix", "own_")]),
        plain
    );
}

#[test]
fn a_file_whose_parts_do_not_fit_is_refused() {
    assert_eq!(
        refusal("{company} = {unit} AND {tenant} = 1", "{company} = {unit}"),
        "the query does not use {tenant}"
    );
    assert_eq!(
        refusal("{prefix}people", "{prefx}people"),
        "the query has the unknown parameter {prefx}"
    );
    assert_eq!(
        refusal("{unit} AND", "{unit}x AND"),
        "{unit} is a value, and `x` follows it at once"
    );
    assert_eq!(
        refusal("default = \"1\"", "default = \"one\""),
        "the default of unit: expected a whole number"
    );
    assert!(refusal("leavers = \"stay\"", "leavers = \"go\"").contains("unknown variant"));
    assert!(refusal("postgres = ", "oracle = ").contains("unknown variant"));
    assert!(refusal("crm = ", "csm = ").contains("unknown field"));
}

#[test]
fn the_readme_lists_every_preset_as_it_is() {
    let readme = include_str!("../../../README.md");
    for name in Preset::names() {
        let preset = Preset::built_in(name).unwrap();
        let leavers = match preset.leavers {
            Leavers::Stay => "stay, inactive",
            Leavers::Vanish => "vanish",
            Leavers::Both => "either",
        };
        let params: Vec<String> = preset.params.iter().map(|(name, it)| listed(name, it)).collect();
        let databases: Vec<&str> = preset.databases().map(Database::name).collect();
        let cells = [
            &*preset.crm,
            &format!("`{name}`"),
            &databases.join(" or "),
            &params.join(", "),
            leavers,
        ];
        let row = format!("| {} |", cells.join(" | ")).replace("|  |", "| |");
        assert!(
            readme.lines().any(|line| line == row),
            "the README lacks this row: {row}"
        );
    }
}

/// A parameter in the table of the README.
fn listed(name: &str, param: &Param) -> String {
    match param.default.as_deref() {
        None => format!("`{name}`"),
        // What stands for no choice.
        Some("" | "0") => format!("`{name}` (all)"),
        Some(default) => format!("`{name}` (`{default}`)"),
    }
}
