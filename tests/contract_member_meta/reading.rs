//! What lists and single reads show.

use super::*;

#[tokio::test]
async fn a_list_shows_system_users_with_what_they_may_do_and_no_people() {
    let stage = Stage::new().await;
    let members = stage.list().await.members;
    let shown: Vec<_> = members
        .iter()
        .map(|it| (it.id.as_str(), &*it.key, it.is_active, it.grant.clone()))
        .collect();
    assert_eq!(
        shown,
        [
            (OWN, "Sync", true, Some(grant(&["MANAGE"]))),
            (BOT, "Bot", true, Some(grant(&["DEVELOP"]))),
            (IDLE, "Idle", false, Some(grant(&[]))),
        ]
    );
    let untouchable: Vec<_> = members.iter().map(|it| it.untouchable.is_some()).collect();
    assert_eq!(untouchable, [true, false, false]);
}

#[tokio::test]
async fn one_member_is_read_as_the_list_shows_it() {
    let stage = Stage::switched(|it| it.page_cap = Some(1)).await;
    for expected in stage.list().await.members {
        assert_eq!(stage.target.get(&expected.id).await, Ok(Some(expected)));
    }
    for absent in [HUMAN, "77"] {
        assert_eq!(stage.target.get(&id_of(absent)).await, Ok(None));
    }
}

#[tokio::test]
async fn pages_may_be_short_and_empty() {
    for (page_cap, empty_pages) in [(Some(1), false), (Some(2), false), (Some(1), true), (None, true)] {
        let stage = Stage::switched(|it| {
            it.page_cap = page_cap;
            it.empty_pages = empty_pages;
        })
        .await;
        let ids: Vec<_> = stage.list().await.members.into_iter().map(|it| it.id).collect();
        assert_eq!(ids, [OWN, BOT, IDLE].map(id_of), "{page_cap:?} {empty_pages}");
    }
}

#[tokio::test]
async fn a_single_page_may_have_no_paging() {
    let stage = Stage::switched(|it| it.paging_on_single_page = false).await;
    assert_eq!(stage.list().await.members.len(), 3);
}

#[tokio::test]
async fn more_users_than_a_page_holds_are_all_read() {
    let mut start = business();
    for n in 0..230_u64 {
        let id = (122_100_000_000_002_000 + n).to_string();
        start
            .system_users
            .insert(id, MetaUser::assigned("N", &["DEVELOP"]));
    }
    let stage = Stage::of(start, |_| {}, |_| {}).await;
    let members = stage.list().await.members;
    assert_eq!(members.len(), 233);
    assert_eq!(members.iter().filter(|it| it.is_active).count(), 232);
    assert_eq!(stage.methods(), ["GET"; 1 + 3 + 3]);
}

#[tokio::test]
async fn a_list_that_leads_in_a_circle_or_nowhere_is_incomplete() {
    let (circle, nowhere) = ((true, false), (false, true));
    for (repeat_cursor, link_without_cursor) in [circle, nowhere] {
        let stage = Stage::switched(|it| {
            it.page_cap = Some(1);
            it.repeat_cursor = repeat_cursor;
            it.link_without_cursor = link_without_cursor;
        })
        .await;
        let members = stage.target.list().await.unwrap();
        assert!(members.incomplete.is_some(), "{members:?}");
        // Who was read before the circle is known; of the others nothing is.
        assert!(stage.target.get(&id_of("77")).await.is_err());
    }
}

#[tokio::test]
async fn hidden_tasks_are_unknown() {
    for switch in [TasksOnRead::Omitted, TasksOnRead::Refused] {
        let stage = Stage::switched(|it| it.tasks_on_read = switch).await;
        for _ in 0..2 {
            let members = stage.list().await.members;
            let grants: Vec<_> = members.into_iter().map(|it| it.grant).collect();
            assert_eq!(grants, [None, None, Some(grant(&[]))], "{switch:?}");
        }
        assert!(stage.member(BOT).await.is_active);
    }
}

#[tokio::test]
async fn a_refused_field_is_not_asked_for_again() {
    let stage = Stage::switched(|it| it.tasks_on_read = TasksOnRead::Refused).await;
    stage.list().await;
    assert_eq!(stage.methods(), ["GET"; 4]);
    stage.list().await;
    assert_eq!(stage.methods(), ["GET"; 2], "the own user is known as well");
}

#[tokio::test]
async fn implied_tasks_are_shown_as_the_platform_shows_them() {
    let stage = Stage::switched(|it| it.tasks_on_read = TasksOnRead::Expanded).await;
    let shown = stage.member(BOT).await.grant.unwrap();
    assert!(shown.includes(&grant(&["DEVELOP"])) && shown != grant(&["DEVELOP"]));
}

#[tokio::test]
async fn reads_that_broke_off_tell_nothing() {
    for how in [
        How::Reset,
        How::Truncated,
        How::EndlessBody,
        How::Html { status: 200 },
        How::Html { status: 502 },
    ] {
        for nth in 1..=3 {
            let stage = Stage::new().await;
            stage.sim.add_fault(Fault::new(how.clone()).nth(nth));
            let answer = stage.target.list().await.unwrap_err();
            assert_eq!(answer.meaning, Meaning::Unknown, "{how:?} {nth} {answer:?}");
        }
    }
}

#[tokio::test]
async fn another_business_or_account_is_no_empty_one() {
    for configure in [
        (|it| it.business_id = "1".to_owned()) as fn(&mut MetaOptions),
        |it| it.waba_id = "1".to_owned(),
    ] {
        let stage = Stage::of(business(), |_| {}, configure).await;
        let answer = stage.target.list().await.unwrap_err();
        assert_refused(&answer, &Meaning::BadItem, "100/33");
        assert!(stage.target.get(&id_of(IDLE)).await.is_err());
    }
}
