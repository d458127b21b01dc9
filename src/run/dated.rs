use crate::pattern::RunId;

/// How many components of a path the dated layout reads: segment, year, month, day, time and file.
pub(super) const COMPONENTS: usize = 6;

/// A path that ends in `<Segment>/<yyyy>/<MM>/<dd>/<HHmm>/<file>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DatedPath<'a> {
    /// The folder above the year.
    pub(super) segment: &'a str,
    /// The run, or `None` where folders look like a date that does not exist.
    pub(super) run: Option<RunId>,
    /// The last component.
    pub(super) file: &'a str,
}

impl<'a> DatedPath<'a> {
    /// Reads the last components of a path; `None` unless they have the shape of dated folders.
    pub(super) fn read(components: &[&'a str]) -> Option<Self> {
        let [.., segment, year, month, day, time, file] = components else {
            return None;
        };
        let shaped = [(year, 4), (month, 2), (day, 2), (time, 4)]
            .iter()
            .all(|(text, width)| text.len() == *width && text.bytes().all(|b| b.is_ascii_digit()));
        (shaped && !segment.is_empty() && !file.is_empty()).then(|| Self {
            segment,
            run: RunId::from_folders(year, month, day, time),
            file,
        })
    }
}
