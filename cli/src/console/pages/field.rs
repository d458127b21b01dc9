//! What is wrong with the fields of a form.

use crate::console::view::Frame;

/// The fields that have to be corrected, each with a text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wrong(Vec<(&'static str, String)>);

impl Wrong {
    /// A field is wrong.
    pub(crate) fn add(&mut self, frame: &Frame, field: &'static str, key: &str) {
        self.0.push((field, frame.t(key)));
    }

    /// The same with a text of the application.
    pub(crate) fn say(&mut self, field: &'static str, text: String) {
        self.0.push((field, text));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn all(&self) -> &[(&'static str, String)] {
        &self.0
    }

    /// What is wrong with a field.
    pub(crate) fn of(&self, field: &str) -> Option<&String> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, text)| text)
    }
}
