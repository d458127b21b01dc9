//! How a culture writes dates and numbers.

/// The order of day, month and year in a date that does not begin with a year of four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// `11/23/2026`
    MonthDayYear,
    /// `23.11.2026`
    DayMonthYear,
    /// `2026/11/23`
    YearMonthDay,
}

/// How the dates and numbers of a column are written. ISO 8601, and any other date that begins with a year of four digits,
/// is read under every culture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Culture {
    /// How a date that does not begin with its year is read; `None` if that is not known. Then the column as a whole shows which
    /// number is the day, or nothing does.
    pub date_order: Option<DateOrder>,
    /// Whether the decimal separator is a comma instead of a point.
    pub decimal_comma: bool,
    /// Whether digits may be in groups of three. Without a declared culture, `1,234` may be two numbers.
    pub groups_digits: bool,
}

impl Default for Culture {
    fn default() -> Self {
        Self::UNDECLARED
    }
}

impl Culture {
    /// What holds where no culture is declared.
    pub const UNDECLARED: Self = Self { date_order: None, decimal_comma: false, groups_digits: false };

    /// What holds for a culture that is not in the table: dates that begin with the year, and a decimal point. A day
    /// and a month are never guessed apart.
    pub const YEAR_FIRST: Self =
        Self { date_order: Some(DateOrder::YearMonthDay), decimal_comma: false, groups_digits: false };

    /// The culture of an IETF language tag such as `de-DE`, in any case; `None` when it is not in the table.
    ///
    /// | date order | languages |
    /// | --- | --- |
    /// | month day year | `en`, `en-US`, `en-PH`, `fil`, `es-US`, `es-PR`, `es-PA`, the empty tag (the invariant culture) |
    /// | year month day | `ja`, `ko`, `zh` (but `zh-HK`, `zh-MO`, `zh-SG`), `hu`, `lt`, `sv-SE`, `eu`, `af`, `en-CA`, `fr-CA`, `en-ZA` |
    /// | day month year | other `en`, `es`, `fr`, `sv`, `zh`; `de`, `it`, `pt`, `nl`, `da`, `nb`, `nn`, `no`, `fi`, `is`, `et`, `lv`, `pl`, `cs`, `sk`, `sl`, `hr`, `sr`, `bs`, `mk`, `ro`, `bg`, `ru`, `uk`, `be`, `el`, `tr`, `ca`, `gl`, `he`, `id`, `vi`, `ms`, `hi` |
    ///
    /// The decimal separator is a comma for all of these except `en` (but `en-ZA`), `ja`, `ko`, `zh`, `fil`, `he`, `hi`,
    /// `ms`, `de-CH`, `de-LI`, `it-CH`, and `es` of Mexico, the United States, Puerto Rico, Guatemala, Honduras,
    /// Nicaragua, El Salvador, Panama, Peru and the Dominican Republic.
    ///
    /// Cultures whose calendar is not the Gregorian one (`th`, `fa`, `ar-SA`) are left out on purpose.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_lowercase();
        let mut subtags = tag.split(['-', '_']);
        let language = subtags.next().unwrap_or_default();
        let region = subtags.rfind(|subtag| subtag.len() == 2).unwrap_or_default();
        let date_order = date_order(language, region)?;
        let decimal_comma = decimal_comma(language, region);
        Some(Self { date_order: Some(date_order), decimal_comma, groups_digits: true })
    }
}

fn date_order(language: &str, region: &str) -> Option<DateOrder> {
    Some(match (language, region) {
        ("" | "fil", _) | ("en", "" | "us" | "ph") | ("es", "us" | "pr" | "pa") => DateOrder::MonthDayYear,
        ("zh", "hk" | "mo" | "sg") => DateOrder::DayMonthYear,
        ("ja" | "ko" | "zh" | "hu" | "lt" | "eu" | "af", _)
        | ("sv", "" | "se")
        | ("en" | "fr", "ca")
        | ("en", "za") => DateOrder::YearMonthDay,
        (
            "en" | "es" | "fr" | "sv" | "de" | "it" | "pt" | "nl" | "da" | "nb" | "nn" | "no" | "fi" | "is" | "et"
            | "lv" | "pl" | "cs" | "sk" | "sl" | "hr" | "sr" | "bs" | "mk" | "ro" | "bg" | "ru" | "uk" | "be" | "el"
            | "tr" | "ca" | "gl" | "he" | "id" | "vi" | "ms" | "hi",
            _,
        ) => DateOrder::DayMonthYear,
        _ => return None,
    })
}

fn decimal_comma(language: &str, region: &str) -> bool {
    match (language, region) {
        ("en", region) => region == "za",
        ("" | "ja" | "ko" | "zh" | "fil" | "he" | "hi" | "ms", _)
        | ("de", "ch" | "li")
        | ("it", "ch")
        | ("es", "mx" | "us" | "pr" | "gt" | "hn" | "ni" | "sv" | "pa" | "pe" | "do") => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{Culture, DateOrder};

    #[test]
    fn tags_give_date_order_and_decimal_separator() {
        use DateOrder::{DayMonthYear, MonthDayYear, YearMonthDay};
        for (tag, date_order, decimal_comma) in [
            ("en-US", MonthDayYear, false),
            ("en", MonthDayYear, false),
            ("", MonthDayYear, false),
            ("EN-gb", DayMonthYear, false),
            ("en_AU", DayMonthYear, false),
            ("en-CA", YearMonthDay, false),
            ("de-DE", DayMonthYear, true),
            ("de-CH", DayMonthYear, false),
            ("fr-FR", DayMonthYear, true),
            ("fr-CA", YearMonthDay, true),
            ("ja-JP", YearMonthDay, false),
            ("ja", YearMonthDay, false),
            ("zh-Hant-HK", DayMonthYear, false),
            ("zh-Hans-CN", YearMonthDay, false),
            ("sr-Latn-RS", DayMonthYear, true),
            ("es-MX", DayMonthYear, false),
            ("sv-SE", YearMonthDay, true),
        ] {
            let expected = Culture { date_order: Some(date_order), decimal_comma, groups_digits: true };
            assert_eq!(Culture::of_tag(tag), Some(expected), "{tag}");
        }
    }

    #[test]
    fn unknown_cultures_and_other_calendars_are_not_guessed() {
        for tag in ["th-TH", "fa-IR", "ar-SA", "tlh", "日本語"] {
            assert_eq!(Culture::of_tag(tag), None, "{tag}");
        }
    }
}
