//! Gzip, recognised by content.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::rows::{ReadError, ReadLimits, ReadSettings, RowReader};

use super::{Pieces, block_on, read, read_error, read_in_pieces, rest, texts};

pub(super) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

const TEXT: &str = "\u{feff}id,name\r\n1,\"山\n田\"\r\n2,x\r\n";

#[test]
fn one_member_or_several_are_one_text() {
    let members: Vec<u8> = TEXT.as_bytes().chunks(7).flat_map(gzip).collect();
    for file in [gzip(TEXT.as_bytes()), members, [gzip(b""), gzip(TEXT.as_bytes()), gzip(b"")].concat()] {
        let (header, rows) = read(file);
        assert!(header.dialect.gzip && header.dialect.byte_order_mark);
        assert_eq!(texts(&rows), [["1", "山\n田"], ["2", "x"]]);
    }
    assert!(!read(TEXT).0.dialect.gzip);
    assert!(read(gzip(b"")).0.empty);
}

#[test]
fn a_file_cut_off_anywhere_is_never_taken_as_complete() {
    let file = gzip(TEXT.as_bytes());
    for length in 2..file.len() {
        for size in [1, 5, usize::MAX] {
            let error = read_in_pieces(&file[..length], &ReadSettings::default(), size).unwrap_err();
            assert!(matches!(error, ReadError::GzipTruncated), "{length} of {} bytes: {error:?}", file.len());
        }
    }
    let two = [gzip(TEXT.as_bytes()), gzip(b"3,y\r\n")].concat();
    let error = read_error(&two[..two.len() - 3], &ReadSettings::default());
    assert!(error.to_string().contains("truncated"), "{error}");
}

#[test]
fn damage_is_distinguished_from_truncation_and_from_a_lost_connection() {
    let mut file = gzip(&TEXT.repeat(50).into_bytes());
    let last = file.len() - 6;
    file[last] ^= 0x55;
    assert!(matches!(read_error(&file, &ReadSettings::default()), ReadError::GzipDamaged(_)));
    assert!(matches!(read_error(b"\x1f\x8bnot gzip at all", &ReadSettings::default()), ReadError::GzipDamaged(_)));

    let good = gzip(TEXT.as_bytes());
    for bytes in [&good[..good.len() - 9], TEXT.as_bytes()] {
        block_on(async {
            let error = match RowReader::open(Pieces::failing(bytes, 4), ReadSettings::default()).await {
                Err(error) => error,
                Ok(mut reader) => {
                    let error = rest(&mut reader).await.unwrap_err();
                    assert!(matches!(rest(&mut reader).await.unwrap_err(), ReadError::AfterError));
                    error
                }
            };
            assert!(
                matches!(&error, ReadError::Source(source) if source.to_string() == "connection reset"),
                "{error:?}"
            );
        });
    }
}

#[test]
fn a_gzip_bomb_stops_at_the_limit() {
    let bomb = gzip(&[b"id,name\n".as_slice(), &vec![b'a'; 8 << 20]].concat());
    assert!(bomb.len() < 16 << 10);
    let limits = ReadLimits { max_text_bytes: 4 << 20, ..ReadLimits::default() };
    let error = read_error(&bomb, &ReadSettings { limits, ..ReadSettings::default() });
    assert!(matches!(error, ReadError::TextTooLong { limit: 4_194_304 }), "{error}");
    assert!(error.to_string().contains("max_text_bytes"));
}
