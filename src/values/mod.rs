//! What the texts of other systems mean: countries, languages, yes and no, phone numbers, the ways to write a date.
//!
//! Nothing is guessed: a text that may mean two things means nothing here. The tables beside the modules are made by
//! `scripts/value_tables.py`; NOTICE in this folder names their sources and licences.

mod boolean;
mod country;
mod culture;
mod fold;
mod language;
mod phone;
mod table;

pub use boolean::boolean;
pub use country::Country;
pub use culture::{Culture, DateOrder};
pub use fold::{composed, fold, plain_forms, same_width};
pub use language::language;
pub use phone::phone_number;
