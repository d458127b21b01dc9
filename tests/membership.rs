//! Exact membership through the real functions: who entered, stayed and left, under whatever identifier, in whatever order,
//! to the end of a segment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

#[path = "membership/completeness.rs"]
mod completeness;
#[path = "membership/identifiers.rs"]
mod identifiers;
#[path = "membership/order.rs"]
mod order;
#[path = "membership/retirement.rs"]
mod retirement;
