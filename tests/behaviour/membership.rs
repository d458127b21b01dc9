//! Exact membership through the real functions: who entered, stayed and left, under whatever identifier, in whatever order,
//! to the end of a segment.

mod completeness;
mod identifiers;
mod order;
mod retirement;
