//! `[connections.NAME]`

use super::{file, mistake, mistakes, refused, right};
use crate::names::SecretName;

const SECRET: &str = "the name or the ARN of a secret in AWS Secrets Manager, such as \"insights-to-braze/braze-eu\"";

#[test]
fn what_is_left_out_has_the_documented_default() {
    let config = right(&file("", ""));
    let connection = config.connections.get("eu").unwrap();
    assert_eq!(connection.display_name, "eu");
    assert!(!connection.agree_to_data_transfer, "no consent is not a mistake, but no consent either");
    assert_eq!(connection.requests_per_second.get(), 1000);
    assert_eq!(connection.requests_per_hour, None);
    assert_eq!(connection.objects_per_request, 75);
}

#[test]
fn what_is_set_is_taken() {
    let connection = |line: &str| right(&file(line, "")).connections.get("eu").unwrap().as_ref().clone();
    assert_eq!(connection("display_name = \"Braze „EU“ 🇪🇺\"").display_name, "Braze „EU“ 🇪🇺");
    assert!(connection("agree_to_data_transfer = true").agree_to_data_transfer);
    assert_eq!(connection("requests_per_second = 1").requests_per_second.get(), 1);
    assert_eq!(connection("requests_per_hour = 250_000").requests_per_hour.unwrap().get(), 250_000);
    assert_eq!(connection("objects_per_request = 0x32").objects_per_request, 50);
}

#[test]
fn numbers_out_of_range_are_refused() {
    let objects = "a whole number from 1 to 75";
    for found in ["0", "76", "-1", "99999999999999999999"] {
        let text = file(&format!("objects_per_request = {found}"), "");
        refused(&text, "connections.eu", "objects_per_request", found, objects);
    }
    for (key, most) in [("requests_per_second", 1_000_000_u64), ("requests_per_hour", 3_600_000_000)] {
        let allowed = format!("a whole number from 1 to {most}");
        for found in ["0".to_owned(), (most + 1).to_string(), "1.5".to_owned()] {
            refused(&file(&format!("{key} = {found}"), ""), "connections.eu", key, &found, &allowed);
        }
        right(&file(&format!("{key} = {most}"), ""));
    }
}

#[test]
fn a_wrong_type_says_what_was_found() {
    let key = "agree_to_data_transfer";
    refused(&file(&format!("{key} = \"yes\""), ""), "connections.eu", key, "the text \"yes\"", "true or false");
    let quoted = mistake(&file(&format!("{key} = \"true\""), ""));
    assert_eq!(quoted.advice.unwrap(), "write it without quotes: true");
}

#[test]
fn a_wrong_allow_any_hostname_is_one_mistake() {
    let text = file("allow_any_hostname = 1\nhostname = \"braze-proxy.example.com\"", "")
        .replace("hostname = \"rest.fra-01.braze.eu\"\n", "");
    refused(&text, "connections.eu", "allow_any_hostname", "1", "true or false");
}

#[test]
fn names_and_arns_of_secrets_are_accepted() {
    for secret in [
        "braze",
        "insights-to-braze/production/braze-eu-01-key_2026+a@b.c=d",
        "team/3f2a91c0-77de-4b0e-9d55-0c1de2f3a4b5",
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:insights-to-braze/braze-eu-AbCdEf",
        "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:braze-AbCdEf",
    ] {
        let config = right(&file(&format!("secret = \"{secret}\""), ""));
        assert_eq!(config.connections.get("eu").unwrap().secret, SecretName::Named(secret.into()));
    }
    let without = file("secret =", "").replace("secret =\n", "");
    assert_eq!(right(&without).connections.get("eu").unwrap().secret, SecretName::OfStack);
}

#[test]
fn a_key_in_place_of_the_secret_is_refused_and_never_repeated() {
    let key = "3f2a91c0-77de-4b0e-9d55-0c1de2f3a4b5";
    let itself = "a text that looks like the API key itself (not shown)";
    for (secret, found) in [
        (key.to_owned(), itself),
        (key.to_uppercase(), itself),
        (format!("  {{{key}}} "), itself),
        (format!("Bearer {key}"), itself),
        (key.replace('-', ""), itself),
        (format!("{{\\\"api_key\\\": \\\"{key}\\\"}}"), "the content of a secret (not shown)"),
        (format!("the key is {key}"), "a text that no secret can have as its name (not shown)"),
        (
            format!("arn:aws:ssm:eu-central-1:123456789012:parameter/{key}"),
            "an ARN of something else than a secret (not shown)",
        ),
        (format!("arn:aws:secretsmanager:eu-central-1::secret:{key}"), "an incomplete ARN (not shown)"),
    ] {
        let text = file(&format!("secret = \"{secret}\""), "");
        let mistake = refused(&text, "connections.eu", "secret", found, SECRET);
        let all = format!("{mistake} {mistake:?}").to_lowercase().replace('-', "");
        assert!(!all.contains(&key[..8]), "{all}");
    }
}

#[test]
fn a_key_in_the_wrong_place_is_not_shown_either() {
    let key = "3f2a91c0-77de-4b0e-9d55-0c1de2f3a4b5";
    for line in [
        format!("api_key = \"{key}\""),
        format!("\"{key}\" = true"),
        format!("hostname = \"{key}\""),
        format!("hostname = \"https://user:{key}@rest.fra-01.braze.eu\""),
        format!("hostname = \"https://rest.fra-01.braze.eu/users/track?key={key}\""),
        format!("hostname = \"ftp://{key}\""),
        format!("hostname = \"rest.fra-01.braze.eu:{key}\""),
        format!("agree_to_data_transfer = \"{key}\""),
        format!("requests_per_second = \"{key}\""),
        format!("allow_any_hostname = [\"{key}\"]"),
    ] {
        let found = mistakes(&file(&line, ""));
        assert!(!found.is_empty());
        let all = format!("{found:?}");
        assert!(!all.contains("3f2a91c0") && !all.contains("0c1de2f3a4b5"), "{all}");
    }
    let export = mistakes(
        &file("", &format!("schedule = \"{key}\"\nconnection = \"{key}\"\nsegments = [\"{key}\", \"{key}\"]"))
            .replace("connection = \"eu\"\n", ""),
    );
    assert_eq!(export.len(), 3);
    assert!(!format!("{export:?}").contains("3f2a91c0"), "{export:?}");
}

#[test]
fn an_api_key_in_the_file_is_refused_with_where_it_belongs() {
    let mistake = mistake(&file("api_key = \"x\"", ""));
    assert_eq!((mistake.found.as_str(), mistake.key.as_str()), ("an unknown key", "api_key"));
    assert_eq!(mistake.advice.unwrap(), "store the API key in AWS Secrets Manager, and set secret to its name");
}

#[test]
fn missing_and_empty_keys_are_mistakes_of_their_own() {
    let missing = refused(
        &file("hostname =", "").replace("hostname =\n", ""),
        "connections.eu",
        "hostname",
        "nothing, the key is missing",
        "a REST host of Braze such as \"rest.fra-01.braze.eu\"",
    );
    assert_eq!(missing.line, 1, "the line of the table");
    refused(&file("secret = \"\"", ""), "connections.eu", "secret", "an empty text", SECRET);
    refused(
        &file("display_name = \" \"", ""),
        "connections.eu",
        "display_name",
        "the text \" \"",
        "a text that is not empty",
    );
}
