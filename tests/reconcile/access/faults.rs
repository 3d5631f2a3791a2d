//! Lost answers, accidents, and what the documents of the platform leave open.

use super::super::lab::{TOKEN, describe};
use super::*;

#[tokio::test]
async fn an_answer_that_is_lost_is_settled_by_reading() {
    let lost = [
        Fault::new(How::Reset),
        Fault::new(How::Reset).after_effect(),
        Fault::new(How::Status {
            status: 502,
            body: None,
            retry_after: None,
        }),
        Fault::new(How::Truncated).after_effect(),
        Fault::new(How::DelayedEffect {
            lands: Lands::AtRequest(1),
            status: None,
        }),
    ];
    for fault in lost {
        for nth in 1..=2 {
            let lab = company().await;
            for n in 1..=5 {
                hire(&lab, &n.to_string(), "sales");
            }
            lab.run().await;
            lab.dismiss(1);
            promote(&lab, "2", "head");
            hire(&lab, "7", "head");
            let mut fault = fault.clone().method(MethodIs::Patch).path("/v2/settings");
            fault.when.nth = Some(nth);
            lab.sim.add_fault(fault.clone());
            let mut report = lab.run().await;
            if report.result != RunResult::InSync {
                report = lab.run().await;
            }
            assert_eq!(
                report.result,
                RunResult::InSync,
                "{fault:?}: {}\n{}",
                describe(&report),
                lab.requests()
            );
            assert_eq!(rights(&lab, "1"), NONE, "{fault:?}");
            assert_eq!(rights(&lab, "2"), HEAD, "{fault:?}");
            assert_eq!(rights(&lab, "7"), HEAD, "{fault:?}");
            assert_foreign(&lab);
            assert_users(&lab);
        }
    }
}

#[tokio::test]
async fn every_way_of_the_platform_ends_the_same() {
    type Switch = fn(&mut wazzup_sync::simulator::Switches);
    let ways: [Switch; 6] = [
        |it| it.settings.envelope = Envelope::Full,
        |it| it.settings.omit_empty_hidden = true,
        |it| it.settings.rows_vanish_with_users = true,
        |it| it.settings.unknown_user = UnknownRow::Refuse,
        |it| it.settings.unknown_user = UnknownRow::Drop,
        |it| it.read_lag_ms = 5,
    ];
    for (n, way) in ways.into_iter().enumerate() {
        let lab = company().await;
        lab.sim.update_switches(way);
        for n in 1..=5 {
            hire(&lab, &n.to_string(), "sales");
        }
        assert_in_sync(&lab, &lab.run().await);
        lab.dismiss(1);
        promote(&lab, "2", "head");
        hire(&lab, "7", "head");
        let report = lab.run().await;
        assert_eq!(report.result, RunResult::InSync, "way {n}: {}", describe(&report));
        assert_eq!(rights(&lab, "1"), NONE, "way {n}");
        assert_eq!(rights(&lab, "2"), HEAD, "way {n}");
        assert_eq!(rights(&lab, "7"), HEAD, "way {n}");
        lab.count_anew();
        let again = lab.run_verified().await;
        assert_idle(&lab, &again);
    }
}

#[tokio::test]
async fn a_third_of_all_requests_may_meet_an_accident() {
    for seed in 1..=12 {
        let mut lab = company().await;
        lab.timeout = Duration::from_millis(60);
        for n in 1..=6 {
            hire(&lab, &n.to_string(), "sales");
        }
        for day in 1..=3_u64 {
            let hows = [
                How::Reset,
                How::Status {
                    status: 503,
                    body: None,
                    retry_after: None,
                },
                How::Hang { millis: None },
                How::Truncated,
            ];
            for (n, how) in hows.into_iter().enumerate() {
                for after in [false, true] {
                    let mut fault = Fault::new(how.clone());
                    if after {
                        fault = fault.after_effect();
                    }
                    fault.when.probability = Some(0.05);
                    fault.when.seed = seed * 1000 + day * 100 + n as u64 * 2 + u64::from(after);
                    lab.sim.add_fault(fault);
                }
            }
            match day {
                1 => {}
                2 => {
                    lab.dismiss(1);
                    promote(&lab, "2", "head");
                    hire(&lab, "7", "head");
                }
                _ => {
                    promote(&lab, "2", "sales");
                    lab.dismiss(3);
                    hire(&lab, "1", "head");
                }
            }
            let mut n_runs = 0;
            loop {
                let report = lab.run().await;
                if report.result == RunResult::InSync {
                    break;
                }
                n_runs += 1;
                assert!(n_runs < 40, "seed {seed}, day {day}: {}", describe(&report));
            }
            lab.sim.clear_faults();
            let report = lab.run_verified().await;
            assert_eq!(
                report.result,
                RunResult::InSync,
                "seed {seed}, day {day}: {}",
                describe(&report)
            );
            lab.count_anew();
            let again = lab.run_verified().await;
            assert_idle(&lab, &again);
            for (id, person) in lab.crm.0.lock().unwrap().people.clone() {
                let expected: &[&str] = if person.role == Some("head") {
                    &HEAD
                } else {
                    &SALES
                };
                assert_eq!(rights(&lab, &id), expected, "seed {seed}, day {day}, user {id}");
            }
            let settings = lab.sim.settings(TOKEN);
            let known: BTreeSet<String> = lab.platform().into_iter().map(|it| it.id).collect();
            let owners: BTreeSet<String> = settings.user_roles.iter().map(SimRole::user).collect();
            assert!(
                owners.is_subset(&known),
                "seed {seed}, day {day}: rows of leavers stay"
            );
        }
    }
}
