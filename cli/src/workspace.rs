//! A bucket in a folder of this machine.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use insights_to_braze::bucket::Bucket;
use insights_to_braze::config::{Config, ConfigError, Export};
use insights_to_braze::environment::DEFAULT_CONFIG_KEY;

use crate::clients;
use crate::ending::Failure;
use crate::files::{self, Mirrored};
use crate::standin::clock::Clock;
use crate::standin::s3::S3Server;

/// The bucket's name, and the folder's within the workspace.
const BUCKET: &str = "insights-to-braze";

/// A checked `exports.toml`.
#[derive(Clone)]
pub(crate) struct ConfigFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it says.
    pub(crate) config: Config,
    text: String,
}

impl ConfigFile {
    /// Reads and checks the file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let cannot_read = |source, advice| Failure::file("can't read", path, source, advice);
        let bytes = fs::read(path).map_err(|source| {
            cannot_read(source, "Set --config to your exports.toml, a UTF-8 text file, or write one with `itb init`.")
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let advice = Config::how_to_save(error.as_bytes());
            cannot_read(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"), advice)
        })?;
        Self::of_text(path, text)
    }

    /// Checks the text of a file that is called `path`.
    pub(crate) fn of_text(path: &Path, text: String) -> Result<Self, Failure> {
        let config = Config::parse(&text).map_err(|source| Failure::Config { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), config, text })
    }

    /// The same; a text without tables, as before the first connection, is right.
    pub(crate) fn of_any_text(path: &Path, text: String) -> Result<Self, Failure> {
        let config = parse_any(&text).map_err(|source| Failure::Config { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), config, text })
    }

    /// The file's text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// An export of the file.
    pub(crate) fn export(&self, name: &str) -> Result<&Export, Failure> {
        let exports = &self.config.exports;
        exports.get(name).map(AsRef::as_ref).ok_or_else(|| self.no_such("export", name, exports.keys()))
    }

    /// The error for something that the file does not have.
    pub(crate) fn no_such<N: ToString>(
        &self,
        kind: &'static str,
        name: &str,
        existing: impl Iterator<Item = N>,
    ) -> Failure {
        let existing: Vec<String> = existing.map(|name| name.to_string()).collect();
        let existing = if existing.is_empty() { "none".to_owned() } else { existing.join(", ") };
        Failure::NoSuch { path: self.path.clone(), kind, name: name.to_owned(), existing }
    }
}

/// What a text says that may have no tables yet.
pub(crate) fn parse_any(text: &str) -> Result<Config, ConfigError> {
    let is_blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if text.lines().all(is_blank) {
        return Ok(Config { connections: BTreeMap::new(), exports: BTreeMap::new(), sources: BTreeMap::new() });
    }
    Config::parse(text)
}

/// The folder of a workspace. One process alone writes to it: two servers on one folder would not see each other's writes.
pub(crate) struct WorkspaceFolder {
    path: PathBuf,
    /// `None` beside another process, which writes.
    lock: Option<File>,
}

impl WorkspaceFolder {
    /// Makes the folder if need be and takes it.
    pub(crate) fn take(path: &Path) -> Result<Self, Failure> {
        let failure =
            |source| Failure::file("can't use the workspace", path, source, "Use a writable folder with --workspace.");
        make_private(path).and_then(|()| fs::create_dir_all(path.join(BUCKET))).map_err(failure)?;
        let path = path.canonicalize().map_err(failure)?;
        let lock =
            File::options().create(true).truncate(false).write(true).open(path.join(".lock")).map_err(failure)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => Err(Failure::Busy(path)),
            Err(TryLockError::Error(error)) => Err(failure(error)),
        }
    }

    /// Takes it to be read. If another command is writing to it, this shows what is there now.
    pub(crate) fn take_to_read(path: &Path) -> Result<Self, Failure> {
        match Self::take(path) {
            Err(Failure::Busy(path)) => Ok(Self { path, lock: None }),
            taken => taken,
        }
    }

    /// The workspace itself, around the bucket's folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that holds the bucket's objects as files.
    pub(crate) fn bucket_folder(&self) -> PathBuf {
        self.path.join(BUCKET)
    }

    /// Lets `from` be the export's folder of the bucket, to be read: nothing is copied where the system has links.
    pub(crate) fn show(&self, from: &Path, export: &Export) -> Result<(), Failure> {
        if !from.is_dir() {
            return Err(Failure::NoFolder(from.to_owned()));
        }
        #[cfg(unix)]
        {
            let place = self.bucket_folder().join(&export.folder);
            let target = from.canonicalize();
            let linked = target.and_then(|target| {
                place.parent().map_or(Ok(()), fs::create_dir_all)?;
                std::os::unix::fs::symlink(target, &place)
            });
            linked.map_err(|source| Failure::file("can't use", from, source, files::READ))
        }
        #[cfg(not(unix))]
        self.mirror(from, export).map(|_| ())
    }

    /// Makes the export's folder of the bucket a copy of `from`.
    pub(crate) fn mirror(&self, from: &Path, export: &Export) -> Result<Mirrored, Failure> {
        if from.canonicalize().is_ok_and(|from| self.path().starts_with(from)) {
            return Err(Failure::WorkspaceInFiles(self.path().to_owned()));
        }
        // What is copied takes the place of what was there.
        if export.path.is_none() && files::is_of_one_segment(from) {
            return Err(Failure::FolderOfSegment(from.to_owned()));
        }
        files::mirror(from, &self.bucket_folder().join(&export.folder), self.path())
    }

    /// Serves the folder as a bucket, with `config` as the application's configuration.
    pub(crate) async fn serve(self, config: &ConfigFile) -> Result<Served, Failure> {
        let bucket_folder = self.bucket_folder();
        let config_path = bucket_folder.join(DEFAULT_CONFIG_KEY);
        if self.lock.is_none() {
            let s3 = S3Server::start(&self.path, Clock::new()).await.map_err(Failure::Server)?;
            return Ok(Served { bucket_folder, s3, _folder: self });
        }
        let written = config_path.parent().map_or(Ok(()), fs::create_dir_all);
        written.and_then(|()| fs::write(&config_path, &config.text)).map_err(|source| {
            Failure::file("can't write", &config_path, source, "Use a writable folder with --workspace.")
        })?;
        let s3 = S3Server::start(&self.path, Clock::new()).await.map_err(Failure::Server)?;
        Ok(Served { bucket_folder, s3, _folder: self })
    }
}

/// Makes a folder that its owner alone may look into, because members are in it. One that is there stays as it is.
fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A bucket that is served until this is dropped.
pub(crate) struct Served {
    bucket_folder: PathBuf,
    s3: S3Server,
    _folder: WorkspaceFolder,
}

impl Served {
    /// The folder that holds the bucket's objects as files.
    pub(crate) fn bucket_folder(&self) -> &Path {
        &self.bucket_folder
    }

    /// The bucket, for the application.
    pub(crate) fn bucket(&self) -> Bucket {
        Bucket::new(clients::s3(self.s3.url()), BUCKET.to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn one_process_writes_and_others_read_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let config = |hostname: &str| {
            let text = format!("[connections.eu]\nhostname = \"{hostname}\"\n");
            ConfigFile::of_any_text(Path::new("exports.toml"), text).unwrap()
        };
        let written = config("rest.fra-01.braze.eu");
        let writer = WorkspaceFolder::take(folder.path()).unwrap().serve(&written).await.unwrap();
        assert!(matches!(WorkspaceFolder::take(folder.path()), Err(Failure::Busy(_))));
        let reader = WorkspaceFolder::take_to_read(folder.path()).unwrap();
        let reader = reader.serve(&config("rest.fra-02.braze.eu")).await.unwrap();
        let (bytes, _) = reader.bucket().read(DEFAULT_CONFIG_KEY, 1024).await.unwrap().unwrap();
        assert_eq!(bytes, written.text().as_bytes(), "who reads changes nothing");
        drop((writer, reader));
        assert!(WorkspaceFolder::take(folder.path()).is_ok());
    }
}
