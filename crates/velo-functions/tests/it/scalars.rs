use crate::support::{call, check};
