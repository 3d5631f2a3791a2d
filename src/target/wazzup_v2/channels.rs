//! `GET /v2/channels`: which channels there are and what people call them.
//!
//! The documentation names the paths; what an item looks like is known from clients alone, so every form that
//! may come is taken. A name is neither promised nor unique.

use serde::Deserialize;
use url::Url;

use super::super::{Answer, Meaning};
use super::WazzupV2;
use super::settings::{Scalar, without_mark};
use crate::domain::access::{Channel, ChannelId};

/// As documented.
pub(super) const PATH: &str = "/v2/channels";

/// The same for one channel.
const ONE: &str = "/v2/channels/{channel_id}";

impl WazzupV2 {
    /// All channels.
    pub(super) async fn list_channels(&self) -> Result<Vec<Channel>, Answer> {
        let reply = self.users.read(self.channels.clone(), PATH, 0).await?;
        read(&reply.body).map_err(|why| self.users.unreadable(&reply, why))
    }

    /// Whether a single read shows the channel.
    pub(super) async fn find_channel(&self, id: &ChannelId) -> Result<bool, Answer> {
        let Some(url) = self.channel_url(id) else {
            return Ok(false);
        };
        match self.users.read(url, ONE, 0).await {
            Ok(_) => Ok(true),
            Err(answer) if answer.meaning == Meaning::Missing => Ok(false),
            Err(answer) => Err(answer),
        }
    }

    /// None for an id that a path can't carry, and that the platform can't have given.
    fn channel_url(&self, id: &ChannelId) -> Option<Url> {
        let id = id.as_str();
        if matches!(id, "" | "." | "..") || id.contains(char::is_control) {
            return None;
        }
        let mut url = self.channels.clone();
        url.path_segments_mut().ok()?.push(id);
        Some(url)
    }
}

/// The list, wherever it stands in the answer.
#[derive(Deserialize)]
#[serde(untagged)]
enum Root {
    Bare(Vec<Item>),
    Wrapped { data: Inner },
    Named { channels: Vec<Item> },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Inner {
    Bare(Vec<Item>),
    Named { channels: Vec<Item> },
}

/// One channel, as far as it is known.
#[derive(Deserialize)]
struct Item {
    #[serde(alias = "channelId", alias = "id")]
    channel_id: Scalar,
    #[serde(default)]
    name: Scalar,
    #[serde(default)]
    phone: Scalar,
    #[serde(default)]
    username: Scalar,
    #[serde(default, alias = "state")]
    status: Scalar,
}

fn read(body: &[u8]) -> Result<Vec<Channel>, &'static str> {
    let root = serde_json::from_slice(without_mark(body)).map_err(|_| "no list of channels")?;
    let items = match root {
        Root::Bare(items)
        | Root::Named { channels: items }
        | Root::Wrapped {
            data: Inner::Bare(items) | Inner::Named { channels: items },
        } => items,
    };
    items.into_iter().map(channel).collect()
}

fn channel(item: Item) -> Result<Channel, &'static str> {
    let Item {
        channel_id,
        name,
        phone,
        username,
        status,
    } = item;
    let id = channel_id.filled().ok_or("a channel without an id")?;
    let name = [name, phone, username].into_iter().find_map(Scalar::filled);
    let status = status.filled().unwrap_or_default().to_lowercase();
    Ok(Channel {
        id: ChannelId(id.into()),
        name: name.unwrap_or_default().into(),
        is_removed: status.contains("remov") || status.contains("delet"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(body: &str) -> Result<Vec<(String, String, bool)>, &'static str> {
        let channels = read(body.as_bytes())?;
        let parts = |it: Channel| (it.id.as_str().to_owned(), it.name.to_string(), it.is_removed);
        Ok(channels.into_iter().map(parts).collect())
    }

    #[test]
    fn a_list_is_found_in_every_wrapping() {
        let item = r#"{"channel_id":"c1","transport":"whatsapp","name":"Riga","status":"active"}"#;
        let one = vec![("c1".to_owned(), "Riga".to_owned(), false)];
        for body in [
            format!("[{item}]"),
            format!(r#"{{"data":[{item}],"meta":{{"timestamp":1}}}}"#),
            format!(r#"{{"data":{{"channels":[{item}]}}}}"#),
            format!(r#"{{"channels":[{item}]}}"#),
        ] {
            assert_eq!(channels(&body), Ok(one.clone()), "{body}");
        }
        assert_eq!(channels(r#"{"data":[]}"#), Ok(vec![]));
    }

    #[test]
    fn the_name_is_the_first_that_is_filled() {
        let body = r#"[{"channelId":"a","name":" ","phone":37120000001},
            {"id":7,"name":null,"username":"shop","state":"Deleted"}, {"channel_id":"c"}]"#;
        let expected = [("a", "37120000001", false), ("7", "shop", true), ("c", "", false)];
        let expected = expected.map(|(id, name, gone)| (id.to_owned(), name.to_owned(), gone));
        assert_eq!(channels(body), Ok(expected.to_vec()));
    }

    #[test]
    fn what_is_no_list_is_told() {
        for body in ["", "{}", r#"{"data":null}"#, r#"{"meta":{}}"#, "<html>"] {
            assert_eq!(channels(body), Err("no list of channels"), "{body}");
        }
        assert_eq!(
            channels(r#"[{"channel_id":null}]"#),
            Err("a channel without an id")
        );
        assert_eq!(channels(r#"[{"name":"Riga"}]"#), Err("no list of channels"));
    }
}
