//! Columns in the making: typed builders fed with places in the text.

mod builder;
mod cell;
mod convert;
mod json_fields;
mod nested;
mod rejections;

pub(crate) use builder::ColumnBuilder;
pub(crate) use cell::{Cell, Cells, Syntax, undouble};
pub(crate) use convert::base64_member;
pub(crate) use rejections::{Problem, Rejections};
