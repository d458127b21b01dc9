use crate::message::codes;

/// Why a `model.json` can't be read. The texts contain no values, because a location may contain a signature.
///
/// Fix: run the export again, or copy the file again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The file is not JSON.
    #[error("the model.json is not JSON: {problem}\nRun the export again, or copy the file again.")]
    NotJson {
        /// What the JSON reader says, with line and column.
        problem: String,
    },
    /// The file is UTF-16.
    ///
    /// Fix: save it as UTF-8.
    #[error("the model.json is UTF-16, not UTF-8\nSave it as UTF-8.")]
    Utf16,
    /// A required member is missing.
    #[error("the model.json has no \"{member}\" at {path}")]
    Missing {
        /// Where it is looked for, as a JSON path.
        path: String,
        /// The member's name.
        member: &'static str,
    },
    /// A value has the wrong type.
    #[error("the model.json has {found} at {path} instead of {expected}")]
    Unexpected {
        /// Where, as a JSON path.
        path: String,
        /// What is allowed.
        expected: &'static str,
        /// What kind of value was found.
        found: &'static str,
    },
}

codes!(ModelError { NotJson = "ITB-F31", Utf16 = "ITB-F32", Missing = "ITB-F33", Unexpected = "ITB-F34" });
