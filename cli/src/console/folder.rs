//! A folder of this machine with its workspace. Each page opens the workspace for a moment, as a command does, so that
//! commands and the console can be used side by side.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use insights_to_braze::environment::DEFAULT_CONFIG_KEY;
use insights_to_braze::secrets::ApiKey;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::demo::Demo;
use super::look::Look;
use super::place::{Badge, ConfigText, Landed, Place, Task};
use crate::api_key;
use crate::application::Application;
use crate::arguments::{self, quoted};
use crate::connect::probe;
use crate::ending::Failure;
use crate::proposal::{EXPORT, reading};
use crate::standin::hexadecimal::hexadecimal;
use crate::workspace::{ConfigFile, WorkspaceFolder};

/// How long a delivery waits until the pages that are being made have let go of the workspace.
const PATIENCE: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(20);

/// A folder that exports land in, and the workspace beside it.
pub(crate) struct FolderPlace {
    files: PathBuf,
    place: arguments::Place,
    demo: Option<Demo>,
    keys: Mutex<BTreeMap<String, SecretString>>,
    /// The key of the environment, for every connection without one of its own.
    common: Option<ApiKey>,
    open: tokio::sync::Mutex<Opened>,
}

/// The application that is in use. Pages share it; a delivery waits for one of its own.
#[derive(Default)]
struct Opened {
    application: Weak<Application>,
    text: String,
}

impl FolderPlace {
    pub(crate) fn new(files: PathBuf, place: arguments::Place, demo: Option<Demo>) -> Result<Self, Failure> {
        let common = if demo.is_some() { None } else { api_key::in_environment()? };
        Ok(Self { files, place, demo, keys: Mutex::default(), common, open: tokio::sync::Mutex::default() })
    }

    fn config_file(&self) -> &Path {
        self.place.source.config_file()
    }

    fn versions_folder(&self) -> PathBuf {
        self.place.workspace.join("versions")
    }

    /// The folder of this machine that is called `name`: this one, or one in it.
    fn files_of(&self, name: &str) -> PathBuf {
        let root = self.files.canonicalize().unwrap_or_else(|_| self.files.clone());
        let is_root = root.file_name().is_some_and(|own| own.to_string_lossy() == name) && is_export(&root);
        if is_root { self.files.clone() } else { self.files.join(name) }
    }

    fn key(&self, connection: &str) -> Option<ApiKey> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let own = keys.get(connection).map(|key| ApiKey::new(key.expose_secret().to_owned()));
        own.or_else(|| self.common.clone())
    }

    async fn open_anew(&self, config: &ConfigFile, task: &Task) -> Result<Application, Failure> {
        let workspace = WorkspaceFolder::take(&self.place.workspace)?;
        let (export, key) = match task {
            Task::Look => (None, None),
            Task::Read { export } => (Some(export), None),
            Task::Send { export, connection } => {
                let key = self.key(connection).ok_or_else(|| Failure::NoKey(connection.clone()))?;
                (export.as_ref(), Some(key))
            }
        };
        if let Some(export) = export {
            let export = config.export(export)?;
            workspace.mirror(&self.files_of(landing_name(&export.folder)), export)?;
        }
        Application::of_workspace(workspace, config, key).await
    }
}

/// What the folder of an export is called where exports land.
pub(crate) fn landing_name(folder: &str) -> &str {
    folder.strip_prefix("incoming/").unwrap_or(folder)
}

/// Whether Customer Insights writes into this folder: there is a `model.json`, a file, or a folder of a segment.
fn is_export(folder: &Path) -> bool {
    let names = |folder: &Path| -> Vec<(String, PathBuf)> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect()
    };
    let is_file = |name: &str| {
        let name = name.to_lowercase();
        name == "model.json" || [".csv", ".csv.gz"].iter().any(|end| name.ends_with(end))
    };
    let is_year = |name: &str| name.len() == 4 && name.bytes().all(|letter| letter.is_ascii_digit());
    names(folder).iter().any(|(name, path)| {
        is_file(name) && path.is_file() || path.is_dir() && names(path).iter().any(|(name, _)| is_year(name))
    })
}

/// What a version of `exports.toml` is called that is replaced now. Names are in the order of time.
pub(crate) fn version_name() -> String {
    format!("exports-{}.toml", Timestamp::now().strftime("%Y-%m-%dT%H-%M-%S.%3fZ"))
}

/// Which content a text is.
fn tag_of(text: &str) -> String {
    hexadecimal(digest(&SHA256, text.as_bytes()).as_ref())
}

/// Replaces a file, so that no one ever reads half of it.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut new = tempfile::Builder::new().prefix(".exports-").tempfile_in(folder)?;
    new.write_all(text.as_bytes())?;
    if let Ok(metadata) = fs::metadata(path) {
        new.as_file().set_permissions(metadata.permissions())?;
    }
    new.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[async_trait]
impl Place for FolderPlace {
    fn badge(&self) -> Badge {
        match self.demo {
            Some(_) => Badge { kind: "demo", name: String::new() },
            None => Badge { kind: "folder", name: self.files.display().to_string() },
        }
    }

    async fn config(&self) -> Result<ConfigText, Failure> {
        let path = self.config_file();
        let text = match fs::read(path) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| {
                let wrong = std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not UTF-8 text");
                Failure::file("can't read", path, wrong, "Save it as UTF-8.")
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::file("can't read", path, error, "Check its permissions.")),
        };
        Ok(ConfigText { tag: tag_of(&text), text, name: path.display().to_string() })
    }

    async fn save(&self, text: &str, tag: &str) -> Result<bool, Failure> {
        // Two forms of one console, one after the other.
        let _in_turn = self.open.lock().await;
        let before = self.config().await?;
        if before.tag != tag {
            return Ok(false);
        }
        let folder = self.versions_folder();
        let failure = |source| Failure::file("can't write", self.config_file(), source, "Check its permissions.");
        if !before.text.is_empty() {
            fs::create_dir_all(&folder).map_err(failure)?;
            replace(&folder.join(version_name()), &before.text).map_err(failure)?;
        }
        replace(self.config_file(), text).map_err(failure)?;
        Ok(true)
    }

    async fn versions(&self) -> Result<Vec<String>, Failure> {
        let entries = fs::read_dir(self.versions_folder()).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| name.starts_with("exports-"));
        names.sort();
        names.reverse();
        Ok(names)
    }

    async fn version(&self, name: &str) -> Result<Option<String>, Failure> {
        let known = self.versions().await?.into_iter().find(|known| known == name);
        Ok(known.and_then(|name| fs::read_to_string(self.versions_folder().join(name)).ok()))
    }

    async fn landed(&self) -> Result<Vec<Landed>, Failure> {
        let landed = |path: &Path| {
            let name = path.canonicalize().ok()?.file_name()?.to_string_lossy().into_owned();
            Some(Landed { name, location: path.display().to_string() })
        };
        if is_export(&self.files) {
            return Ok(landed(&self.files).into_iter().collect());
        }
        let advice = "Start the console on the folder that exports land in.";
        let failure = |error| Failure::file("can't read", &self.files, error, advice);
        let mut folders: Vec<PathBuf> =
            fs::read_dir(&self.files).map_err(failure)?.flatten().map(|entry| entry.path()).collect();
        folders.sort();
        Ok(folders.iter().filter(|folder| is_export(folder)).filter_map(|folder| landed(folder)).collect())
    }

    async fn look(&self, folder: &str) -> Result<Look, Failure> {
        let is_one = self.landed().await?.iter().any(|landed| landed.name == folder);
        let files = self.files_of(folder);
        if !is_one {
            return Err(Failure::NoFiles(files));
        }
        let (application, config) = reading(&files, Some("?"), None).await?;
        Look::of(application.bucket()?, config.export(EXPORT)?).await
    }

    async fn open(&self, config: &ConfigFile, task: &Task) -> Result<Arc<Application>, Failure> {
        let since = std::time::Instant::now();
        loop {
            let mut opened = self.open.lock().await;
            match (opened.application.upgrade(), task) {
                (Some(application), Task::Look) => {
                    if opened.text != config.text() {
                        let path = application.location(DEFAULT_CONFIG_KEY);
                        replace(Path::new(&path), config.text()).map_err(|source| {
                            Failure::file("can't write", Path::new(&path), source, "Check its permissions.")
                        })?;
                        config.text().clone_into(&mut opened.text);
                    }
                    return Ok(application);
                }
                (Some(_), _) if since.elapsed() >= PATIENCE => {
                    return Err(Failure::Busy(self.place.workspace.clone()));
                }
                (Some(_), _) => {}
                (None, _) => {
                    let application = Arc::new(self.open_anew(config, task).await?);
                    *opened = Opened { application: Arc::downgrade(&application), text: config.text().to_owned() };
                    return Ok(application);
                }
            }
            drop(opened);
            tokio::time::sleep(STEP).await;
        }
    }

    async fn probe(&self, config: &ConfigFile, key: Option<&SecretString>) -> Result<Value, Failure> {
        let connection = config.config.connections.keys().next().map(ToString::to_string).unwrap_or_default();
        let key = match key {
            Some(typed) => Some(api_key::checked(typed.expose_secret())?),
            None => self.key(&connection),
        };
        let key = key.ok_or_else(|| Failure::NoKey(connection.clone()))?;
        probe(config, Some(key), None, &json!({ "action": "connect", "connection": connection })).await
    }

    fn has_key(&self, connection: &str) -> bool {
        self.key(connection).is_some()
    }

    async fn keep_key(&self, connection: &str, key: SecretString) -> Result<(), Failure> {
        api_key::checked(key.expose_secret())?;
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(connection.to_owned(), key);
        Ok(())
    }

    fn command(&self, command: &str, files: Option<&str>) -> String {
        let files =
            files.map(|name| format!(" --files {}", quoted(&self.files_of(landing_name(name)).to_string_lossy())));
        format!("itb {command}{}{}", files.unwrap_or_default(), self.place.flags())
    }

    fn demo(&self) -> Option<&Demo> {
        self.demo.as_ref()
    }
}
