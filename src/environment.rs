//! What a function finds in its environment, and the clients that follow from it.

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;
use thiserror::Error;

use crate::braze::HttpClients;
use crate::bucket::Bucket;
use crate::handler::{Handler, Links, Notices, Wanted};
use crate::message::codes;
use crate::queue::{DeadLetterQueue, Queue};
use crate::secrets::{ApiKeys, Readable, RoleIdentity};
use crate::topic::Topic;

/// The key of the configuration unless `CONFIG_KEY` is set.
pub const DEFAULT_CONFIG_KEY: &str = "config/exports.toml";

/// The stack's name unless `STACK_NAME` says otherwise.
const DEFAULT_STACK_NAME: &str = "insights-to-braze";

/// The domain of the console unless `CONSOLE` says otherwise.
const DEFAULT_CONSOLE: &str = "console.aws.amazon.com";

/// The settings of a function.
#[derive(Clone, Debug)]
pub struct Environment {
    /// `BUCKET`: the bucket of files, state and reports.
    pub bucket: String,
    /// `CONFIG_KEY`: the key of `exports.toml` in the bucket.
    pub config_key: String,
    /// `QUEUE_URL`: where a delivery that runs out of time is continued.
    pub queue_url: Option<String>,
    /// `FETCH_QUEUE_URL`: where a fetch that runs out of time is continued; the queue of the function `scheduled`.
    pub fetch_queue_url: Option<String>,
    /// `DEAD_LETTER_QUEUE_URL`: the dead-letter queue, for the action `retry`.
    pub dead_letter_queue_url: Option<String>,
    /// `SECRET_ARNS`: the secrets that the function may read, with commas between them. One alone is the stack's own.
    pub secrets: Readable,
    /// `ALARM_TOPIC_ARN`: the topic for messages to people.
    pub topic_arn: Option<String>,
    /// `MESSAGES`: which messages people want.
    pub messages: Wanted,
    /// `CONSOLE`: the domain of the AWS Management Console, for links in messages.
    pub console: String,
    /// `STACK_NAME`: the stack, by which its metrics differ from those of other stacks.
    pub stack: String,
}

/// Why a function can't start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A required environment variable is missing.
    ///
    /// Fix: set the variable, or deploy with the template, which sets all of them.
    #[error("the environment variable {name} is not set\nSet it to {meaning}.")]
    Missing {
        /// Its name.
        name: &'static str,
        /// What it is for.
        meaning: &'static str,
    },
    /// An environment variable has a value that is not allowed.
    ///
    /// Fix: set it to an allowed value.
    #[error("the environment variable {name} is {found:?}; allowed: {allowed}")]
    Wrong {
        /// Its name.
        name: &'static str,
        /// What it holds.
        found: String,
        /// What it may hold.
        allowed: &'static str,
    },
    /// The HTTP client could not be created, for example because the system has no root certificates.
    ///
    /// Fix: check the system's certificates.
    #[error("can't create the HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

codes!(StartError { Missing = "ITB-E01", Wrong = "ITB-E02", Http = "ITB-E03" });

/// A variable, unless it is empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn needed(name: &'static str, meaning: &'static str) -> Result<String, StartError> {
    variable(name).ok_or(StartError::Missing { name, meaning })
}

/// A variable that is parsed, if it is there.
fn parsed<T>(
    name: &'static str,
    allowed: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, StartError> {
    let Some(found) = variable(name) else {
        return Ok(None);
    };
    parse(found.trim()).map(Some).ok_or(StartError::Wrong { name, found, allowed })
}

fn boolean(name: &'static str) -> Result<Option<bool>, StartError> {
    parsed(name, "true or false", |text| text.to_ascii_lowercase().parse().ok())
}

impl Environment {
    /// Reads the process's environment.
    pub fn read() -> Result<Self, StartError> {
        Ok(Self {
            bucket: needed("BUCKET", "the name of the bucket of files, state and reports")?,
            config_key: variable("CONFIG_KEY").unwrap_or_else(|| DEFAULT_CONFIG_KEY.to_owned()),
            queue_url: variable("QUEUE_URL"),
            fetch_queue_url: variable("FETCH_QUEUE_URL"),
            dead_letter_queue_url: variable("DEAD_LETTER_QUEUE_URL"),
            topic_arn: variable("ALARM_TOPIC_ARN"),
            messages: parsed("MESSAGES", Wanted::NAMES, Wanted::parse)?.unwrap_or_default(),
            console: variable("CONSOLE").unwrap_or_else(|| DEFAULT_CONSOLE.to_owned()),
            secrets: Readable::parse(&variable("SECRET_ARNS").unwrap_or_default()),
            stack: variable("STACK_NAME").unwrap_or_else(|| DEFAULT_STACK_NAME.to_owned()),
        })
    }

    /// A handler for this environment. Of its clients only the one for S3 is made at once; every invocation needs it.
    /// Nothing is asked of the network yet.
    pub fn handler(&self) -> Result<Handler, StartError> {
        let sdk = sdk_config()?;
        let s3 = s3_client(&with_endpoint(sdk.clone(), "AWS_ENDPOINT_URL_S3"));
        let (for_keys, for_dead_letters) = (sdk.clone(), sdk.clone());
        let notices = self.notices(sdk.clone());
        let role = RoleIdentity::new(with_endpoint(sdk.clone(), "AWS_ENDPOINT_URL_STS"));
        let api_keys = ApiKeys::when_needed(move || {
            aws_sdk_secretsmanager::Client::new(&with_endpoint(for_keys, "AWS_ENDPOINT_URL_SECRETS_MANAGER"))
        });
        let api_keys = api_keys.reading(self.secrets.clone());
        let queue = |url: &Option<String>| {
            let sdk = sdk.clone();
            let client = move || aws_sdk_sqs::Client::new(&with_endpoint(sdk, "AWS_ENDPOINT_URL_SQS"));
            url.clone().map(|url| Queue::when_needed(client, url))
        };
        let dead_letters = self.dead_letter_queue_url.clone().map(|url| {
            let client = move || aws_sdk_sqs::Client::new(&with_endpoint(for_dead_letters, "AWS_ENDPOINT_URL_SQS"));
            DeadLetterQueue::when_needed(client, url)
        });
        let bucket = Bucket::new(s3, self.bucket.clone());
        let http = HttpClients::default();
        let mut handler = Handler::new(bucket, self.config_key.clone(), api_keys, queue(&self.queue_url), http);
        handler = handler.with_role(role);
        if let Some(queue) = queue(&self.fetch_queue_url) {
            handler = handler.with_fetch_queue(queue);
        }
        let handler = match dead_letters {
            None => handler,
            Some(dead_letters) => handler.with_dead_letters(dead_letters),
        };
        Ok(match notices {
            None => handler,
            Some(notices) => handler.with_notices(notices),
        })
    }

    fn notices(&self, sdk: SdkConfig) -> Option<Notices> {
        let arn = self.topic_arn.clone()?;
        let links = Links {
            stack: self.stack.clone(),
            bucket: self.bucket.clone(),
            console: self.console.clone(),
            region: sdk.region().map(ToString::to_string).unwrap_or_default(),
        };
        let topic = Topic::new(with_endpoint(sdk, "AWS_ENDPOINT_URL_SNS"), arn);
        Some(Notices { topic, wanted: self.messages, links })
    }
}

/// The configuration of the AWS clients: credentials, region, endpoints and retries from the standard variables ("AWS SDKs
/// and Tools Reference Guide", "Environment variables list").
///
/// A function has its role's credentials in its environment. The other places where the SDK would look for some, profiles
/// and services that hand them out, do not exist there; without the code for them a function starts sooner.
fn sdk_config() -> Result<SdkConfig, StartError> {
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    let region = region.ok_or(StartError::Missing { name: "AWS_REGION", meaning: "the region; AWS Lambda sets it" })?;
    let credentials = Credentials::new(
        needed("AWS_ACCESS_KEY_ID", "credentials; AWS Lambda sets it to the role's")?,
        needed("AWS_SECRET_ACCESS_KEY", "credentials; AWS Lambda sets it to the role's")?,
        variable("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let attempts =
        parsed("AWS_MAX_ATTEMPTS", "a whole number from 1", |text| text.parse().ok().filter(|many| *many > 0))?;
    let mut retries = RetryConfig::standard();
    if let Some(attempts) = attempts {
        retries = retries.with_max_attempts(attempts);
    }
    let mut sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(retries);
    sdk.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
    sdk.set_use_fips(boolean("AWS_USE_FIPS_ENDPOINT")?);
    sdk.set_use_dual_stack(boolean("AWS_USE_DUALSTACK_ENDPOINT")?);
    let when = "when_supported or when_required";
    sdk.set_request_checksum_calculation(parsed("AWS_REQUEST_CHECKSUM_CALCULATION", when, |text| text.parse().ok())?);
    sdk.set_response_checksum_validation(parsed("AWS_RESPONSE_CHECKSUM_VALIDATION", when, |text| text.parse().ok())?);
    Ok(sdk.build())
}

/// The same with the service's own endpoint, if there is a variable for it.
fn with_endpoint(sdk: SdkConfig, name: &str) -> SdkConfig {
    match variable(name) {
        Some(endpoint) => sdk.into_builder().endpoint_url(endpoint).build(),
        None => sdk,
    }
}

/// An S3 client. Other endpoints than Amazon's know buckets by the path alone.
pub fn s3_client(sdk: &SdkConfig) -> aws_sdk_s3::Client {
    let other_endpoint = sdk.endpoint_url().is_some() || variable("AWS_ENDPOINT_URL_S3").is_some();
    let config = aws_sdk_s3::config::Builder::from(sdk).force_path_style(other_endpoint).build();
    aws_sdk_s3::Client::from_conf(config)
}
