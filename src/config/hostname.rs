//! Allowed hosts: Braze's published REST endpoints, another host on request, or a mock on this machine.

use super::Hostname;
use super::mistakes::Refusal;
use super::shown::{alternatives, did_you_mean, nearest, quoted, shown};

/// Braze's instances and their REST hosts (Braze documentation, "API overview", table of REST endpoints).
pub const PUBLISHED_HOSTS: [(&str, &str); 15] = [
    ("US-01", "rest.iad-01.braze.com"),
    ("US-02", "rest.iad-02.braze.com"),
    ("US-03", "rest.iad-03.braze.com"),
    ("US-04", "rest.iad-04.braze.com"),
    ("US-05", "rest.iad-05.braze.com"),
    ("US-06", "rest.iad-06.braze.com"),
    ("US-07", "rest.iad-07.braze.com"),
    ("US-08", "rest.iad-08.braze.com"),
    ("US-10", "rest.us-10.braze.com"),
    ("EU-01", "rest.fra-01.braze.eu"),
    ("EU-02", "rest.fra-02.braze.eu"),
    ("AU-01", "rest.au-01.braze.com"),
    ("ID-01", "rest.id-01.braze.com"),
    ("JP-01", "rest.jp-01.braze.com"),
    ("KR-01", "rest.kr-01.braze.com"),
];

/// The hosts that plain HTTP may go to: this machine, where stand-ins for tests listen.
pub(super) const LOOPBACK_HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

impl Hostname {
    /// Reads a host as people paste it: in any case, with or without `https://` and trailing slashes.
    ///
    /// `allow_any_hostname` allows DNS names that Braze does not publish. IP addresses are never allowed, except this
    /// machine's own over plain HTTP, so that no configuration can reach an instance's metadata service.
    pub(super) fn parse(text: &str, allow_any_hostname: bool) -> Result<Self, Refusal> {
        if text.contains('@') {
            return Err(refuse("a user name or password in front of the host (not shown)"));
        }
        let lower = text.to_ascii_lowercase();
        let (scheme, rest) = match lower.split_once("://") {
            None => ("https", lower.as_str()),
            Some(("https", rest)) => ("https", rest),
            Some(("http", rest)) => ("http", rest),
            Some(_) => {
                return Err(refuse(format!("a scheme other than https in {}", quoted_or_words(text))));
            }
        };
        let authority = rest.trim_end_matches('/');
        if let Some(end) = authority.find(['/', '?', '#', '\\']) {
            let host = authority.get(..end).unwrap_or_default();
            let advice =
                published(host).or_else(|| suggestion(host)).map(|host| format!("write it as {}", quoted(host)));
            return Err(refuse(format!("a path after the host in {}", quoted_or_words(text))).advise(advice));
        }
        if authority.is_empty() {
            return Err(refuse(format!("no host in {}", quoted_or_words(text))));
        }
        let (host, port) =
            split_port(authority).ok_or_else(|| refuse(format!("an invalid port in {}", quoted_or_words(text))))?;
        if scheme == "http" { plain(host, authority) } else { encrypted(host, port, allow_any_hostname) }
    }
}

/// Plain HTTP, to this machine alone.
fn plain(host: &str, authority: &str) -> Result<Hostname, Refusal> {
    if LOOPBACK_HOSTS.contains(&host) {
        return Ok(Hostname { scheme: "http", authority: authority.to_owned() });
    }
    let allowed = format!("https, or plain http to {}", alternatives(&LOOPBACK_HOSTS));
    let advice = published(host).or_else(|| suggestion(host)).map(|host| format!("write it as {}", quoted(host)));
    Err(Refusal::new(format!("plain http to another machine in {}", quoted_or_words(authority)), allowed)
        .advise(advice))
}

fn encrypted(host: &str, port: Option<u16>, allow_any_hostname: bool) -> Result<Hostname, Refusal> {
    const HTTPS_PORT: u16 = 443;
    let port = port.filter(|port| *port != HTTPS_PORT);
    let authority = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    if LOOPBACK_HOSTS.contains(&host) {
        let advice = format!("for a mock server on this machine, write {}", quoted(&format!("http://{authority}")));
        return Err(refuse(shown(&authority)).advise(Some(advice)));
    }
    if let Some(purpose) = other_braze_service(host) {
        let advice = suggestion(host).map(|host| format!("the REST host of the same instance is {}", quoted(host)));
        return Err(refuse(format!("{}, {purpose}", shown(host))).advise(advice));
    }
    if published(host).is_some() && port.is_none() {
        return Ok(Hostname { scheme: "https", authority });
    }
    if !is_dns_name(host) {
        let found = if is_address(host) { format!("an address, {}", quoted_or_words(host)) } else { shown(host) };
        return Err(refuse(found).advise(did_you_mean(host, PUBLISHED_HOSTS.map(|(_, host)| host))));
    }
    if allow_any_hostname {
        return Ok(Hostname { scheme: "https", authority });
    }
    let advice = published(host).or_else(|| suggestion(host)).map(|host| format!("did you mean {}?", quoted(host)));
    Err(refuse(shown(&authority)).advise(advice))
}

fn refuse(found: impl Into<String>) -> Refusal {
    let hosts = PUBLISHED_HOSTS.map(|(_, host)| host);
    let allowed = format!(
        "a REST host of Braze ({}), or with allow_any_hostname = true the DNS name of another host",
        hosts.join(", ")
    );
    Refusal::new(found, allowed)
}

/// The text in quotes, or other words where it may be a key.
fn quoted_or_words(text: &str) -> String {
    let words = shown(text);
    words.strip_prefix("the text ").map_or_else(|| words.clone(), str::to_owned)
}

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let host_end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at_checked(host_end)?;
    if rest.is_empty() {
        return Some((host, None));
    }
    let digits = rest.strip_prefix(':')?;
    let port = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    port.filter(|port| *port != 0).map(|port| (host, Some(port)))
}

fn published(host: &str) -> Option<&'static str> {
    PUBLISHED_HOSTS.into_iter().map(|(_, published)| published).find(|published| *published == host)
}

/// What a host of Braze that is no REST endpoint is for.
fn other_braze_service(host: &str) -> Option<&'static str> {
    if !(host.ends_with(".braze.com") || host.ends_with(".braze.eu")) {
        None
    } else if host.starts_with("sdk.") {
        Some("an endpoint for Braze's SDKs")
    } else if host.starts_with("dashboard") {
        Some("Braze's dashboard")
    } else {
        None
    }
}

/// The published host that was probably meant: of the same instance, with the other domain, or spelled nearly the same.
fn suggestion(host: &str) -> Option<&'static str> {
    let dashboard = |rest: &str| {
        let (number, domain) = rest.split_once('.')?;
        let site = if domain == "braze.eu" { "fra" } else { "iad" };
        published(&format!("rest.{site}-{number}.{domain}"))
    };
    host.strip_prefix("dashboard-")
        .and_then(dashboard)
        .or_else(|| {
            let instance = host.strip_prefix("sdk.").or_else(|| host.strip_prefix("dashboard.")).unwrap_or(host);
            published(&format!("rest.{instance}"))
        })
        .or_else(|| {
            let same_instance = |published: &&str| {
                host.rsplit_once(".braze.")
                    .is_some_and(|(instance, _)| published.starts_with(&format!("{instance}.braze.")))
            };
            PUBLISHED_HOSTS.into_iter().map(|(_, host)| host).find(same_instance)
        })
        .or_else(|| nearest(host, PUBLISHED_HOSTS.map(|(_, host)| host)))
}

/// At least two labels of letters, digits and inner hyphens (RFC 1123), the last one of letters or Punycode, so that no
/// spelling of an IPv4 address passes; nothing below `localhost`.
fn is_dns_name(host: &str) -> bool {
    const LONGEST_NAME: usize = 253;
    const LONGEST_LABEL: usize = 63;
    let label_is_right = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, last)) = host.rsplit_once('.') else {
        return false;
    };
    let last_is_right = last.starts_with("xn--") || last.bytes().all(|byte| byte.is_ascii_alphabetic());
    host.len() <= LONGEST_NAME && last_is_right && last != "localhost" && host.split('.').all(label_is_right)
}

fn is_address(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    host.starts_with('[') || last.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
}
