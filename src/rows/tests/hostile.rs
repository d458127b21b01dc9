//! Broken rows and hostile files: each row's problem is named, and no other row suffers.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

use crate::rows::{Encoding, ReadError, ReadLimits, ReadSettings, RowProblem, RowReader, TextEncoding};

use super::{block_on, outline, read, read_error, read_with, texts};

fn owned(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
}

#[test]
fn a_row_with_a_wrong_number_of_fields_is_named_with_both_numbers() {
    let (_, rows) =
        read("id,email,name\n1,a@example.com\n2,b@example.com,B\n3,c@example.com,C,,\n \n4,d@example.com,D\n");
    let expected = owned(&[
        (2, "too few fields: 2 instead of 3"),
        (3, "2"),
        (4, "too many fields: 5 instead of 3"),
        (5, "too few fields: 1 instead of 3"),
        (6, "4"),
    ]);
    assert_eq!(outline(&rows), expected);
    assert_eq!(rows[0].texts(), ["1", "a@example.com"]);
    assert_eq!(rows[4].number, 5);
}

#[test]
fn a_legal_record_over_lines_with_a_wrong_number_of_fields_stays_one_row() {
    let (_, rows) = read("id,note,x\n1,\"first line\nsecond, line\nthird\",b,c,d\n2,\"a\nb\"\n3,n,x\n");
    let expected = owned(&[(2, "too many fields: 5 instead of 3"), (5, "too few fields: 2 instead of 3"), (7, "3")]);
    assert_eq!(outline(&rows), expected);
}

#[test]
fn a_column_that_is_not_utf8_is_named() {
    let text = b"id,name,city\n1,Ren\xe9,Paris\n2,\"Z\"\"\xff\",x\n3,ok,\xe6\x9d\n4,\xe6\x9d\xb1,ok\n".to_vec();
    let (_, rows) = read(text);
    let column = |name: &str| Some(RowProblem::InvalidUtf8 { column: format!("{name:?}") });
    let problems: Vec<_> = rows.iter().map(|row| row.problem.clone()).collect();
    assert_eq!(problems, [column("name"), column("name"), column("city"), None]);
    let text = rows[0].problem.as_ref().unwrap().to_string();
    assert!(text.contains("Latin-1") && text.contains("UTF-8") && !text.contains("Ren"), "{text}");
}

#[test]
fn a_character_cut_in_two_by_a_field_boundary_is_not_valid() {
    let (_, rows) = read(b"a,b\n\"\"\"\xc3\",\"\xa9\"\n");
    assert_eq!(rows[0].problem, Some(RowProblem::InvalidUtf8 { column: "\"a\"".into() }));
}

#[test]
fn nul_bytes_are_a_problem_of_their_row() {
    let (_, rows) = read("id,\n1,a\n2,b\0c\n3,\"\0\"\n4,d\n");
    let expected =
        owned(&[(2, "1"), (3, "column 2 contains a NUL byte"), (4, "column 2 contains a NUL byte"), (5, "4")]);
    assert_eq!(outline(&rows), expected);
}

#[test]
fn other_encodings_are_named() {
    let text = "顧客ID,メール\r\nC1,ai@example.jp\r\nC2,bo@example.jp\r\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little_32: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let big_32: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    let cases = [
        (little, Encoding::Utf16Le),
        (big, Encoding::Utf16Be),
        ([b"\xff\xfe\0\0".to_vec(), little_32.clone()].concat(), Encoding::Utf32Le),
        (little_32, Encoding::Utf32Le),
        ([b"\0\0\xfe\xff".to_vec(), big_32.clone()].concat(), Encoding::Utf32Be),
        (big_32, Encoding::Utf32Be),
    ];
    for (bytes, expected) in cases {
        let error = read_error(bytes, &ReadSettings::default());
        assert!(matches!(error, ReadError::Encoding(found) if found == expected), "{expected}: {error:?}");
        assert!(error.to_string().contains(&expected.to_string()) && error.to_string().contains("Export it as UTF-8"));
    }
}

#[test]
fn encodings_that_are_certain_or_set_are_read() {
    let text = "顧客ID,氏名\r\n000123,\"山田, 太郎\"\r\n000124,ﾀﾅｶ\r\n";
    let expected = [["000123", "山田, 太郎"], ["000124", "ﾀﾅｶ"]];
    let marked =
        |mark: &[u8], unit: fn(u16) -> [u8; 2]| [mark.to_vec(), text.encode_utf16().flat_map(unit).collect()].concat();
    for bytes in [marked(b"\xff\xfe", u16::to_le_bytes), marked(b"\xfe\xff", u16::to_be_bytes)] {
        let (header, rows) = read(&bytes);
        assert_eq!(
            (header.columns[1].as_str(), texts(&rows)),
            ("氏名", expected.map(|row| row.map(str::to_owned).to_vec()).to_vec())
        );
    }
    let (shift_jis, ..) = encoding_rs::SHIFT_JIS.encode(text);
    for label in ["shift_jis", "Shift-JIS", "sjis", "cp932", "windows-31j"] {
        let settings = ReadSettings { encoding: TextEncoding::of_label(label), ..ReadSettings::default() };
        assert_eq!(texts(&read_with(&shift_jis, &settings).1), expected, "{label}");
        assert_eq!(texts(&read_with(format!("\u{feff}{text}"), &settings).1), expected, "a mark wins");
    }
    let error = read_error(&shift_jis, &ReadSettings::default()).to_string();
    assert!(error.contains("Shift_JIS (CP932)") && error.contains("encoding = \"shift_jis\""), "{error}");
    let (western, ..) = encoding_rs::WINDOWS_1252.encode("id,prénom\n1,“René” Müller\n");
    let error = read_error(&western, &ReadSettings::default()).to_string();
    assert!(error.contains("Windows-1252"), "{error}");
    let settings = ReadSettings { encoding: TextEncoding::of_label("latin1"), ..ReadSettings::default() };
    assert_eq!(texts(&read_with(&western, &settings).1), [["1", "“René” Müller"]]);
    // A byte that is no character there spoils its row alone.
    let settings = ReadSettings { encoding: TextEncoding::of_label("shift_jis"), ..ReadSettings::default() };
    let (_, rows) = read_with(b"id,name\n1,\x82\xa0\n2,\xff\n3,c\n", &settings);
    assert_eq!(rows.iter().map(|row| row.problem.is_some()).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn a_declared_encoding_is_that_of_a_file_that_is_not_utf8() {
    let declared = |name: &str| ReadSettings { declared_encoding: Some(name.to_owned()), ..ReadSettings::default() };
    let latin = b"id,name\n1,Ren\xe9\n2,Ann\n".as_slice();
    for name in ["windows-1252", "ISO-8859-1", " latin1 "] {
        assert_eq!(texts(&read_with(latin, &declared(name)).1), [["1", "René"], ["2", "Ann"]]);
        assert_eq!(read_with("id,name\n1,Ren\u{e9}\n", &declared(name)).1.len(), 1, "it is UTF-8 all the same");
    }
    for name in ["UTF-8", "utf8", "us-ascii"] {
        let (_, rows) = read_with(latin, &declared(name));
        assert_eq!(rows.iter().filter(|row| row.problem.is_some()).count(), 1);
    }
}

#[test]
fn files_that_are_no_text_are_named() {
    for bytes in [b"PK\x03\x04rest of it".as_slice(), b"PAR1\x15\x04\x15", b"\x28\xb5\x2f\xfd\x04"] {
        assert!(matches!(read_error(bytes, &ReadSettings::default()), ReadError::NotText { .. }));
    }
}

#[test]
fn an_overlong_row_costs_itself_alone() {
    let limits = ReadLimits { max_record_bytes: 100, ..ReadLimits::default() };
    let settings = ReadSettings { limits, ..ReadSettings::default() };
    for ending in ["\n", "\r\n", "\r"] {
        let fits = format!("0,{}", "z".repeat(98));
        let long = format!("C1,\"x\",{}", "y".repeat(400));
        let text = ["id,name", &fits, &long, "2,b", &long].join(ending);
        let (_, rows) = read_with(&text, &settings);
        let too_long = "the row is longer than 100 bytes (max_record_bytes); the rest of its line was skipped";
        assert_eq!(outline(&rows), owned(&[(2, "0"), (3, too_long), (4, "2"), (5, too_long)]));
        assert_eq!(rows[1].texts(), ["C1", "x"], "its first fields still tell who it is");
    }
}

/// A text that is made as it is read: nothing of it is kept.
struct Endless {
    head: &'static [u8],
    unit: &'static [u8],
    left: usize,
    most_asked: usize,
}

impl AsyncRead for Endless {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        self.most_asked = self.most_asked.max(buffer.remaining());
        let (head, rest) = self.head.split_at(self.head.len().min(buffer.remaining()));
        buffer.put_slice(head);
        self.head = rest;
        while self.left >= self.unit.len() && buffer.remaining() >= self.unit.len() {
            buffer.put_slice(self.unit);
            self.left -= self.unit.len();
        }
        Poll::Ready(Ok(()))
    }
}

#[test]
fn memory_is_flat_for_any_input() {
    let units: [&[u8]; 6] = [b"y", b",", b"\"\"", b"x\",\"\n", b"\"a\n", b"\n\n"];
    for unit in units {
        let source = Endless { head: b"id,name\n1,\"", unit, left: 40 << 20, most_asked: 0 };
        block_on(async {
            let mut reader = RowReader::open(source, ReadSettings::default()).await.unwrap();
            let mut rows = 0_u64;
            while let Some(row) = reader.next_row().await.unwrap() {
                rows += 1;
                assert!(row.len() <= 1_001);
            }
            assert!(rows >= 1, "{unit:?}");
            assert!(reader.window.bytes().len() <= 4 << 20, "{unit:?}: {}", reader.window.bytes().len());
            assert!(reader.parser.unescaped().len() <= 4 << 20);
        });
    }
}
