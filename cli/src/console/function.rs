//! A deployed stack, through its on-demand function. The user needs the permission to invoke it and nothing else: pages show and
//! run what the function does. What needs the bucket, such as a change of `exports.toml`, is an error that says so.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::look::Look;
use super::place::{Badge, ConfigText, Landed, Place, Task};
use crate::application::Application;
use crate::arguments;
use crate::ending::Failure;
use crate::show::text;
use crate::stack::StackError;
use crate::workspace::ConfigFile;

/// The function of a stack, and the profile that it is invoked with.
pub(crate) struct FunctionPlace {
    place: arguments::Place,
    stack: String,
    sdk: SdkConfig,
}

impl FunctionPlace {
    pub(crate) fn new(place: arguments::Place, stack: &str, sdk: SdkConfig) -> Self {
        Self { place, stack: stack.to_owned(), sdk }
    }

    fn application(&self) -> Application {
        Application::of_function(&self.stack, &self.sdk)
    }

    fn needs_bucket(&self) -> Failure {
        StackError::NeedsBucket { stack: self.stack.clone() }.into()
    }
}

#[async_trait]
impl Place for FunctionPlace {
    fn badge(&self) -> Badge {
        Badge { kind: "stack", name: self.stack.clone() }
    }

    fn is_read_only(&self) -> bool {
        true
    }

    async fn config(&self) -> Result<ConfigText, Failure> {
        let answer = self.application().on_demand(&json!({ "action": "configuration" })).await?;
        Ok(ConfigText { text: text(&answer["text"]), tag: text(&answer["etag"]), name: text(&answer["key"]) })
    }

    async fn save(&self, _: &str, _: &str) -> Result<bool, Failure> {
        Err(self.needs_bucket())
    }

    async fn versions(&self) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    async fn version(&self, _: &str) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    async fn landed(&self) -> Result<Vec<Landed>, Failure> {
        Err(self.needs_bucket())
    }

    async fn look(&self, _: &str) -> Result<Look, Failure> {
        Err(self.needs_bucket())
    }

    async fn open(&self, _: &ConfigFile, _: &Task) -> Result<Arc<Application>, Failure> {
        Ok(Arc::new(self.application()))
    }

    /// The function tests the key that it uses.
    async fn probe(&self, config: &ConfigFile, key: Option<&SecretString>) -> Result<Value, Failure> {
        if key.is_some() {
            return Err(self.needs_bucket());
        }
        let connection = config.config.connections.keys().next().map(ToString::to_string).unwrap_or_default();
        self.application().on_demand(&json!({ "action": "connect", "connection": connection })).await
    }

    /// A test of the connection says whether Secrets Manager has one.
    fn has_key(&self, _: &str) -> bool {
        true
    }

    async fn keep_key(&self, _: &str, _: SecretString) -> Result<(), Failure> {
        Err(self.needs_bucket())
    }

    fn command(&self, command: &str, _: Option<&str>) -> String {
        format!("itb {command}{}", self.place.flags())
    }
}
