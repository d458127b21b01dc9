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
use crate::membership::{SHORTEST_STATE_KEY, StateKey};
use crate::when_needed::WhenNeeded;

/// How long a key is used before the secret is read again. A rotated key that Braze refuses is read again at once.
pub const MAX_AGE: Duration = Duration::from_mins(5);

/// The keys of all connections. Cheap to clone; clones share what has been read.
#[derive(Clone, Debug)]
pub struct ApiKeys {
    source: Source,
    read: Arc<Mutex<HashMap<String, (Keys, Instant)>>>,
}

/// What a secret holds.
#[derive(Clone, Debug)]
struct Keys {
    api_key: ApiKey,
    /// The one that encrypts first, then the former ones.
    state_keys: Vec<StateKey>,
}

/// Where keys come from.
#[derive(Clone, Debug)]
enum Source {
    SecretsManager(WhenNeeded<Client>),
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
        Self::when_needed(move || client)
    }

    /// The same with a client that is made when the first key is read.
    pub fn when_needed(client: impl FnOnce() -> Client + Send + 'static) -> Self {
        Self { source: Source::SecretsManager(WhenNeeded::new(client)), read: Arc::default() }
    }

    /// One key for whatever secret a connection names: for a program that has the key from its user.
    pub fn given(key: ApiKey) -> Self {
        Self { source: Source::Given(key), read: Arc::default() }
    }

    /// The key in `secret` (a name or ARN), from memory if it was read less than [`MAX_AGE`] ago.
    pub async fn get(&self, secret: &str) -> Result<ApiKey, SecretError> {
        match self.known(secret) {
            Some(keys) => Ok(keys.api_key),
            None => self.read_again(secret).await,
        }
    }

    /// The keys in `secret` that encrypt the state: `state_key` first, then `former_state_keys`. Empty where there are none.
    /// With `again`, the secret is read now.
    pub async fn state_keys(&self, secret: &str, again: bool) -> Result<Vec<StateKey>, SecretError> {
        match (&self.source, self.known(secret).filter(|_| !again)) {
            (Source::Given(_), _) => Ok(Vec::new()),
            (Source::SecretsManager(_), Some(keys)) => Ok(keys.state_keys),
            (Source::SecretsManager(client), None) => Ok(self.read_now(client, secret).await?.state_keys),
        }
    }

    fn known(&self, secret: &str) -> Option<Keys> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(secret).cloned();
        known.filter(|(_, read_at)| read_at.elapsed() < MAX_AGE).map(|(keys, _)| keys)
    }

    /// The key in `secret`, read now: after Braze refused the one in memory, which may have been rotated.
    pub async fn read_again(&self, secret: &str) -> Result<ApiKey, SecretError> {
        match &self.source {
            Source::Given(key) => Ok(key.clone()),
            Source::SecretsManager(client) => Ok(self.read_now(client, secret).await?.api_key),
        }
    }

    async fn read_now(&self, client: &Client, secret: &str) -> Result<Keys, SecretError> {
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
        let keys = Keys { api_key: ApiKey::new(key.to_owned()), state_keys: state_keys_in(&value).map_err(malformed)? };
        self.read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(secret.to_owned(), (keys.clone(), Instant::now()));
        Ok(keys)
    }
}

fn state_keys_in(secret: &Map<String, Value>) -> Result<Vec<StateKey>, &'static str> {
    let former = match secret.get("former_state_keys") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(former)) => former.as_slice(),
        Some(_) => return Err("its \"former_state_keys\" is not a list"),
    };
    let current = secret.get("state_key").filter(|key| !key.is_null());
    let keys = current.into_iter().chain(former).map(|key| {
        let text = key.as_str().ok_or("a state key in it is not a text")?.trim();
        StateKey::new(text).ok_or(TOO_SHORT)
    });
    keys.collect()
}

const TOO_SHORT: &str = const {
    assert!(SHORTEST_STATE_KEY == 32, "the message names it");
    "a state key in it has fewer than 32 characters"
};
