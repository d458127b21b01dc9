//! Generated people, with unusual but valid values. A number always gives the same person.

use insights_to_braze::profile::{EXTERNAL_ID_MAX_BYTES, Identifier, TEXT_MAX_CHARACTERS};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// A run of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Run {
    First,
    Second,
}

/// The columns of an export, with their types in `model.json`.
pub(super) const COLUMNS: [(&str, &str); 14] = [
    ("CustomerId", "guid"),
    ("LoyaltyId", "string"),
    ("EMail", "string"),
    ("FirstName", "string"),
    ("LastName", "string"),
    ("BirthDate", "dateTime"),
    ("Points", "int64"),
    ("Balance", "decimal"),
    ("IsActive", "boolean"),
    ("PostalCode", "string"),
    ("Country", "string"),
    ("Language", "string"),
    ("Phone", "string"),
    ("Address", "string"),
];

/// The person with the longest customer ID that Braze takes.
pub(super) const LONGEST_ID: u64 = 18;
/// The person with the longest name that Braze keeps.
pub(super) const LONGEST_NAME: u64 = 24;

const SEED: u64 = 0x2026_1123;

const FIRST_NAMES: [&str; 23] = [
    "Anna",
    "太郎",
    "花子",
    "José María",
    "Zoë",
    "Nguyễn Thị",
    "محمد",
    "שרה",
    "Ольга",
    "Ελένη",
    "ณัฐ",
    "अनिल",
    "김민준",
    "👩‍👩‍👧 Familie",
    "Conan \"Coco\"",
    "D'Arcy",
    "Mary, Jane",
    "Null",
    "=SUM(A1:A9)",
    "Robert'); DROP TABLE members;--",
    "Ada\nLovelace",
    "Line\u{2028}Separator",
    "Z\u{351}\u{36b}o\u{353}e",
];

const LAST_NAMES: [&str; 19] = [
    "O'Connor",
    "Müller-Lüdenscheidt",
    "山田",
    "渡邊🍣",
    "الحسن",
    "בן־דוד",
    "de la Cruz",
    "Smith, Jr.",
    "Ó Súilleabháin",
    "\"Q\"",
    "Łukasiewicz",
    "Þórsdóttir",
    "van 't Hoff",
    "Nil",
    "İstanbullu",
    "ß",
    "O\\Brien",
    "Tab\tbed",
    "Παπαδόπουλος; \"Ν.\"",
];

const ADDRESSES: [&str; 7] = [
    "12 Rue de l'Église,\nbâtiment \"B\"",
    "〒150-0002\r\n東京都渋谷区渋谷2-21-1",
    "c/o \"The Larches\", 5 High St",
    "شارع الملك فهد\nالرياض",
    "Unter den Linden 1; Hinterhaus",
    "",
    "🏠 3\n\n\nLocked gate, ring twice",
];

/// Country, language, phone and postal code, which keeps its zeros.
const PLACES: [[&str; 4]; 9] = [
    ["DE", "de", "+49 30 1234567", "01067"],
    ["JP", "ja", "+81 3-1234-5678", "150-0002"],
    ["us", "EN", "+1 (212) 555-0100", "02134"],
    ["IE", "en", "00353 1 555 0199", "D02 X285"],
    ["SA", "ar", "+966 11 555 0100", "00966"],
    ["IL", "he", "+972 3-555-0123", "0610001"],
    ["FR", "fr", "+33 1 99 00 12 34", "01000"],
    ["KR", "ko", "+82 2-555-0123", "03187"],
    ["GR", "el", "+30 21 0555 0100", "10431"],
];

/// One person's row.
pub(super) struct Person {
    /// The cells, in the order of [`COLUMNS`].
    pub(super) cells: [String; 14],
}

impl Person {
    /// The person with this number, as of a run.
    pub(super) fn new(number: u64, run: Run) -> Self {
        let mut random = SmallRng::seed_from_u64(SEED ^ number);
        let [country, language, phone, postal_code] = pick(&PLACES, number).map(str::to_owned);
        let points = random.random_range(0..10_000) + if run == Run::Second && changes(number) { 500 } else { 0 };
        let mut cells = [
            format!("{:08x}-0000-4000-8000-{number:012x}", random.random::<u32>()),
            if email_only(number) { String::new() } else { loyalty_id(number) },
            if no_email(number) { String::new() } else { email(number) },
            pick(&FIRST_NAMES, number).to_owned(),
            pick(&LAST_NAMES, number).to_owned(),
            format!(
                "{}/{}/{}",
                random.random_range(1..=12),
                random.random_range(1..=28),
                random.random_range(1930..=2008)
            ),
            points.to_string(),
            format!("{}.{:02}", random.random_range(-500..20_000), random.random_range(0..100)),
            if random.random() { "True".to_owned() } else { "False".to_owned() },
            postal_code,
            country,
            language,
            phone,
            pick(&ADDRESSES, number).to_owned(),
        ];
        spoil(number, &mut cells);
        Self { cells }
    }

    /// What identifies the person to Braze.
    pub(super) fn identifier(&self) -> Identifier<'_> {
        let [_, id, email, ..] = &self.cells;
        if id.is_empty() { Identifier::Email(email) } else { Identifier::ExternalId(id) }
    }

    /// The email address; empty if there is none.
    pub(super) fn address(&self) -> &str {
        let [_, _, email, ..] = &self.cells;
        email
    }

    /// First and last name.
    pub(super) fn names(&self) -> [&str; 2] {
        let [_, _, _, first, last, ..] = &self.cells;
        [first, last]
    }
}

/// Whether the person's row of the second run differs from that of the first.
pub(super) fn changes(number: u64) -> bool {
    number % 50 == 13 && number % 101 != 2
}

/// Whether the person has an email address alone.
pub(super) fn email_only(number: u64) -> bool {
    number % 17 == 5
}

/// Whether the person has a customer ID alone.
pub(super) fn no_email(number: u64) -> bool {
    number % 11 == 3 && !email_only(number)
}

fn pick<T: Copy, const N: usize>(of: &[T; N], number: u64) -> T {
    // The remainder is below N, which is a usize.
    of[usize::try_from(number % N as u64).unwrap_or_default()]
}

fn loyalty_id(number: u64) -> String {
    if number == LONGEST_ID {
        return format!("LY-{number}-{:0>width$}", 7, width = EXTERNAL_ID_MAX_BYTES - 6);
    }
    match number % 7 {
        0 => format!("{number:010}"),
        1 => format!("LY-{number:07}"),
        2 => format!("7a1f0c52-3b7e-4d1e-9d3a-{number:012x}"),
        3 => format!("会員-{number:06}"),
        4 => format!("ab{number:06}Z"),
        5 => format!("Ü#{number:06}/β"),
        _ => format!("🎟{number:06}"),
    }
}

fn email(number: u64) -> String {
    match number % 8 {
        0 => format!("o'connor{number}@example.com"),
        1 => format!("anna.schmidt+shop{number}@example.de"),
        2 => format!("田中{number}@example.jp"),
        3 => format!("MIXED.Case{number}@Example.COM"),
        4 => format!("user_{number}@mail.example.co.uk"),
        5 => format!("a-{number}@xn--mller-kva.de"),
        6 => format!("müller{number}@example.at"),
        _ => format!("{number}@example.org"),
    }
}

/// Puts what Braze would refuse or ignore into some cells; the rest of the row is to be delivered.
fn spoil(number: u64, cells: &mut [String; 14]) {
    let [_, _, email, first_name, _, birth_date, points, _, _, _, country, _, phone, address] = cells;
    if number % 97 == 1 && !email_only(number) && !no_email(number) {
        "unknown@@example.com".clone_into(email);
    }
    if number % 101 == 2 {
        "many".clone_into(points);
    }
    if number % 103 == 3 {
        "2/30/1990".clone_into(birth_date);
    }
    if number % 107 == 4 {
        "Deutschland".clone_into(country);
    }
    if number % 109 == 6 {
        "call after 6".clone_into(phone);
    }
    if number % 113 == 7 {
        *address = "長い住所 ".repeat(TEXT_MAX_CHARACTERS / 5 + 1);
    }
    if number == LONGEST_NAME {
        *first_name = "ä".repeat(TEXT_MAX_CHARACTERS);
    }
}

/// Rows that can't be delivered, as the bytes of their cells. Each is rejected for another reason.
pub(super) fn strangers() -> [Vec<Vec<u8>>; 6] {
    let row = |id: &str, email: &str, first_name: &[u8]| {
        let mut cells = vec![Vec::new(); COLUMNS.len()];
        cells[1] = id.as_bytes().to_vec();
        cells[2] = email.as_bytes().to_vec();
        cells[3] = first_name.to_vec();
        cells
    };
    let mut too_long = row("LY-stranger-1", "", b"Smith");
    // An unquoted comma.
    too_long.push(b"Jr.".to_vec());
    [
        row("", "", "誰でもない".as_bytes()),
        row("", "not an address", b"Nobody"),
        row(&"X".repeat(EXTERNAL_ID_MAX_BYTES + 1), "", b"Overlong"),
        too_long,
        row("LY-stranger-2", "", b"").into_iter().take(3).collect(),
        row("LY-stranger-3", "", b"M\xfcller"),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use super::*;

    #[test]
    fn everyone_is_different_and_always_the_same() {
        let mut met = HashSet::new();
        for number in 0..20_000 {
            let (first, second) = (Person::new(number, Run::First), Person::new(number, Run::Second));
            assert_eq!(first.identifier(), second.identifier());
            assert_eq!(first.cells == second.cells, !changes(number), "{number}");
            let who = match first.identifier() {
                Identifier::ExternalId(id) => format!("id {id}"),
                Identifier::Email(email) => format!("email {email}"),
            };
            assert!(met.insert(who), "{number} is somebody already");
        }
    }

    #[test]
    fn the_longest_are_as_long_as_braze_allows() {
        let longest = Person::new(LONGEST_ID, Run::First);
        let Identifier::ExternalId(id) = longest.identifier() else { unreachable!("it is an id") };
        assert_eq!(id.len(), EXTERNAL_ID_MAX_BYTES);
        assert_eq!(Person::new(LONGEST_NAME, Run::First).names()[0].chars().count(), TEXT_MAX_CHARACTERS);
    }

    #[test]
    fn kinds_of_people() {
        let number_of = |kind: fn(u64) -> bool| (0..4_000).filter(|number| kind(*number)).count();
        assert!(number_of(email_only) > 200 && number_of(no_email) > 300 && number_of(changes) > 70);
        assert!((0..4_000).all(|number| !(email_only(number) && no_email(number))));
        assert_eq!(Person::new(7, Run::First).cells[1], "0000000007", "zeros lead");
    }
}
