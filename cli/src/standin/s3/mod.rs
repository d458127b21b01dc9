//! An S3 server over a folder: the protocol is spoken by the crate `s3s`, the objects are ordinary files. Without a socket
//! they are bytes in memory.
//!
//! What Amazon S3 promises and the application relies on is kept: conditional writes (`If-None-Match: *`, `If-Match`) decided and applied in one
//! step, a new `ETag` with every new content, listings in the order of the keys' bytes that never show a half-written object, and reads that finish
//! with the object they began with. Requests over a socket must be signed with [`secret_access_key`]; any access key id will do.

mod access;
mod body;
mod held;
mod multipart;
mod notification;
mod operations;
mod storage;
#[cfg(test)]
mod tests;
mod writer;

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use hyper::{Request, Response};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::sync::mpsc::UnboundedReceiver;

use super::clock::Clock;
use super::fault::{Call, Fault, FaultScript, Gate};
use super::http::{ConnectionClosed, HttpServer};
use super::in_process::{self, InProcess};
pub use access::secret_access_key;
use access::{AnyAccessKey, Callers, FaultPoint, Verdict};
pub use notification::ObjectCreated;
use operations::Operations;
pub use storage::ListedObject;
use storage::{Content, ObjectHeaders, Precondition, Storage};
use writer::Writer;

/// Writes an object of this key and content.
pub type Sink = Arc<dyn Fn(&str, &[u8]) + Send + Sync>;

/// A running S3 server.
pub struct S3Server {
    server: Option<HttpServer>,
    in_process: InProcess,
    storage: Arc<Storage>,
    gate: Gate,
}

impl S3Server {
    /// Serves `folder`: each sub-folder is a bucket, each file below it an object that is there from the start.
    /// Content types and user metadata are kept in memory only.
    pub async fn start(folder: &Path, clock: Clock) -> io::Result<Self> {
        let (mut started, service) = Self::over(Storage::open(folder, clock)?, Callers::Signed);
        started.server = Some(HttpServer::start(move |request| answer(service.clone(), request), None).await?);
        Ok(started)
    }

    /// An empty one without a socket and without a folder: it is reached by [`Self::in_process`] alone. Nobody else can
    /// call it, and requests need not be signed: signatures and their check would take a fifth of a call's time.
    pub fn without_socket(clock: Clock) -> Self {
        Self::over(Storage::in_memory(clock), Callers::Anybody).0
    }

    fn over(storage: Storage, callers: Callers) -> (Self, S3Service) {
        let clock = storage.clock;
        let storage = Arc::new(storage);
        let gate = Gate::default();
        let mut builder = S3ServiceBuilder::new(Operations::new(Arc::clone(&storage)));
        builder.set_auth(AnyAccessKey);
        builder.set_access(FaultPoint::new(gate.clone(), clock, callers));
        let mut config = S3Config::default();
        // The caller's clock may be a simulated one.
        config.presigned_url_max_skew_time_secs = u32::MAX;
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        let service = builder.build();
        let without_socket = service.clone();
        let in_process = InProcess::new(move |request| answer(without_socket.clone(), request));
        (Self { server: None, in_process, storage, gate }, service)
    }

    /// The endpoint, for `AWS_ENDPOINT_URL_S3`. Buckets are addressed path-style.
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

    /// The folder in which the objects lie as `<bucket>/<key>`; without a socket there is none.
    pub fn folder(&self) -> &Path {
        self.storage.root().unwrap_or(Path::new(""))
    }

    /// Makes a bucket; one that exists already is left as it is.
    pub fn create_bucket(&self, bucket: &str) -> io::Result<()> {
        self.storage.create_bucket(bucket).map_err(io::Error::other)
    }

    /// Writes an object past the protocol, as an upload by somebody else: watchers are told, no fault strikes, no call is recorded. Gives the `ETag` without quotes.
    pub fn put_object(&self, bucket: &str, key: &str, content: impl AsRef<[u8]>) -> io::Result<String> {
        self.put_from(bucket, key, |writer| writer.write(content.as_ref()))
    }

    /// Writes objects into a bucket past the protocol, as another company's service does.
    pub fn sink(&self, bucket: &str) -> Sink {
        let (storage, bucket) = (Arc::clone(&self.storage), bucket.to_owned());
        Arc::new(move |key, content| {
            if let Err(error) = put_into(&storage, &bucket, key, |writer| writer.write(content)) {
                tracing::error!(key, %error, "an object could not be written");
            }
        })
    }

    /// Writes a file's content as an object, likewise past the protocol.
    pub fn put_file(&self, bucket: &str, key: &str, file: &Path) -> io::Result<String> {
        self.put_from(bucket, key, |writer| writer.write_all_of(&mut std::fs::File::open(file)?))
    }

    fn put_from(
        &self,
        bucket: &str,
        key: &str,
        write: impl FnOnce(&mut Writer) -> io::Result<()>,
    ) -> io::Result<String> {
        put_into(&self.storage, bucket, key, write)
    }

    /// Reads an object past the protocol; `None` when there is none.
    pub fn get_object(&self, bucket: &str, key: &str) -> io::Result<Option<Vec<u8>>> {
        let Ok((_, mut opened)) = self.storage.open_object(bucket, key) else { return Ok(None) };
        let mut content = Vec::new();
        io::Read::read_to_end(&mut opened, &mut content)?;
        Ok(Some(content))
    }

    /// Deletes an object past the protocol.
    pub fn delete_object(&self, bucket: &str, key: &str) -> io::Result<()> {
        self.storage.delete(bucket, key, &Precondition::None).map_err(io::Error::other)
    }

    /// Every object whose key begins with `prefix`, in the order of the keys' bytes.
    pub fn list(&self, bucket: &str, prefix: &str) -> Vec<ListedObject> {
        self.storage.list(bucket, prefix)
    }

    /// How many uploads in parts have begun and not ended.
    pub fn uploads_in_progress(&self) -> usize {
        self.storage.lock().uploads.len()
    }

    /// Tells of every object that is created from now on in `bucket` below `prefix`.
    pub fn watch(&self, bucket: &str, prefix: &str) -> UnboundedReceiver<ObjectCreated> {
        self.storage.watch(bucket, prefix)
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

fn put_into(
    storage: &Storage,
    bucket: &str,
    key: &str,
    write: impl FnOnce(&mut Writer) -> io::Result<()>,
) -> io::Result<String> {
    let mut writer = storage.writer(s3s::checksum::ChecksumHasher::default())?;
    write(&mut writer)?;
    let content = Content { written: writer.finish()?, etag: None, headers: ObjectHeaders::default() };
    let stored =
        storage.commit(bucket, key, content, &Precondition::None, "ObjectCreated:Put").map_err(io::Error::other)?;
    Ok(stored.etag.clone())
}

/// Lets `s3s` serve the request and then does what the fault script decided for it in [`FaultPoint`].
async fn answer<B>(service: S3Service, request: Request<B>) -> Result<Response<s3s::Body>, ConnectionClosed>
where
    s3s::Body: From<B>,
{
    let verdict = Verdict::default();
    let mut request = request.map(s3s::Body::from);
    request.extensions_mut().insert(verdict.clone());
    let served = service.call(request).await;
    let fault = std::mem::take(&mut *verdict.0.lock().unwrap_or_else(PoisonError::into_inner));
    match fault {
        Fault::None | Fault::Delay(_) | Fault::Hang => served.map_err(|_| ConnectionClosed),
        Fault::DelayAfter(time) => {
            tokio::time::sleep(time).await;
            served.map_err(|_| ConnectionClosed)
        }
        Fault::Answer(answer) | Fault::AnswerAfter(answer) => {
            let body: Bytes = answer.body.clone();
            Ok(answer.into_response().map(|_| <s3s::Body as From<Bytes>>::from(body)))
        }
        Fault::DropBefore | Fault::DropAfter => Err(ConnectionClosed),
    }
}
