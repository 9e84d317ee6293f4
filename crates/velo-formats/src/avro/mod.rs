//! Avro object container files and Avro schemas.
//!
//! The reader is our own: it decodes into the one Arrow type of each SQL type, passes over what nobody asked for, checks
//! every marker and every length before it believes it, and says at which byte a file is damaged. `arrow-avro` 59 takes a
//! file that is cut off for a whole one, passes over wrong markers, and never ends where a block says that it has fewer
//! records than it does.

mod column;
mod container;
mod cursor;
mod encoder;
mod reader;
mod schema;
mod stored;

pub use encoder::{AvroCompression, AvroEncoder, check_avro_columns};
pub use reader::{AvroFile, AvroReader};
pub use schema::{AvroSchema, AvroSchemaError};
