//! Reading files by the megabyte.

use std::fs::File;
use std::io::{self, Read};

/// How much of a file is read.
pub(super) struct Wanted {
    /// So many bytes, or what there is until the end.
    pub(super) bytes: usize,
    /// More, if there is room for it, but no more than so many.
    pub(super) bytes_max: usize,
    /// Bytes that the file is thought to have left; 0 if nothing is known.
    pub(super) bytes_expected: usize,
}

/// Reads on behind the bytes at hand; tells how many bytes more there are.
pub(super) fn read_more(file: &mut File, wanted: &Wanted, into: &mut Vec<u8>) -> io::Result<usize> {
    // Growing step by step would touch another piece of memory for each step. One byte more, to see the end.
    into.reserve(match wanted.bytes_expected {
        0 => wanted.bytes,
        expected => wanted.bytes.min(expected + 1),
    });
    if into.capacity() - into.len() > wanted.bytes_max {
        return file.take(wanted.bytes as u64).read_to_end(into);
    }
    fill(file, wanted.bytes, into)
}

/// The standard library begins with small pieces and doubles them, since it clears what it asks to be filled. Asking once
/// takes a twentieth off the time of a scan.
#[cfg(unix)]
fn fill(file: &File, bytes: usize, into: &mut Vec<u8>) -> io::Result<usize> {
    let start = into.len();
    while into.len() - start < bytes {
        if into.len() == into.capacity() {
            into.reserve(bytes - (into.len() - start));
        }
        match rustix::io::read(file, rustix::buffer::spare_capacity(into)) {
            Ok(0) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(into.len() - start)
}

#[cfg(not(unix))]
fn fill(file: &mut File, bytes: usize, into: &mut Vec<u8>) -> io::Result<usize> {
    file.take(bytes as u64).read_to_end(into)
}
