#![allow(clippy::unwrap_used)]

use std::io::Write;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

async fn lines(bytes: &[u8], chunk: usize) -> Result<(Vec<String>, String), ArchiveError> {
    let chunks = bytes.chunks(chunk).map(|chunk| Ok::<_, io::Error>(bytes::Bytes::copy_from_slice(chunk)));
    let chunks: Vec<_> = chunks.collect();
    let source = tokio_util::io::StreamReader::new(futures::stream::iter(chunks));
    let mut export = ExportLines::open(source).await?;
    let mut lines = Vec::new();
    while let Some(line) = export.next().await? {
        lines.push(String::from_utf8(line.to_vec()).unwrap());
    }
    Ok((lines, export.digest().await?))
}

const FILES: [(&str, &str); 4] = [
    ("folder/", ""),
    ("a.json", "{\"external_id\":\"1\"}\n\n{\"external_id\":\"2\"}\r\n"),
    ("empty.json", ""),
    ("b.json", "{\"external_id\":\"海斗 🎉\"}"),
];

fn fill<W: Write + io::Seek>(mut writer: ZipWriter<W>, method: CompressionMethod, large: bool) -> W {
    let options = SimpleFileOptions::default().compression_method(method).large_file(large);
    for (name, text) in FILES {
        if name.ends_with('/') {
            writer.add_directory(name, options).unwrap();
        } else {
            writer.start_file(name, options).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
    }
    writer.finish().unwrap()
}

#[tokio::test]
async fn archives_of_another_library_are_read_in_pieces_of_any_size() {
    let expected = ["{\"external_id\":\"1\"}", "{\"external_id\":\"2\"}", "{\"external_id\":\"海斗 🎉\"}"];
    for method in [CompressionMethod::Deflated, CompressionMethod::Stored] {
        for large in [false, true] {
            let archive = fill(ZipWriter::new(Cursor::new(Vec::new())), method, large).into_inner();
            for chunk in [1, 7, 1 << 20] {
                let (found, digest) = lines(&archive, chunk).await.unwrap();
                assert_eq!(found, expected, "{method:?}, large: {large}, pieces of {chunk}");
                let whole = digest::digest(&digest::SHA256, &archive);
                assert_eq!(digest, hexadecimal(whole.as_ref()), "the digest is that of the whole file");
            }
        }
    }
}

#[tokio::test]
async fn archives_that_were_written_without_going_back_are_read() {
    for large in [false, true] {
        let stream = ZipWriter::new_stream(Vec::new());
        let archive = fill(stream, CompressionMethod::Deflated, large).into_inner();
        assert_eq!(lines(&archive, 5).await.unwrap().0.len(), 3, "large: {large}");
    }
    let empty = ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap().into_inner();
    assert_eq!(lines(&empty, 5).await.unwrap().0.len(), 0);
}

#[tokio::test]
async fn gzip_is_read_with_all_of_its_members() {
    let member = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let gzip = [member("a\nb"), member("c\n")].concat();
    assert_eq!(lines(&gzip, 3).await.unwrap().0, ["a", "bc"]);
}

#[tokio::test]
async fn what_is_damaged_broken_off_or_something_else_is_an_error() {
    let archive = fill(ZipWriter::new(Cursor::new(Vec::new())), CompressionMethod::Deflated, false).into_inner();
    let directory = archive.windows(4).position(|bytes| bytes == AFTER_FILES[0].to_le_bytes()).unwrap();
    for end in 0..directory + 4 {
        assert!(lines(&archive[..end], 64).await.is_err(), "broken off at {end}");
    }
    let text = archive.windows(6).position(|bytes| bytes == b"a.json").unwrap() + 10;
    let mut changed = archive.clone();
    changed[text] ^= 0x55;
    assert!(lines(&changed, 64).await.is_err());
    for other in [b"<html>".as_slice(), b"{}", b"external_id\n1\n"] {
        assert!(matches!(lines(other, 64).await, Err(ArchiveError::Unsupported { .. })));
    }
    let long = vec![b'x'; LONGEST_LINE + 1];
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("a.json", SimpleFileOptions::default()).unwrap();
    writer.write_all(&long).unwrap();
    let archive = writer.finish().unwrap().into_inner();
    assert!(matches!(lines(&archive, 1 << 16).await, Err(ArchiveError::TooLong)));
}
