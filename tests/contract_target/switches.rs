//! The platforms as they may be where their documents are silent: a name and a change of switches each.
//!
//! Left out is what leaves nobody a way, such as a list without an end; the contracts of the platforms tell what
//! becomes of that.

use wazzup_sync::domain::grant::Grant;
use wazzup_sync::simulator::{
    AlreadyAssigned, CapShown, EmailCase, ErrorCodes, GraphErrorBody, Ids, ListEnvelope, MetaSwitches,
    PutRole, RemoveUnassigned, RoleCase, TasksOnRead, UnknownUser, UsageHeaders, UserEnvelope,
    WutsErrorShape, WutsSwitches, WutsTokens,
};
use wazzup_sync::target::Kind;

use super::members::lab::Lab;

/// One way to behave.
pub enum Flip {
    Meta(fn(&mut MetaSwitches)),
    Wuts(fn(&mut WutsSwitches)),
}

use Flip::{Meta, Wuts};

/// All of one platform.
pub fn of(kind: Kind) -> &'static [(&'static str, Flip)] {
    match kind {
        Kind::Meta => META,
        Kind::Wuts | Kind::WazzupV2 | Kind::WazzupV3 => WUTS,
    }
}

impl Flip {
    pub fn flip(&self, lab: &Lab) {
        match self {
            Meta(change) => lab.sim.update_switches(|it| change(&mut it.meta)),
            Wuts(change) => lab.sim.update_wuts_switches(change),
        }
    }
}

/// The platform shows what the table asks for; where assigning only ever adds, at least that.
pub fn assert_equal(name: &str, lab: &Lab) {
    let (active, desired) = (lab.active(), lab.desired());
    if name != ADDS {
        return assert_eq!(active, desired, "{name}");
    }
    assert!(active.keys().eq(desired.keys()), "{name}: {active:?}");
    let grant = |tasks: &str| Grant::new(tasks.split(' '));
    for (name, tasks) in &desired {
        assert!(grant(&active[name]).includes(&grant(tasks)), "{active:?}");
    }
}

const ADDS: &str = "assigning adds";

const META: &[(&str, Flip)] = &[
    ("as documented", Meta(|_| {})),
    (
        "tasks with those implied",
        Meta(|it| it.tasks_on_read = TasksOnRead::Expanded),
    ),
    (
        "no tasks in lists",
        Meta(|it| it.tasks_on_read = TasksOnRead::Omitted),
    ),
    (
        "who asks for tasks is refused",
        Meta(|it| it.tasks_on_read = TasksOnRead::Refused),
    ),
    (
        "assigning overwrites",
        Meta(|it| it.already_assigned = AlreadyAssigned::Overwrite),
    ),
    (ADDS, Meta(|it| it.already_assigned = AlreadyAssigned::Add)),
    (
        "assigned already, as 400",
        Meta(|it| it.already_assigned_status = 400),
    ),
    (
        "unassigning nobody is well",
        Meta(|it| it.remove_unassigned = RemoveUnassigned::Ok),
    ),
    (
        "unknown users are missing",
        Meta(|it| it.unknown_user = UnknownUser::Missing),
    ),
    ("names are unique", Meta(|it| it.unique_names = true)),
    ("pages of one", Meta(|it| it.page_cap = Some(1))),
    (
        "empty pages in the middle",
        Meta(|it| {
            it.page_cap = Some(2);
            it.empty_pages = true;
        }),
    ),
    (
        "no paging on single pages",
        Meta(|it| it.paging_on_single_page = false),
    ),
    ("every refusal is 400", Meta(|it| it.always_400 = true)),
    (
        "errors say little",
        Meta(|it| it.error_body = GraphErrorBody::Minimal),
    ),
    (
        "no usage headers",
        Meta(|it| it.usage_headers = UsageHeaders::None),
    ),
    (
        "usage of the app alone",
        Meta(|it| it.usage_headers = UsageHeaders::App),
    ),
    (
        "usage of the business alone",
        Meta(|it| it.usage_headers = UsageHeaders::Business),
    ),
];

const WUTS: &[(&str, Flip)] = &[
    ("as documented", Wuts(|_| {})),
    ("duplicates are 400", Wuts(|it| it.duplicate_status = 400)),
    ("duplicates are 422", Wuts(|it| it.duplicate_status = 422)),
    (
        "e-mails in small letters",
        Wuts(|it| it.email_case = EmailCase::Lower),
    ),
    ("strict passwords", Wuts(|it| it.password_kinds = true)),
    ("long passwords", Wuts(|it| it.password_min_chars = 24)),
    ("creates show no token", Wuts(|it| it.create_shows_token = false)),
    ("PUT ignores roles", Wuts(|it| it.put_role = PutRole::Ignore)),
    ("PUT refuses roles", Wuts(|it| it.put_role = PutRole::Refuse)),
    (
        "PUT of roles is not allowed",
        Wuts(|it| it.put_role = PutRole::NotAllowed),
    ),
    ("no promote", Wuts(|it| it.has_promote = false)),
    (
        "changes of nothing are refused",
        Wuts(|it| it.refuse_no_change = true),
    ),
    (
        "unknown fields are refused",
        Wuts(|it| it.refuse_unknown_properties = true),
    ),
    (
        "the list tells its total",
        Wuts(|it| it.cap_shown = CapShown::Total),
    ),
    (
        "the list at `data`",
        Wuts(|it| it.list_envelope = ListEnvelope::Data),
    ),
    (
        "the list at `data.users`",
        Wuts(|it| it.list_envelope = ListEnvelope::DataUsers),
    ),
    ("the list bare", Wuts(|it| it.list_envelope = ListEnvelope::Bare)),
    (
        "single users at `user`",
        Wuts(|it| it.user_envelope = UserEnvelope::User),
    ),
    (
        "single users bare",
        Wuts(|it| it.user_envelope = UserEnvelope::Bare),
    ),
    (
        "creates show nobody",
        Wuts(|it| it.created_envelope = UserEnvelope::Absent),
    ),
    ("ids are numbers", Wuts(|it| it.ids = Ids::Number)),
    ("tokens are masked", Wuts(|it| it.tokens = WutsTokens::Masked)),
    ("no tokens", Wuts(|it| it.tokens = WutsTokens::Absent)),
    (
        "roles in capital letters",
        Wuts(|it| it.role_case = RoleCase::Upper),
    ),
    ("active is a number", Wuts(|it| it.active_as_number = true)),
    ("reads lag behind", Wuts(|it| it.read_lag_ms = 4)),
    ("creates are 200", Wuts(|it| it.create_status = 200)),
    ("writes are 204", Wuts(|it| it.write_status = 204)),
    ("successes are empty", Wuts(|it| it.empty_success = true)),
    (
        "errors are short",
        Wuts(|it| it.error_shape = WutsErrorShape::Short),
    ),
    (
        "errors are pages",
        Wuts(|it| it.error_shape = WutsErrorShape::Html),
    ),
    (
        "errors are empty",
        Wuts(|it| it.error_shape = WutsErrorShape::Empty),
    ),
    (
        "errors have no codes",
        Wuts(|it| it.error_codes = ErrorCodes::Absent),
    ),
];
