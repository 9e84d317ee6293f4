//! Events of the Nexmark benchmark: an auction house with persons, auctions and bids.
//!
//! Proportions, ids, hot items, prices and lengths of texts are those of the benchmark's public generators. Unlike there,
//! a bid is only for auctions that exist when it comes, and persons that sell or bid exist too.

mod columns;
mod events;
mod price;
mod source;
mod words;
