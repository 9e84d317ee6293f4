//! The columns of the tables, in the benchmark's order and spelling.

use arrow::array::ArrayRef;
use arrow::datatypes::{Int64Type, TimestampMillisecondType};
use velo_data::SqlType;

use super::events::{self, AuctionPlaces, BidPlaces, OPEN_AUCTIONS, PersonPlaces, events_of_auctions};
use super::price::price;
use super::words::{self, Channel};
use crate::NexmarkTable;
use crate::generated::{Random, Rate, Rows, TextColumn};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    PersonId,
    PersonName,
    Email,
    CreditCard,
    City,
    State,
    AuctionId,
    ItemName,
    Description,
    InitialBid,
    Reserve,
    Expires,
    Seller,
    Category,
    BidAuction,
    Bidder,
    Price,
    Channel,
    Url,
    DateTime,
    Extra,
}

use Content::{
    AuctionId, BidAuction, Bidder, Category, City, CreditCard, DateTime, Description, Email, Expires, Extra,
    InitialBid, ItemName, PersonId, PersonName, Price, Reserve, Seller, State, Url,
};

const PERSON: &[(&str, Content)] = &[
    ("id", PersonId),
    ("name", PersonName),
    ("emailAddress", Email),
    ("creditCard", CreditCard),
    ("city", City),
    ("state", State),
    ("dateTime", DateTime),
    ("extra", Extra),
];

const AUCTION: &[(&str, Content)] = &[
    ("id", AuctionId),
    ("itemName", ItemName),
    ("description", Description),
    ("initialBid", InitialBid),
    ("reserve", Reserve),
    ("dateTime", DateTime),
    ("expires", Expires),
    ("seller", Seller),
    ("category", Category),
    ("extra", Extra),
];

const BID: &[(&str, Content)] = &[
    ("auction", BidAuction),
    ("bidder", Bidder),
    ("price", Price),
    ("channel", Content::Channel),
    ("url", Url),
    ("dateTime", DateTime),
    ("extra", Extra),
];

/// The columns of a table with their names.
pub(super) const fn columns_of(table: NexmarkTable) -> &'static [(&'static str, Content)] {
    match table {
        NexmarkTable::Person => PERSON,
        NexmarkTable::Auction => AUCTION,
        NexmarkTable::Bid => BID,
    }
}

/// Categories of auctions, and the first one.
const CATEGORIES: u64 = 5;
const FIRST_CATEGORY: i64 = 10;

/// Bytes that `extra` fills rows up with.
const fn extra_bytes(table: NexmarkTable) -> u64 {
    match table {
        NexmarkTable::Person => 120,  // To 200 bytes.
        NexmarkTable::Auction => 390, // To 500 bytes.
        NexmarkTable::Bid => 68,      // To 100 bytes.
    }
}

/// Time of the first event: 2024-01-01T00:00:00Z.
const FIRST_EVENT_MS: i64 = 1_704_067_200_000;

/// Random numbers, for each purpose its own.
#[derive(Debug, Clone, Copy)]
struct Randoms {
    name: Random,
    email: Random,
    credit_card: Random,
    city: Random,
    state: Random,
    item: Random,
    description: Random,
    initial_bid: Random,
    reserve: Random,
    length: Random,
    seller: Random,
    category: Random,
    auction: Random,
    bidder: Random,
    price: Random,
    channel: Random,
    page: Random,
    extra: Random,
}

impl Randoms {
    fn new(seed: u64) -> Self {
        let random = |purpose| Random::new(seed, purpose);
        Self {
            name: random("name"),
            email: random("email"),
            credit_card: random("credit card"),
            city: random("city"),
            state: random("state"),
            item: random("item"),
            description: random("description"),
            initial_bid: random("initial bid"),
            reserve: random("reserve"),
            length: random("length"),
            seller: random("seller"),
            category: random("category"),
            auction: random("auction"),
            bidder: random("bidder"),
            price: random("price"),
            channel: random("channel"),
            page: random("page"),
            extra: random("extra"),
        }
    }
}

/// Computes the values of the columns of one table.
#[derive(Debug)]
pub(super) struct Values {
    table: NexmarkTable,
    randoms: Randoms,
    rate: Rate,
}

impl Content {
    pub(super) const fn sql_type(self) -> SqlType {
        match self {
            PersonId | AuctionId | InitialBid | Reserve | Seller | Category | BidAuction | Bidder | Price => {
                SqlType::BigInt
            }
            DateTime | Expires => SqlType::Timestamp,
            PersonName
            | Email
            | CreditCard
            | City
            | State
            | ItemName
            | Description
            | Content::Channel
            | Url
            | Extra => SqlType::String,
        }
    }
}

impl Values {
    /// `rate` is that of events in event time.
    pub(super) fn new(table: NexmarkTable, seed: u64, rate: Rate) -> Self {
        Self {
            table,
            randoms: Randoms::new(seed),
            rate,
        }
    }

    /// When an event happens.
    #[inline]
    fn time_of(&self, event: u64) -> i64 {
        FIRST_EVENT_MS.saturating_add(i64::try_from(self.rate.ms_of(event)).unwrap_or(i64::MAX))
    }

    /// The times of events, which are the event times of rows.
    pub(super) fn times(&self, rows: &Rows) -> ArrayRef {
        self.timestamps(rows, |event| self.time_of(event))
    }

    /// The values of a column.
    pub(super) fn column(&self, content: Content, rows: &Rows) -> ArrayRef {
        let Randoms {
            name,
            email,
            credit_card,
            city,
            state,
            item,
            description,
            initial_bid,
            reserve,
            length,
            seller,
            category,
            auction,
            bidder,
            price: of_bid,
            channel,
            page,
            extra,
        } = self.randoms;
        match content {
            PersonId => self.numbers(rows, events::person_id),
            PersonName => self.texts(rows, |event, text| words::push_name(text, name, event)),
            Email => self.texts(rows, |event, text| words::push_email(text, email, event)),
            CreditCard => self.texts(rows, |event, text| words::push_credit_card(text, credit_card, event)),
            City => self.texts(rows, |event, text| {
                text.push_str(words::one_of(words::CITIES, city, event));
            }),
            State => self.texts(rows, |event, text| {
                text.push_str(words::one_of(words::STATES, state, event));
            }),
            AuctionId => self.numbers(rows, events::auction_id),
            ItemName => self.texts(rows, |event, text| words::push_some_letters(text, item, event, 20)),
            Description => self.texts(rows, |event, text| {
                words::push_some_letters(text, description, event, 100);
            }),
            InitialBid => self.numbers(rows, |event| price(initial_bid.fraction(event))),
            Reserve => self.numbers(rows, |event| {
                price(initial_bid.fraction(event)) + price(reserve.fraction(event))
            }),
            Expires => self.timestamps(rows, |event| self.expiry_of(event, length)),
            Seller => self.numbers(rows, |event| events::seller(event, seller)),
            Category => self.numbers(rows, |event| FIRST_CATEGORY + category.below(event, CATEGORIES) as i64),
            BidAuction => self.numbers(rows, |event| events::auction_of_bid(event, auction)),
            Bidder => self.numbers(rows, |event| events::bidder(event, bidder)),
            Price => self.numbers(rows, |event| price(of_bid.fraction(event))),
            Content::Channel => self.texts(rows, |event, text| Channel::of(channel, event).push_name(text)),
            Url => self.texts(rows, |event, text| Channel::of(channel, event).push_url(text, page)),
            DateTime => self.times(rows),
            Extra => {
                let missing = extra_bytes(self.table);
                self.texts(rows, |event, text| words::push_extra(text, extra, event, missing))
            }
        }
    }

    /// When the auction of an event ends: on average when as many others have begun as get bids at a time.
    fn expiry_of(&self, event: u64, random: Random) -> i64 {
        let begins_ms = self.time_of(event);
        let horizon_ms = self.time_of(event.saturating_add(events_of_auctions(OPEN_AUCTIONS))) - begins_ms;
        let length_ms = 1 + random.below(event, (2 * horizon_ms as u64).max(1));
        begins_ms.saturating_add(length_ms as i64)
    }

    fn numbers(&self, rows: &Rows, value: impl Fn(u64) -> i64) -> ArrayRef {
        match self.table {
            NexmarkTable::Person => rows.primitive::<Int64Type>(|row| value(PersonPlaces::event_of(row))),
            NexmarkTable::Auction => rows.primitive::<Int64Type>(|row| value(AuctionPlaces::event_of(row))),
            NexmarkTable::Bid => rows.primitive::<Int64Type>(|row| value(BidPlaces::event_of(row))),
        }
    }

    fn timestamps(&self, rows: &Rows, value: impl Fn(u64) -> i64) -> ArrayRef {
        type Milliseconds = TimestampMillisecondType;
        match self.table {
            NexmarkTable::Person => rows.primitive::<Milliseconds>(|row| value(PersonPlaces::event_of(row))),
            NexmarkTable::Auction => rows.primitive::<Milliseconds>(|row| value(AuctionPlaces::event_of(row))),
            NexmarkTable::Bid => rows.primitive::<Milliseconds>(|row| value(BidPlaces::event_of(row))),
        }
    }

    fn texts(&self, rows: &Rows, write: impl Fn(u64, &mut String)) -> ArrayRef {
        match self.table {
            NexmarkTable::Person => TextColumn::of(rows, |row, text| write(PersonPlaces::event_of(row), text)),
            NexmarkTable::Auction => TextColumn::of(rows, |row, text| write(AuctionPlaces::event_of(row), text)),
            NexmarkTable::Bid => TextColumn::of(rows, |row, text| write(BidPlaces::event_of(row), text)),
        }
    }
}
