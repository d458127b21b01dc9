//! What SECURITY.md promises, threat by threat, through the real binaries.

mod canary;
mod document;
mod erase;
mod events;
mod formulas;
mod key;
mod sealed;
