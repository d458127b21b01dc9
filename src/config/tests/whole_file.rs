//! The file as a whole: right files, files of mistakes, text that is not TOML, and the reference of all keys.

use super::super::reference::{Kind, Presence, TABLES};
use super::super::{Config, ConfigError, OnLeave, Schedule, SendRule, ValueType};
use super::{file, mistake, mistakes, right};

fn fixture(name: &str) -> String {
    let path = format!("{}/tests/fixtures/config/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_documented_example_is_right() {
    let config = right(&fixture("full.toml"));
    let connection = config.connections.get("braze-eu").unwrap();
    assert_eq!(connection.display_name, "Braze, EU workspace");
    assert_eq!(connection.hostname.url("/x"), "https://rest.fra-01.braze.eu/x");
    assert!(connection.agree_to_data_transfer);
    let export = config.exports.get("loyalty").unwrap();
    assert_eq!(&export.connection, connection);
    assert_eq!(export.folder, "incoming/BlobExport");
    assert_eq!((export.schedule, export.send, export.on_leave), (Schedule::Active, SendRule::Changes, OnLeave::False));
    assert_eq!(export.attributes[0].name, "first_name");
    assert_eq!(export.attributes[1].value_type, Some(ValueType::Integer));
    assert_eq!(export.attribute_of(&"HighValueCustomers".into()).as_str(), "High Value Customers");
    assert_eq!(export.attribute_of(&"ChurnRisk".into()).as_str(), "ChurnRisk");
    assert_eq!(export.csv.delimiter, Some(b';'));
}

#[test]
fn the_least_file_is_right_with_windows_line_ends_and_byte_order_mark() {
    let least = fixture("least.toml");
    let config = right(&least);
    assert_eq!(config.exports.get("newsletter").unwrap().folder, "incoming/Newsletter");
    assert_eq!(right(&format!("\u{feff}{}", least.replace('\n', "\r\n"))), config);
}

#[test]
fn connections_alone_are_right() {
    let config = right("[connections.eu]\nhostname = \"rest.fra-01.braze.eu\"\nsecret = \"eu\"\n");
    assert_eq!((config.connections.len(), config.exports.len()), (1, 0));
}

#[test]
fn a_file_without_tables_says_what_is_needed() {
    for text in ["", "\n\n", "\u{feff}", "[connections]\n[exports]\n", &fixture("empty.toml")] {
        let mistake = mistake(text);
        assert_eq!(
            mistake.to_string(),
            "the file (line 1): found nothing; allowed: tables [connections.NAME], each with hostname and tables [exports.NAME], each with connection, folder and data_matching"
        );
    }
}

/// Each file of wrong values stands beside the messages that it must give.
#[test]
fn every_mistake_of_a_file_is_reported_in_the_order_of_the_file() {
    for name in ["wrong-values", "wrong-types", "unknown-keys", "conflicts"] {
        let error = Config::parse(&fixture(&format!("{name}.toml"))).unwrap_err();
        let expected = fixture(&format!("{name}.txt"));
        let shown = error.to_string();
        for (index, (shown, expected)) in shown.lines().zip(expected.lines()).enumerate() {
            assert_eq!(shown, expected, "{name}.txt, line {}", index + 1);
        }
        assert_eq!(shown.lines().count(), expected.lines().count(), "{name}\n{shown}");
        let ConfigError::Mistakes(mistakes) = error else { panic!("{name} is TOML") };
        assert!(mistakes.is_sorted_by_key(|mistake| mistake.line), "{name}");
    }
}

#[test]
fn each_message_is_one_line() {
    let text =
        file("display_name = \"\"\nhostname = \"\"\"a\nb\"\"\"", "schedule = \"a\\nb\"\nconnection = \"c\\r\\nd\"")
            .replace("hostname = \"rest.fra-01.braze.eu\"\n", "")
            .replace("connection = \"eu\"\n", "");
    let error = Config::parse(&text).unwrap_err();
    assert_eq!(error.to_string().lines().count(), 4, "{error}");
}

#[test]
fn text_that_is_not_toml_is_located_without_showing_it() {
    for (text, line, column, advice) in [
        ("a = 1\nb = yes\n", 2, 5, "Write texts in straight double quotes"),
        ("a = “yes”\n", 1, 5, "Write texts in straight double quotes"),
        ("# 電子\nä = 1\n", 2, 1, ""),
        ("[a]\ncustomer_id\u{3000}= \"Id\"\n", 2, 12, "full-width or no-break space"),
        ("a =\u{a0}1\n", 1, 4, "full-width or no-break space"),
        ("a ＝ 1\n", 1, 3, "A full-width character"),
        ("［a］\nb = 1\n", 1, 1, "A full-width character"),
        ("a = ＂x＂\n", 1, 5, "A full-width character"),
        ("a = \"　＝\" ＃ x\n", 1, 10, "A full-width character"),
        ("a = yes # 全角：　\n", 1, 5, "Write texts in straight double quotes"),
        ("[a]\nx = 1\n[a]\n", 3, 2, "Each key and table can occur only once"),
        ("[a]\n日本 = 1\nx = 1\nx = 2", 2, 1, ""),
        ("a: 1\n", 1, 4, "Write `key = value`"),
        ("a = [1, 2\n", 1, 10, "Close the bracket"),
        ("a = \"x\n", 1, 7, "Close the text with the quote"),
        ("a = \"C:\\x\"", 1, 10, "write the text in single quotes"),
    ] {
        let error = Config::parse(text).unwrap_err();
        let ConfigError::Syntax(syntax) = &error else { panic!("{text}: {error}") };
        assert_eq!((syntax.line, syntax.column), (line, column), "{text}: {error}");
        assert!(syntax.advice.contains(advice), "{text}: {error}");
    }
    let error = Config::parse(&fixture("not-toml.toml")).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(error.to_string().starts_with("line 3, column 11: not valid TOML: "), "{error}");
    assert!(!shown.contains("3f2a91c0") && !shown.contains("4b0e"), "{shown}");
}

/// Every beginning of a right file, and the file with any one letter taken out or replaced, gives a configuration or
/// says where it is wrong.
#[test]
fn damaged_files_are_refused_without_a_crash() {
    let text = fixture("full.toml");
    let lines = text.lines().count();
    let mut refused = 0;
    for (at, letter) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at + letter.len_utf8()..]);
        let damaged =
            [before.to_owned(), format!("{before}{after}"), format!("{before}\"{after}"), format!("{before}é{after}")];
        for damaged in damaged {
            match Config::parse(&damaged) {
                Ok(_) => {}
                Err(ConfigError::Syntax(error)) => assert!((1..=lines + 1).contains(&error.line), "{error}"),
                Err(ConfigError::Mistakes(mistakes)) => {
                    refused += 1;
                    assert!(!mistakes.is_empty());
                    assert!(mistakes.iter().all(|mistake| (1..=lines).contains(&mistake.line)), "{mistakes:?}");
                }
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn tables_must_be_tables_with_plain_names() {
    let shown = |text: &str| mistakes(text).iter().map(ToString::to_string).collect::<Vec<_>>();
    let name = "a name of 1 to 100 letters, digits, - and _";
    let connection = "hostname = \"rest.fra-01.braze.eu\"\nsecret = \"eu\"\n";
    for (header, key) in [("\"a b\"", "\"a b\""), ("\"a/b\"", "\"a/b\""), ("\"a.b\"", "\"a.b\""), ("\"ü\"", "\"ü\"")]
    {
        assert_eq!(
            shown(&format!("[connections.{header}]\n{connection}")),
            [format!("[connections] {key} (line 1): found the text {key}; allowed: {name}")]
        );
    }
    assert_eq!(
        shown(&format!("[connections.\"\"]\n{connection}")),
        [format!("[connections] \"\" (line 1): found an empty text; allowed: {name}")]
    );
    assert_eq!(
        shown("connections = 3\n[[exports]]\nfolder = \"incoming/a\"\n"),
        [
            "connections (line 1): found a number; allowed: tables [connections.NAME], each with hostname",
            "exports (line 2): found a list; allowed: tables [exports.NAME], each with connection, folder and data_matching",
        ]
    );
}

/// The reference drives the parser, so that it must describe every key completely and give defaults that the key takes.
#[test]
fn the_reference_is_complete() {
    assert!(TABLES.len() > 5);
    for table in TABLES {
        assert!(!table.meaning.is_empty() && (!table.keys.is_empty() || table.chosen_keys.is_some()), "{table:?}");
        for key in table.keys.iter().chain(table.chosen_keys.iter()) {
            assert!(!key.meaning.is_empty() && key.meaning.ends_with('.'), "{key:?}");
            assert!(!key.kind.to_string().is_empty(), "{key:?}");
            let Presence::Default(default) = key.presence else { continue };
            let value = toml::de::DeValue::parse(default).unwrap();
            let fits = match key.kind {
                Kind::Boolean => value.get_ref().is_bool(),
                Kind::OneOf(texts) => value.get_ref().as_str().is_some_and(|text| texts.contains(&text)),
                Kind::WholeNumber(least, most) => (least..=most).contains(&default.parse().unwrap()),
                Kind::Number(least, most) => (least..=most).contains(&default.parse().unwrap()),
                Kind::Texts(_) => value.get_ref().is_array(),
                _ => value.get_ref().is_str(),
            };
            assert!(fits, "{key:?}");
        }
    }
}

/// People paste a key where a name belongs as well.
#[test]
fn a_key_that_was_pasted_as_a_name_is_not_repeated() {
    const KEY: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
    for text in [
        format!("[connections.{KEY}]\nhostname = \"rest.fra-01.braze.eu\"\nsecret = \"s\"\nwrong = 1\n"),
        format!("[connections.b]\nhostname = \"rest.fra-01.braze.eu\"\n{KEY} = 1\n"),
        format!("[connections.b]\n{KEY} = \"x\"\n\"key {KEY}\" = 2\n"),
        format!("[exports.x]\nconnection = \"{KEY}\"\nfolder = \"incoming/x\"\n"),
        format!("[exports.x]\n[exports.x.attributes]\n\"$ {KEY}\" = 1\n"),
        format!("[{KEY}]\na = 1\n"),
    ] {
        let error = Config::parse(&text).unwrap_err().to_string();
        assert!(!error.contains(KEY), "{text}: {error}");
    }
}

#[test]
fn a_file_in_utf_16_says_how_to_save_it() {
    let utf16 = |mark: u16, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        [mark].into_iter().chain(fixture("least.toml").encode_utf16()).flat_map(bytes).collect()
    };
    for bytes in [utf16(0xfeff, u16::to_le_bytes), utf16(0xfeff, u16::to_be_bytes)] {
        let advice = Config::how_to_save(&bytes);
        assert!(advice.contains("UTF-16") && advice.contains("Notepad") && advice.contains("UTF-8"), "{advice}");
    }
    assert_eq!(Config::how_to_save("会員".as_bytes()), "Save it as UTF-8");
}
