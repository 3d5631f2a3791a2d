//! Tokens that end, or are revoked, in the middle of a day.

use super::*;

#[tokio::test]
async fn a_day_is_done_with_a_credential_that_is_had_at_run_time() {
    for by in BOTH {
        let office = Office::new(by).await;
        office.assert_done(&office.run().await);
        let (tokens, users) = office.statuses();
        assert_eq!(tokens, vec![Some(200); by.n_asked_at_first()], "{by:?}");
        assert_eq!(n_refused(&users), 0);
        // A quiet cycle needs no token.
        office.assert_done(&office.run().await);
        assert_eq!(office.statuses(), (vec![], vec![]));
    }
}

#[tokio::test]
async fn a_token_that_ends_in_mid_run_is_renewed_before() {
    for by in BOTH {
        let mut office = Office::with(by, |it| it.seconds = 100).await;
        office.tick = Duration::from_secs(20);
        office.assert_done(&office.run().await);
        let (tokens, users) = office.statuses();
        assert!(tokens.len() >= by.n_asked_at_first() + 2, "{by:?}: {tokens:?}");
        assert_eq!(n_refused(&users), 0, "{by:?}");
    }
}

#[tokio::test]
async fn a_token_that_ends_unforeseen_is_renewed_once_and_the_run_goes_on() {
    for by in BOTH {
        for expires_in in [ExpiresIn::Number, ExpiresIn::Absent] {
            let office = Office::with(by, |it| {
                it.max_uses = Some(2);
                it.expires_in = expires_in;
            })
            .await;
            office.assert_done(&office.run().await);
            let (tokens, users) = office.statuses();
            let n_refused = n_refused(&users);
            assert!(n_refused >= 3, "{by:?}: {users:?}");
            assert_eq!(tokens.len(), by.n_asked_at_first() + n_refused, "{by:?}");
        }
    }
}

#[tokio::test]
async fn a_token_that_is_revoked_at_any_request_does_no_harm() {
    for by in BOTH {
        for nth in 1..=14 {
            let office = Office::new(by).await;
            let refused = Fault::status(401).path("/v2/users").nth(nth).times(1);
            office.lab.sim.add_fault(refused);
            office.assert_done(&office.run().await);
        }
    }
}

#[tokio::test]
async fn other_forms_of_the_token_endpoint_are_understood() {
    type Change = fn(&mut TokenSwitches);
    let forms: [(&str, Change); 7] = [
        ("bare", |it| it.envelope = wazzup_sync::simulator::Envelope::Bare),
        ("lives told as text", |it| it.expires_in = ExpiresIn::Text),
        ("lives not told", |it| it.expires_in = ExpiresIn::Absent),
        ("refresh tokens stay", |it| it.rotation = Rotation::Silent),
        ("refresh tokens come again", |it| it.rotation = Rotation::Repeated),
        ("the other shape", |it| it.refresh_shape = RefreshShape::Flat),
        ("either shape", |it| it.refresh_shape = RefreshShape::Both),
    ];
    for by in BOTH {
        for (name, change) in forms {
            let office = Office::with(by, change).await;
            for day in 2..=4 {
                let report = office.run().await;
                assert_eq!(report.exit_code(), 0, "{name}, {by:?}: {}", describe(&report));
                office.later(Duration::from_secs(4000));
                office.work(day);
            }
            office.lab.assert_no_violation();
        }
    }
}

#[tokio::test]
async fn each_process_goes_on_with_the_last_refresh_token() {
    let office = Office::new(By::OAuth).await;
    for day in 2..=6 {
        office.assert_done(&office.run().await);
        office.work(day);
        if day % 2 == 0 {
            office.later(Duration::from_secs(3600));
        }
    }
    let (tokens, _) = office.statuses();
    assert_eq!(tokens, vec![Some(200); 3], "one for each hour");
}

#[tokio::test]
async fn two_processes_that_need_a_token_at_once_renew_one_after_the_other_and_share_it() {
    let office = Office::new(By::OAuth).await;
    office.lab.sim.update_switches(|it| it.answer_delay_ms = 2);
    for day in 2..=4 {
        let targets = [(); 3].map(|()| office.open());
        let order = Order::default();
        let (run, one, other) = tokio::join!(
            office.lab.run_on(&targets[0], &order),
            office.lab.plan_on(&targets[1]),
            office.lab.plan_on(&targets[2]),
        );
        for report in [&run, &one, &other] {
            assert!([0, 2].contains(&report.exit_code()), "{}", describe(report));
        }
        office.lab.assert_no_violation();
        let (tokens, _) = office.statuses();
        assert_eq!(tokens, [Some(200)], "day {day}");
        office.later(Duration::from_secs(3600));
        office.work(day);
    }
}

#[tokio::test]
async fn a_plan_renews_and_keeps_what_comes() {
    let office = Office::new(By::OAuth).await;
    let plan = office.lab.plan_on(&office.open()).await;
    assert_eq!(plan.exit_code(), 0, "{}", describe(&plan));
    office.assert_done(&office.run().await);
    let (tokens, _) = office.statuses();
    assert_eq!(tokens, [Some(200)], "the run goes on with the token of the plan");
}

#[tokio::test]
async fn tokens_under_another_key_are_a_problem_of_the_configuration() {
    let mut office = Office::new(By::OAuth).await;
    office.assert_done(&office.run().await);
    office.statuses();
    office.work(2);
    office.store_key = "another-store-key-of-32-characters".to_owned();
    let report = office.run().await;
    assert_eq!(report.exit_code(), 78, "{}", describe(&report));
    let said = report.stop.unwrap().to_string();
    assert!(
        said.contains("[store] key") && said.contains("Put the old key back"),
        "{said}"
    );
    assert_eq!(office.statuses(), (vec![], vec![]), "nothing was asked");
    grant_again(&mut office, TOKEN);
    office.assert_done(&office.run().await);
}
