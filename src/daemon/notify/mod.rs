//! Tells people when an account begins to fail, is held, or is well again.
//!
//! Only changes are told, each once to each channel: what a channel was told last is in the store. A channel that
//! can't be reached is tried again with growing pauses, in a task of its own, so that no pass ever waits for it; and
//! what is no longer true when its turn comes is not told. A message holds no personal data: the account's name,
//! words of enums, and numbers.

mod command;
mod message;
mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use crate::store::{Store, Told};
use crate::target::http::Http;
use crate::web::counters::Family;
use crate::web::{Board, State};

pub(super) use command::Command;
pub(super) use message::News;
pub(super) use webhook::Webhook;

/// Longest wait for one channel to take one message.
const TIMEOUT: Duration = Duration::from_secs(10);
/// First pause after a message that was not taken; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_mins(10);

/// What is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// Passes fail, or the credential is refused.
    Failing,
    /// Something waits for a person.
    Held,
    /// Neither is so any more.
    Recovered,
}

impl Event {
    const ALL: [Event; 3] = [Event::Failing, Event::Held, Event::Recovered];

    /// The word in messages and in the store.
    pub(super) fn word(self) -> &'static str {
        match self {
            Event::Failing => "failing",
            Event::Held => "held",
            Event::Recovered => "recovered",
        }
    }

    fn from_word(word: &str) -> Option<Event> {
        Event::ALL.into_iter().find(|it| it.word() == word)
    }

    /// What is to be told of an account that is so, to somebody who was told `told` last.
    fn due(told: Option<Event>, state: State) -> Option<Event> {
        let event = match state {
            State::Failing | State::Stopped => Event::Failing,
            State::Held => Event::Held,
            State::Partial | State::Ok => Event::Recovered,
            // Nothing is known, or somebody wants it so.
            State::New | State::Paused | State::Disabled => return None,
        };
        match told {
            Some(told) if told == event => None,
            // Whoever heard of no trouble need not hear that it is over.
            None if event == Event::Recovered => None,
            _ => Some(event),
        }
    }
}

/// A way to people.
pub(super) enum Channel {
    /// A request.
    Webhook(Webhook),
    /// A program.
    Command(Command),
}

impl Channel {
    fn word(&self) -> &'static str {
        match self {
            Channel::Webhook(_) => "webhook",
            Channel::Command(_) => "command",
        }
    }

    /// Delivers a message; the error says why it was not taken, and holds no secret.
    async fn deliver(&self, body: &str, http: &Http) -> Result<(), String> {
        match self {
            Channel::Webhook(webhook) => webhook.post(body, http).await,
            Channel::Command(command) => command.run(body).await,
        }
    }
}

/// Tells all channels; ends when it is dropped.
#[derive(Default)]
pub(super) struct Notifier {
    desks: Vec<(mpsc::UnboundedSender<News>, JoinHandle<()>)>,
}

impl Notifier {
    /// Begins, with what each channel was told before.
    pub(super) fn start(
        channels: Vec<Channel>,
        told: &[Told],
        store: &Arc<Store>,
        http: &Http,
        board: &Arc<Board>,
    ) -> Notifier {
        let desk = |channel: Channel| {
            let (sender, receiver) = mpsc::unbounded_channel();
            let own = told.iter().filter(|it| it.channel == channel.word());
            let told = own.filter_map(|it| Some((it.account.clone(), Event::from_word(&it.event)?)));
            let desk = Desk {
                told: told.collect(),
                channel,
                news: BTreeMap::new(),
                store: Arc::clone(store),
                http: http.clone(),
                board: Arc::clone(board),
            };
            (sender, tokio::spawn(desk.work(receiver)))
        };
        Notifier {
            desks: channels.into_iter().map(desk).collect(),
        }
    }

    /// How an account is now. Cheap, and no matter how often it is said.
    pub(super) fn hear(&self, news: &News) {
        for (sender, _) in &self.desks {
            // A desk that has gone has said why.
            let _ = sender.send(news.clone());
        }
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        for (_, task) in &self.desks {
            task.abort();
        }
    }
}

/// The work for one channel.
struct Desk {
    channel: Channel,
    told: BTreeMap<String, Event>,
    /// The last news of each account that has something to be told.
    news: BTreeMap<String, News>,
    store: Arc<Store>,
    http: Http,
    board: Arc<Board>,
}

impl Desk {
    async fn work(mut self, mut receiver: mpsc::UnboundedReceiver<News>) {
        let mut pause = FIRST_PAUSE;
        let mut not_before = Instant::now();
        loop {
            let has_work = !self.news.is_empty();
            tokio::select! {
                biased;
                news = receiver.recv() => match news {
                    Some(news) => self.take(news),
                    None => return,
                },
                () = sleep_until(not_before), if has_work => {
                    if self.deliver_all().await {
                        pause = FIRST_PAUSE;
                    } else {
                        not_before = Instant::now() + pause;
                        pause = (pause * 2).min(LAST_PAUSE);
                    }
                }
            }
        }
    }

    fn take(&mut self, news: News) {
        match Event::due(self.told.get(&news.account).copied(), news.state) {
            Some(_) => {
                // The older word of the same is kept: it says since when.
                let is_same = |old: &News| old.state == news.state;
                if !self.news.get(&news.account).is_some_and(is_same) {
                    self.news.insert(news.account.clone(), news);
                }
            }
            None => {
                self.news.remove(&news.account);
            }
        }
    }

    /// Whether all of it was taken.
    async fn deliver_all(&mut self) -> bool {
        while let Some((account, news)) = self.news.first_key_value() {
            let (account, news) = (account.clone(), news.clone());
            let Some(event) = Event::due(self.told.get(&account).copied(), news.state) else {
                self.news.remove(&account);
                continue;
            };
            let body = news.body(event);
            let channel = self.channel.word();
            let delivered = self.channel.deliver(&body, &self.http).await;
            let result = if delivered.is_ok() { "ok" } else { "failed" };
            self.board.write(|facts| {
                let counters = &mut facts.counters;
                counters.add(Family::Notifications, (None, None), (channel, result), 1);
            });
            if let Err(cause) = delivered {
                warn!(account, channel, cause, "a notification was not taken");
                return false;
            }
            info!(account, channel, event = event.word(), "people were told");
            self.told.insert(account.clone(), event);
            self.news.remove(&account);
            let told = Told {
                account,
                channel: channel.to_owned(),
                event: event.word().to_owned(),
            };
            if let Err(error) = self.store.set_told(&told).await {
                warn!(
                    cause = crate::text::chain(&error),
                    "it can't be remembered who was told what"
                );
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_told_and_recovery_only_after_trouble() {
        use Event::{Failing, Held, Recovered};
        for (told, state, event) in [
            (None, State::Ok, None),
            (None, State::Partial, None),
            (None, State::Failing, Some(Failing)),
            (None, State::Held, Some(Held)),
            (Some(Failing), State::Failing, None),
            (Some(Failing), State::Stopped, None),
            (Some(Failing), State::Held, Some(Held)),
            (Some(Failing), State::Ok, Some(Recovered)),
            (Some(Held), State::Held, None),
            (Some(Held), State::Partial, Some(Recovered)),
            (Some(Held), State::Stopped, Some(Failing)),
            (Some(Recovered), State::Ok, None),
            (Some(Recovered), State::Failing, Some(Failing)),
        ] {
            assert_eq!(Event::due(told, state), event, "{told:?} {state:?}");
        }
        for state in [State::New, State::Paused, State::Disabled] {
            for told in [None, Some(Failing), Some(Held), Some(Recovered)] {
                assert_eq!(Event::due(told, state), None, "{told:?} {state:?}");
            }
        }
    }

    #[test]
    fn every_word_comes_back() {
        for event in Event::ALL {
            assert_eq!(Event::from_word(event.word()), Some(event));
        }
    }
}
