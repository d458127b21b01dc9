//! The profile fields that Braze defines itself.

use super::field_type::FieldType;

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
    pub const ALL: [Self; 16] = [
        Self::FirstName,
        Self::LastName,
        Self::HomeCity,
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

    pub(super) fn field_type(self) -> FieldType {
        match self {
            Self::FirstName | Self::LastName | Self::HomeCity => FieldType::Text,
            Self::Country => FieldType::Country,
            Self::Language => FieldType::Language,
            Self::Dob => FieldType::Date,
            Self::Gender => FieldType::Gender,
            Self::Phone => FieldType::Phone,
            Self::TimeZone => FieldType::TimeZone,
            Self::EmailSubscribe | Self::PushSubscribe => FieldType::SubscriptionState,
            Self::DateOfFirstSession | Self::DateOfLastSession | Self::MarkedEmailAsSpamAt => FieldType::DateTime,
            Self::EmailOpenTrackingDisabled | Self::EmailClickTrackingDisabled => FieldType::Boolean,
        }
    }

    /// Whether setting it costs a data point (Braze, "Data points": subscription states do not).
    pub(super) fn costs_data_point(self) -> bool {
        !self.is_subscription_state()
    }

    /// Whether null removes it. A subscription state has no such thing, and Braze refuses the whole object for a wrong
    /// one.
    pub(super) fn can_be_removed(self) -> bool {
        !self.is_subscription_state()
    }

    fn is_subscription_state(self) -> bool {
        matches!(self, Self::EmailSubscribe | Self::PushSubscribe)
    }
}

/// Whether `name` means something to Braze that one cell cannot fill, so that neither a segment's attribute nor a
/// further field may have it: identifiers, the email (which data matching fills), flags, and fields that hold objects.
pub fn is_reserved(name: &str) -> bool {
    matches!(
        name,
        "external_id"
            | "email"
            | "user_alias"
            | "alias_name"
            | "alias_label"
            | "braze_id"
            | "_update_existing_only"
            | "_merge_objects"
            | "push_token_import"
            | "push_tokens"
            | "subscription_groups"
            | "current_location"
            | "facebook"
            | "twitter"
            | "bio"
            | "email_subscription_info"
    )
}

#[cfg(test)]
mod tests {
    use super::{StandardField, is_reserved};

    #[test]
    fn names_are_exact() {
        for field in StandardField::ALL {
            assert_eq!(StandardField::of_name(field.as_str()), Some(field));
            assert!(!is_reserved(field.as_str()));
        }
        assert_eq!(StandardField::of_name("First_Name"), None);
        assert_eq!(StandardField::of_name("email"), None);
        assert!(is_reserved("email"));
    }
}
