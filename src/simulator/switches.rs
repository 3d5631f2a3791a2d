//! What the simulated platform does where its documents are silent or contradict each other.
//!
//! One switch per unknown. The default is the documented behaviour and, where nothing is documented,
//! the plainest implementation; a client that is right works under every setting. Switches say nothing
//! about accidents: those are [faults](super::faults).

use serde::{Deserialize, Serialize};

use super::meta::MetaSwitches;
use super::tokens::TokenSwitches;
pub use super::wazzup_v2::switches::SettingsSwitches;
pub use super::wazzup_v3::V3Switches;

/// All switches. As TOML or JSON every key is optional, and an unknown key is an error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Whether two users of one account may not have the same phone.
    pub unique_phones: bool,
    /// Against which state the uniqueness of phones is checked.
    pub phone_check: PhoneCheck,
    /// What an item without the key `phone` does to a phone; `reject` refuses new users too.
    pub omitted_phone: PhoneRule,
    /// What `"phone": ""` does.
    pub empty_phone: PhoneRule,
    /// What `"phone": null` does.
    pub null_phone: PhoneRule,
    /// What a phone that isn't 7–15 digits does; the documents say that it is removed.
    pub malformed_phone: PhoneRule,
    /// Whether `+`, spaces, dots, hyphens and brackets are stripped from a phone before it is judged.
    pub normalise_phones: bool,
    /// Whether an item that would leave its user without a phone is refused.
    pub phone_required: bool,
    /// Whether white space around names is taken off.
    pub trim_names: bool,
    /// Longer names are cut at this many characters instead of refused.
    pub cut_names_at: Option<usize>,

    /// What a bad item does to the other items of its request.
    pub batch: BatchRule,
    /// How a request is answered of which only a part was applied.
    pub partial_answer: PartialAnswer,
    /// Most items of one request.
    pub max_batch: usize,
    /// What happens to a request with more than `max_batch` items.
    pub over_batch: OverBatch,
    /// Whether a request without any item is refused.
    pub refuse_empty_batch: bool,
    /// Whether JSON properties that the documents don't name are refused.
    pub refuse_unknown_properties: bool,
    /// What POST does to a user that exists.
    pub post_existing: PostExisting,
    /// What PATCH does to a user that doesn't exist.
    pub patch_unknown: PatchUnknown,
    /// What DELETE does about a user that doesn't exist.
    pub delete_unknown: DeleteUnknown,
    /// Most users of one account.
    pub seats: usize,

    /// Rows of a page if the request names no limit.
    pub default_limit: usize,
    /// Rows that a page has at most, whatever the request asks for.
    pub page_cap: Option<usize>,
    /// A larger limit is refused.
    pub reject_limit_above: Option<usize>,
    /// Whether every page is the first one.
    pub ignore_offset: bool,
    /// Whether every request sees the list in another order.
    pub unsorted: bool,
    /// What a page behind the end holds.
    pub past_end: PastEnd,
    /// How the GET of an absent user is answered.
    pub absent_get: AbsentGet,
    /// Whether the GET of one user shows the user itself instead of an array with it.
    pub single_as_object: bool,
    /// How a user without a phone is shown.
    pub absent_phone: AbsentPhone,
    /// Whether users are shown with a property that the documents don't name.
    pub extra_properties: bool,
    /// Reads, of the list and of one user, show the state as it was this long ago.
    pub read_lag_ms: u64,

    /// What stands around the payload of a 2xx answer.
    pub envelope: Envelope,
    /// Whether successful writes are answered with an empty body.
    pub empty_success: bool,
    /// Status of a successful POST; 201 is the default of the platform's framework.
    pub post_status: u16,
    /// JSON shape of an error.
    pub error_shape: ErrorShape,
    /// Spelling of the codes.
    pub code_case: CodeCase,
    /// Status of an item that breaks a rule of the account: phone taken, no seat.
    pub error_status: u16,
    /// Status of a request or field that is invalid in itself.
    pub validation_status: u16,
    /// Whether the text of a refused phone names it.
    pub name_phone_in_errors: bool,
    /// Every answer is sent this much later.
    pub answer_delay_ms: u64,

    /// What the token endpoint of Wazzup v2 does.
    pub tokens: TokenSwitches,
    /// What Wazzup v2 does with rights on channels.
    pub settings: SettingsSwitches,
    /// What Wazzup v3 alone does.
    pub v3: V3Switches,

    /// Faster clients are recorded as breaking a rule; they are served all the same.
    pub max_requests_per_second: Option<u32>,
    /// Seed of all that is random here, such as the order of an unsorted list.
    pub seed: u64,

    /// Meta's own. Of the others, those that are not about one platform hold for it too: the lag of reads, the
    /// delay of answers.
    pub meta: MetaSwitches,
}

impl Default for Switches {
    fn default() -> Switches {
        Switches {
            unique_phones: true,
            phone_check: PhoneCheck::During,
            omitted_phone: PhoneRule::Keep,
            empty_phone: PhoneRule::Clear,
            null_phone: PhoneRule::Clear,
            malformed_phone: PhoneRule::Clear,
            normalise_phones: false,
            phone_required: false,
            trim_names: false,
            cut_names_at: None,
            batch: BatchRule::Atomic,
            partial_answer: PartialAnswer::Error,
            max_batch: 100,
            over_batch: OverBatch::BadRequest,
            refuse_empty_batch: true,
            refuse_unknown_properties: true,
            post_existing: PostExisting::Update,
            patch_unknown: PatchUnknown::Ignore,
            delete_unknown: DeleteUnknown::Ok,
            seats: 1000,
            default_limit: 50,
            page_cap: Some(100),
            reject_limit_above: None,
            ignore_offset: false,
            unsorted: false,
            past_end: PastEnd::Empty,
            absent_get: AbsentGet::NotFound,
            single_as_object: false,
            absent_phone: AbsentPhone::Omitted,
            extra_properties: false,
            read_lag_ms: 0,
            envelope: Envelope::Full,
            empty_success: false,
            post_status: 200,
            error_shape: ErrorShape::ErrorDescription,
            code_case: CodeCase::Upper,
            error_status: 400,
            validation_status: 400,
            name_phone_in_errors: true,
            answer_delay_ms: 0,
            tokens: TokenSwitches::default(),
            settings: SettingsSwitches::default(),
            v3: V3Switches::default(),
            max_requests_per_second: None,
            seed: 0,
            meta: MetaSwitches::default(),
        }
    }
}

impl Switches {
    /// Sets what each of the four ways to send no phone does.
    pub fn set_phone_rules(&mut self, rule: PhoneRule) {
        self.omitted_phone = rule;
        self.empty_phone = rule;
        self.null_phone = rule;
        self.malformed_phone = rule;
    }
}

/// Against which state the uniqueness of phones is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneCheck {
    /// The state before the request, and the other items of the request.
    Before,
    /// The state after the items that stand earlier in the request.
    During,
    /// The same, with the items taken from the last to the first.
    DuringReversed,
    /// The state after the whole request.
    After,
}

/// What a phone that isn't one does to the phone that the user has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneRule {
    /// The old phone stays.
    Keep,
    /// The user has none afterwards.
    Clear,
    /// The item is refused.
    Reject,
}

/// What a bad item does to the other items of its request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchRule {
    /// Nothing of the request is applied.
    Atomic,
    /// What was applied before it stays, what follows is not looked at.
    StopAtFirst,
    /// All good items are applied.
    SkipBad,
}

/// How a request is answered of which only a part was applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartialAnswer {
    /// With the error of the first bad item.
    Error,
    /// With 2xx and a smaller `processed`.
    Success,
}

/// What happens to a request with too many items.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverBatch {
    /// Refused like an invalid field.
    BadRequest,
    /// Refused with 413.
    TooLarge,
    /// The first ones are taken and the rest ignored without a word.
    FirstOnly,
    /// All are taken.
    Accept,
}

/// What POST does to a user that exists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostExisting {
    /// Changes it.
    Update,
    /// Refuses the item.
    Refuse,
}

/// What PATCH does to a user that doesn't exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatchUnknown {
    /// Nothing; `processed` is smaller.
    Ignore,
    /// Creates it.
    Create,
    /// Refuses the item with 404.
    NotFound,
}

/// What DELETE does about a user that doesn't exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeleteUnknown {
    /// Nothing, and says that all is well.
    Ok,
    /// Refuses the item with 404.
    NotFound,
    /// Refuses the item like an invalid field.
    BadRequest,
}

/// What a page behind the end of the list holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastEnd {
    /// No rows.
    Empty,
    /// The rows of the last page, again and again.
    RepeatLastPage,
}

/// How the GET of an absent user is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentGet {
    /// With 404.
    NotFound,
    /// With 200 and `[]`.
    EmptyArray,
    /// With 200 and no body.
    EmptyBody,
}

/// How a user without a phone is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentPhone {
    /// Without the key.
    Omitted,
    /// As `null`.
    Null,
    /// As `""`.
    Empty,
}

/// What stands around the payload of a 2xx answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Envelope {
    /// `{"data": …, "meta": {"timestamp": …}}`.
    Full,
    /// The payload is the root.
    Bare,
    /// `{"meta": {"timestamp": …}}`: the payload is missing.
    MetaOnly,
}

/// JSON shape of an error; all of them were seen or assumed by somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorShape {
    /// `{"error", "description"}`.
    ErrorDescription,
    /// `{"status", "requestId", "error", "description", "data": {"fields": []}}`.
    Long,
    /// `{"errors": [{"code", "message"}]}`.
    List,
    /// `{"code", "message"}`.
    Code,
    /// `{"error": {"code", "message"}}`.
    Nested,
    /// `{"statusCode", "message": "…", "error": "Bad Request"}`: the framework's own, without a code.
    Nest,
    /// The same with an array of messages.
    NestList,
    /// No body.
    Empty,
    /// A page for people.
    Html,
}

/// Spelling of the codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeCase {
    /// `USER_ALREADY_EXISTS`.
    Upper,
    /// `user_already_exists`.
    Lower,
    /// `userAlreadyExists`.
    Camel,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_survive_toml_and_json() {
        let switches = Switches {
            page_cap: Some(7),
            phone_check: PhoneCheck::DuringReversed,
            error_shape: ErrorShape::NestList,
            ..Switches::default()
        };
        let text = toml::to_string(&switches).unwrap();
        assert_eq!(toml::from_str::<Switches>(&text).unwrap(), switches);
        let text = serde_json::to_string(&switches).unwrap();
        assert_eq!(serde_json::from_str::<Switches>(&text).unwrap(), switches);
    }

    #[test]
    fn a_misspelt_switch_is_an_error() {
        assert!(toml::from_str::<Switches>("page_kap = 7").is_err());
        assert!(toml::from_str::<Switches>("batch = \"partial\"").is_err());
    }
}
