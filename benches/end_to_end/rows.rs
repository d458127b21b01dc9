//! The files that are delivered.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes a file of `rows` different members.
pub(crate) fn write_rows(file: &Path, rows: usize) {
    let mut output = BufWriter::new(fs::File::create(file).unwrap());
    writeln!(output, "LoyaltyId,EMail,FirstName,City,Points,Seen,Ignored").unwrap();
    for row in 0..rows {
        let points = row * 37 % 10_000;
        writeln!(
            output,
            "LID-{row:010},member.{row:07}@example.com,Member {row},Hamburg,{points},2026-11-22T10:11:12Z,x"
        )
        .unwrap();
    }
    output.flush().unwrap();
}
