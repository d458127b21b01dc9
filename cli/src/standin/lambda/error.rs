/// How an invocation failed, in Lambda's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error_type}: {message}")]
pub struct InvocationError {
    /// `errorType` of the function's answer, or `Runtime.ExitError`, `Sandbox.Timedout`, `Runtime.InitError`, `Function.ResponseSizeTooLarge`, `Sandbox.StartError`.
    pub error_type: String,
    /// `errorMessage` of the function's answer, or what happened to the process.
    pub message: String,
}

impl InvocationError {
    pub(super) fn new(error_type: &str, message: impl Into<String>) -> Self {
        Self { error_type: error_type.to_owned(), message: message.into() }
    }
}
