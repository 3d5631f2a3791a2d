//! What the simulated WUTS does where its documents are silent or contradict each other.
//!
//! One switch per unknown. The default is the documented behaviour and, where nothing is documented, the
//! plainest implementation; a client that is right works under every setting.

use serde::{Deserialize, Serialize};

/// All switches. As TOML or JSON every key is optional, and an unknown key is an error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WutsSwitches {
    /// Which changes of roles are allowed, unless they are refused.
    pub allowed: Vec<Transition>,
    /// Which of these are refused nevertheless: single cells of the matrix.
    pub refused: Vec<Transition>,
    /// Whether managers may see the list.
    pub managers_list: bool,
    /// Whether managers may switch `active` of users below administrators.
    pub managers_switch_active: bool,
    /// What happens to a change of the caller's own user. Its deletion is refused in any case.
    pub own_user: Lockout,
    /// What happens to a change that takes the last active administrator away.
    pub last_admin: Lockout,
    /// Whether the token of a deactivated user is accepted.
    pub inactive_tokens_work: bool,

    /// Status of a create for an e-mail that has a user.
    pub duplicate_status: u16,
    /// Its code, if codes follow the problem.
    pub duplicate_code: String,
    /// Whether e-mails that differ in letter case are the same.
    pub duplicates_ignore_case: bool,
    /// What becomes of the letter case of an e-mail.
    pub email_case: EmailCase,
    /// Shortest password.
    pub password_min_chars: usize,
    /// Longest password.
    pub password_max_chars: usize,
    /// Whether a password needs letters of both cases, a digit and a sign.
    pub password_kinds: bool,
    /// Whether an answer shows the token of the user that was created.
    pub create_shows_token: bool,

    /// What a PUT does with a role.
    pub put_role: PutRole,
    /// Whether there is a POST `promote`.
    pub has_promote: bool,
    /// Whether a PUT without a field, or with the present values alone, is refused.
    pub refuse_no_change: bool,
    /// Whether JSON properties that the documents don't name are refused.
    pub refuse_unknown_properties: bool,

    /// Most users that the list shows.
    pub list_cap: Option<usize>,
    /// How a list that is cut tells it.
    pub cap_shown: CapShown,
    /// What stands around the list.
    pub list_envelope: ListEnvelope,
    /// What stands around one user that is read.
    pub user_envelope: UserEnvelope,
    /// What stands around a user that was created.
    pub created_envelope: UserEnvelope,
    /// How ids are shown.
    pub ids: Ids,
    /// How the list shows tokens.
    pub tokens: WutsTokens,
    /// How roles are shown.
    pub role_case: RoleCase,
    /// Whether `active` is shown as 1 and 0.
    pub active_as_number: bool,
    /// Reads show the state as it was this long ago.
    pub read_lag_ms: u64,

    /// Status of a successful create.
    pub create_status: u16,
    /// Status of every other successful write.
    pub write_status: u16,
    /// Whether successful writes are answered with an empty body.
    pub empty_success: bool,
    /// JSON shape of an error.
    pub error_shape: WutsErrorShape,
    /// What `error_code` says.
    pub error_codes: ErrorCodes,
    /// Whether an error repeats what was sent.
    pub echo_values: bool,
}

impl Default for WutsSwitches {
    fn default() -> WutsSwitches {
        WutsSwitches {
            allowed: vec![
                Transition::new("admin", "*", "*"),
                Transition::new("manager", "user", "user"),
            ],
            refused: Vec::new(),
            managers_list: false,
            managers_switch_active: true,
            own_user: Lockout::Refuse,
            last_admin: Lockout::Refuse,
            inactive_tokens_work: false,
            duplicate_status: 409,
            duplicate_code: "EMAIL_ALREADY_EXISTS".to_owned(),
            duplicates_ignore_case: true,
            email_case: EmailCase::Keep,
            password_min_chars: 8,
            password_max_chars: 72,
            password_kinds: false,
            create_shows_token: true,
            put_role: PutRole::Apply,
            has_promote: true,
            refuse_no_change: false,
            refuse_unknown_properties: false,
            list_cap: None,
            cap_shown: CapShown::Nowhere,
            list_envelope: ListEnvelope::Users,
            user_envelope: UserEnvelope::Data,
            created_envelope: UserEnvelope::User,
            ids: Ids::Text,
            tokens: WutsTokens::Full,
            role_case: RoleCase::Lower,
            active_as_number: false,
            read_lag_ms: 0,
            create_status: 201,
            write_status: 200,
            empty_success: false,
            error_shape: WutsErrorShape::Documented,
            error_codes: ErrorCodes::ByProblem,
            echo_values: true,
        }
    }
}

impl WutsSwitches {
    /// Whether a caller of this role may move a user from one role to another.
    pub(super) fn allows(&self, by: &str, from: &str, to: &str) -> bool {
        let lists = |cells: &[Transition]| cells.iter().any(|it| it.covers(by, from, to));
        lists(&self.allowed) && !lists(&self.refused)
    }
}

/// A cell of the matrix of promotions, or several: `*` stands for every role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// The role of the caller.
    pub by: String,
    /// The role that the user has.
    pub from: String,
    /// The role that it gets.
    pub to: String,
}

impl Transition {
    /// A cell.
    pub fn new(by: &str, from: &str, to: &str) -> Transition {
        Transition {
            by: by.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }

    fn covers(&self, by: &str, from: &str, to: &str) -> bool {
        let Transition {
            by: own_by,
            from: own_from,
            to: own_to,
        } = self;
        [(own_by, by), (own_from, from), (own_to, to)]
            .into_iter()
            .all(|(own, asked)| own == "*" || own == asked)
    }
}

/// What happens to a change by which somebody may be locked out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lockout {
    /// It is refused with 403.
    Refuse,
    /// It is done.
    Allow,
}

/// What becomes of the letter case of an e-mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailCase {
    /// It stays.
    Keep,
    /// All letters become small.
    Lower,
}

/// What a PUT does with a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PutRole {
    /// It changes the role.
    Apply,
    /// It takes the field and does nothing with it.
    Ignore,
    /// It finds fault with the field, with 400.
    Refuse,
    /// It answers 405.
    NotAllowed,
}

/// How a list that is cut tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapShown {
    /// Not at all.
    Nowhere,
    /// By `next`.
    Next,
    /// By `pagination.has_more`.
    HasMore,
    /// By `total`.
    Total,
}

/// What stands around the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListEnvelope {
    /// `{"success", "users": […]}`.
    Users,
    /// `{"success", "data": […]}`.
    Data,
    /// `{"success", "data": {"users": […]}}`.
    DataUsers,
    /// The list is the root.
    Bare,
}

/// What stands around one user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserEnvelope {
    /// `{"success", "data": {…}}`.
    Data,
    /// `{"success", "user": {…}}`.
    User,
    /// The user is the root.
    Bare,
    /// It is not shown.
    Absent,
}

/// How ids are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ids {
    /// As texts.
    Text,
    /// As numbers, if they are.
    Number,
}

/// How the list shows tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WutsTokens {
    /// As they are.
    Full,
    /// As stars.
    Masked,
    /// Not at all.
    Absent,
}

/// How roles are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleCase {
    /// `admin`.
    Lower,
    /// `ADMIN`.
    Upper,
}

/// JSON shape of an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WutsErrorShape {
    /// `{"success", "error", "error_code", "timestamp", "validation"}`.
    Documented,
    /// `{"success", "error"}`, as on the pages about tenants.
    Short,
    /// `{"error": {"code", "message"}}`.
    Nested,
    /// `{"message", "errors": {"field": "message"}}`.
    Message,
    /// No body.
    Empty,
    /// A page for people.
    Html,
}

/// What `error_code` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCodes {
    /// What the matter is.
    ByProblem,
    /// `VALIDATION_ERROR` in any case, as all examples show it.
    Validation,
    /// It is not there.
    Absent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_survive_toml_and_a_misspelt_one_is_an_error() {
        let switches = WutsSwitches {
            refused: vec![Transition::new("admin", "manager", "user")],
            list_cap: Some(7),
            ..WutsSwitches::default()
        };
        let text = toml::to_string(&switches).unwrap();
        assert_eq!(toml::from_str::<WutsSwitches>(&text).unwrap(), switches);
        assert!(toml::from_str::<WutsSwitches>("list_kap = 7").is_err());
    }

    #[test]
    fn every_cell_of_the_matrix_can_be_set() {
        let mut switches = WutsSwitches::default();
        assert!(switches.allows("admin", "user", "manager"));
        assert!(switches.allows("manager", "user", "user"));
        assert!(!switches.allows("manager", "user", "manager"));
        assert!(!switches.allows("user", "user", "user"));
        switches.refused.push(Transition::new("admin", "user", "manager"));
        assert!(!switches.allows("admin", "user", "manager"));
        assert!(switches.allows("admin", "user", "admin"));
    }
}
