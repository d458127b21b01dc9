//! Reading the beginning of a file twice without a second request.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

/// A source that keeps what is read of it until it is rewound. After that, nothing more is kept, and what was kept is freed
/// once it has been read again.
pub struct Kept<S> {
    source: S,
    bytes: Vec<u8>,
    given: usize,
    rewound: bool,
}

impl<S> Kept<S> {
    /// Keeps what is read of `source`.
    pub fn new(source: S) -> Self {
        Self { source, bytes: Vec::new(), given: 0, rewound: false }
    }

    /// Continues from the first byte.
    pub fn rewind(&mut self) {
        (self.given, self.rewound) = (0, true);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Kept<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.rewound {
            let before = buffer.filled().len();
            let read = Pin::new(&mut this.source).poll_read(context, buffer);
            this.bytes.extend_from_slice(&buffer.filled()[before..]);
            return read;
        }
        let kept = &this.bytes[this.given..];
        if kept.is_empty() {
            this.bytes = Vec::new();
            this.given = 0;
            return Pin::new(&mut this.source).poll_read(context, buffer);
        }
        let taken = kept.len().min(buffer.remaining());
        buffer.put_slice(&kept[..taken]);
        this.given += taken;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::io::AsyncReadExt;

    use super::Kept;

    #[tokio::test]
    async fn after_rewinding_everything_is_read_once_from_the_beginning() {
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        for first in [0, 1, 4_096, 10_000] {
            let mut kept = Kept::new(bytes.as_slice());
            let mut beginning = vec![0; first];
            kept.read_exact(&mut beginning).await.unwrap();
            assert_eq!(beginning, bytes[..first]);
            kept.rewind();
            let mut all = Vec::new();
            kept.read_to_end(&mut all).await.unwrap();
            assert_eq!(all, bytes);
            assert!(kept.bytes.capacity() == 0, "what was kept is freed");
        }
    }
}
