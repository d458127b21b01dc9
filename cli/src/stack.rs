//! The on-demand function of a deployed stack, invoked with the user's own AWS credentials. They need `lambda:InvokeFunction`
//! and nothing else.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::error::{DisplayErrorContext, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use insights_to_braze::message::{Coded, Message, codes};
use insights_to_braze::texts::list;
use insights_to_braze::trigger::EventError;
use insights_to_braze::trigger::caller::{CONTRIBUTORS, Caller};
use insights_to_braze::trigger::on_demand::OnDemand;
use serde_json::Value;
use thiserror::Error;

/// The end of the function's name; `template.yaml` names it after the stack.
const FUNCTION: &str = "-on-demand";
/// A function works for 15 minutes at most (AWS Lambda developer guide, "Lambda quotas"). An answer that has not come a minute
/// later was lost on the way.
const LONGEST: Duration = Duration::from_mins(16);

/// Why a deployed stack gave no answer.
#[derive(Debug, Error)]
pub(crate) enum StackError {
    /// The function would reject the request.
    #[error(transparent)]
    Request(#[from] EventError),
    /// The function returned an error.
    #[error(transparent)]
    Returned(#[from] FunctionError),
    /// The function ended without an answer, for instance at its time limit.
    ///
    /// Fix: look at the status, then run the command again; the function's log says why it ended.
    #[error(
        "the function of the stack {stack} ended without an answer: {how}\n\
         What was sent is on record. See `itb status --stack {stack}`, then run the command again."
    )]
    NoAnswer { stack: String, how: String },
    /// The stack does not exist in this region of this account, or it was deployed before functions were named after it.
    ///
    /// Fix: check the name of the stack, and the account and region of the profile.
    #[error(
        "there is no function {function} in the region {region}\n\
         Nothing was sent. Check the name of the stack, and the account and the region of your AWS profile."
    )]
    NoFunction { function: String, region: String },
    /// AWS Lambda can't be reached, or rejected the call.
    ///
    /// Fix: run the command again; what was sent is on record.
    #[error("AWS Lambda Invoke failed for {function}: {reason}")]
    Call { function: String, reason: String },
    /// The command needs something that the function does not return, such as a page.
    ///
    /// Fix: use --bucket with the stack's output `BucketName`.
    #[error("the function of the stack {stack} does not return this\nUse --bucket with the stack's output BucketName.")]
    NeedsBucket { stack: String },
}

codes!(StackError wraps Request, Returned {
    NoAnswer = "ITB-T30",
    NoFunction = "ITB-T31",
    Call = "ITB-T32",
    NeedsBucket = "ITB-T33",
});

/// A key was not stored in AWS Secrets Manager. Nothing else is lost.
///
/// Fix: store it in the secret of the connection yourself, or set --secret to the stack's own.
#[derive(Debug, Error)]
#[error(
    "the key of the connection {connection} was not stored: {reason}\n\
     Store it in AWS Secrets Manager yourself, as {{\"api_key\": \"…\"}}."
)]
pub(crate) struct KeyNotStored {
    pub(crate) connection: String,
    pub(crate) reason: String,
}

impl Coded for KeyNotStored {
    fn code(&self) -> &'static str {
        "ITB-T34"
    }
}

/// What the function returned as its error: the text and the code of a message of its own.
#[derive(Debug, Error)]
#[error("{text}")]
pub(crate) struct FunctionError {
    text: String,
    code: &'static str,
    /// Whether the request, the configuration or a name in it is not valid.
    usage: bool,
}

impl Coded for FunctionError {
    fn code(&self) -> &'static str {
        self.code
    }
}

impl StackError {
    /// Whether the arguments, the configuration or a name is not valid.
    pub(crate) fn is_usage(&self) -> bool {
        match self {
            Self::Returned(error) => error.usage,
            Self::Request(_) | Self::NoFunction { .. } | Self::NeedsBucket { .. } => true,
            Self::NoAnswer { .. } | Self::Call { .. } => false,
        }
    }
}

/// The function, and the way to it.
pub(crate) struct StackFunction {
    stack: String,
    region: String,
    client: aws_sdk_lambda::Client,
}

impl StackFunction {
    pub(crate) fn new(stack: &str, sdk: &SdkConfig) -> Self {
        // A second invocation while the first one is running would only be answered that the run is being delivered.
        let config = aws_sdk_lambda::config::Builder::from(sdk)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(LONGEST).build())
            .build();
        let region = sdk.region().map(ToString::to_string).unwrap_or_default();
        Self { stack: stack.to_owned(), region, client: aws_sdk_lambda::Client::from_conf(config) }
    }

    /// The stack's name.
    pub(crate) fn stack(&self) -> &str {
        &self.stack
    }

    /// The error of a command that needs the bucket.
    pub(crate) fn without_bucket(&self) -> StackError {
        StackError::NeedsBucket { stack: self.stack.clone() }
    }

    /// Invokes the function and waits for its answer. What contributors may ask goes through their alias, which is all that
    /// they may invoke.
    pub(crate) async fn ask(&self, request: &Value) -> Result<Value, StackError> {
        let parsed = OnDemand::parse(request)?;
        let alias = Caller::Contributor.may_ask(&parsed).is_ok().then_some(CONTRIBUTORS);
        let function = format!("{}{FUNCTION}", self.stack);
        let call = self.client.invoke().function_name(&function).set_qualifier(alias.map(str::to_owned));
        let named = alias.map_or_else(|| function.clone(), |alias| format!("{function}:{alias}"));
        let answered = call.payload(Blob::new(request.to_string())).send().await;
        let answered = answered.map_err(|error| self.not_called(named, &error))?;
        let payload = answered.payload.map(Blob::into_inner).unwrap_or_default();
        let answer: Value = serde_json::from_slice(&payload).unwrap_or_default();
        match answered.function_error {
            None if answer.is_object() => Ok(answer),
            _ => Err(self.failed(&answer)),
        }
    }

    fn not_called<R: std::fmt::Debug>(&self, function: String, error: &SdkError<InvokeError, R>) -> StackError
    where
        SdkError<InvokeError, R>: std::error::Error,
    {
        match error.as_service_error() {
            Some(error) if error.is_resource_not_found_exception() => {
                StackError::NoFunction { function, region: self.region.clone() }
            }
            _ => StackError::Call { function, reason: DisplayErrorContext(error).to_string() },
        }
    }

    /// The error in an answer: one that the function returned has a message of its own, with its code at the end.
    fn failed(&self, answer: &Value) -> StackError {
        let text = |name: &str| answer[name].as_str().unwrap_or_default();
        let (kind, message) = (text("errorType"), text("errorMessage"));
        let listed = Message::split(message).and_then(|(text, code)| {
            let code = list::all().into_iter().find(|listed| listed.code == code)?.code;
            Some(FunctionError { text: text.to_owned(), code, usage: USAGE.contains(&kind) })
        });
        match listed {
            Some(error) => error.into(),
            None => StackError::NoAnswer { stack: self.stack.clone(), how: first_line(kind, message) },
        }
    }
}

/// The types of the function's errors that are the caller's to fix.
const USAGE: [&str; 3] = ["InvalidEvent", "InvalidConfig", "NotFound"];

fn first_line(kind: &str, message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    if line.is_empty() { kind.to_owned() } else { line.to_owned() }
}
