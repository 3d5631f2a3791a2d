use super::*;
use crate::settings::Fingerprints;

fn of(text: &str) -> Fingerprints {
    let settings = settings(text);
    settings.fingerprints(&settings.accounts[0])
}

/// Which of the two change when `from` becomes `to`.
fn changes(from: &str, to: &str) -> (bool, bool) {
    let text = with_account("max_removals = 3\nprotected = [\"1\"]", "");
    assert!(text.contains(from), "{from}");
    let (before, after) = (of(&text), of(&text.replace(from, to)));
    (before.removals != after.removals, before.plan != after.plan)
}

#[test]
fn what_decides_who_is_an_employee_changes_both() {
    let query = "query = \"SELECT id, name FROM employees\"";
    assert_eq!(changes("FROM employees", "FROM staff"), (true, true));
    assert_eq!(changes("sqlite:crm.db", "sqlite:other.db"), (true, true));
    assert_eq!(changes("sqlite:crm.db", "env:URL"), (true, true));
    assert_eq!(
        changes(query, &format!("{query}\nlong_ids = \"hash\"")),
        (true, true)
    );
    let of_preset = |lines: &str| {
        let text = with_account("", "").replace("sqlite:crm.db", "postgres://reader@db/crm");
        of(&text.replace(query, lines)).removals
    };
    let odoo = of_preset("preset = \"odoo\"");
    assert_ne!(odoo, of_preset("preset = \"odoo-without-hr\""));
    assert_ne!(odoo, of_preset("preset = \"odoo\"\nparams = { company_id = 1 }"));
    // Nothing changes for whoever writes down the default.
    assert_eq!(odoo, of_preset("preset = \"odoo\"\nparams = { company_id = 0 }"));
    // Another version of the program may ask something else by the same name.
    assert!(odoo.contains("hr_employee"), "{odoo}");
}

#[test]
fn what_shapes_the_requests_changes_the_plan_only() {
    assert_eq!(changes("env:TOKEN", "env:OTHER"), (false, true));
    assert_eq!(
        changes("removal = \"delete\"", "removal = \"keep\""),
        (false, true)
    );
    assert_eq!(
        changes("max_removals = 3", "max_removals = \"3%\""),
        (false, true)
    );
    assert_eq!(
        changes("protected = [\"1\"]", "protected = [\"2\"]"),
        (false, true)
    );
    assert_eq!(
        changes("max_removals = 3", "max_removals = 3\npark = \"recreate\""),
        (false, true)
    );
    assert_eq!(
        changes("max_removals = 3", "max_removals = 3\non_drift = \"report\""),
        (false, true)
    );
    assert_eq!(
        changes("sqlite:crm.db\"", "sqlite:crm.db\"\ndefault_region = \"LV\""),
        (false, true)
    );
    assert_eq!(
        changes("env:TOKEN\"", "env:TOKEN\"\nbase_url = \"https://other.example\""),
        (false, true)
    );
    assert_eq!(
        changes(
            "env:TOKEN\"",
            "env:TOKEN\"\n[accounts.access]\nchannels = [\"*\"]\nrules = [{ crm_role = \"*\", role = \"seller\" }]"
        ),
        (false, true)
    );
}

#[test]
fn what_shapes_nothing_changes_nothing() {
    assert_eq!(changes("\"acme\"", "\"other\""), (false, false));
    assert_eq!(
        changes("sqlite:crm.db\"", "sqlite:crm.db\"\npassword = \"env:P\""),
        (false, false)
    );
    assert_eq!(
        changes("sqlite:crm.db\"", "sqlite:crm.db\"\nread_timeout = \"9s\""),
        (false, false)
    );
    assert_eq!(
        changes("max_removals = 3", "max_removals = 3\nschedule = \"0 * * * *\""),
        (false, false)
    );
    assert_eq!(
        changes(
            "env:TOKEN\"",
            "env:TOKEN\"\nbase_url = \"https://tech.wazzup24.com/\""
        ),
        (false, false)
    );
}

#[test]
fn the_texts_stay_what_they_are() {
    let fingerprints = of(&with_account("", ""));
    insta::assert_snapshot!(fingerprints.removals, @r#"["sqlite:crm.db",["query","SELECT id, name FROM employees"],"reject"]"#);
    insta::assert_snapshot!(fingerprints.plan, @r#"[["sqlite:crm.db",["query","SELECT id, name FROM employees"],"reject"],null,"delete",["10%","15%","10%","50%"],"0","clear","repair",[],["wazzup-v2","https://tech.wazzup24.com/",[["token","env:TOKEN"],null]]]"#);
}
