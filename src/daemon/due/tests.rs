use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// A full hour.
const NOON: Millis = Millis(1_795_348_800_000);

fn rhythm(line: &str, jitter: i64) -> Rhythm {
    Rhythm {
        schedule: Schedule::parse(line).unwrap(),
        timezone: Zone::UTC,
        jitter,
    }
}

fn no_dice(_: i64) -> i64 {
    0
}

/// A timetable whose accounts have all had their first pass at noon.
fn table(lines: &[(&str, &str)]) -> Timetable {
    let mut table = Timetable::default();
    let rhythms = lines
        .iter()
        .map(|(name, line)| ((*name).to_owned(), rhythm(line, 0)));
    table.set(rhythms.collect(), NOON, &mut no_dice);
    for name in run(&mut table, NOON) {
        table.ended(&name, BackOff::default(), NOON);
    }
    table
}

fn run(table: &mut Timetable, now: Millis) -> Vec<String> {
    table.decide(now, 100, &mut no_dice).start
}

const FIVE: &[(&str, &str)] = &[("acme", "*/5 * * * *")];

fn failed(failures: u32) -> BackOff {
    BackOff {
        failures,
        is_refused: false,
    }
}

#[test]
fn all_accounts_run_once_at_the_start_and_then_by_schedule() {
    let mut table = Timetable::default();
    let rhythms = [("a", "*/5 * * * *"), ("b", "0 3 * * *")];
    let rhythms = rhythms.map(|(name, line)| (name.to_owned(), rhythm(line, 0)));
    table.set(rhythms.into(), NOON.plus(1), &mut no_dice);
    assert_eq!(run(&mut table, NOON.plus(1)), ["a", "b"]);
    table.ended("a", BackOff::default(), NOON.plus(2));
    table.ended("b", BackOff::default(), NOON.plus(2));
    let decision = table.decide(NOON.plus(3), 9, &mut no_dice);
    assert_eq!(decision.start, [""; 0]);
    assert_eq!(decision.wake_at, Some(NOON.plus(5 * MINUTE)));
    assert_eq!(run(&mut table, NOON.plus(5 * MINUTE)), ["a"]);
}

#[test]
fn no_account_runs_twice_at_once_and_a_slow_one_delays_no_other() {
    let mut table = table(&[("fast", "* * * * *"), ("slow", "* * * * *")]);
    for minute in 1..10 {
        let now = NOON.plus(minute * MINUTE);
        let started = run(&mut table, now);
        match minute {
            1 => assert_eq!(started, ["fast", "slow"]),
            _ => assert_eq!(started, ["fast"]),
        }
        table.ended("fast", BackOff::default(), now);
    }
}

#[test]
fn missed_ticks_are_made_good_once() {
    let mut table = table(FIVE);
    // Asleep for three days.
    let now = NOON.plus(3 * Millis::DAY + 1);
    assert_eq!(run(&mut table, now), ["acme"]);
    table.ended("acme", BackOff::default(), now.plus(1));
    let decision = table.decide(now.plus(1), 9, &mut no_dice);
    assert_eq!(decision.start, [""; 0]);
    assert_eq!(decision.wake_at, Some(NOON.plus(3 * Millis::DAY + 5 * MINUTE)));
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut table = table(FIVE);
    let before = NOON.plus(-30 * Millis::DAY);
    let decision = table.decide(before, 9, &mut no_dice);
    assert_eq!(decision.start, [""; 0]);
    assert_eq!(decision.wake_at, Some(before.plus(5 * MINUTE)));

    table.ask("acme");
    run(&mut table, before);
    table.ended("acme", failed(1), before);
    let long_before = before.plus(-30 * Millis::DAY);
    let decision = table.decide(long_before, 9, &mut no_dice);
    assert_eq!(decision.wake_at, Some(long_before.plus(MINUTE)));
}

#[test]
fn a_failing_account_follows_its_back_off_and_not_its_schedule() {
    let mut table = table(&[("daily", "0 3 * * *"), ("often", "* * * * * *")]);
    table.ask("daily");
    assert_eq!(run(&mut table, NOON.plus(1000)), ["daily", "often"]);
    table.ended("daily", failed(1), NOON.plus(1000));
    table.ended("often", failed(3), NOON.plus(1000));
    assert_eq!(run(&mut table, NOON.plus(MINUTE)), [""; 0]);
    assert_eq!(run(&mut table, NOON.plus(MINUTE + 1000)), ["daily"]);
    assert_eq!(run(&mut table, NOON.plus(4 * MINUTE + 1000)), ["often"]);
}

#[test]
fn whoever_asks_is_served_whatever_the_back_off_says() {
    let mut table = table(FIVE);
    table.ask("acme");
    run(&mut table, NOON);
    table.ended("acme", failed(9), NOON);
    assert_eq!(run(&mut table, NOON.plus(5 * MINUTE)), [""; 0]);
    table.ask("acme");
    assert_eq!(run(&mut table, NOON.plus(5 * MINUTE)), ["acme"]);
    table.ended("acme", BackOff::default(), NOON.plus(5 * MINUTE));
    assert_eq!(run(&mut table, NOON.plus(10 * MINUTE)), ["acme"]);
}

#[test]
fn a_paused_account_waits_and_runs_once_when_it_may_go_on() {
    let mut table = table(FIVE);
    table.set_paused("acme", true);
    assert_eq!(table.decide(NOON.plus(HOUR), 9, &mut no_dice).wake_at, None);
    table.set_paused("acme", false);
    assert_eq!(run(&mut table, NOON.plus(HOUR)), ["acme"]);
}

#[test]
fn who_has_waited_longest_gets_the_free_place() {
    let mut table = table(&[("a", "*/10 * * * *"), ("b", "*/5 * * * *"), ("c", "*/5 * * * *")]);
    let now = NOON.plus(20 * MINUTE);
    assert_eq!(table.decide(now, 2, &mut no_dice).start, ["b", "c"]);
    assert_eq!(table.decide(now, 0, &mut no_dice).start, [""; 0]);
    assert_eq!(table.decide(now, 1, &mut no_dice).start, ["a"]);
}

#[test]
fn a_new_configuration_starts_new_accounts_and_keeps_the_others_in_their_rhythm() {
    let mut table = table(&[
        ("gone", "* * * * *"),
        ("same", "*/5 * * * *"),
        ("other", "0 3 * * *"),
    ]);
    let rhythms = [
        ("same", "*/5 * * * *"),
        ("other", "*/2 * * * *"),
        ("new", "0 3 * * *"),
    ];
    let rhythms = rhythms.map(|(name, line)| (name.to_owned(), rhythm(line, 0)));
    table.set(rhythms.into(), NOON.plus(MINUTE), &mut no_dice);
    assert_eq!(run(&mut table, NOON.plus(MINUTE)), ["new"]);
    assert_eq!(run(&mut table, NOON.plus(2 * MINUTE)), ["other"]);
    assert_eq!(run(&mut table, NOON.plus(5 * MINUTE)), ["same"]);
}

#[test]
fn schedules_are_read_in_their_time_zone() {
    let riga = Rhythm {
        timezone: Zone::named("Europe/Riga").unwrap(),
        ..rhythm("0 9 * * *", 0)
    };
    // 2026-11-22, where Riga is two hours ahead.
    assert_eq!(riga.tick_after(NOON).0 - NOON.0, 19 * HOUR);
}

#[test]
fn jitter_stays_below_half_of_the_way_to_the_next_tick() {
    let every_second = rhythm("* * * * * *", 10_000);
    let start = every_second.start_after(NOON, &mut |most| most);
    assert_eq!(start, NOON.plus(1500));
    let rare = rhythm("*/5 * * * *", 10_000);
    assert_eq!(
        rare.start_after(NOON, &mut |most| most),
        NOON.plus(5 * MINUTE + 10_000)
    );
}

proptest! {
    /// However the clock jumps, an account that may run does so within one interval and its jitter, never before
    /// it was due, and never twice at once.
    #[test]
    fn whatever_the_clock_does_every_account_runs_within_its_interval(
        jumps in prop::collection::vec(prop_oneof![
            8 => 0..3 * MINUTE, 1 => -40 * Millis::DAY..0, 1 => 0..40 * Millis::DAY,
        ], 1..60),
        n_free in 0..3_usize,
        chance in 0..=100_i64,
    ) {
        let mut table = Timetable::default();
        let rhythms = ["a", "b", "c"].map(|it| (it.to_owned(), rhythm("*/5 * * * *", 10_000)));
        let mut dice = |most: i64| most * chance / 100;
        table.set(rhythms.into(), NOON, &mut dice);
        let mut now = NOON;
        let mut running: Vec<String> = Vec::new();
        for jump in jumps {
            now = now.plus(jump);
            let decision = table.decide(now, n_free, &mut dice);
            prop_assert!(decision.start.len() <= n_free);
            for name in decision.start {
                prop_assert!(!running.contains(&name));
                running.push(name);
            }
            if let Some(wake_at) = decision.wake_at {
                prop_assert!(now < wake_at && wake_at <= now.plus(5 * MINUTE + 10_000));
            }
            for name in running.drain(..) {
                table.ended(&name, BackOff::default(), now);
                let next = table.next_start(&name, now).unwrap();
                prop_assert!(now < next && next <= now.plus(5 * MINUTE + 10_000));
            }
        }
    }
}
