//! Makes the bucket's folder of an export show what the user's folder has.

use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::ending::Failure;

/// What had to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mirrored {
    /// Files that are there.
    pub(crate) files: usize,
    /// Files among them that are new or have new content.
    pub(crate) copied: usize,
    /// Files that are no longer there.
    pub(crate) removed: usize,
}

pub(crate) const READ: &str = "Check that --files is the folder of the export and that it is readable.";
const WRITE: &str = "Check that the workspace is writable and that the disk has space.";

/// Copies what is new or changed in `from` to `to` and removes what `from` no longer has. A copy keeps the time of its
/// original, because a run without a `model.json` is complete when its files have been quiet for a while. Names that begin
/// with a dot are skipped. Unfinished copies are stored in `unfinished`, on the same disk as `to` and outside of it.
pub(crate) fn mirror(from: &Path, to: &Path, unfinished: &Path) -> Result<Mirrored, Failure> {
    let mut found = Vec::new();
    collect(from, Path::new(""), &mut found)?;
    if found.is_empty() {
        return Err(Failure::NoFiles(from.to_owned()));
    }
    let mut mirrored = Mirrored { files: found.len(), ..Mirrored::default() };
    for file in &found {
        let (source, copy) = (from.join(file), to.join(file));
        if !same_content(&source, &copy).map_err(|error| Failure::file("can't read", &source, error, READ))? {
            copy_whole(&source, &copy, unfinished)
                .map_err(|error| Failure::file("can't copy", &source, error, WRITE))?;
            mirrored.copied += 1;
        }
    }
    let found: BTreeSet<PathBuf> = found.into_iter().collect();
    let mut there = Vec::new();
    if to.is_dir() {
        collect(to, Path::new(""), &mut there)?;
    }
    for file in there.iter().filter(|file| !found.contains(*file)) {
        let copy = to.join(file);
        fs::remove_file(&copy).map_err(|error| Failure::file("can't remove", &copy, error, WRITE))?;
        mirrored.removed += 1;
    }
    Ok(mirrored)
}

/// The files in and below `root/below`, relative to `root`.
fn collect(root: &Path, below: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let folder = root.join(below);
    let failure = |error| Failure::file("can't read", &folder, error, READ);
    let mut entries: Vec<_> = fs::read_dir(&folder).map_err(failure)?.collect::<Result<_, _>>().map_err(failure)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let Some(text) = name.to_str() else { return Err(Failure::Name(entry.path())) };
        if text.starts_with('.') {
            continue;
        }
        let path = below.join(&name);
        // Follows links, as a user who links a folder into place expects.
        if fs::metadata(entry.path()).map_err(failure)?.is_dir() {
            collect(root, &path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether this is the folder of one segment, in which Customer Insights has a folder for each year: the export's is above.
pub(crate) fn is_of_one_segment(folder: &Path) -> bool {
    let is_year = |name: &str| name.len() == 4 && name.bytes().all(|letter| letter.is_ascii_digit());
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_seen = |name: &String| !name.starts_with('.');
    let mut names = names.by_ref().filter(is_seen).peekable();
    names.peek().is_some() && names.all(|name| is_year(&name))
}

fn same_content(source: &Path, copy: &Path) -> io::Result<bool> {
    let length = fs::metadata(source)?.len();
    if !fs::metadata(copy).is_ok_and(|metadata| metadata.is_file() && metadata.len() == length) {
        return Ok(false);
    }
    let (mut source, mut copy) = (BufReader::new(File::open(source)?), BufReader::new(File::open(copy)?));
    let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let length = source.read(&mut left)?;
        if length == 0 {
            return Ok(true);
        }
        if copy.read_exact(&mut right[..length]).is_err() || left[..length] != right[..length] {
            return Ok(false);
        }
    }
}

/// A half-written copy is never seen under the file's name.
fn copy_whole(source: &Path, copy: &Path, unfinished: &Path) -> io::Result<()> {
    copy.parent().map_or(Ok(()), fs::create_dir_all)?;
    let unfinished = tempfile::Builder::new().prefix(".copying-").tempfile_in(unfinished)?;
    let mut original = File::open(source)?;
    io::copy(&mut original, &mut unfinished.as_file())?;
    let times = FileTimes::new().set_modified(original.metadata()?.modified()?);
    unfinished.as_file().set_times(times)?;
    unfinished.persist(copy).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn only_what_is_new_or_changed_is_copied_and_what_is_gone_goes() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let segment = from.path().join("優良顧客/2026/11/23/0102");
        fs::create_dir_all(&segment).unwrap();
        fs::write(segment.join("優良顧客_1.csv"), "LoyaltyId\n1\n").unwrap();
        fs::write(from.path().join("model.json"), "{}").unwrap();
        fs::write(from.path().join(".DS_Store"), "x").unwrap();
        let long_ago = SystemTime::now() - Duration::from_hours(5);
        File::options().write(true).open(segment.join("優良顧客_1.csv")).unwrap().set_modified(long_ago).unwrap();

        let unfinished = to.path().to_owned();
        let to = to.path().join("incoming/BlobExport");
        let mirror = |from: &Path, to: &Path| mirror(from, to, &unfinished);
        assert_eq!(mirror(from.path(), &to).unwrap(), Mirrored { files: 2, copied: 2, removed: 0 });
        let copy = to.join("優良顧客/2026/11/23/0102/優良顧客_1.csv");
        let age = fs::metadata(&copy).unwrap().modified().unwrap().elapsed().unwrap();
        assert!(age > Duration::from_hours(4), "the copy has the time of the original");
        assert_eq!(mirror(from.path(), &to).unwrap(), Mirrored { files: 2, copied: 0, removed: 0 });

        fs::write(segment.join("優良顧客_1.csv"), "LoyaltyId\n2\n").unwrap();
        fs::remove_file(from.path().join("model.json")).unwrap();
        assert_eq!(mirror(from.path(), &to).unwrap(), Mirrored { files: 1, copied: 1, removed: 1 });
        assert_eq!(fs::read_to_string(&copy).unwrap(), "LoyaltyId\n2\n");
        assert_eq!(fs::read_dir(&unfinished).unwrap().count(), 1, "nothing unfinished is left");
    }

    #[test]
    fn a_folder_without_files_is_reported_before_anything_is_removed() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(to.path().join("kept.csv"), "x").unwrap();
        assert!(matches!(mirror(from.path(), to.path(), to.path()), Err(Failure::NoFiles(_))));
        assert!(to.path().join("kept.csv").exists());
        assert!(matches!(mirror(&from.path().join("none"), to.path(), to.path()), Err(Failure::File { .. })));
    }

    #[test]
    fn the_folder_of_a_segment_has_years_and_nothing_else() {
        let export = tempfile::tempdir().unwrap();
        let segment = export.path().join("優良顧客");
        assert!(!is_of_one_segment(export.path()));
        fs::create_dir_all(segment.join("2026/11/23/0102")).unwrap();
        fs::write(segment.join(".DS_Store"), "x").unwrap();
        assert!(is_of_one_segment(&segment) && !is_of_one_segment(export.path()));
        fs::write(segment.join("model.json"), "{}").unwrap();
        assert!(!is_of_one_segment(&segment));
    }
}
