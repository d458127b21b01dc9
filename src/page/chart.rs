//! Charts with axes, drawn as SVG by `plotters`.
//!
//! The library writes colours into the elements. The page's style sheet finds them there and gives each its place in the
//! light and in the dark scheme, so the colours here are names.

use std::error::Error;
use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::prelude::*;

use super::PageError;
use super::text::count;

/// Width and height in the units of the drawing. At the width of a phone one unit is about a pixel.
const SIZE: (u32, u32) = (344, 168);
/// Size of the figures at the axes.
const LETTERS: i32 = 11;

const INK: RGBColor = RGBColor(0x5A, 0x64, 0x72);
const GRID: RGBColor = RGBColor(0xD8, 0xDD, 0xE4);
const LEFT: RGBColor = RGBColor(0xC2, 0x41, 0x0C);
const MEMBERS: RGBColor = RGBColor(0x0F, 0x76, 0x6E);

/// A drawing, without the element `svg` around it.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) width: u32,
    pub(super) height: u32,
    /// The elements.
    pub(super) drawing: String,
}

/// Members after each run, by the time that names the run; `None` for fewer than two runs.
pub(super) fn members(runs: &[(i64, u64)]) -> Result<Option<Chart>, PageError> {
    lines(&[(MEMBERS, runs)])
}

/// Who entered and who left in each run, by the time that names the run; `None` for fewer than two runs.
pub(super) fn changes(entered: &[(i64, u64)], left: &[(i64, u64)]) -> Result<Option<Chart>, PageError> {
    lines(&[(LEFT, left), (MEMBERS, entered)])
}

/// A line for each series. All have the same times.
fn lines(series: &[(RGBColor, &[(i64, u64)])]) -> Result<Option<Chart>, PageError> {
    let Some([first, .., last]) = series.first().map(|(_, points)| *points) else {
        return Ok(None);
    };
    let moments = Moments::between(first.0, last.0.max(first.0 + 60));
    let most = series.iter().flat_map(|(_, points)| points.iter().map(|(_, count)| *count)).max().unwrap_or_default();
    let chart = draw(moments.axis(), most, &|moment| moments.name(moment), |plot| {
        for (colour, points) in series {
            let points: Vec<(f64, f64)> = points.iter().map(|(time, count)| (seconds(*time), float(*count))).collect();
            plot.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
            if points.len() <= 31 {
                plot.draw_series(points.iter().map(|point| Circle::new(*point, 2, colour.filled())))?;
            }
        }
        Ok(())
    })?;
    Ok(Some(chart))
}

/// An axis with marks of its own choice.
struct Axis {
    range: Range<f64>,
    marks: Vec<f64>,
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "a drawing is a few hundred units wide")]
    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let share = (value - self.range.start) / (self.range.end - self.range.start);
        from + (f64::from(to - from) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.marks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

type Plot<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;

fn draw(
    across: Axis,
    most: u64,
    moment: &dyn Fn(f64) -> String,
    draw_data: impl FnOnce(&mut Plot<'_, '_>) -> Result<(), Box<dyn Error>>,
) -> Result<Chart, PageError> {
    let mut svg = String::new();
    plot(&mut svg, across, most, moment, draw_data).map_err(|error| PageError::Chart(error.to_string()))?;
    let inside = svg.find("<svg").and_then(|start| Some(start + svg[start..].find('>')? + 1));
    let drawing =
        inside.and_then(|start| svg[start..].strip_suffix("</svg>\n").or(svg[start..].strip_suffix("</svg>")));
    let drawing = drawing.ok_or_else(|| PageError::Chart("the drawing is no SVG".to_owned()))?.trim().to_owned();
    Ok(Chart { width: SIZE.0, height: SIZE.1, drawing })
}

fn plot(
    svg: &mut String,
    across: Axis,
    most: u64,
    moment: &dyn Fn(f64) -> String,
    draw_data: impl FnOnce(&mut Plot<'_, '_>) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let (top, marks) = marks_up_to(most);
    let width = i32::try_from(count(top).len())? * 7 + 8;
    let up = Axis { range: 0.0..float(top), marks: marks.into_iter().map(float).collect() };
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin_top(8)
        .margin_right(24)
        .x_label_area_size(22)
        .y_label_area_size(width)
        .build_cartesian_2d(across, up)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the marks are counts")]
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .label_style(("sans-serif", LETTERS).into_font().color(&INK))
        .x_label_formatter(&|time| moment(*time))
        .y_label_formatter(&|mark| count(mark.round() as u64))
        .draw()?;
    draw_data(&mut chart)?;
    area.present()?;
    Ok(())
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

    fn axis(&self) -> Axis {
        let first = self.begins.div_euclid(self.step) + i64::from(self.begins.rem_euclid(self.step) != 0);
        let marks = (first..).map(|mark| mark * self.step).take_while(|mark| *mark <= self.ends);
        Axis { range: seconds(self.begins)..seconds(self.ends), marks: marks.map(seconds).collect() }
    }

    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970 of a year with four digits")]
    fn name(&self, moment: f64) -> String {
        let time = jiff::Timestamp::from_second(moment.round() as i64).unwrap_or_default();
        let format = match self.step {
            step if step < 60 => "%H:%M:%S",
            step if step < Self::DAY => "%H:%M",
            _ if self.ends - self.begins < 300 * Self::DAY => "%b %-d",
            _ => "%Y-%m",
        };
        time.strftime(format).to_string()
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 have fewer than 52 bits")]
fn seconds(time: i64) -> f64 {
    time as f64
}

#[expect(clippy::cast_precision_loss, reason = "a chart needs no more than 52 bits")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{changes, marks_up_to, members};

    #[test]
    fn marks_are_round() {
        assert_eq!(marks_up_to(0), (1, vec![0, 1]));
        assert_eq!(marks_up_to(4), (4, vec![0, 1, 2, 3, 4]));
        assert_eq!(marks_up_to(39), (40, vec![0, 10, 20, 30, 40]));
        assert_eq!(marks_up_to(2_668).0, 3_000);
        assert!(marks_up_to(u64::MAX).0 >= u64::MAX / 2);
    }

    #[test]
    fn members_who_entered_and_left_are_two_lines() {
        let drawing = changes(&[(0, 7), (86_400, 9)], &[(0, 1), (86_400, 0)]).unwrap().unwrap().drawing;
        assert!(drawing.contains("#0F766E") && drawing.contains("#C2410C") && drawing.contains("Jan 1"), "{drawing}");
    }

    #[test]
    fn members_are_a_line_from_the_second_run_on() {
        assert!(members(&[(0, 7)]).unwrap().is_none());
        let days: Vec<(i64, u64)> =
            (0..90_u32).map(|day| (1_795_395_960 + i64::from(day) * 86_400, u64::from(2_600 + day))).collect();
        let drawing = members(&days).unwrap().unwrap().drawing;
        assert!(drawing.contains("#0F766E") && drawing.contains("2,000") && drawing.contains("Dec "), "{drawing}");
    }
}
