//! Words in times: names of months in other languages, halves of the day, and abbreviations of zones.

use std::borrow::Cow;

/// Names of months, from January on: as abbreviated and in full, in German, Dutch, Polish, Spanish, French, Italian and
/// Portuguese. English ones are understood anyway.
const MONTHS: [(&str, &[&str]); 12] = [
    (
        "Jan",
        &[
            "januar", "jänner", "januari", "stycznia", "styczeń", "sty", "ene", "enero", "janv",
            "janvier", "gen", "gennaio", "janeiro",
        ],
    ),
    (
        "Feb",
        &[
            "februar",
            "februari",
            "lutego",
            "luty",
            "lut",
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
            "mär", "mrz", "märz", "maerz", "maart", "mrt", "marca", "marzec", "marzo", "mars",
            "março", "marco",
        ],
    ),
    (
        "Apr",
        &[
            "abr",
            "abril",
            "avr",
            "avril",
            "aprile",
            "kwietnia",
            "kwiecień",
            "kwi",
        ],
    ),
    (
        "May",
        &["mai", "mayo", "mag", "maggio", "maio", "mei", "maj", "maja"],
    ),
    (
        "Jun",
        &[
            "juni", "junio", "juin", "giu", "giugno", "junho", "czerwca", "czerwiec", "cze",
        ],
    ),
    (
        "Jul",
        &[
            "juli", "julio", "juil", "juillet", "lug", "luglio", "julho", "lipca", "lipiec", "lip",
        ],
    ),
    (
        "Aug",
        &[
            "ago",
            "agosto",
            "août",
            "aout",
            "augustus",
            "sierpnia",
            "sierpień",
            "sie",
        ],
    ),
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
            "września",
            "wrzesień",
            "wrz",
        ],
    ),
    (
        "Oct",
        &[
            "okt",
            "oktober",
            "października",
            "październik",
            "paź",
            "octubre",
            "octobre",
            "ott",
            "ottobre",
            "out",
            "outubro",
        ],
    ),
    (
        "Nov",
        &[
            "noviembre",
            "novembre",
            "novembro",
            "listopada",
            "listopad",
            "lis",
        ],
    ),
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
            "grudnia",
            "grudzień",
            "gru",
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
            None if word.eq_ignore_ascii_case("uhr") => english.truncate(english.trim_end().len()),
            None => english.push_str(word),
        }
    }
    english.push_str(rest);
    Cow::Owned(english)
}

/// The number of a month that is named in lower case, in English or another language.
pub(super) fn month_number(word: &str) -> Option<u32> {
    const ENGLISH: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let is_it = |(nth, (short, names)): &(usize, &(&str, &[&str]))| {
        names.contains(&word) || ENGLISH[*nth] == word || short.eq_ignore_ascii_case(word)
    };
    let found = MONTHS.iter().enumerate().find(is_it);
    found.map(|(nth, _)| nth as u32 + 1)
}

/// Days of the week in lower case, as abbreviated and in full.
const WEEKDAYS: &[&str] = &[
    "mon",
    "tue",
    "tues",
    "wed",
    "thu",
    "thur",
    "thurs",
    "fri",
    "sat",
    "sun",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "mo",
    "di",
    "mi",
    "do",
    "fr",
    "sa",
    "so",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "lun",
    "mer",
    "jeu",
    "ven",
    "sam",
    "dim",
    "lunes",
    "martes",
    "miércoles",
    "jueves",
    "viernes",
    "sábado",
    "domingo",
    "mié",
    "jue",
    "vie",
    "sáb",
    "dom",
    "lunedì",
    "martedì",
    "mercoledì",
    "giovedì",
    "venerdì",
    "sabato",
    "domenica",
    "gio",
    "segunda",
    "terça",
    "quarta",
    "quinta",
    "sexta",
    "feira",
    "seg",
    "ter",
    "qua",
    "qui",
    "sex",
];

/// Whether a word in lower case is the name of a day of the week.
pub(super) fn names_a_weekday(word: &str) -> bool {
    WEEKDAYS.contains(&word)
}

/// The offset in seconds east of UTC of the zone that a text begins with, and what follows: `CET`, `UTC`, `GMT+1`, `UTC+02:00`,
/// `+0100`, `Z`.
pub(super) fn offset_of_zone(text: &str) -> Option<(i64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let east = match name {
        "" => 0,
        name => {
            let upper = name.to_ascii_uppercase();
            ZONES.iter().find(|(known, _)| *known == upper)?.1 * 60
        }
    };
    let is_base = matches!(name.to_ascii_uppercase().as_str(), "" | "UTC" | "GMT");
    let Some(behind) = rest.strip_prefix(['+', '-']).filter(|_| is_base) else {
        return (!name.is_empty()).then_some((east, rest));
    };
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    let end = behind
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(behind.len());
    let (digits, behind) = behind.split_at(end);
    let (hours, minutes, rest) = match digits.len() {
        1 | 2 => match behind.strip_prefix(':') {
            Some(behind) => {
                let minutes = behind.get(..2)?;
                (digits, minutes, &behind[2..])
            }
            None => (digits, "0", behind),
        },
        3 | 4 => {
            let (hours, minutes) = digits.split_at(digits.len() - 2);
            (hours, minutes, behind)
        }
        _ => return None,
    };
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes <= 59).then_some((sign * (hours * 60 + minutes) * 60, rest))
}

fn month(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let found = MONTHS
        .iter()
        .find(|(_, names)| names.contains(&word.as_str()));
    found.map(|(english, _)| *english)
}

/// `a. m.`, `p.m.` and the like at the beginning of a text, and what follows.
pub(super) fn half_of_day(text: &str) -> Option<(&'static str, &str)> {
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

/// A text without the abbreviation of a zone at its end, and the offset of the zone in microseconds east of UTC. An offset may
/// stand behind `UTC` and `GMT`.
pub(crate) fn without_zone(text: &str) -> Option<(&str, i64)> {
    let text = text.trim_end();
    let is_in_zone = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | ':');
    let (at, before) = text.char_indices().rfind(|(_, c)| !is_in_zone(*c))?;
    let begin = at + before.len_utf8();
    let named = text[begin..].starts_with(|c: char| c.is_ascii_alphabetic());
    let begin = match named {
        true => begin,
        // Nothing separates the zone from the time: `08:00CET`.
        false => begin + text[begin..].find(|c: char| c.is_ascii_alphabetic())?,
    };
    let (east, rest) = offset_of_zone(&text[begin..])?;
    rest.is_empty()
        .then(|| (text[..begin].trim_end(), east * 1_000_000))
}

/// The zone in brackets at the end of the name of a column, as the IANA database calls it: `Created (CET)`, `Opened [UTC]`.
pub(crate) fn zone_in_name(name: &str) -> Option<String> {
    let name = name.trim();
    let inside = name.strip_suffix([')', ']'])?;
    let (_, zone) = inside.rsplit_once(['(', '['])?;
    let zone = zone.trim();
    if zone.contains('/') && zone.parse::<chrono_tz::Tz>().is_ok() {
        return Some(zone.to_owned());
    }
    // The time of a place that has a summer time is called by its abbreviation in winter.
    let upper = zone.to_ascii_uppercase();
    let known = match upper.as_str() {
        "CET" | "CEST" | "MEZ" | "MESZ" => Some("CET"),
        "EET" | "EEST" => Some("EET"),
        "WET" | "WEST" => Some("WET"),
        _ => None,
    };
    if let Some(known) = known {
        return Some(known.to_owned());
    }
    let (east, rest) = offset_of_zone(zone)?;
    if !rest.is_empty() || east % 3600 != 0 {
        return None;
    }
    // The database counts west of Greenwich.
    Some(match east / 3600 {
        0 => "UTC".to_owned(),
        hours => format!("Etc/GMT{:+}", -hours),
    })
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
        assert_eq!(
            without_zone("06/05/2024 7:08 GMT+1"),
            Some(("06/05/2024 7:08", 3_600_000_000))
        );
        assert_eq!(
            without_zone("06/05/2024 7:08 UTC-03:30"),
            Some(("06/05/2024 7:08", -12_600_000_000))
        );
        assert_eq!(without_zone("2024-05-06 7:08 IST"), None);
        assert_eq!(without_zone("2024-05-06 7:08 PM"), None);
        assert_eq!(without_zone("CET"), None);
        for text in ["8:00\u{202f}AM", "8:00 ÜTC", "8:00 aé", "é", "\u{2009}PM"] {
            assert_eq!(without_zone(text), None, "{text}");
        }
    }

    #[test]
    fn a_column_names_its_zone() {
        for (name, zone) in [
            ("Created (CET)", Some("CET")),
            ("Opened [UTC]", Some("UTC")),
            ("Closed (GMT+1)", Some("Etc/GMT-1")),
            ("Closed (UTC-05:00)", Some("Etc/GMT+5")),
            ("Closed (Europe/Rome)", Some("Europe/Rome")),
            ("Closed (EST)", Some("Etc/GMT+5")),
            ("Duration (min)", None),
            ("Created", None),
        ] {
            assert_eq!(zone_in_name(name).as_deref(), zone, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,30}") {
            let _ = (in_english(&text), without_zone(&text), zone_in_name(&text));
        }
    }
}
