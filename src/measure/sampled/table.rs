//! Counts by key in a fixed number of cells.
//!
//! An invertible Bloom lookup table (Goodrich & Mitzenmacher 2011, "Invertible Bloom lookup tables", Allerton) with counts.
//! Each cell holds sums over the keys that fall into it. So tables are added and subtracted cell by cell, whatever they
//! hold and in whatever order. Keys are read back while they are at most half as many as the cells.

use super::Hashed;
use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use crate::model::hash_pair;

/// Cells that a key falls into.
///
/// With six, keys are read back while they are fewer than 0.637 per cell (Molloy 2005, "Cores in random hypergraphs and
/// Boolean formulas"). Half as many keys as cells leave a margin. What remains is the chance that two keys share all six
/// cells. For 32,768 keys in 65,536 cells it is below 1e-15.
const PLACES: usize = 6;

/// Sums over the keys in a cell. They wrap around, so that no content and no damage can overflow them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    /// Sum of the counts.
    count: i64,
    /// Sum of count times word, for each of the two words of a key.
    words: [i128; 2],
    /// Sum of count times check number.
    check: u64,
}

impl Cell {
    fn add(&mut self, words: [u64; 2], check: u64, by: i64) {
        self.count = self.count.wrapping_add(by);
        for (sum, word) in self.words.iter_mut().zip(words) {
            *sum = sum.wrapping_add(i128::from(by).wrapping_mul(i128::from(word)));
        }
        self.check = self.check.wrapping_add(check.wrapping_mul(by as u64));
    }

    fn merge(&mut self, other: &Cell, sign: i64) {
        self.count = self.count.wrapping_add(other.count.wrapping_mul(sign));
        for (sum, added) in self.words.iter_mut().zip(other.words) {
            *sum = sum.wrapping_add(added.wrapping_mul(i128::from(sign)));
        }
        let check = other.check.wrapping_mul(sign as u64);
        self.check = self.check.wrapping_add(check);
    }

    fn is_zero(&self) -> bool {
        *self == Cell::default()
    }

    /// The only key in the cell, with its count. `None` if the cell holds no key or several.
    fn single<K: Hashed>(&self) -> Option<(K, i64)> {
        let count = i128::from(self.count);
        let word = |sum: i128| match sum.checked_rem(count)? {
            0 => u64::try_from(sum.checked_div(count)?).ok(),
            _ => None,
        };
        let words = [word(self.words[0])?, word(self.words[1])?];
        let check = check_of(words).wrapping_mul(self.count as u64);
        let key = K::from_words(words).filter(|_| check == self.check)?;
        Some((key, self.count))
    }
}

/// A number that tells a key from a sum of other keys.
fn check_of(words: [u64; 2]) -> u64 {
    hash_pair(hash_pair(words[0], words[1]), words[1])
}

/// Counts by key in a fixed number of cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyTable {
    cells: Vec<Cell>,
}

impl KeyTable {
    /// An empty table.
    pub(super) fn new(cells: usize) -> KeyTable {
        KeyTable {
            cells: vec![Cell::default(); cells],
        }
    }

    /// Adds `by` (which may be negative) to the count of `key`.
    pub(super) fn add<K: Hashed>(&mut self, key: &K, by: i64) {
        let words = key.words();
        let check = check_of(words);
        for place in self.places(words) {
            self.cells[place].add(words, check, by);
        }
    }

    /// The cells of a key, one in each sixth of the table. They are stored, so this must not change.
    fn places(&self, words: [u64; 2]) -> [usize; PLACES] {
        let part = self.cells.len() / PLACES;
        let first = hash_pair(words[0], words[1]);
        let second = hash_pair(words[1], !words[0]);
        std::array::from_fn(|nth| {
            let hash = hash_pair(first.wrapping_add(nth as u64), second);
            let within = (u128::from(hash) * part as u128) >> 64;
            nth * part + within as usize
        })
    }

    /// Adds `sign` times another table with as many cells.
    pub(super) fn merge(&mut self, other: &KeyTable, sign: i64) {
        for (cell, added) in self.cells.iter_mut().zip(&other.cells) {
            cell.merge(added, sign);
        }
    }

    /// Whether nothing is counted.
    pub(super) fn is_zero(&self) -> bool {
        self.cells.iter().all(Cell::is_zero)
    }

    /// All keys with their counts. `None` if there are more than `most` of them, or too many for the cells.
    pub(super) fn read<K: Hashed>(&self, most: usize) -> Option<Vec<(K, i64)>> {
        let mut left = self.clone();
        let mut found = Vec::new();
        let mut waiting: Vec<usize> = (0..self.cells.len()).collect();
        while let Some(place) = waiting.pop() {
            let Some((key, count)) = left.cells[place].single::<K>() else {
                continue;
            };
            if found.len() == most {
                return None;
            }
            // Without this key, others can be alone in its cells.
            left.add(&key, count.wrapping_neg());
            waiting.extend(left.places(key.words()));
            found.push((key, count));
        }
        left.is_zero().then_some(found)
    }

    /// Writes the cells that hold something.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let used = || {
            let cells = self.cells.iter().enumerate();
            cells.filter(|(_, cell)| !cell.is_zero())
        };
        put_u64(out, used().count() as u64);
        for (place, cell) in used() {
            put_u64(out, place as u64);
            put_i64(out, cell.count);
            for sum in cell.words {
                out.extend_from_slice(&sum.to_le_bytes());
            }
            out.extend_from_slice(&cell.check.to_le_bytes());
        }
    }

    /// Reads back what [`KeyTable::encode`] wrote of a table with so many cells.
    pub(super) fn decode(reader: &mut Reader, cells: usize) -> Result<KeyTable, DamagedBytes> {
        let mut table = KeyTable::new(cells);
        for _ in 0..reader.count()? {
            let place = usize::try_from(reader.u64()?).map_err(|_| reader.damaged())?;
            let cell = Cell {
                count: reader.i64()?,
                words: [wide(reader)?, wide(reader)?],
                check: reader.raw_u64()?,
            };
            *table.cells.get_mut(place).ok_or(reader.damaged())? = cell;
        }
        Ok(table)
    }
}

fn wide(reader: &mut Reader) -> Result<i128, DamagedBytes> {
    let (low, high) = (reader.raw_u64()?, reader.raw_u64()?);
    Ok((u128::from(high) << 64 | u128::from(low)) as i128)
}
