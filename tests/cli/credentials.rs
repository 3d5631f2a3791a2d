//! Credentials whose tokens are had and renewed, from the configuration to the platform.

use std::fs;

use wazzup_sync::simulator::GrantSetup;

use super::ended::Ended;
use super::world::{ANNA, BERTA, CARL, LOGIN, NUMBER, PASSWORD, REFRESH_TOKEN, TOKEN, World};

/// At least 32 characters, which a key must have.
const STORE_KEY: &str = "a-key-of-the-store-with-enough-characters";

const TOKEN_PATH: &str = "/v2/oauth/token";

/// A company whose account is looked after by a partner.
fn of_partner() -> World {
    let world = World::new(&[ANNA]);
    world.secret("login", LOGIN);
    world.secret("password", PASSWORD);
    let path = |name: &str| world.path(&format!("{name}.token")).display().to_string();
    let white_label = format!(
        "[accounts.target.white_label]\nlogin = \"file:{}\"\npassword = \"file:{}\"\naccount_id = \"{NUMBER}\"",
        path("login"),
        path("password")
    );
    world.reconfigure(&format!("token = \"file:{}\"", path("acme")), &white_label);
    world
}

/// A company that granted access to an application.
fn of_grant() -> World {
    let world = World::new(&[ANNA]);
    world.secret("refresh", REFRESH_TOKEN);
    world.secret("key", STORE_KEY);
    let path = |name: &str| world.path(&format!("{name}.token")).display().to_string();
    let oauth = format!(
        "[accounts.target.oauth]\nclient_id = \"client\"\nrefresh_token = \"file:{}\"",
        path("refresh")
    );
    world.reconfigure(&format!("token = \"file:{}\"", path("acme")), &oauth);
    world.reconfigure("[store]\n", &format!("[store]\nkey = \"file:{}\"\n", path("key")));
    world
}

impl World {
    fn n_token_requests(&self) -> usize {
        let requests = self.simulator().requests();
        requests.iter().filter(|it| it.path == TOKEN_PATH).count()
    }

    /// No secret is in a file that the program wrote.
    fn assert_sealed(&self) {
        let mut secrets = self.simulator().issued_tokens();
        assert!(!secrets.is_empty());
        secrets.extend([PASSWORD, REFRESH_TOKEN, STORE_KEY].map(str::to_owned));
        for entry in fs::read_dir(self.dir()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.starts_with("state.db") || path.is_dir() {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            for secret in &secrets {
                let is_there = bytes.windows(secret.len()).any(|it| it == secret.as_bytes());
                assert!(!is_there, "{secret} is in {name}");
            }
        }
    }

    /// As [`World::run`]; none of the tokens that the platform issued is shown.
    fn run_unseen(&self, line: &str) -> Ended {
        let ended = self.run(line);
        for secret in self.simulator().issued_tokens() {
            assert!(
                !ended.out.contains(&secret) && !ended.err.contains(&secret),
                "{ended:?}"
            );
        }
        ended
    }
}

#[test]
fn a_partner_and_a_grant_are_used_from_check_to_reconcile() {
    for world in [of_partner(), of_grant()] {
        world.run_unseen("check --offline").expect(0);
        assert_eq!(world.simulator().requests(), [], "offline");
        world.run_unseen("-v check").expect(0);
        world.run_unseen("-v plan").expect(0);
        world.run_unseen("-v reconcile").expect(0);
        assert_eq!(world.ids(), ["1"]);
        // The platform ends all tokens at once, as nobody foresaw.
        world.simulator().revoke_tokens(TOKEN, true);
        world.employ(&[ANNA, BERTA]);
        world.run_unseen("-v reconcile --output json").expect(0);
        assert_eq!(world.ids(), ["1", "2"]);
        assert_eq!(world.simulator().violations(), []);
        world.assert_sealed();
    }
}

#[test]
fn a_kept_token_serves_the_next_process_too() {
    let world = of_grant();
    world.run("reconcile").expect(0);
    world.employ(&[ANNA, BERTA]);
    world.run("reconcile").expect(0);
    assert_eq!(world.ids(), ["1", "2"]);
    assert_eq!(world.n_token_requests(), 1);
}

#[test]
fn a_wrong_password_is_shown_once_and_a_right_one_at_once() {
    let world = of_partner();
    world.secret("password", "wrong-password");
    let refused = world.run("reconcile").expect(77);
    assert!(
        refused.said().contains("login or password is wrong"),
        "{refused:?}"
    );
    world.simulator().clear_requests();
    let waiting = world.run("reconcile --output json").expect(77).account();
    assert_eq!(waiting["error"]["code"], "credentials_refused");
    assert_eq!(world.simulator().requests(), [], "it was asked again");
    world.run("reconcile acme").expect(77);
    assert_eq!(
        world.n_token_requests(),
        1,
        "who names the account wants it tried"
    );
    world.secret("password", PASSWORD);
    world.run("reconcile").expect(0);
    assert_eq!(world.ids(), ["1"]);
}

#[test]
fn a_grant_that_was_taken_back_says_what_to_do_and_a_new_one_is_used_at_once() {
    let world = of_grant();
    world.run("reconcile").expect(0);
    world.simulator().revoke_grants(TOKEN);
    world.simulator().revoke_tokens(TOKEN, false);
    world.employ(&[ANNA, CARL]);
    let refused = world.run("reconcile").expect(77);
    assert!(
        refused.said().contains("Let the customer grant access again"),
        "{refused:?}"
    );
    world.simulator().clear_requests();
    world.run("reconcile").expect(77);
    assert_eq!(world.simulator().requests(), []);
    let refresh_token = "second-refresh-token-77aa";
    world.simulator().grant(GrantSetup {
        account: TOKEN.to_owned(),
        client_id: "client".to_owned(),
        refresh_token: refresh_token.to_owned(),
    });
    world.secret("refresh", refresh_token);
    world.run("reconcile").expect(0);
    assert_eq!(world.ids(), ["1", "3"]);
    assert_eq!(world.simulator().violations(), []);
    world.assert_sealed();
}

#[test]
fn credentials_that_do_not_go_together_are_named_before_anything_is_asked() {
    let both =
        |world: &World| world.reconfigure("kind = \"wazzup-v2\"", "kind = \"wazzup-v2\"\ntoken = \"env:T\"");
    let other_kind = |world: &World| world.reconfigure("wazzup-v2", "wazzup-v3");
    let without_key = |world: &World| {
        let key = format!("key = \"file:{}\"\n", world.path("key.token").display());
        world.reconfigure(&key, "");
    };
    let short_key = |world: &World| world.secret("key", "short");
    type Spoil<'a> = &'a dyn Fn(&World);
    let offline: [(World, Spoil<'_>, &str); 5] = [
        (of_partner(), &both, "give `token` or `white_label`, not both"),
        (of_grant(), &both, "give `token` or `oauth`, not both"),
        (of_partner(), &other_kind, "accounts[acme].target.white_label"),
        (of_grant(), &other_kind, "accounts[acme].target.oauth"),
        (of_grant(), &without_key, "store.key: missing"),
    ];
    for (world, spoil, told) in offline {
        spoil(&world);
        let ended = world.run("check --offline").expect(78);
        assert!(ended.said().contains(told), "{told}: {ended:?}");
    }
    // What a secret holds is looked at when it is needed.
    let world = of_grant();
    short_key(&world);
    let ended = world.run("reconcile").expect(78);
    assert!(ended.said().contains("store.key"), "{ended:?}");
    assert_eq!(world.simulator().requests(), []);
}
