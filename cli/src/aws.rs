//! The usual errors of AWS in one line each. The SDK describes them with its Rust structures, which `--verbose` shows.

use std::sync::OnceLock;

use aws_config::{BehaviorVersion, SdkConfig};
use insights_to_braze::message::codes;
use thiserror::Error;

/// The profile of this command, if one was named.
static PROFILE: OnceLock<String> = OnceLock::new();

/// Credentials and region of an AWS profile, or of the environment. From here on, advice names the profile.
pub(crate) async fn sdk(profile: Option<&str>) -> Result<SdkConfig, AwsError> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(profile) = profile {
        drop(PROFILE.set(profile.to_owned()));
        loader = loader.profile_name(profile);
    }
    let sdk = loader.load().await;
    match profile {
        _ if sdk.region().is_some() => Ok(sdk),
        Some(profile) if !profile_exists(profile) => Err(AwsError::UnknownProfile { profile: profile.to_owned() }),
        _ => Err(AwsError::NoRegion),
    }
}

/// What went wrong on the way to AWS.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum AwsError {
    /// There are no AWS credentials.
    ///
    /// Fix: run `aws configure` or `aws sso login`, or use another profile with --profile.
    #[error("no AWS credentials found: run `aws configure`, or use a profile with --profile NAME")]
    NoCredentials,
    /// The AWS region of the stack is not known.
    ///
    /// Fix: set the region in the profile, use another --profile, or set `AWS_REGION`.
    #[error(
        "the AWS region is not known\n\
         Set it in the profile (`aws configure`), use another profile with --profile, or set AWS_REGION."
    )]
    NoRegion,
    /// The AWS profile does not exist.
    ///
    /// Fix: use one of the profiles that `aws configure list-profiles` prints.
    #[error("the AWS profile {profile} does not exist: `aws configure list-profiles` lists the existing ones")]
    UnknownProfile { profile: String },
    /// The sign-in has expired.
    ///
    /// Fix: sign in again with `aws sso login`.
    #[error("the AWS sign-in has expired: run `aws sso login{profile}`")]
    Expired { profile: String },
    /// The AWS credentials lack a permission.
    ///
    /// Fix: ask for the permission, or use another profile with --profile.
    #[error("access denied: your AWS credentials need {action} on {resource}")]
    Denied { action: String, resource: String },
    /// The bucket is in another region than the profile's.
    ///
    /// Fix: set `AWS_REGION`, or the region of the profile, to that of the stack.
    #[error("the bucket is in another region{expected}: set AWS_REGION, or the region of the profile")]
    OtherRegion { expected: String },
    /// The bucket does not exist.
    ///
    /// Fix: use the stack's output `BucketName` with --bucket.
    #[error("the bucket {bucket} does not exist: use the stack's output BucketName with --bucket")]
    NoBucket { bucket: String },
}

codes!(AwsError {
    NoCredentials = "ITB-T21",
    NoRegion = "ITB-T11",
    UnknownProfile = "ITB-T22",
    Expired = "ITB-T23",
    Denied = "ITB-T24",
    OtherRegion = "ITB-T25",
    NoBucket = "ITB-T26",
});

impl AwsError {
    /// The usual error that `text` describes, if it is one.
    pub(crate) fn in_text(text: &str) -> Option<Self> {
        let says = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
        let after = |start: &str, end: &[char]| {
            let rest = text.split_once(start)?.1;
            Some(rest.split(end).next().unwrap_or(rest).to_owned())
        };
        if says(&["SSO token has expired", "cached SSO token", "ExpiredToken", "SSO session", "TokenRefreshRequired"]) {
            let profile = PROFILE.get().map(|profile| format!(" --profile {profile}")).unwrap_or_default();
            return Some(Self::Expired { profile });
        }
        if let (true, Some(profile)) = (says(&["was not defined"]), after("profile `", &['`'])) {
            return Some(Self::UnknownProfile { profile });
        }
        if says(&[
            "no providers in chain provided credentials",
            "CredentialsNotLoaded",
            "credential provider was not enabled",
        ]) {
            return Some(Self::NoCredentials);
        }
        if says(&[
            "PermanentRedirect",
            "AuthorizationHeaderMalformed",
            "must be addressed using the specified endpoint",
        ]) {
            let expected = after("expecting '", &['\'']).map(|region| format!(", {region}")).unwrap_or_default();
            return Some(Self::OtherRegion { expected });
        }
        let resource = after(" failed for ", &[' ']).map(|found| found.trim_end_matches(':').to_owned());
        if text.contains("there is no such bucket") {
            let bucket = after("s3://", &['/'])?;
            return Some(Self::NoBucket { bucket });
        }
        if says(&["access denied", "AccessDenied"]) {
            let action = after("not authorized to perform: ", &[' '])
                .or_else(|| after("S3 ", &[' ']).map(|name| s3_action(&name)));
            return Some(Self::Denied { action: action?, resource: resource? });
        }
        None
    }
}

/// The action of IAM that an operation of S3 needs.
fn s3_action(operation: &str) -> String {
    let action = match operation {
        "ListObjectsV2" | "HeadBucket" => "ListBucket",
        "HeadObject" | "GetObject" => "GetObject",
        "DeleteObjects" => "DeleteObject",
        "PutObject" => "PutObject",
        other => other,
    };
    format!("s3:{action}")
}

/// Whether the files of the AWS CLI name the profile. Without a region, the SDK does not look for it.
pub(crate) fn profile_exists(profile: &str) -> bool {
    let files = [("AWS_CONFIG_FILE", ".aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")];
    let headings = [format!("[profile {profile}]"), format!("[{profile}]"), format!("[profile \"{profile}\"]")];
    files.iter().any(|(variable, default)| {
        let named = std::env::var_os(variable).map(std::path::PathBuf::from);
        let path = named.or_else(|| Some(std::env::home_dir()?.join(default)));
        let text = path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        text.lines().any(|line| headings.iter().any(|heading| line.trim() == heading))
    })
}

/// A text without the Rust structures that the SDK appends in parentheses.
pub(crate) fn without_structures(text: &str) -> &str {
    const STRUCTURES: [&str; 5] =
        [" (DispatchFailure", " (ServiceError", " (TimeoutError", " (ResponseError", " (ConstructionFailure"];
    let cut = STRUCTURES.iter().filter_map(|structure| text.find(structure)).min();
    &text[..cut.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_errors_are_recognised_in_what_the_sdk_says() {
        let denied = "S3 ListObjectsV2 failed for s3://bucket/reports/: access denied. The function's role needs this";
        let cases = [
            (
                "S3 GetObject failed for s3://b/k: dispatch failure: other: no providers in chain provided credentials (DispatchFailure(",
                "no AWS credentials found: run `aws configure`, or use a profile with --profile NAME",
            ),
            (
                "dispatch failure: profile `absent` was not defined: it is missing (DispatchFailure(",
                "the AWS profile absent does not exist: `aws configure list-profiles` lists the existing ones",
            ),
            ("the SSO token has expired and cannot be refreshed", "the AWS sign-in has expired: run `aws sso login`"),
            (denied, "access denied: your AWS credentials need s3:ListBucket on s3://bucket/reports/"),
            (
                "unhandled error (AuthorizationHeaderMalformed): the region 'us-east-1' is wrong; expecting 'eu-central-1'",
                "the bucket is in another region, eu-central-1: set AWS_REGION, or the region of the profile",
            ),
            (
                "S3 GetObject failed for s3://bucket/key: there is no such bucket. Check",
                "the bucket bucket does not exist: use the stack's output BucketName with --bucket",
            ),
        ];
        for (text, line) in cases {
            assert_eq!(AwsError::in_text(text).map(|error| error.to_string()).as_deref(), Some(line), "{text}");
        }
        assert_eq!(AwsError::in_text("S3 GetObject failed for s3://b/k: slow down"), None);
        assert_eq!(
            without_structures("dispatch failure: io error (DispatchFailure(DispatchFailure { source"),
            "dispatch failure: io error"
        );
    }
}
