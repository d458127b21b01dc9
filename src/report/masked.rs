//! Values of people, shown so that nobody learns them: by their first letter.

/// Shorter values are not even shown by their first letter: it could be most of the value.
const LEAST_SHOWN: usize = 4;

/// A value without what it says: `Ann•••` is never shown, `A•••` is, and of a short one nothing.
pub fn masked(value: &str) -> String {
    match value.chars().next() {
        None => String::new(),
        Some(first) if value.chars().count() >= LEAST_SHOWN && !first.is_control() => format!("{first}•••"),
        Some(_) => "•••".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn no_value_is_shown_whole() {
        for (value, shown) in [
            ("", ""),
            ("M", "•••"),
            ("7", "•••"),
            ("Ann", "•••"),
            ("Anna", "A•••"),
            ("海斗さん山", "海•••"),
            ("\u{1}abc", "•••"),
        ] {
            assert_eq!(masked(value), shown, "{value:?}");
        }
    }
}
