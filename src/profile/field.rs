//! A further field of a profile, tied to the column that fills it.

use std::sync::Arc;

use super::field_type::FieldType;
use crate::config::EmptyRule;
use crate::values::{Country, Culture};

/// A further field of a profile and the column that fills it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub(super) struct Field {
    pub(super) name: Arc<str>,
    pub(super) column: usize,
    /// `,"name":`
    pub(super) key: Vec<u8>,
    pub(super) value: FieldType,
    pub(super) culture: Culture,
    /// Whether `exports.toml` says how dates are written, so that the cells need not show it.
    pub(super) order_is_set: bool,
    /// Whether dates that may have either order are left out, because the column has both.
    pub(super) certain_dates_only: bool,
    /// The column with the country of a telephone number.
    pub(super) country_column: Option<usize>,
    /// The country of a telephone number where no column says it.
    pub(super) country: Option<Country>,
    /// Whether it is a subscription state that may only become stricter for people who are members already.
    pub(super) only_stricter: bool,
    pub(super) empty: EmptyRule,
    pub(super) costs_data_point: bool,
}
