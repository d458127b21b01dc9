//! `itb console`, over raw sockets as an attacker has them: who may ask, and what is never shown.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use itb::standin::BUCKET;
use serde_json::json;

use crate::deliver::{Desk, KEY};
use crate::stack::{KEY as STACK_KEY, Office, SEGMENT};

/// A running console, and a browser that has opened its address.
struct Console {
    program: Child,
    host: String,
    token: String,
    base: String,
    cookie: String,
}

/// An answer: its status, its head in small letters, and its body.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        drop(self.program.kill());
        drop(self.program.wait());
    }
}

impl Console {
    fn demo() -> Self {
        Self::start(Path::new("."), &["--demo", "--members", "100"])
    }

    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_itb"));
        command.arg("console").args(arguments).current_dir(folder).env_remove("BRAZE_API_KEY");
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        let mut program = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let url = lines.map_while(Result::ok).find(|line| line.contains("http://")).unwrap();
        let (host, token) = url.trim().strip_prefix("http://").unwrap().split_once("/start?token=").unwrap();
        let (host, token) = (host.to_owned(), token.to_owned());
        let mut console = Self { program, host, token, base: String::new(), cookie: String::new() };
        let begun = console.send("GET", &format!("/start?token={}", console.token), &[], "");
        assert_eq!(begun.status, 303);
        begun.header("location").trim_end_matches('/').clone_into(&mut console.base);
        let cookie = begun.header("set-cookie");
        assert!(cookie.contains("httponly") && cookie.contains("samesite=strict"), "{cookie}");
        cookie.split(';').next().unwrap().clone_into(&mut console.cookie);
        console
    }

    /// Sends a request with these headers. Without `Host`, the console's own is sent.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.extend(["Host: ", &self.host, "\r\n"]);
        }
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let mut stream = TcpStream::connect(&self.host).unwrap();
        // A refusal may come before all is sent.
        drop(stream.write_all(format!("{head}\r\n{body}").as_bytes()));
        let mut text = Vec::new();
        drop(stream.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", &format!("{}{path}", self.base), &[("Cookie", &self.cookie)], "")
    }

    /// What a browser sends with a form of the console.
    fn own(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Cookie", self.cookie.clone()),
            ("Origin", format!("http://{}", self.host)),
            ("Sec-Fetch-Site", "same-origin".to_owned()),
            ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
        ]
    }

    fn post_with(&self, path: &str, headers: &[(&'static str, String)], body: &str) -> Answer {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.send("POST", &format!("{}{path}", self.base), &headers, body)
    }

    /// The token of the form on `page` that is sent to `path`.
    fn csrf(&self, page: &str, path: &str) -> String {
        let html = self.get(page).body;
        let form = html.split(&format!("action=\"{}{path}\"", self.base)).nth(1).unwrap_or_else(|| panic!("{html}"));
        form.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    /// The page of a job once it is over.
    fn done(&self, job: &str) -> Answer {
        loop {
            let page = self.get(&format!("/jobs/{job}"));
            if !page.body.contains("aria-live") {
                return page;
            }
        }
    }

    /// Makes a dry run of the export loyalty and starts its first delivery. Gives the page of the one and the other's number.
    fn run(&self) -> (Answer, String) {
        let number = |answer: &Answer| answer.header("location").rsplit('/').next().unwrap().to_owned();
        let job = number(&self.post("/exports/loyalty", "/exports/loyalty/dry-run", "x=y"));
        let dry = self.done(&job);
        let deliver = format!("/jobs/{job}/deliver");
        let run = self.post(&deliver, &deliver, "typed=loyalty");
        assert_eq!(run.status, 303, "{}", run.body);
        (dry, number(&run))
    }

    fn post(&self, page: &str, path: &str, fields: &str) -> Answer {
        let body = format!("csrf={}&{fields}", self.csrf(page, path));
        self.post_with(path, &self.own(), &body)
    }
}

#[test]
fn the_console_answers_on_this_machine_alone_and_only_under_its_own_name() {
    let console = Console::demo();
    let port = console.host.rsplit(':').next().unwrap();
    // All of 127.0.0.0/8 is this machine; a console on every address would answer here.
    assert!(TcpStream::connect(format!("127.0.0.2:{port}")).is_err());
    for host in [
        "rebound.example",
        &format!("rebound.example:{port}"),
        "127.0.0.1",
        &format!("127.0.0.1.rebound.example:{port}"),
    ] {
        let answer =
            console.send("GET", &format!("{}/", console.base), &[("Host", host), ("Cookie", &console.cookie)], "");
        assert!(answer.status == 421 && !answer.body.contains(&console.base), "{host}: {}", answer.body);
    }
    assert_eq!(console.get("/").status, 200);
}

#[test]
fn the_start_address_works_once_and_nothing_works_without_the_session() {
    let console = Console::demo();
    for token in [console.token.as_str(), "", "0", "00000000000000000000000000000000"] {
        assert_eq!(console.send("GET", &format!("/start?token={token}"), &[], "").status, 403, "{token}");
    }
    let cookie = ("Cookie", console.cookie.as_str());
    let page = format!("{}/connections", console.base);
    assert_eq!(console.send("GET", &page, &[], "").status, 403, "without the cookie");
    assert_eq!(console.send("GET", &page, &[("Cookie", "itb-1=0")], "").status, 403);
    for other in ["/connections", "/s/0000000000000000/connections", "/", "/s/", "/style.css"] {
        assert_eq!(console.send("GET", other, &[cookie], "").status, 404, "{other}");
    }
    let from_elsewhere = [cookie, ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(console.send("GET", &page, &from_elsewhere, "").status, 403, "a frame or a link of another site");
}

#[test]
fn a_form_of_another_site_changes_nothing() {
    let console = Console::demo();
    let path = "/demo/export";
    let body = format!("csrf={}&press=all", console.csrf("/demo", path));
    let with = |name: &'static str, value: Option<&str>| {
        let mut headers = console.own();
        headers.retain(|(known, _)| *known != name);
        headers.extend(value.map(|value| (name, value.to_owned())));
        console.post_with(path, &headers, &body)
    };
    let refused = [
        ("Origin", None),
        ("Origin", Some("http://rebound.example")),
        ("Origin", Some("null")),
        ("Sec-Fetch-Site", Some("cross-site")),
        ("Sec-Fetch-Site", Some("same-site")),
        ("Content-Type", Some("text/plain")),
        ("Cookie", None),
    ];
    for (name, value) in refused {
        assert_eq!(with(name, value).status, 403, "{name}: {value:?}");
    }
    let of_another_form = format!("csrf={}&press=all", console.csrf("/demo", "/language"));
    for body in ["press=all", "csrf=&press=all", &of_another_form] {
        assert_eq!(console.post_with(path, &console.own(), body).status, 403, "{body}");
    }
    let preflight = console.send("OPTIONS", &format!("{}{path}", console.base), &[("Origin", "http://a.example")], "");
    assert!(preflight.status == 405 && !preflight.head.contains("access-control"), "{}", preflight.head);
    let right = console.post_with(path, &console.own(), &body);
    assert!(right.status == 303 && !right.head.contains("access-control"), "{}", right.head);
}

#[test]
fn a_page_of_the_console_can_run_nothing_and_is_kept_nowhere() {
    let console = Console::demo();
    for path in ["/", "/connections/new", "/style.css", "/nowhere"] {
        let answer = console.get(path);
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("script-src") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(!answer.body.contains("<script") && !answer.body.contains(" style="), "{path}");
    }
}

#[test]
fn a_large_form_is_refused() {
    let console = Console::demo();
    let body = format!("csrf={}&text={}", console.csrf("/settings", "/changes/preview"), "x".repeat(65 * 1024));
    assert_eq!(console.post_with("/changes/preview", &console.own(), &body).status, 413);
}

/// Every file below a folder that contains `text`.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(files_with(&entry.path(), text));
        } else if String::from_utf8_lossy(&fs::read(entry.path()).unwrap_or_default()).contains(text) {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

/// The hidden fields of the form on a page that is sent to `path`.
fn fields_of(html: &str, path: &str) -> String {
    let form = html.split(&format!("{path}\">")).nth(1).unwrap_or_else(|| panic!("{html}"));
    let mut fields = String::new();
    for field in form.split("</form>").next().unwrap().split("<input type=\"hidden\" name=\"").skip(1) {
        let (name, rest) = field.split_once('"').unwrap();
        let value = rest.split_once("value=\"").unwrap().1.split('"').next().unwrap();
        fields.extend(["&", &encoded(name), "=", &encoded(&value.replace("&#38;", "&"))]);
    }
    fields
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_in_no_page_and_no_file_and_names_are_shown_as_text() {
    let desk = Desk::new().await;
    let segment = "<script>alert(1)<!--";
    desk.write(
        &format!("files/{segment}/2026/11/23/0102/{segment}_1.csv"),
        "Id,EMail,FirstName\r\n1,a@canary.example,Jo\r\n",
    );
    fs::remove_file(desk.folder.path().join("exports.toml")).unwrap();
    let console = Console::start(desk.folder.path(), &["."]);
    let host = encoded(&desk.braze.url());
    let fields = |key: &str, press: &str| {
        format!("display_name=EU&users=administrators&hostname={host}&key={key}&agree=on&agreed_by=Sato&press={press}")
    };
    let wrong = console.post("/connections/new", "/connections/new", &fields("not-the-canary-key", "connect"));
    assert!(wrong.status == 422 && !wrong.body.contains("not-the-canary-key"), "{}", wrong.body);
    let tested = console.post("/connections/new", "/connections/new", &fields(KEY, "connect"));
    assert!(tested.status == 200 && !tested.body.contains(KEY), "{}", tested.body);
    let preview = console.post("/connections/new", "/connections/new", &(fields(KEY, "save") + "&untested=on"));
    assert!(preview.status == 409 || preview.status == 200, "{}", preview.body);
    let saved = console.post_with("/changes", &console.own(), &fields_of(&preview.body, "/changes"));
    assert_eq!(saved.status, 303, "{}", saved.body);
    let written = fs::read_to_string(desk.folder.path().join("exports.toml")).unwrap();
    assert!(
        written.contains("# Who may use it: administrators") && written.contains("# agreed by Sato, "),
        "{written}"
    );

    desk.write("exports.toml", &format!("{written}\n[exports.loyalty]\nconnection = \"eu\"\nfolder = \"incoming/files\"\n\n[exports.loyalty.data_matching]\ncustomer_id = \"Id\"\n"));
    let (dry, job) = console.run();
    assert!(dry.body.contains("&#60;script&#62;alert(1)"), "{}", dry.body);
    let delivered = console.done(&job);
    assert!(delivered.body.contains("outcome open\">waiting"), "without a model.json: {}", delivered.body);
    assert_eq!(desk.braze.count_with_attribute(segment, &json!(true)), 1);

    for path in ["/", "/connections", "/connections/eu", "/exports", "/exports/loyalty", "/settings", "/nowhere"] {
        let page = console.get(path).body;
        assert!(!page.contains(KEY) && !page.contains("<script") && !page.contains("a@canary"), "{path}: {page}");
    }
    assert_eq!(files_with(desk.folder.path(), KEY), [""; 0], "the key is written nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_two_people_loses_neither_version() {
    let desk = Desk::new().await;
    let console = Console::start(desk.folder.path(), &["."]);
    let page = console.get("/settings").body;
    let tag = page.split("name=\"tag\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let theirs = fs::read_to_string(desk.folder.path().join("exports.toml")).unwrap() + "# theirs\n";
    desk.write("exports.toml", &theirs);
    let rules = "edit=set-rules&name=loyalty&on_leave=keep&create_profiles=on&max_leavers=20&scheduled=on&on_upload=on";
    let csrf = console.csrf("/exports/loyalty/rules", "/changes/preview");
    let conflict = console.post_with("/changes/preview", &console.own(), &format!("csrf={csrf}&tag={tag}&{rules}"));
    assert!(conflict.status == 409 && conflict.body.contains("# theirs"), "{}", conflict.body);
    assert_eq!(fs::read_to_string(desk.folder.path().join("exports.toml")).unwrap(), theirs, "nothing is saved");
    let csrf =
        conflict.body.split("/changes\">").nth(1).unwrap().split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    let old = console.post_with("/changes", &console.own(), &format!("csrf={csrf}&tag={tag}&{rules}"));
    assert_eq!(old.status, 409, "saving with the old tag is refused as well");
    let new = conflict.body.split("name=\"tag\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let saved = console.post_with("/changes", &console.own(), &format!("csrf={csrf}&tag={new}&{rules}"));
    assert_eq!(saved.status, 303, "{}", saved.body);
    let both = fs::read_to_string(desk.folder.path().join("exports.toml")).unwrap();
    assert!(both.contains("# theirs") && both.contains("on_leave = \"keep\""), "{both}");
    let versions = files_with(&desk.folder.path().join("insights-to-braze-workspace/versions"), "# theirs");
    assert_eq!(versions.len(), 1, "the version before is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_continues_without_its_page_and_ctrl_c_stops_it_at_a_checkpoint() {
    const ROWS: usize = 20_000;
    let desk = Desk::new().await;
    let config = fs::read_to_string(desk.folder.path().join("exports.toml")).unwrap();
    let config = config.replace("incoming/優良 Export", "incoming/files");
    desk.write("exports.toml", &config.replace("agree_to", "requests_per_second = 100\nagree_to"));
    let row = |number: usize| [number.to_string(), ",,\r\n".to_owned()].concat();
    desk.write_run("23", &(0..ROWS).map(row).collect::<String>());
    let mut command = Command::new(env!("CARGO_BIN_EXE_itb"));
    command.args(["console", "."]).current_dir(desk.folder.path()).env("BRAZE_API_KEY", KEY);
    let mut console = Console::of(command);
    console.run();
    // No page is asked for any longer.
    while desk.braze.counters().objects_accepted < ROWS as u64 / 10 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let process = console.program.id().to_string();
    assert!(Command::new("kill").args(["-INT", &process]).status().unwrap().success());
    assert!(console.program.wait().unwrap().success());
    let sent = desk.braze.counters().objects_accepted;
    assert!(sent < ROWS as u64, "it stopped before the end: {sent}");
    let (code, rest) = desk.deliver("").await;
    assert_eq!((code, &rest["reports"][0]["outcome"]), (0, &json!("delivered")), "{rest:#}");
    assert_eq!(desk.braze.count_with_attribute("Loyal", &json!(true)), ROWS);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_exports_are_run_after_one_dry_run_and_one_without_files_stops_none() {
    let desk = Desk::new().await;
    let path = desk.folder.path().join("exports.toml");
    let config = fs::read_to_string(path).unwrap().replace("incoming/優良 Export", "incoming/files");
    let other = "[exports.absent]\nconnection = \"eu\"\nfolder = \"incoming/absent\"\n\
                 [exports.absent.data_matching]\ncustomer_id = \"Id\"\n";
    desk.write("exports.toml", &format!("{config}{other}"));
    desk.write_run("23", "1,,\r\n2,,\r\n3,,\r\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_itb"));
    command.args(["console", "."]).current_dir(desk.folder.path()).env("BRAZE_API_KEY", KEY);
    let console = Console::of(command);
    let number = |answer: &Answer| answer.header("location").rsplit('/').next().unwrap().to_owned();
    let job = number(&console.post("/", "/dry-run", "x=y"));
    let dry = console.done(&job);
    assert!(dry.body.contains("<bdi>absent</bdi>") && dry.body.contains("Loyal"), "{}", dry.body);
    let deliver = format!("/jobs/{job}/deliver");
    let unconfirmed = console.post(&deliver, &deliver, "typed=4");
    assert!(unconfirmed.status == 422 && unconfirmed.body.contains("Type 3 to confirm"), "{}", unconfirmed.body);
    let run = console.post(&deliver, &deliver, "typed=3");
    assert_eq!(run.status, 303, "{}", run.body);
    let delivered = console.done(&number(&run));
    assert!(
        delivered.body.contains("outcome good") && !delivered.body.contains("role=\"alert\""),
        "{}",
        delivered.body
    );
    assert_eq!(desk.braze.count_with_attribute("Loyal", &json!(true)), 3);
}

/// On the bucket of a stack, the console does what the functions do, with the user's own AWS profile.
#[tokio::test(flavor = "multi_thread")]
async fn the_console_works_on_the_bucket_of_a_stack() {
    let office = Office::new().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_itb"));
    command.args(["console", "--bucket", BUCKET, "--profile", "marketing"]).env_clear().envs(office.environment());
    let console = Console::of(command);
    let home = console.get("/").body;
    assert!(home.contains("badge stack") && home.contains("itb status --bucket insights-to-braze --profile"), "{home}");
    let (dry, job) = console.run();
    assert!(dry.body.contains(SEGMENT), "{}", dry.body);
    let delivered = console.done(&job);
    assert!(delivered.body.contains("outcome good"), "{}", delivered.body);
    assert_eq!(office.account.braze.count_with_attribute(SEGMENT, &json!(true)), 2);
    assert_eq!(office.answer("status").await["exports"][0]["segments"][0]["last_complete"]["members"], 2);
    let run = format!("/runs/loyalty/{}/2026-11-23T01:02Z", encoded(SEGMENT));
    assert_eq!((console.get(&run).status, console.get(&format!("{run}/report")).status), (200, 200));

    // A change is saved on top of the version that it was made for alone, and that version is kept.
    let before = String::from_utf8(office.account.get_object("config/exports.toml").unwrap().unwrap()).unwrap();
    let page = console.get("/settings").body;
    let tag = page.split("name=\"tag\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let rules = "edit=set-rules&name=loyalty&on_leave=keep&create_profiles=on&max_leavers=20&scheduled=on&on_upload=on";
    let preview = console.post("/exports/loyalty/rules", "/changes/preview", &format!("tag={tag}&{rules}"));
    let form = fields_of(&preview.body, "/changes");
    assert_eq!(console.post_with("/changes", &console.own(), &form).status, 303, "{}", preview.body);
    let saved = String::from_utf8(office.account.get_object("config/exports.toml").unwrap().unwrap()).unwrap();
    assert!(saved.contains("on_leave = \"keep\""), "{saved}");
    let versions = office.account.list("config/versions/");
    assert_eq!(office.account.get_object(&versions[0].key).unwrap().unwrap(), before.into_bytes());
    assert_eq!(console.post_with("/changes", &console.own(), &form).status, 409, "made for another version");

    // What a new export is tried with is in the bucket during the dry run alone.
    let file = "incoming/Other/SegmentB/2026/11/23/0102/SegmentB_1.csv";
    office.account.s3.put_object(BUCKET, file, "Id\n0003\n").unwrap();
    let steps = "step=4&press=next&folder=Other&connection=eu&name=other&segments=all&customer_id=Id&rules=on&\
                 on_leave=false&max_leavers=20&create_profiles=on&scheduled=on&on_upload=on&language=ja";
    let tried = console.post("/exports/new", "/exports/new", steps);
    assert!(tried.status == 200 && tried.body.contains("SegmentB"), "{}", tried.body);
    assert_eq!(office.account.list("config/drafts/").len(), 0);

    // A key goes to Secrets Manager, beside what else the secret holds.
    office.account.set_secret("insights-to-braze/eu", json!({ "api_key": "rotated", "note": "stays" }).to_string());
    let wrong = console.post("/connections/eu", "/connections/eu", "press=replace&key=not-the-canary-key");
    assert!(wrong.status == 422 && !wrong.body.contains("not-the-canary-key"), "{}", wrong.body);
    let replace = || console.post("/connections/eu", "/connections/eu", &format!("press=replace&key={STACK_KEY}"));
    // What can't be read would be lost.
    let written = || office.account.secrets.calls().iter().filter(|call| call.operation == "PutSecretValue").count();
    office.account.secrets.deny("insights-to-braze/eu", true);
    let refused = replace();
    assert!(refused.status != 303 && written() == 0, "{} {}", refused.status, refused.body);
    office.account.secrets.deny("insights-to-braze/eu", false);
    let replaced = replace();
    assert_eq!((replaced.status, written()), (303, 1), "{}", replaced.body);
    assert_eq!(office.answer("connect --connection eu").await["outcome"], "connected");
    for path in ["/", "/connections/eu", "/settings"] {
        assert!(!console.get(path).body.contains(STACK_KEY), "{path}");
    }
}
