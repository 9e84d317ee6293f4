//! Single values between text and Arrow, the same for every text format.

pub(crate) mod interval;
pub(crate) mod minute;
pub(crate) mod number;
pub(crate) mod short_number;
pub(crate) mod time;
pub(crate) mod word;
