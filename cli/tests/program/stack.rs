//! `itb` on the bucket of a deployed stack, with the user's own AWS profile, against an account on this machine.

use std::process::Output;

use itb::standin::{Account, AccountSettings, BUCKET};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

pub(crate) const KEY: &str = "5b7c-canary-4d1e-9d3a";
pub(crate) const SEGMENT: &str = "優良顧客";

/// A stack whose export has one run, and a user with an AWS profile.
pub(crate) struct Office {
    pub(crate) account: Account,
    home: TempDir,
}

impl Office {
    pub(crate) async fn new() -> Self {
        let mut settings = AccountSettings::with_key(KEY);
        settings.notify_of_uploads = false;
        let account = Account::start(settings).await.unwrap();
        account.secrets.set_secret("insights-to-braze/eu", json!({ "api_key": KEY }).to_string());
        let config = format!(
            "[connections.eu]\nhostname = \"{}\"\nsecret = \"insights-to-braze/eu\"\nagree_to_data_transfer = true\n\
             [exports.loyalty]\nconnection = \"eu\"\nfolder = \"incoming/BlobExport\"\n\
             [exports.loyalty.data_matching]\ncustomer_id = \"Id\"\n",
            account.braze.url()
        );
        account.s3.put_object(BUCKET, "config/exports.toml", config).unwrap();
        let file = format!("{SEGMENT}/2026/11/23/0102/{SEGMENT}_1.csv");
        account.s3.put_object(BUCKET, &format!("incoming/BlobExport/{file}"), "Id\n0001\n0002\n").unwrap();
        let partition = json!({"name": "1", "location": format!("https://lake.example/c/x/{file}")});
        let entity = json!({"$type": "LocalEntity", "name": SEGMENT, "attributes": [], "partitions": [partition]});
        let model = json!({"name": "x", "version": "1.0", "entities": [entity]});
        account.s3.put_object(BUCKET, "incoming/BlobExport/model.json", model.to_string()).unwrap();
        Self { account, home: tempfile::tempdir().unwrap() }
    }

    /// Runs `itb`.
    async fn itb(&self, line: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_itb"));
        command.args(line.split(' ')).env_clear().envs(self.environment()).output().await.unwrap()
    }

    /// The variables of a user whose profile `marketing` has the credentials, and whose environment has none.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let environment = self.account.environment();
        let endpoint = |service: &str| environment[&format!("AWS_ENDPOINT_URL_{service}")].clone();
        let profile = format!(
            "[profile marketing]\nregion = eu-central-1\naws_access_key_id = AKIDMARKETING\naws_secret_access_key = {}\n",
            environment["AWS_SECRET_ACCESS_KEY"]
        );
        std::fs::write(self.home.path().join("aws-config"), profile).unwrap();
        let file = |name: &str| self.home.path().join(name).display().to_string();
        vec![
            ("AWS_CONFIG_FILE", file("aws-config")),
            ("AWS_SHARED_CREDENTIALS_FILE", file("none")),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_ENDPOINT_URL_S3", endpoint("S3")),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint("SECRETS_MANAGER")),
        ]
    }

    pub(crate) async fn answer(&self, line: &str) -> Value {
        let output = self.itb(&format!("{line} --bucket {BUCKET} --profile marketing --json")).await;
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}: {printed}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{line}: {printed}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_is_inspected_delivered_and_looked_at_from_a_desk() {
    let office = Office::new().await;
    let inspected = office.answer("inspect --export loyalty").await;
    assert_eq!(inspected["files"][0]["header"], "in the file", "{inspected:#}");
    assert_eq!(office.answer("connect --connection eu").await["outcome"], "connected");
    let dry = office.answer("dry-run --export loyalty").await;
    assert_eq!((&dry["reports"][0]["outcome"], office.account.braze.profile_count()), (&json!("dry_run"), 0));

    let delivered = office.answer("deliver --export loyalty").await;
    assert_eq!(delivered["reports"][0]["outcome"], "delivered", "{delivered:#}");
    assert_eq!(office.account.braze.count_with_attribute(SEGMENT, &json!(true)), 2);
    let mut workspaces = std::fs::read_dir(office.account.bucket_folder().join("state")).unwrap();
    let ledger = format!("{SEGMENT}/ledger.json");
    assert!(workspaces.any(|workspace| workspace.unwrap().path().join(&ledger).is_file()));

    let status = office.answer("status").await;
    assert_eq!(status["exports"][0]["segments"][0]["last_complete"]["members"], 2, "{status:#}");
    let reports = office.answer(&format!("report --export loyalty --segment {SEGMENT}")).await;
    assert_eq!(reports[0]["rows"]["accepted"], 2, "{reports:#}");
    let output = office.itb(&format!("report --bucket {BUCKET} --profile marketing --export loyalty")).await;
    let shown = String::from_utf8(output.stdout).unwrap();
    let address = format!("s3://{BUCKET}/reports/loyalty/{SEGMENT}/2026-11-23T01:02Z/report.json");
    assert!(shown.contains(&address), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_said_and_no_key_is_shown() {
    let office = Office::new().await;
    let lines = [
        (format!("status --bucket {BUCKET}"), "the AWS region is not known"),
        (format!("status --bucket {BUCKET} --profile absent"), "the AWS profile absent does not exist"),
        (format!("status --bucket {BUCKET} --profile marketing --export royalty"), "existing: loyalty"),
        ("status --bucket another-bucket --profile marketing".to_owned(), "the bucket another-bucket does not exist"),
        (format!("status --bucket {BUCKET} --profile marketing --config-key none.toml"), "none.toml"),
    ];
    for (line, part) in lines {
        let output = office.itb(&line).await;
        let printed = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && printed.contains(part), "{line}: {printed}");
        assert!(!printed.contains("environment variable BUCKET") && !printed.contains("{ "), "{printed}");
        let secret = &office.account.environment()["AWS_SECRET_ACCESS_KEY"];
        assert!(!printed.contains("canary") && !printed.contains(secret), "{printed}");
    }
}

/// The usual errors of AWS are one line each, and the SDK's own words come with `-v`.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_aws_is_one_line_with_what_to_do() {
    let office = Office::new().await;
    let profile = "[profile empty]\nregion = eu-central-1\n";
    let run = async |further: &str| {
        let config = office.home.path().join("empty-config");
        std::fs::write(&config, profile).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_itb"))
            .args(format!("status --bucket {BUCKET} --profile empty{further}").split(' '))
            .env_clear()
            .env("AWS_CONFIG_FILE", config)
            .env("AWS_SHARED_CREDENTIALS_FILE", office.home.path().join("none"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL_S3", office.account.environment()["AWS_ENDPOINT_URL_S3"].clone())
            .output()
            .await
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, printed) = run("").await;
    assert!(code == Some(1) && printed.lines().count() == 1 && printed.contains("aws configure"), "{printed}");
    let (_, printed) = run(" -v").await;
    assert!(printed.contains("aws configure") && printed.contains("DispatchFailure"), "{printed}");
}

/// `doctor` proves what the sources of a stack need, and says what is wrong with each.
#[tokio::test(flavor = "multi_thread")]
async fn doctor_has_a_line_for_each_source() {
    let office = Office::new().await;
    let config = String::from_utf8(office.account.get_object("config/exports.toml").unwrap().unwrap()).unwrap();
    let source = |name: &str| {
        format!(
            "[sources.{name}]\nkind = \"azure-blob\"\naccount_url = \"https://contoso.blob.core.windows.net\"\n\
             container = \"exports\"\nsecret = \"insights-to-braze/{name}\"\ninto = \"incoming/{name}\"\n"
        )
    };
    let config = format!("{config}{}{}", source("ended"), source("by-role"));
    office.account.s3.put_object(BUCKET, "config/exports.toml", config).unwrap();
    let sas = "sv=2024-11-04&sr=c&sp=rl&se=2026-01-31T00:00:00Z&sig=canary";
    office.account.set_secret("insights-to-braze/ended", json!({ "sas": sas }).to_string());
    let role = json!({ "tenant_id": "contoso", "client_id": "canary-client" });
    office.account.set_secret("insights-to-braze/by-role", role.to_string());
    let output = office.itb(&format!("doctor --bucket {BUCKET} --profile marketing")).await;
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "✓ connection eu",
        "✗ source ended: the SAS of the source ended expired",
        "✗ source by-role: the source by-role is for the role",
    ] {
        assert!(printed.contains(part), "{part} is not in {printed}");
    }
    assert!(!printed.contains("canary"), "{printed}");
}
