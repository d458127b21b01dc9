//! The objects: files in a folder, or bytes in memory, and an index that decides what exists.
//!
//! Every change goes through one lock: what a condition was checked against is still true when the change is made.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{Checksum, ETagCondition, Metadata};
use s3s::{S3Error, S3Result, s3_error};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::held::{Held, Opened};
use super::notification::ObjectCreated;
use super::writer::{Writer, Written};
use crate::standin::clock::Clock;
use crate::standin::hexadecimal::hexadecimal;

/// What a listing says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    /// The key, decoded.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
}

/// An upload that has begun.
pub(super) struct Upload {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) headers: ObjectHeaders,
    pub(super) algorithm: Option<String>,
    pub(super) begun: Timestamp,
    pub(super) parts: BTreeMap<i32, Written>,
}

/// What a writer may say about an object besides its content.
#[derive(Clone, Debug, Default)]
pub(super) struct ObjectHeaders {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) metadata: Option<Metadata>,
}

/// What becomes an object.
pub(super) struct Content {
    pub(super) written: Written,
    /// The `ETag` without quotes, when it is not the MD5 of the content.
    pub(super) etag: Option<String>,
    pub(super) headers: ObjectHeaders,
}

/// One object.
#[derive(Debug)]
pub(super) struct StoredObject {
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) last_modified: Timestamp,
    pub(super) headers: ObjectHeaders,
    pub(super) checksum: Checksum,
    held: Held,
}

/// What must be true of the object for a change to be made.
pub(super) enum Precondition {
    None,
    /// `If-None-Match: *`
    Absent,
    /// `If-Match`
    Match(ETagCondition),
}

impl Precondition {
    pub(super) fn from_headers(
        if_match: Option<ETagCondition>,
        if_none_match: Option<ETagCondition>,
    ) -> S3Result<Self> {
        match (if_match, if_none_match) {
            (None, None) => Ok(Self::None),
            (Some(condition), None) => Ok(Self::Match(condition)),
            (None, Some(condition)) if condition.is_any() => Ok(Self::Absent),
            (None | Some(_), Some(_)) => {
                Err(s3_error!(NotImplemented, "A write takes either If-None-Match: * or If-Match with an ETag"))
            }
        }
    }

    fn check(&self, current: Option<&StoredObject>) -> S3Result<()> {
        match (self, current) {
            (Self::None, _) | (Self::Absent, None) => Ok(()),
            (Self::Absent, Some(_)) => Err(precondition_failed("If-None-Match")),
            (Self::Match(_), None) => Err(s3_error!(NoSuchKey)),
            (Self::Match(condition), Some(object)) if matches(condition, object) => Ok(()),
            (Self::Match(_), Some(_)) => Err(precondition_failed("If-Match")),
        }
    }
}

pub(super) fn matches(condition: &ETagCondition, object: &StoredObject) -> bool {
    condition.is_any() || condition.as_etag().is_some_and(|etag| etag.value() == object.etag)
}

pub(super) fn precondition_failed(header: &str) -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold: {header}")
}

type Objects = BTreeMap<String, Arc<StoredObject>>;

#[derive(Default)]
pub(super) struct State {
    pub(super) buckets: BTreeMap<String, Objects>,
    pub(super) uploads: HashMap<String, Upload>,
    watchers: Vec<Watcher>,
    writes: u64,
}

struct Watcher {
    bucket: String,
    prefix: String,
    sender: UnboundedSender<ObjectCreated>,
}

/// Buckets in a folder or in memory.
pub(super) struct Storage {
    /// The folder.
    root: Option<PathBuf>,
    state: Mutex<State>,
    temporary: AtomicU64,
    pub(super) clock: Clock,
}

/// Files being written. Not a bucket's name, because of the dot.
const UPLOADS: &str = ".uploads";
/// Objects whose keys cannot be paths, for instance `a//b`, or `a` beside `a/b`.
const UNUSUAL_KEYS: &str = ".unusual-keys";

impl Storage {
    pub(super) fn open(root: &Path, clock: Clock) -> io::Result<Self> {
        for folder in [UPLOADS, UNUSUAL_KEYS] {
            fs::create_dir_all(root.join(folder))?;
        }
        let root = root.canonicalize()?;
        let mut state = State::default();
        for entry in fs::read_dir(&root)? {
            let entry = entry?;
            let Ok(bucket) = entry.file_name().into_string() else { continue };
            if entry.path().is_dir() && !bucket.starts_with('.') {
                let mut objects = Objects::new();
                read_folder(&entry.path(), "", &mut objects)?;
                state.buckets.insert(bucket, objects);
            }
        }
        read_unusual_keys(&root.join(UNUSUAL_KEYS), &mut state)?;
        Ok(Self { root: Some(root), state: Mutex::new(state), temporary: AtomicU64::new(0), clock })
    }

    /// Nothing yet, and all of it in memory.
    pub(super) fn in_memory(clock: Clock) -> Self {
        Self { root: None, state: Mutex::default(), temporary: AtomicU64::new(0), clock }
    }

    /// The folder; `None` in memory.
    pub(super) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn create_bucket(&self, bucket: &str) -> S3Result<()> {
        let mut state = self.lock();
        if let Some(root) = &self.root {
            fs::create_dir_all(root.join(bucket)).map_err(S3Error::internal_error)?;
        }
        state.buckets.entry(bucket.to_owned()).or_default();
        Ok(())
    }

    pub(super) fn writer(&self, hasher: ChecksumHasher) -> io::Result<Writer> {
        let Some(root) = &self.root else { return Ok(Writer::to_memory(hasher)) };
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        Writer::to_file(root.join(UPLOADS).join(format!("{}-{number}", std::process::id())), hasher)
    }

    /// The object and its content, opened under the lock: both stay what they are when the key is overwritten meanwhile.
    pub(super) fn open_object(&self, bucket: &str, key: &str) -> S3Result<(Arc<StoredObject>, Opened)> {
        let state = self.lock();
        let object = find(&state, bucket, key)?;
        let opened = object.held.open().map_err(S3Error::internal_error)?;
        Ok((object, opened))
    }

    pub(super) fn object(&self, bucket: &str, key: &str) -> S3Result<Arc<StoredObject>> {
        find(&self.lock(), bucket, key)
    }

    /// Makes `content` the object `key`, if `precondition` holds, and tells the watchers.
    pub(super) fn commit(
        &self,
        bucket: &str,
        key: &str,
        content: Content,
        precondition: &Precondition,
        event_name: &'static str,
    ) -> S3Result<Arc<StoredObject>> {
        let mut state = self.lock();
        let objects = state.buckets.get(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        let current = objects.get(key);
        precondition.check(current.map(Arc::as_ref))?;
        let Content { written, etag, headers } = content;
        let held = match &written.held {
            Held::InMemory(bytes) => Held::InMemory(bytes.clone()),
            Held::InFile(temporary) => {
                let path = match current.map(|object| &object.held) {
                    Some(Held::InFile(path)) => path.clone(),
                    Some(Held::InMemory(_)) | None => self.place(bucket, key).map_err(S3Error::internal_error)?,
                };
                fs::rename(temporary, &path).map_err(S3Error::internal_error)?;
                Held::InFile(path)
            }
        };
        let object = Arc::new(StoredObject {
            size: written.size,
            etag: etag.unwrap_or_else(|| hexadecimal(&written.md5)),
            last_modified: self.clock.now(),
            headers,
            checksum: written.checksum.clone(),
            held,
        });
        if let Some(objects) = state.buckets.get_mut(bucket) {
            objects.insert(key.to_owned(), Arc::clone(&object));
        }
        state.announce(bucket, key, &object, event_name);
        Ok(object)
    }

    /// Where a new object's file goes, its folder made.
    fn place(&self, bucket: &str, key: &str) -> io::Result<PathBuf> {
        let is_path =
            key.split('/').all(|name| !matches!(name, "" | "." | "..") && name.len() <= 255 && !name.contains('\0'));
        let root = self.root.as_deref().unwrap_or(Path::new(""));
        let path = root.join(bucket).join(key);
        if is_path && !path.is_dir() && path.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok()) {
            return Ok(path);
        }
        let mut digest = Md5::new();
        digest.update(bucket.as_bytes());
        digest.update(b"\n");
        digest.update(key.as_bytes());
        let path = root.join(UNUSUAL_KEYS).join(hexadecimal(&digest.finalize()));
        fs::write(path.with_extension("key"), format!("{bucket}\n{key}"))?;
        Ok(path)
    }

    /// Deletes an object; one that does not exist is deleted already.
    pub(super) fn delete(&self, bucket: &str, key: &str, precondition: &Precondition) -> S3Result<()> {
        let mut state = self.lock();
        let objects = state.buckets.get_mut(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        precondition.check(objects.get(key).map(Arc::as_ref))?;
        let Some(object) = objects.remove(key) else { return Ok(()) };
        let (Held::InFile(path), Some(root)) = (&object.held, &self.root) else { return Ok(()) };
        fs::remove_file(path).map_err(S3Error::internal_error)?;
        drop(fs::remove_file(path.with_extension("key")));
        // A folder is not an object: an empty one goes, as the next key may be its name.
        let bucket_folder = root.join(bucket);
        let is_inside = |folder: &&Path| folder.starts_with(&bucket_folder) && **folder != bucket_folder;
        for folder in path.ancestors().skip(1).take_while(is_inside) {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn list(&self, bucket: &str, prefix: &str) -> Vec<ListedObject> {
        let state = self.lock();
        let Some(objects) = state.buckets.get(bucket) else { return Vec::new() };
        objects
            .range(prefix.to_owned()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, object)| ListedObject { key: key.clone(), size: object.size, etag: object.etag.clone() })
            .collect()
    }

    pub(super) fn watch(&self, bucket: &str, prefix: &str) -> UnboundedReceiver<ObjectCreated> {
        let (sender, receiver) = unbounded_channel();
        self.lock().watchers.push(Watcher { bucket: bucket.to_owned(), prefix: prefix.to_owned(), sender });
        receiver
    }
}

impl State {
    fn announce(&mut self, bucket: &str, key: &str, object: &StoredObject, event_name: &'static str) {
        self.writes += 1;
        let created = ObjectCreated {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            size: object.size,
            etag: object.etag.clone(),
            sequencer: format!("{:018X}", self.writes),
            event_name,
            at: object.last_modified,
        };
        self.watchers.retain(|watcher| {
            let concerned = watcher.bucket == bucket && key.starts_with(&watcher.prefix);
            if concerned { watcher.sender.send(created.clone()).is_ok() } else { !watcher.sender.is_closed() }
        });
    }
}

fn find(state: &State, bucket: &str, key: &str) -> S3Result<Arc<StoredObject>> {
    let objects = state.buckets.get(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
    objects.get(key).cloned().ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))
}

fn read_folder(folder: &Path, prefix: &str, objects: &mut Objects) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let key = format!("{prefix}{name}");
        if path.is_dir() {
            read_folder(&path, &format!("{key}/"), objects)?;
        } else {
            objects.insert(key, Arc::new(read_object(path)?));
        }
    }
    Ok(())
}

fn read_unusual_keys(folder: &Path, state: &mut State) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "key") {
            let text = fs::read_to_string(&path)?;
            let Some((bucket, key)) = text.split_once('\n') else { continue };
            let object = read_object(path.with_extension(""))?;
            if let Some(objects) = state.buckets.get_mut(bucket) {
                objects.insert(key.to_owned(), Arc::new(object));
            }
        }
    }
    Ok(())
}

fn read_object(path: PathBuf) -> io::Result<StoredObject> {
    let mut file = File::open(&path)?;
    let metadata = file.metadata()?;
    let mut digest = Md5::new();
    let mut chunk = vec![0; 128 * 1024];
    loop {
        let length = io::Read::read(&mut file, &mut chunk)?;
        if length == 0 {
            break;
        }
        digest.update(&chunk[..length]);
    }
    Ok(StoredObject {
        size: metadata.len(),
        etag: hexadecimal(&digest.finalize()),
        last_modified: Timestamp::try_from(metadata.modified()?).map_err(io::Error::other)?,
        headers: ObjectHeaders::default(),
        checksum: Checksum::default(),
        held: Held::InFile(path),
    })
}
