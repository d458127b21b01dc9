//! Exports that are right by themselves and do not go together.

use super::{mistakes, right};

/// Two workspaces and two exports with the given lines.
fn two(first: &str, second: &str) -> String {
    format!(
        "[connections.eu]\nhostname = \"rest.fra-01.braze.eu\"\nsecret = \"eu\"\n\
         [connections.us]\nhostname = \"rest.iad-01.braze.com\"\nsecret = \"us\"\n\
         [exports.zuerst]\n{first}\ndata_matching.customer_id = \"Id\"\n\
         [exports.danach]\n{second}\ndata_matching.customer_id = \"Id\"\n"
    )
}

fn one_line(text: &str) -> String {
    let all = mistakes(text);
    assert_eq!(all.len(), 1, "{text}\n{all:#?}");
    all[0].to_string()
}

const SHARED_FOLDER: &str = "a folder of its own, or lists of segments in both exports that have none in common, because a file goes to a workspace once";

#[test]
fn a_folder_may_be_shared_by_exports_with_different_segments() {
    right(&two(
        "connection = \"eu\"\nfolder = \"incoming/a\"\nsegments = [\"A\"]",
        "connection = \"eu\"\nfolder = \"incoming/a/\"\nsegments = [\"B\"]",
    ));
    right(&two("connection = \"eu\"\nfolder = \"incoming/a\"", "connection = \"eu\"\nfolder = \"incoming/ab\""));
}

#[test]
fn a_file_belongs_to_one_export() {
    for (first, second, found) in [
        ("folder = \"incoming/a\"", "folder = \"incoming/a/\"", "the folder of the export zuerst"),
        (
            "folder = \"incoming/a\"",
            "folder = \"incoming/a/b\"\nsegments = [\"B\"]",
            "a folder inside that of the export zuerst",
        ),
        ("folder = \"incoming/a/b\"", "folder = \"incoming/a\"", "a folder around that of the export zuerst"),
        (
            "folder = \"incoming/a\"\nsegments = [\"A\", \"B\"]",
            "folder = \"incoming/a\"\nsegments = [\"C\", \"B\"]\nattribute_names.B = \"B 2\"",
            "the folder of the export zuerst, and both deliver \"B\"",
        ),
    ] {
        let text = two(&format!("connection = \"eu\"\n{first}"), &format!("connection = \"eu\"\n{second}"));
        let line = text.lines().position(|line| line == "[exports.danach]").unwrap() + 3;
        assert_eq!(
            one_line(&text),
            format!("[exports.danach] folder (line {line}): found {found}; allowed: {SHARED_FOLDER}")
        );
    }
}

#[test]
fn an_attribute_stands_for_one_segment_of_a_workspace() {
    let first = "connection = \"eu\"\nfolder = \"incoming/a\"\nsegments = [\"顧客\"]";
    let second = "folder = \"incoming/b\"\nsegments = [\"顧客\"]";
    let message = one_line(&two(first, &format!("connection = \"eu\"\n{second}")));
    assert!(
        message.starts_with("[exports.danach] segments (line 15): found the attribute \"顧客\" for the segment \"顧客\", which already represents the segment \"顧客\" of the export zuerst; allowed: one segment per attribute of a workspace"),
        "{message}"
    );
    right(&two(first, &format!("connection = \"us\"\n{second}")));
    right(&two(
        first,
        &format!("connection = \"eu\"\n{second}\nattribute_names = {{ 顧客 = \"顧客 2\" }}")
            .replace("顧客 =", "\"顧客\" ="),
    ));
}

#[test]
fn two_segments_of_one_export_need_two_attributes() {
    let first = "connection = \"eu\"\nfolder = \"incoming/a\"\nattribute_names = { A = \"Best\", B = \"Best\" }";
    let message = one_line(&two(first, "connection = \"us\"\nfolder = \"incoming/b\""));
    assert!(
        message.starts_with(
            "[exports.zuerst.attribute_names] B (line 10): found the attribute \"Best\" for the segment \"B\""
        ),
        "{message}"
    );
}

#[test]
fn a_further_field_is_no_segments_attribute() {
    let first = "connection = \"eu\"\nfolder = \"incoming/a\"\nattributes = { Best = \"Bester\" }";
    let second = "folder = \"incoming/b\"\nattribute_names = { A = \"Best\" }";
    let message = one_line(&two(first, &format!("connection = \"eu\"\n{second}")));
    assert_eq!(
        message,
        "[exports.zuerst.attributes] Best (line 10): found the attribute of the segment \"A\" of the export danach; allowed: a name that represents no segment of the workspace"
    );
    right(&two(first, &format!("connection = \"us\"\n{second}")));
}

#[test]
fn exports_with_mistakes_are_compared_too() {
    let text = two(
        "connection = \"eu\"\nfolder = \"incoming/a\"\nschedule = \"never\"",
        "connection = \"eu\"\nfolder = \"incoming/a\"\nsend = \"never\"",
    );
    let keys: Vec<String> = mistakes(&text).into_iter().map(|mistake| mistake.key).collect();
    assert_eq!(keys, ["schedule", "folder", "send"]);
}
