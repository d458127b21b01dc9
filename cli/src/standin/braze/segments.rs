//! `POST /users/export/segment` (Braze: "Export user profile by segment"): everyone whose attribute is `true`, as zip archives or
//! gzip files of JSON lines. They are written to the company's own bucket, or can be downloaded from an address of the workspace.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use rand::RngExt;
use serde::Deserialize;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::answers::{json_answer, message};
use super::exported::{add_attributes, exported};
use super::shared::{Prepared, Shared, Workspace};
use crate::standin::fault::Answer;

#[derive(Deserialize)]
struct Wanted {
    segment_id: String,
    fields_to_export: BTreeSet<String>,
    #[serde(default)]
    custom_attributes_to_export: BTreeSet<String>,
    #[serde(default)]
    output_format: Option<String>,
}

/// Answers a request for an export.
pub(super) fn export(shared: &Arc<Shared>, state: &mut Workspace, host: &str, body: &[u8]) -> Answer {
    let now = shared.settings.clock.since_epoch();
    let Ok(wanted) = serde_json::from_slice::<Wanted>(body) else {
        return message(400, "fields_to_export is required");
    };
    let Some(attribute) = state.exports.segments.get(&wanted.segment_id).cloned() else {
        return message(400, "segment_id is invalid");
    };
    if state.prepared.iter().any(|export| export.segment == wanted.segment_id && now < export.ready_at) {
        return message(400, "An export of this segment is already in progress.");
    }
    let lines = lines(state, &attribute, &wanted);
    let prefix = format!("{}-{}", random_id(state), now.as_secs());
    let gzip = wanted.output_format.as_deref() == Some("gzip");
    let mut answer = json!({ "message": "success", "object_prefix": prefix });
    let (delay, ready_at) = (state.exports.delay, now + state.exports.delay);
    let mut prepared = Prepared { segment: wanted.segment_id, path: String::new(), ready_at, archive: Vec::new() };
    if let Some(bucket) = state.exports.bucket.clone() {
        let day = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::try_from(ready_at).unwrap_or_default();
        let folder = format!("segment-export/{}/{}/{prefix}", prepared.segment, day.strftime("%Y-%m-%d"));
        let files: Vec<(String, Vec<u8>)> = lines
            .chunks(state.exports.profiles_per_file.max(1))
            .map(|lines| {
                let name = random_id(state).replace('-', "");
                let (content, ending) = if gzip { (gzipped(lines), "gz") } else { (zipped([lines]), "zip") };
                (format!("{folder}/{name}.{ending}"), content)
            })
            .collect();
        let write = move || files.iter().for_each(|(key, content)| bucket(key, content));
        if delay.is_zero() {
            write();
        } else {
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                write();
            });
        }
    } else {
        prepared.path = format!("/exports/{prefix}.zip");
        prepared.archive = zipped(lines.chunks(state.exports.profiles_per_file.max(1)));
        answer["url"] = format!("http://{host}{}", prepared.path).into();
    }
    state.prepared.push(prepared);
    json_answer(201, &answer)
}

/// Answers a download. Before the export is ready, there is nothing.
pub(super) fn download(shared: &Shared, path: &str) -> Answer {
    let now = shared.settings.clock.since_epoch();
    let state = shared.lock();
    let ready = state.prepared.iter().find(|export| export.path == path && export.ready_at <= now);
    match ready {
        Some(export) => Answer::new(200, "application/zip", export.archive.clone()),
        None => Answer::new(403, "application/xml", "<Error><Code>AccessDenied</Code></Error>"),
    }
}

/// The profiles in the segment, a line each.
fn lines(state: &Workspace, attribute: &str, wanted: &Wanted) -> Vec<String> {
    let is_in = |profile: &&super::Profile| profile.custom_attributes.get(attribute) == Some(&Value::Bool(true));
    let line = |profile| {
        let mut line = exported(state, profile, Some(&wanted.fields_to_export));
        add_attributes(&mut line, state, profile, |name| wanted.custom_attributes_to_export.contains(name));
        Value::from(line).to_string() + "\n"
    };
    let visible = !state.blocklist.contains(attribute);
    state.profiles.all().iter().filter(|_| visible).filter(is_in).map(line).collect()
}

fn random_id(state: &mut Workspace) -> String {
    let number: u128 = state.random.random();
    let digits = format!("{number:032x}");
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

/// An archive that is written without knowing sizes in advance, as a server does that sends it while it is made.
fn zipped<'l>(files: impl IntoIterator<Item = &'l [String]>) -> Vec<u8> {
    let mut writer = ZipWriter::new_stream(Vec::new());
    let write = || {
        for (number, lines) in files.into_iter().enumerate() {
            writer.start_file(format!("{number}.txt"), SimpleFileOptions::default())?;
            writer.write_all(lines.concat().as_bytes())?;
        }
        Ok::<_, zip::result::ZipError>(())
    };
    // Writing into memory does not fail.
    let _ = write();
    writer.finish().map(zip::write::StreamWriter::into_inner).unwrap_or_default()
}

fn gzipped(lines: &[String]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let _ = encoder.write_all(lines.concat().as_bytes());
    encoder.finish().unwrap_or_default()
}
