//! What the token endpoint does where its documents are silent, and how long tokens live.

use serde::{Deserialize, Serialize};

use crate::simulator::switches::Envelope;

/// All switches of the token endpoint. As TOML or JSON every key is optional, and an unknown key is an error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenSwitches {
    /// Life of an account's token.
    pub seconds: u64,
    /// Life of a partner's token.
    pub machine_seconds: u64,
    /// How the life is told.
    pub expires_in: ExpiresIn,
    /// An account's token ends after so many requests, whatever was told.
    pub max_uses: Option<u64>,
    /// What becomes of a refresh token that was used.
    pub rotation: Rotation,
    /// Where the fields of a renewal have to stand.
    pub refresh_shape: RefreshShape,
    /// Whether a renewal has to name the client.
    pub refresh_needs_client_id: bool,
    /// Whether every renewal is refused.
    pub refuse_refresh: bool,
    /// What stands around the tokens.
    pub envelope: Envelope,
    /// Status of a refused grant.
    pub refusal_status: u16,
    /// Body of a refused grant.
    pub refusal: TokenRefusal,
}

impl Default for TokenSwitches {
    fn default() -> TokenSwitches {
        TokenSwitches {
            seconds: 3600,
            machine_seconds: 3600,
            expires_in: ExpiresIn::Number,
            max_uses: None,
            rotation: Rotation::Replaced,
            refresh_shape: RefreshShape::Nested,
            refresh_needs_client_id: true,
            refuse_refresh: false,
            envelope: Envelope::Full,
            refusal_status: 400,
            refusal: TokenRefusal::Platform,
        }
    }
}

/// How the life of a token is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiresIn {
    /// In seconds, as a number.
    Number,
    /// The same, as text.
    Text,
    /// Not at all.
    Absent,
}

/// What becomes of a refresh token that was used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// It ends, and another one comes with the answer.
    Replaced,
    /// It stays, and comes again with the answer.
    Repeated,
    /// It stays, and the answer has none.
    Silent,
}

/// Where the fields of a renewal have to stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshShape {
    /// In `refresh_token_data`.
    Nested,
    /// At the top.
    Flat,
    /// At either place.
    Both,
}

/// Body of a refused grant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// `{"error": "INVALID_GRANT", "description"}`.
    Platform,
    /// `{"error": "invalid_grant", "error_description"}`, as the standard has it.
    Standard,
    /// None.
    Empty,
    /// A page for people.
    Html,
}
