//! A random sample of the people whom an invocation has sent, to be read back.

use jiff::Timestamp;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::braze::{ObjectResult, TrackRequest};
use crate::proof::Sent;

/// How many people are read back after a run.
const PEOPLE: usize = 20;

/// A random sample of the people whom an invocation has sent.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) people: Vec<Sent>,
    requests: usize,
    pub(super) since: Option<Timestamp>,
    random: SmallRng,
}

impl Default for Sample {
    fn default() -> Self {
        Self { people: Vec::new(), requests: 0, since: None, random: SmallRng::seed_from_u64(0) }
    }
}

impl Sample {
    /// Offers the people of a request: one of them is taken, or takes the place of another one, so that every request has the
    /// same chance.
    pub(super) fn offer(&mut self, request: &TrackRequest, results: &[ObjectResult]) {
        self.requests += 1;
        let wanted = PEOPLE.saturating_sub(self.people.len()).min(if self.requests == 1 { PEOPLE } else { 1 });
        let place = if wanted > 0 { None } else { Some(self.random.random_range(0..self.requests)) };
        if place.is_some_and(|place| place >= PEOPLE) {
            return;
        }
        for _ in 0..wanted.max(1) {
            let index = self.random.random_range(0..results.len().max(1));
            let accepted = results.get(index) == Some(&ObjectResult::Accepted);
            let Some(person) = request.object(index).filter(|_| accepted).and_then(Sent::of) else {
                continue;
            };
            // Someone who is sent twice shows what was sent last.
            self.people.retain(|known| known.identifier != person.identifier);
            match place.filter(|place| *place < self.people.len()) {
                Some(place) => self.people[place] = person,
                None => self.people.push(person),
            }
        }
    }
}
