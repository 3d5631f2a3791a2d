//! `[sources.NAME]`: the databases of the CRMs.

use std::time::Duration;

use config::ValueKind;

use super::secret::SecretRef;
use super::section::{Section, key_part, parse_word, shown, unknown};
use super::urls::DatabaseUrl;
use crate::domain::employee::LongIds;
use crate::source::preset::{Arguments, ParamProblem, Preset};

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
}

/// What a source is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SourceRead {
    /// A query of the configuration.
    Query(String),
    /// A built-in query for a known CRM.
    Preset {
        /// The query.
        preset: Box<Preset>,
        /// What the preset leaves open.
        arguments: Arguments,
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
    let preset = section.parsed("preset", built_in);
    let read = match (query, preset) {
        (Some(query), _) => Some(SourceRead::Query(query)),
        (None, Some(preset)) => with_arguments(preset, url.as_ref(), section),
        (None, None) => None,
    };
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
    Some(SourceSettings {
        name: name.to_owned(),
        url: url?,
        password,
        read: read?,
        default_region,
        read_timeout,
        max_rows,
        long_ids,
    })
}

/// The built-in preset of that name.
fn built_in(name: &str) -> Result<Preset, String> {
    let names: Vec<(&str, &str)> = Preset::names().map(|it| (it, it)).collect();
    let name = parse_word(name, &names)?;
    Preset::built_in(name).ok_or_else(|| format!("there is no preset {name}"))
}

/// The preset with the `params` of the section, if it fits them and the database; else notes why not.
fn with_arguments(preset: Preset, url: Option<&DatabaseUrl>, section: &Section<'_>) -> Option<SourceRead> {
    // Of an address behind a reference the database is known when a command needs it, and not before.
    if let Some(DatabaseUrl::Plain { database, .. }) = url
        && let Err(wrong) = preset.fits(*database)
    {
        section.problem("preset", wrong.to_string());
    }
    // An unreadable one is noted already, and not missing.
    let given = section.map("params", |params, name| Some(param(params, name)));
    let is_given = |name: &str| given.as_ref().is_some_and(|it| it.contains_key(name));
    let readable = given.iter().flatten();
    let readable = readable.filter_map(|(name, it)| Some((name.clone(), it.clone()?)));
    let problems = match preset.arguments(&readable.collect()) {
        Ok(arguments) => {
            let preset = Box::new(preset);
            return Some(SourceRead::Preset { preset, arguments });
        }
        Err(problems) => problems,
    };
    let key = |name: &str| format!("{}.{}", section.key_of("params"), key_part(name));
    let place = || section.place_of("params");
    let report = section.report();
    for problem in problems {
        match problem {
            ParamProblem::Missing { name, .. } if is_given(&name) => {}
            ParamProblem::Missing { name, about } => {
                report.add_absent(place(), key(&name), format!("missing: {about}"));
            }
            ParamProblem::Unfit { name, why } => report.add(place(), key(&name), why.to_string()),
            ParamProblem::Unknown { name } => {
                let known = preset.params.keys().map(String::as_str);
                let message = unknown("parameter of this preset", &name, known);
                report.add(place(), key(&name), message);
            }
        }
    }
    None
}

/// A parameter is text; a number such as a company's id is its digits.
fn param(params: &Section<'_>, name: &str) -> Option<String> {
    if let ValueKind::I64(number) = params.value(name)?.kind {
        return Some(number.to_string());
    }
    params.text(name).map(str::to_owned)
}

/// The regions that have phone numbers. Written down, because to ask the phone metadata means to build all of
/// it, which costs more than all else that a quiet pass does.
const REGIONS: &str = "\
    AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER \
    ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE \
    IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV \
    LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP \
    NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK \
    SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA \
    VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// A region of phone numbers, in capital letters.
///
/// # Errors
/// If there is no such region.
pub fn region(text: &str) -> Result<String, String> {
    let code = text.to_ascii_uppercase();
    if REGIONS.split(' ').any(|it| it == code) {
        return Ok(code);
    }
    Err(format!(
        "{:?} is no region of two letters such as \"LV\" (ISO 3166)",
        shown(text)
    ))
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};

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
