//! Braze API keys from AWS Secrets Manager, kept in memory between invocations for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata};
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::time::Instant;

use crate::braze::ApiKey;

/// How long a key is used before the secret is read again. A rotated key that Braze refuses is read again at once.
pub const MAX_AGE: Duration = Duration::from_mins(5);

/// The keys of all connections. Cheap to clone; clones share what has been read.
#[derive(Clone, Debug)]
pub struct ApiKeys {
    source: Source,
    read: Arc<Mutex<HashMap<String, (ApiKey, Instant)>>>,
}

/// Where keys come from.
#[derive(Clone, Debug)]
enum Source {
    SecretsManager(Client),
    Given(ApiKey),
}

/// Why a key could not be had. The secret's content is in none of the messages.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Secrets Manager knows no such secret.
    #[error(
        "there is no secret {secret} in Secrets Manager. Create it with the value {{\"api_key\": \"…\"}}, \
         or mend `secret` in exports.toml"
    )]
    Missing {
        /// Name or ARN of the secret.
        secret: String,
    },
    /// The secret holds something else than `{"api_key": "…"}`.
    #[error(
        "the secret {secret} is not of the form {{\"api_key\": \"…\"}}: {found}. \
         Put the Braze REST API key there as JSON"
    )]
    Malformed {
        /// Name or ARN of the secret.
        secret: String,
        /// What is wrong with it.
        found: &'static str,
    },
    /// The function may not read the secret.
    #[error(
        "the function may not read the secret {secret}. \
         Its role needs secretsmanager:GetSecretValue on this secret, and kms:Decrypt on the secret's key"
    )]
    Denied {
        /// Name or ARN of the secret.
        secret: String,
    },
    /// Secrets Manager could not be reached or refused.
    #[error("reading the secret {secret} from Secrets Manager failed: {reason}")]
    Failed {
        /// Name or ARN of the secret.
        secret: String,
        /// What Secrets Manager or the connection said.
        reason: String,
    },
}

impl ApiKeys {
    /// Keys through `client`; nothing is read yet.
    pub fn new(client: Client) -> Self {
        Self { source: Source::SecretsManager(client), read: Arc::default() }
    }

    /// One key for whatever secret a connection names: for a program that has the key from its user.
    pub fn given(key: ApiKey) -> Self {
        Self { source: Source::Given(key), read: Arc::default() }
    }

    /// The key in `secret` (a name or ARN), from memory if it was read less than [`MAX_AGE`] ago.
    pub async fn get(&self, secret: &str) -> Result<ApiKey, SecretError> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(secret).cloned();
        match known {
            Some((key, read_at)) if read_at.elapsed() < MAX_AGE => Ok(key),
            _ => self.read_again(secret).await,
        }
    }

    /// The key in `secret`, read now: after Braze refused the one in memory, which may have been rotated.
    pub async fn read_again(&self, secret: &str) -> Result<ApiKey, SecretError> {
        let client = match &self.source {
            Source::Given(key) => return Ok(key.clone()),
            Source::SecretsManager(client) => client,
        };
        let answer = client.get_secret_value().secret_id(secret).send().await.map_err(|error| {
            let secret = secret.to_owned();
            match error.code() {
                Some("ResourceNotFoundException") => SecretError::Missing { secret },
                Some("AccessDeniedException" | "AccessDenied") => SecretError::Denied { secret },
                _ => SecretError::Failed { secret, reason: DisplayErrorContext(&error).to_string() },
            }
        })?;
        let malformed = |found| SecretError::Malformed { secret: secret.to_owned(), found };
        let text = answer.secret_string().ok_or_else(|| malformed("it is binary, not text"))?;
        let value: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            malformed(if error.is_data() { "it is JSON of another form" } else { "it is not JSON" })
        })?;
        let key = value.get("api_key").ok_or_else(|| malformed("it has no field \"api_key\""))?;
        let key = key.as_str().ok_or_else(|| malformed("its \"api_key\" is not a text"))?;
        let key = key.trim();
        if key.is_empty() {
            return Err(malformed("its \"api_key\" is empty"));
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed("its \"api_key\" holds spaces or characters that no key has"));
        }
        let key = ApiKey::new(key.to_owned());
        self.read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(secret.to_owned(), (key.clone(), Instant::now()));
        Ok(key)
    }
}
