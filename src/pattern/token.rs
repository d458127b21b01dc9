use super::run_format::RunFormat;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Literal(String),
    Export,
    Segment,
    Run(Vec<RunFormat>),
    Part,
    Any,
}

impl Token {
    /// The placeholder as it is written; `None` for text.
    pub(super) fn placeholder(&self) -> Option<&'static str> {
        match self {
            Self::Literal(_) => None,
            Self::Export => Some("{export}"),
            Self::Segment => Some("{segment}"),
            Self::Run(_) => Some("{run}"),
            Self::Part => Some("{part}"),
            Self::Any => Some("{any}"),
        }
    }

    /// Whether it matches a fixed number of bytes, so that its neighbour needs no separator.
    pub(super) fn has_fixed_width(&self) -> bool {
        match self {
            Self::Literal(_) => true,
            Self::Run(formats) => formats.len() == 1,
            _ => false,
        }
    }
}
