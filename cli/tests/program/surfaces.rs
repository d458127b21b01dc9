//! One report on every surface: its messages and counts are in the terminal and on the page, in both languages.

use std::collections::BTreeSet;
use std::fs;

use insights_to_braze::texts::Language;
use insights_to_braze::texts::messages::{Surface, reason, translated, worded};
use serde_json::Value;

use crate::deliver::Desk;

/// People, some without any identifier and some whose email is none, so that every count is another one.
fn people(number: usize, nobody: usize, wrong: usize) -> String {
    let mut rows: Vec<String> = (0..number).map(|id| format!("{id:04},p{id}@example.com,太郎")).collect();
    rows.extend((0..nobody).map(|_| ",,nobody".to_owned()));
    rows.extend((0..wrong).map(|id| format!("w{id},nowhere,花子")));
    rows.push(rows[0].clone());
    rows.join("\r\n") + "\r\n"
}

impl Desk {
    fn speaks(&self, language: Language) {
        let path = self.folder.path().join("exports.toml");
        let config = fs::read_to_string(&path).unwrap();
        let export = format!("[exports.loyalty]\nlanguage = \"{}\"\ntime_zone = \"Asia/Tokyo\"\n", language.tag());
        fs::write(path, config.replace("[exports.loyalty]\n", &export)).unwrap();
    }

    async fn terminal(&self, line: &str, language: Language) -> String {
        let output = self.itb(&format!("{line} --lang {}", language.tag())).await;
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }
}

/// What a browser shows of a page.
fn shown(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html.split_once("<body>").unwrap().1;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        rest = tag.split_once('>').unwrap().1;
    }
    let named = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    named.iter().fold(text, |text, (entity, character)| text.replace(entity, character))
}

fn counts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Number(number) if number.is_u64() => {
            found.insert(insights_to_braze::message::count(number.as_u64().unwrap()));
        }
        Value::Array(values) => values.iter().for_each(|value| counts(value, found)),
        Value::Object(values) => values.values().for_each(|value| counts(value, found)),
        _ => {}
    }
}

/// All messages of a report, in a language and for a surface.
fn messages(report: &Value, language: Language, surface: Surface) -> Vec<String> {
    let (text, code) = (report["message"].as_str().unwrap(), report["code"].as_str().unwrap());
    let message = translated(language, surface, text, code);
    assert!(message.is_some() || language == Language::English, "{code} has no Japanese text: {text}");
    let message = message.unwrap_or_else(|| text.to_owned());
    let mut all: Vec<String> = message.lines().map(str::to_owned).collect();
    let keys = |part: &str| report[part].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for text in [keys("rejected_reasons"), keys("dropped_fields")].concat() {
        let worded = reason(language, surface, &text);
        assert!(worded != text || language == Language::English, "no Japanese text: {text}");
        all.push(worded);
    }
    let notes = report["notes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    all.extend(notes.map(|note| worded(language, surface, note).into_owned()));
    all
}

#[track_caller]
fn assert_has_all(name: &str, shown: &str, report: &Value, language: Language, surface: Surface) {
    let numbers: BTreeSet<&str> = shown.split(|letter: char| !letter.is_ascii_digit() && letter != ',').collect();
    let mut wanted = BTreeSet::new();
    counts(report, &mut wanted);
    for count in wanted {
        assert!(numbers.contains(count.as_str()), "{name}: {count} is missing in {shown}");
    }
    let spaces = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for message in messages(report, language, surface) {
        // The terminal words the next step of a held run in its own way; its English text is that of the functions.
        let is_english_terminal = language == Language::English && surface == Surface::Terminal;
        let text = if is_english_terminal { message.split(". If ").next().unwrap() } else { &message };
        assert!(spaces(shown).contains(&spaces(text)), "{name}: {text} is missing in {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_and_every_count_of_a_report_is_in_the_terminal_and_on_its_page() {
    for language in Language::ALL {
        let desk = Desk::new().await;
        desk.speaks(language);
        for (day, rows, outcome) in [
            ("23", people(1_240, 3, 5), "delivered"),
            ("24", people(200, 4, 0), "held"),
            ("25", ",,x\r\n".to_owned(), "failed"),
        ] {
            desk.write_run(day, &rows);
            if outcome == "failed" {
                desk.write(&format!("files/Loyal/2026/11/{day}/0102/Loyal_1.csv"), "Other,Columns\r\n1,2\r\n");
            }
            let (_, answer) = desk.deliver("").await;
            let report = answer["reports"].as_array().unwrap().last().unwrap();
            assert_eq!(report["outcome"], outcome, "{report}");
            let run = report["run"].as_str().unwrap();
            let terminal = desk.terminal(&format!("report --export loyalty --run {run}"), language).await;
            assert_has_all("the terminal", &terminal, report, language, Surface::Terminal);
            let folder = desk.folder.path().join("insights-to-braze-workspace");
            let page = page_of(&folder, run);
            assert!(page.contains(&format!("<html lang=\"{}\">", language.tag())) && page.contains(" JST ("), "{page}");
            assert_has_all("the page", &shown(&page), report, language, Surface::Page);
        }
    }
}

fn page_of(folder: &std::path::Path, run: &str) -> String {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let path = entry.to_string_lossy().into_owned();
            if path.ends_with("report.html") && path.contains(run) {
                return fs::read_to_string(entry).unwrap();
            }
            if entry.is_dir() {
                folders.push(entry);
            }
        }
    }
    panic!("there is no page of {run}");
}

/// A text of the terminal in English is one of Japanese in Japanese: no table, label or message is left in English.
#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_speaks_japanese() {
    let desk = Desk::new().await;
    desk.write_run("23", &people(40, 0, 0));
    desk.deliver("").await;
    desk.write_run("24", &people(8, 0, 0));
    let held = desk.terminal("run loyalty --files files", Language::Japanese).await;
    for part in ["保留", "40 人のうち 32 人が外れることになります", "itb hold release loyalty Loyal", "ワークスペース"]
    {
        assert!(held.contains(part), "{part} is missing in {held}");
    }
    let status = desk.terminal("status", Language::Japanese).await;
    assert!(status.contains("最新の完全な実行") && status.contains("保留"), "{status}");
    let english = ["would", "members", "segment ", "outcome", "Nobody", "No one", "delivered", "If ", "Keep "];
    for text in [&held, &status] {
        for word in english {
            assert!(!text.contains(word), "{word:?} is in {text}");
        }
    }
    let error = desk.terminal("explain ITB-Z99", Language::Japanese).await;
    assert!(error.contains("エラー:") && error.contains("コード ITB-Z99 のメッセージはありません"), "{error}");
    let explained = desk.terminal("explain h01", Language::Japanese).await;
    assert!(explained.contains("保留中です") && explained.contains("itb hold list"), "{explained}");
    let environment = desk.command("explain ITB-Z99").env("LC_ALL", "ja_JP.UTF-8").output().await.unwrap();
    assert!(String::from_utf8_lossy(&environment.stderr).contains("エラー:"));
}
