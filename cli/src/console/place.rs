//! Where the application of a console lives. The pages know nothing else of files and buckets.

use std::sync::Arc;

use async_trait::async_trait;
use insights_to_braze::config::{Config, ConfigError};
use secrecy::SecretString;
use serde_json::Value;

use super::demo::Demo;
use super::look::Look;
use crate::application::Application;
use crate::ending::Failure;
use crate::workspace::{ConfigFile, parse_any};

/// The kind of a place, and its name.
#[derive(Clone, Debug)]
pub(crate) struct Badge {
    /// `demo`, `folder` or `stack`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
}

/// `exports.toml` as it is now.
#[derive(Clone, Debug)]
pub(crate) struct ConfigText {
    pub(crate) text: String,
    /// Which content it is: a change is saved only on top of the content that it was made for.
    pub(crate) tag: String,
    /// What the file is called.
    pub(crate) name: String,
}

impl ConfigText {
    /// What the file says, or what is wrong with it.
    pub(crate) fn parsed(&self) -> Result<Config, ConfigError> {
        parse_any(&self.text)
    }
}

/// A folder that holds an export, or may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Landed {
    pub(crate) name: String,
    /// Where it is, in words of the place.
    pub(crate) location: String,
}

/// What an application is opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// To look at what has been delivered.
    Look,
    /// To read the files of an export.
    Read { export: String },
    /// To send to Braze through a connection, with the files of an export in place.
    Send { export: Option<String>, connection: String },
}

/// A folder with its workspace, a demonstration, or the bucket of a stack.
#[async_trait]
pub(crate) trait Place: Send + Sync {
    fn badge(&self) -> Badge;

    /// `exports.toml`; an empty text if there is none yet.
    async fn config(&self) -> Result<ConfigText, Failure>;

    /// Replaces `exports.toml` if it still has this tag, and keeps the text before. Says whether it did.
    async fn save(&self, text: &str, tag: &str) -> Result<bool, Failure>;

    /// The names of earlier versions of `exports.toml`, the newest first.
    async fn versions(&self) -> Result<Vec<String>, Failure>;

    /// An earlier version.
    async fn version(&self, name: &str) -> Result<Option<String>, Failure>;

    /// The folders that exports land in.
    async fn landed(&self) -> Result<Vec<Landed>, Failure>;

    /// What is in one of them.
    async fn look(&self, folder: &str) -> Result<Look, Failure>;

    /// The application with this configuration.
    async fn open(&self, config: &ConfigFile, task: &Task) -> Result<Arc<Application>, Failure>;

    /// An application is not needed any longer. What was stored for it alone goes.
    async fn close(&self, _application: &Application) {}

    /// Tests the only connection of `config`; `None` tests the key that is kept for it.
    async fn probe(&self, config: &ConfigFile, key: Option<&SecretString>) -> Result<Value, Failure>;

    /// Whether there is a key for a connection.
    fn has_key(&self, connection: &str) -> bool;

    /// Keeps a key for a connection.
    async fn keep_key(&self, connection: &str, key: SecretString) -> Result<(), Failure>;

    /// A command that does the same, with the flags that name this place. `files` is the folder of an export.
    fn command(&self, command: &str, files: Option<&str>) -> String;

    /// Whether nothing but the function of a stack is there: neither `exports.toml` nor keys can be changed, and neither files
    /// nor pages be read.
    fn is_read_only(&self) -> bool {
        false
    }

    /// The mock of Braze and the exports of a demonstration.
    fn demo(&self) -> Option<&Demo> {
        None
    }
}
