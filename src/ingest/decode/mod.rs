//! From files to records: compression, character encoding, format, and one decoder per format.

mod chunk;
mod container;
mod csv;
mod document;
mod hand_on;
mod inflate;
mod json_cutter;
mod large;
mod late_encoding;
mod lines;
mod listed;
mod ocel;
mod open;
mod sniff;
mod unpack;
#[cfg(feature = "workbooks")]
mod workbook;
mod xes;

pub(crate) use chunk::{Chunk, Chunker};
pub(crate) use csv::CsvHeader;
pub use csv::decode_csv;
pub(crate) use csv::first_header;
pub use csv::read_header;
pub use document::decode_document;
pub(crate) use inflate::{gunzip, is_too_large, unzstd};
pub use lines::LineDecoder;
pub(crate) use lines::sample_records;
pub(crate) use listed::list_of;
pub(crate) use ocel::OF_OBJECT;
pub use open::Input;
pub(crate) use open::Opened;
pub use open::open;
pub use sniff::Dialect;
pub(crate) use sniff::sniff;
pub(crate) use unpack::{unpack, unpack_one};
pub use xes::decode_xes;
pub(crate) use xes::{XesEvent, read_xes};

/// How many records a decoder maps before it hands the batch on.
pub(crate) const BATCH_RECORDS: usize = 8192;

/// What can keep a file from being read at all.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file can't be opened or read.
    #[error("{file}: {source}")]
    Io {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is none of the formats that can be read.
    #[error("{file}: {what}")]
    Format {
        /// The file.
        file: String,
        /// What is wrong, and what to do.
        what: String,
    },
}
