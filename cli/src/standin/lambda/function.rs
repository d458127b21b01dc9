use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::standin::s3::secret_access_key;

/// A function: its program and what it is given.
#[derive(Clone, Debug)]
pub struct LambdaFunction {
    /// The program.
    pub binary: PathBuf,
    /// Arguments; Lambda gives none.
    pub arguments: Vec<OsString>,
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    pub name: String,
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MB. It is told, not enforced.
    pub memory_mb: u32,
    /// Variables besides those that Lambda sets; they win over them.
    pub environment: BTreeMap<String, String>,
}

impl LambdaFunction {
    /// A function with 256 MB, named as its binary.
    pub fn new(binary: impl Into<PathBuf>, environment: BTreeMap<String, String>) -> Self {
        let binary = binary.into();
        let name = binary.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Self { binary, arguments: Vec::new(), name, memory_mb: 256, environment }
    }

    /// Every variable that the process sees, but for the address of the Runtime API.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        let name = &self.name;
        let mut variables: BTreeMap<String, String> = [
            ("AWS_ACCESS_KEY_ID", "AKIDFUNCTION".to_owned()),
            ("AWS_DEFAULT_REGION", "eu-central-1".to_owned()),
            ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.memory_mb.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef".to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", secret_access_key().to_owned()),
            ("LANG", "en_US.UTF-8".to_owned()),
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("TZ", ":UTC".to_owned()),
        ]
        .into_iter()
        .map(|(variable, value)| (variable.to_owned(), value))
        .collect();
        variables.extend(self.environment.clone());
        variables
    }
}
