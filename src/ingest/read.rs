//! Reading a whole file: decoded by several threads, handed on in the order of the file.

use super::batch::EventBatch;
use super::beginning::is_only_beginning;
use super::decode::{
    Chunk, Chunker, CsvHeader, DecodeError, Input, LineDecoder, Opened, decode_csv,
    decode_document, decode_xes, is_too_large, open, read_header,
};
use super::framing::Framing;
use super::guess::guess_records;
use super::mapping::Mapping;
use super::reject::{Reason, Reject};
use crate::rules::mapping::FormatName;
use crate::rules::nearest;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use xxhash_rust::xxh3::xxh3_64;

/// So much is decoded at once. With two threads and their queues some ten such pieces are in memory.
const CHUNK_BYTES: usize = 512 << 10;

/// So much of a stream is hashed to recognise it: what is read again from another path, or compressed, is the same.
const STREAM_PREFIX: usize = 4096;

/// How to read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// Decoding threads; with 0, the calling thread decodes.
    pub workers: usize,
    /// A longer record is rejected, in bytes.
    pub most_record_bytes: usize,
}

impl Default for ReadOptions {
    fn default() -> ReadOptions {
        ReadOptions {
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            most_record_bytes: 1 << 20,
        }
    }
}

/// Opens a file and finds out its format. `sheet` names one of a workbook. An error says what it is instead.
pub fn open_input(
    input: &Input,
    sheet: Option<&str>,
    progress: &Arc<AtomicU64>,
) -> Result<Opened, DecodeError> {
    open(input, sheet, progress).map_err(|source| DecodeError::Io {
        file: input.name(),
        source,
    })
}

/// The format of an opened file: as the mapping says, else as it looks.
pub(crate) fn format_of(
    opened: &Opened,
    said: Option<FormatName>,
    file: &str,
) -> Result<FormatName, DecodeError> {
    if let Some(why) = &opened.refused {
        return Err(DecodeError::Format {
            file: file.to_owned(),
            what: why.clone(),
        });
    }
    // Whatever a workbook or database is, it comes as what it was converted to.
    let said = said.filter(|_| opened.from.is_none());
    let looks = match opened.sniffed.format {
        Some(FormatName::Ndjson) if is_single_document(opened) => Some(FormatName::Json),
        looks => looks,
    };
    said.or(looks).ok_or_else(|| DecodeError::Format {
        file: file.to_owned(),
        what: if opened.sample.trim_ascii().is_empty() {
            "the file is empty".to_owned()
        } else {
            let start: String = String::from_utf8_lossy(&opened.sample[..opened.sample.len().min(24)])
                .escape_debug()
                .collect();
            format!("neither NDJSON, JSON, CSV, XES, OCEL 2.0 nor a workbook (it starts with \"{start}\"); name its format in a mapping if it is one of them")
        },
    })
}

/// Whether a file is a document on a single line, with its records in an array of it. The first line of a log that goes on
/// looks the same, but is not the whole file.
fn is_single_document(opened: &Opened) -> bool {
    if !opened.sample_is_all {
        return false;
    }
    let document = serde_json::from_slice::<serde_json::Value>(&opened.sample);
    document.is_ok_and(|document| guess_records(&document).is_some())
}

/// Reads an opened file for a mapping and hands its batches to `sink`, in order.
pub fn read_opened(
    opened: Opened,
    file: &str,
    mapping: &Mapping,
    options: ReadOptions,
    sink: &mut dyn FnMut(EventBatch),
) -> Result<(), DecodeError> {
    let format = format_of(&opened, mapping.format, file)?;
    let rows = opened.rows;
    let sink: &mut dyn FnMut(EventBatch) = &mut |mut batch: EventBatch| {
        for reject in &mut batch.rejects {
            if let Some(at) = rows.as_ref().and_then(|rows| rows.at(reject.place)) {
                reject.detail = format!("{} ({at})", reject.detail);
            }
        }
        sink(batch);
    };
    let unreadable = |source| DecodeError::Io {
        file: file.to_owned(),
        source,
    };
    let stream = xxh3_64(&opened.sample[..opened.sample.len().min(STREAM_PREFIX)]);
    match format {
        FormatName::Ndjson => {
            let decoder = LineDecoder::new(mapping);
            let chunker = Chunker::new(
                opened.reader,
                Framing::Lines,
                CHUNK_BYTES,
                options.most_record_bytes,
            );
            chunks(chunker, options, sink, &|offset, bytes, out| {
                decoder.decode(stream, offset, bytes, out);
            })
            .map_err(unreadable)
        }
        FormatName::Csv => {
            let mut dialect = opened.sniffed.dialect;
            if opened.from.is_none() {
                dialect.delimiter = mapping.delimiter.unwrap_or(dialect.delimiter);
            }
            let framing = Framing::Csv {
                quote: dialect.quote,
            };
            let mut chunker = Chunker::new(
                opened.reader,
                framing,
                CHUNK_BYTES,
                options.most_record_bytes,
            );
            let first = chunker.first_record();
            if first.len() > options.most_record_bytes {
                let most = options.most_record_bytes;
                return Err(DecodeError::Format {
                    file: file.to_owned(),
                    what: format!("its header (the first record) is longer than {most} bytes"),
                });
            }
            let header = read_header(&first, dialect);
            check_columns(mapping, &header, file)?;
            chunks(chunker, options, sink, &|offset, bytes, out| {
                decode_csv(mapping, &header, stream, offset, bytes, out);
            })
            .map_err(unreadable)
        }
        FormatName::Json => {
            let reader = opened.reader;
            beside(options, sink, |hand_on| {
                decode_document(mapping, stream, reader, options.most_record_bytes, hand_on)
            });
            Ok(())
        }
        FormatName::Xes => {
            let reader = BufReader::with_capacity(1 << 16, opened.reader);
            beside(options, sink, |hand_on| {
                decode_xes(mapping, stream, reader, options.most_record_bytes, hand_on)
            });
            Ok(())
        }
    }
}

/// A column that the mapping needs and the file does not have is an error of the whole file.
pub(crate) fn check_columns(
    mapping: &Mapping,
    header: &CsvHeader,
    file: &str,
) -> Result<(), DecodeError> {
    let missing = mapping
        .required_paths()
        .into_iter()
        .find(|path| header.find(path).is_none());
    let Some(missing) = missing else {
        return Ok(());
    };
    let columns = header.columns.iter().map(String::as_str);
    let hint = match nearest(missing, columns.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its columns are {}", columns.collect::<Vec<_>>().join(", ")),
    };
    Err(DecodeError::Format {
        file: file.to_owned(),
        what: format!("no column `{missing}` ({hint})"),
    })
}

/// Decodes on one thread what can't be cut, and hands on from another.
fn beside(
    options: ReadOptions,
    sink: &mut dyn FnMut(EventBatch),
    decode: impl FnOnce(&mut dyn FnMut(EventBatch) -> ControlFlow<()>) + Send,
) {
    if options.workers == 0 {
        return decode(&mut |batch| {
            sink(batch);
            ControlFlow::Continue(())
        });
    }
    // Bounded: a decoder that is faster than the assembly waits.
    let (sender, receiver) = bounded::<EventBatch>(1);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            decode(&mut |batch| match sender.send(batch) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            });
        });
        receiver.iter().for_each(&mut *sink);
    });
}

/// A piece of work with its number in the file.
type Numbered<T> = (u64, T);

/// Decodes chunks on several threads and puts the batches back in order.
fn chunks(
    mut chunker: Chunker<Box<dyn std::io::Read + Send>>,
    options: ReadOptions,
    sink: &mut dyn FnMut(EventBatch),
    decode: &(dyn Fn(u64, &[u8], &mut EventBatch) + Sync),
) -> io::Result<()> {
    if options.workers == 0 {
        for chunk in &mut chunker {
            sink(decoded(chunk, decode));
        }
        return match chunker.take_error() {
            Some(error) => ended_early(chunker.offset(), error, sink),
            None => Ok(()),
        };
    }
    let workers = options.workers;
    // Bounded: the reader waits for the decoders, and these for the assembly.
    let (to_workers, work) = bounded::<Numbered<Chunk>>(workers);
    let (to_sink, done) = bounded::<Numbered<EventBatch>>(1);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (work, to_sink) = (work.clone(), to_sink.clone());
            scope.spawn(move || work_off(&work, &to_sink, decode));
        }
        drop((work, to_sink));
        let reader = scope.spawn(move || {
            for numbered in (0u64..).zip(&mut chunker) {
                if to_workers.send(numbered).is_err() {
                    break;
                }
            }
            chunker.take_error().map(|error| (chunker.offset(), error))
        });
        in_order(&done, sink);
        match reader.join() {
            Ok(Some((offset, error))) => ended_early(offset, error, sink),
            Ok(None) => Ok(()),
            Err(_) => Err(io::Error::other(
                "the thread that reads has died; please report this",
            )),
        }
    })
}

/// A damaged archive has a place where it breaks off, which is quarantined; an error of the operating system says nothing of
/// the file.
fn ended_early(offset: u64, error: io::Error, sink: &mut dyn FnMut(EventBatch)) -> io::Result<()> {
    if is_only_beginning(&error) {
        return Ok(());
    }
    if error.raw_os_error().is_some() {
        return Err(error);
    }
    let mut last = EventBatch::default();
    last.records += 1;
    let reason = match is_too_large(&error) {
        true => Reason::TooLong,
        false => Reason::Truncated,
    };
    let reject = Reject::new(offset, reason, error.to_string(), b"");
    last.rejects.push(reject);
    sink(last);
    Ok(())
}

fn work_off(
    work: &Receiver<Numbered<Chunk>>,
    done: &Sender<Numbered<EventBatch>>,
    decode: &(dyn Fn(u64, &[u8], &mut EventBatch) + Sync),
) {
    for (number, chunk) in work {
        if done.send((number, decoded(chunk, decode))).is_err() {
            return;
        }
    }
}

fn decoded(chunk: Chunk, decode: &(dyn Fn(u64, &[u8], &mut EventBatch) + Sync)) -> EventBatch {
    let mut batch = EventBatch::default();
    match chunk {
        Chunk::Records { offset, bytes } => decode(offset, &bytes, &mut batch),
        Chunk::TooLong {
            offset,
            length,
            start,
        } => {
            batch.records += 1;
            let detail = format!("{length} bytes");
            batch
                .rejects
                .push(Reject::new(offset, Reason::TooLong, detail, &start));
        }
    }
    batch
}

/// At most as many batches wait here for an earlier one as there are workers and places in the queues.
fn in_order(done: &Receiver<Numbered<EventBatch>>, sink: &mut dyn FnMut(EventBatch)) {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for (number, batch) in done {
        waiting.insert(number, batch);
        while let Some(batch) = waiting.remove(&next) {
            sink(batch);
            next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(ending: fn() -> io::Error, workers: usize) -> (usize, usize, io::Result<()>) {
        struct Ending(&'static [u8], fn() -> io::Error);
        impl io::Read for Ending {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                match io::Read::read(&mut self.0, buffer)? {
                    0 => Err((self.1)()),
                    count => Ok(count),
                }
            }
        }
        let reader: Box<dyn io::Read + Send> = Box::new(Ending(b"one\ntwo\n", ending));
        let chunker = Chunker::new(reader, Framing::Lines, 1024, 1024);
        let (mut records, mut rejects) = (0, 0);
        let mut sink = |batch: EventBatch| {
            records += batch.records as usize;
            rejects += batch.rejects.len();
        };
        let count = |_: u64, bytes: &[u8], out: &mut EventBatch| {
            out.records += memchr::memchr_iter(b'\n', bytes).count() as u64;
        };
        let options = ReadOptions {
            workers,
            ..ReadOptions::default()
        };
        let result = chunks(chunker, options, &mut sink, &count);
        (records, rejects, result)
    }

    #[test]
    fn what_breaks_off_is_quarantined_and_what_cannot_be_read_is_an_error() {
        for workers in [0, 2] {
            let (records, rejects, result) = read(|| io::ErrorKind::UnexpectedEof.into(), workers);
            assert!(result.is_ok());
            assert_eq!((records, rejects), (3, 1));
            let (records, rejects, result) = read(|| io::Error::from_raw_os_error(5), workers);
            assert_eq!(result.unwrap_err().raw_os_error(), Some(5));
            assert_eq!((records, rejects), (2, 0));
        }
    }
}
