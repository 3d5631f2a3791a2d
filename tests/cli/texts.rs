//! What people read. The snapshots are to be read like people would.

use super::ended::Ended;
use super::world::{ANNA, BERTA, CARL, World};

/// The text without what differs from run to run.
pub fn steady(world: &World, ended: &Ended) -> String {
    let mut text = ended
        .out
        .replace(&world.simulator().base_url(), "http://platform")
        .replace(&world.dir().display().to_string(), "/dir");
    let digits = |it: char| it.is_ascii_digit();
    while let Some(at) = text.find(" ms)") {
        let start = text[..at].rfind(|it| !digits(it)).map_or(0, |it| it + 1);
        text.replace_range(start..at + " ms)".len(), "… milliseconds)");
    }
    let is_table = |line: &str| line.starts_with('|');
    for line in text.lines().filter(|it| !is_table(it)) {
        assert!(line.chars().count() <= 100, "too wide: {line}");
        assert_eq!(line, line.trim_end(), "blanks at the end");
    }
    text
}

fn help(line: &str) -> String {
    let world = World::new(&[]);
    world.run(line).expect(0).out
}

#[test]
fn help_of_the_program_and_of_every_command() {
    insta::assert_snapshot!("help", help("--help"));
    for command in [
        "run",
        "reconcile",
        "plan",
        "apply",
        "check",
        "status",
        "findings",
        "explain",
        "runs",
        "foreign",
        "holds",
        "pause",
        "resume",
        "state",
        "init",
        "simulate",
        "demo",
        "completions",
        "man",
    ] {
        insta::assert_snapshot!(format!("help_{command}"), help(&format!("{command} --help")));
    }
}

#[test]
fn a_plan_and_what_it_comes_to() {
    let world = World::new(&[ANNA, BERTA, CARL]);
    world.run("reconcile").expect(0);
    world.put("boss", "The Boss", "37126000009");
    world.employ(&[
        ("1", "Anna Kalna", "+37126000002"),
        ("2", "Berta Liepa", "+37126000001"),
        ("4", "Dace Priede", "+37126000009"),
        ("5", "Edgars", "12"),
        ("6", "", ""),
    ]);
    insta::assert_snapshot!("plan", steady(&world, &world.run("plan").expect(0)));
    insta::assert_snapshot!(
        "plan_markdown",
        steady(&world, &world.run("plan --output markdown").expect(0))
    );
    insta::assert_snapshot!("check", steady(&world, &world.run("check").expect(0)));
    insta::assert_snapshot!("reconcile", steady(&world, &world.run("reconcile").expect(3)));
    insta::assert_snapshot!(
        "reconcile_again",
        steady(&world, &world.run("reconcile").expect(3))
    );
}

#[test]
fn a_hold_tells_whom_and_how_to_decide() {
    let world = World::new(&[]);
    world.employ_many(30);
    world.run("reconcile").expect(0);
    world.employ(&[("1", "Person 1", "+37126000001")]);
    insta::assert_snapshot!("plan_held", steady(&world, &world.run("plan").expect(0)));
    let held = steady(&world, &world.run("reconcile").expect(4));
    let id = held
        .split("holds approve ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    insta::assert_snapshot!("reconcile_held", held.replace(id, "7f3a12bc"));
}

#[test]
fn long_lists_are_cut() {
    let world = World::new(&[]);
    world.employ_many(250);
    insta::assert_snapshot!(
        "reconcile_many",
        steady(&world, &world.run("reconcile").expect(0))
    );
}

#[test]
fn long_ids_and_names_still_fit() {
    let id = "3c9f1a2b-77aa-4c11-9d10-0f0e0d0c0b0a";
    let world = World::new(&[(
        id,
        "Anna Maria Katharina Ozola-Bērziņa von Lielvārde",
        "+37126000001",
    )]);
    world.run("reconcile").expect(0);
    world.employ(&[(
        id,
        "Anna Maria Katharina Kalna-Bērziņa von Lielvārde",
        "+37126000002",
    )]);
    insta::assert_snapshot!(
        "reconcile_long",
        steady(&world, &world.run("reconcile").expect(0))
    );
}

#[test]
fn a_failure_says_what_failed_and_what_to_do() {
    let world = World::new(&[ANNA]);
    world.reconfigure("FROM employees", "FROM staff");
    insta::assert_snapshot!(
        "failed_source",
        steady(&world, &world.run("reconcile").expect(65))
    );
    insta::assert_snapshot!("failed_check", steady(&world, &world.run("check").expect(65)));
    world.secret("acme", "revoked");
    world.reconfigure("FROM staff", "FROM employees");
    insta::assert_snapshot!(
        "failed_credential",
        steady(&world, &world.run("reconcile").expect(77))
    );
}

#[test]
fn colours_are_for_those_who_want_them() {
    let world = World::new(&[ANNA]);
    let has_color = |line: &str| world.run(line).out.contains('\u{1b}');
    assert!(!has_color("plan"));
    assert!(has_color("plan --color always"));
    assert!(!has_color("plan --color never"));
    assert!(!has_color("plan --color always --output json"));
}
