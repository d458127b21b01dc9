//! The body of one `POST /users/track`: `{"attributes":[…]}`, assembled while objects are added, never serialised twice.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

/// Objects that Braze takes in one request (page "POST: Track users": 75 over all arrays).
pub const MAX_OBJECTS: usize = 75;

/// Bytes that Braze takes in one body (page "API limits": 4 MB, here the smaller, decimal megabytes).
pub const MAX_BODY: usize = 4_000_000;

/// A full body grows by this fraction of its length.
const GROWTH: usize = 8;

const HEAD: &[u8] = b"{\"attributes\":[";
const TAIL: &[u8] = b"]}";

/// Attribute objects as a request body. Each is a complete JSON object, and the body is valid JSON at any time.
///
/// The body is shared with the HTTP client, not copied, and copied only if objects are added after it was sent.
#[derive(Clone, Debug)]
pub struct TrackRequest {
    body: Arc<Vec<u8>>,
    /// Where each object ends in `body`: hundreds of requests are in memory, and none is near 4 GB.
    ends: Vec<u32>,
}

impl Default for TrackRequest {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl TrackRequest {
    /// An empty request with room for `bytes` of objects.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut body = Vec::with_capacity(HEAD.len() + bytes + TAIL.len());
        body.extend_from_slice(HEAD);
        body.extend_from_slice(TAIL);
        Self { body: Arc::new(body), ends: Vec::new() }
    }

    /// Removes all objects. The memory is kept unless the body is still shared.
    pub fn clear(&mut self) {
        self.ends.clear();
        match Arc::get_mut(&mut self.body) {
            Some(body) => {
                body.truncate(HEAD.len());
                body.extend_from_slice(TAIL);
            }
            None => self.body = Self::with_capacity(0).body,
        }
    }

    /// Adds one JSON object, unchecked, and returns its index; see [`would_fit`](Self::would_fit). If an object is too large
    /// for a request of its own, Braze refuses it, and it is rejected.
    pub fn push(&mut self, object: &[u8]) -> usize {
        let index = self.ends.len();
        if index == 0 {
            // Hundreds of requests are in memory, so none reserves more than it can use.
            self.ends.reserve_exact(MAX_OBJECTS);
        }
        let body = Arc::make_mut(&mut self.body);
        let more = object.len() + 1;
        if body.capacity() - body.len() < more {
            // Not doubled for the same reason.
            body.reserve_exact(more + body.len() / GROWTH);
        }
        body.truncate(body.len() - TAIL.len());
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(object);
        self.ends.push(u32::try_from(body.len()).unwrap_or(u32::MAX));
        body.extend_from_slice(TAIL);
        index
    }

    /// Whether `object` may still be added within [`MAX_OBJECTS`] and [`MAX_BODY`].
    pub fn would_fit(&self, object: &[u8]) -> bool {
        self.ends.len() < MAX_OBJECTS && self.body.len() + 1 + object.len() <= MAX_BODY
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of the whole body.
    pub fn size(&self) -> usize {
        self.body.len()
    }

    /// The whole body, shared.
    pub fn body(&self) -> Bytes {
        Bytes::from_owner(SharedBody(Arc::clone(&self.body)))
    }

    /// One object's JSON.
    pub fn object(&self, index: usize) -> Option<&[u8]> {
        self.body.get(self.span(index)?)
    }

    /// A body of only the objects at `indexes`, in that order; the whole one is shared instead.
    pub(super) fn body_of(&self, indexes: &[usize]) -> Bytes {
        if indexes.len() == self.len() {
            return self.body();
        }
        let mut part = Self::with_capacity(self.size() * indexes.len() / self.len().max(1) + 64);
        for object in indexes.iter().filter_map(|index| self.object(*index)) {
            part.push(object);
        }
        part.body()
    }

    fn span(&self, index: usize) -> Option<Range<usize>> {
        let end = |index: usize| usize::try_from(*self.ends.get(index)?).ok();
        let start = match index.checked_sub(1) {
            Some(before) => end(before)? + 1,
            None => HEAD.len(),
        };
        Some(start..end(index)?)
    }
}

struct SharedBody(Arc<Vec<u8>>);

impl AsRef<[u8]> for SharedBody {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;

    fn people() -> Vec<Value> {
        vec![
            json!({"external_id": "a,b]}", "first_name": "O'Neil \"Bob\""}),
            json!({"external_id": "顧客-一", "first_name": "さくら\n🌸"}),
            json!({"email": "zoë@example.com", "VIP": true}),
        ]
    }

    fn request() -> TrackRequest {
        let mut request = TrackRequest::default();
        for (index, person) in people().iter().enumerate() {
            assert_eq!(request.push(person.to_string().as_bytes()), index);
        }
        request
    }

    #[test]
    fn the_body_is_valid_after_every_step() {
        let mut request = TrackRequest::default();
        assert!(request.is_empty());
        assert_eq!(&request.body()[..], br#"{"attributes":[]}"#);
        for (index, person) in people().iter().enumerate() {
            request.push(person.to_string().as_bytes());
            let body: Value = serde_json::from_slice(&request.body()).unwrap();
            assert_eq!(body, json!({ "attributes": people()[..=index] }));
            assert_eq!(request.size(), request.body().len());
        }
        assert_eq!(request.len(), 3);
    }

    #[test]
    fn parts_are_cut_without_reading_json() {
        let request = request();
        let part: Value = serde_json::from_slice(&request.body_of(&[0, 2])).unwrap();
        assert_eq!(part, json!({ "attributes": [people()[0], people()[2]] }));
        assert_eq!(request.body_of(&[0, 1, 2]), request.body());
        assert_eq!(request.object(1).unwrap(), people()[1].to_string().as_bytes());
        assert_eq!(request.object(3), None);
    }

    #[test]
    fn the_whole_body_is_shared_and_a_body_in_flight_does_not_change() {
        let mut request = request();
        let (in_flight, again) = (request.body(), request.body());
        assert_eq!(in_flight.as_ptr(), again.as_ptr());
        request.push(b"{}");
        assert_eq!(in_flight, again);
        assert_ne!(in_flight, request.body());

        let in_flight = request.body();
        request.clear();
        assert!(request.is_empty() && !in_flight.is_empty());
        drop(in_flight);
        for _ in 0..2 {
            request.push(b"{\"a\":1}");
            assert_eq!(&request.body()[..], br#"{"attributes":[{"a":1}]}"#);
            request.clear();
        }
    }

    #[test]
    fn braze_limits_are_kept() {
        let mut request = TrackRequest::default();
        for _ in 0..MAX_OBJECTS {
            assert!(request.would_fit(b"{}"));
            request.push(b"{}");
        }
        assert!(!request.would_fit(b"{}"));

        let mut request = TrackRequest::default();
        request.push(&vec![b' '; MAX_BODY - 100]);
        let room = MAX_BODY - request.size() - 1;
        assert!(request.would_fit(&vec![b' '; room]));
        assert!(!request.would_fit(&vec![b' '; room + 1]));
        request.push(&vec![b' '; room]);
        assert_eq!(request.size(), MAX_BODY);
    }
}
