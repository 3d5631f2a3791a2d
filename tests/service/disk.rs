//! The store on a disk that is full or can't be written: what is shown meanwhile and after, that nothing is sent
//! meanwhile and nothing twice, and that nobody has to do anything.
//!
//! A limit on the size of files that the process may write fails writes like a full disk does, for root too.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use wazzup_sync::simulator::{Fault, How, MethodIs};

use crate::lab::{EACH_SECOND, Lab, Service, stays, until};
use crate::people::{NOTIFY, events};
use crate::world::{ANNA, ended};

const HIRE_BERTA: &str = "INSERT INTO employees VALUES ('2', 'Berta Liepa', '+37126000002')";
/// Who is over the limit hears of it by an error and not by a signal, as on a full disk.
const NO_SIGNAL: &str = "trap '' XFSZ; exec \"$@\"";
/// The same under a limit from the beginning on.
const NOTHING_WRITTEN: &str = "trap '' XFSZ; ulimit -S -f 0; exec \"$@\"";

/// A service whose files may grow to so many bytes, as the others may.
fn limit(service: &Service, bytes: Option<u64>) {
    let pid = Pid::from_raw(service.pid().as_raw());
    let limit = Rlimit {
        current: bytes,
        maximum: getrlimit(Resource::Fsize).maximum,
    };
    prlimit(pid, Resource::Fsize, limit).unwrap();
}

fn size(lab: &Lab, name: &str) -> u64 {
    fs::metadata(lab.world.path(name)).unwrap().len()
}

/// Anna is on the platform, and the service has come to rest.
fn at_rest() -> (Lab, Service) {
    let lab = Lab::new(&[ANNA]);
    let account = lab.world.account("acme", "acme");
    let notify = NOTIFY.replace("FILE", &lab.world.path("told").display().to_string());
    lab.world.configure(&format!("{EACH_SECOND}{notify}{account}"));
    let service = lab.start_by(&["/bin/sh", "-c", NO_SIGNAL, "sh"]);
    service.wait_for_state("ok");
    service.wait_for_log("the store was copied");
    (lab, service)
}

/// All that is shown while the store can't be written.
fn is_down(lab: &Lab, service: &Service, state: &str) {
    until("unready", || service.get("/readyz").0 == 503);
    // It stays so: that reading works makes nobody ready.
    stays("unready", || service.get("/readyz").0 == 503);
    assert_eq!(service.get("/livez").0, 200);
    assert_eq!(service.metric("wazzup_sync_ready"), Some(0.0));
    let status = service.status();
    assert_eq!(status["ready"], false);
    assert_eq!(
        status["accounts"][0]["state"], state,
        "the account is not to blame"
    );
    assert_eq!(lab.world.ids(), ["1"]);
    assert_eq!(n_posts(lab), 1, "nothing is sent that can't be written down");
    assert_eq!(events(lab), [""; 0]);
    let said = service.log().matches("the store can't be reached").count();
    assert_eq!(said, 1, "{}", service.log());
    lab.world.run("status").expect(0);
    let mut command = lab.by(
        &["/bin/sh", "-c", NOTHING_WRITTEN, "sh"],
        "reconcile --output json",
    );
    let report = ended(command.output().unwrap()).expect(74).json();
    assert!(report.to_string().contains("store_failed"), "{report}");
    assert_eq!(lab.world.ids(), ["1"]);
}

fn n_posts(lab: &Lab) -> usize {
    let requests = lab.world.simulator().requests();
    requests.iter().filter(|it| it.method == "POST").count()
}

/// What was done to the CRM meanwhile is on the platform, and all shows that it is well.
fn is_well(lab: &Lab, service: &Service) {
    until("ready", || service.get("/readyz").0 == 200);
    until("Berta", || lab.world.ids() == ["1", "2"]);
    service.wait_for_state("ok");
    assert_eq!(service.metric("wazzup_sync_ready"), Some(1.0));
    assert_eq!(service.status()["ready"], true);
    assert_eq!(n_posts(lab), 2);
    assert_eq!(events(lab), [""; 0]);
    let status = lab.world.run("status --output json").expect(0).account();
    assert_eq!(status["state"], "in_sync", "{status}");
    lab.world.run("reconcile").expect(0);
}

#[test]
fn a_disk_that_is_full_for_a_while() {
    let (lab, mut service) = at_rest();
    limit(
        &service,
        Some(size(&lab, "state.db-wal").max(size(&lab, "state.db"))),
    );
    lab.crm(HIRE_BERTA);
    is_down(&lab, &service, "ok");
    limit(&service, None);
    is_well(&lab, &service);
    service.stop();
}

#[test]
fn a_disk_that_can_not_be_written_for_a_while() {
    let (lab, mut service) = at_rest();
    limit(&service, Some(0));
    // Nothing is to be done for the account; the times of its quiet passes can't be written either.
    is_down(&lab, &service, "ok");
    lab.crm(HIRE_BERTA);
    limit(&service, None);
    is_well(&lab, &service);
    service.stop();
}

#[test]
fn a_disk_that_fails_between_request_and_answer() {
    let (lab, mut service) = at_rest();
    let slow = Fault::new(How::Slow { millis: 500 })
        .method(MethodIs::Post)
        .times(1);
    lab.world.simulator().add_fault(slow);
    lab.crm(HIRE_BERTA);
    until("the request", || n_posts(&lab) == 2);
    limit(&service, Some(0));
    until("unready", || service.get("/readyz").0 == 503);
    assert_eq!(lab.world.ids(), ["1", "2"]);
    limit(&service, None);
    service.wait_for_log("the store can be reached again");
    is_well(&lab, &service);
    service.stop();
}

/// Root without the right to overrule modes, and anybody else as they are.
fn bound_by_modes() -> Vec<&'static str> {
    let drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
    match rustix::process::geteuid().is_root() {
        true => drop.to_vec(),
        false => Vec::new(),
    }
}

fn set_mode(paths: &[PathBuf], mode: u32) {
    for path in paths.iter().filter(|it| it.exists()) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn a_store_that_is_read_only_at_the_start_makes_the_service_unready_until_it_is_not() {
    let lab = Lab::new(&[ANNA]);
    lab.world.run("reconcile").expect(0);
    lab.crm(HIRE_BERTA);
    let files = ["state.db", "state.db-wal", "state.db-shm"].map(|it| lab.world.path(it));
    set_mode(&files, 0o400);
    let refused = lab.by(&bound_by_modes(), "reconcile").output().unwrap();
    let refused = ended(refused).expect(74);
    assert!(refused.said().contains("read-only"), "{refused:?}");
    let mut service = lab.start_by(&bound_by_modes());
    is_down(&lab, &service, "new");
    set_mode(&files, 0o600);
    is_well(&lab, &service);
    service.stop();
}
