//! Runs that are cut anywhere and go on with another number of workers give the rows of a run in one piece.

mod cases;
mod cut_source;
mod edges;
mod generated;
mod program;
mod side_by_side;
mod statements;
