//! The code lists behind Braze's `country` and `language`.
//!
//! Braze maps other spellings as well as it can and sets the field to nothing where it cannot (Braze, "User attributes
//! object"), so only the codes that it documents are sent.

/// The officially assigned codes of ISO 3166-1 alpha-2, in order.
#[rustfmt::skip]
const COUNTRIES: [&str; 249] = [
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW",
    "AX", "AZ", "BA", "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN",
    "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG",
    "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX", "CY", "CZ",
    "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI",
    "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL",
    "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR",
    "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM",
    "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA",
    "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME",
    "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT", "MU",
    "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP",
    "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR",
    "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD",
    "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST", "SV",
    "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO",
    "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE",
    "VG", "VI", "VN", "VU", "WF", "WS", "YE", "YT", "ZA", "ZM", "ZW",
];

/// The codes of ISO 639-1, in order, with the withdrawn `bh`, which other systems still write.
#[rustfmt::skip]
const LANGUAGES: [&str; 184] = [
    "aa", "ab", "ae", "af", "ak", "am", "an", "ar", "as", "av", "ay", "az", "ba", "be",
    "bg", "bh", "bi", "bm", "bn", "bo", "br", "bs", "ca", "ce", "ch", "co", "cr", "cs",
    "cu", "cv", "cy", "da", "de", "dv", "dz", "ee", "el", "en", "eo", "es", "et", "eu",
    "fa", "ff", "fi", "fj", "fo", "fr", "fy", "ga", "gd", "gl", "gn", "gu", "gv", "ha",
    "he", "hi", "ho", "hr", "ht", "hu", "hy", "hz", "ia", "id", "ie", "ig", "ii", "ik",
    "io", "is", "it", "iu", "ja", "jv", "ka", "kg", "ki", "kj", "kk", "kl", "km", "kn",
    "ko", "kr", "ks", "ku", "kv", "kw", "ky", "la", "lb", "lg", "li", "ln", "lo", "lt",
    "lu", "lv", "mg", "mh", "mi", "mk", "ml", "mn", "mr", "ms", "mt", "my", "na", "nb",
    "nd", "ne", "ng", "nl", "nn", "no", "nr", "nv", "ny", "oc", "oj", "om", "or", "os",
    "pa", "pi", "pl", "ps", "pt", "qu", "rm", "rn", "ro", "ru", "rw", "sa", "sc", "sd",
    "se", "sg", "si", "sk", "sl", "sm", "sn", "so", "sq", "sr", "ss", "st", "su", "sv",
    "sw", "ta", "te", "tg", "th", "ti", "tk", "tl", "tn", "to", "tr", "ts", "tt", "tw",
    "ty", "ug", "uk", "ur", "uz", "ve", "vi", "vo", "wa", "wo", "xh", "yi", "yo", "za",
    "zh", "zu",
];

/// The country code that `text` is, whatever its case, in capitals.
pub(super) fn country(text: &str) -> Option<&'static str> {
    find(&COUNTRIES, <[u8; 2]>::try_from(text.as_bytes()).ok()?.map(|byte| byte.to_ascii_uppercase()))
}

/// The language code that `text` is, whatever its case, in small letters.
pub(super) fn language(text: &str) -> Option<&'static str> {
    find(&LANGUAGES, <[u8; 2]>::try_from(text.as_bytes()).ok()?.map(|byte| byte.to_ascii_lowercase()))
}

fn find(codes: &[&'static str], code: [u8; 2]) -> Option<&'static str> {
    let at = codes.binary_search_by(|known| known.as_bytes().cmp(&code)).ok()?;
    codes.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::{COUNTRIES, LANGUAGES, country, language};

    #[test]
    fn the_lists_are_in_order() {
        assert!(COUNTRIES.is_sorted());
        assert!(LANGUAGES.is_sorted());
    }

    #[test]
    fn codes_are_known_in_any_case_and_nothing_else_is() {
        assert_eq!(country("jp"), Some("JP"));
        assert_eq!(country("De"), Some("DE"));
        for text in ["", "J", "JPN", "XX", "UK", "Germany", "日"] {
            assert_eq!(country(text), None, "{text:?}");
        }
        assert_eq!(language("JA"), Some("ja"));
        for text in ["", "xx", "jpn", "en-US", "English"] {
            assert_eq!(language(text), None, "{text:?}");
        }
    }
}
