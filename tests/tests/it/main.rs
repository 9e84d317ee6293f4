//! What holds for the workspace as a whole: its layers, and the documents that are printed from code.

mod docs;
mod layers;
