//! What `/v2/settings` does where the documents are silent.

use serde::{Deserialize, Serialize};

use crate::simulator::switches::Envelope;

/// The switches of `/v2/settings` and `/v2/channels`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsSwitches {
    /// What stands around the settings; the documents show them bare.
    pub envelope: Envelope,
    /// Whether a PATCH replaces all roles or only those that it names.
    pub roles: RolesRule,
    /// Largest body of a PATCH; a larger one is refused with 413.
    pub max_body_bytes: Option<usize>,
    /// Whether reading is refused with 403.
    pub forbid_reads: bool,
    /// Whether writing is refused with 403.
    pub forbid_writes: bool,
    /// What becomes of a row of a user that is not there.
    pub unknown_user: UnknownRow,
    /// What becomes of a row of a channel that is not there.
    pub unknown_channel: UnknownRow,
    /// Whether the rows of a user vanish with it.
    pub rows_vanish_with_users: bool,
    /// Whether rows may have properties that the documents don't name.
    pub refuse_unknown_properties: bool,
    /// New or changed rows of these users are refused.
    pub refused_users: Vec<String>,
    /// What of an accepted PATCH comes about.
    pub effect: SettingsEffect,
    /// Whether a list of nobody from whom phones are hidden is left out of the answer.
    pub omit_empty_hidden: bool,
}

impl Default for SettingsSwitches {
    fn default() -> SettingsSwitches {
        SettingsSwitches {
            envelope: Envelope::Bare,
            roles: RolesRule::Replace,
            max_body_bytes: None,
            forbid_reads: false,
            forbid_writes: false,
            unknown_user: UnknownRow::Accept,
            unknown_channel: UnknownRow::Accept,
            rows_vanish_with_users: false,
            refuse_unknown_properties: false,
            refused_users: Vec::new(),
            effect: SettingsEffect::Whole,
            omit_empty_hidden: false,
        }
    }
}

/// What a PATCH does to roles that it does not name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolesRule {
    /// They go.
    Replace,
    /// They stay.
    Merge,
}

/// What becomes of a row of nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownRow {
    /// It is taken.
    Accept,
    /// The whole document is refused.
    Refuse,
    /// It is left out without a word.
    Drop,
}

/// What of an accepted PATCH comes about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingsEffect {
    /// All of it.
    Whole,
    /// The first half of the rows that are new.
    HalfOfNews,
    /// Nothing.
    None,
}
