//! What each parser must do with any bytes. A target panics where a promise is broken.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use insights_to_braze::braze::{self, BrazeClient, ObjectResult, TrackRequest};
use insights_to_braze::config::{Config, Connection, Export};
use insights_to_braze::description::FileDescription;
use insights_to_braze::names::SegmentName;
use insights_to_braze::pattern::PathPattern;
use insights_to_braze::profile::{ColumnTypes, DroppedFields, Matcher};
use insights_to_braze::rows::{Quoting, ReadLimits, ReadSettings, RowReader};
use insights_to_braze::run::expected::listed_runs;
use insights_to_braze::run::layout::{Place, place};
use insights_to_braze::run::model::Model;
use insights_to_braze::secrets::ApiKey;
use insights_to_braze::trigger::object_created::ObjectCreated;
use insights_to_braze::trigger::on_demand::OnDemand;
use insights_to_braze::trigger::scheduled::Scheduled;
use tokio::runtime::Runtime;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// An export in `incoming/x` with these further lines; `None` where they are not right.
fn export(lines: &str) -> Option<Arc<Export>> {
    let text = format!(
        "[connections.b]\nhostname = \"rest.fra-01.braze.eu\"\nsecret = \"s\"\n[exports.x]\nconnection = \"b\"\nfolder = \"incoming/x\"\n{lines}\n[exports.x.data_matching]\ncustomer_id = \"id\"\nemail = \"email\"\n[exports.x.attributes]\na = {{ column = \"a\", type = \"integer\" }}\ndob = \"b\"\nt = {{ column = \"c\", type = \"array\" }}\n"
    );
    Config::parse(&text).ok()?.exports.into_values().next()
}

/// The export of most targets; it is the same for every input, so it is read once.
static PLAIN: LazyLock<Arc<Export>> = LazyLock::new(|| export("").unwrap());

/// What a target's parser waits in. Nothing outside is waited for, so that one serves all inputs.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(runtime);

/// Rows come in order and whole, whatever is in the file; reading resumes at any of them; each becomes one JSON object or
/// leaves no trace. The first byte chooses the settings.
pub(crate) fn rows(input: &[u8]) {
    let (choice, file) = input.split_first().map_or((0, input), |(choice, file)| (*choice, file));
    let settings = ReadSettings {
        delimiter: [None, Some(b','), Some(b';'), None][usize::from(choice & 3)],
        columns: (choice & 4 > 0).then(|| ["id", "email", "a", "b", "c"].map(str::to_owned).to_vec()),
        header: (choice & 0x0c == 0x0c).then_some(false),
        quoting: [None, Some(Quoting::Never), Some(Quoting::Always), None][usize::from(choice >> 4 & 3)],
        backslash_escapes: None,
        encoding: None,
        declared_encoding: (choice & 64 > 0).then(|| "latin1".to_owned()),
        limits: ReadLimits {
            max_record_bytes: 4_096,
            max_header_bytes: 4_096,
            max_columns: 64,
            max_text_bytes: 4 << 20,
        },
    };
    let whole = RUNTIME.block_on(read(file, &settings));
    let Ok((header, outlines)) = whole else {
        return;
    };
    // Resuming at a row gives the rest, as if reading had never stopped.
    let Some((from, _)) = outlines.get(outlines.len() / 2) else {
        return;
    };
    let start = if header.dialect.reads_from_beginning() { 0 } else { usize::try_from(from.byte).unwrap() };
    let rest = RUNTIME.block_on(async {
        let mut reader = RowReader::resume(&file[start..], settings, header, *from).await.ok()?;
        let mut rest = Vec::new();
        while let Some(row) = reader.next_row().await.ok()? {
            rest.push(outline(&row));
        }
        Some(rest)
    });
    let expected: Vec<String> = outlines[outlines.len() / 2 + 1..].iter().map(|(_, outline)| outline.clone()).collect();
    assert_eq!(rest, Some(expected), "resumed at {from:?}");
}

type Outlines = Vec<(insights_to_braze::rows::Position, String)>;

async fn read(
    file: &[u8],
    settings: &ReadSettings,
) -> Result<(insights_to_braze::rows::Header, Outlines), insights_to_braze::rows::ReadError> {
    let mut reader = RowReader::open(file, settings.clone()).await?;
    let header = reader.header().clone();
    let _ = header.notes();
    let attribute = PLAIN.attribute_of(&"S".into());
    let matcher = Matcher::new(&PLAIN, &attribute, &header.columns, &ColumnTypes::default()).ok();
    let mut outlines: Outlines = Vec::new();
    let (mut line, mut object, mut dropped) = (0, Vec::new(), DroppedFields::default());
    while let Some(row) = reader.next_row().await? {
        assert!(row.line() > line, "lines rise");
        line = row.line();
        assert!(
            row.problem().is_some() || row.len() == header.columns.len(),
            "a row without a problem has every field"
        );
        if let (None, Some(matcher)) = (row.problem(), &matcher) {
            object.clear();
            match matcher.match_row(&row, &mut object, &mut dropped) {
                Ok(_) => assert!(serde_json::from_slice::<serde_json::Value>(&object).unwrap().is_object()),
                Err(_) => assert!(object.is_empty()),
            }
        }
        let outline = outline(&row);
        outlines.push((reader.position(), outline));
    }
    Ok((header, outlines))
}

fn outline(row: &insights_to_braze::rows::Row<'_>) -> String {
    let fields: Vec<_> = (0..row.len()).map(|index| row.field_bytes(index).unwrap()).collect();
    format!("{} {} {:?} {fields:?}", row.line(), row.number(), row.problem())
}

/// A model is read or refused; its partitions give keys without what stands behind a question mark.
pub(crate) fn model(input: &[u8]) {
    match Model::parse(input) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(model) => {
            let export = &*PLAIN;
            let key = "incoming/x/HighValueCustomers/2026/11/23/0102/HighValueCustomers_1.csv";
            for entity in model.entities() {
                let segment = SegmentName::from(entity.name.as_str());
                let _ = FileDescription::of(export, &segment, key, Some(("incoming/x/model.json", &model)));
                let _ = listed_runs(export, &segment, &model, "incoming/x/model.json", &[key]);
                for file in entity.files("incoming/x/model.json", &[key]) {
                    assert!(!file.location.path_text().contains("?sig="), "a signature is dropped");
                }
            }
        }
    }
}

/// The first line is a pattern, the others are keys. A pattern that is right reads every key in bounded time.
pub(crate) fn path(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.lines();
    let pattern = lines.next().unwrap_or_default();
    if let Err(error) = PathPattern::parse(pattern) {
        assert!(error.to_string().contains("patterns look like"), "{error}");
    }
    let quoted = serde_json::to_string(pattern).unwrap();
    let with_path = export(&format!("path = {quoted}"));
    for key in lines.take(20) {
        let key = format!("incoming/x/{}", key.chars().take(1_024).collect::<String>());
        for export in [Some(&*PLAIN), with_path.as_ref()].into_iter().flatten() {
            if let Place::File(file) = place(export, &key, 1, jiff::Timestamp::UNIX_EPOCH) {
                let name = file.segment.as_str();
                assert!(!name.is_empty() && name != ".." && !name.contains(['/', '\0', '\n']), "{name:?}");
                assert_eq!(file.run.to_string().parse(), Ok(file.run), "a run reads back");
            }
        }
    }
}

/// A configuration is right, or every mistake has a message; what looks like a key is in none.
pub(crate) fn config(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match Config::parse(&text) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(config) => {
            for export in config.exports.values() {
                assert!(export.folder.starts_with("incoming/"), "{}", export.folder);
                assert!(config.connections.contains_key(export.connection.name.as_str()));
            }
        }
    }
}

/// An event is one that a function takes, or an error says what is allowed.
pub(crate) fn event(input: &[u8]) {
    let Ok(event) = serde_json::from_slice::<serde_json::Value>(input) else {
        return;
    };
    for error in [ObjectCreated::parse(&event).err(), Scheduled::parse(&event).err(), OnDemand::parse(&event).err()]
        .into_iter()
        .flatten()
    {
        assert!(error.to_string().contains("llowed") || error.to_string().contains("Supported"), "{error}");
    }
}

const KEY: &str = "canary-9b1f2c3d-key";

/// A server with a fixed answer, and a client that asks it.
pub(crate) struct Answers {
    answer: Arc<Mutex<Vec<u8>>>,
    connection: Arc<Connection>,
    http: reqwest::Client,
    request: TrackRequest,
    runtime: Runtime,
}

impl Answers {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer: Arc<Mutex<Vec<u8>>> = Arc::default();
        let answers = Arc::clone(&answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let body = answers.lock().unwrap().clone();
                let _ = serve(stream, &body);
            }
        });
        let text = format!(
            "[connections.b]\nhostname = \"http://127.0.0.1:{port}\"\nsecret = \"s\"\nrequests_per_second = 1000000\n"
        );
        let connection = Config::parse(&text).unwrap().connections.into_values().next().unwrap();
        let runtime = runtime();
        let http = braze::http_client().unwrap();
        let mut request = TrackRequest::default();
        for id in ["A", "B", "C"] {
            request.push(format!("{{\"external_id\":\"{id}\",\"email\":\"{id}@canary.example\"}}").as_bytes());
        }
        Self { answer, connection, http, request, runtime }
    }

    /// Every object has one result, whatever the answer is; the key and the people are in no reason. The first byte chooses
    /// the status; what follows is the body, or from a blank line on, with headers before it.
    pub(crate) fn answer(&mut self, input: &[u8]) {
        *self.answer.lock().unwrap() = input.to_vec();
        let key = ApiKey::new(KEY.to_owned());
        let outcome = self.runtime.block_on(async {
            let deadline = tokio::time::Instant::now() + Duration::from_millis(30);
            // A client of its own for each answer: one that has been told to wait would not ask again.
            BrazeClient::new(&self.connection, self.http.clone()).track(&self.request, &key, deadline).await
        });
        assert_eq!(outcome.objects.len(), 3);
        assert!(outcome.requests.sent > 0, "it was asked");
        let mut said = outcome.stop.map(|stop| stop.to_string()).unwrap_or_default();
        for result in &outcome.objects {
            if let ObjectResult::Rejected(reason) = result {
                assert!(reason.len() < 2_000, "reasons are bounded");
                said += reason;
            }
        }
        assert!(!said.contains(KEY), "the key is in a message");
        assert!(!said.contains("@canary.example"), "a person is in a message");
    }
}

/// Reads one request and gives one answer.
fn serve(mut stream: TcpStream, input: &[u8]) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut request = Vec::new();
    let mut piece = [0; 4_096];
    while !request.ends_with(b"]}") {
        match stream.read(&mut piece)? {
            0 => break,
            read => request.extend_from_slice(&piece[..read]),
        }
    }
    let (choice, rest) = input.split_first().map_or((0, input), |(choice, rest)| (*choice, rest));
    let status = [
        "201 Created",
        "400 Bad Request",
        "401 Unauthorized",
        "200 OK",
        "403 Forbidden",
        "404 Not Found",
        "429 Too Many Requests",
        "413 Content Too Large",
    ][usize::from(choice & 7)];
    let split = rest.windows(4).position(|window| window == b"\r\n\r\n").filter(|_| choice & 8 > 0);
    let (headers, body) = split.map_or((&b""[..], rest), |at| (&rest[..at + 2], &rest[at + 4..]));
    write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len())?;
    stream.write_all(headers)?;
    stream.write_all(b"\r\n")?;
    stream.write_all(body)
}
