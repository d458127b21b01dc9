//! Records whose quoted marks have a backslash in front, the default of Spark's CSV writer: `"Screens 48\\" wide"`.

use super::quotes::{ESCAPE, QUOTE};

/// The reader's place in a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    FieldStart,
    Plain,
    Quoted,
    Escaped,
    /// Behind a mark that closes the field, or is the first of two.
    Closed,
}

/// Splits one record after the other, line by line.
#[derive(Debug, Default)]
pub(super) struct EscapedRecord {
    state: State,
}

impl EscapedRecord {
    /// Reads a line with its ending: its text and where its fields end are appended. Whether the record is complete.
    pub(super) fn feed(&mut self, line: &[u8], delimiter: u8, text: &mut Vec<u8>, ends: &mut Vec<usize>) -> bool {
        for &byte in line {
            self.state = match (self.state, byte) {
                (State::Quoted, ESCAPE) => State::Escaped,
                (State::Quoted, QUOTE) => State::Closed,
                (State::Quoted, byte) => Self::keep(text, byte, State::Quoted),
                (State::Escaped, byte) => {
                    if !matches!(byte, QUOTE | ESCAPE) {
                        text.push(ESCAPE);
                    }
                    Self::keep(text, byte, State::Quoted)
                }
                (State::FieldStart, QUOTE) => State::Quoted,
                (State::Closed, QUOTE) => Self::keep(text, QUOTE, State::Quoted),
                (_, b'\n' | b'\r') => {
                    ends.push(text.len());
                    self.state = State::FieldStart;
                    return true;
                }
                (_, byte) if byte == delimiter => {
                    ends.push(text.len());
                    State::FieldStart
                }
                (_, byte) => Self::keep(text, byte, State::Plain),
            };
        }
        false
    }

    fn keep(text: &mut Vec<u8>, byte: u8, state: State) -> State {
        text.push(byte);
        state
    }
}
