//! An account with the handler in this process: quick enough for hundreds of deliveries.

use std::collections::BTreeMap;
use std::io::Write;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use flate2::Compression;
use flate2::write::GzEncoder;
use insights_to_braze::braze;
use insights_to_braze::bucket::Bucket;
use insights_to_braze::budget::TimeBudget;
use insights_to_braze::handler::Handler;
use insights_to_braze::secrets::{ApiKey, ApiKeys};
use itb::standin::BUCKET;
use itb::standin::s3::secret_access_key;
use serde_json::{Value, json};

use crate::support::{API_KEY, SECRET, TIMEOUT, World};

pub(crate) struct Desk {
    pub(crate) world: World,
    handler: Handler,
}

impl Desk {
    pub(crate) async fn start() -> Self {
        let world = World::start().await;
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKIDDESK", secret_access_key(), None, None, "desk"))
            .endpoint_url(world.account.s3.url())
            .force_path_style(true)
            .build();
        let handler = Handler::new(
            Bucket::new(aws_sdk_s3::Client::from_conf(s3), BUCKET),
            "config/exports.toml".to_owned(),
            ApiKeys::given(ApiKey::new(API_KEY.to_owned())),
            None,
            braze::http_client().unwrap(),
        )
        .without_report_lines();
        Self { world, handler }
    }

    /// Stores an `exports.toml` with one connection and these tables of exports, which name `connection = "braze"`.
    pub(crate) fn configure(&self, exports: &str) {
        let host = self.world.account.braze.url();
        let connection = format!(
            "[connections.braze]\nhostname = \"{host}\"\nsecret = \"{SECRET}\"\nagree_to_data_transfer = true\n\n{exports}"
        );
        self.world.put("config/exports.toml", connection);
    }

    /// Lets the object land and gives the only report.
    pub(crate) async fn deliver(&self, key: &str) -> Value {
        let answer = self.landed(key).await.unwrap_or_else(|error| panic!("{key}: {error}"));
        assert_eq!(answer["reports"].as_array().map(Vec::len), Some(1), "{key}: {answer}");
        answer["reports"][0].clone()
    }

    /// Lets the objects land with one event and gives the only report of each export.
    pub(crate) async fn deliver_all(&self, keys: &[String]) -> BTreeMap<String, Value> {
        let records: Vec<Value> =
            keys.iter().flat_map(|key| self.world.s3_event(key)["Records"].as_array().unwrap().clone()).collect();
        let event = json!({ "Records": records });
        let answer = self.handler.object_created(&event, budget()).await.unwrap();
        let reports = answer["reports"].as_array().unwrap();
        assert_eq!(reports.len(), keys.len(), "{answer}");
        reports.iter().map(|report| (report["export"].as_str().unwrap().to_owned(), report.clone())).collect()
    }

    /// Lets the object land and gives the answer, or the error as text.
    pub(crate) async fn landed(&self, key: &str) -> Result<Value, String> {
        let event = self.world.s3_event(key);
        self.handler.object_created(&event, budget()).await.map_err(|error| error.to_string())
    }

    pub(crate) async fn on_demand(&self, request: Value) -> Result<Value, String> {
        self.handler.on_demand(&request, budget()).await.map_err(|error| error.to_string())
    }

    pub(crate) async fn scheduled(&self) -> Result<Value, String> {
        self.handler.scheduled(&json!({}), budget()).await.map_err(|error| error.to_string())
    }

    pub(crate) async fn inspect(&self, request: Value) -> Value {
        let mut event = json!({ "action": "inspect" });
        event.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
        self.on_demand(event).await.unwrap()
    }

    /// What Braze knows of everyone: identifier (external id, else email) to all fields.
    pub(crate) fn people(&self) -> BTreeMap<String, Value> {
        let profiles = self.world.account.braze.profiles();
        profiles
            .into_iter()
            .map(|profile| {
                let name = profile.external_id.clone().or(profile.email.clone()).unwrap();
                let mut fields = serde_json::to_value(&profile.custom_attributes).unwrap();
                let all = fields.as_object_mut().unwrap();
                all.extend(profile.standard);
                all.extend(profile.email.map(|email| ("email".to_owned(), json!(email))));
                (name, fields)
            })
            .collect()
    }

    pub(crate) fn forget_people(&self) {
        self.world.account.braze.forget_profiles();
    }
}

fn budget() -> TimeBudget {
    TimeBudget::ending_in(TIMEOUT)
}

/// Compressed into so many gzip members, cut at any byte.
pub(crate) fn gzip(text: &[u8], members: usize) -> Vec<u8> {
    let size = text.len().div_ceil(members).max(1);
    let mut compressed = Vec::new();
    for piece in text.chunks(size) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(piece).unwrap();
        compressed.extend(encoder.finish().unwrap());
    }
    compressed
}
