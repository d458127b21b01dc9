//! The limits of `[exports.NAME.csv]`.

use super::{file, refused, right};
use crate::rows::ReadLimits;

fn limits(lines: &str) -> ReadLimits {
    right(&file("", lines)).exports["clienti"].csv.limits
}

#[test]
fn limits_of_reading_have_ranges() {
    let csv =
        "csv = { max_record_bytes = 2048, max_header_bytes = 4_096, max_columns = 12000, max_text_bytes = 1_000_000 }";
    let expected =
        ReadLimits { max_record_bytes: 2048, max_header_bytes: 4096, max_columns: 12_000, max_text_bytes: 1_000_000 };
    assert_eq!(limits(csv), expected);
    assert_eq!(limits(""), ReadLimits::default());
    for (csv, expected) in
        [("", 64 << 20), ("csv = { delimiter = \";\" }", 64 << 20), ("csv = { max_rejected_bytes = 0 }", 0)]
    {
        assert_eq!(right(&file("", csv)).exports["clienti"].csv.max_rejected_bytes, expected, "{csv}");
    }
    for (key, value, allowed) in [
        ("max_record_bytes", "99999999", "a whole number from 1024 to 16777216"),
        ("max_header_bytes", "0", "a whole number from 1024 to 4194304"),
        ("max_columns", "20001", "a whole number from 1 to 20000"),
        ("max_text_bytes", "-1", "a whole number from 1024 to 1099511627776"),
        ("max_rejected_bytes", "1073741825", "a whole number from 0 to 1073741824"),
    ] {
        refused(&file("", &format!("csv = {{ {key} = {value} }}")), "exports.clienti.csv", key, value, allowed);
    }
}
