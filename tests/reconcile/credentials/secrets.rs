//! Where tokens are kept, and where none may be seen.

use super::*;

/// All files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[tokio::test]
async fn no_secret_is_in_any_report_log_or_file() {
    let log = Log::start();
    for by in BOTH {
        let office = Office::with(by, |it| it.max_uses = Some(3)).await;
        // One process, since the next one knows nothing of tokens that have ended before.
        let target = office.open();
        let mut reports = Vec::new();
        let named = Order {
            is_named: true,
            ..Order::default()
        };
        let mut run = async |office: &Office| {
            office.later(Duration::from_secs(300));
            let report = office.lab.run_on(&target, &named).await;
            reports.push(format!("{report:?} {}", describe(&report)));
        };
        run(&office).await;
        // A platform that says what it knows of this account in every refusal.
        let told = |office: &Office| {
            let secrets = office.lab.sim.issued_tokens();
            let latest = secrets.len().saturating_sub(20);
            let configured = match by {
                By::WhiteLabel => format!("{LOGIN} {PASSWORD}"),
                By::OAuth => CONFIGURED.to_owned(),
            };
            format!("{} {configured}", secrets[latest..].join(" "))
        };
        for status in [400, 401, 403, 500, 200] {
            for path in [TOKEN_PATH, "/v2/users"] {
                office.work(2);
                office.later(Duration::from_secs(1800));
                let body = Some(format!(r#"{{"error":"{0}","description":"{0}"}}"#, told(&office)));
                let how = How::Status {
                    status,
                    body,
                    retry_after: None,
                };
                office.lab.sim.add_fault(Fault::new(how).path(path).times(1));
                run(&office).await;
                office.lab.sim.clear_faults();
            }
        }
        let secrets = office.lab.sim.issued_tokens();
        assert!(secrets.len() > 10, "{by:?}: {secrets:?}");
        let secrets = secrets.iter().map(String::as_str);
        let log = log.text();
        assert!(log.contains("token request answered"), "there is a log");
        let bytes: Vec<(String, Vec<u8>)> = files(office.lab.dir.path())
            .into_iter()
            .map(|it| (it.display().to_string(), std::fs::read(it).unwrap()))
            .collect();
        for secret in secrets.chain([LOGIN, PASSWORD, CONFIGURED, STORE_KEY]) {
            assert!(
                !reports.concat().contains(secret),
                "{by:?}: {secret} is in a report"
            );
            assert!(!log.contains(secret), "{by:?}: {secret} is in the log");
            for (path, bytes) in &bytes {
                let is_there = bytes.windows(secret.len()).any(|it| it == secret.as_bytes());
                assert!(!is_there, "{by:?}: {secret} is in {path}");
            }
        }
    }
}
