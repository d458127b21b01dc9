//! Words a name that Braze would not keep, and the types that Braze's own fields take.

use super::mistakes::Refusal;
use super::shown::{quoted, shown};
use crate::braze_fields::{self, LONGEST_NAME, NameProblem, StandardField};

const TEXT: &[&str] = &["string"];
const DAY: &[&str] = &["string", "date", "datetime"];
const YES_OR_NO: &[&str] = &["boolean"];

/// The names of `type` that Braze takes for a field of its own (Braze, "User attributes object"); a field without a
/// declared type takes its texts as they are.
pub(super) fn types_of(field: StandardField) -> &'static [&'static str] {
    match field {
        StandardField::FirstName
        | StandardField::LastName
        | StandardField::Phone
        | StandardField::HomeCity
        | StandardField::ImageUrl
        | StandardField::Country
        | StandardField::Language
        | StandardField::Gender
        | StandardField::TimeZone
        | StandardField::EmailSubscribe
        | StandardField::PushSubscribe => TEXT,
        StandardField::Dob
        | StandardField::DateOfFirstSession
        | StandardField::DateOfLastSession
        | StandardField::MarkedEmailAsSpamAt => DAY,
        StandardField::EmailOpenTrackingDisabled | StandardField::EmailClickTrackingDisabled => YES_OR_NO,
    }
}

/// The standard field with a name under `[exports.NAME.attributes]`; `None` for a custom attribute.
pub(super) fn check_field(name: &str) -> Result<Option<StandardField>, Refusal> {
    braze_fields::check_field(name).map_err(|problem| {
        let allowed = "a standard field or a custom attribute";
        match problem {
            NameProblem::Identifier(identifier) => {
                let advice = match identifier {
                    "email" => {
                        Some("name the column under data_matching as email: it is sent as the profile's address, too")
                    }
                    "external_id" => Some("name the column under data_matching as customer_id"),
                    _ => None,
                };
                let found = format!("the name {}, which identifies a profile", quoted(name));
                Refusal::new(found, allowed).advise(advice.map(str::to_owned))
            }
            NameProblem::OtherSpelling(field) => {
                let found = format!("the name {}, which Braze would store as a custom attribute", quoted(name));
                Refusal::new(found, format!("Braze's own spelling, {}", quoted(field.as_str())))
            }
            NameProblem::Reserved | NameProblem::Standard(_) => {
                let found = format!("the name {}, which Braze reserves or does not accept from a column", quoted(name));
                Refusal::new(found, allowed)
            }
            form => refuse_form(name, form),
        }
    })
}

/// Whether `name` can be the custom attribute of a segment.
pub(super) fn check_segment_attribute(name: &str) -> Result<(), Refusal> {
    braze_fields::check_segment_attribute(name).map_err(|problem| match problem {
        NameProblem::Identifier(_) | NameProblem::Reserved | NameProblem::Standard(_) => {
            let found = format!("the attribute name {}, which is a standard field of Braze", quoted(name));
            Refusal::new(found, "the name of a custom attribute")
        }
        form => refuse_form(name, form),
    })
}

fn refuse_form(name: &str, problem: NameProblem) -> Refusal {
    let allowed = format!(
        "a name of 1 to {LONGEST_NAME} characters, without a space at either end, control characters, or $ in front"
    );
    let found = match problem {
        NameProblem::Empty => "an empty name".to_owned(),
        NameProblem::SpaceAtAnEnd => format!("{}, with a leading or trailing space", shown(name)),
        NameProblem::TooLong { characters } => format!("a name of {characters} characters"),
        _ => shown(name),
    };
    Refusal::new(found, allowed)
}
