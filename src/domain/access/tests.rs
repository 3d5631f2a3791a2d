//! What holds for every document and every wish, and the words that people read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::wish::{Accepted, Comparison, compare, supervisors};
use super::*;
use crate::domain::diff::OnDrift;
use crate::domain::user::UserId;

const CHANNELS: [&str; 4] = ["c1", "c2", "c3", "c4"];
/// Those of them that are managed.
const N_MANAGED: usize = 2;
const USERS: [&str; 8] = ["1", "2", "3", "4", "5", "boss", "chief", ""];
/// Those of them that anything is wished for.
const N_OURS: usize = 5;
const ROLES: [&str; 4] = ["seller", "manager", "auditor", "owner"];

fn listed(names: &[&str]) -> Vec<Channel> {
    let ids = CHANNELS.iter().zip(names);
    ids.map(|(id, name)| Channel {
        id: ChannelId::from(*id),
        name: (*name).into(),
        is_removed: false,
    })
    .collect()
}

fn some(ids: &[&str]) -> ChannelChoice {
    ChannelChoice::Some(ids.iter().map(|id| ChannelRef::Id((*id).to_owned())).collect())
}

fn managed() -> Channels {
    let names = listed(&["Riga", "Tallinn", "Vilnius", "37120000001"]);
    some(&CHANNELS[..N_MANAGED]).resolve(&names).unwrap()
}

fn row(user: &str, channel: &str, role: &str, new_clients: bool) -> RoleRow {
    RoleRow {
        channel: channel.into(),
        user: user.into(),
        role: role.into(),
        new_clients,
        raw: Some(format!("{{ {user} {channel} {role} {new_clients} }}").into()),
    }
}

fn document(rows: impl IntoIterator<Item = RoleRow>, hidden: &[&str]) -> Document {
    Document {
        rows: rows.into_iter().collect(),
        hidden: Some(hidden.iter().map(|it| Arc::from(*it)).collect()),
        notify_supervisors: Some(false),
    }
}

fn rights(role: Option<Role>, new_clients: bool, hide_phones: bool) -> Rights {
    Rights {
        role,
        new_clients,
        hide_phones,
    }
}

const SELLER: Rights = Rights {
    role: Some(Role::Seller),
    new_clients: true,
    hide_phones: false,
};

fn wish(id: &str, wish: Wish) -> Wishes {
    Wishes {
        users: BTreeMap::from([(id.into(), wish)]),
        ..Wishes::default()
    }
}

fn any_document() -> impl Strategy<Value = Document> {
    let parts = (0..USERS.len(), 0..CHANNELS.len(), 0..ROLES.len(), any::<bool>());
    let row =
        parts.prop_map(|(user, channel, role, new)| row(USERS[user], CHANNELS[channel], ROLES[role], new));
    let hidden = proptest::option::of(proptest::sample::subsequence(&USERS[..7], 0..7));
    let notify = any::<Option<bool>>();
    (proptest::collection::vec(row, 0..24), hidden, notify).prop_map(|(rows, hidden, notify)| Document {
        rows,
        hidden: hidden.map(|it| it.into_iter().map(Arc::from).collect()),
        notify_supervisors: notify,
    })
}

fn any_rights() -> impl Strategy<Value = Rights> {
    let role = proptest::sample::select(vec![
        None,
        Some(Role::Seller),
        Some(Role::Manager),
        Some(Role::Auditor),
    ]);
    (role, any::<bool>(), any::<bool>()).prop_map(|(role, new, hide)| rights(role, new, hide))
}

fn any_wishes() -> impl Strategy<Value = Wishes> {
    let wish = prop_oneof![any_rights().prop_map(Wish::Have), Just(Wish::Gone)];
    let users = proptest::collection::btree_map(0..N_OURS, wish, 0..=N_OURS);
    let kept = proptest::collection::btree_map(0..N_OURS, (0..4usize, 0..4usize, any::<bool>()), 0..3);
    (users, kept, any::<Option<bool>>()).prop_map(|(users, kept, notify)| Wishes {
        users: users.into_iter().map(|(n, it)| (USERS[n].into(), it)).collect(),
        kept: kept
            .into_iter()
            .map(|(n, (channel, role, is_hidden))| {
                let rows = vec![row(USERS[n], CHANNELS[channel], ROLES[role], false)];
                (UserId::from(USERS[n]), Kept { rows, is_hidden })
            })
            .collect(),
        notify_supervisors: notify,
    })
}

fn is_wished_for(wishes: &Wishes, id: &UserId) -> bool {
    wishes.users.contains_key(id) || wishes.kept.contains_key(id)
}

proptest! {
    #[test]
    fn rows_of_others_stay_byte_for_byte_and_in_order(before in any_document(), wishes in any_wishes()) {
        let after = revise(&before, &wishes, &managed()).document;
        let others = |it: &Document| {
            let rows = it.rows.iter().filter(|row| !is_wished_for(&wishes, &row.user));
            rows.cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(others(&before), others(&after));
        let hidden = |it: &Document| {
            let ids = it.hidden.iter().flatten();
            ids.filter(|id| !is_wished_for(&wishes, &UserId::new(Arc::clone(id)))).cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(hidden(&before), hidden(&after));
    }

    #[test]
    fn rows_on_channels_that_are_not_managed_stay_unless_their_user_goes(
        before in any_document(), wishes in any_wishes()
    ) {
        let after = revise(&before, &wishes, &managed()).document;
        for row in before.rows.iter().filter(|row| !managed().has(&row.channel)) {
            let is_gone = wishes.users.get(&row.user) == Some(&Wish::Gone);
            prop_assert_eq!(after.rows.contains(row), !is_gone);
        }
    }

    #[test]
    fn wishes_come_true_and_the_second_revision_is_empty(before in any_document(), wishes in any_wishes()) {
        let channels = managed();
        let revised = revise(&before, &wishes, &channels).document;
        let index = revised.index();
        for (id, wish) in &wishes.users {
            match wish {
                Wish::Have(rights) => prop_assert!(index.of(id).is_just(rights, &channels)),
                Wish::Gone => prop_assert!(index.of(id).is_empty()),
            }
        }
        for (id, kept) in &wishes.kept {
            let wish = wishes.users.get(id);
            for row in &kept.rows {
                let is_decided = match wish {
                    Some(Wish::Gone) => true,
                    Some(Wish::Have(_)) => channels.has(&row.channel),
                    None => false,
                };
                let is_there = index.of(id).rows.iter().any(|it| it.channel == row.channel);
                prop_assert!(is_decided || is_there);
            }
            prop_assert!(wish.is_some() || !kept.is_hidden || index.of(id).is_hidden);
        }
        let again = revise(&revised, &wishes, &channels);
        prop_assert!(again.changes.is_empty(), "{:?}", again.changes);
        prop_assert_eq!(again.document, revised);
    }

    #[test]
    fn without_a_change_the_document_is_the_same(before in any_document(), wishes in any_wishes()) {
        let revision = revise(&before, &wishes, &managed());
        prop_assert_eq!(revision.changes.is_empty(), revision.document == before);
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter(
        (before, shuffled) in any_document().prop_flat_map(|before| {
            let rows = Just(before.rows.clone()).prop_shuffle();
            (Just(before.clone()), rows.prop_map(move |rows| Document { rows, ..before.clone() }))
        }),
        wishes in any_wishes(),
    ) {
        let (one, other) = (revise(&before, &wishes, &managed()), revise(&shuffled, &wishes, &managed()));
        prop_assert_eq!(one.changes, other.changes);
        let meant = |it: &Document| {
            let rows = it.rows.iter().map(|row| format!("{row:?}"));
            rows.collect::<BTreeSet<_>>()
        };
        // Of two rows of one user and channel the first may be kept, which is then another one.
        let is_doubled = |it: &Document| {
            let keys: BTreeSet<_> = it.rows.iter().map(|row| (&row.user, &row.channel)).collect();
            keys.len() < it.rows.len()
        };
        prop_assert!(is_doubled(&before) || meant(&one.document) == meant(&other.document));
    }

    #[test]
    fn what_was_accepted_and_is_wished_still_needs_no_document(wishes in any_wishes()) {
        let accepted = all_accepted(&wishes);
        let comparison = compare(&wishes, &accepted, None, OnDrift::Repair);
        prop_assert!(comparison.changes.is_empty(), "{:?}", comparison.changes);
    }

    #[test]
    fn drift_is_what_differs_although_it_was_accepted(before in any_document(), wishes in any_wishes()) {
        let wishes = Wishes { kept: BTreeMap::new(), ..wishes };
        let (accepted, channels) = (all_accepted(&wishes), managed());
        let seen = Some((&before, &channels));
        let repair = compare(&wishes, &accepted, seen, OnDrift::Repair);
        let report = compare(&wishes, &accepted, seen, OnDrift::Report);
        prop_assert_eq!(&repair.drift, &report.drift);
        prop_assert!(repair.left.is_empty());
        let is_gone = |id: &UserId| wishes.users.get(id) == Some(&Wish::Gone);
        // Leavers go, whatever was changed on the platform.
        prop_assert!(repair.changes.keys().all(|id| is_gone(id) || repair.drift.contains(id)));
        prop_assert!(report.changes.keys().all(is_gone));
        let left = report.without_left(wishes.clone());
        prop_assert_eq!(revise(&before, &left, &channels).changes, report.changes);
    }
}

fn all_accepted(wishes: &Wishes) -> Accepted {
    let words = |wish: &Wish| match wish {
        Wish::Have(rights) => rights.grant(),
        Wish::Gone => rights(None, false, false).grant(),
    };
    let users = wishes.users.iter().map(|(id, it)| (id.clone(), Some(words(it))));
    let notify = wishes
        .notify_supervisors
        .map(|it| (supervisors(), Some(notify_grant(it))));
    users.chain(notify).collect()
}

fn comparison(wishes: &Wishes, accepted: Option<&str>) -> Comparison {
    let accepted = accepted.map(|it| (UserId::from("1"), Some(Grant::from_text(it))));
    compare(wishes, &accepted.into_iter().collect(), None, OnDrift::Repair)
}

#[test]
fn without_a_document_only_what_was_not_accepted_differs() {
    let seller = wish("1", Wish::Have(SELLER));
    assert!(
        comparison(&seller, Some("seller, new clients"))
            .changes
            .is_empty()
    );
    let change = &comparison(&seller, Some("manager")).changes[&UserId::from("1")];
    assert_eq!(change.old.as_ref().unwrap().to_string(), "manager");
    assert_eq!(change.new.to_string(), "new clients, seller");
    assert_eq!(comparison(&seller, None).changes[&UserId::from("1")].old, None);
    // Nobody knows of any rights that this leaver has.
    assert!(comparison(&wish("1", Wish::Gone), None).changes.is_empty());
    assert_eq!(
        comparison(&wish("1", Wish::Gone), Some("seller")).changes.len(),
        1
    );
}

#[test]
fn a_user_whose_rights_were_being_changed_has_not_drifted() {
    let wishes = wish("1", Wish::Have(SELLER));
    let under_way = BTreeMap::from([(UserId::from("1"), None)]);
    let (empty, channels) = (document([], &[]), managed());
    let compared = compare(&wishes, &under_way, Some((&empty, &channels)), OnDrift::Report);
    assert!(compared.drift.is_empty());
    assert_eq!(compared.changes.len(), 1);
}

#[test]
fn rights_are_told_in_words() {
    let words = |rows: Vec<RoleRow>, hidden: &[&str]| {
        let document = document(rows, hidden);
        document.index().of(&"1".into()).grant(&managed()).to_string()
    };
    assert_eq!(words(vec![], &[]), "no role");
    assert_eq!(words(vec![], &["1"]), "no role, phones hidden");
    let both = vec![row("1", "c1", "seller", true), row("1", "c2", "seller", true)];
    assert_eq!(words(both, &["2"]), "new clients, seller");
    assert_eq!(
        words(vec![row("1", "c2", "manager", false)], &[]),
        "manager on Tallinn"
    );
    let odd = vec![
        row("1", "c1", "seller", false),
        row("1", "c2", "auditor", true),
        row("1", "c4", "owner, or so", false),
    ];
    assert_eq!(
        words(odd, &[]),
        "auditor on Tallinn, new clients on Tallinn, owner or so on +37120000001, seller on Riga"
    );
    assert_eq!(
        rights(None, true, true).grant().to_string(),
        "no role, phones hidden"
    );
    assert_eq!(SELLER.grant().to_string(), "new clients, seller");
}

#[test]
fn a_second_row_on_a_channel_goes_when_the_role_is_set() {
    let before = document(
        [
            row("1", "c1", "seller", true),
            row("1", "c2", "manager", true),
            row("1", "c1", "auditor", false),
        ],
        &[],
    );
    let revision = revise(&before, &wish("1", Wish::Have(SELLER)), &managed());
    let rows = &revision.document.rows;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0], before.rows[0], "what is right stays as it was written");
    assert_eq!((rows[1].channel.as_str(), &*rows[1].role), ("c2", "seller"));
}

#[test]
fn a_user_without_phone_hiding_leaves_an_absent_list_absent() {
    let before = Document::default();
    let shown = revise(&before, &wish("1", Wish::Have(SELLER)), &managed()).document;
    assert_eq!(shown.hidden, None);
    let hidden = wish("1", Wish::Have(rights(None, false, true)));
    let hidden = revise(&before, &hidden, &managed()).document;
    assert_eq!(hidden.hidden, Some(vec!["1".into()]));
}

#[test]
fn the_first_rule_that_matches_wins() {
    let rule = |role: &str, it| Rule {
        crm_role: match role {
            "*" => RoleMatch::Any,
            role => RoleMatch::Is(role.to_owned()),
        },
        rights: rights(Some(it), false, false),
    };
    let mut policy = Policy {
        channels: ChannelChoice::All,
        notify_supervisors: None,
        rules: vec![
            rule("head", Role::Manager),
            rule("sales", Role::Seller),
            rule("*", Role::Auditor),
        ],
    };
    let role = |policy: &Policy, roles: &[&str]| policy.rights(roles.iter().copied())?.role;
    assert_eq!(role(&policy, &["sales", "head"]), Some(Role::Manager));
    assert_eq!(role(&policy, &["sales"]), Some(Role::Seller));
    assert_eq!(role(&policy, &["Sales"]), Some(Role::Auditor));
    assert_eq!(role(&policy, &[]), Some(Role::Auditor));
    policy.rules.pop();
    assert_eq!(role(&policy, &["Sales"]), None);
}

#[test]
fn a_channel_is_found_by_its_name_if_only_one_bears_it() {
    let by_name = |name: &str| ChannelChoice::Some(vec![ChannelRef::Name(name.to_owned())]);
    let listed = listed(&["Riga", "Shop", "Shop", ""]);
    let found = by_name("Riga").resolve(&listed).unwrap();
    assert_eq!(found.ids().collect::<Vec<_>>(), [&ChannelId::from("c1")]);
    insta::assert_snapshot!(by_name("riga").resolve(&listed).unwrap_err(), @r#"no channel of the platform bears the name "riga"; there are "Riga", "Shop", "c4""#);
    insta::assert_snapshot!(by_name("Shop").resolve(&listed).unwrap_err(), @r#"2 channels bear the name "Shop"; give the id of the one that is meant: c2 or c3"#);
    insta::assert_snapshot!(by_name("Shop").resolve(&[]).unwrap_err(), @r#"no channel of the platform bears the name "Shop"; it shows no channel at all"#);
}

#[test]
fn a_removed_channel_is_neither_among_all_nor_found_by_name() {
    let mut listed = listed(&["Riga", "Shop", "Shop"]);
    listed[2].is_removed = true;
    let all = ChannelChoice::All.resolve(&listed).unwrap();
    assert_eq!(all.ids().len(), 2);
    let shop = ChannelChoice::Some(vec![ChannelRef::Name("Shop".to_owned())]);
    let shop = shop.resolve(&listed).unwrap();
    assert_eq!(shop.ids().collect::<Vec<_>>(), [&ChannelId::from("c2")]);
}

#[test]
fn a_swept_document_says_nothing_of_those_who_are_gone_and_a_plain_one_has_documented_fields_only() {
    let mut before = document(
        [
            row("1", "c1", "seller", true),
            row("ghost", "c1", "seller", true),
            row("1", "lost", "seller", true),
            row("", "", "", false),
        ],
        &["ghost", "1"],
    );
    before.rows[3].raw = Some("\"what is this\"".into());
    let ghosts = BTreeSet::from([UserId::from("ghost")]);
    let swept = before.swept(&ghosts, &BTreeSet::from([ChannelId::from("lost")]));
    assert_eq!(swept.rows, [before.rows[0].clone(), before.rows[3].clone()]);
    assert_eq!(swept.hidden, Some(vec!["1".into()]));
    let plain = before.plain();
    assert!(plain.rows[0].is_like(&before.rows[0]) && plain.rows[0].raw.is_none());
    assert_eq!(plain.rows[3], before.rows[3], "nobody knows what it says");
}
