//! The segments in Braze that segments are compared with, and where their exports are.

use super::{mistakes, right};

fn with(connection: &str, export: &str) -> String {
    format!(
        "[connections.eu]\nhostname = \"rest.fra-01.braze.eu\"\n{connection}\n\
         [exports.loyalty]\nconnection = \"eu\"\nfolder = \"incoming/a\"\nsegments = [\"VIP\", \"が\"]\n\
         data_matching.customer_id = \"Id\"\n{export}\n"
    )
}

#[test]
fn segments_have_their_identifiers_in_braze() {
    let text = with(
        "audit_bucket = \"company-exports\"\naudit_prefix = \"braze/eu/\"",
        "audit_days = 30\naudit_segment_ids = { VIP = \"12345678-abcd\", \"が\" = \"7\" }",
    );
    let config = right(&text);
    let export = &config.exports["loyalty"];
    assert_eq!((export.audit_days, export.audit_segment_id(&"VIP".into())), (Some(30), Some("12345678-abcd")));
    // In the other Unicode form.
    assert_eq!(export.audit_segment_id(&"か\u{3099}".into()), Some("7"));
    assert_eq!(export.audit_segment_id(&"Other".into()), None);
    let connection = &config.connections["eu"];
    assert_eq!((connection.audit_bucket.as_deref(), &*connection.audit_prefix), (Some("company-exports"), "braze/eu/"));
    let none = right(&with("", ""));
    assert_eq!((none.exports["loyalty"].audit_days, &*none.connections["eu"].audit_prefix), (None, ""));
}

#[test]
fn what_would_lead_elsewhere_in_a_bucket_is_a_mistake() {
    for (connection, export, found) in [
        ("", "audit_segment_ids = { Other = \"7\" }", "a segment that is not among the export's segments"),
        ("", "audit_segment_ids = { VIP = \"../7\" }", "found the text \"../7\""),
        ("", "audit_segment_ids = { VIP = 7 }", "the Segment API identifier of a segment in Braze"),
        ("", "audit_days = 0", "a whole number from 1 to 3650"),
        ("audit_bucket = \"Company/Exports\"", "", "the name of an S3 bucket"),
        ("audit_bucket = \"arn:aws:s3:::exports\"", "", "the name of an S3 bucket"),
        ("audit_prefix = \"/braze\"", "", "the beginning of keys"),
        ("audit_prefix = \"a*\"", "", "the beginning of keys"),
    ] {
        let all = mistakes(&with(connection, export));
        assert!(all.len() == 1 && all[0].to_string().contains(found), "{connection}{export}: {all:#?}");
    }
}
