//! A new configuration for a service that runs: taken as a whole, or not at all.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::ServiceError;
use super::outfit::{access_of, channels_of, observed};
use super::service::Service;
use crate::settings::Settings;
use crate::text::chain;
use crate::workplace::Workplace;

impl Service {
    /// Reads configuration and secrets again. What is wrong with them is logged, all of it, and the old ones stay.
    /// Passes under way end with what they began with.
    pub(super) async fn reload(&mut self) {
        let is_taken = self.try_reload().await;
        self.board.write(|facts| facts.is_reload_refused = !is_taken);
        match is_taken {
            true => info!("the configuration was read again"),
            false => warn!("the new configuration is refused, and the old one stays"),
        }
    }

    async fn try_reload(&mut self) -> bool {
        let environment = self.workplace.environment.clone();
        let settings = match Settings::load(&self.config, &environment) {
            Ok(settings) => settings,
            Err(problems) => {
                for problem in problems.as_slice() {
                    error!(problem = %problem, "the configuration has a problem");
                }
                return false;
            }
        };
        let workplace = Workplace::new(settings, environment, Arc::clone(&self.workplace.clock));
        let workplace = observed(workplace, &self.board);
        if let Err(error) = self.take_workplace(workplace).await {
            error!(problem = chain(&error), "the configuration has a problem");
            return false;
        }
        true
    }

    async fn take_workplace(&mut self, workplace: Workplace) -> Result<(), ServiceError> {
        if workplace.store_path()? != self.shelf.path() {
            let why = "store.url: another store needs a restart of the service".to_owned();
            return Err(crate::workplace::Unresolved(vec![why]).into());
        }
        channels_of(&workplace)?;
        let access = access_of(&workplace)?;
        if access.listen == self.board.read(|facts| facts.access.listen) {
            self.board.write(|facts| facts.access = access);
        } else {
            self.listen(access).await?;
        }
        self.take_over(Arc::new(workplace));
        let Some(store) = self.shelf.store().cloned() else {
            return Ok(());
        };
        let names: Vec<String> = self.rhythms.keys().cloned().collect();
        self.accounts.retain(|name, _| names.contains(name));
        self.open_again(&store);
        self.start_notifier(&store).await;
        Ok(())
    }
}
