use super::*;
use crate::settings::{
    ChannelRef, ChannelRole, Channels, MetaMatch, Platform, RemovalPolicy, RoleMatch, SecretRef, TargetKind,
    WazzupCredential, WutsRole,
};

const META: &str = "kind = \"meta\"\ntoken = \"env:T\"\nbusiness_id = \"1\"\nwaba_id = \"2\"";
const TASKS: &str = "[accounts.tasks]\n\"*\" = [\"DEVELOP\"]\nadmin = [\"MANAGE\", \"DEVELOP\"]";

fn unsupported(text: &str) -> Vec<String> {
    settings(text)
        .unsupported()
        .into_iter()
        .map(|it| it.key)
        .collect()
}

#[test]
fn each_kind_has_its_own_address() {
    let target = |kind: &str| {
        let target = format!("kind = \"{kind}\"\ntoken = \"env:T\"\n");
        only_account(&account_of("removal = \"keep\"", &target)).target
    };
    assert_eq!(
        target("wazzup-v2").base_url.as_str(),
        "https://tech.wazzup24.com/"
    );
    assert_eq!(target("wazzup-v3").base_url.as_str(), "https://api.wazzup24.com/");
    assert_eq!(target("wuts").base_url.as_str(), "https://api.wuts.com.br/");
    let meta = only_account(&account_of("removal = \"keep\"", &format!("{META}\n{TASKS}"))).target;
    assert_eq!(meta.base_url.as_str(), "https://graph.facebook.com/");
    assert_eq!(meta.kind(), TargetKind::Meta);
    let own = only_account(&with_account("", "base_url = \"http://127.0.0.1:8080/x/\"")).target;
    assert_eq!(own.base_url.as_str(), "http://127.0.0.1:8080/x");
}

#[test]
fn addresses_must_be_safe() {
    for url in [
        "http://tech.wazzup24.com",
        "https://u:hunter2@host",
        "https://host?key=hunter2",
        "hunter2",
    ] {
        let problems = problems(&with_account("", &format!("base_url = \"{url}\"")));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].starts_with("accounts[acme].target.base_url: "),
            "{problems:?}"
        );
        assert!(!problems[0].contains("hunter2"), "{problems:?}");
    }
}

#[test]
fn removal_must_suit_the_platform() {
    let of = |kind: &str, removal: &str| {
        let (target, tables) = match kind {
            "meta" => (META.to_owned(), TASKS),
            kind => (format!("kind = \"{kind}\"\ntoken = \"env:T\""), ""),
        };
        account_of(
            &format!("removal = \"{removal}\""),
            &format!("{target}\n{tables}"),
        )
    };
    for (kind, removal) in [
        ("wazzup-v2", "delete"),
        ("wazzup-v3", "delete"),
        ("wuts", "delete"),
        ("wuts", "deactivate"),
        ("meta", "unassign"),
    ] {
        assert_eq!(only_account(&of(kind, removal)).removal.word(), removal);
        assert_eq!(only_account(&of(kind, "keep")).removal, RemovalPolicy::Keep);
    }
    assert_eq!(
        problems(&of("wazzup-v2", "deactivate")),
        ["accounts[acme].removal: wazzup-v2 can't deactivate; choose delete or keep"]
    );
    assert_eq!(
        problems(&of("wazzup-v3", "deactivate")),
        ["accounts[acme].removal: wazzup-v3 can't deactivate; choose delete or keep"]
    );
    assert_eq!(
        problems(&of("wuts", "unassign")),
        ["accounts[acme].removal: wuts can't unassign; choose delete or deactivate or keep"]
    );
    assert_eq!(
        problems(&of("meta", "delete")),
        ["accounts[acme].removal: meta can't delete; choose unassign or keep"]
    );
}

#[test]
fn keys_and_tables_of_another_kind_are_refused() {
    let target = "create_users = true
business_id = \"1\"
match = \"id\"
[accounts.roles]
\"*\" = \"user\"
[accounts.tasks]
\"*\" = [\"MANAGE\"]";
    insta::assert_snapshot!(problems(&with_account("", target)).join("\n"), @r#"
    accounts[acme].target.create_users: is a key of wuts and meta, not of wazzup-v2
    accounts[acme].target.business_id: is a key of meta, not of wazzup-v2
    accounts[acme].target.match: is a key of meta, not of wazzup-v2
    accounts[acme].roles: is a table of wuts, not of wazzup-v2
    accounts[acme].tasks: is a table of meta, not of wazzup-v2
    "#);
    let v3 = "kind = \"wazzup-v3\"\ntoken = \"env:T\"\n[accounts.target.white_label]\n[accounts.access]\n";
    insta::assert_snapshot!(problems(&account_of("removal = \"delete\"", v3)).join("\n"), @r#"
    accounts[acme].target.white_label: is a key of wazzup-v2, not of wazzup-v3
    accounts[acme].access: is a table of wazzup-v2, not of wazzup-v3: its API has no call for roles, they are set in the cabinet
    "#);
    let wuts = "kind = \"wuts\"\ntoken = \"env:T\"\n[accounts.target.oauth]\n[accounts.access]\n";
    insta::assert_snapshot!(problems(&account_of("removal = \"keep\"", wuts)).join("\n"), @r#"
    accounts[acme].target.oauth: is a key of wazzup-v2, not of wuts
    accounts[acme].access: is a table of wazzup-v2, not of wuts
    "#);
}

#[test]
fn v2_has_one_of_three_credentials() {
    let of = |lines: &str| account_of("removal = \"keep\"", &format!("kind = \"wazzup-v2\"\n{lines}"));
    let credential = |lines: &str| match only_account(&of(lines)).target.platform {
        Platform::WazzupV2 { credential, .. } => credential,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        credential("token = \"env:T\""),
        WazzupCredential::Token(SecretRef::Env("T".to_owned()))
    );
    let white_label = "[accounts.target.white_label]
login = \"cred:login\"
password = \"cred:password\"
account_id = \"12345678\"";
    assert!(
        matches!(credential(white_label), WazzupCredential::WhiteLabel { account_id, .. } if account_id == "12345678")
    );
    assert_eq!(unsupported(&of(white_label)), Vec::<String>::new());
    assert_eq!(
        problems(&of(&format!("token = \"env:T\"\n{white_label}"))),
        ["accounts[acme].target.white_label: give `token` or `white_label`, not both"]
    );
    insta::assert_snapshot!(
        problems(&of("[accounts.target.white_label]\nlogin = \"hunter2\"\naccount_id = 1")).join("\n"), @r#"
        accounts[acme].target.white_label.password: missing: a reference to the partner's password
        accounts[acme].target.white_label.login: expected a reference to a secret (env:NAME, file:PATH or cred:NAME); a secret itself must not stand in a configuration
        accounts[acme].target.white_label.account_id: expected text in quotes, found a number
        "#);
    insta::assert_snapshot!(problems(&of("[accounts.target.oauth]")).join("\n"), @r#"
    store.key: missing: it encrypts the refresh token of accounts[acme].target.oauth
    accounts[acme].target.oauth.client_id: missing: the id of the partner's application
    accounts[acme].target.oauth.refresh_token: missing: a reference to the first refresh token
    "#);
}

#[test]
fn oauth_needs_a_key_for_the_store() {
    let oauth = account_of(
        "removal = \"delete\"",
        "kind = \"wazzup-v2\"\n[accounts.target.oauth]\nclient_id = \"me\"\nrefresh_token = \"env:R\"",
    );
    assert_eq!(
        problems(&oauth),
        ["store.key: missing: it encrypts the refresh token of accounts[acme].target.oauth"]
    );
    let keyed = format!("[store]\nkey = \"cred:store-key\"\n{oauth}");
    assert_eq!(unsupported(&keyed), Vec::<String>::new());
}

#[test]
fn the_number_of_a_partners_account_may_be_written_as_the_cabinet_shows_it() {
    let of = |id: &str| {
        let target = format!(
            "kind = \"wazzup-v2\"\n[accounts.target.white_label]\nlogin = \"env:L\"\npassword = \"env:P\"\n\
             account_id = \"{id}\"\nclient_id = \"me\""
        );
        account_of("removal = \"keep\"", &target)
    };
    for id in ["72042419", "7204-2419"] {
        let Platform::WazzupV2 {
            credential:
                WazzupCredential::WhiteLabel {
                    account_id,
                    client_id,
                    ..
                },
            ..
        } = only_account(&of(id)).target.platform
        else {
            panic!("another credential");
        };
        assert_eq!(account_id, "72042419");
        assert_eq!(client_id.as_deref(), Some("me"));
    }
    for id in ["-", "7204 2419", "acme"] {
        assert_eq!(
            problems(&of(id)),
            [
                "accounts[acme].target.white_label.account_id: expected the digits of the account's number, in quotes"
            ]
        );
    }
}

#[test]
fn two_logins_to_one_account_are_one_remote() {
    let target = |login: &str| {
        format!(
            "[accounts.target]\nkind = \"wazzup-v2\"\n[accounts.target.white_label]\nlogin = \"env:{login}\"\n\
             password = \"env:P\"\naccount_id = \"72042419\"\n"
        )
    };
    let account = |name: &str, login: &str| {
        let head = format!("[[accounts]]\nname = \"{name}\"\nsource = \"crm\"\nremoval = \"keep\"\n");
        head + &target(login)
    };
    let text = format!("{SOURCE}{}{}", account("one", "A"), account("other", "B"));
    let problems = problems(&text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].starts_with("accounts[other].target: is the same remote"),
        "{problems:?}"
    );
}

#[test]
fn access_is_read_whole() {
    let text = with_account(
        "",
        "[accounts.access]
channels = [\"c1\", \"name: Riga\"]
notify_supervisors = true
[[accounts.access.rules]]
crm_role = \"sales\"
role = \"seller\"
new_clients = true
hide_phones = true
[[accounts.access.rules]]
crm_role = \"*\"
role = \"none\"",
    );
    let Platform::WazzupV2 {
        access: Some(access), ..
    } = only_account(&text).target.platform
    else {
        panic!("no access");
    };
    let channels = vec![
        ChannelRef::Id("c1".to_owned()),
        ChannelRef::Name("Riga".to_owned()),
    ];
    assert_eq!(access.channels, Channels::Some(channels));
    assert_eq!(access.notify_supervisors, Some(true));
    assert_eq!(access.rules[0].crm_role, RoleMatch::Is("sales".to_owned()));
    assert_eq!(access.rules[0].role, Some(ChannelRole::Seller));
    assert!(access.rules[0].new_clients && access.rules[0].hide_phones);
    assert_eq!(access.rules[1].crm_role, RoleMatch::Any);
    assert_eq!(access.rules[1].role, None);
    assert!(!access.rules[1].new_clients && !access.rules[1].hide_phones);
    assert_eq!(unsupported(&text), Vec::<String>::new());
}

#[test]
fn wrong_access_is_named() {
    let text = with_account(
        "",
        "[accounts.access]\nchannels = [\"*\", \"c1\"]\nnotify = true\n[[accounts.access.rules]]\nrole = \"seler\"\nnew_clients = 1",
    );
    insta::assert_snapshot!(problems(&text).join("\n"), @r#"
    accounts[acme].access.channels: "*" means all channels, so it stands alone
    accounts[acme].access.notify: unknown key
    accounts[acme].access.rules[#1].crm_role: missing: the role in the CRM, or "*" for all
    accounts[acme].access.rules[#1].role: "seler" is none of seller, manager, auditor, none; did you mean "seller"?
    accounts[acme].access.rules[#1].new_clients: expected true or false, found a number
    "#);
    insta::assert_snapshot!(problems(&with_account("", "[accounts.access]\nrules = 1")).join("\n"), @r#"
    accounts[acme].access.channels: missing: the ids of the channels that are managed, or ["*"]
    accounts[acme].access.rules: expected a list of tables, found a number
    "#);
}

#[test]
fn wuts_has_roles_and_creates_only_if_asked_to() {
    let text = account_of(
        "removal = \"deactivate\"",
        "kind = \"wuts\"\ntoken = \"env:T\"\n[accounts.roles]\nhead = \"manager\"\n\"*\" = \"user\"",
    );
    let Platform::Wuts {
        create_users, roles, ..
    } = only_account(&text).target.platform
    else {
        panic!("another platform");
    };
    assert!(!create_users);
    assert_eq!(roles["head"], WutsRole::Manager);
    assert_eq!(roles["*"], WutsRole::User);
    assert_eq!(unsupported(&text), Vec::<String>::new());
    assert_eq!(
        problems(&text.replace("\"manager\"", "\"boss\"")),
        ["accounts[acme].roles.head: \"boss\" is none of user, manager, admin"]
    );
}

#[test]
fn meta_is_read_whole() {
    let text = account_of(
        "removal = \"unassign\"",
        &format!(
            "{META}\napp_secret = \"env:S\"\ncreate_users = true\napi_version = \"v26.1\"\nmatch = \"name\"\nreassign = true\n{TASKS}"
        ),
    );
    let Platform::Meta(meta) = only_account(&text).target.platform else {
        panic!("another platform");
    };
    assert_eq!((meta.business_id.as_str(), meta.waba_id.as_str()), ("1", "2"));
    assert_eq!(meta.api_version, "v26.1");
    assert_eq!(meta.match_by, MetaMatch::Name);
    assert!(meta.create_users && meta.reassign);
    assert_eq!(meta.tasks["admin"].len(), 2);
    assert_eq!(unsupported(&text), Vec::<String>::new());
    let plain = only_account(&account_of("removal = \"keep\"", &format!("{META}\n{TASKS}")));
    let Platform::Meta(meta) = plain.target.platform else {
        panic!("another platform");
    };
    assert_eq!(
        (meta.api_version.as_str(), meta.match_by),
        ("v25.0", MetaMatch::Id)
    );
    assert!(!meta.create_users && !meta.reassign);
}

#[test]
fn wrong_values_of_meta_are_named() {
    let text = account_of(
        "removal = \"keep\"",
        "kind = \"meta\"
business_id = 1
waba_id = \"x\"
api_version = \"25\"
match = \"email\"
[accounts.tasks]
a = []
b = [\"manage\"]
c = \"MANAGE\"",
    );
    insta::assert_snapshot!(problems(&text).join("\n"), @r#"
    accounts[acme].target.token: missing: a reference to the credential
    accounts[acme].target.business_id: expected text in quotes, found a number
    accounts[acme].target.waba_id: expected digits, in quotes
    accounts[acme].target.api_version: expected a version such as "v25.0"
    accounts[acme].target.match: "email" is none of id, name
    accounts[acme].tasks.a: expected 1 to 16 tasks in capital letters, such as ["DEVELOP"]
    accounts[acme].tasks.b: expected 1 to 16 tasks in capital letters, such as ["DEVELOP"]
    accounts[acme].tasks.c: expected a list of texts, found text
    "#);
    assert_eq!(
        problems(&account_of("removal = \"keep\"", META)),
        ["accounts[acme].tasks: missing: [accounts.tasks], the tasks of each role"]
    );
}
