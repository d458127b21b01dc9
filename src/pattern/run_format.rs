use super::error::PatternError;
use super::run_id::RunId;

/// How a run is written in a key. Every format has a fixed number of bytes, so that names without separators can be read
/// too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunFormat {
    items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Literal(char),
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    UnixSeconds,
    Milliseconds,
}

/// The formats of `{run}` without a format, longest first: a shorter one may be a prefix of a longer one.
const KNOWN_FORMATS: &[&str] = &[
    "%Y-%m-%dT%H:%M:%S.%LZ",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H-%M-%SZ",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H-%M-%S",
    "%Y-%m-%d_%H-%M-%S",
    "%Y-%m-%d-%H-%M-%S",
    "%Y-%m-%dT%H:%MZ",
    "%Y-%m-%dT%H%M%S",
    "%Y-%m-%d_%H%M%S",
    "%Y-%m-%d-%H%M%S",
    "%Y%m%d%H%M%S%L",
    "%Y-%m-%d_%H-%M",
    "%Y-%m-%d-%H-%M",
    "%Y%m%dT%H%M%SZ",
    "%Y/%m/%d/%H%M",
    "%Y-%m-%d_%H%M",
    "%Y-%m-%d-%H%M",
    "%Y%m%dT%H%M%S",
    "%Y%m%d_%H%M%S",
    "%Y%m%d-%H%M%S",
    "%Y%m%d%H%M%S",
    "%Y%m%dT%H%M",
    "%Y%m%d_%H%M",
    "%Y%m%d-%H%M",
    "%s%L",
    "%Y%m%d%H%M",
    "%Y-%m-%d",
    "%s",
    "%Y%m%d",
];

impl RunFormat {
    /// Reads a format such as `%Y%m%d%H%M%S` or `%s`.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let refused = |problem| PatternError::RunFormat { format: text.to_owned(), problem };
        let mut items = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                items.push(Item::Literal(character));
                continue;
            }
            items.push(match characters.next() {
                Some('Y') => Item::Year,
                Some('m') => Item::Month,
                Some('d') => Item::Day,
                Some('H') => Item::Hour,
                Some('M') => Item::Minute,
                Some('S') => Item::Second,
                Some('s') => Item::UnixSeconds,
                Some('L') => Item::Milliseconds,
                Some('%') => Item::Literal('%'),
                _ => return Err(refused("it has a part that is not known")),
            });
        }
        let count = |item: &Item| items.iter().filter(|found| *found == item).count();
        let calendar = [Item::Year, Item::Month, Item::Day].map(|item| count(&item));
        let clock = [Item::Hour, Item::Minute, Item::Second].map(|item| count(&item));
        let unix = count(&Item::UnixSeconds);
        if calendar.iter().chain(&clock).any(|&times| times > 1) || unix > 1 {
            return Err(refused("a part occurs twice"));
        }
        let is_date = calendar == [1, 1, 1] && unix == 0;
        // Minutes only with hours, seconds only with minutes.
        let is_time = clock.is_sorted_by(|larger, smaller| larger >= smaller);
        let is_unix = calendar == [0, 0, 0] && clock == [0, 0, 0] && unix == 1;
        if (is_date && is_time) || is_unix {
            return Ok(Self { items });
        }
        Err(refused("it needs %Y, %m and %d, with %H, %H%M or %H%M%S for the time of day, or only %s"))
    }

    /// The formats of `{run}` without a format.
    pub(super) fn known() -> Vec<Self> {
        KNOWN_FORMATS.iter().filter_map(|format| Self::parse(format).ok()).collect()
    }

    /// Unix seconds alone.
    pub(super) fn unix_seconds() -> Self {
        Self { items: vec![Item::UnixSeconds] }
    }

    /// The run at the beginning of `text`, and how many bytes it takes.
    pub(super) fn read(&self, text: &str) -> Option<(RunId, usize)> {
        let mut at = 0;
        let mut unix = None;
        let (mut year, mut month, mut day) = (0, 0, 0);
        let (mut hour, mut minute, mut second) = (0, 0, None);
        for item in &self.items {
            let rest = text.get(at..)?;
            let (value, width) = match item {
                Item::Literal(character) => rest.starts_with(*character).then_some((0, character.len_utf8()))?,
                Item::Year => (digits(rest, 4)?, 4),
                Item::UnixSeconds => (digits(rest, 10)?, 10),
                Item::Milliseconds => (digits(rest, 3)?, 3),
                _ => (digits(rest, 2)?, 2),
            };
            at += width;
            match item {
                Item::Year => year = value,
                Item::Month => month = value,
                Item::Day => day = value,
                Item::Hour => hour = value,
                Item::Minute => minute = value,
                Item::Second => second = Some(value),
                Item::UnixSeconds => unix = Some(value),
                Item::Literal(_) | Item::Milliseconds => {}
            }
        }
        let run = match (unix, second) {
            (Some(seconds), _) => RunId::from_unix_seconds(seconds),
            (None, Some(second)) => RunId::seconds(year, month, day, hour, minute, second),
            (None, None) => RunId::minutes(year, month, day, hour, minute),
        };
        run.map(|run| (run, at))
    }
}

/// The number in the first `width` characters, if all of them are digits.
fn digits(text: &str, width: usize) -> Option<i64> {
    let digits = text.get(..width)?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}
