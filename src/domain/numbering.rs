//! The world's numbering plans, in memory while phones are read.

use std::sync::{Arc, PoisonError, RwLock};

use rlibphonenumber::PhoneNumberUtil;

/// Stands for the plans by which [`super::phone::Phone::parse`] judges: `rlibphonenumber`'s metadata. Another
/// version may call other texts valid, so it is part of what a plan is made from.
pub const METADATA: &str = "rlibphonenumber 2.2";

static PLANS: RwLock<Option<Arc<PhoneNumberUtil>>> = RwLock::new(None);

/// The plans of all countries, made from the library's metadata when somebody first asks.
pub(super) fn plans() -> Arc<PhoneNumberUtil> {
    if let Some(plans) = &*PLANS.read().unwrap_or_else(PoisonError::into_inner) {
        return Arc::clone(plans);
    }
    let mut plans = PLANS.write().unwrap_or_else(PoisonError::into_inner);
    let made = plans.get_or_insert_with(|| {
        keep_large_blocks();
        Arc::new(PhoneNumberUtil::new().expect("the library reads the metadata that it was built with"))
    });
    Arc::clone(made)
}

/// Makes the allocator keep the plans' memory for those who come after.
///
/// One of their blocks has over four megabytes. glibc asks the kernel for such a block and returns it, so all that is
/// needed next comes from the kernel too, page by page: a tenth of the time of a first sync. But up to the size of the
/// largest block that was returned so far, it keeps blocks (mallopt(3), `M_MMAP_THRESHOLD`). One that nobody
/// writes to costs two system calls.
fn keep_large_blocks() {
    const LARGER_THAN_ANY: usize = 5 << 20;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGER_THAN_ANY)));
}

/// Gives the plans' memory back, about four megabytes. To make them anew takes some milliseconds: this is for those
/// who have read the phones that they came for.
pub fn forget_plans() {
    PLANS.write().unwrap_or_else(PoisonError::into_inner).take();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::phone::Phone;

    #[test]
    fn forgotten_plans_serve_who_has_them_and_are_made_anew_for_the_next() {
        let held = plans();
        forget_plans();
        let code = |plans: &PhoneNumberUtil| plans.get_country_code_for_region(rlibphonenumber::Region::LV);
        assert_eq!(code(&held), Some(371));
        let phone = Phone::parse("26 123 456", Some("LV")).unwrap();
        assert_eq!(phone.digits(), "37126123456");
        assert!(!Arc::ptr_eq(&held, &plans()));
    }
}
