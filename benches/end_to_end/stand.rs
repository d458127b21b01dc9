//! The stand-ins in a process of their own, told by lines of JSON on standard input.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use itb::standin::braze::{HeaderForm, Keep, Latency, RateLimit};
use itb::standin::http::BRAZE_HOST;
use itb::standin::lambda::LambdaFunction;
use itb::standin::{Account, AccountSettings};
use serde_json::{Value, json};

/// The key that Braze takes.
pub(crate) const KEY: &str = "bench-key";

/// An order for a workspace that allows everything and answers at once, and forgets what was delivered.
pub(crate) fn unlimited(hostname: &str) -> Value {
    json!({ "config": config(hostname, 1_000_000), "per_three_seconds": 1_000_000_000, "latency_ms": 0, "forget": true })
}

/// Two runs of a layout with one file per run, so that each is complete as soon as it is delivered.
pub(crate) const RUNS: [&str; 2] = ["1795395720", "1795482120"];

pub(crate) fn key_of(run: &str) -> String {
    format!("incoming/Export/e_Segment_{run}.csv")
}

/// For a stand where nothing has landed.
const NO_FILE: &str = "";

/// Serves until standard input ends.
pub(crate) async fn serve(file: &Path, tls: bool) {
    let mut settings = AccountSettings::with_key(KEY);
    settings.notify_of_uploads = false;
    settings.braze.keep = Keep::Counts;
    settings.braze.tls = tls;
    let account = Account::start(settings).await.unwrap();
    account.set_secret("bench", json!({ "api_key": KEY }).to_string());
    for run in RUNS.into_iter().filter(|_| file != Path::new(NO_FILE)) {
        account.put_file(&key_of(run), file).unwrap();
    }
    let (environment, braze) = (account.environment(), account.braze.url());
    println!(
        "{}",
        json!({ "environment": environment, "braze": braze, "certificate": account.braze.certificate_pem() })
    );
    let (sender, mut orders) = tokio::sync::mpsc::unbounded_channel::<Value>();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            sender.send(serde_json::from_str(&line.unwrap()).unwrap()).unwrap();
        }
    });
    while let Some(order) = orders.recv().await {
        account.braze.reset_counters();
        if let Some(config) = order["config"].as_str() {
            account.put_object("config/exports.toml", config).unwrap();
        }
        if let Some(limit) = order["per_three_seconds"].as_u64() {
            let headers = if order["silent"] == true { HeaderForm::Absent } else { HeaderForm::Epoch };
            account.braze.set_rate_limit(RateLimit { headers, ..RateLimit::per_three_seconds(limit) });
        }
        if let Some(latency) = order["latency_ms"].as_u64() {
            account.braze.set_latency(Latency { fixed: Duration::from_millis(latency), jitter: Duration::ZERO });
        }
        if order["forget"].as_bool() == Some(true) {
            for object in account.list("state/") {
                account.delete_object(&object.key).unwrap();
            }
        }
        for landed in order["put"].as_array().into_iter().flatten() {
            account.put_file(landed[0].as_str().unwrap(), Path::new(landed[1].as_str().unwrap())).unwrap();
        }
        let before: BTreeSet<(String, String)> =
            account.list("state/").into_iter().map(|object| (object.key, object.etag)).collect();
        account.s3.forget_calls();
        println!("{}", json!("ready"));
        orders.recv().await;
        let mut calls: BTreeMap<String, u64> = BTreeMap::new();
        for call in account.s3.calls() {
            *calls.entry(call.operation).or_default() += 1;
        }
        let state = account.list("state/");
        let new = state.iter().filter(|object| !before.contains(&(object.key.clone(), object.etag.clone())));
        let written: u64 = new.map(|object| object.size).sum();
        let stored: u64 = state.iter().map(|object| object.size).sum();
        println!(
            "{}",
            json!({
                "braze": account.braze.counters(), "state_bytes": stored, "state_written": written, "calls": calls,
            })
        );
    }
}

/// The stand-ins, as the table's process sees them.
pub(crate) struct Stand {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) braze: String,
    pub(crate) certificate: Option<String>,
    /// Where the certificate and a table of hosts lie that a function needs to come here over TLS.
    folder: PathBuf,
}

/// Whether this process may give a function a table of hosts of its own, which takes a mount namespace of Linux.
pub(crate) fn may_redirect_hosts() -> bool {
    Command::new("unshare").args(["--mount", "true"]).status().is_ok_and(|status| status.success())
}

impl Stand {
    /// Without any file; an order puts some.
    pub(crate) fn empty() -> Self {
        Self::start(Path::new(NO_FILE), false)
    }

    /// With the file landed as both [`RUNS`].
    pub(crate) fn start(file: &Path, tls: bool) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .arg(file)
            .arg(if tls { "tls" } else { "plain" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        let environment = serde_json::from_value(started["environment"].clone()).unwrap();
        let braze = started["braze"].as_str().unwrap().to_owned();
        let certificate = started["certificate"].as_str().map(str::to_owned);
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        Self { child, input, output, environment, braze, certificate, folder }
    }

    /// Braze's host as `exports.toml` names it, with the port where the stand-in listens.
    pub(crate) fn hostname(&self) -> String {
        match self.certificate {
            None => self.braze.clone(),
            Some(_) => format!("{BRAZE_HOST}:{}", self.braze.rsplit_once(':').unwrap().1),
        }
    }

    /// The function in `binary`. Over TLS it is started with this machine as Braze's host and with the stand-in's certificate
    /// as the only one that it trusts.
    pub(crate) fn function(&self, binary: PathBuf) -> LambdaFunction {
        let mut environment = self.environment.clone();
        let Some(certificate) = &self.certificate else {
            return LambdaFunction::new(binary, environment);
        };
        let (trusted, hosts) = (self.folder.join("trusted.pem"), self.folder.join("hosts"));
        fs::write(&trusted, certificate).unwrap();
        fs::write(&hosts, format!("127.0.0.1 localhost {BRAZE_HOST}\n")).unwrap();
        environment.insert("SSL_CERT_FILE".to_owned(), trusted.display().to_string());
        let start = ["--mount", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$1\""];
        let arguments = start.into_iter().map(Into::into).chain([hosts.into(), binary.into()]).collect();
        LambdaFunction { arguments, ..LambdaFunction::new("/usr/bin/unshare", environment) }
    }

    /// Carries out an order: what is left out stays as it is.
    pub(crate) fn order(&mut self, order: &Value) -> Value {
        writeln!(self.input, "{order}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `exports.toml` for `hostname` at so many requests a second.
pub(crate) fn config(hostname: &str, per_second: u64) -> String {
    format!(
        "[connections.b]\nhostname = \"{hostname}\"\nsecret = \"bench\"\nagree_to_data_transfer = true\n\
         allow_any_hostname = true\nrequests_per_second = {per_second}\n\
         [exports.e]\nconnection = \"b\"\nfolder = \"incoming/Export\"\nsettle_minutes = 0\n\
         [exports.e.data_matching]\ncustomer_id = \"LoyaltyId\"\nemail = \"EMail\"\n\
         [exports.e.attributes]\nfirst_name = \"FirstName\"\nhome_city = \"City\"\n\
         loyalty_points = {{ column = \"Points\", type = \"integer\" }}\nlast_seen = {{ column = \"Seen\", type = \"datetime\" }}\n"
    )
}
