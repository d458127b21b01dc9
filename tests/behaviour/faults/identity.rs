//! The same person under another identifier, or in several files.

use serde_json::json;

use crate::faults::story::{Story, export, file, outcomes, people, rows, set};

#[tokio::test(flavor = "multi_thread")]
async fn other_columns_make_no_one_a_leaver() {
    for (first, second) in
        [("email = \"EMail\"", "customer_id = \"LoyaltyId\""), ("customer_id = \"LoyaltyId\"", "email = \"EMail\"")]
    {
        for count in [5, 40] {
            let story = Story::begin().await;
            for number in 0..count {
                story
                    .world
                    .account
                    .braze
                    .insert_profile(Some(&format!("c{number}")), Some(&format!("p{number}@example.com")));
            }
            let configure = |matching: &str| {
                let both = "customer_id = \"LoyaltyId\"\nemail = \"EMail\"";
                story.configure(&export("x", "segments = [\"Gold\"]", "").replace(both, matching));
            };
            configure(first);
            story.put(&file("x", "Gold", 20, 1), people(0..count));
            story.pass().await;
            assert_eq!(story.marked("Gold"), set(0..count));
            configure(second);
            story.put(&file("x", "Gold", 21, 1), people(0..count));
            let reports = story.pass().await;
            assert_eq!(outcomes(&reports), ["held"], "{count} by {first}, then by {second}: {reports:?}");
            assert!(
                reports[0]["message"].as_str().unwrap().contains("data_matching names other columns"),
                "{reports:?}"
            );
            assert_eq!(story.marked("Gold"), set(0..count), "no one changes");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_that_were_seen_together_stay_one_person() {
    let story = Story::begin().await;
    let configure = |matching: &str| {
        let both = "customer_id = \"LoyaltyId\"\nemail = \"EMail\"";
        story.configure(&export("x", "segments = [\"Gold\"]", "").replace(both, matching));
    };
    configure("customer_id = \"LoyaltyId\"\nemail = \"EMail\"");
    story.put(&file("x", "Gold", 20, 1), people(0..40));
    story.pass().await;
    configure("email = \"EMail\"");
    story.put(&file("x", "Gold", 21, 1), people(0..40));
    assert_eq!(outcomes(&story.pass().await), ["delivered"]);
    assert_eq!(story.marked("Gold"), set(0..40));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_file_has_the_last_word_in_whatever_order_they_come() {
    let row = |text: &str| rows(0..10, |number| format!("c{number},,{text}"));
    for order in [[1, 2], [2, 1]] {
        let story = Story::begin().await;
        let attributes = "[exports.x.attributes]\nfirst_name = \"FirstName\"";
        story.configure(&export("x", "segments = [\"Gold\"]", attributes));
        let name = || story.world.account.braze.profile("c3").unwrap().standard["first_name"].clone();
        for part in order {
            story.put(&file("x", "Gold", 20, part), row(if part == 1 { "B" } else { "A" }));
            story.lands(&file("x", "Gold", 20, part)).await.unwrap();
        }
        story.pass().await;
        assert_eq!(name(), "A", "{order:?}");
        story.put(&file("x", "Gold", 21, 2), row("A"));
        story.pass().await;
        assert_eq!(name(), "A", "{order:?}");
        story.put(&file("x", "Gold", 22, 1), row("B"));
        story.pass().await;
        assert_eq!(name(), "B", "the other row alone is left: {order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_row_in_two_files_is_sent_once() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..30));
    story.put(&file("x", "Gold", 20, 2), people(20..40));
    let reports = story.pass().await;
    assert_eq!(story.world.account.braze.counters().objects, 40, "{reports:?}");
    assert_eq!(reports[0]["members"]["after"], 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_new_profiles_the_report_counts_who_is_not_confirmed() {
    let story = Story::begin().await;
    story.configure(&export("x", "segments = [\"Gold\"]\ncreate_profiles = false", ""));
    story.put(&file("x", "Gold", 20, 1), people(0..10));
    let reports = story.pass().await;
    assert_eq!(reports[0]["unconfirmed"], json!(10), "{reports:?}");
}
