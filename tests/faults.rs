//! Sequences of what people do: attributes are handed over, workspaces changed, folders misnamed, files deleted, runs released.
//! Each ends with what Braze holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "faults/story.rs"]
mod story;
mod support;

#[path = "faults/damage.rs"]
mod damage;
#[path = "faults/identity.rs"]
mod identity;
#[path = "faults/moved.rs"]
mod moved;
#[path = "faults/order.rs"]
mod order;
#[path = "faults/ownership.rs"]
mod ownership;
#[path = "faults/whole.rs"]
mod whole;
