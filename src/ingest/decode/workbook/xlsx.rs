//! How many texts a workbook says that its cells share. Its reader makes room for all of them before it reads one.

use quick_xml::Reader;
use quick_xml::events::Event;
use std::fs::File;
use std::io::{BufReader, Read, Seek};

/// A workbook whose number of texts is possible.
pub(super) fn checked(mut file: BufReader<File>) -> Result<BufReader<File>, String> {
    let why = "a workbook (.xlsx) that is damaged: it says that it has more texts than it can have. Save it as CSV, or export it again";
    if let Ok(mut archive) = zip::ZipArchive::new(&mut file) {
        for nth in 0..archive.len() {
            let Ok(member) = archive.by_index(nth) else {
                continue;
            };
            let is_shared = member
                .name()
                .is_ok_and(|name| name.to_lowercase().ends_with("sharedstrings.xml"));
            if is_shared && !is_possible(member) {
                return Err(why.to_owned());
            }
        }
    }
    file.rewind().map_err(|error| error.to_string())?;
    Ok(file)
}

/// Whether a table of texts has at least a byte for each of them.
fn is_possible(table: impl Read) -> bool {
    let mut xml = Reader::from_reader(BufReader::new(table));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.local_name().as_ref() == "sst" => {
                let said = tag.try_get_attribute("uniqueCount").ok().flatten();
                let said = said.map_or(Some(0), |said| said.value.parse::<u64>().ok());
                let mut rest = xml.into_inner();
                let length = std::io::copy(&mut rest, &mut std::io::sink()).unwrap_or(0);
                // A number that can't be read is not believed by the reader either.
                return said.is_none_or(|said| said <= length + 1);
            }
            Ok(Event::Eof) | Err(_) => return true,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_texts_than_bytes_are_not_possible() {
        let table = |count: u64| {
            format!(
                "<?xml version='1.0'?><sst uniqueCount='{count}'><si><t>a</t></si><si><t>b</t></si></sst>"
            )
        };
        assert!(is_possible(table(2).as_bytes()));
        assert!(!is_possible(table(1_000_000_000_000).as_bytes()));
        assert!(is_possible(&b"<sst/>"[..]) && is_possible(&b"<sst"[..]));
    }
}
