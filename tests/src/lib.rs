//! What holds for the workspace as a whole; see `tests/it`. The end-to-end cases in `cases/` are run by `velo-cli`'s
//! tests, which have the binary at hand.
