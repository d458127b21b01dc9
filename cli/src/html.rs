//! The HTML pages: shows where those of a bucket are, and writes one to a file.

use std::fs;
use std::path::Path;

use crate::application::Application;
use crate::ending::Failure;
use crate::{show, texts};

/// The largest page that is copied out of a bucket, in bytes. Those that the application writes are far smaller.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Writes a page to `file` and says so beside the result.
pub(crate) fn write(file: &Path, page: &[u8]) -> Result<(), Failure> {
    fs::write(file, page)
        .map_err(|source| Failure::file("can't write", file, source, "Use a file in a writable folder with --html."))?;
    show::aside(texts::w("page-written", "file", &file.display().to_string()));
    Ok(())
}

/// Copies the page with this key to `file`.
pub(crate) async fn copy(application: &Application, key: &str, file: &Path) -> Result<(), Failure> {
    match application.bucket()?.read(key, LIMIT).await? {
        Some((page, _)) => write(file, &page),
        None => Err(Failure::NoPage { location: application.location(key) }),
    }
}

/// Shows where the page with this key is, if it exists. A function does not say whether it does.
pub(crate) async fn tell(application: &Application, what: &str, key: &str) -> Result<(), Failure> {
    let Ok(bucket) = application.bucket() else { return Ok(()) };
    if bucket.summary(key).await?.is_some() {
        show::line(format!("{what}: {}", application.location(key)));
    }
    Ok(())
}
