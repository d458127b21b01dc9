//! Azurite, Microsoft's emulator of Azure Storage, and containers in it. One process serves all tests of this program.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The account and the key that every Azurite has ("Use the Azurite emulator for local Azure Storage development").
pub(crate) const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// The version of the signatures.
const VERSION: &str = "2020-12-06";

/// What the tests add to a SAS, so that nothing of it goes unnoticed anywhere.
const CANARY: &str = "x=canary-sas";

pub(crate) struct Azurite {
    scheme: String,
    port: u16,
    /// Its access log.
    lines: Arc<Mutex<Vec<String>>>,
    /// It ends with its standard input.
    _process: Child,
}

static AZURITE: OnceLock<Azurite> = OnceLock::new();

fn installed() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/azurite/install");
    let ended = Command::new(&script).status();
    assert!(
        ended.is_ok_and(|status| status.success()),
        "Azurite is not installed. Install Node.js with npm, run tests/azurite/install, and run the tests again"
    );
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join("azurite/node_modules/azurite/dist/src/blob/main.js")
}

impl Azurite {
    /// Starts one. Further arguments are Azurite's own.
    pub(crate) fn start(further: &[&str]) -> Self {
        let main = installed();
        let program = "process.stdin.resume().on('end', () => process.exit()); require(process.argv[1]);";
        let mut process = Command::new("node")
            .args(["-e", program])
            .arg(main)
            .args(["--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck"])
            .args(further)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Azurite needs Node.js");
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = output.by_ref().map_while(Result::ok).find_map(|line| {
            let (before, port) = line.rsplit_once("://127.0.0.1:")?;
            let (_, scheme) = before.rsplit_once("listens on ")?;
            Some((scheme.to_owned(), port.trim().parse().ok()?))
        });
        let (scheme, port) = port.expect("Azurite did not start");
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&lines);
        std::thread::spawn(move || output.map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line)));
        Self { scheme, port, lines, _process: process }
    }

    /// The URL of the account in it.
    pub(crate) fn account_url(&self) -> String {
        format!("{}://127.0.0.1:{}/{ACCOUNT}", self.scheme, self.port)
    }
}

/// A container of one's own.
pub(crate) struct Container {
    pub(crate) name: String,
    http: reqwest::Client,
}

impl Container {
    pub(crate) async fn create(name: &str) -> Self {
        tokio::task::spawn_blocking(|| AZURITE.get_or_init(|| Azurite::start(&[]))).await.unwrap();
        let container = Self { name: name.to_owned(), http: reqwest::Client::new() };
        let url = format!("{}/{name}?restype=container&{}", account_url(), account_sas());
        container.send(container.http.put(url)).await;
        container
    }

    /// Writes a blob, or replaces it.
    pub(crate) async fn put(&self, blob: &str, content: impl Into<Vec<u8>>) {
        let content = content.into();
        let request = self.http.put(self.url(blob)).header("x-ms-blob-type", "BlockBlob");
        self.send(request.header("content-length", content.len()).body(content)).await;
    }

    pub(crate) async fn delete(&self, blob: &str) {
        self.send(self.http.delete(self.url(blob))).await;
    }

    fn url(&self, blob: &str) -> String {
        let blob = utf8_percent_encode(blob, NON_ALPHANUMERIC).to_string().replace("%2F", "/");
        format!("{}/{}/{blob}?{}", account_url(), self.name, account_sas())
    }

    async fn send(&self, request: reqwest::RequestBuilder) {
        let request = request.header("x-ms-version", VERSION);
        // A server may close an idle connection in the moment in which it is used.
        let first = request.try_clone().unwrap().send().await;
        let answer = match first {
            Ok(answer) => answer,
            Err(_) => request.send().await.unwrap(),
        };
        assert!(answer.status().is_success(), "{} {}", answer.status(), answer.text().await.unwrap_or_default());
    }

    /// A SAS of the container with these permissions, until `end`.
    pub(crate) fn sas(&self, permissions: &str, end: &str) -> String {
        let resource = format!("/blob/{ACCOUNT}/{}", self.name);
        let signed = [permissions, "", end, &resource, "", "", "", VERSION, "c", "", "", "", "", "", "", ""].join("\n");
        let values = [("sv", VERSION), ("sr", "c"), ("sp", permissions), ("se", end), ("sig", &signature(&signed))];
        format!("{}&{CANARY}", query(&values))
    }

    /// A SAS that is good for a year.
    pub(crate) fn good_sas(&self) -> String {
        let next_year = jiff::Timestamp::now().as_second() + 365 * 24 * 3_600;
        self.sas("rl", &jiff::Timestamp::from_second(next_year).unwrap().to_string())
    }

    /// The requests about this container that Azurite has served, as method and the rest of its address, for instance
    /// `GET …?comp=list…`.
    pub(crate) fn requests(&self, holding: &str) -> usize {
        let container = format!("/{ACCOUNT}/{}", self.name);
        let lines = AZURITE.get().unwrap().lines.lock().unwrap();
        lines
            .iter()
            .filter(|line| line.contains("\"GET ") && line.contains(&container) && line.contains(holding))
            .count()
    }
}

/// The URL of the account in Azurite.
pub(crate) fn account_url() -> String {
    AZURITE.get().unwrap().account_url()
}

/// The port of Azurite.
pub(crate) fn port() -> u16 {
    AZURITE.get().unwrap().port
}

/// An account SAS that may do everything: for the tests' own writes ("Create an account SAS").
pub(crate) fn account_sas() -> String {
    let (end, permissions) = ("2099-01-01T00:00:00Z", "racwdl");
    let signed = [ACCOUNT, permissions, "b", "sco", "", end, "", "", VERSION, "", ""].join("\n");
    let signature = signature(&signed);
    query(&[("sv", VERSION), ("ss", "b"), ("srt", "sco"), ("sp", permissions), ("se", end), ("sig", &signature)])
}

fn signature(text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(KEY).unwrap());
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

fn query(values: &[(&str, &str)]) -> String {
    let pairs = values.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    pairs.collect::<Vec<_>>().join("&")
}
