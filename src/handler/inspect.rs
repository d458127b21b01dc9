//! `inspect`: how files are read, or why they are ignored.

use serde_json::{Value, json};

use super::{Handler, HandlerError};
use crate::config::Config;
use crate::inspect::{InspectError, Subject, inspect};
use crate::report::{Check, Warning};
use crate::state::StateKeys;

impl Handler {
    pub(super) async fn inspect(&self, config: &Config, subject: &Subject) -> Result<Value, HandlerError> {
        let inspection = inspect(&self.bucket, config, subject).await.map_err(|error| match error {
            InspectError::NoSuchExport { name, existing } => {
                HandlerError::NoSuch { kind: "the export", name, existing }
            }
            InspectError::Bucket(error) => error.into(),
            InspectError::Model(error) => error.into(),
        })?;
        let mut answer = serde_json::to_value(inspection).unwrap_or_default();
        if let Value::Object(fields) = &mut answer {
            fields.insert("action".to_owned(), json!("inspect"));
            if let Subject::Export(name) = subject
                && let Some(export) = config.exports.get(name)
            {
                let workspace = StateKeys::of_workspace(&export.connection.workspace);
                let untested = self.bucket.folders(&workspace).await?.is_empty();
                let checks: Vec<Check> = Warning::of_config(export, untested).iter().map(Check::from).collect();
                fields.insert("check_first".to_owned(), json!(checks));
            }
        }
        Ok(answer)
    }
}
