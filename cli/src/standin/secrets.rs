//! Secrets Manager: secrets that can be set, rotated, denied and removed while it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::aws_json::{self, JsonService, ServiceError};
use super::clock::Clock;
use super::fault::{Call, FaultScript, Gate};
use super::http::HttpServer;
use super::in_process::{self, InProcess};

/// A running Secrets Manager.
pub struct SecretsServer {
    server: Option<HttpServer>,
    in_process: InProcess,
    gate: Gate,
    secrets: Arc<Secrets>,
}

struct Secrets {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_name: BTreeMap<String, Secret>,
    denied: BTreeSet<String>,
    versions: u64,
}

struct Secret {
    current: Option<Version>,
    previous: Option<Version>,
}

#[derive(Clone)]
struct Version {
    id: String,
    text: String,
    created: f64,
}

/// Account, region and the six characters that AWS appends to every secret's name.
const ARN_BEFORE_NAME: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:";
const ARN_AFTER_NAME: &str = "-AbCdEf";

impl SecretsServer {
    /// Starts without any secret.
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let mut started = Self::without_socket(clock);
        started.server = Some(aws_json::start(Arc::clone(&started.secrets), started.gate.clone(), clock).await?);
        Ok(started)
    }

    /// The same without a socket: it is reached by [`Self::in_process`] alone.
    pub fn without_socket(clock: Clock) -> Self {
        let secrets = Arc::new(Secrets { clock, state: Mutex::default() });
        let gate = Gate::default();
        let in_process = aws_json::in_process(&secrets, &gate, clock);
        Self { server: None, in_process, gate, secrets }
    }

    /// The endpoint, for `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    pub fn url(&self) -> String {
        self.server.as_ref().map_or_else(|| in_process::URL.to_owned(), HttpServer::url)
    }

    /// The port on 127.0.0.1; 0 without a socket.
    pub fn port(&self) -> u16 {
        self.server.as_ref().map_or(0, HttpServer::port)
    }

    /// The HTTP client that reaches it without a socket.
    pub fn in_process(&self) -> InProcess {
        self.in_process.clone()
    }

    /// Sets or rotates a secret: the former text becomes the version `AWSPREVIOUS`.
    pub fn set_secret(&self, name: &str, text: impl Into<String>) {
        self.secrets.set(name, text.into());
    }

    /// Creates a secret without a value, as a template does.
    pub fn create_secret(&self, name: &str) {
        self.secrets.lock().by_name.insert(name.to_owned(), Secret { current: None, previous: None });
    }

    /// Removes a secret.
    pub fn remove_secret(&self, name: &str) {
        self.secrets.lock().by_name.remove(name);
    }

    /// Denies access to a secret, whether it exists or not, or grants it again.
    pub fn deny(&self, name: &str, denied: bool) {
        let mut state = self.secrets.lock();
        if denied {
            state.denied.insert(name.to_owned());
        } else {
            state.denied.remove(name);
        }
    }

    /// The ARN of a secret with this name.
    pub fn arn(name: &str) -> String {
        format!("{ARN_BEFORE_NAME}{name}{ARN_AFTER_NAME}")
    }

    /// Asks `script` what to do with each further call; `None` ends all faults.
    pub fn set_faults(&self, script: Option<FaultScript>) {
        self.gate.set_script(script);
    }

    /// The calls received so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.gate.calls()
    }

    /// Empties the record of calls.
    pub fn forget_calls(&self) {
        self.gate.forget_calls();
    }
}

impl Secrets {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, name: &str, text: String) -> String {
        let created = self.clock.since_epoch().as_secs_f64();
        let mut state = self.lock();
        state.versions += 1;
        let id = format!("00000000-0000-4000-8000-{:012x}", state.versions);
        let current = Version { id: id.clone(), text, created };
        let previous = state.by_name.remove(name).and_then(|secret| secret.current);
        state.by_name.insert(name.to_owned(), Secret { current: Some(current), previous });
        id
    }

    fn write_secret(&self, is_new: bool, input: &Value) -> Result<Value, ServiceError> {
        let name = if is_new { input["Name"].as_str().unwrap_or_default() } else { name_of(input) };
        let exists = self.lock().by_name.contains_key(name);
        if is_new && exists {
            return Err(ServiceError::new("ResourceExistsException", "The secret already exists."));
        }
        if !is_new && !exists {
            let text = "Secrets Manager can't find the specified secret.";
            return Err(ServiceError::new("ResourceNotFoundException", text));
        }
        let id = self.set(name, input["SecretString"].as_str().unwrap_or_default().to_owned());
        Ok(json!({ "ARN": SecretsServer::arn(name), "Name": name, "VersionId": id }))
    }

    fn get_secret_value(&self, input: &Value) -> Result<Value, ServiceError> {
        let name = name_of(input);
        let state = self.lock();
        if state.denied.contains(name) {
            let text = "User is not authorized to perform: secretsmanager:GetSecretValue because no identity-based policy allows it";
            return Err(ServiceError::new("AccessDeniedException", text));
        }
        let missing = |text| ServiceError::new("ResourceNotFoundException", text);
        let secret =
            state.by_name.get(name).ok_or_else(|| missing("Secrets Manager can't find the specified secret."))?;
        let label = input["VersionStage"].as_str().unwrap_or("AWSCURRENT");
        let version = match label {
            "AWSCURRENT" => secret.current.as_ref(),
            "AWSPREVIOUS" => secret.previous.as_ref(),
            _ => None,
        };
        let none = "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT";
        let version = version.ok_or_else(|| missing(none))?;
        Ok(json!({
            "ARN": SecretsServer::arn(name),
            "Name": name,
            "VersionId": version.id,
            "SecretString": version.text,
            "VersionStages": [label],
            "CreatedDate": version.created,
        }))
    }
}

/// The name, from a name, an ARN, or an ARN without the characters at its end.
fn name_of(input: &Value) -> &str {
    let id = input["SecretId"].as_str().unwrap_or_default();
    match id.split_once(":secret:") {
        Some((_, name)) => name.strip_suffix(ARN_AFTER_NAME).unwrap_or(name),
        None => id,
    }
}

impl JsonService for Secrets {
    const CONTENT_TYPE: &'static str = "application/x-amz-json-1.1";

    fn resource(&self, input: &Value) -> String {
        name_of(input).to_owned()
    }

    async fn serve(&self, operation: &str, input: &Value) -> Result<Value, ServiceError> {
        match operation {
            "GetSecretValue" => self.get_secret_value(input),
            "PutSecretValue" | "CreateSecret" => self.write_secret(operation == "CreateSecret", input),
            _ => Err(ServiceError::new("InvalidRequestException", format!("{operation} is not served here"))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::sync::Arc;

    use aws_sdk_secretsmanager::Client;
    use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
    use aws_sdk_secretsmanager::error::ProvideErrorMetadata;

    use super::SecretsServer;
    use crate::standin::clock::Clock;
    use crate::standin::fault::{Answer, Fault};

    fn client(server: &SecretsServer) -> Client {
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(server.url())
            .retry_config(RetryConfig::disabled())
            .credentials_provider(Credentials::new("AKIDTEST", "secret", None, None, "test"))
            .build();
        Client::from_conf(config)
    }

    #[tokio::test]
    async fn a_secret_is_found_by_name_and_arn_and_rotates() {
        let server = SecretsServer::start(Clock::new()).await.unwrap();
        let client = client(&server);
        let name = "insights-to-braze/braze-eu";
        server.set_secret(name, "{\"api_key\": \"one\"}");
        let first = client.get_secret_value().secret_id(name).send().await.unwrap();
        assert_eq!(first.secret_string(), Some("{\"api_key\": \"one\"}"));
        assert_eq!(first.arn(), Some(SecretsServer::arn(name).as_str()));
        server.set_secret(name, "{\"api_key\": \"two\"}");
        let second = client.get_secret_value().secret_id(SecretsServer::arn(name)).send().await.unwrap();
        assert_eq!(second.secret_string(), Some("{\"api_key\": \"two\"}"));
        assert_ne!(first.version_id(), second.version_id());
        let previous = client.get_secret_value().secret_id(name).version_stage("AWSPREVIOUS").send().await.unwrap();
        assert_eq!(previous.version_id(), first.version_id());
        let calls = server.calls();
        assert_eq!(calls.len(), 3);
        assert!(
            calls
                .iter()
                .all(|call| call.operation == "GetSecretValue" && call.resource == name && call.caller == "AKIDTEST")
        );
    }

    #[tokio::test]
    async fn errors_have_the_codes_of_aws() {
        let server = SecretsServer::start(Clock::new()).await.unwrap();
        let client = client(&server);
        let get = async || client.get_secret_value().secret_id("s").send().await.unwrap_err().into_service_error();
        assert!(get().await.is_resource_not_found_exception());
        server.set_secret("s", "x");
        server.deny("s", true);
        assert_eq!(get().await.code(), Some("AccessDeniedException"));
        server.deny("s", false);
        server.set_faults(Some(Arc::new(|_| Fault::Answer(Answer::aws_error(400, "ThrottlingException")))));
        assert_eq!(get().await.code(), Some("ThrottlingException"));
        server.set_faults(Some(Arc::new(|_| Fault::DropAfter)));
        assert!(client.get_secret_value().secret_id("s").send().await.unwrap_err().as_service_error().is_none());
        server.set_faults(None);
        client.get_secret_value().secret_id("s").send().await.unwrap();
        server.remove_secret("s");
        assert!(get().await.is_resource_not_found_exception());
        assert_eq!(server.calls().len(), 6);
    }
}
