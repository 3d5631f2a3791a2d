//! Made-up people: names of several languages, and their numbers as people type them.
//!
//! The same index always gives the same person, so that what the demo tells about them stays true.

/// Somebody who does not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The employee's number, from 1.
    pub id: usize,
    /// Given and family name.
    pub name: String,
    /// The number as somebody typed it.
    pub phone: String,
    /// ISO 3166 code of the country in which the number is completed.
    pub region: &'static str,
}

/// Where a person comes from.
struct Country {
    region: &'static str,
    given: [&'static str; 5],
    family: [&'static str; 7],
    /// Six `#` each, which take the digits that differ from person to person.
    typed: [&'static str; 3],
}

const COUNTRIES: [Country; 8] = [
    Country {
        region: "LV",
        given: ["Ilze", "Līga", "Kristīne", "Anna", "Zane"],
        family: [
            "Bērziņa",
            "Kalniņa",
            "Ozola",
            "Liepiņa",
            "Krūmiņa",
            "Zariņa",
            "Vītola",
        ],
        typed: ["26 ### ###", "+371 29######", "00371-28-###-###"],
    },
    Country {
        region: "KZ",
        given: ["Ерлан", "Асхат", "Нұрлан", "Бауыржан", "Тимур"],
        family: [
            "Әлиев",
            "Қасымов",
            "Серікбаев",
            "Омаров",
            "Жұмабаев",
            "Ахметов",
            "Нұрпейісов",
        ],
        typed: ["8 (701) 4##-##-##", "+7 702 3## ## ##", "8 777 5## #### "],
    },
    Country {
        region: "BR",
        given: ["João", "Fernanda", "Luís", "Conceição", "Thaís"],
        family: [
            "da Silva",
            "Araújo",
            "Gonçalves",
            "Magalhães",
            "Assunção",
            "Barbosa",
            "Simões",
        ],
        typed: ["(11) 987##-####", "+55 21 996## ####", "11987######"],
    },
    Country {
        region: "UA",
        given: ["Оксана", "Ірина", "Наталія", "Юлія", "Соломія"],
        family: [
            "Шевченко",
            "Коваленко",
            "Бондаренко",
            "Ткачук",
            "Мельник",
            "Гончар",
            "Лисенко",
        ],
        typed: ["067 3## ## ##", "+380 (50) 4##-##-##", "0932######"],
    },
    Country {
        region: "PL",
        given: ["Łukasz", "Paweł", "Michał", "Stanisław", "Grzegorz"],
        family: [
            "Wójcik",
            "Kowalczyk",
            "Dąbrowski",
            "Zieliński",
            "Woźniak",
            "Król",
            "Żak",
        ],
        typed: ["601 ### ###", "+48 512-###-###", "0048 693 ### ###"],
    },
    Country {
        region: "TR",
        given: ["İrem", "Ayşe", "Çağla", "Gülşen", "Şule"],
        family: ["Yıldız", "Öztürk", "Çelik", "Şahin", "Doğan", "Güneş", "Aydın"],
        typed: ["0532 4## ## ##", "+90 (533) 2## ## ##", "5423######"],
    },
    Country {
        region: "GE",
        given: ["ნინო", "გიორგი", "თამარ", "ლევან", "მარიამ"],
        family: [
            "ბერიძე",
            "კაპანაძე",
            "გელაშვილი",
            "მაისურაძე",
            "ლომიძე",
            "წიკლაური",
            "ხუციშვილი",
        ],
        typed: ["599 ## ## ##", "+995 577 ######", "(555) ##-##-##"],
    },
    Country {
        region: "MX",
        given: ["José", "María", "Ángel", "Sofía", "Begoña"],
        family: [
            "Hernández",
            "Núñez",
            "García",
            "López",
            "Ibáñez",
            "Peña",
            "Rodríguez",
        ],
        typed: ["55 13## ####", "+52 33 12## ####", "(81) 83##-####"],
    },
];

/// Most people that differ in their number.
pub const MAX_PEOPLE: usize = 1_000_000;

/// Scatters the indices over the numbers of six digits. Odd and no multiple of five: each index gets its own.
const SCATTER: usize = 618_033;

/// Person number `id`, from 1 to [`MAX_PEOPLE`].
pub fn person(id: usize) -> Person {
    let idx = id.saturating_sub(1);
    let country = &COUNTRIES[idx % COUNTRIES.len()];
    let round = idx / COUNTRIES.len();
    let given = country.given[round % country.given.len()];
    // Five and seven have no common divisor: all pairs occur before one comes again.
    let family = country.family[round % country.family.len()];
    let typed = country.typed[round % country.typed.len()];
    let digits = format!("{:06}", (id * SCATTER) % MAX_PEOPLE);
    Person {
        id,
        name: format!("{given} {family}"),
        phone: fill(typed, &digits).trim_end().to_owned(),
        region: country.region,
    }
}

/// The first `n` people.
pub fn people(n: usize) -> impl Iterator<Item = Person> {
    (1..=n).map(person)
}

/// The template with its `#` replaced one by one.
fn fill(template: &str, digits: &str) -> String {
    let mut digits = digits.chars();
    template
        .chars()
        .map(|char| match char {
            '#' => digits.next().unwrap_or('0'),
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::phone::Phone;

    #[test]
    fn everybody_has_a_valid_number_of_their_own() {
        let mut seen = BTreeSet::new();
        for Person {
            name, phone, region, ..
        } in people(2_000)
        {
            let parsed = Phone::parse(&phone, Some(region));
            let parsed = parsed.unwrap_or_else(|| panic!("{name}: {phone} is no number of {region}"));
            assert!(
                seen.insert(parsed.digits().to_owned()),
                "{name}: {phone} occurs twice"
            );
        }
    }

    #[test]
    fn the_first_hundreds_have_different_names() {
        let names: BTreeSet<String> = people(280).map(|it| it.name).collect();
        assert_eq!(names.len(), 280);
    }
}
