//! Braze API keys from AWS Secrets Manager, kept in memory between invocations for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::time::Instant;

use super::api_key::ApiKey;
use super::state_key::{SHORTEST_STATE_KEY, StateKey};
use crate::message::codes;
use crate::names::SecretName;
use crate::when_needed::WhenNeeded;

/// How long a key is used before the secret is read again. A rotated key that Braze refuses is read again at once.
pub const MAX_AGE: Duration = Duration::from_mins(5);

/// The keys of all connections. Cheap to clone; clones share what has been read.
#[derive(Clone, Debug)]
pub struct ApiKeys {
    source: Source,
    readable: Readable,
    read: Arc<Mutex<HashMap<SecretName, (Keys, Instant)>>>,
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
    Given(ApiKey, Option<SecretString>),
}

/// Errors of the secret. The texts never contain its value.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The secret has no value yet.
    ///
    /// Fix: store `{"api_key": "…"}` with the Braze REST API key in it.
    #[error(
        "the secret {secret} has no value yet\n\
         Save {{\"api_key\": \"…\"}} with the Braze REST API key as key.json, then run: \
         aws secretsmanager put-secret-value --secret-id {secret} --secret-string file://key.json"
    )]
    NoValue {
        /// Name or ARN of the secret.
        secret: String,
    },
    /// The secret does not exist in Secrets Manager.
    ///
    /// Fix: remove `secret` from the connection to use the stack's own, or create the secret.
    #[error(
        "there is no secret {secret} in Secrets Manager\n\
         Remove `secret` from the connection to use the stack's own, or \
         create it: aws secretsmanager create-secret --name NAME --secret-string file://key.json. Readable secrets: {readable}"
    )]
    Missing {
        /// Name or ARN of the secret.
        secret: String,
        /// The secrets that the functions may read.
        readable: Readable,
    },
    /// The function is not allowed to read the secret.
    ///
    /// Fix: remove `secret` from the connection to use the stack's own, or add the secret's ARN to the parameter
    /// `SecretArns`.
    #[error(
        "not allowed to read the secret {secret}\n\
         Remove `secret` from the connection to use the stack's own, or add \
         the ARN of this secret to the parameter SecretArns and run: sam deploy. Readable secrets: {readable}"
    )]
    Denied {
        /// Name or ARN of the secret.
        secret: String,
        /// The secrets that the functions may read.
        readable: Readable,
    },
    /// The function is allowed to read the secret, but not to decrypt it.
    ///
    /// Fix: add the ARN of its KMS key to the parameter `FurtherKeyArns`.
    #[error(
        "not allowed to decrypt the secret {secret}\n\
         Add the ARN of its KMS key to the parameter FurtherKeyArns and run: \
         sam deploy. The key's own policy must also allow the account's IAM policies."
    )]
    NotDecrypted {
        /// Name or ARN of the secret.
        secret: String,
    },
    /// The connection has no `secret`, and the stack has no single one.
    ///
    /// Fix: set `secret` of the connection.
    #[error(
        "the connection has no `secret`, and the stack's own secret is not known\nSet `secret` to one of: {readable}"
    )]
    NotNamed {
        /// The secrets that the functions may read.
        readable: Readable,
    },
    /// The secret does not contain `{"api_key": "…"}`.
    ///
    /// Fix: store the Braze REST API key as `{"api_key": "…"}`.
    #[error(
        "the secret {secret} is not valid: {found}\n\
         Save {{\"api_key\": \"…\"}} with the Braze REST API key as key.json, then run: \
         aws secretsmanager put-secret-value --secret-id {secret} --secret-string file://key.json"
    )]
    Malformed {
        /// Name or ARN of the secret.
        secret: String,
        /// What is wrong with it.
        found: &'static str,
    },
    /// Secrets Manager returned an error or could not be reached.
    ///
    /// Fix: nothing to do if it is temporary; the next attempt reads the secret again.
    #[error("can't read the secret {secret} from Secrets Manager: {reason}")]
    Failed {
        /// Name or ARN of the secret.
        secret: String,
        /// What Secrets Manager or the connection said.
        reason: String,
    },
}

codes!(SecretError {
    Missing = "ITB-S21",
    Malformed = "ITB-S22",
    Denied = "ITB-S23",
    Failed = "ITB-S24",
    NoValue = "ITB-S25",
    NotDecrypted = "ITB-S26",
    NotNamed = "ITB-S27",
});

/// The ARNs of the secrets that the functions of a stack may read. One alone is the stack's own.
#[derive(Clone, Debug, Default)]
pub struct Readable(Arc<[String]>);

impl Readable {
    /// Reads the form that the environment has: ARNs with commas between them.
    pub fn parse(text: &str) -> Self {
        Self(text.split(',').map(str::trim).filter(|arn| !arn.is_empty()).map(str::to_owned).collect())
    }
}

impl fmt::Display for Readable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            [] => f.write_str("those that your credentials allow"),
            arns => f.write_str(&arns.join(", ")),
        }
    }
}

impl ApiKeys {
    /// Keys through `client`; nothing is read yet.
    pub fn new(client: Client) -> Self {
        Self::when_needed(move || client)
    }

    /// The same with a client that is made when the first key is read.
    pub fn when_needed(client: impl FnOnce() -> Client + Send + 'static) -> Self {
        Self {
            source: Source::SecretsManager(WhenNeeded::new(client)),
            readable: Readable::default(),
            read: Arc::default(),
        }
    }

    /// The same for a stack whose functions may read the secrets `readable`.
    #[must_use]
    pub fn reading(mut self, readable: Readable) -> Self {
        self.readable = readable;
        self
    }

    /// One key for whatever secret a connection names: for a program that has the key from its user.
    pub fn given(key: ApiKey) -> Self {
        Self { source: Source::Given(key, None), readable: Readable::default(), read: Arc::default() }
    }

    /// The same with a text in place of the secret of a source.
    #[must_use]
    pub fn with_text(mut self, text: SecretString) -> Self {
        if let Source::Given(_, given) = &mut self.source {
            *given = Some(text);
        }
        self
    }

    /// The text in a secret that holds no key of Braze, read now.
    pub async fn text(&self, secret: &str) -> Result<SecretString, SecretError> {
        match &self.source {
            Source::Given(_, Some(text)) => Ok(text.clone()),
            Source::Given(_, None) => Err(SecretError::NoValue { secret: secret.to_owned() }),
            Source::SecretsManager(client) => self.value_of(client, secret.to_owned()).await,
        }
    }

    /// The key in `secret`, from memory if it was read less than [`MAX_AGE`] ago.
    pub async fn get(&self, secret: &SecretName) -> Result<ApiKey, SecretError> {
        match self.known(secret) {
            Some(keys) => Ok(keys.api_key),
            None => self.read_again(secret).await,
        }
    }

    /// The keys in `secret` that encrypt the state: `state_key` first, then `former_state_keys`. Empty where there are none.
    /// With `again`, the secret is read now.
    pub async fn state_keys(&self, secret: &SecretName, again: bool) -> Result<Vec<StateKey>, SecretError> {
        match (&self.source, self.known(secret).filter(|_| !again)) {
            (Source::Given(..), _) => Ok(Vec::new()),
            (Source::SecretsManager(_), Some(keys)) => Ok(keys.state_keys),
            (Source::SecretsManager(client), None) => Ok(self.read_now(client, secret).await?.state_keys),
        }
    }

    fn known(&self, secret: &SecretName) -> Option<Keys> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(secret).cloned();
        known.filter(|(_, read_at)| read_at.elapsed() < MAX_AGE).map(|(keys, _)| keys)
    }

    /// The key in `secret`, read now: after Braze refused the one in memory, which may have been rotated.
    pub async fn read_again(&self, secret: &SecretName) -> Result<ApiKey, SecretError> {
        match &self.source {
            Source::Given(key, _) => Ok(key.clone()),
            Source::SecretsManager(client) => Ok(self.read_now(client, secret).await?.api_key),
        }
    }

    async fn read_now(&self, client: &Client, secret: &SecretName) -> Result<Keys, SecretError> {
        let readable = self.readable.clone();
        let name = match (secret, &*readable.0) {
            (SecretName::Named(name), _) => name.to_string(),
            (SecretName::OfStack, [own]) => own.clone(),
            (SecretName::OfStack, _) => return Err(SecretError::NotNamed { readable }),
        };
        let text = self.value_of(client, name.clone()).await?;
        let malformed = |found| SecretError::Malformed { secret: name.clone(), found };
        let value: Map<String, Value> = serde_json::from_str(text.expose_secret()).map_err(|error| {
            malformed(if error.is_data() { "it is JSON of another form" } else { "it is not JSON" })
        })?;
        let key = value.get("api_key").ok_or_else(|| malformed("it has no field \"api_key\""))?;
        let key = key.as_str().ok_or_else(|| malformed("its \"api_key\" is not a text"))?;
        let key = key.trim();
        if key.is_empty() {
            return Err(malformed("its \"api_key\" is empty"));
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed("its \"api_key\" contains spaces or characters that no key has"));
        }
        let keys = Keys { api_key: ApiKey::new(key.to_owned()), state_keys: state_keys_in(&value).map_err(malformed)? };
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.clone(), (keys.clone(), Instant::now()));
        Ok(keys)
    }
}

impl ApiKeys {
    async fn value_of(&self, client: &Client, name: String) -> Result<SecretString, SecretError> {
        let answer = client.get_secret_value().secret_id(&name).send().await;
        let answer = answer.map_err(|error| refusal(name.clone(), self.readable.clone(), &error))?;
        let text = answer.secret_string.map(SecretString::from);
        text.ok_or(SecretError::Malformed { secret: name, found: "it is binary, not text" })
    }
}

/// Why `GetSecretValue` was refused. Each error code has two causes that only the message distinguishes: a secret without
/// a value lacks its "staging label: AWSCURRENT", and a refusal by KMS names KMS.
fn refusal(secret: String, readable: Readable, error: &SdkError<GetSecretValueError>) -> SecretError {
    let says = |word| error.message().is_some_and(|message| message.contains(word));
    match error.code() {
        Some("ResourceNotFoundException") if says("staging label") => SecretError::NoValue { secret },
        Some("ResourceNotFoundException") => SecretError::Missing { secret, readable },
        Some("AccessDeniedException" | "AccessDenied") if says("KMS") => SecretError::NotDecrypted { secret },
        Some("AccessDeniedException" | "AccessDenied") => SecretError::Denied { secret, readable },
        _ => SecretError::Failed { secret, reason: DisplayErrorContext(error).to_string() },
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
