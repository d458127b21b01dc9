//! A contact list with the columns of Microsoft's `Contact.txt` and the forms that its values have: names of countries, national
//! telephone numbers, `Yes` and `No`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::formats::desk::Desk;

const PEOPLE: usize = 5_000;

/// Every so many people, a value is none.
const BAD_EVERY: usize = 250;

const FIELDS: [&str; 4] = ["country", "phone", "newsletter", "created"];

const HEADER: &str = "ContactId,FirstName,LastName,EMail,Telephone,Country,Headquarters,CreatedOn\n";

const COUNTRIES: [(&str, &str); 6] =
    [("USA", "US"), ("United States", "US"), ("UK", "GB"), ("Germany", "DE"), ("Japan", "JP"), ("Canada", "CA")];

/// An invented person: the row, and what is wanted of the fields; `None` where nothing can be.
fn contact(n: usize, random: &mut fastrand::Rng) -> (String, [Option<Value>; 4]) {
    let (country, code) = COUNTRIES[random.usize(..COUNTRIES.len())];
    let mut digits = |count: usize| (0..count).map(|_| char::from(b'0' + random.u8(..10))).collect::<String>();
    let (one, two, three) = (digits(2), digits(3), digits(4));
    let (phone, number) = match code {
        "US" | "CA" => {
            let area = ["425", "206", "416", "514"][n % 4];
            let written = [
                format!("({area}) 5{one}-{three}"),
                format!("{area}-5{one}-{three}"),
                format!("{area}.5{one}.{three} x12"),
            ];
            (written[n % 3].clone(), format!("+1{area}5{one}{three}"))
        }
        "GB" => (format!("020 7{two} {three}"), format!("+44207{two}{three}")),
        "DE" => (format!("030 / 2{two}{one}{}", n % 10), format!("+49302{two}{one}{}", n % 10)),
        _ => (format!("０９０－1{two}－{three}"), format!("+81901{two}{three}")),
    };
    let (month, day) = (n % 12 + 1, n % 28 + 1);
    let answer = ["Yes", "No", "yes", "no"][n % 4];
    let is_bad = n % BAD_EVERY == BAD_EVERY - 1;
    let [phone, country, answer] = if is_bad { ["n/k", "Atlantis", "perhaps"] } else { [&phone, country, answer] };
    let created = format!("{month}/{day}/2020 10:04:00 AM");
    let row = format!("C-{n:05},Name{n},Muster,person{n}@example.com,{phone},{country},{answer},{created}\n");
    let created = json!(format!("2020-{month:02}-{day:02}T10:04:00Z"));
    let of_good = |value: Value| (!is_bad).then_some(value);
    let wanted = [of_good(json!(code)), of_good(json!(number)), of_good(json!(n.is_multiple_of(2))), Some(created)];
    (row, wanted)
}

/// Everybody's values arrive, with the person whose they are; the figures are printed.
#[tokio::test(flavor = "multi_thread")]
async fn countries_phones_and_booleans_of_a_contact_list_arrive() {
    let desk = Desk::start().await;
    desk.configure(
        "[exports.x]\nconnection = \"braze\"\nfolder = \"incoming/x\"\nsettle_minutes = 0\n\
         data_matching = { customer_id = \"ContactId\", email = \"EMail\" }\n\
         [exports.x.attributes]\nfirst_name = \"FirstName\"\ncountry = \"Country\"\n\
         phone = { column = \"Telephone\", country_column = \"Country\" }\n\
         newsletter = { column = \"Headquarters\", type = \"boolean\" }\n\
         created = { column = \"CreatedOn\", type = \"datetime\" }\n",
    );
    let mut random = fastrand::Rng::with_seed(7);
    let people: Vec<(String, [Option<Value>; 4])> = (0..PEOPLE).map(|n| contact(n, &mut random)).collect();
    let rows: String = people.iter().map(|(row, _)| row.as_str()).collect();
    let key = "incoming/x/Contacts/2026/11/24/0102/Contacts_1.csv";
    desk.world.put(key, format!("{HEADER}{rows}"));
    let report = desk.deliver(key).await;
    assert_eq!((&report["outcome"], &report["rows"]["accepted"]), (&json!("waiting"), &json!(PEOPLE)), "{report}");

    let sent = desk.people();
    let mut arrived: BTreeMap<&str, usize> = BTreeMap::new();
    for (n, (row, wanted)) in people.iter().enumerate() {
        let person = &sent[&format!("C-{n:05}")];
        assert_eq!(person["first_name"], format!("Name{n}"));
        assert_eq!(person["email"], format!("person{n}@example.com"));
        for (field, wanted) in FIELDS.into_iter().zip(wanted) {
            assert_eq!(person.get(field), wanted.as_ref(), "{field} of {row}");
            *arrived.entry(field).or_default() += usize::from(wanted.is_some());
        }
    }
    let bad = PEOPLE / BAD_EVERY;
    println!("of {PEOPLE} people, {bad} of them with values that are none, arrived: {arrived:?}");
    println!("left out: {}", report["dropped_fields"]);
    for (field, count) in arrived {
        assert!(count * 100 >= PEOPLE * 99, "{field}: {count} of {PEOPLE}");
    }
    let left_out: u64 = report["dropped_fields"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(left_out, 3 * bad as u64, "{}", report["dropped_fields"]);
}
