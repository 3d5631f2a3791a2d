//! Processes that die between a renewal and its commit.

use super::*;

/// Keeps what it is told, but for the process: that dies when it is about to.
#[derive(Debug)]
struct Dying {
    keeper: TokenKeeper,
    died: Arc<Notify>,
}

struct DyingLock {
    /// The file lock of a process that is killed is gone.
    locked: Mutex<Option<Arc<dyn Locked>>>,
    died: Arc<Notify>,
}

impl DyingLock {
    fn locked(&self) -> Arc<dyn Locked> {
        Arc::clone(self.locked.lock().unwrap().as_ref().unwrap())
    }
}

#[async_trait]
impl Keeper for Dying {
    async fn look(&self) -> Result<Kept, NotKept> {
        self.keeper.look().await
    }

    async fn lock(&self) -> Result<Box<dyn Locked>, NotKept> {
        let locked: Arc<dyn Locked> = Arc::from(self.keeper.lock().await?);
        Ok(Box::new(DyingLock {
            locked: Mutex::new(Some(locked)),
            died: Arc::clone(&self.died),
        }))
    }
}

#[async_trait]
impl Locked for DyingLock {
    async fn kept(&self) -> Result<Kept, NotKept> {
        self.locked().kept().await
    }

    async fn begin(&self) -> Result<(), NotKept> {
        self.locked().begin().await
    }

    async fn withdraw(&self, asked_at: Option<Millis>) -> Result<(), NotKept> {
        self.locked().withdraw(asked_at).await
    }

    async fn save(&self, _: &Tokens) -> Result<(), NotKept> {
        self.locked.lock().unwrap().take();
        self.died.notify_one();
        std::future::pending().await
    }
}

/// Runs until tokens have come, and not a step further.
async fn killed_before_the_commit(office: &Office) {
    let died = Arc::new(Notify::new());
    let keeper = Dying {
        keeper: office.keeper(),
        died: Arc::clone(&died),
    };
    office.later(Duration::from_secs(300));
    let target = office.open_with(office.oauth(Box::new(keeper)));
    let order = Order::default();
    tokio::select! {
        report = office.lab.run_on(&target, &order) => panic!("{}", describe(&report)),
        () = died.notified() => {}
    }
}

#[tokio::test]
async fn a_process_that_is_killed_between_renewal_and_commit_loses_what_it_alone_has_seen() {
    let mut office = Office::new(By::OAuth).await;
    killed_before_the_commit(&office).await;
    office.lab.reopen().await;
    let (_, users) = office.statuses();
    assert_eq!(users.len(), 0, "no access token was used before it was kept");
    office.lab.sim.clear_violations();
    let report = office.run().await;
    assert_eq!(report.exit_code(), 77, "{}", describe(&report));
    let said = report.stop.unwrap().to_string();
    assert!(
        said.contains("was lost") && said.contains("grant access again"),
        "{said}"
    );
    office.lab.sim.clear_violations();
    grant_again(&mut office, TOKEN);
    office.assert_done(&office.run().await);
}

#[tokio::test]
async fn a_process_that_is_killed_between_renewal_and_commit_loses_nothing_where_tokens_stay() {
    for rotation in [Rotation::Silent, Rotation::Repeated] {
        let mut office = Office::with(By::OAuth, |it| it.rotation = rotation).await;
        killed_before_the_commit(&office).await;
        office.lab.reopen().await;
        office.assert_done(&office.run().await);
    }
}
