//! Bytes from the network for decoders that block until there are more.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;

use super::channel::failed;
use crate::SourceError;

/// Pieces of a body, in order.
pub(crate) type ByteStream = BoxStream<'static, Result<Bytes, SourceError>>;

/// Bytes that come while they are read.
pub(crate) trait ArrivingBytes: Read + Send {
    /// Whether the next read need not wait.
    fn is_ready(&self) -> bool;
}

/// Pieces that are fetched ahead of the decoder.
const PIECES_AHEAD: usize = 4;

/// Runs `read` on a thread that may block, over the bytes of a stream; runs on the shared runtime.
///
/// A stream that fails, or is given up half way, is an error of the read: it never looks like the stream's end.
///
/// # Errors
///
/// Those of the stream, else those of `read`.
pub(crate) async fn read_blocking<T: Send + 'static>(
    stream: ByteStream,
    read: impl FnOnce(Box<dyn ArrivingBytes>) -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    let (sender, pieces) = channel(PIECES_AHEAD);
    let reader = ByteReader {
        pieces,
        current: Bytes::new(),
        is_end: false,
    };
    let decoding = spawn_blocking(move || read(Box::new(reader)));
    let fed = feed(stream, &sender).await;
    drop(sender);
    let read = decoding.await.unwrap_or_else(|error| Err(failed(&error)));
    // What broke the stream says more than what its reader makes of it.
    fed.and(read)
}

/// A piece of a stream, or its regular end.
#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    End,
}

/// Hands the stream on until it ends or nobody reads any more.
async fn feed(mut stream: ByteStream, sender: &Sender<Piece>) -> Result<(), SourceError> {
    loop {
        let piece = match stream.next().await {
            Some(bytes) => Piece::Bytes(bytes?),
            None => Piece::End,
        };
        let is_end = matches!(piece, Piece::End);
        if sender.send(piece).await.is_err() || is_end {
            return Ok(());
        }
    }
}

/// Blocks until bytes come.
struct ByteReader {
    pieces: Receiver<Piece>,
    current: Bytes,
    is_end: bool,
}

impl ArrivingBytes for ByteReader {
    fn is_ready(&self) -> bool {
        !self.current.is_empty() || self.is_end || !self.pieces.is_empty() || self.pieces.is_closed()
    }
}

impl Read for ByteReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            if self.is_end {
                return Ok(0);
            }
            match self.pieces.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.current = bytes,
                Some(Piece::End) => self.is_end = true,
                None => {
                    return Err(io::Error::new(
                        io::ErrorKind::ConnectionAborted,
                        "the transfer broke off",
                    ));
                }
            }
        }
        let count = self.current.len().min(into.len());
        self.current.copy_to_slice(&mut into[..count]);
        Ok(count)
    }
}
