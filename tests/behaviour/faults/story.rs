//! An account in which one thing happens after the other.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use itb::standin::lambda::LambdaHost;
use serde_json::{Value, json};

use crate::support::{Function, SECRET, TIMEOUT, World};

/// An account, and a function of each kind that stays warm.
pub(crate) struct Story {
    pub(crate) world: World,
    scheduled: LambdaHost,
    on_demand: LambdaHost,
    landed: LambdaHost,
}

/// The file that has these people, as `c0`, `c1` and so on, with an address each.
pub(crate) fn people(numbers: Range<u32>) -> String {
    rows(numbers, |number| format!("c{number},p{number}@example.com,\"海斗 🎉, {number}\""))
}

pub(crate) fn rows(numbers: Range<u32>, row: impl Fn(u32) -> String) -> String {
    let mut text = "LoyaltyId,EMail,FirstName\r\n".to_owned();
    for number in numbers {
        write!(text, "{}\r\n", row(number)).unwrap();
    }
    text
}

/// The key of a part of a run that has dated folders.
pub(crate) fn file(export: &str, segment: &str, day: u32, part: u32) -> String {
    format!("incoming/{export}/{segment}/2026/11/{day:02}/0102/{segment}_{part}.csv")
}

/// An export with a folder of its own; `further` are lines of its table, `tables` what follows it.
pub(crate) fn export(name: &str, further: &str, tables: &str) -> String {
    format!(
        "[exports.{name}]\nconnection = \"braze\"\nfolder = \"incoming/{name}\"\nsettle_minutes = 0\nmax_leavers = 1.0\n{further}\n\n\
         [exports.{name}.data_matching]\ncustomer_id = \"LoyaltyId\"\nemail = \"EMail\"\n\n{tables}\n\n"
    )
}

pub(crate) fn names(export: &str, names: &str) -> String {
    format!("[exports.{export}.attribute_names]\n{names}\n")
}

impl Story {
    pub(crate) async fn begin() -> Self {
        let world = World::start().await;
        let scheduled = world.host(Function::Scheduled).await;
        let on_demand = world.host(Function::OnDemand).await;
        let landed = world.host(Function::ObjectCreated).await;
        Self { world, scheduled, on_demand, landed }
    }

    /// One connection, `braze`, and these exports.
    pub(crate) fn configure(&self, exports: &str) {
        self.configure_connections(&self.connection("braze", SECRET, ""), exports);
    }

    pub(crate) fn configure_connections(&self, connections: &str, exports: &str) {
        self.world.put("config/exports.toml", format!("{connections}\n{exports}"));
    }

    pub(crate) fn connection(&self, name: &str, secret: &str, further: &str) -> String {
        let host = self.world.account.braze.url();
        format!(
            "[connections.{name}]\nhostname = \"{host}\"\nsecret = \"{secret}\"\nagree_to_data_transfer = true\n{further}\n"
        )
    }

    pub(crate) fn put(&self, key: &str, text: impl AsRef<[u8]>) {
        self.world.put(key, text);
    }

    /// What the schedule answers; its reports, or why it failed.
    pub(crate) async fn schedule(&self) -> Result<Vec<Value>, String> {
        let answer = self.scheduled.invoke(&json!({}), TIMEOUT).await.map_err(|error| error.message)?;
        Ok(answer["reports"].as_array().unwrap().clone())
    }

    /// The same where it has to succeed.
    pub(crate) async fn pass(&self) -> Vec<Value> {
        self.schedule().await.unwrap()
    }

    pub(crate) async fn lands(&self, key: &str) -> Result<Value, String> {
        self.landed.invoke(&self.world.s3_event(key), TIMEOUT).await.map_err(|error| error.message)
    }

    pub(crate) async fn ask(&self, event: Value) -> Result<Value, String> {
        self.on_demand.invoke(&event, TIMEOUT).await.map_err(|error| error.message)
    }

    /// The numbers of those whose attribute is `true`.
    pub(crate) fn marked(&self, attribute: &str) -> BTreeSet<u32> {
        self.with(attribute, &json!(true))
    }

    pub(crate) fn with(&self, attribute: &str, value: &Value) -> BTreeSet<u32> {
        let profiles = self.world.account.braze.profiles();
        let of_value = profiles.iter().filter(|profile| profile.custom_attributes.get(attribute) == Some(value));
        of_value
            .map(|profile| {
                let id = profile.external_id.as_ref().map(|id| id.trim_start_matches(char::is_alphabetic).to_owned());
                let email =
                    || profile.email.as_ref().unwrap().trim_start_matches('p').split('@').next().unwrap().to_owned();
                id.unwrap_or_else(email).parse().unwrap()
            })
            .collect()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.world.account.braze.counters().requests
    }
}

pub(crate) fn set(numbers: Range<u32>) -> BTreeSet<u32> {
    numbers.collect()
}

pub(crate) fn outcomes(reports: &[Value]) -> Vec<&str> {
    reports.iter().map(|report| report["outcome"].as_str().unwrap()).collect()
}
