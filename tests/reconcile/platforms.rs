//! The platforms that the documents allow: what one does where they are silent.

use wazzup_sync::simulator::{
    AbsentGet, AbsentPhone, BatchRule, CodeCase, DeleteUnknown, Envelope, ErrorShape, PartialAnswer, PastEnd,
    PatchUnknown, PhoneCheck, PhoneRule, PostExisting, Switches,
};

/// One way a platform may be.
pub struct Platform {
    pub name: String,
    pub switches: Switches,
}

impl Platform {
    pub fn new(name: impl Into<String>, change: impl FnOnce(&mut Switches)) -> Platform {
        let mut switches = Switches::default();
        change(&mut switches);
        Platform {
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

/// Every platform on which all scenarios must end well.
pub fn platforms() -> Vec<Platform> {
    let mut all = vec![Platform::new("as documented", |_| {})];
    for check in CHECKS {
        for batch in BATCHES {
            for answer in ANSWERS {
                all.push(Platform::new(format!("{check:?}, {batch:?}, {answer:?}"), |it| {
                    it.phone_check = check;
                    it.batch = batch;
                    it.partial_answer = answer;
                }));
            }
        }
    }
    all.extend(clearing());
    for (name, change) in READING {
        all.push(Platform::new(name, change));
    }
    for (name, change) in WRITING {
        all.push(Platform::new(name, change));
    }
    all
}

/// Every way in which a platform lets go of phones, and those in which it does not.
pub fn clearing() -> Vec<Platform> {
    let mut all = Vec::new();
    for others in [PhoneRule::Keep, PhoneRule::Reject] {
        for (way, set) in WAYS {
            all.push(Platform::new(
                format!("only {way} clears, the others {others:?}"),
                |it| {
                    it.set_phone_rules(others);
                    set(it, PhoneRule::Clear);
                    // A new user without a phone is sent without the field, which no platform can refuse.
                    if it.omitted_phone == PhoneRule::Reject {
                        it.omitted_phone = PhoneRule::Keep;
                    }
                },
            ));
        }
        all.push(Platform::new(format!("nothing clears, all {others:?}"), |it| {
            it.set_phone_rules(others);
            it.omitted_phone = PhoneRule::Keep;
        }));
    }
    all
}

type Change = fn(&mut Switches);

const READING: [(&str, Change); 18] = [
    ("pages of 7", |it| it.page_cap = Some(7)),
    ("pages of 50", |it| it.page_cap = Some(50)),
    ("pages of 100", |it| it.page_cap = Some(100)),
    ("pages without a cap", |it| it.page_cap = None),
    ("refuses pages of 100", |it| it.reject_limit_above = Some(50)),
    ("the last page again and again", |it| {
        it.past_end = PastEnd::RepeatLastPage;
        it.page_cap = Some(50);
    }),
    ("reads lag", |it| it.read_lag_ms = 8),
    ("reads lag, pages of 7", |it| {
        it.read_lag_ms = 8;
        it.page_cap = Some(7);
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
    ("one user is an object", |it| it.single_as_object = true),
    ("no phone is null", |it| it.absent_phone = AbsentPhone::Null),
    ("no phone is an empty text", |it| {
        it.absent_phone = AbsentPhone::Empty;
    }),
    ("further properties", |it| it.extra_properties = true),
    ("no envelope", |it| it.envelope = Envelope::Bare),
    ("no envelope, one user is an object", |it| {
        it.envelope = Envelope::Bare;
        it.single_as_object = true;
    }),
    ("slow", |it| it.answer_delay_ms = 2),
];

const WRITING: [(&str, Change); 15] = [
    ("empty successes", |it| it.empty_success = true),
    ("201 for creates", |it| it.post_status = 201),
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
