//! Credentials that are refused, and endpoints that do not answer.

use super::*;

#[tokio::test]
async fn a_credential_that_is_refused_is_left_alone_until_it_is_due() {
    let minute = Duration::from_secs(60);
    for by in BOTH {
        let office = Office::new(by).await;
        office
            .lab
            .sim
            .add_fault(Fault::status(401).path("/v2/users").method(MethodIs::Write));
        let said = office.assert_refused(&office.run().await);
        assert!(said.contains("HTTP 401"), "{said}");
        let (_, users) = office.statuses();
        assert_eq!(n_refused(&users), 2, "{by:?}: once more with another token");
        office.lab.sim.clear_faults();
        office.lab.sim.add_fault(Fault::status(401).path("/v2/users"));
        // Minutes since the last look, and whether a try is due by then: after 5 minutes, an hour, then daily.
        for (after, is_tried) in [
            (4, false),
            (1, true),
            (59, false),
            (1, true),
            (23 * 60, false),
            (60, true),
            (23 * 60, false),
        ] {
            office.later(minute * after);
            let report = office.run_now(&Order::default()).await;
            let said = office.assert_refused(&report);
            let (_, users) = office.statuses();
            let n_reads = if is_tried { 2 } else { 0 };
            assert_eq!(users.len(), n_reads, "{by:?}, {after} minutes later: {said}");
            assert_eq!(said.contains("not tried again before"), !is_tried, "{said}");
            assert_eq!(report.run.is_some(), is_tried);
        }
        // A person asks for it: in vain, and then with success.
        office.assert_refused(&office.run_named().await);
        assert_eq!(office.statuses().1.len(), 2);
        office.lab.sim.clear_faults();
        office.assert_refused(&office.run().await);
        office.assert_done(&office.run_named().await);
        office.work(2);
        office.assert_done(&office.run().await);
    }
}

#[tokio::test]
async fn a_fixed_token_that_is_refused_is_left_alone_too_and_another_one_is_tried_at_once() {
    let mut lab = Lab::new(Kind::WazzupV2).await.unguarded();
    lab.hire_many(5);
    lab.sim.add_fault(Fault::status(401));
    assert_eq!(lab.run().await.exit_code(), 77);
    assert_eq!(lab.run().await.exit_code(), 77);
    lab.count_anew();
    assert_eq!(lab.run().await.exit_code(), 77);
    assert_eq!(lab.sim.requests().len(), 0);
    assert_eq!(
        lab.plan().await.exit_code(),
        77,
        "a plan is asked for by a person"
    );
    assert_eq!(lab.sim.requests().len(), 1);
    lab.sim.clear_faults();
    lab.account.secret_mark = "another".to_owned();
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
}

#[tokio::test]
async fn an_account_that_waits_for_its_credential_still_tells_what_is_open() {
    let lab = Lab::new(Kind::WazzupV2).await;
    lab.hire_many(20);
    lab.run().await;
    (1..=15).for_each(|id| lab.dismiss(id));
    assert_eq!(lab.run().await.result, RunResult::Held);
    lab.sim.add_fault(Fault::status(401));
    lab.hire(21, "Newcomer", None);
    for _ in 0..3 {
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 77);
        assert_eq!(report.holds.len(), 1, "{}", describe(&report));
        assert_eq!(report.users.len(), 15);
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_a_right_one_is_tried_at_once() {
    let mut office = Office::new(By::WhiteLabel).await;
    office.password = "wrong-password".to_owned();
    let said = office.assert_refused(&office.run().await);
    assert!(said.contains("the partner's token"), "{said}");
    office.assert_refused(&office.run_named().await);
    office.lab.count_anew();
    office.assert_refused(&office.run().await);
    assert_eq!(office.statuses(), (vec![], vec![]), "nothing was asked");
    office.password = PASSWORD.to_owned();
    office.lab.account.secret_mark = "second".to_owned();
    office.assert_done(&office.run().await);
}

#[tokio::test]
async fn a_token_endpoint_that_does_not_answer_is_no_refusal() {
    for by in BOTH {
        for how in [
            How::Reset,
            How::Html { status: 503 },
            How::Html { status: 200 },
            How::EndlessBody,
            How::Redirect {
                to: "https://elsewhere.example/".to_owned(),
            },
        ] {
            let office = Office::new(by).await;
            let fault = Fault::new(how.clone()).path(TOKEN_PATH);
            office.lab.sim.add_fault(fault);
            for _ in 0..2 {
                let report = office.run().await;
                let story = format!("{by:?}, {how:?}: {}", describe(&report));
                assert_eq!(report.exit_code(), 69, "{story}");
                assert!(matches!(report.stop, Some(Stop::Unreachable(_))), "{story}");
                let (tokens, users) = office.statuses();
                assert_eq!((tokens.len(), users.len()), (5, 0), "{story}");
            }
            office.lab.sim.clear_faults();
            office.assert_done(&office.run().await);
        }
    }
}

#[tokio::test]
async fn a_token_endpoint_that_wants_a_pause_gets_it() {
    for by in BOTH {
        let office = Office::new(by).await;
        let how = How::RateLimit { retry_after: None };
        office
            .lab
            .sim
            .add_fault(Fault::new(how).path(TOKEN_PATH).times(2));
        office.assert_done(&office.run().await);
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_renewal_is_harmless_where_the_old_token_stays() {
    for by in BOTH {
        let office = Office::with(by, |it| it.rotation = Rotation::Silent).await;
        let lost = Fault::new(How::Reset).path(TOKEN_PATH).after_effect();
        office.lab.sim.add_fault(lost.times(1));
        office.assert_done(&office.run().await);
    }
}

#[tokio::test]
async fn a_refresh_token_that_was_replaced_unseen_needs_the_customer() {
    for refusal in [
        TokenRefusal::Platform,
        TokenRefusal::Standard,
        TokenRefusal::Empty,
    ] {
        let mut office = Office::with(By::OAuth, |it| it.refusal = refusal).await;
        let lost = Fault::new(How::Truncated).path(TOKEN_PATH).after_effect();
        office.lab.sim.add_fault(lost.times(1));
        let said = office.assert_refused(&office.run().await);
        assert!(said.contains("The answer to a renewal on 20"), "{said}");
        assert!(
            said.contains("grant access again") && said.contains("accounts[acme].target.oauth.refresh_token"),
            "{said}"
        );
        grant_again(&mut office, TOKEN);
        office.assert_done(&office.run().await);
        office.later(Duration::from_secs(3600));
        office.work(2);
        office.assert_done(&office.run().await);
        office.lab.assert_no_violation();
    }
}

#[tokio::test]
async fn a_grant_that_was_taken_back_says_what_to_do() {
    let mut office = Office::new(By::OAuth).await;
    office.assert_done(&office.run().await);
    office.lab.sim.revoke_grants(TOKEN);
    office.lab.sim.revoke_tokens(TOKEN, true);
    office.work(2);
    let said = office.assert_refused(&office.run().await);
    assert!(!said.contains("was lost"), "{said}");
    assert!(said.contains("Let the customer grant access again"), "{said}");
    grant_again(&mut office, TOKEN);
    office.assert_done(&office.run().await);
}

#[tokio::test]
async fn a_grant_for_another_company_is_held() {
    let mut office = Office::new(By::OAuth).await;
    office.assert_done(&office.run().await);
    office.lab.sim.seed("other-company", []);
    grant_again(&mut office, "other-company");
    office.work(2);
    let report = office.run().await;
    assert_eq!(report.exit_code(), 4, "{}", describe(&report));
    assert_eq!(report.holds[0].reason.word(), "target_changed");
    assert!(office.lab.sim.users("other-company").is_empty());
}
