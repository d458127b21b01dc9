//! A further field of a profile, tied to the column that fills it.

use std::sync::Arc;

use super::field_type::FieldType;
use crate::config::EmptyRule;

/// A further field of a profile and the column that fills it.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: Arc<str>,
    pub(super) column: usize,
    /// `,"name":`
    pub(super) key: Vec<u8>,
    pub(super) value: FieldType,
    pub(super) empty: EmptyRule,
    pub(super) costs_data_point: bool,
}
