//! Whether a workspace would keep what an export sends: the type, status and array length of each custom attribute.

use crate::braze::{WorkspaceAttribute, WorkspaceAttributes};
use crate::profile::ValueKind;

/// A custom attribute that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentField {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: ValueKind,
}

/// What a comparison finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What would not be kept.
    pub contradictions: Vec<String>,
    /// What may not be kept.
    pub doubts: Vec<String>,
}

/// The types of custom attributes (Braze, "Data types").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DataType {
    Of(ValueKind),
    Object,
}

impl DataType {
    /// Reads the type as `/custom_attributes` writes it, such as `Date (Automatically Detected)`; `None` if it is not known.
    fn of(text: &str) -> Option<Self> {
        let name = text.split('(').next().unwrap_or_default().trim().to_ascii_lowercase();
        Some(match name.as_str() {
            "boolean" => Self::Of(ValueKind::Boolean),
            "number" | "integer" | "float" => Self::Of(ValueKind::Number),
            "string" => Self::Of(ValueKind::Text),
            "date" | "time" | "datetime" => Self::Of(ValueKind::Time),
            "array" => Self::Of(ValueKind::List),
            "object" | "nested object" | "object array" | "array of objects" => Self::Object,
            _ => return None,
        })
    }
}

/// Compares what is sent with what the workspace has. An attribute that it does not have is created.
pub fn findings(workspace: &WorkspaceAttributes, sent: &[SentField]) -> Findings {
    let mut findings = Findings::default();
    for field in sent {
        // Braze ignores spaces at the ends of a name.
        if let Some(attribute) = workspace.by_name.get(field.name.trim()) {
            findings.compare(field, attribute);
        }
    }
    findings
}

impl Findings {
    fn compare(&mut self, field: &SentField, attribute: &WorkspaceAttribute) {
        let SentField { name, kind } = field;
        if let Some(status) = attribute.status.as_deref().filter(|status| !status.eq_ignore_ascii_case("active")) {
            self.contradictions.push(format!("the attribute \"{name}\" is {} in Braze", status.to_lowercase()));
            return;
        }
        let Some(data_type) = attribute.data_type.as_deref().and_then(DataType::of) else {
            return;
        };
        let written = attribute.data_type.as_deref().unwrap_or_default();
        let words = kind.in_words();
        match (kind, data_type) {
            (ValueKind::List, DataType::Of(ValueKind::List)) if attribute.array_length == Some(0) => {
                self.contradictions.push(format!("the array \"{name}\" has a maximum length of 0 in Braze"));
            }
            (sent, DataType::Of(has)) if *sent == has => {}
            (ValueKind::Text, DataType::Of(ValueKind::Number | ValueKind::Boolean | ValueKind::Time))
            | (ValueKind::Time, DataType::Of(ValueKind::Text)) => {
                self.doubts.push(format!(
                    "\"{name}\" is {written} in Braze, and {words} is sent: Braze ignores what it can't convert"
                ));
            }
            _ => self.contradictions.push(format!("\"{name}\" is {written} in Braze, and {words} would be sent")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_status_and_length_are_compared_with_what_is_sent() {
        use ValueKind::{Boolean, List, Number, Text, Time};
        for (sent, data_type, status, length, contradictions, doubts) in [
            (Boolean, "Boolean", "Active", None, 0, 0),
            (Boolean, "Boolean (Automatically Detected)", "Active", None, 0, 0),
            (Boolean, "String", "Active", None, 1, 0),
            (Boolean, "String (Automatically Detected)", "Active", None, 1, 0),
            (Boolean, "Boolean", "Blocklisted", None, 1, 0),
            (Boolean, "Array of Objects", "Active", None, 1, 0),
            (Number, "Number", "active", None, 0, 0),
            (Number, "String", "Active", None, 1, 0),
            (Text, "Number", "Active", None, 0, 1),
            (Text, "Array", "Active", Some(500), 1, 0),
            (Time, "Date (Automatically Detected)", "Active", None, 0, 0),
            (Time, "Time", "Active", None, 0, 0),
            (Time, "String", "Active", None, 0, 1),
            (List, "Array", "Active", Some(500), 0, 0),
            (List, "Array", "Active", Some(0), 1, 0),
            (Text, "a type of tomorrow", "Active", None, 0, 0),
        ] {
            let attribute = WorkspaceAttribute {
                name: "VIP".to_owned(),
                data_type: Some(data_type.to_owned()),
                status: Some(status.to_owned()),
                array_length: length,
            };
            let workspace = WorkspaceAttributes { by_name: [("VIP".to_owned(), attribute)].into(), are_all: true };
            let found = findings(&workspace, &[SentField { name: "VIP".to_owned(), kind: sent }]);
            let counts = (found.contradictions.len(), found.doubts.len());
            assert_eq!(counts, (contradictions, doubts), "{sent:?} to {data_type} {status}: {found:?}");
        }
        let new = SentField { name: "new".to_owned(), kind: Boolean };
        assert_eq!(findings(&WorkspaceAttributes::default(), &[new]), Findings::default());
    }
}
