//! Which texts Braze takes for an email address.
//!
//! The rules are those of Braze's page "Email validation". Where its list of characters and its regular expressions
//! disagree, a character in the middle of the local part is allowed when either allows it; the ends, the domain and
//! white space follow the stricter reading, because Braze refuses the whole object for a bad email.

use super::fits_attribute;

/// Characters of the local part. Braze publishes no limit; this is SMTP's (RFC 5321, section 4.5.3.1.1).
const LOCAL_MAX_CHARACTERS: usize = 64;
/// Bytes of the domain (RFC 5321, section 4.5.3.1.2).
const DOMAIN_MAX_BYTES: usize = 255;
/// Bytes of one label of the domain.
const LABEL_MAX_BYTES: usize = 63;

/// Whether Braze would take `text`, which has no white space around it, for an email address.
///
/// Two rules are not checked: that the top-level domain is in IANA's list, which grows, and that the address exists.
pub(crate) fn is_address(text: &str) -> bool {
    // Cells are short: comparing bytes one by one is quicker here than a searcher that has to be set up.
    let at = text.bytes().position(|byte| byte == b'@');
    at.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?))).is_some_and(|(local, domain)| {
        fits_attribute(text)
            && is_domain(domain)
            && is_local_part(local)
            && (is_microsoft_local_part(local) || !is_microsoft_domain(domain))
            && (local.chars().nth(1).is_some() || !is_gmail_domain(domain))
    })
}

fn is_local_part(local: &str) -> bool {
    let middle = |c: char| is_word(c) || matches!(c, '.' | '+' | '\'' | '&' | '#' | '/' | '=' | '`' | '|');
    local.starts_with(is_word)
        && local.ends_with(is_word)
        && (local.len() <= LOCAL_MAX_CHARACTERS || local.chars().count() <= LOCAL_MAX_CHARACTERS)
        && local.chars().all(middle)
}

/// Letters and digits of any script, the underscore and the hyphen.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || (!c.is_ascii() && c.is_alphanumeric())
}

/// What stands before the first plus sign: words of ASCII letters, digits, underscore and hyphen between single dots.
fn is_microsoft_local_part(local: &str) -> bool {
    let name = local.as_bytes().split(|&byte| byte == b'+').next().unwrap_or_default();
    name.first() != Some(&b'-')
        && name
            .split(|&byte| byte == b'.')
            .all(|part| !part.is_empty() && part.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')))
}

/// Domains that hold one of Microsoft's words have a stricter local part.
fn is_microsoft_domain(domain: &str) -> bool {
    let domain = domain.as_bytes();
    domain.iter().enumerate().any(|(at, byte)| {
        let word: &[u8] = match byte.to_ascii_lowercase() {
            b'm' => b"msn",
            b'h' => b"hotmail",
            b'o' => b"outlook",
            b'l' => b"live",
            _ => return false,
        };
        domain.get(at..at + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word))
    })
}

fn is_gmail_domain(domain: &str) -> bool {
    domain.eq_ignore_ascii_case("gmail.com") || domain.eq_ignore_ascii_case("googlemail.com")
}

/// Two labels or more of ASCII letters, digits and inner hyphens. The last is alphabetic or Punycode, so that a
/// number, and with it an IPv4 address, is none.
fn is_domain(domain: &str) -> bool {
    let mut labels = domain.as_bytes().split(|&byte| byte == b'.');
    domain.len() <= DOMAIN_MAX_BYTES
        && labels.next_back().is_some_and(|last| is_label(last) && is_top_level_domain(last))
        && labels.next().is_some_and(is_label)
        && labels.all(is_label)
}

fn is_label(label: &[u8]) -> bool {
    label.len() <= LABEL_MAX_BYTES
        && label.first().is_some_and(u8::is_ascii_alphanumeric)
        && label.last().is_some_and(u8::is_ascii_alphanumeric)
        && label.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_top_level_domain(label: &[u8]) -> bool {
    let punycode = label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"xn--"));
    punycode || (label.len() >= 2 && label.iter().all(u8::is_ascii_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses() {
        let longest_local = format!("{}@example.com", "a".repeat(64));
        let longest_label = format!("a@{}.com", "b".repeat(63));
        for text in [
            "anna.schmidt@example.de",
            "ANNA@EXAMPLE.COM",
            "o'neil@example.ie",
            "a+tag@example.com",
            "a&b@example.com",
            "a#b/c@example.com",
            "_anna_@example.com",
            "-anna-@example.com",
            "double..dot@docomo.example.jp",
            "田中@example.jp",
            "müller@xn--mller-kva.de",
            "a@example.xn--p1ai",
            "1@2.co",
            "a@b-c.d-e.museum",
            "anna.b-c_1+shop@hotmail.co.uk",
            "ab@gmail.com",
            &longest_local,
            &longest_label,
        ] {
            assert!(is_address(text), "{text:?}");
        }
    }

    #[test]
    fn what_braze_refuses() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        let long_domain = format!("a@{}com", "abc.".repeat(64));
        for text in [
            "",
            "@",
            "anna",
            "anna@",
            "@example.com",
            "anna@example",
            "anna@@example.com",
            "anna@b@example.com",
            "anna schmidt@example.com",
            "anna@exam ple.com",
            "anna\u{a0}@example.com",
            "anna@example.com\u{200b}",
            "anna@example.com\u{0}",
            ".anna@example.com",
            "anna.@example.com",
            "'anna@example.com",
            "anna'@example.com",
            "+anna@example.com",
            "an*na@example.com",
            "an?na@example.com",
            "an!na@example.com",
            "an$na@example.com",
            "an%na@example.com",
            "an(na)@example.com",
            "an,na@example.com",
            "an~na@example.com",
            "\"anna\"@example.com",
            "Anna <anna@example.com>",
            "mailto:anna@example.com",
            "anna@192.168.0.1",
            "anna@[192.168.0.1]",
            "anna@example.123",
            "anna@example.c",
            "anna@.example.com",
            "anna@example..com",
            "anna@example.com.",
            "anna@-example.com",
            "anna@example-.com",
            "anna@exa_mple.com",
            "anna@bücher.de",
            "a@gmail.com",
            "é@gmail.com",
            "o'neil@hotmail.com",
            "a..b@outlook.com",
            "田中@live.jp",
            &long_local,
            &long_label,
            &long_domain,
        ] {
            assert!(!is_address(text), "{text:?}");
        }
    }
}
