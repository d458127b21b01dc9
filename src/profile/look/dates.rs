//! In which order a column writes day and month: a property of the column, never of a single cell.

use super::super::Fields;
use super::super::date_time::OrderShown;
use super::super::field::Field;
use super::super::note::ColumnNote;
use crate::message::Coded;
use crate::values::DateOrder;

/// Cells that contradict the others are mistyped if they are at most one of this many.
const MISTYPED: u64 = 20;

/// What the cells of the columns with dates show, by the place of the field.
#[derive(Debug)]
pub(super) struct DateOrders(Vec<Option<Cells>>);

#[derive(Clone, Copy, Debug, Default)]
struct Cells {
    month_first: u64,
    day_first: u64,
    either: u64,
}

impl DateOrders {
    pub(super) fn new(fields: &[Field]) -> Self {
        let open = |field: &Field| (field.value.is_date() && !field.order_is_set).then(Cells::default);
        Self(fields.iter().map(open).collect())
    }

    pub(super) fn see<'r, R: Fields<'r> + ?Sized>(&mut self, fields: &[Field], row: &R) {
        for (field, cells) in fields.iter().zip(&mut self.0) {
            let Some((cells, cell)) = cells.as_mut().zip(row.field(field.column)) else { continue };
            match OrderShown::by(cell) {
                Some(OrderShown::MonthFirst) => cells.month_first += 1,
                Some(OrderShown::DayFirst) => cells.day_first += 1,
                Some(OrderShown::Either) => cells.either += 1,
                None => {}
            }
        }
    }

    /// Whether a column has dates that could be read in either order, and not one of them shows which.
    pub(super) fn any_is_ambiguous(&self) -> bool {
        self.0.iter().flatten().any(|cells| cells.either > 0 && matches!(cells.order(), Shown::Nothing))
    }

    /// Sets the order of each field whose column shows one. What should be known of it.
    pub(super) fn decide(&self, fields: &mut [Field]) -> Vec<String> {
        let mut notes = Vec::new();
        for (column, cells) in fields.iter_mut().zip(&self.0) {
            let Some(cells) = cells else { continue };
            let declared = column.culture.date_order;
            let shown = cells.order();
            let field = column.name.to_string();
            if let Some(declared) = declared {
                if let Shown::Order(order) = shown
                    && order != declared
                {
                    notes.push(ColumnNote::DatesAgainstCulture {
                        field,
                        shown: in_words(order),
                        declared: in_words(declared),
                    });
                }
                continue;
            }
            match shown {
                Shown::Order(order) => {
                    column.culture.date_order = Some(order);
                    if cells.either > 0 {
                        notes.push(ColumnNote::DateOrderShown { field, order: in_words(order) });
                    }
                }
                Shown::Both(order) => {
                    column.culture.date_order = Some(order);
                    column.certain_dates_only = true;
                    notes.push(ColumnNote::DatesOfBothOrders {
                        field,
                        day_first: cells.day_first,
                        month_first: cells.month_first,
                        read_as: in_words(order),
                    });
                }
                Shown::Nothing if cells.either > 0 => notes.push(ColumnNote::DateOrderUnknown { field }),
                Shown::Nothing => {}
            }
        }
        notes.iter().map(Coded::with_code).collect()
    }
}

enum Shown {
    Order(DateOrder),
    /// Both orders; this one more often.
    Both(DateOrder),
    Nothing,
}

impl Cells {
    fn order(self) -> Shown {
        let Self { month_first, day_first, .. } = self;
        match (month_first, day_first) {
            (0, 0) => Shown::Nothing,
            _ if day_first * MISTYPED < month_first => Shown::Order(DateOrder::MonthDayYear),
            _ if month_first * MISTYPED < day_first => Shown::Order(DateOrder::DayMonthYear),
            // Customer Insights writes the month first where nothing else is set.
            _ if month_first >= day_first => Shown::Both(DateOrder::MonthDayYear),
            _ => Shown::Both(DateOrder::DayMonthYear),
        }
    }
}

fn in_words(order: DateOrder) -> &'static str {
    match order {
        DateOrder::MonthDayYear => "month first",
        DateOrder::DayMonthYear => "day first",
        DateOrder::YearMonthDay => "year first",
    }
}
