//! Header rows, files without one, and files with nothing in them.

use crate::rows::{Encoding, ReadError, ReadLimits, ReadSettings, RowProblem};

use super::{lines, outline, read, read_error, read_with, texts};

fn with_columns(columns: &[&str], header: Option<bool>) -> ReadSettings {
    let columns = Some(columns.iter().map(ToString::to_string).collect());
    ReadSettings { columns, header, ..ReadSettings::default() }
}

#[test]
fn an_empty_file_is_distinguished_from_a_header_alone() {
    for text in ["", "\u{feff}", "\n", "\r\n\r\n", "\u{feff}\n\n"] {
        for settings in [ReadSettings::default(), with_columns(&["id"], Some(false))] {
            let (header, rows) = read_with(text, &settings);
            assert!(header.empty, "{text:?}");
            assert!(!header.in_file && header.columns.is_empty() && rows.is_empty());
        }
    }
    for text in ["id,email", "id,email\n", "\u{feff}id,email\r\n\r\n"] {
        let (header, rows) = read(text);
        assert!(!header.empty && header.in_file);
        assert_eq!(header.columns, ["id", "email"]);
        assert!(rows.is_empty());
    }
}

#[test]
fn given_columns_stand_for_a_header_that_is_absent() {
    for header in [None, Some(false)] {
        let (header, rows) = read_with("C1,a@example.com\nC2,b@example.com\n", &with_columns(&["Id", "EMail"], header));
        assert!(!header.in_file && !header.empty);
        assert_eq!(header.columns, ["Id", "EMail"]);
        assert_eq!(texts(&rows), [["C1", "a@example.com"], ["C2", "b@example.com"]]);
        assert_eq!(lines(&rows), [1, 2]);
    }
}

#[test]
fn a_header_that_equals_the_given_columns_is_recognised() {
    for first in ["Id,EMail", "ID,email", " id , EMAIL ", "\"Id\",\"EMail\""] {
        let (header, rows) = read_with(format!("{first}\nC1,a@example.com\n"), &with_columns(&["Id", "EMail"], None));
        assert!(header.in_file, "{first}");
        assert_eq!(texts(&rows), [["C1", "a@example.com"]]);
        assert_eq!(lines(&rows), [2]);
    }
    let settings = with_columns(&["Id", "EMail", "Renamed"], None);
    assert!(read_with("Id,EMail,Name\nC1,a@example.com,x\n", &settings).0.in_file);
    assert!(!read_with("Id,a@example.com,EMail\nC1,b@example.com,x\n", &settings).0.in_file);
    let (header, _) = read_with("EMail,Extra,Id\na@example.com,x,C1\n", &with_columns(&["Id", "EMail"], None));
    assert_eq!(header.columns, ["EMail", "Extra", "Id"]);
}

#[test]
fn what_is_set_about_the_header_is_not_questioned() {
    let (header, rows) = read_with("Id,EMail\nC1,x\n", &with_columns(&["Id", "EMail"], Some(false)));
    assert!(!header.in_file);
    assert_eq!(rows[0].problem, Some(RowProblem::RepeatedHeader));
    let (header, rows) = read_with("a,b\nC1,x\n", &with_columns(&["Id", "EMail"], Some(true)));
    assert_eq!(header.columns, ["a", "b"]);
    assert_eq!(rows.len(), 1);
    let settings = ReadSettings { header: Some(false), ..ReadSettings::default() };
    assert!(matches!(read_error("C1,x\n", &settings), ReadError::NoColumns));
}

#[test]
fn odd_names_are_kept_and_noted() {
    let (header, rows) = read("Id,, Email ,email,,Id\n1,2,3,4,5,6\n");
    assert_eq!(header.columns, ["Id", "", " Email ", "email", "", "Id"]);
    assert_eq!(
        header.notes(),
        [
            "the column name \"Id\" occurs 2 times: columns 1, 6 [ITB-M02]",
            "columns without a name: 2, 5 [ITB-M01]",
            "the column name \"Email\" occurs 2 times: columns 3, 4 [ITB-M02]"
        ]
    );
    assert_eq!(rows.len(), 1);
    assert!(read("id,email\n").0.notes().is_empty());
}

#[test]
fn a_header_over_two_lines_is_legal() {
    let (header, rows) = read("id,\"e\nmail\"\n1,2\n");
    assert_eq!(header.columns, ["id", "e\nmail"]);
    assert_eq!(lines(&rows), [3]);
}

#[test]
fn the_header_again_in_the_middle_is_no_data_row() {
    let text =
        "\u{feff}Id,EMail\nC1,a@example.com\n\u{feff}Id,EMail\nC2,b@example.com\n\"ID\",email\nC3,c@example.com\n";
    let (_, rows) = read(text);
    let expected = [(2, "C1"), (3, "repeated header row"), (4, "C2"), (5, "repeated header row"), (6, "C3")];
    assert_eq!(outline(&rows), expected.map(|(line, text)| (line, text.to_owned())));
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 1, 2, 2, 3]);
}

#[test]
fn limits_on_the_header_are_named() {
    let columns: Vec<String> = (0..10_000).map(|index| format!("column{index}")).collect();
    let text = format!("{}\n1,2\n", columns.join(","));
    let error = read_error(&text, &ReadSettings::default());
    assert!(matches!(error, ReadError::TooManyColumns { found: 10_000, limit: 1_000 }), "{error}");
    assert!(error.to_string().contains("max_columns"));

    let limits = ReadLimits { max_columns: 10_000, ..ReadLimits::default() };
    let (header, _) = read_with(&text, &ReadSettings { limits, ..ReadSettings::default() });
    assert_eq!(header.columns.len(), 10_000);

    let error = read_error("a".repeat(300 << 10), &ReadSettings::default());
    assert!(matches!(error, ReadError::HeaderTooLarge { limit: 262_144 }), "{error}");
    assert!(error.to_string().contains("max_header_bytes"));
}

#[test]
fn a_header_that_cannot_be_understood_is_an_error() {
    let error = read_error("id,e\0mail\n1,2\n", &ReadSettings::default());
    assert!(matches!(error, ReadError::HeaderNul { line: 1, column: 2 }), "{error}");
    let error = read_error(b"id,pr\xe9nom\n1,2\n", &ReadSettings::default());
    assert!(matches!(error, ReadError::Encoding(Encoding::Windows1252)), "{error}");
    assert!(error.to_string().contains("Windows-1252") && error.to_string().contains("Export it as UTF-8"));
    let error = read_error("\nid,\"email,name\n1,2,3\n4,5,6\n", &ReadSettings::default());
    assert!(matches!(error, ReadError::HeaderQuote { line: 2 }), "{error}");
    for delimiter in [b'"', b'\n', b'\r', 0, 0xA7] {
        let error = read_error("a\n", &ReadSettings { delimiter: Some(delimiter), ..ReadSettings::default() });
        assert!(matches!(error, ReadError::Delimiter(_)), "{error}");
    }
}
