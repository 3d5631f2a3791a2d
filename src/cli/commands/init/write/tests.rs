use std::collections::BTreeMap;

use super::*;
use crate::source::Database;
use crate::source::inspect::guess::{Candidate, Picked, Sketch};
use crate::source::inspect::{Field, Table};

fn preset(name: &str, params: &[(&str, &str)]) -> Read {
    let params = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Read::Preset {
        preset: Box::new(Preset::built_in(name).unwrap()),
        params: params.collect(),
    }
}

fn unknown(query: &str) -> Read {
    let table = Table {
        schema: None,
        name: "staff".to_owned(),
        is_plain: true,
        columns: vec![Field {
            name: "id".to_owned(),
            kind: "int".to_owned(),
            is_readable: true,
        }],
    };
    Read::Table {
        candidate: Box::new(Candidate {
            table,
            n_rows: None,
            columns: Picked::default(),
        }),
        sketch: Sketch {
            query: query.to_owned(),
            has_active: false,
        },
    }
}

fn platform(kind: TargetKind) -> Target {
    Target {
        kind,
        token: "file:/srv/sync/token".parse().unwrap(),
        numbers: Some(("123".to_owned(), "456".to_owned())).filter(|_| kind == TargetKind::Meta),
    }
}

fn text_of(url: &str, read: &Read, platform: &Target) -> String {
    let password = "cred:crm-password".parse().unwrap();
    let draft = Draft {
        command: "wazzup-sync --config config.toml".to_owned(),
        folder: Path::new("/srv/sync"),
        url,
        password: Some(&password),
        read,
        default_region: Some("LV"),
        account: "main",
        platform,
    };
    draft.text()
}

/// The settings that the program makes of it, by the way of every command.
fn settings(text: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(&folder.path().join("c.toml")).unwrap();
    let settings = prepare(&place, text, &Environment::new([])).unwrap().settings;
    assert_eq!(settings.unsupported(), []);
    settings
}

#[test]
fn the_file_for_suitecrm() {
    let wazzup = platform(TargetKind::WazzupV2);
    let text = text_of(
        "mysql://reader@db.example/suitecrm",
        &preset("suitecrm", &[]),
        &wazzup,
    );
    insta::assert_snapshot!("suitecrm", text);
}

#[test]
fn the_file_for_odoo() {
    let wazzup = platform(TargetKind::WazzupV3);
    let read = preset("odoo", &[("company_id", "2")]);
    insta::assert_snapshot!("odoo", text_of("env:CRM_URL", &read, &wazzup));
}

#[test]
fn the_file_for_an_unknown_crm() {
    let wazzup = platform(TargetKind::WazzupV2);
    let read = unknown("SELECT id, -- key\n       full_name AS name\n  FROM staff");
    insta::assert_snapshot!("unknown", text_of("sqlite:/srv/crm.db", &read, &wazzup));
}

#[test]
fn every_preset_gives_a_file_that_the_program_takes_on_every_platform() {
    let kinds = [
        TargetKind::WazzupV2,
        TargetKind::WazzupV3,
        TargetKind::Wuts,
        TargetKind::Meta,
    ];
    for name in Preset::names() {
        let needed: Vec<(&str, &str)> = match name {
            "twenty" => vec![
                ("workspace_schema", "workspace_3l7a\"x"),
                ("workspace_id", "20202020-1c25-4d02-bf25-6aeccf7ea419"),
            ],
            "chatwoot" => vec![("account_id", "1"), ("phone_key", "it's \"mobile\" \\")],
            _ => Vec::new(),
        };
        let read = preset(name, &needed);
        for database in Preset::built_in(name).unwrap().databases() {
            let url = match database {
                Database::Postgres => "postgres://reader@db/crm",
                Database::MySql => "mysql://reader@db/crm",
                Database::Sqlite => "sqlite:crm.db",
            };
            for kind in kinds {
                let settings = settings(&text_of(url, &read, &platform(kind)));
                let account = &settings.accounts[0];
                assert_eq!(account.target.kind(), kind);
                assert_eq!(account.limits.removals, crate::domain::guard::Limit::Count(0));
                let waits = !account.removal_after.is_zero();
                assert_eq!(waits, read.leavers() != Leavers::Stay, "{name}");
            }
        }
    }
}

#[test]
fn a_query_arrives_as_it_was_written_whatever_it_holds() {
    for query in [
        "SELECT ''''''",
        "SELECT \"\\n\" \u{60}x\u{60}\n  FROM t",
        "SELECT '\u{1}\"\"\"'''",
    ] {
        let text = text_of(
            "sqlite:/srv/crm.db",
            &unknown(query),
            &platform(TargetKind::WazzupV2),
        );
        let settings = settings(&text);
        let crate::settings::SourceRead::Query(read) = &settings.sources["crm"].read else {
            panic!("a query");
        };
        assert_eq!(read.trim_end(), query);
    }
}

#[test]
fn what_is_there_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let place = Place::new(&path).unwrap();
    let text = text_of(
        "sqlite:/srv/crm.db",
        &unknown("SELECT 1"),
        &platform(TargetKind::WazzupV2),
    );
    let prepared = prepare(&place, &text, &Environment::new([])).unwrap();
    // Somebody was faster.
    fs::write(&path, "mine").unwrap();
    let refused = prepared.keep(&place).unwrap_err();
    assert!(
        refused.message.contains("is not overwritten"),
        "{}",
        refused.message
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(Place::new(&path).is_err());

    let reference = SecretRef::File(path.clone());
    assert!(keep_secret(&reference, &SecretString::from("sesame")).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn parameters_are_explained_and_only_those_that_differ_are_written() {
    let Read::Preset { preset, .. } = preset("dolibarr", &[]) else {
        panic!("a preset");
    };
    let lines = params_of(&preset, &BTreeMap::from([("entity".to_owned(), "2".to_owned())]));
    assert!(lines.ends_with("params = { entity = 2 }\n"), "{lines}");
    assert!(
        lines.contains("# table_prefix: ") && lines.contains("[llx_]\n"),
        "{lines}"
    );
}
