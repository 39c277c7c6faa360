//! The library without the program: mappings, decoded batches.

use std::path::Path;
use toleranced::internals::EventBatch;
use toleranced::internals::LineDecoder;
use toleranced::internals::MappingSpec;
use toleranced::internals::Time;
use toleranced::internals::{Circumstances, Mapping, compile};

/// Compiles a mapping for records that say no process.
pub(crate) fn compiled(text: &str, default_process: &str) -> Mapping {
    let file = Path::new("map.yaml");
    let spec = MappingSpec::parse(text, file).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let circumstances = Circumstances {
        default_process,
        namespace: "",
        latest: Time(i64::MAX),
    };
    compile(&spec, file, circumstances).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Decodes lines of one stream, none of which may be rejected.
pub(crate) fn decoded(mapping: &Mapping, stream: u64, lines: &str) -> EventBatch {
    let mut batch = EventBatch::default();
    LineDecoder::new(mapping).decode(stream, 0, lines.as_bytes(), &mut batch);
    assert!(batch.rejects.is_empty(), "{:?}", batch.rejects);
    batch
}
