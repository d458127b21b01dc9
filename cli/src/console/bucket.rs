//! The bucket of a deployed stack, with the user's own AWS profile. This machine does the work, under the leases that the
//! stack's functions use, and keys are in Secrets Manager.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use insights_to_braze::bucket::{Bucket, BucketError, Condition, ETag};
use insights_to_braze::config::Config;
use insights_to_braze::environment::s3_client;
use insights_to_braze::names::SecretName;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::folder::{landing_name, version_name};
use super::look::Look;
use super::place::{Badge, ConfigText, Landed, Place, Task};
use crate::api_key;
use crate::application::Application;
use crate::arguments::{self, Stack};
use crate::connect::probe;
use crate::ending::Failure;
use crate::proposal::{EXPORT, config_of};
use crate::stack::KeyNotStored;
use crate::workspace::ConfigFile;

/// Where exports land.
const INCOMING: &str = "incoming/";
const TOML: &str = "application/toml";

/// A bucket, and the profile that it is used with.
pub(crate) struct BucketPlace {
    place: arguments::Place,
    sdk: SdkConfig,
    bucket: Bucket,
    secrets: aws_sdk_secretsmanager::Client,
}

impl BucketPlace {
    pub(crate) fn new(place: arguments::Place, name: &str, sdk: SdkConfig) -> Self {
        let secrets = aws_sdk_secretsmanager::Client::new(&sdk);
        Self { place, bucket: Bucket::new(s3_client(&sdk), name.to_owned()), secrets, sdk }
    }

    fn stack(&self) -> &Stack {
        &self.place.source.stack
    }

    /// The folder of `exports.toml`, in which earlier versions and drafts are kept.
    fn folder(&self) -> &str {
        self.stack().config_key.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    fn versions_folder(&self) -> String {
        format!("{}/versions/", self.folder())
    }

    /// The application that reads its configuration under this key.
    fn application(&self, config_key: &str) -> Application {
        Application::of_bucket(self.bucket.clone(), config_key, self.stack().secret.as_deref(), &self.sdk)
    }

    /// Stores a key beside what else the secret holds.
    async fn store(&self, secret: &str, key: &SecretString) -> Result<(), String> {
        let held = self.secrets.get_secret_value().secret_id(secret).send().await;
        let held = match held.map_err(aws_sdk_secretsmanager::Error::from) {
            Ok(held) => held.secret_string,
            // It has no value yet, or does not exist.
            Err(aws_sdk_secretsmanager::Error::ResourceNotFoundException(_)) => None,
            // What it holds, such as a state key, would be lost.
            Err(error) => return Err(error.to_string()),
        };
        let mut fields = match held.and_then(|text| serde_json::from_str(&text).ok()) {
            Some(Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        fields.insert("api_key".to_owned(), key.expose_secret().into());
        let text = Value::Object(fields).to_string();
        let stored = self.secrets.put_secret_value().secret_id(secret).secret_string(&text).send().await;
        match stored.map_err(aws_sdk_secretsmanager::Error::from) {
            Ok(_) => Ok(()),
            Err(aws_sdk_secretsmanager::Error::ResourceNotFoundException(_)) if !secret.starts_with("arn:") => {
                let created = self.secrets.create_secret().name(secret).secret_string(text).send().await;
                created.map(drop).map_err(|error| aws_sdk_secretsmanager::Error::from(error).to_string())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

#[async_trait]
impl Place for BucketPlace {
    fn badge(&self) -> Badge {
        Badge { kind: "stack", name: self.bucket.name().to_owned() }
    }

    async fn config(&self) -> Result<ConfigText, Failure> {
        let key = &self.stack().config_key;
        let name = format!("s3://{}/{key}", self.bucket.name());
        let Some((bytes, etag)) = self.bucket.read(key, Config::SIZE_LIMIT).await? else {
            return Ok(ConfigText { text: String::new(), tag: String::new(), name });
        };
        let text = String::from_utf8(bytes.into()).map_err(|_| {
            let wrong = std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not UTF-8 text");
            Failure::file("can't read", Path::new(&name), wrong, "Save it as UTF-8.")
        })?;
        Ok(ConfigText { text, tag: etag.bare().to_owned(), name })
    }

    async fn save(&self, text: &str, tag: &str) -> Result<bool, Failure> {
        let before = self.config().await?;
        if before.tag != tag {
            return Ok(false);
        }
        let condition = if tag.is_empty() { Condition::Absent } else { Condition::Unchanged(ETag::new(tag)) };
        if !before.text.is_empty() {
            self.bucket.write(&(self.versions_folder() + &version_name()), before.text, TOML, &Condition::Any).await?;
        }
        match self.bucket.write(&self.stack().config_key, text.to_owned(), TOML, &condition).await {
            Ok(_) => Ok(true),
            Err(BucketError::Changed { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn versions(&self) -> Result<Vec<String>, Failure> {
        let folder = self.versions_folder();
        let keys = self.bucket.keys(&folder).await?;
        let mut names: Vec<String> =
            keys.iter().filter_map(|key| key.strip_prefix(&folder)).map(str::to_owned).collect();
        names.sort();
        names.reverse();
        Ok(names)
    }

    async fn version(&self, name: &str) -> Result<Option<String>, Failure> {
        let Some(name) = self.versions().await?.into_iter().find(|known| known == name) else { return Ok(None) };
        let read = self.bucket.read(&(self.versions_folder() + &name), Config::SIZE_LIMIT).await?;
        Ok(read.and_then(|(bytes, _)| String::from_utf8(bytes.into()).ok()))
    }

    async fn landed(&self) -> Result<Vec<Landed>, Failure> {
        let landed = |folder: String| {
            let name = landing_name(folder.trim_end_matches('/')).to_owned();
            Landed { name, location: format!("s3://{}/{folder}", self.bucket.name()) }
        };
        Ok(self.bucket.folders(INCOMING).await?.into_iter().map(landed).collect())
    }

    async fn look(&self, folder: &str) -> Result<Look, Failure> {
        let config = config_of(folder, Some("?"), None)?;
        Look::of(&self.bucket, config.export(EXPORT)?).await
    }

    /// A handler reads its configuration in the bucket: one that is not saved is stored as a draft.
    async fn open(&self, config: &ConfigFile, task: &Task) -> Result<Arc<Application>, Failure> {
        let saved = &self.stack().config_key;
        if *task == Task::Look || self.config().await?.text == config.text() {
            return Ok(Arc::new(self.application(saved)));
        }
        let draft = format!("{}/drafts/{:016x}.toml", self.folder(), rand::random::<u64>());
        self.bucket.write(&draft, config.text().to_owned(), TOML, &Condition::Absent).await?;
        Ok(Arc::new(self.application(&draft)))
    }

    async fn close(&self, application: &Application) {
        let key = application.config_key();
        if key != self.stack().config_key
            && let Err(error) = self.bucket.delete(&[key.to_owned()]).await
        {
            tracing::warn!(%error, "a draft of exports.toml could not be deleted");
        }
    }

    async fn probe(&self, config: &ConfigFile, key: Option<&SecretString>) -> Result<Value, Failure> {
        let connection = config.config.connections.keys().next().map(ToString::to_string).unwrap_or_default();
        let request = json!({ "action": "connect", "connection": connection });
        if let Some(typed) = key {
            return probe(config, Some(api_key::checked(typed.expose_secret())?), None, &request).await;
        }
        self.application(&self.stack().config_key).on_demand(&request).await
    }

    /// A test of the connection says whether Secrets Manager has one.
    fn has_key(&self, _: &str) -> bool {
        true
    }

    async fn keep_key(&self, connection: &str, key: SecretString) -> Result<(), Failure> {
        api_key::checked(key.expose_secret())?;
        let config = self.config().await?.parsed();
        let named = config.ok().and_then(|config| Some(config.connections.get(connection)?.secret.clone()));
        let secret = match named {
            Some(SecretName::Named(name)) => Some(name.to_string()),
            _ => self.stack().secret.clone(),
        };
        let stored = match secret {
            Some(secret) => self.store(&secret, &key).await,
            None => Err("the connection has no `secret`, and --secret is not set".to_owned()),
        };
        stored.map_err(|reason| KeyNotStored { connection: connection.to_owned(), reason }.into())
    }

    fn command(&self, command: &str, _: Option<&str>) -> String {
        format!("itb {command}{}", self.place.flags())
    }
}
