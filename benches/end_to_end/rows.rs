//! The files that are delivered.

use std::fs;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Writes a file of `rows` different members.
pub(crate) fn write_rows(file: &Path, rows: usize) {
    let mut output = BufWriter::new(fs::File::create(file).unwrap());
    write_range(&mut output, 0..rows, None);
    output.flush().unwrap();
}

/// Writes `rows` different members into compressed files, in as many rows each; every `changed`-th has other points.
pub(crate) fn write_compressed(files: &[PathBuf], rows: usize, changed: Option<usize>) {
    for (number, file) in files.iter().enumerate() {
        let output = BufWriter::new(fs::File::create(file).unwrap());
        let mut output = GzEncoder::new(output, Compression::fast());
        write_range(&mut output, number * rows / files.len()..(number + 1) * rows / files.len(), changed);
        output.finish().unwrap().flush().unwrap();
    }
}

fn write_range(output: &mut impl Write, rows: Range<usize>, changed: Option<usize>) {
    writeln!(output, "LoyaltyId,EMail,FirstName,City,Points,Seen,Ignored").unwrap();
    for row in rows {
        let other = usize::from(changed.is_some_and(|changed| row % changed == 0));
        let points = row * 37 % 10_000 + other;
        writeln!(
            output,
            "LID-{row:010},member.{row:07}@example.com,Member {row},Hamburg,{points},2026-11-22T10:11:12Z,x"
        )
        .unwrap();
    }
}
