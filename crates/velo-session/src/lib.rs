//! A program's SQL files, parsed, configured, sampled and planned: what validate, run and explain share.
