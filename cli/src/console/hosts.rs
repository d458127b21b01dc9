//! The REST endpoint that people mean: chosen, typed, or the address of a dashboard pasted.

use insights_to_braze::config::PUBLISHED_HOSTS;

/// The host for a text: one that Braze publishes, that of the same instance for a dashboard's address, or a mock on this
/// machine.
pub(crate) fn meant(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    let is_mock = ["http://127.0.0.1:", "http://localhost:"].iter().any(|start| lower.starts_with(start));
    let rest = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if is_mock {
        return Some(format!("http://{host}"));
    }
    published(host)
        .or_else(|| {
            let (number, domain) = host.strip_prefix("dashboard-")?.split_once('.')?;
            let site = if domain == "braze.eu" { "fra" } else { "iad" };
            published(&format!("rest.{site}-{number}.{domain}"))
        })
        .or_else(|| {
            published(&format!("rest.{}", host.strip_prefix("dashboard.").or_else(|| host.strip_prefix("sdk."))?))
        })
}

fn published(host: &str) -> Option<String> {
    PUBLISHED_HOSTS.iter().find(|(_, published)| *published == host).map(|(_, host)| (*host).to_owned())
}

/// The instance that a published host belongs to.
pub(crate) fn instance(host: &str) -> Option<&'static str> {
    PUBLISHED_HOSTS.iter().find(|(_, published)| *published == host).map(|(instance, _)| *instance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashboard_leads_to_the_endpoint_of_its_instance() {
        let cases = [
            ("rest.jp-01.braze.com", Some("rest.jp-01.braze.com")),
            (" https://REST.fra-01.braze.eu/ ", Some("rest.fra-01.braze.eu")),
            ("https://dashboard-03.braze.com/app_settings/x?y", Some("rest.iad-03.braze.com")),
            ("dashboard-01.braze.eu", Some("rest.fra-01.braze.eu")),
            ("https://dashboard.jp-01.braze.com/", Some("rest.jp-01.braze.com")),
            ("http://127.0.0.1:4000/", Some("http://127.0.0.1:4000")),
            ("https://example.com", None),
            ("", None),
        ];
        for (text, host) in cases {
            assert_eq!(meant(text).as_deref(), host, "{text}");
        }
        assert_eq!((instance("rest.jp-01.braze.com"), instance("x")), (Some("JP-01"), None));
    }
}
