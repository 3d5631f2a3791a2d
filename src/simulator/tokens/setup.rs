//! Who may have tokens when the simulator starts, or is told later.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Who may have tokens.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenSetup {
    /// Partners with their customers' accounts.
    pub partners: Vec<PartnerSetup>,
    /// What customers granted.
    pub grants: Vec<GrantSetup>,
}

/// A partner.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PartnerSetup {
    /// Login of the partner's cabinet.
    pub login: String,
    /// Its password.
    pub password: String,
    /// The partner's public id.
    pub client_id: String,
    /// Number of each customer's account, and the account, as
    /// [`AccountSetup::token`](crate::simulator::AccountSetup::token) names it.
    pub accounts: BTreeMap<String, String>,
}

/// A customer's grant.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrantSetup {
    /// The account, as [`AccountSetup::token`](crate::simulator::AccountSetup::token) names it.
    pub account: String,
    /// To whom it was granted.
    pub client_id: String,
    /// The first refresh token.
    pub refresh_token: String,
}
