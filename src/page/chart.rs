//! Charts with axes, drawn as SVG. The page's style sheet gives each class its colour.

use super::text::count;
use crate::texts::Language;

/// Width and height in the units of the drawing. At the width of a phone one unit is about a pixel.
const SIZE: (u64, u64) = (344, 168);
/// The edges of the plot. The left one depends on the figures at the axis.
const TOP: u64 = 8;
const RIGHT: u64 = SIZE.0 - 24;
const BOTTOM: u64 = SIZE.1 - 22;
/// The width of a figure at the axis.
const LETTER: u64 = 6;
/// With more points than this, a line has no dots.
const MOST_DOTS: usize = 31;

/// A drawing, without the element `svg` around it.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) width: u64,
    pub(super) height: u64,
    /// The elements.
    pub(super) drawing: String,
}

/// Members after each run, by the time that names the run; `None` for fewer than two runs.
pub(super) fn members(language: Language, runs: &[(i64, u64)]) -> Option<Chart> {
    draw(language, &[("entered", runs)], line)
}

/// Who entered and who left in each run, by the time that names the run; `None` for fewer than two runs.
pub(super) fn changes(language: Language, entered: &[(i64, u64)], left: &[(i64, u64)]) -> Option<Chart> {
    draw(language, &[("left", left), ("entered", entered)], bars)
}

/// The places of a series in the drawing.
struct Places<'a> {
    class: &'a str,
    /// Across and up, in the order of time.
    points: Vec<(u64, u64)>,
    /// Which of the series this is, and how many there are.
    number: (usize, usize),
    /// The room between the edges.
    width: u64,
}

/// A drawing of each series between axes. All have the same times.
fn draw(language: Language, series: &[(&str, &[(i64, u64)])], shape: impl Fn(&Places<'_>) -> String) -> Option<Chart> {
    let [first, .., last] = series.first()?.1 else {
        return None;
    };
    let moments = Moments::between(first.0, last.0.max(first.0 + 60));
    let most = series.iter().flat_map(|(_, points)| *points).map(|(_, count)| *count).max().unwrap_or_default();
    let (top, marks) = marks_up_to(most);
    let left = count(top).len() as u64 * LETTER + 8;
    let across = |time| left + share(seconds(moments.begins, time), moments.span(), RIGHT - left);
    let up = |count| BOTTOM - share(count, top, BOTTOM - TOP);

    let mut drawing = vec![format!(r#"<path class="grid" d="M{left} {TOP}V{BOTTOM}"/>"#)];
    for mark in marks {
        let (height, figure) = (up(mark), count(mark));
        drawing.push(format!(r#"<path class="grid" d="M{left} {height}H{RIGHT}"/>"#));
        drawing.push(format!(r#"<text x="{}" y="{}" text-anchor="end">{figure}</text>"#, left - 6, height + 3));
    }
    for moment in moments.marks() {
        let (place, name) = (across(moment), moments.name(language, moment));
        drawing.push(format!(r#"<text x="{place}" y="{}" text-anchor="middle">{name}</text>"#, BOTTOM + 15));
    }
    for (number, (class, points)) in series.iter().enumerate() {
        let points = points.iter().map(|(time, count)| (across(*time), up(*count))).collect();
        drawing.push(shape(&Places { class, points, number: (number, series.len()), width: RIGHT - left }));
    }
    Some(Chart { width: SIZE.0, height: SIZE.1, drawing: drawing.concat() })
}

/// A line with a dot at each point, where there are few.
fn line(Places { class, points, .. }: &Places<'_>) -> String {
    let line: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    let mut drawing = format!(r#"<polyline class="{class}" points="{}"/>"#, line.join(" "));
    if points.len() <= MOST_DOTS {
        drawing.extend(points.iter().map(|(x, y)| format!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="2"/>"#)));
    }
    drawing
}

/// A bar at each point, those of the series side by side.
fn bars(Places { class, points, number: (number, of), width }: &Places<'_>) -> String {
    let all = (*of as u64).max(1);
    let wide = (width / (points.len() as u64 * all * 2).max(1)).clamp(1, 8);
    let bars = points.iter().filter(|(_, y)| *y < BOTTOM).map(|(x, y)| {
        let from = (x + *number as u64 * wide).saturating_sub(all * wide / 2);
        format!(r#"<rect class="{class}" x="{from}" y="{y}" width="{wide}" height="{}"/>"#, BOTTOM - y)
    });
    bars.collect()
}

/// The seconds from one time to a later one.
fn seconds(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or_default()
}

/// As much of `length` as `part` is of `whole`, rounded.
fn share(part: u64, whole: u64, length: u64) -> u64 {
    let (part, whole) = (u128::from(part), u128::from(whole.max(1)));
    u64::try_from((part * u128::from(length) + whole / 2) / whole).unwrap_or(length)
}

/// Round marks at the upward axis, at most five, and where it ends.
fn marks_up_to(most: u64) -> (u64, Vec<u64>) {
    let most = most.max(1);
    let steps = (0..19).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
    let step = steps.into_iter().find(|step| most.div_ceil(*step) <= 4).unwrap_or(u64::MAX / 8);
    let marks = most.div_ceil(step);
    (marks.saturating_mul(step), (0..=marks).map(|mark| mark.saturating_mul(step)).collect())
}

/// The marks at an axis of time.
struct Moments {
    begins: i64,
    ends: i64,
    step: i64,
}

impl Moments {
    /// Steps that clocks and calendars know.
    const STEPS: [i64; 21] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 172_800,
        604_800, 2_419_200,
    ];
    const DAY: i64 = 86_400;

    fn between(begins: i64, ends: i64) -> Self {
        let span = ends - begins;
        let most = 4;
        // A time of day says nothing where there is more than one day.
        let least = if span < Self::DAY { 1 } else { Self::DAY };
        let mut steps = Self::STEPS.into_iter().filter(|step| *step >= least);
        let step = steps.find(|step| span / step <= most).unwrap_or_else(|| span / most + 1);
        Self { begins, ends, step }
    }

    fn span(&self) -> u64 {
        seconds(self.begins, self.ends)
    }

    fn marks(&self) -> impl Iterator<Item = i64> {
        let first = self.begins.div_euclid(self.step) + i64::from(self.begins.rem_euclid(self.step) != 0);
        (first..).map(|mark| mark * self.step).take_while(|mark| *mark <= self.ends)
    }

    fn name(&self, language: Language, moment: i64) -> String {
        let time = jiff::Timestamp::from_second(moment).unwrap_or_default();
        let format = match self.step {
            step if step < 60 => "%H:%M:%S",
            step if step < Self::DAY => "%H:%M",
            _ if self.ends - self.begins < 300 * Self::DAY => language.pick("%b %-d", "%-m/%-d"),
            _ => "%Y-%m",
        };
        time.strftime(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{changes, marks_up_to, members};
    use crate::texts::Language;

    #[test]
    fn marks_are_round() {
        assert_eq!(marks_up_to(0), (1, vec![0, 1]));
        assert_eq!(marks_up_to(4), (4, vec![0, 1, 2, 3, 4]));
        assert_eq!(marks_up_to(39), (40, vec![0, 10, 20, 30, 40]));
        assert_eq!(marks_up_to(2_668).0, 3_000);
        assert!(marks_up_to(u64::MAX).0 >= u64::MAX / 2);
    }

    #[test]
    fn members_who_entered_and_left_are_bars_side_by_side() {
        let (entered, left) = ([(0, 7), (86_400, 9)], [(0, 1), (86_400, 0)]);
        let drawing = changes(Language::English, &entered, &left).unwrap().drawing;
        let bar = r#"<rect class="entered" x="20" y="49" width="8" height="97"/>"#;
        assert!(drawing.contains(bar) && drawing.contains("Jan 1"), "{drawing}");
        assert_eq!(drawing.matches(r#"<rect class="left""#).count(), 1, "no bar for nobody: {drawing}");
        assert!(changes(Language::Japanese, &entered, &left).unwrap().drawing.contains(">1/1<"));
    }

    #[test]
    fn members_are_a_line_from_the_second_run_on() {
        assert!(members(Language::English, &[(0, 7)]).is_none());
        let days: Vec<(i64, u64)> =
            (0..90_u32).map(|day| (1_795_395_960 + i64::from(day) * 86_400, u64::from(2_600 + day))).collect();
        let drawing = members(Language::English, &days).unwrap().drawing;
        assert!(
            drawing.contains("polyline")
                && !drawing.contains("circle")
                && drawing.contains("2,000")
                && drawing.contains("Dec "),
            "{drawing}"
        );
    }
}
