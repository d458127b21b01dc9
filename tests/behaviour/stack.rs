//! `itb --stack`: the program invokes the real on-demand function through Lambda's Invoke API. Its user may invoke the function
//! and nothing else: there is no way to S3, Secrets Manager or Braze.

use std::ffi::OsString;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use itb::standin::lambda::{InvokeApi, LambdaHost};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::support::{Function, TIMEOUT, World, assert_silent};

const STACK: &str = "loyalty-stack";
const SEGMENT: &str = "HighValueCustomers";
/// What the test harness prints comes before this line.
const BEGIN: &str = "-- itb --";

/// Not a test by itself: the program that the tests below run is this test binary, and this is its `main`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is started by the other tests"]
async fn as_itb() {
    println!("\n{BEGIN}");
    let line = std::env::var("ITB").unwrap();
    let code = itb::run(std::iter::once("itb").chain(line.split(' ')).map(OsString::from)).await;
    let number = (0..=u8::MAX).find(|number| ExitCode::from(*number) == code).unwrap();
    std::process::exit(number.into());
}

/// A deployed stack, and a person with two AWS profiles: one of a contributor, one of an operator.
struct Desk {
    world: World,
    host: Arc<LambdaHost>,
    api: InvokeApi,
    home: TempDir,
}

struct Ended {
    code: i32,
    result: String,
    errors: String,
}

impl Desk {
    async fn new() -> Self {
        Self::with_time(TIMEOUT).await
    }

    async fn with_time(time: Duration) -> Self {
        let world = World::start().await;
        world.configure("", "settle_minutes = 0");
        let mut function = world.account.function(Function::OnDemand.binary());
        function.name = format!("{STACK}-on-demand");
        let host = Arc::new(LambdaHost::start(function).await.unwrap());
        let may_invoke = |key: &str, function: &str| key == "AKIDOPERATOR" || function.ends_with(":contributors");
        let api = InvokeApi::start(vec![Arc::clone(&host)], time, may_invoke).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let profile = |name: &str, key: &str| {
            format!("[profile {name}]\nregion = eu-central-1\naws_access_key_id = {key}\naws_secret_access_key = s\n")
        };
        let profiles = profile("contributor", "AKIDCONTRIBUTOR") + &profile("operator", "AKIDOPERATOR");
        std::fs::write(home.path().join("aws-config"), profiles + "[profile empty]\nregion = eu-central-1\n").unwrap();
        Self { world, host, api, home }
    }

    fn upload(&self, day: u32, people: std::ops::Range<u32>) {
        let rows: Vec<String> = people.map(|id| format!("L-{id:03},canary{id}@example.jp,C,1\n")).collect();
        let key = format!("incoming/BlobExport/{SEGMENT}/2026/11/{day}/0102/{SEGMENT}_1.csv");
        self.world.put(&key, format!("LoyaltyId,EMail,FirstName,Points\n{}", rows.concat()));
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["stack::as_itb", "--exact", "--ignored", "--nocapture"])
            .env_clear()
            .env("ITB", line)
            .env("AWS_CONFIG_FILE", self.home.path().join("aws-config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.home.path().join("none"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL_LAMBDA", self.api.url())
            .stdin(Stdio::null());
        command
    }

    async fn itb(&self, line: &str) -> Ended {
        let output = self.command(line).output().await.unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let result = printed.split_once(&format!("{BEGIN}\n")).unwrap().1.to_owned();
        let errors = String::from_utf8(output.stderr).unwrap();
        Ended { code: output.status.code().unwrap(), result, errors }
    }

    async fn as_contributor(&self, line: &str) -> Ended {
        self.itb(&format!("{line} --stack {STACK} --profile contributor")).await
    }

    async fn as_operator(&self, line: &str) -> Ended {
        self.itb(&format!("{line} --stack {STACK} --profile operator")).await
    }

    fn members(&self, value: bool) -> usize {
        self.world.account.braze.count_with_attribute("High Value Customers", &json!(value))
    }
}

impl Ended {
    #[track_caller]
    fn shows(self, code: i32, parts: &[&str]) -> Self {
        let all = format!("{}{}", self.result, self.errors);
        assert_eq!(self.code, code, "{all}");
        for part in parts {
            assert!(all.contains(part), "{part} is not in {all}");
        }
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.result).unwrap_or_else(|error| panic!("{error}: {}{}", self.result, self.errors))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contributor_runs_and_looks_by_invoking_the_alias_alone() {
    let desk = Desk::new().await;
    desk.upload(23, 0..40);
    desk.as_contributor("inspect --export loyalty").await.shows(0, &["HighValueCustomers_1.csv", "LoyaltyId"]);
    desk.as_contributor("connect --connection braze-eu").await.shows(0, &["Braze, EU workspace"]);
    let doctor = desk.as_contributor("doctor --export loyalty").await;
    doctor.shows(0, &["✓ connection braze-eu", "✓ consent of braze-eu", "✓ columns of loyalty"]);
    let page = desk.home.path().join("dry-run.html");
    let dry = desk.as_contributor(&format!("dry-run loyalty --html {}", page.display())).await;
    dry.shows(0, &["40"]);
    assert!(std::fs::read_to_string(&page).unwrap().contains("<html") && desk.members(true) == 0);

    let ran = desk.as_contributor("run loyalty").await;
    ran.shows(0, &["delivered", "2026-11-23T01:02Z", "reports/ (in the bucket of the stack loyalty-stack)"]);
    assert_eq!(desk.members(true), 40);
    desk.as_contributor("run-all --json").await.shows(0, &["unchanged"]);
    desk.as_contributor("status").await.shows(0, &[SEGMENT, "2026-11-23T01:02Z", "40"]);
    let status = desk.as_contributor("status --json --export loyalty").await.json();
    assert_eq!(status["exports"][0]["segments"][1]["last_complete"]["members"], 40, "{status}");
    desk.upload(24, 0..39);
    desk.as_contributor("run loyalty").await.shows(0, &["2026-11-24T01:02Z"]);
    let report = desk.as_contributor("report --export loyalty --json").await.json();
    assert_eq!(
        (&report[0]["run"], &report[0]["members"]["left"]),
        (&json!("2026-11-24T01:02Z"), &json!(1)),
        "{report}"
    );
    let of_run = desk.as_contributor("report --export loyalty --run 2026-11-23T01:02Z").await;
    of_run.shows(0, &["2026-11-23T01:02Z", "40"]);
    let history = desk.as_contributor("report --export loyalty --history --json").await.json();
    let runs: Vec<&Value> = history.as_array().unwrap().iter().map(|report| &report["run"]).collect();
    assert_eq!(runs, ["2026-11-24T01:02Z", "2026-11-23T01:02Z"], "{history}");
    desk.as_contributor("retry --dry-run").await.shows(0, &["failed"]);

    let invoked = desk.api.invoked();
    assert!(invoked.iter().all(|function| function == "loyalty-stack-on-demand:contributors"), "{invoked:?}");
    assert_silent(desk.host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_decides_and_erases_and_a_contributor_is_told_what_is_missing() {
    let desk = Desk::new().await;
    desk.upload(23, 0..40);
    desk.as_operator("run loyalty").await.shows(0, &["delivered"]);
    desk.upload(24, 0..8);
    let held = desk.as_operator("run loyalty").await;
    held.shows(
        3,
        &["32 of 40", "itb hold release loyalty HighValueCustomers --stack loyalty-stack --profile operator"],
    );
    desk.as_contributor("hold list").await.shows(3, &["32 of 40"]);
    let release = format!("hold release loyalty {SEGMENT} --people 32");
    let refused = desk.as_contributor(&release).await;
    refused.shows(1, &["access denied: your AWS credentials need lambda:InvokeFunction on loyalty-stack-on-demand"]);
    assert_eq!((desk.members(true), desk.members(false)), (40, 0), "nothing was sent");
    desk.as_operator(&format!("hold release loyalty {SEGMENT} --people 31")).await.shows(2, &["is 32, not"]);
    desk.as_operator(&release).await.shows(0, &["delivered"]);
    assert_eq!((desk.members(true), desk.members(false)), (8, 32));

    desk.upload(25, 0..2);
    desk.as_operator("run loyalty").await.shows(3, &[]);
    desk.as_operator(&format!("hold reject loyalty {SEGMENT} --people 6")).await.shows(0, &[]);
    desk.as_operator("hold list --json").await.shows(0, &["[]"]);
    let erased = desk.as_operator("erase --customer-id L-003 --yes").await;
    erased.shows(0, &["reports/erase.receipts/", "(in the bucket of the stack loyalty-stack)"]);
    desk.as_operator(&format!("rebuild loyalty {SEGMENT}")).await.shows(0, &[]);
    let refused = desk.as_operator(&format!("retire loyalty {SEGMENT} --dry-run")).await;
    refused.shows(2, &["is fed by the segment", "ITB-E14"]);
    desk.as_operator("forget loyalty 2026-11-25T01:02Z --dry-run").await.shows(2, &["does not exist", "ITB-E05"]);
    assert!(desk.api.invoked().iter().any(|function| function == "loyalty-stack-on-demand"));
    assert_silent(desk.host.log_lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_wrong_is_said_in_one_line_or_in_the_functions_own_words() {
    let desk = Desk::new().await;
    let nowhere = desk.itb("status --stack other --profile operator").await;
    nowhere.shows(2, &["there is no function other-on-demand:contributors in the region eu-central-1", "[ITB-T31]"]);
    desk.itb(&format!("status --stack {STACK} --profile absent"))
        .await
        .shows(2, &["the AWS profile absent does not exist"]);
    let empty = desk.itb(&format!("status --stack {STACK} --profile empty")).await;
    let empty = empty.shows(1, &["no AWS credentials found: run `aws configure`"]);
    assert_eq!(empty.errors.lines().count(), 1, "{}", empty.errors);

    desk.as_contributor("status --export royalty").await.shows(2, &["existing: loyalty", "[ITB-E05]"]);
    let japanese = desk.as_contributor("status --export royalty --lang ja").await;
    japanese.shows(2, &["エラー:", "loyalty", "[ITB-E05]"]);
    desk.as_contributor("report --export loyalty").await.shows(2, &["ITB-T12", "itb status"]);
    desk.as_contributor("console").await.shows(1, &["access denied", "lambda:InvokeFunction"]);
    desk.world.put("config/exports.toml", "[exports.loyalty]\nconnection = 7\n");
    desk.as_contributor("run loyalty").await.shows(2, &["config/exports.toml"]);
    desk.host.restart().await.unwrap();
    assert_silent(desk.host.log_lines());
}

/// A function that is killed says nothing; the person reads what is safe, and what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_ends_without_an_answer_is_an_error_with_a_next_step() {
    let desk = Desk::with_time(Duration::from_millis(1)).await;
    let ended = desk.as_contributor("status").await;
    ended.shows(1, &["ended without an answer", "Task timed out", "itb status --stack loyalty-stack", "[ITB-T30]"]);
}

/// A console on the stack, and a browser that has opened its address.
struct Console {
    _program: tokio::process::Child,
    host: String,
    base: String,
    cookie: String,
}

impl Console {
    async fn start(desk: &Desk) -> Self {
        let line = format!("console --stack {STACK} --profile operator");
        let mut program = desk.command(&line).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let url = loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Some((_, url)) = line.split_once("http://") {
                break url.to_owned();
            }
        };
        let (host, start) = url.split_at(url.find('/').unwrap());
        let mut console = Self { _program: program, host: host.to_owned(), base: String::new(), cookie: String::new() };
        let begun = console.send("GET", start, "").await;
        let header = |name: &str| begun.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        header("location:").trim_end_matches('/').clone_into(&mut console.base);
        header("set-cookie:").split(';').next().unwrap().clone_into(&mut console.cookie);
        console
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.cookie,
            body.len(),
            host = self.host,
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn get(&self, path: &str) -> String {
        self.send("GET", &format!("{}{path}", self.base), "").await
    }

    /// Sends the form of a page that leads to `path`, and gives the page that it leads to.
    async fn post(&self, page: &str, path: &str, fields: &str) -> String {
        let html = self.get(page).await;
        let form = html.split(&format!("action=\"{}{path}\"", self.base)).nth(1).unwrap_or_else(|| panic!("{html}"));
        let token = form.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let answer = self.send("POST", &format!("{}{path}", self.base), &format!("csrf={token}&{fields}")).await;
        let next =
            answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_else(|| panic!("{answer}"));
        next.trim().strip_prefix(&self.base).unwrap().to_owned()
    }

    /// The page of a job once it is over.
    async fn done(&self, job: &str) -> String {
        loop {
            let page = self.get(job).await;
            if !page.contains("aria-live") {
                return page;
            }
        }
    }
}

/// Everything that needs no bucket works in the console; the rest says what it needs.
#[tokio::test(flavor = "multi_thread")]
async fn the_console_works_through_the_function() {
    let desk = Desk::new().await;
    desk.upload(23, 0..100);
    let console = Console::start(&desk).await;
    let home = console.get("/").await;
    assert!(home.contains("badge stack") && home.contains(STACK), "{home}");
    let dry = console.post("/exports/loyalty", "/exports/loyalty/dry-run", "x=y").await;
    assert!(console.done(&dry).await.contains(SEGMENT));
    let deliver = format!("{dry}/deliver");
    assert!(console.get(&deliver).await.contains("arrived since the dry run"));
    let job = console.post(&deliver, &deliver, "typed=loyalty").await;
    let delivered = console.done(&job).await;
    assert!(delivered.contains("outcome good") && desk.members(true) == 100, "{delivered}");
    let run = console.get(&format!("/runs/loyalty/{SEGMENT}/2026-11-23T01:02Z")).await;
    assert!(run.contains("<h1>") && run.contains("100"), "{run}");
    assert!(console.get(&format!("/segments/loyalty/{SEGMENT}")).await.contains("You can use it"));

    // A held run is decided about.
    desk.upload(24, 0..10);
    let dry = console.post("/exports/loyalty", "/exports/loyalty/dry-run", "x=y").await;
    console.done(&dry).await;
    let deliver = format!("{dry}/deliver");
    let job = console.post(&deliver, &deliver, "x=y").await;
    assert!(console.done(&job).await.contains("outcome warning"));
    let hold = format!("/holds/loyalty/{SEGMENT}/2026-11-24T01:02Z");
    let page = console.get(&hold).await;
    assert!(page.contains("no reason is kept") && !page.contains("id=\"reason\""), "{page}");
    let job = console.post(&hold, &hold, "press=release&people=90").await;
    let released = console.done(&job).await;
    assert!(desk.members(true) == 10 && desk.members(false) == 90, "{released}");

    // What needs the bucket says so, before and after it is tried.
    let settings = console.get("/settings").await;
    assert!(settings.contains("readonly") && settings.contains("[exports.loyalty]"), "{settings}");
    for path in ["/connections/braze-eu", "/exports/loyalty", "/exports", "/settings"] {
        assert!(console.get(path).await.contains("--bucket"), "{path}");
    }
    assert!(console.get("/exports/new").await.contains("ITB-T33"));
    let connection = "/connections/braze%2Deu";
    let tested = console.post(connection, connection, "press=test").await;
    assert!(console.get(&tested).await.contains("attention good"));
    desk.host.restart().await.unwrap();
    assert_silent(desk.host.log_lines());
}
