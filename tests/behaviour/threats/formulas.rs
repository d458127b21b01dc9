//! `rejected.csv` in a spreadsheet: no cell runs, and a fixed file gives every cell back as it was.

use std::fmt::Write as _;

use serde_json::json;

use crate::support::{RUN, World};

const CELLS: [&str; 12] = [
    "=HYPERLINK(\"http://evil.example\",\"canary\")",
    "+81 90-1234-5678",
    "+49 (30) 12,34",
    "-5",
    "@SUM(1+1)",
    "\t=1+1",
    "'=already quoted",
    "''-5",
    "'plain quotes'",
    "＝ＳＵＭ",
    "会員, \"海斗\"",
    "－5",
];

#[tokio::test(flavor = "multi_thread")]
async fn cells_that_could_run_are_guarded_and_come_back_as_they_were() {
    let world = World::start().await;
    world.configure("", "settle_minutes = 0");
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let mut file = "LoyaltyId,EMail,FirstName,Points,=Header\n".to_owned();
    for cell in CELLS {
        writeln!(file, ",,{},-7,{}", quoted(cell), quoted(cell)).unwrap();
    }
    // A file whose every row is rejected for one reason would fail as a whole.
    file.push_str("C-1,,Ann,1,x\n");
    let report = {
        let key = format!("{RUN}/HighValueCustomers_1.csv");
        world.put(&key, &file);
        world.deliver(&key).await
    };
    assert_eq!(report["rows"]["rejected"], CELLS.len(), "{report}");

    let rejected = world.get_text("reports/loyalty/HighValueCustomers/2026-11-23T01:02Z/rejected.csv");
    let mut reader = csv::ReaderBuilder::new().from_reader(rejected.as_bytes());
    assert_eq!(reader.headers().unwrap().get(4), Some("'=Header"));
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    for record in &records {
        for cell in record {
            let first = cell.chars().next().unwrap_or(' ');
            assert!(!"=+-@\t\r\n＝＋－＠".contains(first), "{cell:?} runs in a spreadsheet");
        }
    }
    assert_eq!(&records[1][2], "'+81 90-1234-5678");
    assert_eq!(&records[10][2], CELLS[10], "what cannot run is as it was");

    // Mended in a spreadsheet, which keeps the apostrophes, and dropped in again.
    let mut fixed = csv::Writer::from_writer(Vec::new());
    fixed.write_record(csv::ReaderBuilder::new().from_reader(rejected.as_bytes()).headers().unwrap()).unwrap();
    for (number, record) in records.iter().enumerate() {
        let mut record: Vec<String> = record.iter().map(str::to_owned).collect();
        record[0] = format!("fixed-{number}");
        fixed.write_record(&record).unwrap();
    }
    let again = format!("{RUN}/fixed.csv");
    world.put(&again, fixed.into_inner().unwrap());
    let report = world.deliver(&again).await;
    // The row that was right from the first is counted with them.
    assert_eq!(report["rows"]["accepted"], CELLS.len() + 1, "{report}");
    for (number, cell) in CELLS.iter().enumerate() {
        let profile = world.account.braze.profile(&format!("fixed-{number}")).unwrap();
        assert_eq!(profile.standard.get("first_name"), Some(&json!(cell)), "{cell:?}");
        assert_eq!(profile.custom_attributes.get("loyalty_points"), Some(&json!(-7)), "{profile:?}");
    }

    // An ordinary file keeps its apostrophes.
    let plain = format!("{RUN}/plain.csv");
    world.put(&plain, "LoyaltyId,EMail,FirstName,Points\nplain-1,,'=1,1\n");
    world.deliver(&plain).await;
    let profile = world.account.braze.profile("plain-1").unwrap();
    assert_eq!(profile.standard.get("first_name"), Some(&json!("'=1")));
}
