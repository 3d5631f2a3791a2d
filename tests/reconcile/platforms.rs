//! The platforms that the documents allow: what one does where they are silent.

use wazzup_sync::simulator::{
    AbsentGet, AbsentPhone, BatchRule, BulkDelete, CodeCase, Count, DeleteUnknown, Envelope, ErrorShape,
    ListShape, PartialAnswer, PastEnd, PatchUnknown, PhoneCheck, PhoneRule, PostExisting, Success, Switches,
};
use wazzup_sync::target::Kind;

use super::lab::{by_kind, documented, pages_of};

/// One way a platform may be.
pub struct Platform {
    pub kind: Kind,
    pub name: String,
    pub switches: Switches,
}

impl Platform {
    pub fn new(kind: Kind, name: impl Into<String>, change: impl FnOnce(&mut Switches)) -> Platform {
        let mut switches = documented();
        change(&mut switches);
        Platform {
            kind,
            name: name.into(),
            switches,
        }
    }

    /// Whether any way to send no phone takes the phone away.
    pub fn clears(&self) -> bool {
        let it = &self.switches;
        [
            it.omitted_phone,
            it.empty_phone,
            it.null_phone,
            it.malformed_phone,
        ]
        .contains(&PhoneRule::Clear)
    }
}

pub const CHECKS: [PhoneCheck; 4] = [
    PhoneCheck::Before,
    PhoneCheck::During,
    PhoneCheck::DuringReversed,
    PhoneCheck::After,
];
pub const BATCHES: [BatchRule; 3] = [BatchRule::Atomic, BatchRule::StopAtFirst, BatchRule::SkipBad];
pub const ANSWERS: [PartialAnswer; 2] = [PartialAnswer::Error, PartialAnswer::Success];
pub const SHAPES: [ErrorShape; 9] = [
    ErrorShape::ErrorDescription,
    ErrorShape::Long,
    ErrorShape::List,
    ErrorShape::Code,
    ErrorShape::Nested,
    ErrorShape::Nest,
    ErrorShape::NestList,
    ErrorShape::Empty,
    ErrorShape::Html,
];
pub const CASES: [CodeCase; 3] = [CodeCase::Upper, CodeCase::Lower, CodeCase::Camel];
pub const STATUSES: [u16; 4] = [400, 403, 409, 422];
pub const RULES: [PhoneRule; 3] = [PhoneRule::Keep, PhoneRule::Clear, PhoneRule::Reject];

/// Sets what one way to clear a phone does.
type SetRule = fn(&mut Switches, PhoneRule);

/// The ways to send no phone, as switches.
pub const WAYS: [(&str, SetRule); 4] = [
    ("empty", |it, rule| it.empty_phone = rule),
    ("malformed", |it, rule| it.malformed_phone = rule),
    ("omitted", |it, rule| it.omitted_phone = rule),
    ("null", |it, rule| it.null_phone = rule),
];

/// Every platform of that kind on which all scenarios must end well.
pub fn platforms(kind: Kind) -> Vec<Platform> {
    let mut all = vec![Platform::new(kind, "as documented", |_| {})];
    for check in CHECKS {
        for batch in BATCHES {
            for answer in ANSWERS {
                let name = format!("{check:?}, {batch:?}, {answer:?}");
                all.push(Platform::new(kind, name, |it| {
                    it.phone_check = check;
                    it.batch = batch;
                    it.partial_answer = answer;
                }));
            }
        }
    }
    all.extend(clearing(kind));
    let own = by_kind(kind, &V2[..], &V3);
    for (name, change) in READING.iter().chain(&WRITING).chain(own) {
        all.push(Platform::new(kind, *name, change));
    }
    all
}

/// Every way in which a platform lets go of phones, and those in which it does not.
pub fn clearing(kind: Kind) -> Vec<Platform> {
    let mut all = Vec::new();
    for others in [PhoneRule::Keep, PhoneRule::Reject] {
        for (way, set) in WAYS {
            let name = format!("only {way} clears, the others {others:?}");
            all.push(Platform::new(kind, name, |it| {
                it.set_phone_rules(others);
                set(it, PhoneRule::Clear);
                // A new user without a phone is sent without the field, which no platform can refuse.
                if it.omitted_phone == PhoneRule::Reject {
                    it.omitted_phone = PhoneRule::Keep;
                }
            }));
        }
        let name = format!("nothing clears, all {others:?}");
        all.push(Platform::new(kind, name, |it| {
            it.set_phone_rules(others);
            it.omitted_phone = PhoneRule::Keep;
        }));
    }
    all
}

type Change = fn(&mut Switches);

type Named = (&'static str, Change);

const READING: [Named; 9] = [
    ("the last page again and again", |it| {
        pages_of(it, 50);
        it.past_end = PastEnd::RepeatLastPage;
    }),
    ("reads lag", |it| it.read_lag_ms = 8),
    ("reads lag, pages of 7", |it| {
        it.read_lag_ms = 8;
        pages_of(it, 7);
    }),
    ("reads lag, absent users are []", |it| {
        it.read_lag_ms = 8;
        it.absent_get = AbsentGet::EmptyArray;
    }),
    ("reads lag, nothing clears", |it| {
        it.read_lag_ms = 8;
        it.set_phone_rules(PhoneRule::Keep);
    }),
    ("absent users are []", |it| it.absent_get = AbsentGet::EmptyArray),
    ("no phone is null", |it| it.absent_phone = AbsentPhone::Null),
    ("no phone is an empty text", |it| {
        it.absent_phone = AbsentPhone::Empty;
    }),
    ("further properties", |it| it.extra_properties = true),
];

const WRITING: [Named; 9] = [
    ("slow", |it| it.answer_delay_ms = 2),
    ("201 for creates", |it| it.post_status = 201),
    ("phones need not be unique", |it| it.unique_phones = false),
    ("phones are normalised", |it| it.normalise_phones = true),
    ("names are trimmed", |it| it.trim_names = true),
    ("unknown properties are taken", |it| {
        it.refuse_unknown_properties = false;
    }),
    ("nothing clears, skips bad ones, says nothing of it", |it| {
        it.set_phone_rules(PhoneRule::Keep);
        it.batch = BatchRule::SkipBad;
        it.partial_answer = PartialAnswer::Success;
    }),
    (
        "only null clears, the others are refused, errors are empty",
        |it| {
            it.set_phone_rules(PhoneRule::Reject);
            it.omitted_phone = PhoneRule::Keep;
            it.null_phone = PhoneRule::Clear;
            it.error_shape = ErrorShape::Empty;
        },
    ),
    (
        "only malformed clears, the others are refused, in a lagging world",
        |it| {
            it.set_phone_rules(PhoneRule::Reject);
            it.omitted_phone = PhoneRule::Keep;
            it.malformed_phone = PhoneRule::Clear;
            it.read_lag_ms = 8;
        },
    ),
];

const V2: [Named; 15] = [
    ("pages of 7", |it| it.page_cap = Some(7)),
    ("pages of 50", |it| it.page_cap = Some(50)),
    ("pages of 100", |it| it.page_cap = Some(100)),
    ("pages without a cap", |it| it.page_cap = None),
    ("refuses pages of 100", |it| it.reject_limit_above = Some(50)),
    ("one user is an object", |it| it.single_as_object = true),
    ("no envelope", |it| it.envelope = Envelope::Bare),
    ("no envelope, one user is an object", |it| {
        it.envelope = Envelope::Bare;
        it.single_as_object = true;
    }),
    ("empty successes", |it| it.empty_success = true),
    ("POST refuses known users", |it| {
        it.post_existing = PostExisting::Refuse;
    }),
    ("POST refuses known users, skips bad ones", |it| {
        it.post_existing = PostExisting::Refuse;
        it.batch = BatchRule::SkipBad;
    }),
    ("PATCH creates unknown users", |it| {
        it.patch_unknown = PatchUnknown::Create;
    }),
    ("PATCH refuses unknown users", |it| {
        it.patch_unknown = PatchUnknown::NotFound;
    }),
    ("DELETE misses unknown users", |it| {
        it.delete_unknown = DeleteUnknown::NotFound;
    }),
    ("DELETE refuses unknown users", |it| {
        it.delete_unknown = DeleteUnknown::BadRequest;
    }),
];

const V3: [Named; 19] = [
    ("pages of 100", |it| pages_of(it, 100)),
    ("pages of 50, counted in texts", |it| {
        pages_of(it, 50);
        it.v3.count = Count::Text;
    }),
    ("pages of 7, counted by page", |it| {
        pages_of(it, 7);
        it.v3.count = Count::OfPage;
    }),
    ("arrays in pages", |it| it.v3.list = ListShape::PagedArray),
    ("no phones in lists", |it| it.v3.phones_in_list = false),
    ("no phones in lists, pages of 50", |it| {
        it.v3.phones_in_list = false;
        pages_of(it, 50);
    }),
    ("no phones in lists, reads lag", |it| {
        it.v3.phones_in_list = false;
        it.read_lag_ms = 8;
    }),
    ("no phones in lists, nothing clears", |it| {
        it.v3.phones_in_list = false;
        it.set_phone_rules(PhoneRule::Keep);
    }),
    ("no phones in lists, skips bad ones, says nothing of it", |it| {
        it.v3.phones_in_list = false;
        it.batch = BatchRule::SkipBad;
        it.partial_answer = PartialAnswer::Success;
    }),
    ("no phones in lists, errors are empty", |it| {
        it.v3.phones_in_list = false;
        it.error_shape = ErrorShape::Empty;
    }),
    ("an absent user is an empty answer", |it| {
        it.absent_get = AbsentGet::EmptyBody;
    }),
    ("successes are JSON", |it| it.v3.success = Success::Json),
    ("successes are empty", |it| it.v3.success = Success::AllEmpty),
    ("absent leavers are not told", |it| it.v3.report_absent = false),
    ("no call for several leavers", |it| {
        it.v3.bulk_delete = BulkDelete::NotFound;
    }),
    ("the call for several leavers is forbidden", |it| {
        it.v3.bulk_delete = BulkDelete::Forbidden;
    }),
    ("one leaver at a time", |it| it.v3.bulk_delete_limit = Some(1)),
    ("DELETE misses unknown users", |it| {
        it.delete_unknown = DeleteUnknown::NotFound;
    }),
    ("DELETE refuses unknown users", |it| {
        it.delete_unknown = DeleteUnknown::BadRequest;
    }),
];
