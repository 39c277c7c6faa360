//! Public holidays of countries and their subdivisions, from a table that is compiled in.

use crate::model::Day;
use crate::rules::nearest;
use chrono::NaiveDate;
use flate2::read::ZlibDecoder;
use std::collections::BTreeMap;
use std::io::Read;

/// Written by config/holidays/generate.py, which describes the format.
const TABLE: &[u8] = include_bytes!("../../../config/holidays/public.bin");
/// The first year of the table.
const FIRST_YEAR: i32 = 2015;
/// Bits for the years of a day.
const YEARS: i32 = 24;
/// So many near codes are suggested.
const SUGGESTIONS: usize = 5;

/// The years of each holiday as bits, by its place in the year: 31 * (month - 1) + day - 1.
type Holidays = BTreeMap<u32, u32>;

/// A country of ISO 3166-1.
struct Country {
    /// Two letters.
    code: String,
    name: String,
    /// Three letters, and other codes in use such as `UK`.
    other_codes: String,
    holidays: Holidays,
    /// Code of a subdivision, and the holidays that only it or only the country has.
    subdivisions: Vec<(String, Holidays)>,
}

/// The table has no holidays for a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownCountry {
    pub message: String,
    /// The next step.
    pub hint: String,
}

/// The holidays of a country such as `DE`, or of a subdivision such as `DE-BY`.
pub(crate) fn days_of_country(code: &str) -> Result<Vec<Day>, UnknownCountry> {
    let upper = code.trim().to_uppercase();
    let (of_country, subdivision) = match upper.split_once('-') {
        Some((country, subdivision)) => (country, Some(subdivision)),
        None => (upper.as_str(), None),
    };
    let countries = table();
    let Some(country) = countries.iter().find(|country| country.code == of_country) else {
        return Err(unknown_country(code, of_country, &countries));
    };
    let Some(subdivision) = subdivision else {
        return Ok(days(&country.holidays).collect());
    };
    let known = country.subdivisions.iter();
    let mut known = known.filter(|(code, _)| code == subdivision);
    let Some((_, differing)) = known.next() else {
        return Err(unknown_subdivision(code, subdivision, country));
    };
    let mut holidays = country.holidays.clone();
    for (place, years) in differing {
        *holidays.entry(*place).or_default() ^= years;
    }
    Ok(days(&holidays).collect())
}

fn days(holidays: &Holidays) -> impl Iterator<Item = Day> {
    holidays.iter().flat_map(|(place, years)| {
        let (month, day) = (place / 31 + 1, place % 31 + 1);
        let years = (0..YEARS).filter(move |year| years >> year & 1 == 1);
        years.filter_map(move |year| {
            let date = NaiveDate::from_ymd_opt(FIRST_YEAR + year, month, day)?;
            Some(Day::of_date(date))
        })
    })
}

fn unknown_country(written: &str, code: &str, countries: &[Country]) -> UnknownCountry {
    let message = format!("`{written}` is not a country code of ISO 3166-1");
    let told = |country: &Country| format!("{} ({})", country.code, country.name);
    let plain = |text: &str| text.to_lowercase().replace([' ', '.', '_'], "");
    let word = plain(code);
    let is_meant = |country: &&Country| {
        plain(&country.name) == word
            || country
                .other_codes
                .split(' ')
                .any(|other| plain(other) == word)
    };
    let by_name = || {
        let names: Vec<String> = countries
            .iter()
            .map(|country| plain(&country.name))
            .collect();
        let near = nearest(&word, names.iter().map(String::as_str))?;
        let nth = names.iter().position(|name| name == near)?;
        countries.get(nth)
    };
    let meant = countries.iter().find(is_meant);
    let meant = meant.or_else(|| by_name().filter(|_| word.len() > 3));
    let near = near_codes(code, countries);
    let hint = match meant {
        Some(country) => format!("did you mean `{}`?", told(country)),
        None if near.is_empty() => {
            "use the two letters of a country such as DE, with a subdivision such as DE-BY"
                .to_owned()
        }
        None => {
            let near: Vec<String> = near.into_iter().map(told).collect();
            format!("nearest: {}", near.join(", "))
        }
    };
    UnknownCountry { message, hint }
}

/// Countries whose code differs in one letter, those with the same first letter first.
fn near_codes<'c>(code: &str, countries: &'c [Country]) -> Vec<&'c Country> {
    let near = |country: &&Country| strsim::damerau_levenshtein(&country.code, code) <= 1;
    let mut near: Vec<&Country> = countries.iter().filter(near).collect();
    near.sort_by_key(|country| country.code.get(..1) != code.get(..1));
    near.truncate(SUGGESTIONS);
    near
}

fn unknown_subdivision(written: &str, subdivision: &str, country: &Country) -> UnknownCountry {
    let (name, code) = (&country.name, &country.code);
    let known = country.subdivisions.iter();
    let known: Vec<&str> = known.map(|(code, _)| code.as_str()).collect();
    let hint = if known.is_empty() {
        format!("use `{code}`: all of its subdivisions have the same holidays here")
    } else {
        format!(
            "known: {}; `{code}` has the holidays of the whole country",
            known.join(", ")
        )
    };
    UnknownCountry {
        message: format!("`{written}`: {name} has no subdivision `{subdivision}` with holidays"),
        hint,
    }
}

/// Every country. Reading all of them takes a millisecond, and nothing has to be kept.
fn table() -> Vec<Country> {
    let head = TABLE.iter().position(|byte| *byte == b'\n').unwrap_or(0) + 1;
    let mut body = Vec::new();
    ZlibDecoder::new(&TABLE[head..])
        .read_to_end(&mut body)
        .expect("the table is compiled in");
    let mut rest = Bytes(&body);
    std::iter::from_fn(|| rest.country()).collect()
}

/// What is left of the table.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number whose lowest byte comes first.
    fn number(&mut self, bytes: usize) -> Option<u32> {
        let taken = self.take(bytes)?.iter().rev();
        Some(taken.fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn text(&mut self) -> Option<String> {
        let length = self.number(1)? as usize;
        Some(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn holidays(&mut self) -> Option<Holidays> {
        let count = self.number(2)?;
        let mut holidays = Holidays::new();
        let mut place = 0;
        for _ in 0..count {
            loop {
                let more = self.number(1)?;
                place += more;
                if more < 255 {
                    break;
                }
            }
            holidays.insert(place, self.number(3)?);
        }
        Some(holidays)
    }

    fn country(&mut self) -> Option<Country> {
        let code = String::from_utf8_lossy(self.take(2)?).into_owned();
        let (name, other_codes) = (self.text()?, self.text()?);
        let holidays = self.holidays()?;
        let subdivisions = (0..self.number(1)?).map(|_| Some((self.text()?, self.holidays()?)));
        Some(Country {
            code,
            name,
            other_codes,
            holidays,
            subdivisions: subdivisions.collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(code: &str, date: &str) -> bool {
        let days = days_of_country(code).unwrap_or_else(|unknown| panic!("{unknown:?}"));
        days.contains(&Day::of_date(date.parse().unwrap()))
    }

    #[test]
    fn holidays_of_countries_and_subdivisions_are_on_the_known_dates() {
        for (code, date) in [
            ("DE", "2026-04-06"),     // Easter Monday
            ("US", "2025-11-27"),     // Thanksgiving
            ("CN", "2026-02-17"),     // Chinese New Year
            ("GB-SCT", "2025-12-01"), // Saint Andrew's Day, 30 November is a Sunday
            ("IN", "2025-08-15"),     // Independence Day
            ("NO", "2026-05-17"),     // Constitution Day
            ("BR", "2015-04-21"),     // Tiradentes' Day, first year of the table
            ("FR", "2035-07-14"),     // Bastille Day, last year of the table
            ("TR", "2025-03-30"),     // first day of Eid al-Fitr
            ("DE-BY", "2026-01-06"),  // Epiphany
            ("DE-BY", "2026-04-06"),  // a holiday of the country is one of its subdivisions
            ("de-by", "2026-01-06"),
        ] {
            assert!(has(code, date), "{code} {date}");
        }
        for (code, date) in [
            ("DE", "2026-01-06"),    // not in the whole country
            ("DE-BE", "2026-01-06"), // not in this subdivision
            ("DE", "2026-04-07"),
            ("US", "2025-11-26"),
        ] {
            assert!(!has(code, date), "{code} {date}");
        }
    }

    #[test]
    fn the_table_has_all_countries_and_is_read_to_its_end() {
        let countries = table();
        assert!(countries.len() >= 240, "{}", countries.len());
        let last = countries.last().unwrap();
        assert_eq!((last.code.as_str(), last.name.as_str()), ("ZW", "Zimbabwe"));
        for country in &countries {
            let count = days(&country.holidays).count();
            // Not every country has holidays that hold in all of its subdivisions.
            let has_some = count >= YEARS as usize || !country.subdivisions.is_empty();
            assert!(has_some, "{}: {count}", country.code);
        }
        assert!(
            TABLE.starts_with(b"Public holidays from 2015 to 2035 of the Python package holidays ")
        );
    }

    #[test]
    fn an_unknown_code_is_answered_with_the_nearest_ones() {
        for (written, hint) in [
            ("Germany", "did you mean `DE (Germany)`?"),
            ("Germny", "did you mean `DE (Germany)`?"),
            ("united kingdom", "did you mean `GB (United Kingdom)`?"),
            ("UK", "did you mean `GB (United Kingdom)`?"),
            ("USA", "did you mean `US (United States)`?"),
            ("DEU-BY", "did you mean `DE (Germany)`?"),
            ("", "use the two letters of a country"),
            ("Atlantis", "use the two letters of a country"),
            ("DX", "nearest: DE (Germany)"),
            ("DE-XX", "known: BB, BE, BW, BY"),
            ("SG-01", "use `SG`"),
        ] {
            let unknown = days_of_country(written).unwrap_err();
            assert!(unknown.hint.contains(hint), "{written}: {unknown:?}");
            assert!(
                unknown.message.contains(&format!("`{written}`")),
                "{unknown:?}"
            );
        }
    }
}
