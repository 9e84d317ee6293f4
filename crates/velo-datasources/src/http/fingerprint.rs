//! What tells two pages apart.

use std::hash::Hasher as _;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use twox_hash::XxHash64;

use crate::table::ByteStream;

/// Stands for the bytes of a page: equal ones are taken for the same page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint {
    bytes: u64,
    hash: u64,
}

/// Is made while bytes pass.
#[derive(Debug, Clone, Default)]
pub(super) struct RunningFingerprint(Arc<Mutex<(u64, XxHash64)>>);

impl RunningFingerprint {
    /// Of all that has passed.
    pub(super) fn value(&self) -> Fingerprint {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Fingerprint {
            bytes: state.0,
            hash: state.1.finish(),
        }
    }

    fn add(&self, bytes: &[u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += bytes.len() as u64;
        state.1.write(bytes);
    }
}

/// The same bytes, and what will be their fingerprint when they have passed.
pub(super) fn fingerprinted(bytes: ByteStream) -> (ByteStream, RunningFingerprint) {
    let running = RunningFingerprint::default();
    let passing = running.clone();
    let bytes = bytes.inspect(move |piece| {
        if let Ok(piece) = piece {
            passing.add(piece);
        }
    });
    (bytes.boxed(), running)
}
