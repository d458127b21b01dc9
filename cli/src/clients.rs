//! The AWS clients for stand-ins on this machine. Nothing of the machine's own AWS settings is read.

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};

use crate::standin::s3::secret_access_key;

/// Where the account pretends to be.
const REGION: &str = "eu-central-1";

fn credentials() -> Credentials {
    Credentials::new("AKIDLOCAL", secret_access_key(), None, None, "local")
}

/// An S3 client for `endpoint`.
pub(crate) fn s3(endpoint: String) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

/// A Secrets Manager client for `endpoint`.
pub(crate) fn secrets_manager(endpoint: String) -> aws_sdk_secretsmanager::Client {
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .build();
    aws_sdk_secretsmanager::Client::from_conf(config)
}
