//! Names of time zones, as Braze takes them.

/// The first part of an IANA name of several parts.
const AREAS: [&str; 16] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Brazil",
    "Canada",
    "Chile",
    "Etc",
    "Europe",
    "Indian",
    "Mexico",
    "Pacific",
    "US",
];

/// The IANA names of one part, and the names of Ruby on Rails, which Braze takes too; in order.
#[rustfmt::skip]
const SINGLE_NAMES: [&str; 194] = [
    "Abu Dhabi", "Adelaide", "Alaska", "Almaty", "American Samoa", "Amsterdam", "Arizona", "Astana", "Asuncion",
    "Athens", "Atlantic Time (Canada)", "Auckland", "Azores", "Baghdad", "Baku", "Bangkok", "Beijing", "Belgrade",
    "Berlin", "Bern", "Bogota", "Brasilia", "Bratislava", "Brisbane", "Brussels", "Bucharest", "Budapest",
    "Buenos Aires", "CET", "CST6CDT", "Cairo", "Canberra", "Cape Verde Is.", "Caracas", "Casablanca",
    "Central America", "Central Time (US & Canada)", "Chatham Is.", "Chennai", "Chihuahua", "Chongqing",
    "Copenhagen", "Cuba", "Darwin", "Dhaka", "Dublin", "EET", "EST", "EST5EDT", "Eastern Time (US & Canada)",
    "Edinburgh", "Egypt", "Eire", "Ekaterinburg", "Fiji", "GB", "GB-Eire", "GMT", "GMT+0", "GMT-0", "GMT0",
    "Georgetown", "Greenland", "Greenwich", "Guadalajara", "Guam", "HST", "Hanoi", "Harare", "Hawaii", "Helsinki",
    "Hobart", "Hong Kong", "Hongkong", "Iceland", "Indiana (East)", "International Date Line West", "Iran",
    "Irkutsk", "Islamabad", "Israel", "Istanbul", "Jakarta", "Jamaica", "Japan", "Jerusalem", "Kabul",
    "Kaliningrad", "Kamchatka", "Karachi", "Kathmandu", "Kolkata", "Krasnoyarsk", "Kuala Lumpur", "Kuwait",
    "Kwajalein", "Kyiv", "La Paz", "Libya", "Lima", "Lisbon", "Ljubljana", "London", "MET", "MST", "MST7MDT",
    "Madrid", "Magadan", "Marshall Is.", "Mazatlan", "Melbourne", "Mexico City", "Mid-Atlantic", "Midway Island",
    "Minsk", "Monrovia", "Monterrey", "Montevideo", "Moscow", "Mountain Time (US & Canada)", "Mumbai", "Muscat",
    "NZ", "NZ-CHAT", "Nairobi", "Navajo", "New Caledonia", "New Delhi", "Newfoundland", "Novosibirsk",
    "Nuku'alofa", "Osaka", "PRC", "PST8PDT", "Pacific Time (US & Canada)", "Paris", "Perth", "Poland",
    "Port Moresby", "Portugal", "Prague", "Pretoria", "Puerto Rico", "Quito", "ROC", "ROK", "Rangoon", "Riga",
    "Riyadh", "Rome", "Samara", "Samoa", "Santiago", "Sapporo", "Sarajevo", "Saskatchewan", "Seoul", "Singapore",
    "Skopje", "Sofia", "Solomon Is.", "Srednekolymsk", "Sri Jayawardenepura", "St. Petersburg", "Stockholm",
    "Sydney", "Taipei", "Tallinn", "Tashkent", "Tbilisi", "Tehran", "Tijuana", "Tokelau Is.", "Tokyo", "Turkey",
    "UCT", "UTC", "Ulaanbaatar", "Universal", "Urumqi", "Vienna", "Vilnius", "Vladivostok", "Volgograd", "W-SU",
    "WET", "Warsaw", "Wellington", "West Central Africa", "Yakutsk", "Yerevan", "Zagreb", "Zulu", "Zurich",
];

/// Whether `text` has the form of a time zone's name: `Area/Location` of the IANA database (any location of a known
/// area: the database grows), one of its names of one part, or a Rails name such as `Eastern Time (US & Canada)`.
///
/// Braze ignores a name that it does not know (Braze, "User attributes object"), among them those of Windows, such as
/// `Tokyo Standard Time`.
pub(super) fn is_time_zone(text: &str) -> bool {
    match text.split_once('/') {
        None => SINGLE_NAMES.binary_search(&text).is_ok(),
        Some((area, location)) => AREAS.contains(&area) && location.len() <= 64 && location.split('/').all(is_location),
    }
}

fn is_location(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_uppercase())
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{SINGLE_NAMES, is_time_zone};

    /// The names of the IANA database and of Ruby on Rails, with their source.
    const LISTED: &str = include_str!("../../tests/fixtures/values/time-zones.csv");

    #[test]
    fn the_names_are_those_of_the_sources() {
        assert!(SINGLE_NAMES.is_sorted());
        let mut reader = csv::Reader::from_reader(LISTED.as_bytes());
        let listed: Vec<String> = reader.records().map(|record| record.unwrap()[0].to_owned()).collect();
        assert!(listed.len() > 700);
        assert!(listed.iter().all(|name| is_time_zone(name)));
        let single: Vec<&str> = listed.iter().map(String::as_str).filter(|name| !name.contains('/')).collect();
        assert_eq!(single, SINGLE_NAMES);
    }

    #[test]
    fn names_that_braze_takes() {
        for text in [
            "America/New_York",
            "America/Argentina/Buenos_Aires",
            "Asia/Tokyo",
            "Etc/GMT+9",
            "UTC",
            "Japan",
            "Eastern Time (US & Canada)",
            "Nuku'alofa",
        ] {
            assert!(is_time_zone(text), "{text:?}");
        }
    }

    #[test]
    fn names_that_it_ignores() {
        for text in [
            "",
            "JST",
            "+09:00",
            "Tokyo Standard Time",
            "asia/tokyo",
            "Asia/",
            "Asia/東京",
            "Mars/Olympus",
            "Asia/Tokyo/",
        ] {
            assert!(!is_time_zone(text), "{text:?}");
        }
    }
}
