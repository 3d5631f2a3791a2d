use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use secrecy::ExposeSecret as _;

use super::*;
use crate::settings::{NotAReference, SecretError, SecretRef};

fn environment(variables: &[(&str, &str)], credentials_dir: &Path) -> Environment {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Environment::new(variables).with_credentials_dir(credentials_dir)
}

fn write(path: &Path, content: &[u8], mode: u32) {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn resolved(reference: &str, environment: &Environment) -> Result<String, SecretError> {
    let reference: SecretRef = reference.parse().unwrap();
    reference
        .resolve(environment)
        .map(|secret| secret.expose_secret().to_owned())
}

#[test]
fn references_are_read_and_shown_as_written() {
    for text in [
        "env:TOKEN",
        "env:_t0",
        "file:/run/secrets/acme",
        "file:rel/path",
        "cred:store-key",
    ] {
        assert_eq!(text.parse::<SecretRef>().unwrap().to_string(), text);
    }
    for (text, error) in [
        ("hunter2", NotAReference::Literal),
        ("", NotAReference::Literal),
        ("ENV:X", NotAReference::Literal),
        ("env:", NotAReference::Variable),
        ("env:1X", NotAReference::Variable),
        ("env:A B", NotAReference::Variable),
        ("file:", NotAReference::Path),
        ("cred:", NotAReference::Credential),
        ("cred:..", NotAReference::Credential),
        ("cred:a/b", NotAReference::Credential),
    ] {
        assert_eq!(text.parse::<SecretRef>(), Err(error), "{text}");
    }
}

#[test]
fn variables_and_files_lose_their_line_end_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    write(&path, b" s3cret \r\n", 0o600);
    let environment = environment(&[("TOKEN", "0012345\n")], dir.path());
    assert_eq!(resolved("env:TOKEN", &environment).unwrap(), "0012345");
    assert_eq!(
        resolved(&format!("file:{}", path.display()), &environment).unwrap(),
        " s3cret "
    );
    assert_eq!(resolved("cred:token", &environment).unwrap(), " s3cret ");
}

#[test]
fn what_systemd_hands_over_comes_first_and_may_look_readable() {
    let (systemd, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(&systemd.path().join("both"), b"of systemd", 0o444);
    write(&own.path().join("both"), b"of ours", 0o600);
    write(&own.path().join("one"), b"of ours", 0o640);
    let variables = [("CREDENTIALS_DIRECTORY", systemd.path().to_str().unwrap())];
    let environment = environment(&variables, own.path());
    assert_eq!(resolved("cred:both", &environment).unwrap(), "of systemd");
    assert_eq!(resolved("cred:one", &environment).unwrap(), "of ours");
}

#[test]
fn files_that_others_can_read_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    let environment = environment(&[], dir.path());
    for reference in [format!("file:{}", path.display()), "cred:token".to_owned()] {
        for mode in [0o644, 0o604] {
            write(&path, b"s3cret", mode);
            let error = resolved(&reference, &environment).unwrap_err();
            assert!(matches!(error, SecretError::Exposed { .. }), "{error}");
            assert!(error.to_string().contains("chmod o-rwx"), "{error}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        for mode in [0o600, 0o640, 0o400] {
            write_again(&path, mode);
            assert!(resolved(&reference, &environment).is_ok(), "{mode:o}");
        }
    }
}

fn write_again(path: &Path, mode: u32) {
    std::fs::remove_file(path).unwrap();
    write(path, b"s3cret", mode);
}

#[test]
fn what_is_no_secret_says_why() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("empty"), b" \n", 0o600);
    write(&dir.path().join("binary"), b"\xff\xfe", 0o600);
    write(&dir.path().join("long"), &[b'x'; 70_000], 0o600);
    std::fs::create_dir(dir.path().join("dir")).unwrap();
    let environment = environment(&[("EMPTY", "")], dir.path());
    let why = |reference: &str| resolved(reference, &environment).unwrap_err();
    assert!(matches!(why("env:UNSET"), SecretError::Unset(_)));
    assert!(matches!(why("env:EMPTY"), SecretError::Empty(_)));
    assert!(matches!(why("cred:empty"), SecretError::Empty(_)));
    assert!(matches!(why("cred:binary"), SecretError::NotText(_)));
    assert!(matches!(why("cred:long"), SecretError::NotASecretFile { .. }));
    assert!(matches!(why("cred:dir"), SecretError::NotASecretFile { .. }));
    assert!(matches!(why("cred:absent"), SecretError::Unreadable { .. }));
    assert_eq!(
        why("env:UNSET").to_string(),
        "env:UNSET: the environment variable is not set"
    );
}

#[test]
fn a_reference_may_lead_to_an_address_with_a_password() {
    let given = Given::files([&SOURCE.replace("sqlite:crm.db", "env:URL")]);
    let source = given.settings().sources.remove("crm").unwrap();
    let environment = Environment::new([("URL".to_owned(), "postgres://r:hunter2@db/crm".to_owned())]);
    let url = source.url.resolve(&environment).unwrap();
    assert_eq!(url.expose_secret(), "postgres://r:hunter2@db/crm");
}

#[test]
fn literal_secrets_are_refused_everywhere_and_echoed_nowhere() {
    const SECRET: &str = "hunter2-hunter2";
    let white_label = |key: &str| {
        let target = format!("kind = \"wazzup-v2\"\n[accounts.target.white_label]\n{key} = \"{SECRET}\"");
        account_of("removal = \"keep\"", &target)
    };
    let url = |url: &str| format!("[sources.crm]\nquery = \"SELECT 1\"\nurl = \"{url}\"\n");
    for text in [
        format!("[store]\nkey = \"{SECRET}\"\n"),
        format!("[daemon]\nstatus_token = \"{SECRET}\"\n"),
        format!("[notify]\nwebhook = \"https://x.example\"\nsecret = \"{SECRET}\"\n"),
        format!("{SOURCE}password = \"{SECRET}\"\n"),
        with_account("", "").replace("env:TOKEN", SECRET),
        with_account("", "").replace("\"env:TOKEN\"", &format!("[\"{SECRET}\"]")),
        white_label("login"),
        white_label("password"),
        account_of(
            "removal = \"keep\"",
            &format!("kind = \"wazzup-v2\"\noauth = \"{SECRET}\""),
        ),
        account_of(
            "removal = \"keep\"",
            &format!("kind = \"wazzup-v2\"\noauth = {{ client_id = \"x\", refresh_token = \"{SECRET}\" }}"),
        ),
        account_of(
            "removal = \"keep\"",
            &format!("kind = \"meta\"\napp_secret = \"{SECRET}\""),
        ),
        account_of(
            "removal = \"keep\"",
            &format!("kind = \"wuts\"\ntoken = \"{SECRET}\""),
        ),
        url(&format!("postgres://reader:{SECRET}@db/crm")),
        url(&format!("postgres://reader@db/crm?password={SECRET}")),
        url(&format!("mysql://reader:{SECRET}@db:port/crm")),
        url(SECRET),
        format!("[store]\nurl = \"postgres://u:{SECRET}@db/x\"\n"),
        format!("[http]\nproxy = \"http://u:{SECRET}@proxy:3128\"\n"),
        format!("[notify]\nwebhook = \"https://u:{SECRET}@x.example\"\n"),
        with_account("", &format!("base_url = \"https://u:{SECRET}@x.example\"")),
        format!("[store]\nkey = {SECRET}\n"),
    ] {
        let problems = Given::files([&text]).load().expect_err(&text);
        assert!(!problems.to_string().contains(SECRET), "{problems}");
        assert!(!format!("{problems:?}").contains(SECRET), "{problems:?}");
    }
    let given = Given::files([""]).variable("WAZZUP_SYNC__STORE__KEY", SECRET);
    assert!(!given.problems().concat().contains(SECRET));
    assert!(!format!("{:?}", Environment::new(given.variables.clone())).contains(SECRET));
}
