//! The names of Braze's profile fields, and names that Braze refuses or interprets in another way.
//!
//! This is the only table of these names. The configuration checks its names here, and the profile checks those that
//! come from files, such as a segment that was found in a folder.

/// The longest name of an attribute, in characters (Braze, "Set custom attributes": keys of up to 255 characters).
pub const LONGEST_NAME: usize = 255;

/// A field that every Braze profile has and that one cell can fill (Braze, "User attributes object"). Its name is in
/// small letters; any other spelling is a custom attribute to Braze.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StandardField {
    /// `first_name`
    FirstName,
    /// `last_name`
    LastName,
    /// `home_city`
    HomeCity,
    /// `image_url`
    ImageUrl,
    /// `country`
    Country,
    /// `language`
    Language,
    /// `dob`, the date of birth
    Dob,
    /// `gender`
    Gender,
    /// `phone`
    Phone,
    /// `time_zone`
    TimeZone,
    /// `email_subscribe`
    EmailSubscribe,
    /// `push_subscribe`
    PushSubscribe,
    /// `date_of_first_session`
    DateOfFirstSession,
    /// `date_of_last_session`
    DateOfLastSession,
    /// `marked_email_as_spam_at`
    MarkedEmailAsSpamAt,
    /// `email_open_tracking_disabled`
    EmailOpenTrackingDisabled,
    /// `email_click_tracking_disabled`
    EmailClickTrackingDisabled,
}

impl StandardField {
    /// Every field there is.
    pub const ALL: [Self; 17] = [
        Self::FirstName,
        Self::LastName,
        Self::HomeCity,
        Self::ImageUrl,
        Self::Country,
        Self::Language,
        Self::Dob,
        Self::Gender,
        Self::Phone,
        Self::TimeZone,
        Self::EmailSubscribe,
        Self::PushSubscribe,
        Self::DateOfFirstSession,
        Self::DateOfLastSession,
        Self::MarkedEmailAsSpamAt,
        Self::EmailOpenTrackingDisabled,
        Self::EmailClickTrackingDisabled,
    ];

    /// The field that Braze calls `name`, exactly.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// Braze's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::HomeCity => "home_city",
            Self::ImageUrl => "image_url",
            Self::Country => "country",
            Self::Language => "language",
            Self::Dob => "dob",
            Self::Gender => "gender",
            Self::Phone => "phone",
            Self::TimeZone => "time_zone",
            Self::EmailSubscribe => "email_subscribe",
            Self::PushSubscribe => "push_subscribe",
            Self::DateOfFirstSession => "date_of_first_session",
            Self::DateOfLastSession => "date_of_last_session",
            Self::MarkedEmailAsSpamAt => "marked_email_as_spam_at",
            Self::EmailOpenTrackingDisabled => "email_open_tracking_disabled",
            Self::EmailClickTrackingDisabled => "email_click_tracking_disabled",
        }
    }

    /// Whether setting it costs a data point (Braze, "Data points": no field of subscription and consent does).
    pub fn costs_data_point(self) -> bool {
        !self.is_subscription_state()
            && !matches!(
                self,
                Self::MarkedEmailAsSpamAt | Self::EmailOpenTrackingDisabled | Self::EmailClickTrackingDisabled
            )
    }

    /// Whether null removes it. A subscription state cannot be removed, and Braze refuses the whole object for a wrong one.
    pub fn can_be_removed(self) -> bool {
        !self.is_subscription_state()
    }

    /// Whether it is a subscription state.
    pub fn is_subscription_state(self) -> bool {
        matches!(self, Self::EmailSubscribe | Self::PushSubscribe)
    }
}

/// Names that identify a profile; data matching sets them.
const IDENTIFIERS: [&str; 6] = ["external_id", "braze_id", "user_alias", "alias_name", "alias_label", "email"];

/// Names with a meaning of their own in a request, or that need more than the text of a column, or that Braze ignores or
/// refuses.
const RESERVED: [&str; 14] = [
    "_update_existing_only",
    "_merge_objects",
    "attributes",
    "events",
    "purchases",
    "current_location",
    "subscription_groups",
    "email_subscription_info",
    "push_tokens",
    "push_token_import",
    "facebook",
    "twitter",
    "bio",
    "app_id",
];

/// Why Braze would not keep an attribute under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameProblem {
    /// There is no name.
    Empty,
    /// White space at an end, which Braze cuts off, so that the attribute would have another name.
    SpaceAtAnEnd,
    /// A `$` in front, which Braze keeps for commands.
    Dollar,
    /// A control character.
    ControlCharacter,
    /// More than [`LONGEST_NAME`] characters.
    TooLong {
        /// How many there are.
        characters: usize,
    },
    /// The name, in any spelling, of something that identifies a profile.
    Identifier(&'static str),
    /// A name that Braze keeps for itself or does not take from a column.
    Reserved,
    /// The name of a field of Braze's own.
    Standard(StandardField),
    /// A field of Braze's own in another spelling, which Braze takes for a custom attribute.
    OtherSpelling(StandardField),
}

/// The standard field of Braze with this name; `None` for a custom attribute.
///
/// # Errors
///
/// Why a column cannot fill a field of that name.
pub fn check_field(name: &str) -> Result<Option<StandardField>, NameProblem> {
    check_form(name)?;
    if let Some(field) = StandardField::of_name(name) {
        return Ok(Some(field));
    }
    if let Some(identifier) = IDENTIFIERS.iter().find(|identifier| identifier.eq_ignore_ascii_case(name)) {
        return Err(NameProblem::Identifier(identifier));
    }
    if RESERVED.contains(&name) {
        return Err(NameProblem::Reserved);
    }
    let alike = StandardField::ALL.into_iter().find(|field| field.as_str().eq_ignore_ascii_case(name));
    alike.map_or(Ok(None), |field| Err(NameProblem::OtherSpelling(field)))
}

/// Whether `name` can be the custom attribute of a segment.
///
/// # Errors
///
/// Why it cannot.
pub fn check_segment_attribute(name: &str) -> Result<(), NameProblem> {
    check_form(name)?;
    if let Some(field) = StandardField::of_name(name) {
        return Err(NameProblem::Standard(field));
    }
    if let Some(identifier) = IDENTIFIERS.iter().find(|identifier| **identifier == name) {
        return Err(NameProblem::Identifier(identifier));
    }
    if RESERVED.contains(&name) { Err(NameProblem::Reserved) } else { Ok(()) }
}

fn check_form(name: &str) -> Result<(), NameProblem> {
    let characters = name.chars().count();
    if name.is_empty() {
        Err(NameProblem::Empty)
    } else if name.trim() != name {
        Err(NameProblem::SpaceAtAnEnd)
    } else if name.starts_with('$') {
        Err(NameProblem::Dollar)
    } else if name.chars().any(char::is_control) {
        Err(NameProblem::ControlCharacter)
    } else if characters > LONGEST_NAME {
        Err(NameProblem::TooLong { characters })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{NameProblem, StandardField, check_field, check_segment_attribute};

    #[test]
    fn names_of_fields_are_exact() {
        for field in StandardField::ALL {
            assert_eq!(StandardField::of_name(field.as_str()), Some(field));
            assert_eq!(check_field(field.as_str()), Ok(Some(field)));
            assert_eq!(check_segment_attribute(field.as_str()), Err(NameProblem::Standard(field)));
        }
        assert_eq!(check_field("First_Name"), Err(NameProblem::OtherSpelling(StandardField::FirstName)));
        assert_eq!(check_segment_attribute("First_Name"), Ok(()));
    }

    #[test]
    fn what_braze_does_not_keep_under_its_name_is_refused_for_fields_and_segments_alike() {
        for name in
            ["", " Gold", "Gold\u{3000}", "$Gold", "Go\nld", "app_id", "events", "email", "bio", &"x".repeat(256)]
        {
            assert!(check_field(name).is_err(), "{name:?}");
            assert!(check_segment_attribute(name).is_err(), "{name:?}");
        }
        assert_eq!(check_field("EMAIL"), Err(NameProblem::Identifier("email")));
        assert_eq!(check_segment_attribute("離反リスク"), Ok(()));
        assert_eq!(check_field(&"é".repeat(255)), Ok(None));
    }
}
