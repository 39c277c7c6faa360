//! Words in times: names of months in other languages, halves of the day, and abbreviations of zones.

use std::borrow::Cow;

/// Names of months, from January on: as abbreviated and in full, in German, Spanish, French, Italian and Portuguese. English
/// ones are understood anyway.
const MONTHS: [(&str, &[&str]); 12] = [
    (
        "Jan",
        &[
            "januar", "jänner", "ene", "enero", "janv", "janvier", "gen", "gennaio", "janeiro",
        ],
    ),
    (
        "Feb",
        &[
            "februar",
            "febrero",
            "févr",
            "fevr",
            "février",
            "fevrier",
            "febbraio",
            "fev",
            "fevereiro",
        ],
    ),
    (
        "Mar",
        &[
            "mär", "mrz", "märz", "maerz", "marzo", "mars", "março", "marco",
        ],
    ),
    ("Apr", &["abr", "abril", "avr", "avril", "aprile"]),
    ("May", &["mai", "mayo", "mag", "maggio", "maio"]),
    ("Jun", &["juni", "junio", "juin", "giu", "giugno", "junho"]),
    (
        "Jul",
        &["juli", "julio", "juil", "juillet", "lug", "luglio", "julho"],
    ),
    ("Aug", &["ago", "agosto", "août", "aout"]),
    (
        "Sep",
        &[
            "sept",
            "septiembre",
            "septembre",
            "set",
            "sett",
            "settembre",
            "setembro",
        ],
    ),
    (
        "Oct",
        &[
            "okt", "oktober", "octubre", "octobre", "ott", "ottobre", "out", "outubro",
        ],
    ),
    ("Nov", &["noviembre", "novembre", "novembro"]),
    (
        "Dec",
        &[
            "dez",
            "dezember",
            "dic",
            "diciembre",
            "déc",
            "décembre",
            "decembre",
            "dicembre",
            "dezembro",
        ],
    ),
];

/// Abbreviations of zones that mean one offset in the places where tickets are written, in minutes east of UTC. Those of North
/// America are as in RFC 2822. What means several zones, such as IST, is missing: it can't be read.
const ZONES: [(&str, i64); 26] = [
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("WET", 0),
    ("WEST", 60),
    ("BST", 60),
    ("CET", 60),
    ("MEZ", 60),
    ("CEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("JST", 540),
    ("KST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
];

const WIDE_AND_NARROW_SPACES: [char; 3] = ['\u{a0}', '\u{2009}', '\u{202f}'];

/// A time with English names of months and `AM` or `PM`.
pub(super) fn in_english(text: &str) -> Cow<'_, str> {
    let is_word = |c: char| c.is_alphabetic();
    if !text.contains(is_word) {
        return Cow::Borrowed(text);
    }
    // Browsers and phones write a narrow space before AM and PM.
    let text = &*text.replace(WIDE_AND_NARROW_SPACES, " ");
    let mut english = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(is_word) {
        english.push_str(&rest[..begin]);
        rest = &rest[begin..];
        if let Some((half, behind)) = half_of_day(rest) {
            english.push_str(half);
            rest = behind;
            continue;
        }
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        rest = &rest[end..];
        match month(word) {
            Some(month) => {
                english.push_str(month);
                // The dot of an abbreviation: `févr.`
                rest = rest.strip_prefix('.').unwrap_or(rest);
            }
            None => english.push_str(word),
        }
    }
    english.push_str(rest);
    Cow::Owned(english)
}

fn month(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let found = MONTHS
        .iter()
        .find(|(_, names)| names.contains(&word.as_str()));
    found.map(|(english, _)| *english)
}

/// `a. m.`, `p.m.` and the like at the beginning of a text, and what follows.
fn half_of_day(text: &str) -> Option<(&'static str, &str)> {
    let half = match text.chars().next()? {
        'a' | 'A' => "AM",
        'p' | 'P' => "PM",
        _ => return None,
    };
    let behind = text[1..].strip_prefix('.')?;
    let behind = behind.trim_start();
    let behind = behind.strip_prefix(['m', 'M'])?;
    Some((half, behind.strip_prefix('.').unwrap_or(behind)))
}

/// A text without the abbreviation of a zone at its end, and the offset of the zone in microseconds east of UTC.
pub(super) fn without_zone(text: &str) -> Option<(&str, i64)> {
    let text = text.trim_end();
    let (at, before) = text
        .char_indices()
        .rfind(|(_, c)| !c.is_ascii_alphabetic())?;
    let begin = at + before.len_utf8();
    let name = text[begin..].to_ascii_uppercase();
    let (_, minutes) = ZONES.iter().find(|(known, _)| *known == name)?;
    Some((text[..begin].trim_end(), minutes * 60_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_halves_of_the_day_become_english() {
        for (text, english) in [
            ("01/ene/24 9:10 AM", "01/Jan/24 9:10 AM"),
            ("04/dic/24 9:10 p. m.", "04/Dec/24 9:10 PM"),
            ("1 févr. 2024 10:00", "1 Feb 2024 10:00"),
            ("12. März 2024", "12. Mar 2024"),
            ("03/out/24 1:05 a.m.", "03/Oct/24 1:05 AM"),
            ("2024-05-06 07:08", "2024-05-06 07:08"),
            ("1/2/2024 8:00\u{202f}AM", "1/2/2024 8:00 AM"),
            ("1/2/2024 8:00\u{a0}p.m.", "1/2/2024 8:00 PM"),
            ("1 August 2024", "1 August 2024"),
        ] {
            assert_eq!(in_english(text), english);
        }
    }

    #[test]
    fn no_name_stands_for_two_months() {
        let names = MONTHS.iter().flat_map(|(_, names)| names.iter());
        let mut names: Vec<_> = names.collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn zones_are_read_from_the_end() {
        assert_eq!(
            without_zone("29.03.2024 23:00 CET"),
            Some(("29.03.2024 23:00", 3_600_000_000))
        );
        assert_eq!(
            without_zone("2024-05-06 7:08 pdt"),
            Some(("2024-05-06 7:08", -25_200_000_000))
        );
        assert_eq!(without_zone("2024-05-06 7:08 IST"), None);
        assert_eq!(without_zone("2024-05-06 7:08 PM"), None);
        assert_eq!(without_zone("CET"), None);
        for text in ["8:00\u{202f}AM", "8:00 ÜTC", "8:00 aé", "é", "\u{2009}PM"] {
            assert_eq!(without_zone(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,30}") {
            let _ = (in_english(&text), without_zone(&text));
        }
    }
}
