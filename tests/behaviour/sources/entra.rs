//! An application of Microsoft Entra ID instead of a SAS: with its client secret, or trusting the role of the function. Azurite
//! takes its tokens over HTTPS; STS and Entra ID are served here, by their documented protocols.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, Response, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use itb::standin::http::{HttpServer, TlsIdentity};
use itb::standin::lambda::LambdaHost;
use reqwest::Url;
use serde_json::{Value, json};

use super::azurite::{Azurite, account_sas};
use super::{FOLDER, SAS_SECRET, configure_at, csv};
use crate::support::{Function, TIMEOUT, World, assert_silent};

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const CLIENT: &str = "6731de76-14a6-49ae-97bc-6eba6914391e";
const ROLE_TOKEN: &str = "canary-token-of-the-role";
const CONTAINER: &str = "by-application";
/// "Assign an Azure role for access to blob data": the audience of Azure Storage.
const STORAGE: &str = "https://storage.azure.com";

/// What came in, as the fields of forms.
type Forms = Arc<Mutex<Vec<Vec<(String, String)>>>>;

fn fields(body: &[u8]) -> Vec<(String, String)> {
    let query = std::str::from_utf8(body).unwrap();
    Url::parse(&format!("http://form.invalid/?{query}")).unwrap().query_pairs().into_owned().collect()
}

fn field<'f>(form: &'f [(String, String)], name: &str) -> &'f str {
    form.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
}

/// A token as Entra ID issues it. Azurite reads it, and does not check who signed it.
fn access_token() -> String {
    let now = jiff::Timestamp::now().as_second();
    let issuer = format!("https://sts.windows.net/{TENANT}/");
    let claims =
        json!({ "aud": STORAGE, "iss": issuer, "iat": now - 60, "nbf": now - 60, "exp": now + 3_600, "appid": CLIENT });
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", encode(json!({ "typ": "JWT", "alg": "RS256" })), encode(claims), "canary")
}

/// Entra ID, for one application with the secret `canary-secret` that trusts the role's token.
async fn entra(tls: &TlsIdentity, forms: Forms) -> HttpServer {
    let answer = move |request: Request<_>| {
        let forms = Arc::clone(&forms);
        async move {
            let path = request.uri().path().to_owned();
            let form = fields(&to_bytes(Body::new(request.into_body()), 100_000).await.unwrap());
            let known = path == format!("/{TENANT}/oauth2/v2.0/token")
                && field(&form, "client_id") == CLIENT
                && field(&form, "scope") == format!("{STORAGE}/.default")
                && field(&form, "grant_type") == "client_credentials";
            let assertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            let by_role =
                field(&form, "client_assertion") == ROLE_TOKEN && field(&form, "client_assertion_type") == assertion;
            let (status, answer) = if known && (by_role || field(&form, "client_secret") == "canary-secret") {
                (200, json!({ "token_type": "Bearer", "expires_in": 3_599, "access_token": access_token() }))
            } else {
                let code = if by_role { 700_213 } else { 7_000_215 };
                let text = format!("AADSTS{code}: canary");
                (
                    401,
                    json!({ "error": "invalid_client", "error_description": text, "error_codes": [code],
                              "timestamp": "2026-11-23 01:02:03Z", "trace_id": "t", "correlation_id": "c" }),
                )
            };
            forms.lock().unwrap().push(form);
            let response = Response::builder().status(status).header("content-type", "application/json");
            Ok(response.body(Body::from(answer.to_string())).unwrap())
        }
    };
    HttpServer::start(answer, Some(tls)).await.unwrap()
}

/// The Security Token Service ("AWS Security Token Service API Reference", `GetWebIdentityToken`). Gives its URL.
async fn sts(enabled: bool, forms: Forms) -> String {
    let answer = move |body: Bytes| async move {
        forms.lock().unwrap().push(fields(&body));
        if enabled {
            let result = format!(
                "<GetWebIdentityTokenResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                 <GetWebIdentityTokenResult><WebIdentityToken>{ROLE_TOKEN}</WebIdentityToken>\
                 <Expiration>2099-01-01T00:00:00Z</Expiration></GetWebIdentityTokenResult>\
                 <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetWebIdentityTokenResponse>"
            );
            return (StatusCode::OK, result);
        }
        let refusal = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                       <Code>OutboundWebIdentityFederationDisabled</Code><Message>canary</Message></Error>\
                       <RequestId>r</RequestId></ErrorResponse>";
        (StatusCode::FORBIDDEN, refusal.to_owned())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await });
    format!("http://{address}")
}

/// Azure with an export in a container, and a function that trusts its certificate.
struct Cloud {
    world: World,
    azurite: Azurite,
    entra: HttpServer,
    asked_of_entra: Forms,
    certificate: PathBuf,
}

impl Cloud {
    async fn start() -> Self {
        let (world, tls) = (World::start().await, TlsIdentity::generate().unwrap());
        // Beside the buckets, in the folder that goes with the world.
        let folder = world.account.s3.folder().to_owned();
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, tls.certificate_pem()).unwrap();
        std::fs::write(&key, tls.private_key_pem()).unwrap();
        let (of_azurite, key) = (certificate.display().to_string(), key.display().to_string());
        let azurite = tokio::task::spawn_blocking(move || {
            Azurite::start(&["--oauth", "basic", "--cert", &of_azurite, "--key", &key])
        });
        let azurite = azurite.await.unwrap();
        let trusted = reqwest::Certificate::from_pem(tls.certificate_pem().as_bytes()).unwrap();
        let http = reqwest::Client::builder().tls_certs_merge([trusted]).build().unwrap();
        let container = format!("{}/{CONTAINER}", azurite.account_url());
        let put = async |url: String, content: String| {
            let request = http.put(url).header("x-ms-version", "2020-12-06").header("x-ms-blob-type", "BlockBlob");
            let answer = request.header("content-length", content.len()).body(content).send().await.unwrap();
            assert!(answer.status().is_success(), "{}", answer.status());
        };
        put(format!("{container}?restype=container&{}", account_sas()), String::new()).await;
        let blob = format!("{container}/{FOLDER}/A/2026/11/23/0102/A_1.csv");
        put(format!("{blob}?{}", account_sas()), csv(0..9)).await;
        let asked_of_entra = Forms::default();
        let entra = entra(&tls, Arc::clone(&asked_of_entra)).await;
        Self { world, azurite, entra, asked_of_entra, certificate }
    }

    /// The function after the secret was stored, with STS at `sts`.
    async fn host(&self, secret: &Value, sts: &str) -> LambdaHost {
        self.world.account.set_secret(SAS_SECRET, secret.to_string());
        configure_at(&self.world, &self.azurite.account_url(), CONTAINER);
        let mut function = self.world.account.function(Function::OnDemand.binary());
        let certificate = self.certificate.display().to_string();
        let further = [
            ("AZURE_AUTHORITY_HOST", self.entra.url()),
            ("SSL_CERT_FILE", certificate),
            ("AWS_ENDPOINT_URL_STS", sts.to_owned()),
        ];
        function.environment.extend(further.map(|(name, value)| (name.to_owned(), value)));
        LambdaHost::start(function).await.unwrap()
    }

    /// What a fetch reports, and nothing secret anywhere.
    async fn fetched(&self, secret: &Value, sts: &str) -> Value {
        let host = self.host(secret, sts).await;
        let answer = host.invoke(&json!({ "action": "fetch" }), TIMEOUT).await.unwrap();
        assert_silent(host.lines().lock().unwrap().iter());
        assert_silent([answer.to_string()]);
        let stored = self.world.account.list("state/.sources/");
        assert_silent(stored.iter().map(|object| self.world.get_text(&object.key)));
        answer["sources"][0].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_signs_in_with_its_client_secret() {
    let cloud = Cloud::start().await;
    let secret = json!({ "tenant_id": TENANT, "client_id": CLIENT, "client_secret": "canary-secret" });
    let report = cloud.fetched(&secret, "http://127.0.0.1:9").await;
    assert_eq!((&report["outcome"], &report["files"]["fetched"]), (&json!("fetched"), &json!(1)), "{report}");
    assert_eq!(cloud.asked_of_entra.lock().unwrap().len(), 1, "one token for list and file");
    let wrong = json!({ "tenant_id": TENANT, "client_id": CLIENT, "client_secret": "canary-other" });
    let report = cloud.fetched(&wrong, "http://127.0.0.1:9").await;
    assert_eq!(report["code"], "ITB-K13", "{report}");
    assert!(report["message"].as_str().unwrap().contains("(AADSTS7000215)"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_trusts_the_role_needs_no_secret() {
    let cloud = Cloud::start().await;
    let secret = json!({ "tenant_id": TENANT, "client_id": CLIENT });
    let asked = Forms::default();
    let report = cloud.fetched(&secret, &sts(true, Arc::clone(&asked)).await).await;
    assert_eq!((&report["outcome"], &report["files"]["fetched"]), (&json!("fetched"), &json!(1)), "{report}");
    assert_eq!(cloud.world.get_text("incoming/BlobExport/A/2026/11/23/0102/A_1.csv"), csv(0..9));
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1, "one token for a fetch");
    for (name, value) in [
        ("Action", "GetWebIdentityToken"),
        ("Audience.member.1", "api://AzureADTokenExchange"),
        ("SigningAlgorithm", "RS256"),
        ("DurationSeconds", "300"),
    ] {
        assert_eq!(field(&asked[0], name), value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_for_the_role_is_named() {
    let cloud = Cloud::start().await;
    let secret = json!({ "tenant_id": TENANT, "client_id": CLIENT });
    let report = cloud.fetched(&secret, &sts(false, Forms::default()).await).await;
    assert_eq!(report["code"], "ITB-K18", "{report}");
    assert!(report["message"].as_str().unwrap().contains("enable-outbound-web-identity-federation"), "{report}");
    // Entra ID does not know the role: its federated credential has another subject.
    let other = json!({ "tenant_id": TENANT, "client_id": "another-application" });
    let report = cloud.fetched(&other, &sts(true, Forms::default()).await).await;
    assert_eq!(report["code"], "ITB-K13", "{report}");
    assert!(report["message"].as_str().unwrap().contains("(AADSTS700213)"), "{report}");
}
