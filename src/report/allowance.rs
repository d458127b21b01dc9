use serde::{Deserialize, Serialize};

/// The field of a request that releases a held run or file, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Allowance {
    /// How many people leave.
    #[serde(rename = "allow_leavers")]
    Leavers(u64),
    /// In how many rows identifiers are doubtful.
    #[serde(rename = "allow_identifiers")]
    Identifiers(u64),
    /// How many people or fields differ in Braze.
    #[serde(rename = "allow_differences")]
    Differences(u64),
}

impl Allowance {
    /// Whether nothing, or only a trial, was sent: all but the leavers of a run that is held because of them are in Braze.
    pub fn is_of_unsent(self) -> bool {
        !matches!(self, Self::Leavers(_))
    }

    /// The number.
    pub fn number(self) -> u64 {
        match self {
            Self::Leavers(number) | Self::Identifiers(number) | Self::Differences(number) => number,
        }
    }
}
