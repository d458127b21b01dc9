//! The identity of the function's role, for a service outside of AWS that trusts it instead of a secret ("Outbound identity
//! federation", AWS Identity and Access Management User Guide).

use aws_sdk_sts::Client;
use aws_sdk_sts::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_types::SdkConfig;
use secrecy::SecretString;
use thiserror::Error;

/// How long a token is good for, in seconds. It is exchanged at once.
const SECONDS: i32 = 300;

/// The identity of the role that a function runs as. The client is made where a token is asked for, so that a function which
/// never does so holds no code of it.
#[derive(Clone, Debug)]
pub struct RoleIdentity(SdkConfig);

/// Why the role gets no token.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The account does not issue tokens.
    #[error("the AWS account issues no tokens")]
    NotEnabled,
    /// The role may not get a token.
    #[error("the role of the function may not get a token")]
    Denied,
    /// AWS returned another error or could not be reached.
    #[error("AWS issues no token: {0}")]
    Failed(String),
}

impl RoleIdentity {
    /// The identity of the role with these credentials.
    pub fn new(sdk: SdkConfig) -> Self {
        Self(sdk)
    }

    /// A token that tells `audience` which role this is, good for five minutes.
    pub async fn token(&self, audience: &str) -> Result<SecretString, IdentityError> {
        let request = Client::new(&self.0).get_web_identity_token().audience(audience).signing_algorithm("RS256");
        let answer = request.duration_seconds(SECONDS).send().await.map_err(|error| match error.code() {
            Some("OutboundWebIdentityFederationDisabled" | "OutboundWebIdentityFederationDisabledException") => {
                IdentityError::NotEnabled
            }
            Some("AccessDenied" | "AccessDeniedException") => IdentityError::Denied,
            _ => IdentityError::Failed(DisplayErrorContext(&error).to_string()),
        })?;
        let token = answer.web_identity_token.filter(|token| !token.is_empty());
        token.map(SecretString::from).ok_or_else(|| IdentityError::Failed("its answer holds none".to_owned()))
    }
}
