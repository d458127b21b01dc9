use crate::names::ExportName;

/// What is inspected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An object, or a folder with everything below it.
    Key(String),
    /// The folder of an export.
    Export(ExportName),
}
