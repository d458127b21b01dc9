//! Look-ups in a table of text: one entry a line, in the order of their bytes.

/// The entry whose first column is `key`, without that column and the tab behind it.
pub(super) fn find<'t>(table: &'t str, key: &str) -> Option<&'t str> {
    let mut rest = table;
    while !rest.is_empty() {
        let middle = rest.as_bytes()[..rest.len() / 2].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let (before, from) = rest.split_at(middle);
        let (line, after) = from.split_once('\n').unwrap_or((from, ""));
        let (found, value) = line.split_once('\t').unwrap_or((line, line));
        match key.as_bytes().cmp(found.as_bytes()) {
            std::cmp::Ordering::Equal => return Some(value),
            std::cmp::Ordering::Less => rest = before,
            std::cmp::Ordering::Greater => rest = after,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn every_entry_is_found_and_nothing_else() {
        let table = "a\t1\nbb\t2\nc\t3\nd\t4\nééé\t5\n";
        for (key, value) in [("a", "1"), ("bb", "2"), ("c", "3"), ("d", "4"), ("ééé", "5")] {
            assert_eq!(find(table, key), Some(value));
        }
        for key in ["", "b", "bbb", "é", "z", "語"] {
            assert_eq!(find(table, key), None);
        }
        assert_eq!(find("only\n", "only"), Some("only"));
        assert_eq!(find("", ""), None);
    }
}
