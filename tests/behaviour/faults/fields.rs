//! A profile has one value of an additional field, whichever segments send it.

use std::ops::Range;

use serde_json::json;

use crate::faults::story::{Story, export, file, outcomes, rows};
use crate::support::SECRET;

const NAME: &str = "first_name = \"FirstName\"";

/// Two exports, `daily` with Gold and `weekly` with Silver, and their fields.
fn two_exports(daily: &str, weekly: &str) -> String {
    let export = |name: &str, segment: &str, fields: &str| {
        export(name, &format!("segments = [\"{segment}\"]"), &format!("[exports.{name}.attributes]\n{fields}"))
    };
    format!("{}{}", export("daily", "Gold", daily), export("weekly", "Silver", weekly))
}

fn called(name: &str, numbers: Range<u32>) -> String {
    rows(numbers, |number| format!("c{number},p{number}@example.com,{name}"))
}

impl Story {
    /// The first name of everyone who has one, if it is the same.
    fn first_name(&self) -> String {
        let profiles = self.world.account.braze.profiles();
        let mut names: Vec<_> = profiles.iter().filter_map(|profile| profile.standard.get("first_name")).collect();
        names.dedup();
        assert_eq!(names.len(), 1, "{names:?}");
        names[0].as_str().unwrap().to_owned()
    }

    /// Delivers one file, and gives how many objects were sent.
    async fn deliver(&self, key: &str, text: String) -> u64 {
        let before = self.world.account.braze.counters().objects;
        self.put(key, text);
        let reports = self.pass().await;
        assert_eq!(outcomes(&reports), ["delivered"], "{reports:?}");
        self.world.account.braze.counters().objects - before
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_run_has_the_last_word_whichever_export_it_is_of() {
    let story = Story::begin().await;
    story.configure(&two_exports(NAME, NAME));
    let steps = [
        ("daily", "Gold", 20, "海斗", 10),
        ("weekly", "Silver", 20, "海斗", 10),
        ("weekly", "Silver", 21, "蓮", 10),
        // Gold's own rows have not changed.
        ("daily", "Gold", 21, "海斗", 10),
        ("daily", "Gold", 22, "海斗", 0),
        ("weekly", "Silver", 22, "海斗", 10),
        ("weekly", "Silver", 23, "海斗", 0),
        ("daily", "Gold", 23, "海斗", 0),
    ];
    for (export, segment, day, name, sent) in steps {
        let objects = story.deliver(&file(export, segment, day, 1), called(name, 0..10)).await;
        assert_eq!((story.first_name().as_str(), objects), (name, sent), "{export}, day {day}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_segments_of_one_export_know_of_each_other() {
    let story = Story::begin().await;
    let fields = format!("[exports.x.attributes]\n{NAME}");
    story.configure(&export("x", "segments = [\"Gold\", \"Silver\"]", &fields));
    let gold = |day| file("x", "Gold", day, 1);
    let silver = |day| file("x", "Silver", day, 1);
    assert_eq!(story.deliver(&gold(20), called("海斗", 0..10)).await, 10);
    assert_eq!(story.deliver(&silver(20), called("海斗", 0..10)).await, 10, "the attribute is another one");
    assert_eq!(story.deliver(&gold(21), called("蓮", 0..10)).await, 10);
    // Silver's file of that day is missing, and on the next day everyone has left Gold, whose leavers are sent.
    assert_eq!(story.deliver(&gold(22), called("蓮", 10..11)).await, 11);
    assert_eq!(story.first_name(), "蓮");
    assert_eq!(story.deliver(&silver(22), called("海斗", 0..10)).await, 10);
    let names: Vec<_> = (0..10)
        .map(|number| story.world.account.braze.profile(&format!("c{number}")).unwrap().standard["first_name"].clone())
        .collect();
    assert!(names.iter().all(|name| name == "海斗"), "{names:?}");
    // What both have alike is not sent twice.
    assert_eq!(story.deliver(&silver(23), called("海斗", 0..10)).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_known_by_the_address_too() {
    let story = Story::begin().await;
    let configuration = two_exports(NAME, NAME);
    let (daily, weekly) = configuration.split_once("[exports.weekly]").unwrap();
    let weekly = weekly.replacen("customer_id = \"LoyaltyId\"\n", "", 1);
    story.configure(&format!("{daily}[exports.weekly]{weekly}"));
    for (export, segment, day, name) in [
        ("daily", "Gold", 20, "海斗"),
        ("weekly", "Silver", 20, "海斗"),
        ("weekly", "Silver", 21, "蓮"),
        ("daily", "Gold", 21, "海斗"),
        ("daily", "Gold", 22, "蓮"),
        ("weekly", "Silver", 22, "蓮"),
        ("daily", "Gold", 23, "海斗"),
        ("weekly", "Silver", 23, "蓮"),
    ] {
        story.deliver(&file(export, segment, day, 1), called(name, 0..10)).await;
        assert_eq!(story.first_name(), name, "{export}, day {day}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_fields_of_the_same_people_are_no_matter() {
    let story = Story::begin().await;
    story.configure(&two_exports(NAME, "nickname = \"FirstName\""));
    for (export, segment, day, name, sent) in [
        ("daily", "Gold", 20, "海斗", 10),
        ("weekly", "Silver", 20, "海斗", 10),
        ("weekly", "Silver", 21, "蓮", 10),
        ("daily", "Gold", 21, "海斗", 0),
    ] {
        let objects = story.deliver(&file(export, segment, day, 1), called(name, 0..10)).await;
        assert_eq!((story.first_name().as_str(), objects), ("海斗", sent), "{export}, day {day}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_read_has_everyone_sent_again() {
    let story = Story::begin().await;
    story.configure(&two_exports(NAME, NAME));
    story.deliver(&file("daily", "Gold", 20, 1), called("海斗", 0..10)).await;
    story.deliver(&file("weekly", "Silver", 20, 1), called("海斗", 0..10)).await;
    let lists = story.world.account.list("state/.fields/");
    let lists: Vec<_> = lists.into_iter().filter(|list| list.key.ends_with("-values")).collect();
    assert_eq!(lists.len(), 2, "{lists:?}");
    for list in lists {
        story.put(&list.key, "damaged");
    }
    assert_eq!(story.deliver(&file("daily", "Gold", 21, 1), called("海斗", 0..10)).await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_finds_a_person_in_the_lists_of_sent_values() {
    let story = Story::begin().await;
    story.configure_connections(&story.connection("braze", SECRET, ""), &two_exports(NAME, NAME));
    story.deliver(&file("daily", "Gold", 20, 1), called("海斗", 0..10)).await;
    let erase = json!({ "action": "erase", "customer_id": "c3", "email": "p3@example.com" });
    let answer = story.ask(erase.clone()).await.unwrap();
    assert_eq!(answer["outcome"], "erased", "{answer}");
    assert!(answer["state"].to_string().contains("state/.fields/"), "{answer}");
    let again = story.ask(erase).await.unwrap();
    assert_eq!(again["state_rows"], 0, "{again}");
    assert_eq!(outcomes(&story.pass().await).len(), 0, "nothing is left to be done");
}
