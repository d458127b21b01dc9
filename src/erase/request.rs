use super::person::Person;

/// A request to erase a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The person.
    pub person: Person,
    /// The caller's name for the request, for the receipt.
    pub reference: Option<String>,
    /// Whether to only report where the person is.
    pub dry_run: bool,
}
