//! Where a connection may point.

use super::super::{Hostname, PUBLISHED_HOSTS};
use super::{file, mistake, right};

fn parsed(text: &str, allow_any_hostname: bool) -> Result<String, (String, Option<String>)> {
    Hostname::parse(text, allow_any_hostname)
        .map(|hostname| hostname.url("/users/track"))
        .map_err(|refusal| (refusal.found, refusal.advice))
}

#[test]
fn every_published_host_is_accepted_as_people_paste_it() {
    for (_, host) in PUBLISHED_HOSTS {
        let expected = format!("https://{host}/users/track");
        let pasted = [
            host.to_owned(),
            format!("https://{host}"),
            format!("https://{host}/"),
            format!("HTTPS://{}//", host.to_uppercase()),
            format!("{host}:443"),
        ];
        for text in pasted {
            assert_eq!(parsed(&text, false).as_deref(), Ok(expected.as_str()), "{text}");
        }
    }
}

#[test]
fn plain_http_reaches_this_machine_alone() {
    for host in ["127.0.0.1:8080", "localhost", "localhost:1", "[::1]:65535", "[::1]"] {
        assert_eq!(parsed(&format!("http://{host}/"), false), Ok(format!("http://{host}/users/track")));
    }
    for host in [
        "rest.fra-01.braze.eu",
        "127.0.0.2",
        "0.0.0.0",
        "169.254.169.254",
        "localhost.example.com",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "127.0.0.1.nip.io",
    ] {
        for allow_any_hostname in [false, true] {
            let (found, _) = parsed(&format!("http://{host}"), allow_any_hostname).unwrap_err();
            assert_eq!(found, format!("plain http to another machine in \"{host}\""));
        }
    }
}

#[test]
fn another_host_needs_allow_any_hostname() {
    for host in ["braze-proxy.example.com", "rest.iad-09.braze.com", "xn--bcher-kva.example", "braze.example.com:8443"]
    {
        assert!(parsed(host, false).is_err(), "{host}");
        assert_eq!(parsed(host, true), Ok(format!("https://{host}/users/track")));
    }
    assert!(parsed("rest.fra-01.braze.eu:8443", false).is_err());
    let config = right(&file("hostname = \"https://braze-proxy.example.com/\"\nallow_any_hostname = true", ""));
    assert_eq!(config.connections.get("eu").unwrap().hostname.authority(), "braze-proxy.example.com");
}

#[test]
fn no_spelling_of_an_address_passes() {
    for host in [
        "169.254.169.254",
        "169.254.169.254:443",
        "[fd00:ec2::254]",
        "[::1]",
        "127.0.0.1:8443",
        "localhost",
        "metadata",
        "2852039166",
        "0xa9fea9fe",
        "169.254.43518",
        "0251.0376.0251.0376",
        "1.2.3.0x4",
        "braze.localhost",
        "host_name.example.com",
        "-a.example.com",
        "a..example.com",
        "example.com.",
        "例え.テスト",
        "a b.example.com",
        "",
        "https://",
        "///",
        "[::1",
        "example.com:0",
        "example.com:65536",
        "example.com:+80",
    ] {
        assert!(parsed(host, true).is_err(), "{host}");
        assert!(parsed(host, false).is_err(), "{host}");
    }
}

#[test]
fn only_scheme_host_and_port_may_be_there() {
    for text in [
        "https://rest.fra-01.braze.eu/users/track",
        "rest.fra-01.braze.eu?x=1",
        "rest.fra-01.braze.eu#x",
        "rest.fra-01.braze.eu\\x",
    ] {
        let (found, advice) = parsed(text, true).unwrap_err();
        assert!(found.starts_with("a path after the host in "), "{found}");
        assert_eq!(advice.as_deref(), Some("write it as \"rest.fra-01.braze.eu\""));
    }
    assert!(parsed("ftp://rest.fra-01.braze.eu", true).unwrap_err().0.starts_with("a scheme other than https"));
    assert_eq!(
        parsed("user:pass@rest.fra-01.braze.eu", true).unwrap_err().0,
        "a user name or password in front of the host (not shown)"
    );
}

#[test]
fn the_likely_host_is_named() {
    for (text, likely) in [
        ("sdk.iad-03.braze.com", "rest.iad-03.braze.com"),
        ("sdk.fra-02.braze.eu", "rest.fra-02.braze.eu"),
        ("https://dashboard-05.braze.com/", "rest.iad-05.braze.com"),
        ("dashboard-01.braze.eu", "rest.fra-01.braze.eu"),
        ("dashboard.us-10.braze.com", "rest.us-10.braze.com"),
        ("rest.fra-01.braze.com", "rest.fra-01.braze.eu"),
        ("fra-01.braze.eu", "rest.fra-01.braze.eu"),
        ("rset.jp-01.braze.com", "rest.jp-01.braze.com"),
    ] {
        let (_, advice) = parsed(text, false).unwrap_err();
        assert!(
            advice.as_deref().is_some_and(|advice| advice.contains(&format!("\"{likely}\""))),
            "{text}: {advice:?}"
        );
    }
    let (_, advice) = parsed("127.0.0.1:9999", false).unwrap_err();
    assert_eq!(advice.as_deref(), Some("for a mock server on this machine, write \"http://127.0.0.1:9999\""));
    assert_eq!(parsed("api.example.com", false).unwrap_err().1, None);
}

#[test]
fn hosts_of_other_braze_services_are_refused_in_any_case() {
    for host in ["sdk.iad-03.braze.com", "dashboard-05.braze.com"] {
        assert!(parsed(host, true).is_err(), "{host}");
    }
}

#[test]
fn a_refused_host_lists_those_that_are_allowed() {
    let mistake = mistake(&file("hostname = \"api.example.com\"", ""));
    assert_eq!((mistake.table.as_str(), mistake.key.as_str(), mistake.line), ("connections.eu", "hostname", 2));
    assert_eq!(mistake.found, "the text \"api.example.com\"");
    for (_, host) in PUBLISHED_HOSTS {
        assert!(mistake.allowed.contains(host));
    }
    assert!(mistake.allowed.contains("allow_any_hostname = true"));
}
