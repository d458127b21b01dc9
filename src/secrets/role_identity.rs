//! The identity of the function's role, for a service outside of AWS that trusts it instead of a secret ("Outbound identity
//! federation", AWS Identity and Access Management User Guide).

use std::fmt;

use aws_sdk_sts::Client;
use aws_sdk_sts::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_types::SdkConfig;
use secrecy::SecretString;

/// How long a token is good for, in seconds. It is exchanged at once.
const SECONDS: i32 = 300;

/// The identity of the role that a function runs as. The client is made where a token is asked for, so that a function which
/// never does so holds no code of it.
#[derive(Clone, Debug)]
pub struct RoleIdentity(SdkConfig);

/// Why the role gets no token.
#[derive(Debug)]
pub enum NoToken {
    /// The account does not issue tokens.
    NotEnabled,
    /// The role may not get a token.
    Denied,
    /// AWS returned another error or could not be reached.
    Failed(String),
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEnabled => f.write_str("the AWS account issues none"),
            Self::Denied => f.write_str("the role of the function may not get one"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

impl RoleIdentity {
    /// The identity of the role with these credentials.
    pub fn new(sdk: SdkConfig) -> Self {
        Self(sdk)
    }

    /// A token by which `audience` knows which role this is, good for five minutes.
    pub async fn token(&self, audience: &str) -> Result<SecretString, NoToken> {
        let request = Client::new(&self.0).get_web_identity_token().audience(audience).signing_algorithm("RS256");
        let answer = request.duration_seconds(SECONDS).send().await.map_err(|error| match error.code() {
            Some("OutboundWebIdentityFederationDisabled" | "OutboundWebIdentityFederationDisabledException") => {
                NoToken::NotEnabled
            }
            Some("AccessDenied" | "AccessDeniedException") => NoToken::Denied,
            _ => NoToken::Failed(DisplayErrorContext(&error).to_string()),
        })?;
        let token = answer.web_identity_token.filter(|token| !token.is_empty());
        token.map(SecretString::from).ok_or_else(|| NoToken::Failed("its answer holds none".to_owned()))
    }
}
