//! From any checkpoint the same rows follow.

use proptest::prelude::*;

use crate::rows::{Header, Position, ReadLimits, ReadSettings, RowReader};

use super::compressed::gzip;
use super::{Given, Pieces, block_on, cases, read_with, rest, try_read};

fn small_limits() -> ReadSettings {
    ReadSettings { limits: ReadLimits { max_record_bytes: 60, ..ReadLimits::default() }, ..ReadSettings::default() }
}

fn resume(file: &[u8], header: &Header, from: Position) -> Vec<Given> {
    let stored = serde_json::to_string(&(header, from)).unwrap();
    let (header, from): (Header, Position) = serde_json::from_str(&stored).unwrap();
    let source = if header.dialect.gzip { file } else { &file[usize::try_from(from.byte).unwrap()..] };
    block_on(async {
        let mut reader = RowReader::resume(Pieces::new(source, 11), small_limits(), header, from).await.unwrap();
        assert_eq!(reader.position(), from);
        rest(&mut reader).await.unwrap()
    })
}

fn from_every_checkpoint(text: &[u8]) {
    for file in [text.to_vec(), gzip(text)] {
        let (header, rows) = read_with(&file, &small_limits());
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(resume(&file, &header, row.after), rows[index + 1..], "after line {}", row.line);
        }
    }
}

#[test]
fn awkward_files_resume_anywhere() {
    let texts = [
        "\u{feff}id,note\r\n1,\"a\r\nb\"\r\n\r\n2,x\r\n3,\"é😀\"\r\n",
        "id,note\n1,\"open\n2,b\n3,\"c\"\n4,\"d\ne\"\n5,\"f\"g\"\n6,h",
        "id,note\r1,a\r\r2,b\r",
        "id,note\n1,overlong overlong overlong overlong overlong overlong overlong overlong\n2,b\nid,note\n3,c\n",
    ];
    for text in texts {
        from_every_checkpoint(text.as_bytes());
    }
}

#[test]
fn the_position_counts_every_byte_of_the_text() {
    let text = "\u{feff}id,note\r\n1,\"a\r\nb\"\r\n2,x";
    let (_, rows) = read_with(text, &ReadSettings::default());
    let first = rows[0].after;
    assert_eq!((first.byte, first.line, first.row), (text.find("2,x").unwrap() as u64, 4, 1));
    assert_eq!(rows[1].after.byte, text.len() as u64);
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn any_text_resumes_anywhere(body in "[ab,\"\"\n\r\u{e9}]{0,120}") {
        from_every_checkpoint(format!("p,q\n{body}\n").as_bytes());
    }
}

#[test]
fn a_text_that_ends_in_the_middle_of_a_record_is_not_complete() {
    for (text, line) in [("id,note\n1,a\n2", 3), ("id,note\r\n1,a\r\n2,\"b", 3), ("id,note\n1", 2)] {
        let error = try_read(text.as_bytes(), &ReadSettings::default()).unwrap_err().to_string();
        assert!(error.contains(&format!("middle of the record in line {line}")), "{text:?}: {error}");
    }
    for text in ["id,note\n1,a\n2,b", "id,note\n1,a\n2\n", "id,note\n1,\"a\"\n"] {
        assert!(try_read(text.as_bytes(), &ReadSettings::default()).is_ok(), "{text:?}");
    }
}
