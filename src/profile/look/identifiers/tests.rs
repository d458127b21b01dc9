//! Tables of files and what is doubtful about them.

#![allow(clippy::unwrap_used)]

use super::super::super::tests::{HEADER, export, names, try_matcher};
use super::super::FirstLook;
use super::{Doubt, DoubtfulIdentifiers};

fn look_at(columns: &[&str], rows: &[Vec<String>]) -> FirstLook {
    let matcher = try_matcher(&export(vec![]), columns).unwrap();
    let mut look = FirstLook::new(&matcher, &names(columns), false);
    for row in rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        look.see(&matcher, cells.as_slice());
    }
    look
}

fn rows(count: usize, row: impl Fn(usize) -> [String; 2]) -> Vec<Vec<String>> {
    (0..count).map(|number| row(number).to_vec()).collect()
}

fn found(look: &FirstLook) -> Vec<(Doubt, u64)> {
    look.identifiers().findings.iter().map(|finding| (finding.doubt, finding.rows)).collect()
}

fn held(doubts: &DoubtfulIdentifiers, first: bool) -> Option<u64> {
    doubts.reason_to_hold(first, None).map(|(_, rows)| rows)
}

#[test]
fn ordinary_identifiers_are_not_doubtful() {
    for id in ["C-{}", "{}@members.example", "会員{}", "7f{}a0"] {
        let look = look_at(&HEADER, &rows(50, |n| [id.replace("{}", &format!("{n:04}")), format!("p{n}@example.com")]));
        let expected: &[(Doubt, u64)] = if id.contains('@') { &[(Doubt::EmailsAsCustomerIds, 50)] } else { &[] };
        assert_eq!(found(&look), expected, "{id}");
    }
    // One customer on several rows, always with the same address.
    let look = look_at(&HEADER, &rows(50, |n| [format!("C{}", n / 5), format!("p{}@example.com", n / 5)]));
    assert_eq!(found(&look), []);
}

#[test]
fn what_merges_people_is_held_and_a_number_lets_it_through() {
    let one_id = look_at(&HEADER, &rows(20, |n| ["Gold".to_owned(), format!("p{n}@example.com")]));
    assert_eq!(found(&one_id), [(Doubt::SharedCustomerIds, 20)]);
    let doubts = one_id.identifiers();
    assert_eq!((held(&doubts, true), held(&doubts, false)), (Some(20), Some(20)));
    assert!(doubts.reason_to_hold(true, Some(20)).is_none() && doubts.reason_to_hold(true, Some(19)).is_some());

    let exponents = look_at(
        &HEADER,
        &rows(20, |n| {
            let id = if n < 6 { "1.23457E+11".to_owned() } else { format!("C{n}") };
            [id, format!("p{n}@example.com")]
        }),
    );
    assert_eq!(found(&exponents), [(Doubt::ExponentForm, 6)]);
    let doubts = exponents.identifiers();
    assert_eq!((held(&doubts, true), held(&doubts, false)), (Some(6), None));
}

#[test]
fn columns_that_are_mixed_up_are_held_at_first() {
    let look = look_at(&HEADER, &rows(20, |n| [format!("p{n}@example.com"), format!("C{n}")]));
    assert_eq!(found(&look), [(Doubt::EmailsAsCustomerIds, 20), (Doubt::OtherTextsAsEmails, 20)]);
    assert_eq!((held(&look.identifiers(), true), held(&look.identifiers(), false)), (Some(20), None));
}

#[test]
fn a_word_for_unknown_people_and_a_wrong_column_are_held() {
    // 60 of 2,000 customers have the ID 0.
    let id = |n: usize| if n < 60 { "0".to_owned() } else { format!("C{n}") };
    let look = look_at(&HEADER, &rows(2_000, |n| [id(n), format!("p{n}@example.com")]));
    assert_eq!(found(&look), [(Doubt::SharedCustomerIds, 60), (Doubt::OneForMany, 60)]);
    assert_eq!((held(&look.identifiers(), true), held(&look.identifiers(), false)), (Some(60), Some(60)));
    // A column of countries, without any email.
    let look = look_at(&HEADER, &rows(100, |n| [["JP", "DE", "US"][n % 3].to_owned(), String::new()]));
    assert_eq!(found(&look), [(Doubt::Repeated, 100)]);
    assert_eq!((held(&look.identifiers(), true), held(&look.identifiers(), false)), (Some(100), None));
    let look = look_at(&HEADER, &rows(100, |n| [String::new(), format!("shop{}@example.com", n % 2)]));
    assert_eq!(found(&look), [(Doubt::Repeated, 100)]);
    let look = look_at(&HEADER, &rows(100, |n| [format!("C{}", n.max(49)), String::new()]));
    assert_eq!((found(&look), held(&look.identifiers(), true)), (vec![(Doubt::Repeated, 50)], None));
    let look = look_at(&HEADER, &rows(100, |n| [format!("C{}", n.max(48)), String::new()]));
    assert_eq!(found(&look), []);
    let look = look_at(&HEADER, &rows(20, |n| [format!("{n}23.0"), String::new()]));
    assert_eq!((found(&look), held(&look.identifiers(), false)), (vec![(Doubt::Decimals, 20)], Some(20)));
}

#[test]
fn few_rows_are_never_held() {
    let look = look_at(&HEADER, &rows(5, |n| ["Gold".to_owned(), format!("p{n}@example.com")]));
    assert_eq!((found(&look).len(), held(&look.identifiers(), true)), (1, None));
}

#[test]
fn changes_of_a_table_are_held_however_few_they_are() {
    let row = |deleted: &str| vec![vec!["1".to_owned(), String::new(), String::new(), deleted.to_owned()]];
    let columns = ["LoyaltyId", "EMail", "SinkModifiedOn", "isdelete"];
    assert_eq!(held(&look_at(&columns, &row("")).identifiers(), false), Some(1));
    let columns = ["LoyaltyId", "EMail", "Other", "IsDelete"];
    assert_eq!(held(&look_at(&columns, &row("False")).identifiers(), true), None);
    assert_eq!(held(&look_at(&columns, &row("True")).identifiers(), true), Some(1));
}

#[test]
fn the_rest_is_noted() {
    let look = look_at(&HEADER, &rows(3, |n| ["NULL".to_owned(), format!("p{n}@example.com")]));
    assert_eq!(found(&look), [(Doubt::NullWords, 3)]);
    let look = look_at(&HEADER, &rows(2, |n| [format!("０００{n}"), String::new()]));
    assert_eq!(found(&look), [(Doubt::UnusualCharacters, 2)]);
    for around in [["C", "\u{200b}"], ["=\"", "\""], ["'", ""], ["e\u{301}", ""]] {
        let look = look_at(&HEADER, &rows(2, |n| [around.join(&n.to_string()), String::new()]));
        assert_eq!(found(&look), [(Doubt::UnusualCharacters, 2)], "{around:?}");
    }
    let numbers = |n: usize| if n.is_multiple_of(10) { 1234 } else { 100_000 + n };
    let look = look_at(&HEADER, &rows(100, |n| [numbers(n).to_string(), String::new()]));
    assert_eq!(found(&look), [(Doubt::LostZeros, 10)]);
    for note in look.identifiers().notes() {
        assert!(note.contains("10 of the 100 rows") && !note.contains("1234"), "{note}");
    }
}

#[test]
fn a_file_whose_every_row_is_refused_for_one_reason_says_so_once() {
    let look = look_at(&HEADER, &rows(5, |_| [String::new(), "nobody".to_owned()]));
    assert_eq!(look.every_row_is_refused(), Some(("no customer ID, and the email is not an address", 5)));
    let look = look_at(&HEADER, &rows(4, |_| [String::new(), String::new()]));
    assert_eq!(look.every_row_is_refused(), None);
    let look = look_at(&HEADER, &rows(6, |n| [if n == 2 { "C1".to_owned() } else { String::new() }, String::new()]));
    assert_eq!(look.every_row_is_refused(), None);
}
