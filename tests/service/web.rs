//! What machines and people on the network see.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::lab::{EACH_SECOND, Lab, token_file};
use crate::world::{ANNA, BERTA};

/// The names in the table of the runbook, on which alerts and dashboard rely.
fn documented() -> BTreeSet<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/README.md");
    let text = fs::read_to_string(file).unwrap();
    let names = text.lines().filter_map(|it| it.strip_prefix("| `wazzup_sync_"));
    names
        .map(|it| format!("wazzup_sync_{}", it.split('`').next().unwrap()))
        .collect()
}

/// Every line is a comment or a sample, every sample has its type above it, and the end is the end.
fn names_of(text: &str) -> BTreeSet<String> {
    assert!(text.ends_with("# EOF\n"), "{text}");
    let (mut names, mut family, mut kind) = (BTreeSet::new(), "", "");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            (family, kind) = rest.split_once(' ').unwrap();
            continue;
        }
        if line.starts_with("# ") {
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap();
        let name = sample.split('{').next().unwrap();
        let suffix = name
            .strip_prefix(family)
            .unwrap_or_else(|| panic!("{line} in {family}"));
        let suffixes: &[&str] = match kind {
            "counter" => &["_total"],
            "gauge" => &[""],
            "info" => &["_info"],
            "histogram" => &["_bucket", "_sum", "_count"],
            other => panic!("{other}"),
        };
        assert!(suffixes.contains(&suffix), "{line} in {kind} {family}");
        names.insert(match kind {
            "histogram" => family.to_owned(),
            _ => name.to_owned(),
        });
    }
    names
}

#[test]
fn metrics_have_every_name_of_the_runbook_and_no_other() {
    let lab = Lab::new(&[ANNA, BERTA]);
    let service = lab.start();
    service.wait_for_state("ok");
    let (status, text) = service.get("/metrics");
    assert_eq!(status, 200);
    assert!(documented().len() > 30, "the table is not where it was");
    assert_eq!(names_of(&text), documented());
    for secret in ["Anna", "Berta", "26000001", "acme"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    for counter in [
        "wazzup_sync_runs_total{platform=\"wazzup-v2\",result=\"failed\"} 0\n",
        "wazzup_sync_requests_total{platform=\"wazzup-v2\",method=\"DELETE\",status=\"5xx\"} 0\n",
        "wazzup_sync_holds{platform=\"wazzup-v2\",reason=\"target_changed\"} 0\n",
        "wazzup_sync_source_reads_total{database=\"sqlite\",result=\"failed\"} 0\n",
    ] {
        assert!(text.contains(counter), "{counter} in {text}");
    }
}

#[test]
fn accounts_are_named_only_with_consent() {
    let lab = Lab::with(&[ANNA], &format!("{EACH_SECOND}account_labels = true\n"));
    let service = lab.start();
    service.wait_for_state("ok");
    let ok = "wazzup_sync_accounts{platform=\"wazzup-v2\",account=\"acme\",state=\"ok\"}";
    assert_eq!(service.metric(ok), Some(1.0));
}

#[test]
fn the_status_holds_no_personal_data() {
    let lab = Lab::new(&[ANNA, ("7", "Zed", "no phone at all")]);
    let service = lab.start();
    service.wait_for_state("ok");
    let text = service.status().to_string();
    for secret in ["Anna", "Zed", "26000001", "no phone"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(service.status()["accounts"][0]["findings"]["phone_invalid"], 1);
}

#[test]
fn foreign_hosts_are_refused_and_probes_answer_anyone() {
    let lab = Lab::with(&[], &format!("{EACH_SECOND}allowed_hosts = [\"sync.example\"]\n"));
    let service = lab.start();
    service.wait_for_log("the service is up");
    for path in ["/metrics", "/api/status"] {
        for host in ["localhost:1", "127.0.0.1", "[::1]:9464", "sync.example:443"] {
            assert_eq!(service.ask(path, host, &[]).0, 200, "{path} {host}");
        }
        for host in ["evil.example", "sync.example.evil.example", "10.1.2.3"] {
            assert_eq!(service.ask(path, host, &[]).0, 403, "{path} {host}");
        }
    }
    for path in ["/livez", "/readyz"] {
        assert_eq!(service.ask(path, "evil.example", &[]).0, 200, "{path}");
    }
    assert_eq!(service.get("/nothing").0, 404);
}

#[test]
fn beyond_loopback_the_token_is_wanted_and_never_in_the_url() {
    let lab = Lab::new(&[]);
    let file = token_file(&lab, "status", "s3same-open");
    let open = EACH_SECOND.replace("127.0.0.1:0", "0.0.0.0:0");
    lab.world
        .configure(&format!("{open}status_token = \"file:{file}\"\n"));
    let service = lab.start();
    service.wait_for_log("the service is up");
    let ask = |headers: &[&str]| service.ask("/metrics?token=s3same-open", "127.0.0.1", headers).0;
    assert_eq!(ask(&[]), 401);
    assert_eq!(ask(&["Authorization: Bearer s3same"]), 401);
    assert_eq!(ask(&["Authorization: Bearer s3same-open"]), 200);
    let pair = BASE64_STANDARD.encode("prometheus:s3same-open");
    assert_eq!(ask(&[&format!("Authorization: Basic {pair}")]), 200);
    let bearer = ["Authorization: Bearer s3same-open"];
    assert_eq!(service.ask("/metrics", "evil.example", &bearer).0, 403);
    for path in ["/livez", "/readyz"] {
        assert_eq!(service.get(path).0, 200, "{path}");
    }
}
