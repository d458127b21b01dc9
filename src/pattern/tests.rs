#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> PathPattern {
    PathPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// segment, run, part and export as `-` where there is none.
fn read(text: &str, path: &str) -> Option<String> {
    read_listed(text, path, &[])
}

fn read_listed(text: &str, path: &str, segments: &[&str]) -> Option<String> {
    let pattern = pattern(text);
    let reading =
        pattern.read(path, &|field, name| field == Field::Export || segments.is_empty() || segments.contains(&name))?;
    let run = reading.run.map_or_else(|| "-".to_owned(), |run| run.to_string());
    Some(format!("{} {run} {} {}", reading.segment, reading.part.unwrap_or("-"), reading.export.unwrap_or("-")))
}

#[test]
fn patterns_read_paths() {
    for (text, path, expected) in [
        ("{segment}_{run}_{part}.csv.gz", "HighValue_20261123010203_0.csv.gz", "HighValue 2026-11-23T01:02:03Z 0 -"),
        (
            "{segment}_{run}_{part}.csv.gz",
            "Male_under_40_20261123_0102_7.csv.gz",
            "Male_under_40 2026-11-23T01:02Z 7 -",
        ),
        ("{segment}_{run}.csv", "高額顧客_1613059142.csv", "高額顧客 2021-02-11T15:59:02Z - -"),
        ("{segment}_{run}.csv", "A_1613059142123.csv", "A 2021-02-11T15:59:02Z - -"),
        (
            "{segment}/{run}/{part}",
            "High Value+/2026-11-23T01:02:03Z/x.csv",
            "High Value+ 2026-11-23T01:02:03Z x.csv -",
        ),
        (
            "{export}/{segment}/{run:%Y%m%d%H%M}/{part}.csv",
            "Blob/A/202611230102/A_1.csv",
            "A 2026-11-23T01:02Z A_1 Blob",
        ),
        ("{any}/{segment}/{run}/{part}.csv", "x/y/A/2026/11/23/0102/p.csv", "A 2026-11-23T01:02Z p -"),
        ("{any}.{segment}.{run:%s}", "x/.A.1613059142", "A 2021-02-11T15:59:02Z - -"),
        ("{segment}{run:%Y%m%d%H%M%S}{part}.csv", "Seg4020261123010203b.csv", "Seg40 2026-11-23T01:02:03Z b -"),
        ("{run:%Y-%m-%d %H.%M}/{segment}.csv", "2026-11-23 01.02/A.csv", "A 2026-11-23T01:02Z - -"),
        ("{run:%d%m%Y}_{segment}.csv", "23112026_A.csv", "A 2026-11-23T00:00Z - -"),
        ("{run:%Y%m%d%%%H}_{segment}", "20261123%07_A", "A 2026-11-23T07:00Z - -"),
        ("{segment}.csv", "A.csv", "A - - -"),
        ("{export}_{segment}_{run}.csv", "Adobe_High_Value_1613059142.csv", "High_Value 2021-02-11T15:59:02Z - Adobe"),
    ] {
        assert_eq!(read(text, path).as_deref(), Some(expected), "{text} on {path}");
    }
}

#[test]
fn paths_that_do_not_fit_are_not_read() {
    for (text, path) in [
        ("{segment}_{run}_{part}.csv.gz", "HighValue_20261123010203_0.csv"),
        ("{segment}_{run}.csv", "HighValue_20261323.csv"),
        ("{segment}_{run}.csv", "HighValue_yesterday.csv"),
        ("{segment}_{run:%s}.csv", "A_20261123.csv"),
        ("{segment}/{run:%Y%m%d%H%M}.csv", "A/202611232460.csv"),
        ("{segment}.csv", "folder/A.csv"),
        ("{segment}.csv", ".csv"),
        ("{segment}.csv", "A.CSV"),
        ("{segment}_{run}_{part}.csv", "A_20261123_.csv"),
        ("{segment}_{run}_{part}.csv", "A_20261123_x/y.csv"),
        ("{segment}.csv", ""),
    ] {
        assert_eq!(read(text, path), None, "{text} on {path}");
    }
}

#[test]
fn a_restriction_decides_where_names_end() {
    let text = "{export}_{segment}_{run}.csv";
    let path = "My_Export_High_Value_1613059142.csv";
    let run = "2021-02-11T15:59:02Z";
    assert_eq!(read_listed(text, path, &["High_Value"]), Some(format!("High_Value {run} - My_Export")));
    assert_eq!(read_listed(text, path, &["Value"]), Some(format!("Value {run} - My_Export_High")));
    assert_eq!(read_listed(text, path, &["Value", "High_Value"]), Some(format!("High_Value {run} - My_Export")));
    assert_eq!(read_listed(text, path, &["Other"]), None);
    assert_eq!(read(text, path), Some(format!("Export_High_Value {run} - My")));
}

#[test]
fn every_mistake_is_named_and_the_message_shows_patterns_that_are_right() {
    for (text, names) in [
        ("", "empty"),
        ("/{segment}.csv", "starts with \"/\""),
        ("incoming/sftp/{segment}.csv", "starts with \"incoming/\""),
        ("{segment", "brace at character 1"),
        ("é{segment}}.csv", "brace at character 11"),
        ("{{segment}}.csv", "brace at character 1"),
        ("{Segment}.csv", "{Segment} is not a placeholder"),
        ("{segment}_{date}.csv", "{date} is not a placeholder"),
        ("{}", "{} is not a placeholder"),
        ("{run}.csv", "{segment} is missing"),
        ("{segment}/{segment}.csv", "{segment} occurs twice"),
        ("{segment}_{run}_{run:%s}.csv", "{run} occurs twice"),
        ("{segment}{run}.csv", "separates {segment} and {run}"),
        ("{segment}{part}_{run}.csv", "separates {segment} and {part}"),
        ("{segment}_{part}.csv", "{part} is not allowed without {run}"),
        ("{segment}{run:%s}/{any}{part}", "separates {any} and {part}"),
        ("{any}/{segment}.csv", "{any} is not allowed without {run}"),
        ("{segment}_{run:}.csv", "{run:}: it needs"),
        ("{segment}_{run:%Y%m}.csv", "{run:%Y%m}: it needs"),
        ("{segment}_{run:%Y%m%d%M}.csv", "it needs"),
        ("{segment}_{run:%s%Y%m%d}.csv", "it needs"),
        ("{segment}_{run:%Y%m%d%d}.csv", "twice"),
        ("{segment}_{run:yyyyMMddHHmm}.csv", "it needs"),
        ("{segment}_{run:%Y%m%d%p}.csv", "not known"),
        ("{segment}_{run:%}.csv", "not known"),
        ("{any}a{any}a{any}a{any}a{any}a{any}a{any}a{any}a{any}_{segment}_{run}", "{any} occurs 9 times"),
    ] {
        let message = PathPattern::parse(text).expect_err(text).to_string();
        assert!(message.contains(names), "{text}: {message}");
        assert!(message.contains("\"{segment}_{run}_{part}.csv.gz\""), "{text}: {message}");
    }
    let long = format!("{{segment}}{}", "x".repeat(1024));
    assert!(PathPattern::parse(&long).expect_err("too long").to_string().contains("1033 bytes"));
}

#[test]
fn the_examples_of_the_messages_are_right() {
    let examples: Vec<&str> = error::EXAMPLES.split('"').skip(1).step_by(2).collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        assert_eq!(pattern(example).as_str(), example);
    }
}

#[test]
fn a_pattern_says_whether_a_run_has_one_file() {
    assert!(pattern("{segment}.csv").one_file_per_run());
    assert!(pattern("{export}_{segment}_{run}.csv").one_file_per_run());
    assert!(!pattern("{segment}_{run}_{part}.csv").one_file_per_run());
    assert!(!pattern("{any}/{segment}_{run}.csv").one_file_per_run());
    assert!(!pattern("{segment}.csv").names_run());
    assert!(pattern("{segment}_{run}.csv").names_run());
}

#[test]
fn known_forms_of_a_run_are_tried_longest_first() {
    let now = "2026-11-23T01:02:03.004Z";
    let widths: Vec<usize> = RunFormat::known()
        .iter()
        .map(|format| {
            // A text of the format itself tells its width.
            let shown = [
                now,
                "2026-11-23T01:02:03Z",
                "2026-11-23T01-02-03Z",
                "2026-11-23T01:02:03",
                "2026-11-23T01-02-03",
                "2026-11-23_01-02-03",
                "2026-11-23-01-02-03",
                "2026-11-23T01:02Z",
                "2026-11-23T010203",
                "2026-11-23_010203",
                "2026-11-23-010203",
                "20261123010203004",
                "2026-11-23_01-02",
                "2026-11-23-01-02",
                "20261123T010203Z",
                "2026/11/23/0102",
                "2026-11-23_0102",
                "2026-11-23-0102",
                "20261123T010203",
                "20261123_010203",
                "20261123-010203",
                "20261123010203",
                "20261123T0102",
                "20261123_0102",
                "20261123-0102",
                "1795395723004",
                "202611230102",
                "2026-11-23",
                "1795395723",
                "20261123",
            ];
            shown
                .into_iter()
                .filter_map(|text| format.read(text).filter(|(_, width)| *width == text.len()))
                .map(|(run, width)| {
                    assert!(run.to_string().starts_with("2026-11-23"), "{run}");
                    width
                })
                .next()
                .expect("every form reads one of these")
        })
        .collect();
    assert_eq!(widths.len(), 30);
    assert!(widths.is_sorted_by(|a, b| a >= b), "{widths:?}");
}

#[test]
fn a_hostile_path_takes_no_long_time() {
    let hostile = pattern("{any}a{any}a{any}a{any}a{any}a{any}a{any}a{any}b{segment}_{run}");
    let path = "a".repeat(1024);
    let started = std::time::Instant::now();
    assert!(hostile.read(&path, &|_, _| true).is_none());
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

proptest! {
    #![proptest_config(crate::run::seeded())]

    #[test]
    fn any_text_is_a_pattern_or_an_error(text in any::<String>(), path in any::<String>()) {
        if let Ok(pattern) = PathPattern::parse(&text) {
            let _ = pattern.read(&path, &|_, _| true);
        }
    }

    #[test]
    fn any_mix_of_placeholders_is_a_pattern_or_an_error(
        pieces in proptest::collection::vec(prop::sample::select(vec![
            "{segment}", "{run}", "{run:%Y%m%d}", "{run:%s}", "{part}", "{any}", "{export}", "_", "/", "é", ".csv", "{", "}",
        ]), 0..8),
        path in "[a-c0-9_/.é]{0,60}",
    ) {
        if let Ok(pattern) = PathPattern::parse(&pieces.concat())
            && let Some(reading) = pattern.read(&path, &|_, _| true)
        {
            prop_assert!(!reading.segment.is_empty() && !reading.segment.contains('/'));
            prop_assert_eq!(reading.run.is_some(), pattern.names_run());
        }
    }

    #[test]
    fn what_a_pattern_describes_it_reads(
        segment in "[A-Za-z][A-Za-z0-9_]{0,12}x", part in "[0-9]{1,4}", seconds in 1_000_000_000_i64..9_999_999_999,
    ) {
        let pattern = pattern("out/{segment}_{run:%s}_{part}.csv.gz");
        let path = format!("out/{segment}_{seconds}_{part}.csv.gz");
        let reading = pattern.read(&path, &|_, _| true).expect("fits");
        prop_assert_eq!(reading.segment, segment);
        prop_assert_eq!(reading.part, Some(part.as_str()));
        prop_assert_eq!(reading.run, RunId::from_unix_seconds(seconds));
    }
}
