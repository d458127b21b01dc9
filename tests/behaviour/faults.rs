//! Sequences of what people do: attributes are handed over, workspaces changed, folders misnamed, files deleted, runs released.
//! Each ends with what Braze holds.
mod damage;
mod fields;
mod handover;
mod identity;
mod moved;
mod order;
mod ownership;
mod small_parts;
pub(crate) mod story;
mod whole;
