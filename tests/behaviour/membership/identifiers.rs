//! People whose identifiers change from run to run, through the real function: whose profile ends with which value.
//!
//! A row names a person by the customer ID, by the address, or by both, and Braze finds the profile of an address by
//! itself. The expectations are written by hand; they follow two rules. Nobody who is in the last complete run is unset.
//! Nobody who left keeps `true`, where Braze can tell the profile from that of somebody who is still there.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{Function, TIMEOUT, World, assert_silent};

const ATTRIBUTE: &str = "High Value Customers";

/// A row: customer ID and address, either may be empty.
type Row = (&'static str, &'static str);

/// A profile: customer ID, address, and the attribute.
type Expected = (&'static str, &'static str, bool);

struct Case {
    name: &'static str,
    /// Profiles that Braze has before the first run.
    profiles: &'static [Row],
    /// Each run, and the profiles after it.
    runs: &'static [(&'static [Row], &'static [Expected])],
}

const KAITO: &str = "kaito.canary@example.jp";
const ZOE: &str = "zoë.canary@example.com";
const SHARED: &str = "o'canary+family@example.ie";

/// Somebody who is there throughout, so that no run is empty.
const ANN: Row = ("ANN, \"CANARY\"", "");
const ANN_TRUE: Expected = ("ANN, \"CANARY\"", "", true);

const CASES: &[Case] = &[
    Case {
        name: "an ID with its address, then another ID with the same address",
        profiles: &[],
        runs: &[
            (&[ANN, ("会員-1", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-2", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, false), ("会員-2", KAITO, true)]),
            (&[ANN], &[ANN_TRUE, ("会員-1", KAITO, false), ("会員-2", KAITO, false)]),
        ],
    },
    Case {
        name: "an address alone, then an ID with it, then the ID without it: two profiles in Braze",
        profiles: &[],
        runs: &[
            (&[ANN, ("", KAITO)], &[ANN_TRUE, ("", KAITO, true)]),
            // The address finds the profile with the ID from now on, so that nobody can name the other one.
            (&[ANN, ("会員-1", KAITO)], &[ANN_TRUE, ("", KAITO, true), ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", "")], &[ANN_TRUE, ("", KAITO, true), ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", "")], &[ANN_TRUE, ("", KAITO, true), ("会員-1", KAITO, true)]),
            (&[ANN], &[ANN_TRUE, ("", KAITO, true), ("会員-1", KAITO, false)]),
        ],
    },
    Case {
        name: "an address alone, then an ID with it, then the ID without it: one profile in Braze",
        profiles: &[("会員-1", KAITO)],
        runs: &[
            (&[ANN, ("", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", "")], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", "")], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN], &[ANN_TRUE, ("会員-1", KAITO, false)]),
        ],
    },
    Case {
        name: "an address alone, then an ID with it, then the ID with another address: the first is set to false",
        profiles: &[],
        runs: &[
            (&[ANN, ("", KAITO)], &[ANN_TRUE, ("", KAITO, true)]),
            (&[ANN, ("会員-1", KAITO)], &[ANN_TRUE, ("", KAITO, true), ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", ZOE)], &[ANN_TRUE, ("", KAITO, false), ("会員-1", ZOE, true)]),
        ],
    },
    Case {
        name: "an ID with its address, then the address alone, then nobody",
        profiles: &[],
        runs: &[
            (&[ANN, ("会員-1", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN], &[ANN_TRUE, ("会員-1", KAITO, false)]),
        ],
    },
    Case {
        name: "an ID with its address, then without it, then the address alone",
        profiles: &[],
        runs: &[
            (&[ANN, ("会員-1", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", "")], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", "")], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN], &[ANN_TRUE, ("会員-1", KAITO, false)]),
        ],
    },
    Case {
        name: "an ID without the address that it had, and the address alone beside it for one run",
        profiles: &[],
        runs: &[
            (&[ANN, ("会員-1", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", "")], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", ""), ("", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", "")], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-1", "")], &[ANN_TRUE, ("会員-1", KAITO, true)]),
        ],
    },
    Case {
        name: "an ID with its address, the address alone, another ID with it",
        profiles: &[],
        runs: &[
            (&[ANN, ("会員-1", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, true)]),
            (&[ANN, ("会員-2", KAITO)], &[ANN_TRUE, ("会員-1", KAITO, false), ("会員-2", KAITO, true)]),
            (&[ANN], &[ANN_TRUE, ("会員-1", KAITO, false), ("会員-2", KAITO, false)]),
        ],
    },
    Case {
        name: "two with IDs share an address: each leaves alone",
        profiles: &[],
        runs: &[
            (&[ANN, ("O'1", SHARED), ("O'2", SHARED)], &[ANN_TRUE, ("O'1", SHARED, true), ("O'2", SHARED, true)]),
            (&[ANN, ("O'2", SHARED)], &[ANN_TRUE, ("O'1", SHARED, false), ("O'2", SHARED, true)]),
            (&[ANN], &[ANN_TRUE, ("O'1", SHARED, false), ("O'2", SHARED, false)]),
        ],
    },
    Case {
        name: "an ID and an address alone are one profile: the ID leaves first",
        profiles: &[],
        runs: &[
            (&[ANN, ("O'1", SHARED), ("", SHARED)], &[ANN_TRUE, ("O'1", SHARED, true)]),
            (&[ANN, ("", SHARED)], &[ANN_TRUE, ("O'1", SHARED, true)]),
            (&[ANN], &[ANN_TRUE, ("O'1", SHARED, false)]),
        ],
    },
    Case {
        name: "an ID and an address alone are one profile: the address leaves first, and then it changes hands",
        profiles: &[],
        runs: &[
            (&[ANN, ("O'1", SHARED), ("", SHARED)], &[ANN_TRUE, ("O'1", SHARED, true)]),
            (&[ANN, ("O'1", SHARED)], &[ANN_TRUE, ("O'1", SHARED, true)]),
            (&[ANN, ("O'1", ZOE), ("O'2", SHARED)], &[ANN_TRUE, ("O'1", ZOE, true), ("O'2", SHARED, true)]),
            (&[ANN, ("O'2", "")], &[ANN_TRUE, ("O'1", ZOE, false), ("O'2", SHARED, true)]),
            (&[ANN, ("O'2", "")], &[ANN_TRUE, ("O'1", ZOE, false), ("O'2", SHARED, true)]),
        ],
    },
    Case {
        name: "two swap their addresses",
        profiles: &[],
        runs: &[
            (&[("A", KAITO), ("B", ZOE)], &[("A", KAITO, true), ("B", ZOE, true)]),
            (&[("A", ZOE), ("B", KAITO)], &[("A", ZOE, true), ("B", KAITO, true)]),
            (&[("B", "")], &[("A", ZOE, false), ("B", KAITO, true)]),
        ],
    },
    Case {
        name: "case and white space make nobody another person, and IDs keep their case",
        profiles: &[("会員-1", "Kaito.Canary@Example.jp")],
        runs: &[
            (&[ANN, ("", " Kaito.Canary@Example.jp ")], &[ANN_TRUE, ("会員-1", "Kaito.Canary@Example.jp", true)]),
            (
                &[ANN, (" 会員-1 ", "\tkaito.canary@EXAMPLE.JP")],
                &[ANN_TRUE, ("会員-1", "kaito.canary@EXAMPLE.JP", true)],
            ),
            (&[ANN, ("会員-1", " ")], &[ANN_TRUE, ("会員-1", "kaito.canary@EXAMPLE.JP", true)]),
            (
                &[ANN, ("", "KAITO.canary@example.jp")],
                &[ANN_TRUE, ("", "KAITO.canary@example.jp", true), ("会員-1", "kaito.canary@EXAMPLE.JP", true)],
            ),
            (
                &[ANN, ("lid", "")],
                &[
                    ANN_TRUE,
                    ("", "KAITO.canary@example.jp", false),
                    ("lid", "", true),
                    ("会員-1", "kaito.canary@EXAMPLE.JP", false),
                ],
            ),
            (
                &[ANN, ("LID", "")],
                &[
                    ANN_TRUE,
                    ("", "KAITO.canary@example.jp", false),
                    ("LID", "", true),
                    ("lid", "", false),
                    ("会員-1", "kaito.canary@EXAMPLE.JP", false),
                ],
            ),
        ],
    },
];

fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

/// The profiles with the attribute, in the order of their identifiers.
fn profiles(world: &World) -> Vec<(String, String, Value)> {
    let all = world.account.braze.snapshot();
    let text = |profile: &Value, name: &str| profile[name].as_str().unwrap_or_default().to_owned();
    let mut profiles: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|profile| {
            let value = profile["custom_attributes"].get(ATTRIBUTE).cloned().unwrap_or(Value::Null);
            (text(profile, "external_id"), text(profile, "email"), value)
        })
        .collect();
    profiles.sort_by_key(|(id, email, _)| (id.clone(), email.clone()));
    profiles
}

async fn play(case: &Case) {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    for (id, email) in case.profiles {
        let given = |text: &'static str| (!text.is_empty()).then_some(text);
        world.account.braze.insert_profile(given(id), given(email));
    }
    let host = world.host(Function::OnDemand).await;
    for (number, (rows, expected)) in case.runs.iter().enumerate() {
        let key =
            format!("incoming/BlobExport/HighValueCustomers/2026/11/{:02}/0102/HighValueCustomers_1.csv", number + 1);
        let mut file = "LoyaltyId,EMail,FirstName,Points\r\n".to_owned();
        for (id, email) in *rows {
            write!(file, "{},{},\"Canary, 海斗 🎉\",7\r\n", quoted(id), quoted(email)).unwrap();
        }
        world.put(&key, file);
        let event = json!({ "action": "run", "export": "loyalty", "segment": "HighValueCustomers" });
        let answer = host.invoke(&event, TIMEOUT).await.unwrap();
        let report = &answer["reports"][0];
        let shown = format!("{}: run {}: {report}", case.name, number + 1);
        assert_eq!(report["outcome"], "delivered", "{shown}");
        let members = |name: &str| report["members"][name].as_u64().unwrap();
        assert_eq!(members("before") - members("left") + members("entered"), members("after"), "{shown}");
        let mut expected: Vec<_> =
            expected.iter().map(|(id, email, value)| (id.to_string(), email.to_string(), json!(value))).collect();
        expected.sort_by_key(|(id, email, _)| (id.clone(), email.clone()));
        assert_eq!(profiles(&world), expected, "{shown}");
    }
    assert_silent(host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_in_the_last_run_keep_the_attribute_under_any_identifier() {
    for case in CASES {
        play(case).await;
    }
}

/// Rows under a customer ID and under its address change the same profile, whatever the state says of the other one.
#[tokio::test(flavor = "multi_thread")]
async fn people_who_came_under_another_identifier_in_the_meantime_are_sent_again() {
    const BY_ID: Row = ("会員-1", KAITO);
    const BY_ADDRESS: Row = ("", KAITO);
    let file_of =
        |day: u32| format!("incoming/BlobExport/HighValueCustomers/2026/11/{day:02}/0102/HighValueCustomers_1.csv");
    // No run is ever complete: nobody says which files there are, and the folder is not quiet for long enough.
    for (rows, days) in [
        ([BY_ID, BY_ADDRESS, BY_ID], [20, 21, 22]),
        ([BY_ID, BY_ADDRESS, BY_ID], [20, 20, 21]),
        ([BY_ADDRESS, BY_ID, BY_ADDRESS], [20, 21, 22]),
        ([BY_ADDRESS, BY_ID, BY_ADDRESS], [20, 20, 21]),
    ] {
        let world = World::start().await;
        for (number, ((id, email), day)) in rows.into_iter().zip(days).enumerate() {
            let name = ["海斗", "Kaito \"Canary\"", "海斗"][number];
            let file =
                format!("LoyaltyId,EMail,FirstName,Points\r\n{},{},{},7\r\n", quoted(id), quoted(email), quoted(name));
            world.put(&file_of(day), file);
            let report = world.deliver(&file_of(day)).await;
            let shown = format!("{rows:?} on {days:?}, {number}: {report}");
            assert_eq!((&report["outcome"], &report["rows"]["accepted"]), (&json!("waiting"), &json!(1)), "{shown}");
            let met = world.account.braze.profiles_with_email(KAITO);
            // Braze takes the profile with a customer ID first.
            let profile = met.iter().find(|profile| profile.external_id.is_some()).or(met.first()).unwrap();
            assert_eq!(profile.standard["first_name"], name, "{shown}");
        }
    }
}
