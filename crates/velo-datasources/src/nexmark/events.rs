//! The one sequence of events, of which each table has a part.

use crate::NexmarkTable;
use crate::generated::Random;

/// Events of a cycle: first a person, then auctions, then bids.
const CYCLE: u64 = 50;
const AUCTIONS_OF_CYCLE: u64 = 3;
const BIDS_OF_CYCLE: u64 = 46;

/// Ids begin here.
const FIRST_ID: u64 = 1000;

/// Of so many persons or auctions that follow each other one is hot.
const HOT_OF: u64 = 100;

/// Persons who may sell or bid: the last ones that came.
const ACTIVE_PERSONS: u64 = 1000;

/// Auctions behind the last one that may get bids.
pub(super) const OPEN_AUCTIONS: u64 = 100;

/// Where events of a table stand in a cycle: so many from a first place on.
pub(super) struct Places<const FIRST: u64, const COUNT: u64>;

pub(super) type PersonPlaces = Places<0, 1>;
pub(super) type AuctionPlaces = Places<1, AUCTIONS_OF_CYCLE>;
pub(super) type BidPlaces = Places<{ 1 + AUCTIONS_OF_CYCLE }, BIDS_OF_CYCLE>;

impl<const FIRST: u64, const COUNT: u64> Places<FIRST, COUNT> {
    /// The event that a row of the table is.
    #[inline]
    pub(super) fn event_of(row: u64) -> u64 {
        (row / COUNT).saturating_mul(CYCLE).saturating_add(FIRST + row % COUNT)
    }

    /// How many rows of the table come before an event.
    fn rows_before(event: u64) -> u64 {
        (event / CYCLE) * COUNT + (event % CYCLE).saturating_sub(FIRST).min(COUNT)
    }
}

impl NexmarkTable {
    /// The event that a row of the table is.
    pub(super) fn event_of(self, row: u64) -> u64 {
        match self {
            Self::Person => PersonPlaces::event_of(row),
            Self::Auction => AuctionPlaces::event_of(row),
            Self::Bid => BidPlaces::event_of(row),
        }
    }

    /// How many rows of the table come before an event.
    pub(super) fn rows_before(self, event: u64) -> u64 {
        match self {
            Self::Person => PersonPlaces::rows_before(event),
            Self::Auction => AuctionPlaces::rows_before(event),
            Self::Bid => BidPlaces::rows_before(event),
        }
    }
}

/// The last person that exists at an event, counted from 0. A cycle begins with one.
#[inline]
fn last_person(event: u64) -> u64 {
    event / CYCLE
}

/// The last auction that exists at the event of an auction or a bid, counted from 0.
#[inline]
fn last_auction(event: u64) -> u64 {
    (event / CYCLE) * AUCTIONS_OF_CYCLE + (event % CYCLE).clamp(1, AUCTIONS_OF_CYCLE) - 1
}

/// Events that bring so many auctions.
pub(super) const fn events_of_auctions(auctions: u64) -> u64 {
    auctions * CYCLE / AUCTIONS_OF_CYCLE
}

/// The id of the person that an event brings.
pub(super) fn person_id(event: u64) -> i64 {
    id(last_person(event))
}

/// The id of the auction that an event brings.
pub(super) fn auction_id(event: u64) -> i64 {
    id(last_auction(event))
}

/// Who sells the auction of an event: three times of four the hot seller.
pub(super) fn seller(event: u64, random: Random) -> i64 {
    let last = last_person(event);
    id(if random.below(event, 4) > 0 {
        last / HOT_OF * HOT_OF
    } else {
        active_person(last, random.branch(event, 1))
    })
}

/// Who bids at an event: three times of four the hot bidder, who is not the hot seller.
pub(super) fn bidder(event: u64, random: Random) -> i64 {
    let last = last_person(event);
    id(if random.below(event, 4) > 0 {
        (last / HOT_OF * HOT_OF + 1).min(last)
    } else {
        active_person(last, random.branch(event, 1))
    })
}

/// What is bid for at an event: every other time the hot auction.
pub(super) fn auction_of_bid(event: u64, random: Random) -> i64 {
    let last = last_auction(event);
    id(if random.below(event, 2) > 0 {
        last / HOT_OF * HOT_OF
    } else {
        let lowest = last.saturating_sub(OPEN_AUCTIONS);
        lowest + Random::scaled(random.branch(event, 1), last - lowest + 1)
    })
}

fn active_person(last: u64, bits: u64) -> u64 {
    let active = (last + 1).min(ACTIVE_PERSONS);
    last + 1 - active + Random::scaled(bits, active)
}

fn id(number: u64) -> i64 {
    (FIRST_ID + number) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: [NexmarkTable; 3] = [NexmarkTable::Person, NexmarkTable::Auction, NexmarkTable::Bid];

    #[test]
    fn tables_share_the_events_out() {
        let mut events: Vec<u64> = TABLES
            .into_iter()
            .flat_map(|table| (0..table.rows_before(1000)).map(move |row| table.event_of(row)))
            .collect();
        events.sort_unstable();
        assert_eq!(events, (0..1000).collect::<Vec<_>>());
        for table in TABLES {
            for row in 0..200 {
                let event = table.event_of(row);
                assert_eq!((table.rows_before(event), table.rows_before(event + 1)), (row, row + 1));
            }
        }
    }

    #[test]
    fn ids_count_up() {
        let ids = |table: NexmarkTable, id: fn(u64) -> i64| -> Vec<i64> {
            (0..7).map(|row| id(table.event_of(row))).collect()
        };
        let expected: Vec<i64> = (1000..1007).collect();
        assert_eq!(ids(NexmarkTable::Person, person_id), expected);
        assert_eq!(ids(NexmarkTable::Auction, auction_id), expected);
    }
}
