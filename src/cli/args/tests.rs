use super::*;

fn parsed(line: &str) -> Args {
    parse(std::iter::once("wazzup-sync").chain(line.split_whitespace())).unwrap()
}

fn refused(line: &str) -> clap::Error {
    parse(std::iter::once("wazzup-sync").chain(line.split_whitespace())).unwrap_err()
}

fn paths<const N: usize>(names: [&str; N]) -> Vec<PathBuf> {
    names.map(PathBuf::from).to_vec()
}

#[test]
fn the_definition_is_consistent() {
    with_config_everywhere(Args::command()).debug_assert();
}

#[test]
fn config_files_keep_their_order_on_both_sides_of_the_command() {
    let args = parsed("--config a --config b runs --config c list --config=d");
    assert_eq!(args.config, paths(["a", "b", "c", "d"]));
    assert_eq!(parsed("plan").config, paths([]));
}

#[test]
fn v_and_color_stand_anywhere() {
    assert_eq!(parsed("plan").verbose, 0);
    assert_eq!(parsed("-vv plan").verbose, 2);
    assert_eq!(parsed("runs list -v").verbose, 1);
    assert_eq!(parsed("plan").color, ColorWhen::Auto);
    assert_eq!(parsed("plan --color never").color, ColorWhen::Never);
    assert_eq!(parsed("--color always plan").color, ColorWhen::Always);
}

#[test]
fn reconcile_takes_accounts_and_all_its_options() {
    let Command::Reconcile(args) =
        parsed("reconcile acme beta --user 17 --verify --strict --output ndjson --show-phones").command
    else {
        panic!("another command");
    };
    let expected = ReconcileArgs {
        accounts: vec!["acme".to_owned(), "beta".to_owned()],
        user: Some("17".to_owned()),
        verify: true,
        strict: true,
        output: ReconcileOutput::Ndjson,
        show_phones: true,
    };
    assert_eq!(args, expected);
    assert_eq!(
        parsed("reconcile").command,
        Command::Reconcile(ReconcileArgs::default())
    );
}

#[test]
fn plan_and_apply_take_files() {
    let Command::Plan(args) = parsed("plan acme --exit-code --out p.plan --output markdown").command else {
        panic!("another command");
    };
    assert!(args.exit_code);
    assert_eq!(args.out, Some("p.plan".into()));
    assert_eq!(args.output, PlanOutput::Markdown);
    let Command::Apply(args) = parsed("apply p.plan --output json").command else {
        panic!("another command");
    };
    assert_eq!(args.file, PathBuf::from("p.plan"));
    assert_eq!(args.answer.output, Output::Json);
}

#[test]
fn lists_are_what_their_command_does_without_a_word() {
    assert_eq!(parsed("runs").command, Command::Runs(RunsArgs::default()));
    assert_eq!(
        parsed("foreign").command,
        Command::Foreign(ForeignArgs::default())
    );
    assert_eq!(parsed("holds").command, Command::Holds(HoldsArgs::default()));
    assert_eq!(
        refused("state").kind(),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
}

#[test]
fn output_stands_before_and_after_the_second_word() {
    for line in ["runs --output json list", "runs list --output json"] {
        let Command::Runs(args) = parsed(line).command else {
            panic!("another command");
        };
        assert_eq!(args.answer.output, Output::Json, "{line}");
    }
}

#[test]
fn claim_wants_ids_or_all_of_them() {
    let Command::Foreign(ForeignArgs { command, .. }) = parsed("foreign claim acme 1 2").command else {
        panic!("another command");
    };
    let claim = |ids: &[&str], all| {
        Some(ForeignCommand::Claim {
            account: "acme".to_owned(),
            ids: ids.iter().map(|it| (*it).to_owned()).collect(),
            all,
        })
    };
    assert_eq!(command, claim(&["1", "2"], false));
    let Command::Foreign(ForeignArgs { command, .. }) = parsed("foreign claim acme --all").command else {
        panic!("another command");
    };
    assert_eq!(command, claim(&[], true));
    refused("foreign claim acme");
    refused("foreign claim acme 1 --all");
}

#[test]
fn decisions_name_a_hold_and_may_give_a_reason() {
    let decision = |reason: Option<&str>| Decision {
        hold: "7f".to_owned(),
        reason: reason.map(str::to_owned),
    };
    let Command::Holds(args) = parsed("holds approve 7f --reason moved").command else {
        panic!("another command");
    };
    assert_eq!(args.command, Some(HoldsCommand::Approve(decision(Some("moved")))));
    let Command::Holds(args) = parsed("holds reject 7f").command else {
        panic!("another command");
    };
    assert_eq!(args.command, Some(HoldsCommand::Reject(decision(None))));
    refused("holds approve");
}

#[test]
fn the_simulator_stays_on_this_machine() {
    let Command::Simulate(args) = parsed("simulate --listen [::1]:0 --users 1000").command else {
        panic!("another command");
    };
    assert!(args.listen.ip().is_loopback());
    assert_eq!(args.users, Seed::Count(1000));
    let Command::Simulate(args) = parsed("simulate --users users.json").command else {
        panic!("another command");
    };
    assert_eq!(args.users, Seed::File("users.json".into()));
    assert!(
        refused("simulate --listen 0.0.0.0:80")
            .to_string()
            .contains("this machine only")
    );
}

#[test]
fn usage_errors_end_with_64_and_help_with_0() {
    for line in [
        "",
        "bogus",
        "plan --bogus",
        "plan --output yaml",
        "plan --output ndjson",
        "reconcile --output markdown",
        "apply",
        "runs show",
        "state",
        "state rename a",
        "--config",
        "run acme",
        "pause",
        "pause acme --all",
        "resume --removals",
        "explain acme",
    ] {
        assert_eq!(exit_of(&refused(line)), Exit::Usage, "{line}");
    }
    let empty = parse(["wazzup-sync", "reconcile", ""]).unwrap_err();
    assert_eq!(exit_of(&empty), Exit::Usage);
    for line in [
        "--help",
        "-h",
        "--version",
        "help",
        "plan --help",
        "help plan",
        "runs show --help",
    ] {
        assert_eq!(exit_of(&refused(line)), Exit::Ok, "{line}");
    }
}

#[test]
fn every_command_has_an_example() {
    for command in Args::command().get_subcommands() {
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let example = format!("wazzup-sync {}", command.get_name());
        assert!(help.contains(&example), "{}", command.get_name());
    }
}

#[test]
fn the_overview_fits_on_one_screen() {
    let help = Args::command().term_width(100).render_help().to_string();
    insta::assert_snapshot!(help, @r#"
    Keeps the user lists of messaging platforms equal to a CRM's employee table

    Usage: wazzup-sync [OPTIONS] <COMMAND>

    Commands:
      run          Poll by schedule until told to end: the service
      reconcile    Make the platforms equal to the CRM, once
      plan         Show what reconcile would do; send nothing
      apply        Apply a plan from a file, if it is still the plan
      check        Check the configuration, and whether everything answers
      status       Show how each account is
      findings     Show what the owner of the CRM should mend
      explain      Explain one person: why there is a user, or why not
      runs         Show past runs
      foreign      Show users that are not ours, and take them over
      holds        Show what waits for a decision, and decide
      pause        Stop accounts for a while, or only their removals
      resume       Let paused accounts go on
      state        Repair what the program remembers
      init         Recognise a CRM by its tables and write a configuration for it
      simulate     Serve the platforms on this machine, to try things out
      demo         Show the whole story on a made-up company; nothing to configure
      completions  Write a completion script for a shell
      man          Write the manual
      help         Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  Configuration; repeat it to lay files over each other [default:
                           /etc/wazzup-sync/config.toml]
      -v, --verbose...     Say more on stderr; twice for every detail
          --color <WHEN>   Colours: auto, always or never
      -h, --help           Print help
      -V, --version        Print version

    Examples:
      wazzup-sync demo                         see it work, with nothing to configure
      wazzup-sync init --source URL            write a configuration for your CRM
      wazzup-sync check                        is the configuration right, does everything answer?
      wazzup-sync plan                         what would be changed
      wazzup-sync reconcile                    change it
      wazzup-sync run                          keep it so: the service
      wazzup-sync --config a.toml --config b.toml plan acme

    Exit codes:
       0  in sync, or nothing to do             64  wrong usage; unknown account, user or hold
       1  unexpected                            65  source data unusable
       2  plan --exit-code: changes pending     69  source or platform unreachable, rate limited
       3  partial: some changes are open        70  plan refused by its own checker
       4  held: a person has to decide          74  store failure
       5  another process is at work            77  credentials refused
       6  the plan in the file is stale         78  configuration invalid
    "#);
}
