//! Bugs that are switched on one at a time, to prove that the simulation finds them (`tests/simulation/bugs`). Without the feature
//! `planted-bugs` the compiler removes them.

/// Whether the bug `name` is planted. Never in a function.
#[cfg(feature = "planted-bugs")]
pub(crate) fn planted(name: &str) -> bool {
    use std::sync::OnceLock;
    static PLANTED: OnceLock<String> = OnceLock::new();
    PLANTED.get_or_init(|| std::env::var("PLANTED_BUG").unwrap_or_default()) == name
}

/// No bug is planted.
#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn planted(_name: &str) -> bool {
    false
}
