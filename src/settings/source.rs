//! `[sources.NAME]`: the databases of the CRMs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use config::ValueKind;
use rlibphonenumber::Region;

use super::problem::Place;
use super::secret::SecretRef;
use super::section::{Section, shown};
use super::urls::DatabaseUrl;
use crate::domain::employee::LongIds;

pub(super) const SOURCE_KEYS: &[&str] = &[
    "url",
    "password",
    "query",
    "preset",
    "params",
    "default_region",
    "read_timeout",
    "max_rows",
    "long_ids",
];

/// Where employees come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceSettings {
    /// Name in the configuration.
    pub name: String,
    /// The database.
    pub url: DatabaseUrl,
    /// Password for it, if it is not in the address.
    pub password: Option<SecretRef>,
    /// What is asked.
    pub read: SourceRead,
    /// Region of numbers without a country code, in capital letters (ISO 3166).
    pub default_region: Option<String>,
    /// Longest read.
    pub read_timeout: Duration,
    /// Most rows of a read.
    pub max_rows: u64,
    /// What becomes of ids that are longer than the target allows.
    pub long_ids: LongIds,
    /// The file that says so.
    pub(super) file: Option<PathBuf>,
}

/// What a source is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SourceRead {
    /// A query of the configuration.
    Query(String),
    /// A built-in query for a known CRM.
    Preset {
        /// Name of the CRM.
        name: String,
        /// What the preset leaves open.
        params: BTreeMap<String, String>,
    },
}

/// Reads one source; `None` if a problem leaves nothing to put in its place.
pub(super) fn read(name: &str, section: &Section<'_>) -> Option<SourceSettings> {
    let absent = |key: &str, purpose: &str| {
        // A file that could not be read may hold the key, since files are laid over each other.
        if !section.has(key) {
            let message = format!("missing: {purpose}");
            section
                .report()
                .add_absent(section.place().clone(), section.key_of(key), message);
        }
    };
    absent("url", "the address of the CRM's database, or a reference to it");
    let url = section.parsed("url", DatabaseUrl::parse);
    let query = section.text("query").map(str::to_owned);
    let preset = section.text("preset").map(str::to_owned);
    let params = section.map("params", param);
    if section.has("query") && section.has("preset") {
        section.problem("preset", "give `query` or `preset`, not both");
    } else if !section.has("preset") {
        absent("query", "the SELECT that yields the employees (or a `preset`)");
        if section.has("params") {
            section.problem("params", "belong to a `preset`, and there is none");
        }
    }
    let password = section.secret("password");
    let default_region = section.parsed("default_region", region);
    // A minute is far more than any list of employees takes, and far less than an operator waits.
    let read_timeout = section
        .positive_duration("read_timeout")
        .unwrap_or(Duration::from_secs(60));
    // Twenty times the largest account: more is another table, or a join that multiplies.
    let max_rows = section.count("max_rows", 1..=100_000_000).unwrap_or(20_000);
    let long_ids = section
        .word(
            "long_ids",
            &[("reject", LongIds::Reject), ("hash", LongIds::Hash)],
        )
        .unwrap_or(LongIds::Reject);
    let read = match (query, preset) {
        (Some(query), _) => SourceRead::Query(query),
        (None, Some(name)) => SourceRead::Preset {
            name,
            params: params.unwrap_or_default(),
        },
        (None, None) => return None,
    };
    let Place { file, .. } = section.place().clone();
    Some(SourceSettings {
        name: name.to_owned(),
        url: url?,
        password,
        read,
        default_region,
        read_timeout,
        max_rows,
        long_ids,
        file,
    })
}

/// A parameter is text; a number such as a company's id is its digits.
fn param(params: &Section<'_>, name: &str) -> Option<String> {
    if let ValueKind::I64(number) = params.value(name)?.kind {
        return Some(number.to_string());
    }
    params.text(name).map(str::to_owned)
}

/// Countries and territories of ISO 3166 that have no numbers of their own. Written down, because to ask the
/// phone metadata means to build all of it, which costs more than all else that a quiet pass does.
const WITHOUT_NUMBERS: [&str; 7] = ["AQ", "BV", "GS", "HM", "PN", "TF", "UM"];

fn region(text: &str) -> Result<String, String> {
    let region = Region::from_code(text).ok().filter(|_| text.len() == 2);
    let region = region.map(|it| it.to_string());
    let known = region.filter(|it| !WITHOUT_NUMBERS.contains(&it.as_str()));
    known.ok_or_else(|| {
        format!(
            "{:?} is no region of two letters such as \"LV\" (ISO 3166)",
            shown(text)
        )
    })
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::PHONE_NUMBER_UTIL;

    use super::*;

    #[test]
    fn a_region_is_known_to_the_phone_metadata() {
        assert_eq!(region("LV"), Ok("LV".to_owned()));
        assert_eq!(region("gb"), Ok("GB".to_owned()));
        let letters = || (b'A'..=b'Z').map(char::from);
        for text in letters().flat_map(|one| letters().map(move |other| format!("{one}{other}"))) {
            let has_numbers = Region::from_code(&text)
                .is_ok_and(|it| PHONE_NUMBER_UTIL.get_country_code_for_region(it).is_some());
            assert_eq!(region(&text).is_ok(), has_numbers, "{text}");
        }
        for text in ["UK", "XX", "LVA", "371", "001", "ÄÖ"] {
            assert!(region(text).is_err(), "{text}");
        }
    }
}
