//! `[exports.NAME]` and the tables in it.

use super::super::{
    Consent, CsvSettings, DataMatching, EmailUse, EmptyRule, Export, FieldMapping, OnLeave, Schedule, SendRule,
    ValueType, Written,
};
use super::{file, mistake, mistakes, refused, right};

const TABLE: &str = "exports.clienti";

fn export(lines: &str) -> Export {
    right(&file("", lines)).exports.get("clienti").unwrap().as_ref().clone()
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let export = export("");
    assert_eq!(export.segments, None);
    assert!(export.delivers(&"Anything".into()));
    assert_eq!((export.schedule, export.send, export.on_leave), (Schedule::Active, SendRule::Changes, OnLeave::False));
    assert!(export.on_upload && export.create_profiles);
    assert!((export.max_leavers - 0.2).abs() < f64::EPSILON);
    assert_eq!(export.settle_minutes, 30);
    assert_eq!(export.path, None);
    assert_eq!(export.csv, CsvSettings::default());
    assert_eq!(export.null_values, ["NULL", "\\N", "#N/A", "N/A", "nan", "NaN", "undefined", "None"]);
    assert_eq!((export.default_country, export.culture, export.consent), (None, None, Consent::Stricter));
    let columns = DataMatching {
        customer_id: Some("顧客ID".to_owned()),
        email: Some("E-Mail".to_owned()),
        email_use: EmailUse::Set,
    };
    assert_eq!(export.data_matching, columns);
}

#[test]
fn what_is_set_is_taken() {
    assert_eq!(export("schedule = \"off\"").schedule, Schedule::Off);
    assert_eq!(export("send = \"all\"").send, SendRule::All);
    assert_eq!(export("on_leave = \"remove\"").on_leave, OnLeave::Remove);
    assert_eq!(export("on_leave = \"keep\"").on_leave, OnLeave::Keep);
    assert!(!export("on_upload = false").on_upload);
    assert!(!export("create_profiles = false").create_profiles);
    assert_eq!(export("settle_minutes = 0").settle_minutes, 0);
    for (text, share) in [("0", 0.0), ("1", 1.0), ("0.0", 0.0), ("1e-3", 0.001), ("1.0", 1.0)] {
        assert!((export(&format!("max_leavers = {text}")).max_leavers - share).abs() < f64::EPSILON);
    }
    let segments = export("segments = [\n  \"HighValue\", # best\n  \"Kündigung 📉\",\n]").segments.unwrap();
    assert_eq!(segments, ["HighValue".into(), "Kündigung 📉".into()]);
    assert!(export("path = \"{segment}_{run}_{part}.csv.gz\"").path.is_some());
}

#[test]
fn values_outside_what_is_allowed_are_refused() {
    for (line, key, found, allowed) in [
        ("schedule = \"daily\"", "schedule", "the text \"daily\"", "\"active\" or \"off\""),
        ("send = \"\"", "send", "an empty text", "\"changes\" or \"all\""),
        ("on_leave = \"null\"", "on_leave", "the text \"null\"", "\"false\", \"remove\" or \"keep\""),
        ("on_upload = 0", "on_upload", "0", "true or false"),
        ("create_profiles = \"no\"", "create_profiles", "the text \"no\"", "true or false"),
        ("max_leavers = 1.5", "max_leavers", "1.5", "a number from 0 to 1"),
        ("max_leavers = -0.1", "max_leavers", "-0.1", "a number from 0 to 1"),
        ("max_leavers = nan", "max_leavers", "nan", "a number from 0 to 1"),
        ("max_leavers = inf", "max_leavers", "inf", "a number from 0 to 1"),
        ("max_leavers = 50", "max_leavers", "50", "a number from 0 to 1"),
        ("settle_minutes = -1", "settle_minutes", "-1", "a whole number from 0 to 43200"),
        ("settle_minutes = 43201", "settle_minutes", "43201", "a whole number from 0 to 43200"),
        ("connection = \"us\"", "connection", "the text \"us\"", "a connection of this file: eu"),
    ] {
        let mistake = refused(&file("", line), TABLE, key, found, allowed);
        assert_eq!(mistake.line, 6, "{line}");
    }
    assert_eq!(mistake(&file("", "on_leave = false")).advice.unwrap(), "write it in quotes: \"false\"");
    assert_eq!(mistake(&file("", "schedule = \"Active\"")).advice.unwrap(), "did you mean \"active\"?");
}

#[test]
fn a_pattern_is_refused_in_the_words_of_the_pattern() {
    let mistake = mistake(&file("", "path = \"no-placeholders.csv\""));
    assert_eq!((mistake.key.as_str(), mistake.found.as_str()), ("path", "the text \"no-placeholders.csv\""));
    assert!(!mistake.advice.unwrap().is_empty());
    let shown = super::mistake(&file("", "path = \"3f2a91c0-77de-4b0e-9d55-0c1de2f3a4b5\\n\"")).to_string();
    assert!(!shown.contains("3f2a91c0") && !shown.contains('\n'), "{shown}");
}

#[test]
fn a_connection_with_mistakes_is_still_known() {
    let text = file("requests_per_second = 0", "");
    assert_eq!(mistake(&text).table, "connections.eu");
    let without = "[exports.a]\nconnection = \"eu\"\nfolder = \"incoming/a\"\ndata_matching.email = \"E\"\n";
    let allowed = "a connection of this file, which has none: add a table [connections.NAME]";
    refused(without, "exports.a", "connection", "the text \"eu\"", allowed);
}

#[test]
fn folders_lie_below_incoming() {
    for (folder, kept) in
        [("incoming/a", "incoming/a"), ("incoming/Ä b/c/", "incoming/Ä b/c"), ("incoming/a..b", "incoming/a..b")]
    {
        assert_eq!(export(&format!("folder = \"{folder}\"")).folder, kept);
    }
    let allowed = "a folder below incoming/, such as \"incoming/BlobExport\"";
    for (folder, found) in [
        ("incoming", "the text \"incoming\""),
        ("incoming/", "the text \"incoming/\""),
        ("Incoming/a", "the text \"Incoming/a\""),
        ("incomings/a", "the text \"incomings/a\""),
        ("/incoming/a", "the text \"/incoming/a\", with an empty part"),
        ("incoming//a", "the text \"incoming//a\", with an empty part"),
        ("incoming/a//", "the text \"incoming/a//\", with an empty part"),
        ("incoming/../config", "the text \"incoming/../config\", with the part \".\" or \"..\""),
        ("incoming/./a", "the text \"incoming/./a\", with the part \".\" or \"..\""),
        ("state/loyalty", "the text \"state/loyalty\""),
        ("s3://bucket/incoming/a", "the text \"s3://bucket/incoming/a\""),
        ("incoming\\\\a", "the text \"incoming\\\\a\", with a backslash or control character"),
        ("incoming/a\\nb", "the text \"incoming/a\\nb\", with a backslash or control character"),
    ] {
        refused(&file("", &format!("folder = \"{folder}\"")), TABLE, "folder", found, allowed);
    }
}

#[test]
fn segments_are_different_names() {
    let list = "a list of different segment names, not empty";
    let name = "a segment's table name: one part of a path, without a space at either end, of at most 256 characters";
    for (value, found, allowed) in [
        ("[]", "an empty list", list),
        ("\"A\"", "the text \"A\"", list),
        ("[\"A\", \"\"]", "an empty text in the list", list),
        ("[\"A\", 2]", "2 in the list", list),
        ("[\"A\", \"B\", \"A\"]", "the text \"A\" twice in the list", list),
        ("[\"a/b\"]", "the text \"a/b\"", name),
        ("[\"..\"]", "the text \"..\"", name),
        ("[\"A \"]", "the text \"A \"", name),
    ] {
        refused(&file("", &format!("segments = {value}")), TABLE, "segments", found, allowed);
    }
    let lines: Vec<usize> =
        mistakes(&file("", "segments = [\n\"A\",\n\"\",\n3]")).iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [8, 9], "each at the line of its element");
}

#[test]
fn a_segment_named_like_a_field_of_braze_needs_another_name() {
    let mistake = mistake(&file("", "segments = [\"gender\"]"));
    assert_eq!(mistake.found, "the attribute name \"gender\", which is a standard field of Braze");
    assert_eq!(mistake.advice.unwrap(), "give the segment \"gender\" another name under attribute_names");
    let renamed = export("segments = [\"gender\"]\nattribute_names = { gender = \"Gender segment\" }");
    assert_eq!(renamed.attribute_of(&"gender".into()).as_str(), "Gender segment");
}

#[test]
fn data_matching_names_a_column() {
    let needed = "a table that names the column of the customer ID, of the email, or of both: customer_id = \"COLUMN\", email = \"COLUMN\"";
    refused(&file("", "data_matching = {}"), TABLE, "data_matching", "neither customer_id nor email", needed);
    let missing = file("", "data_matching =").replace("data_matching =\n", "");
    refused(&missing, TABLE, "data_matching", "nothing, the key is missing", needed);
    let empty = file("", "data_matching = { customer_id = \"\" }");
    refused(&empty, "exports.clienti.data_matching", "customer_id", "an empty text", "the name of a column");
    assert_eq!(export("data_matching = { email = \"E\" }").data_matching.customer_id, None);
}

#[test]
fn attributes_keep_the_order_of_the_file() {
    let attributes = export(
        "attributes = { last_name = \"Nachname\", \"Größe 📏\" = { column = \"Größe\" }, first_name = \"Vorname\" }",
    )
    .attributes;
    let names: Vec<&str> = attributes.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["last_name", "Größe 📏", "first_name"]);
    let plain = FieldMapping {
        name: "last_name".to_owned(),
        column: "Nachname".to_owned(),
        value_type: None,
        empty: EmptyRule::Keep,
        written: Written::default(),
    };
    assert_eq!(attributes[0], plain);
}

#[test]
fn types_are_understood_in_the_spelling_of_customer_insights() {
    let semicolon = || ValueType::Array { separator: ";".to_owned() };
    for (names, expected) in [
        (&["string", "String", "text", "guid", "GUID", "json", "time"][..], ValueType::String),
        (&["integer", "int64", "Int64", "whole number"], ValueType::Integer),
        (&["float", "double", "Decimal", "number"], ValueType::Float),
        (&["boolean", "Boolean", "bool"], ValueType::Boolean),
        (&["date"], ValueType::Date),
        (&["datetime", "dateTime", "dateTimeOffset", "DATE_TIME", "timestamp"], ValueType::DateTime),
        (&["array"], semicolon()),
    ] {
        for name in names {
            let field =
                export(&format!("attributes = {{ x = {{ column = \"X\", type = \"{name}\", empty = \"remove\" }} }}"))
                    .attributes
                    .remove(0);
            assert_eq!((field.value_type, field.empty), (Some(expected.clone()), EmptyRule::Remove), "{name}");
        }
    }
    let tags = export("attributes = { tags = { column = \"Tags\", type = \"array\", separator = \" | \" } }")
        .attributes
        .remove(0);
    assert_eq!(tags.value_type, Some(ValueType::Array { separator: " | ".to_owned() }));
}

#[test]
fn fields_in_their_long_form_are_checked_key_by_key() {
    let types = "\"string\", \"integer\", \"float\", \"boolean\", \"date\", \"datetime\" or \"array\"";
    for (table, key, found, allowed) in [
        ("{}", "column", "nothing, the key is missing", "the name of a column"),
        ("{ column = \"\" }", "column", "an empty text", "the name of a column"),
        ("{ column = \"X\", type = \"int65\" }", "type", "the text \"int65\"", types),
        ("{ column = \"X\", empty = \"null\" }", "empty", "the text \"null\"", "\"keep\" or \"remove\""),
        (
            "{ column = \"X\", separator = \",\" }",
            "separator",
            "separator = \",\" without type = \"array\"",
            "separator only together with type = \"array\"",
        ),
        (
            "{ column = \"X\", type = \"array\", separator = \"\" }",
            "separator",
            "an empty text",
            "a text that is not empty, together with type = \"array\"",
        ),
        (
            "{ column = \"X\", format = \"y\" }",
            "format",
            "an unknown key",
            "column, type, empty, separator, country_column, true_values, false_values, date_order, culture, excel_serial",
        ),
    ] {
        refused(
            &file("", &format!("attributes = {{ x = {table} }}")),
            "exports.clienti.attributes.x",
            key,
            found,
            allowed,
        );
    }
    let allowed = "the name of a column, or a table such as { column = \"Points\", type = \"integer\" }";
    for (value, found) in [("1", "1"), ("\"\"", "an empty text"), ("[]", "a list")] {
        refused(
            &file("", &format!("attributes = {{ x = {value} }}")),
            "exports.clienti.attributes",
            "x",
            found,
            allowed,
        );
    }
}

#[test]
fn a_standard_field_takes_the_types_that_braze_takes() {
    let field = |name: &str, value_type: &str| {
        file("", &format!("attributes = {{ {name} = {{ column = \"X\", type = \"{value_type}\" }} }}"))
    };
    right(&field("dob", "date"));
    right(&field("email_open_tracking_disabled", "bool"));
    refused(
        &field("phone", "int64"),
        "exports.clienti.attributes.phone",
        "type",
        "\"integer\" for Braze's standard field phone",
        "\"string\"",
    );
}

#[test]
fn names_that_braze_would_refuse_or_misread_are_refused() {
    let one_of_both = "a standard field or a custom attribute";
    let form = "a name of 1 to 255 characters, without a space at either end, control characters, or $ in front";
    let long = "ä".repeat(256);
    for (name, found, allowed) in [
        ("", "an empty name".to_owned(), form),
        (" a", "the text \" a\", with a leading or trailing space".to_owned(), form),
        ("$set", "the text \"$set\"".to_owned(), form),
        (&long, "a name of 256 characters".to_owned(), form),
        (
            "First_Name",
            "the name \"First_Name\", which Braze would store as a custom attribute".to_owned(),
            "Braze's own spelling, \"first_name\"",
        ),
        (
            "DOB",
            "the name \"DOB\", which Braze would store as a custom attribute".to_owned(),
            "Braze's own spelling, \"dob\"",
        ),
    ] {
        let mistake = mistake(&file("", &format!("attributes = {{ \"{name}\" = \"X\" }}")));
        assert_eq!(
            (mistake.table.as_str(), mistake.found.as_str(), mistake.allowed.as_str()),
            ("exports.clienti.attributes", found.as_str(), allowed)
        );
    }
    for name in ["external_id", "External_Id", "braze_id", "user_alias", "email", "Email"] {
        let found = format!("the name \"{name}\", which identifies a profile");
        refused(
            &file("", &format!("attributes = {{ {name} = \"X\" }}")),
            "exports.clienti.attributes",
            name,
            &found,
            one_of_both,
        );
    }
    for name in [
        "_update_existing_only",
        "push_tokens",
        "email_subscription_info",
        "events",
        "subscription_groups",
        "current_location",
    ] {
        let found = format!("the name \"{name}\", which Braze reserves or does not accept from a column");
        refused(
            &file("", &format!("attributes = {{ {name} = \"X\" }}")),
            "exports.clienti.attributes",
            name,
            &found,
            one_of_both,
        );
    }
    export(&format!("attributes = {{ \"{}\" = \"X\", \"a.b c\" = \"Y\", Events = \"Z\" }}", "ä".repeat(255)));
}

#[test]
fn attribute_names_are_those_of_listed_segments() {
    let table = "exports.clienti.attribute_names";
    let unlisted = file("", "segments = [\"HighValue\", \"Churn\"]\nattribute_names = { Highvalue = \"High Value\" }");
    let mistake =
        refused(&unlisted, table, "Highvalue", "a segment that is not among the export's segments", "HighValue, Churn");
    assert_eq!(mistake.advice.unwrap(), "did you mean \"HighValue\"?");
    for (value, found) in [("1", "1"), ("\"\"", "an empty name")] {
        let mistake = super::mistake(&file("", &format!("attribute_names = {{ A = {value} }}")));
        assert_eq!((mistake.table.as_str(), mistake.key.as_str(), mistake.found.as_str()), (table, "A", found));
    }
    let taken = super::mistake(&file("", "attribute_names = { A = \"first_name\" }"));
    assert_eq!(taken.found, "the attribute name \"first_name\", which is a standard field of Braze");
    assert_eq!(
        export("attribute_names = { A = \"High Value 💎\" }").attribute_of(&"A".into()).as_str(),
        "High Value 💎"
    );
}

#[test]
fn delimiters_are_four() {
    for (text, byte) in [(",", b','), (";", b';'), ("\\t", b'\t'), ("tab", b'\t'), ("|", b'|')] {
        assert_eq!(export(&format!("csv = {{ delimiter = \"{text}\" }}")).csv.delimiter, Some(byte));
    }
    for (value, found) in [("\"::\"", "the text \"::\""), ("\" \"", "the text \" \""), ("59", "59")] {
        refused(
            &file("", &format!("csv = {{ delimiter = {value} }}")),
            "exports.clienti.csv",
            "delimiter",
            found,
            "\",\", \";\", \"\\t\", \"|\" or \"tab\"",
        );
    }
}

#[test]
fn columns_contain_those_that_identify() {
    let columns = |columns: &str| file("", &format!("csv = {{ columns = {columns} }}"));
    right(&columns("[\"顧客ID\", \"E-Mail\", \"Rest\"]"));
    let list = "a list of different column names, not empty";
    for (value, found) in [
        ("[]", "an empty list"),
        ("[\"顧客ID\", \"E-Mail\", \"E-Mail\"]", "the text \"E-Mail\" twice in the list"),
        ("[\"\", \"顧客ID\", \"E-Mail\"]", "an empty text in the list"),
    ] {
        refused(&columns(value), "exports.clienti.csv", "columns", found, list);
    }
    let mistake = refused(
        &columns("[\"顧客ID\", \"email\"]"),
        "exports.clienti.csv",
        "columns",
        "no column \"E-Mail\"",
        "a list with every column that data_matching names",
    );
    assert_eq!(mistake.line, 6);
    assert_eq!(mistakes(&columns("[\"x\"]")).len(), 2);
}

#[test]
fn unknown_keys_name_the_nearest_allowed_one() {
    for (line, key, nearest) in [
        ("max_leaver = 1", "max_leaver", Some("max_leavers")),
        ("on-upload = true", "on-upload", Some("on_upload")),
        ("shcedule = 1", "shcedule", Some("schedule")),
        ("colour = 1", "colour", None),
    ] {
        let mistake = mistake(&file("", line));
        assert_eq!(
            (mistake.table.as_str(), mistake.key.as_str(), mistake.found.as_str()),
            (TABLE, key, "an unknown key")
        );
        assert!(mistake.allowed.starts_with("connection, folder, path, segments, "));
        assert_eq!(mistake.advice, nearest.map(|nearest| format!("did you mean \"{nearest}\"?")));
    }
}
