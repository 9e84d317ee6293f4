//! Hashes of keys. They decide the key group, so they are part of the format of snapshots and must never depend
//! on the machine, the build or the order of insertion; hence no library hasher.

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const MULTIPLIER: u64 = 0xd6e8_feb8_6659_fd93;

/// Both halves of the full product, folded: one multiplication mixes every bit into every other.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[inline]
pub(crate) fn hash_u64(value: u64) -> u64 {
    fold(fold(value ^ SEED, MULTIPLIER), SEED)
}

/// Hash of an inline string view, which holds length and text in its 16 bytes.
#[inline]
pub(crate) fn hash_u128(value: u128) -> u64 {
    fold(fold(value as u64 ^ SEED, MULTIPLIER) ^ (value >> 64) as u64, MULTIPLIER)
}

/// The hash of one thing that follows others, whose hash is known.
#[inline]
pub(crate) fn combine(before: u64, hash: u64) -> u64 {
    fold(before.rotate_left(5) ^ hash ^ SEED, MULTIPLIER)
}

pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = fold(bytes.len() as u64 ^ SEED, MULTIPLIER);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word), MULTIPLIER);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(hash ^ u64::from_le_bytes(last), SEED)
}

/// Hash of a NULL key.
pub(crate) const HASH_NULL: u64 = 0x5bd1_e995_7b7d_159a;
