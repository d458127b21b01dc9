//! What a function finds in its environment, and the clients that follow from it.

use aws_config::{BehaviorVersion, SdkConfig};
use thiserror::Error;

use crate::braze;
use crate::bucket::Bucket;
use crate::handler::Handler;
use crate::queue::Queue;
use crate::secrets::ApiKeys;

/// Where the configuration lies unless `CONFIG_KEY` says otherwise.
pub const DEFAULT_CONFIG_KEY: &str = "config/exports.toml";

/// The settings of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// `BUCKET`: the bucket of files, state and reports.
    pub bucket: String,
    /// `CONFIG_KEY`: where `exports.toml` lies in it.
    pub config_key: String,
    /// `QUEUE_URL`: where a delivery that runs out of time is continued.
    pub queue_url: Option<String>,
}

/// Why a function cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A variable is missing.
    #[error("the environment variable {name} is not set. It holds {meaning}")]
    Missing {
        /// Its name.
        name: &'static str,
        /// What it is for.
        meaning: &'static str,
    },
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Http(#[from] reqwest::Error),
}

impl Environment {
    /// Reads the process's environment.
    pub fn read() -> Result<Self, StartError> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        Ok(Self {
            bucket: variable("BUCKET").ok_or(StartError::Missing {
                name: "BUCKET",
                meaning: "the name of the bucket of files, state and reports",
            })?,
            config_key: variable("CONFIG_KEY").unwrap_or_else(|| DEFAULT_CONFIG_KEY.to_owned()),
            queue_url: variable("QUEUE_URL"),
        })
    }

    /// A handler with clients for this environment. Credentials, region and endpoints come from the standard `AWS_*`
    /// variables (AWS SDKs and Tools Reference Guide); nothing is asked of the network yet.
    pub async fn handler(&self) -> Result<Handler, StartError> {
        let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
        Ok(self.handler_with(&sdk, braze::http_client()?))
    }

    /// The same with a given configuration of the AWS SDK and a given HTTP client.
    pub fn handler_with(&self, sdk: &SdkConfig, http: reqwest::Client) -> Handler {
        let queue = self.queue_url.clone().map(|url| Queue::new(aws_sdk_sqs::Client::new(sdk), url));
        Handler::new(
            self.bucket_with(sdk),
            self.config_key.clone(),
            ApiKeys::new(aws_sdk_secretsmanager::Client::new(sdk)),
            queue,
            http,
        )
    }

    /// The bucket, through a given configuration of the AWS SDK.
    pub fn bucket_with(&self, sdk: &SdkConfig) -> Bucket {
        Bucket::new(s3_client(sdk), self.bucket.clone())
    }
}

/// An S3 client. Other endpoints than Amazon's know buckets by the path alone.
fn s3_client(sdk: &SdkConfig) -> aws_sdk_s3::Client {
    let other_endpoint = sdk.endpoint_url().is_some()
        || ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].iter().any(|name| std::env::var_os(name).is_some());
    let config = aws_sdk_s3::config::Builder::from(sdk).force_path_style(other_endpoint).build();
    aws_sdk_s3::Client::from_conf(config)
}
