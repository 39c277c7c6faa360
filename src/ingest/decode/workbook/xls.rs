//! How many cells a workbook of Excel up to 2003 has. Its reader takes the place of every cell between the first and the last one, and
//! believes what the file says of its size and of the order of its sectors.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

/// Cells between the first and the last one, in all sheets.
const MOST_CELLS: u64 = 4_000_000;
/// A sheet has at most 65,536 rows, so a workbook is not larger.
const MOST_BYTES: u64 = 256 << 20;
/// Sheets can name the same part of the file. So many times its length is read.
const MOST_WORK: usize = 16;

/// A workbook that is small enough to be read.
pub(super) fn checked(mut file: BufReader<File>) -> Result<BufReader<File>, String> {
    let mut bytes = Vec::new();
    let read = file.by_ref().take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    let too_large =
        || "a workbook (.xls) with more than 4 million cells. Save it as CSV".to_owned();
    if bytes.len() as u64 > MOST_BYTES {
        return Err(too_large());
    }
    let damaged = "a workbook (.xls) that is damaged. Save it as CSV, or export it again";
    let compound = Compound::read(&bytes).ok_or(damaged)?;
    for name in ["Workbook", "Book"] {
        for stream in compound.streams(name) {
            let cells = cells(&stream.ok_or(damaged)?);
            if cells.ok_or(damaged)? > MOST_CELLS {
                return Err(too_large());
            }
        }
    }
    file.rewind().map_err(|error| error.to_string())?;
    Ok(file)
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The numbers of sectors from here on are none.
const RESERVED: u32 = 0xffff_fffa;
const END: u32 = 0xffff_fffe;

/// A compound file: streams in chains of sectors.
struct Compound<'b> {
    bytes: &'b [u8],
    sector: usize,
    /// What follows each sector.
    next: Vec<u32>,
    small: Vec<u8>,
    small_next: Vec<u32>,
    directory: Vec<u8>,
}

impl<'b> Compound<'b> {
    fn read(bytes: &'b [u8]) -> Option<Compound<'b>> {
        let sector = match short(bytes, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut compound = Compound {
            bytes,
            sector,
            next: Vec::new(),
            small: Vec::new(),
            small_next: Vec::new(),
            directory: Vec::new(),
        };
        let mut tables: Vec<u32> = numbers(bytes.get(76..512)?);
        let mut further = long(bytes, 68)?;
        let most = bytes.len() / sector + 1;
        for _ in 0..=most {
            if further >= RESERVED {
                break;
            }
            tables.extend(numbers(compound.at(further)?));
            further = tables.pop()?;
        }
        if further < RESERVED || tables.len() > most + sector {
            return None;
        }
        for table in tables.into_iter().filter(|table| *table < RESERVED) {
            let part = numbers(compound.at(table)?);
            compound.next.extend(part);
        }
        compound.directory = compound.chain(long(bytes, 48)?)?;
        if long(bytes, 64)? > 0 {
            compound.small = compound.chain(long(&compound.directory, 116)?)?;
            compound.small_next = numbers(&compound.chain(long(bytes, 60)?)?);
        }
        Some(compound)
    }

    fn at(&self, sector: u32) -> Option<&'b [u8]> {
        let begin = (sector as usize).checked_add(1)?.checked_mul(self.sector)?;
        let end = (begin + self.sector).min(self.bytes.len());
        self.bytes.get(begin..end)
    }

    /// All of a chain. `None` for one that leaves the file or never ends.
    fn chain(&self, start: u32) -> Option<Vec<u8>> {
        let (mut chain, mut sector) = (Vec::new(), start);
        while sector != END {
            chain.extend_from_slice(self.at(sector)?);
            if chain.len() > self.bytes.len() + self.sector {
                return None;
            }
            sector = *self.next.get(sector as usize)?;
        }
        Some(chain)
    }

    fn small_chain(&self, start: u32) -> Option<Vec<u8>> {
        let (mut chain, mut sector) = (Vec::new(), start);
        while sector != END {
            let begin = sector as usize * 64;
            chain.extend_from_slice(self.small.get(begin..(begin + 64).min(self.small.len()))?);
            if chain.len() > self.small.len() + 64 {
                return None;
            }
            sector = *self.small_next.get(sector as usize)?;
        }
        Some(chain)
    }

    /// The streams with a name, in any case of its letters.
    fn streams(&self, name: &str) -> impl Iterator<Item = Option<Vec<u8>>> {
        let entries = self.directory.chunks_exact(128);
        let is_it = move |entry: &&[u8]| {
            let units = entry[..64].chunks_exact(2);
            let text: Vec<u16> = units
                .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
                .take_while(|unit| *unit != 0)
                .collect();
            String::from_utf16_lossy(&text).eq_ignore_ascii_case(name)
        };
        entries.filter(is_it).map(|entry| {
            let (start, length) = (long(entry, 116)?, long(entry, 120)? as usize);
            let mut stream = match length < 4096 {
                true => self.small_chain(start)?,
                false => self.chain(start)?,
            };
            stream.truncate(length);
            Some(stream)
        })
    }
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    let all = bytes.chunks_exact(4);
    all.map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
        .collect()
}

/// A record of a stream: its type and what it holds.
type Record<'s> = (usize, &'s [u8]);

/// The records from a place on, up to the end of its part.
fn records(stream: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let (mut rest, mut depth) = (stream, 0_usize);
    std::iter::from_fn(move || {
        let (kind, length) = (short(rest, 0)?, short(rest, 2)?);
        let data = rest.get(4..4 + length)?;
        rest = &rest[4 + length..];
        match kind {
            BEGIN => depth += 1,
            PART_END if depth <= 1 => return None,
            PART_END => depth -= 1,
            _ => {}
        }
        Some((kind, data))
    })
}

const BEGIN: usize = 0x0809;
const PART_END: usize = 0x000a;
const SHEET: usize = 0x0085;
const DIMENSIONS: usize = 0x0200;
/// Number, label, text with formats, yes or no, short number, shared text, formula.
const CELLS: [usize; 7] = [0x0203, 0x0204, 0x00d6, 0x0205, 0x027e, 0x00fd, 0x0006];
const SEVERAL_NUMBERS: usize = 0x00bd;

/// The cells of all sheets. `None` if that can't be found out.
fn cells(stream: &[u8]) -> Option<u64> {
    let sheets = records(stream).filter(|(kind, _)| *kind == SHEET);
    let begins: Vec<usize> = sheets
        .map(|(_, data)| Some(long(data, 0)? as usize))
        .collect::<Option<_>>()?;
    let (mut total, mut work) = (0_u64, 0);
    for begin in begins {
        let part = stream.get(begin..)?;
        let (mut area, mut said) = (Area::default(), 0);
        for (kind, data) in records(part) {
            work += 4 + data.len();
            match kind {
                DIMENSIONS => said = said.max(dimensions(data)),
                kind if CELLS.contains(&kind) => area.add(short(data, 0)?, short(data, 2)?),
                SEVERAL_NUMBERS => {
                    area.add(short(data, 0)?, short(data, 2)?);
                    area.add(short(data, 0)?, short(data, data.len().checked_sub(2)?)?);
                }
                _ => {}
            }
        }
        if work > stream.len().saturating_mul(MOST_WORK) {
            return None;
        }
        total = total.saturating_add(area.cells().max(said));
    }
    Some(total)
}

/// What a sheet says of its size.
fn dimensions(data: &[u8]) -> u64 {
    let size = |from: u32, to: u32| u64::from(to.wrapping_sub(from)).max(1);
    let of = match data.len() {
        10 => short(data, 0)
            .zip(short(data, 2))
            .zip(short(data, 6))
            .map(|((from, to), columns)| size(from as u32, to as u32) * columns as u64),
        _ => long(data, 0)
            .zip(long(data, 4))
            .zip(short(data, 10))
            .map(|((from, to), columns)| size(from, to) * columns as u64),
    };
    of.unwrap_or(0)
}

/// The rows and columns between the first and the last cell.
#[derive(Default)]
struct Area(Option<[usize; 4]>);

impl Area {
    fn add(&mut self, row: usize, column: usize) {
        let [top, bottom, left, right] = self.0.unwrap_or([row, row, column, column]);
        self.0 = Some([
            top.min(row),
            bottom.max(row),
            left.min(column),
            right.max(column),
        ]);
    }

    fn cells(&self) -> u64 {
        let area = |[top, bottom, left, right]: [usize; 4]| {
            ((bottom - top + 1) * (right - left + 1)) as u64
        };
        self.0.map_or(0, area)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: usize, data: &[u8]) -> Vec<u8> {
        let head = [kind as u16, data.len() as u16].map(u16::to_le_bytes);
        [head.concat(), data.to_vec()].concat()
    }

    /// A stream of sheets that all begin at the same place.
    fn stream(sheets: usize, cells: &[(u16, u16)]) -> Vec<u8> {
        let begin = (8 + sheets * 9 + 4) as u32;
        let mut stream = record(BEGIN, &[0; 4]);
        for _ in 0..sheets {
            stream.extend(record(SHEET, &[&begin.to_le_bytes()[..], &[0]].concat()));
        }
        stream.extend(record(PART_END, &[]));
        stream.extend(record(BEGIN, &[0; 4]));
        for (row, column) in cells {
            let at = [row.to_le_bytes(), column.to_le_bytes()].concat();
            stream.extend(record(0x0203, &[at, vec![0; 10]].concat()));
        }
        stream.extend(record(PART_END, &[]));
        stream
    }

    #[test]
    fn cells_between_the_first_and_the_last_count_for_each_sheet() {
        assert_eq!(cells(&stream(1, &[(4, 2), (13, 11)])), Some(100));
        assert_eq!(cells(&stream(3, &[(4, 2), (13, 11)])), Some(300));
        assert!(cells(&stream(1, &[(0, 0), (65_535, 255)])).unwrap() > MOST_CELLS);
        assert_eq!(cells(&stream(1000, &[(0, 0); 1000])), None);
        assert_eq!(
            dimensions(&[[0; 4], [0, 0, 1, 0], [0, 0, 0, 1], [0; 4]].concat()[..14]),
            65_536 * 256
        );
    }

    #[test]
    fn a_real_workbook_is_small_and_a_damaged_one_never_fails() {
        let bytes = std::fs::read("tests/data/workbooks/tickets.xls").unwrap();
        let of = |bytes: &[u8]| {
            let compound = Compound::read(bytes)?;
            let stream = compound.streams("workbook").next()??;
            cells(&stream)
        };
        // 20 rows, a header and a title above an empty row, of 5 columns.
        assert_eq!(of(&bytes), Some(23 * 5));
        for nth in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[nth] ^= 0xff;
            of(&broken);
            of(&bytes[..nth]);
        }
    }
}
