//! Values that are not sent because Braze would not accept them, counted by field and reason.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::message::codes;

/// Why a value is not sent. The text follows the field's name in the report: `field: reason`.
///
/// Fix: fix the value in the source data, or the field's column and type in `exports.toml`. The rest of the row is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum DropReason {
    /// The value is not an email address by Braze's rules.
    NotAnAddress,
    /// The value is not UTF-8, or the row is too short to contain it.
    NotReadable,
    /// The text is longer than 255 characters.
    TooLong,
    /// The web address is longer than 1,024 characters.
    AddressTooLong,
    /// The value is not a 64-bit whole number.
    NotAWholeNumber,
    /// The value is not a finite number.
    NotANumber,
    /// The value is not a word for true or false.
    NotABoolean,
    /// The value is not a date in ISO 8601 or the order of the column, or the day does not exist.
    NotADate,
    /// The value is not a date and time in ISO 8601 or the order of the column, or does not exist.
    NotADateTime,
    /// The date may have the day or the month first, and nothing in its column shows which.
    DayOrMonth,
    /// Braze does not store this year as a date.
    YearOutOfRange,
    /// The array has more than 500 elements.
    TooManyElements,
    /// An element of the array is longer than 255 characters.
    ElementTooLong,
    /// The array is larger than 100 KB.
    ArrayTooLarge,
    /// The value is not the code or the name of one country.
    NotACountry,
    /// No code that Braze lists.
    NotALanguage,
    /// The value is not one of Braze's genders.
    NotAGender,
    /// The value is not a phone number of its country.
    NotAPhoneNumber,
    /// The phone number has no country.
    PhoneWithoutCountry,
    /// The value is not the name of a time zone.
    NotATimeZone,
    /// The value is not one of Braze's subscription states.
    NotASubscriptionState,
}

codes!(DropReason {
    NotAnAddress = "ITB-V01",
    NotReadable = "ITB-V02",
    TooLong = "ITB-V03",
    NotAWholeNumber = "ITB-V04",
    NotANumber = "ITB-V05",
    NotABoolean = "ITB-V06",
    NotADate = "ITB-V07",
    NotADateTime = "ITB-V08",
    YearOutOfRange = "ITB-V09",
    TooManyElements = "ITB-V10",
    ElementTooLong = "ITB-V11",
    ArrayTooLarge = "ITB-V12",
    NotACountry = "ITB-V13",
    NotALanguage = "ITB-V14",
    NotAGender = "ITB-V15",
    NotAPhoneNumber = "ITB-V16",
    NotATimeZone = "ITB-V17",
    NotASubscriptionState = "ITB-V18",
    AddressTooLong = "ITB-V19",
    DayOrMonth = "ITB-V20",
    PhoneWithoutCountry = "ITB-V21",
});

impl DropReason {
    /// Every reason there is.
    pub const ALL: [Self; 21] = [
        Self::NotAnAddress,
        Self::NotReadable,
        Self::TooLong,
        Self::AddressTooLong,
        Self::NotAWholeNumber,
        Self::NotANumber,
        Self::NotABoolean,
        Self::NotADate,
        Self::NotADateTime,
        Self::DayOrMonth,
        Self::YearOutOfRange,
        Self::TooManyElements,
        Self::ElementTooLong,
        Self::ArrayTooLarge,
        Self::NotACountry,
        Self::NotALanguage,
        Self::NotAGender,
        Self::NotAPhoneNumber,
        Self::PhoneWithoutCountry,
        Self::NotATimeZone,
        Self::NotASubscriptionState,
    ];

    /// The text of the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAnAddress => "not an address",
            Self::NotReadable => "not readable",
            Self::TooLong => "longer than 255 characters",
            Self::AddressTooLong => "longer than 1,024 characters",
            Self::NotAWholeNumber => "not a whole number",
            Self::NotANumber => "not a number",
            Self::NotABoolean => "not true or false",
            Self::NotADate => "not a date",
            Self::NotADateTime => "not a date and time",
            Self::DayOrMonth => "day or month first is not known (set date_order)",
            Self::YearOutOfRange => "year not within 0 to 3000",
            Self::TooManyElements => "more than 500 elements",
            Self::ElementTooLong => "an element longer than 255 characters",
            Self::ArrayTooLarge => "array larger than 100 KB",
            Self::NotACountry => "not the code or name of one country",
            Self::NotALanguage => "not a language code of Braze",
            Self::NotAGender => "not M, F, O, N or P",
            Self::NotAPhoneNumber => "not a phone number of its country",
            Self::PhoneWithoutCountry => "a phone number without its country (set default_country or country_column)",
            Self::NotATimeZone => "not a time zone name",
            Self::NotASubscriptionState => "not opted_in, subscribed or unsubscribed",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many fields were left out of rows, by field and reason. Holds no value of any cell.
///
/// One count serves all files of an export, whichever [`Matcher`](super::Matcher) reads them; counts of several
/// files are added with [`DroppedFields::merge`].
#[derive(Clone, Debug, Default)]
pub struct DroppedFields {
    fields: Vec<FieldCounts>,
}

/// The counts of one field. A field without a name is one that nothing was dropped of.
#[derive(Clone, Debug, Default)]
struct FieldCounts {
    name: Arc<str>,
    counts: [u64; DropReason::ALL.len()],
}

impl DroppedFields {
    /// Counts one dropped field. `slot` is its place among the export's fields, where its counts are looked for first.
    pub(super) fn count(&mut self, slot: usize, name: &Arc<str>, reason: DropReason) {
        self.counts_of(slot, name)[reason as usize] += 1;
    }

    fn counts_of(&mut self, slot: usize, name: &Arc<str>) -> &mut [u64; DropReason::ALL.len()] {
        let at = match self.fields.get(slot) {
            Some(field) if field.name == *name => slot,
            _ => self.place_for(slot, name),
        };
        &mut self.fields[at].counts
    }

    /// Where the counts of `name` are: where they already were, else in `slot` if that is free, else at the end.
    fn place_for(&mut self, slot: usize, name: &Arc<str>) -> usize {
        if let Some(at) = self.fields.iter().position(|field| field.name == *name) {
            return at;
        }
        let free = self.fields.get(slot).is_none_or(|field| field.name.is_empty());
        let at = if free { slot } else { self.fields.len() };
        if self.fields.len() <= at {
            self.fields.resize_with(at + 1, FieldCounts::default);
        }
        self.fields[at].name = Arc::clone(name);
        at
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (slot, field) in other.fields.iter().enumerate().filter(|(_, field)| !field.name.is_empty()) {
            let own = self.counts_of(slot, &field.name);
            for (own, more) in own.iter_mut().zip(field.counts) {
                *own += more;
            }
        }
    }

    /// How many fields were dropped in all.
    pub fn total(&self) -> u64 {
        self.fields.iter().flat_map(|field| field.counts).sum()
    }

    /// The counts as the report shows them: `field: reason` and how often.
    pub fn to_map(&self) -> BTreeMap<String, u64> {
        let mut map = BTreeMap::new();
        for field in &self.fields {
            for (reason, count) in DropReason::ALL.into_iter().zip(field.counts).filter(|&(_, count)| count > 0) {
                map.insert(format!("{}: {reason}", field.name), count);
            }
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{DropReason, DroppedFields};

    #[test]
    fn every_reason_has_its_own_place_and_text() {
        for (place, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place);
        }
        let texts: std::collections::BTreeSet<_> = DropReason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(texts.len(), DropReason::ALL.len());
    }

    #[test]
    fn counts_add_up_across_files_whatever_the_order_of_fields() {
        let [email, city, points]: [Arc<str>; 3] = ["email".into(), "home_city".into(), "points".into()];
        let mut first = DroppedFields::default();
        first.count(0, &email, DropReason::NotAnAddress);
        first.count(2, &points, DropReason::NotAWholeNumber);
        let mut second = DroppedFields::default();
        second.count(0, &email, DropReason::NotAnAddress);
        second.count(1, &points, DropReason::NotAWholeNumber);
        second.count(2, &city, DropReason::TooLong);
        first.merge(&second);
        let shown: Vec<_> = first.to_map().into_iter().collect();
        let expected = [
            ("email: not an address".to_owned(), 2),
            ("home_city: longer than 255 characters".to_owned(), 1),
            ("points: not a whole number".to_owned(), 2),
        ];
        assert_eq!(shown, expected);
        assert_eq!(first.total(), 5);
    }
}
