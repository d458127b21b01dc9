//! What the requests of one console share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use insights_to_braze::config::Config;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use tokio::time::Instant;

use super::jobs::Jobs;
use super::place::{ConfigText, Place};
use super::session::Session;
use super::trouble::Trouble;
use crate::workspace::ConfigFile;

/// A key that was typed and is not saved is forgotten after this time.
const UNSAVED: Duration = Duration::from_hours(1);
/// The most keys that wait to be saved.
const MOST_UNSAVED: usize = 8;

/// A console.
pub(crate) struct Console {
    pub(crate) session: Session,
    pub(crate) place: Arc<dyn Place>,
    pub(crate) jobs: Jobs,
    typed: Mutex<Vec<TypedKey>>,
    tested: Mutex<BTreeMap<String, Tested>>,
    last_request: Mutex<Instant>,
}

/// What handlers are given.
pub(crate) type Shared = Arc<Console>;

/// A key that was typed into a form and is not part of a connection yet. The form refers to it by number.
struct TypedKey {
    number: String,
    key: SecretString,
    at: Instant,
}

/// How the last test of a connection ended.
#[derive(Clone, Debug)]
pub(crate) struct Tested {
    pub(crate) works: bool,
    pub(crate) message: String,
    pub(crate) code: String,
    pub(crate) at: Timestamp,
}

impl Tested {
    /// From the answer to the action `connect`.
    pub(crate) fn of(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        Self {
            works: answer["outcome"] == "connected",
            message: text("message"),
            code: text("code"),
            at: Timestamp::now(),
        }
    }
}

/// The configuration that a page is about.
pub(crate) struct Known {
    pub(crate) text: ConfigText,
    pub(crate) file: ConfigFile,
}

impl Known {
    pub(crate) fn config(&self) -> &Config {
        &self.file.config
    }
}

impl Console {
    pub(crate) fn new(session: Session, place: Arc<dyn Place>) -> Self {
        let last_request = Mutex::new(Instant::now());
        Self { session, place, jobs: Jobs::default(), typed: Mutex::default(), tested: Mutex::default(), last_request }
    }

    /// `exports.toml`, if it is right.
    pub(crate) async fn known(&self) -> Result<Known, Trouble> {
        let text = self.place.config().await?;
        let file = ConfigFile::of_any_text(std::path::Path::new(&text.name), text.text.clone())?;
        Ok(Known { text, file })
    }

    /// A request has come.
    pub(crate) fn seen(&self) {
        *self.last_request.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How long no request has come and nothing has run.
    pub(crate) fn idle(&self) -> Duration {
        if self.jobs.is_running() {
            return Duration::ZERO;
        }
        self.last_request.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Keeps a key that was typed, and gives its number for the form.
    pub(crate) fn keep_typed(&self, key: &str) -> String {
        let number = format!("{:032x}", rand::random::<u128>());
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        typed.retain(|typed| typed.at.elapsed() < UNSAVED);
        if typed.len() >= MOST_UNSAVED {
            typed.remove(0);
        }
        typed.push(TypedKey { number: number.clone(), key: SecretString::from(key.to_owned()), at: Instant::now() });
        number
    }

    /// The key with this number.
    pub(crate) fn typed(&self, number: &str) -> Option<SecretString> {
        let typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        typed.iter().find(|typed| typed.number == number && typed.at.elapsed() < UNSAVED).map(|typed| typed.key.clone())
    }

    /// Remembers how a test ended.
    pub(crate) fn remember(&self, connection: &str, tested: Tested) {
        self.tested.lock().unwrap_or_else(PoisonError::into_inner).insert(connection.to_owned(), tested);
    }

    /// Whether the last test of a connection has succeeded.
    pub(crate) fn works(&self, connection: &str) -> bool {
        self.tested(connection).is_some_and(|tested| tested.works)
    }

    /// How the last test of a connection ended.
    pub(crate) fn tested(&self, connection: &str) -> Option<Tested> {
        self.tested.lock().unwrap_or_else(PoisonError::into_inner).get(connection).cloned()
    }
}
