//! What a report says about the columns of a file.

use std::fmt;

use crate::message::{codes, counted};

/// A note about a column, or about a setting that belongs to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ColumnNote {
    /// The culture of `model.json` is none of those that are known.
    ///
    /// Fix: set `culture` for the export, or `date_order` and the like for its fields.
    UnknownCulture { culture: String },
    /// The name in `exports.toml` differs from the column's name in upper and lower case or in spaces.
    ///
    /// Fix: nothing to do; write the name as it is in the file if you want the note to go away.
    NearlyNamed { key: String, column: String, found: String },
    /// A `type` is declared for a field whose type Braze defines.
    ///
    /// Fix: remove `type`.
    TypeWithoutEffect { key: String },
    /// Subscription states can be changed, but not removed.
    ///
    /// Fix: remove `empty = "remove"`.
    RemoveWithoutEffect { key: String },
    /// The cells of a column show another order of day and month than the culture of `model.json`.
    ///
    /// Fix: set `date_order` for the field.
    DatesAgainstCulture { field: String, shown: &'static str, declared: &'static str },
    /// No culture says whether the day or the month comes first, but cells of the column show it.
    ///
    /// Fix: nothing to do if that is right; otherwise set `date_order` for the field.
    DateOrderShown { field: String, order: &'static str },
    /// Some cells of a column have the day first, others the month.
    ///
    /// Fix: set `date_order` for the field.
    DatesOfBothOrders { field: String, day_first: u64, month_first: u64, read_as: &'static str },
    /// Every date of the column could be read both ways.
    ///
    /// Fix: set `date_order` for the field, or `culture` for the export.
    DateOrderUnknown { field: String },
    /// The first rows of a file, or all of them, are rejected for one and the same reason.
    ///
    /// Fix: as for the reason.
    EveryRowRejected { reason: String },
}

codes!(ColumnNote {
    UnknownCulture = "ITB-M03",
    NearlyNamed = "ITB-M04",
    TypeWithoutEffect = "ITB-M05",
    RemoveWithoutEffect = "ITB-M06",
    DatesAgainstCulture = "ITB-M07",
    DateOrderShown = "ITB-M08",
    DatesOfBothOrders = "ITB-M09",
    DateOrderUnknown = "ITB-M10",
    EveryRowRejected = "ITB-M11",
});

impl fmt::Display for ColumnNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCulture { culture } => write!(
                f,
                "the culture {culture:?} of model.json is not supported: only dates that start with the year and numbers \
                 with a decimal point are read"
            ),
            Self::NearlyNamed { key, column, found } => {
                write!(f, "{key} = {column:?}: the column in the file is {found:?}")
            }
            Self::TypeWithoutEffect { key } => {
                write!(f, "{key}: the declared type has no effect on a standard field of Braze")
            }
            Self::RemoveWithoutEffect { key } => {
                write!(f, "{key}: empty = \"remove\" has no effect, because subscription states can't be removed")
            }
            Self::DatesAgainstCulture { field, shown, declared } => write!(
                f,
                "{field}: its dates look as if they were {shown}, and the culture in model.json says {declared}; those that \
                 contradict it are not sent; set date_order"
            ),
            Self::DateOrderShown { field, order } => {
                write!(f, "{field}: its dates are read as {order}, as its cells show")
            }
            Self::DatesOfBothOrders { field, day_first, month_first, read_as } => write!(
                f,
                "{field}: its dates have the day first in {}, and the month first in {}; those that may be either, or are \
                 not {read_as}, are not sent; set date_order",
                counted(*day_first, "row", "rows"),
                counted(*month_first, "row", "rows")
            ),
            Self::DateOrderUnknown { field } => write!(
                f,
                "{field}: nothing shows whether its dates have the day or the month first, so that they are not sent; set \
                 date_order or culture"
            ),
            Self::EveryRowRejected { reason } => write!(f, "every row is rejected for the same reason: {reason}"),
        }
    }
}
