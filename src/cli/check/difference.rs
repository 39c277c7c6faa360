//! What differs between the events that a mapping makes and the expected ones.

use super::expected::Fields;

/// Lists with more pairs than this to compare are compared event by event, in their order.
const MOST_PAIRS: usize = 4_000_000;

/// A difference between two lists of events. Numbers count from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Difference<'e> {
    /// An expected event has other values. Field, expected value, found value.
    Changed {
        number: usize,
        event: &'e Fields,
        fields: Vec<(&'e str, Option<&'e str>, Option<&'e str>)>,
    },
    /// An expected event is not there.
    Missing { number: usize, event: &'e Fields },
    /// An event is there that is not expected.
    Unexpected { number: usize, event: &'e Fields },
}

/// The differences, in the order of the events. Events that are the same in both lists stay paired, and between them the n-th of
/// one list is compared with the n-th of the other.
pub(super) fn differences<'e>(expected: &'e [Fields], found: &'e [Fields]) -> Vec<Difference<'e>> {
    let mut all = Vec::new();
    let (mut from_expected, mut from_found) = (0, 0);
    let end = (expected.len(), found.len());
    for (at_expected, at_found) in same(expected, found).into_iter().chain([end]) {
        gap(
            (from_expected, &expected[from_expected..at_expected]),
            (from_found, &found[from_found..at_found]),
            &mut all,
        );
        (from_expected, from_found) = (at_expected + 1, at_found + 1);
    }
    all
}

/// Compares what lies between two pairs of same events. Events of one case and activity belong together first.
fn gap<'e>(
    (before_expected, expected): (usize, &'e [Fields]),
    (before_found, found): (usize, &'e [Fields]),
    all: &mut Vec<Difference<'e>>,
) {
    let alike = |a: &Fields, b: &Fields| {
        ["case", "activity"]
            .iter()
            .all(|name| a.get(*name) == b.get(*name))
    };
    let mut partner: Vec<Option<usize>> = vec![None; expected.len()];
    let mut is_free = vec![true; found.len()];
    for is_strict in [true, false] {
        for (nth, wanted) in expected.iter().enumerate() {
            if partner[nth].is_some() {
                continue;
            }
            let fits = |at: &usize| is_free[*at] && (!is_strict || alike(wanted, &found[*at]));
            // Without a common case or activity, only events at the same place are compared.
            let mut places = match is_strict {
                true => 0..found.len(),
                false => nth.min(found.len())..(nth + 1).min(found.len()),
            };
            if let Some(at) = places.find(fits) {
                is_free[at] = false;
                partner[nth] = Some(at);
            }
        }
    }
    for (nth, event) in expected.iter().enumerate() {
        let number = before_expected + nth + 1;
        all.push(match partner[nth] {
            None => Difference::Missing { number, event },
            Some(at) => Difference::Changed {
                number,
                event,
                fields: changed(event, &found[at]),
            },
        });
    }
    let left = found.iter().enumerate().filter(|(at, _)| is_free[*at]);
    all.extend(left.map(|(at, event)| Difference::Unexpected {
        number: before_found + at + 1,
        event,
    }));
    // The same event at another place of the gap.
    all.retain(
        |difference| !matches!(difference, Difference::Changed { fields, .. } if fields.is_empty()),
    );
}

fn changed<'e>(
    expected: &'e Fields,
    found: &'e Fields,
) -> Vec<(&'e str, Option<&'e str>, Option<&'e str>)> {
    let only_found = found.keys().filter(|name| !expected.contains_key(*name));
    let names = expected.keys().chain(only_found);
    let values = names.map(|name| {
        let value = |fields: &'e Fields| fields.get(name).map(String::as_str);
        (name.as_str(), value(expected), value(found))
    });
    values
        .filter(|(_, expected, found)| expected != found)
        .collect()
}

/// The places of a longest common subsequence.
fn same(expected: &[Fields], found: &[Fields]) -> Vec<(usize, usize)> {
    let ahead = expected
        .iter()
        .zip(found)
        .take_while(|(a, b)| a == b)
        .count();
    let (rest, other) = (&expected[ahead..], &found[ahead..]);
    let behind = rest.iter().rev().zip(other.iter().rev());
    let behind = behind.take_while(|(a, b)| a == b).count();
    let (rest, other) = (&rest[..rest.len() - behind], &other[..other.len() - behind]);
    let mut pairs: Vec<(usize, usize)> = (0..ahead).map(|at| (at, at)).collect();
    if rest.len().saturating_mul(other.len()) <= MOST_PAIRS {
        pairs.extend(
            middle(rest, other)
                .into_iter()
                .map(|(a, b)| (a + ahead, b + ahead)),
        );
    }
    let (a, b) = (expected.len() - behind, found.len() - behind);
    pairs.extend((0..behind).map(|at| (a + at, b + at)));
    pairs
}

fn middle(a: &[Fields], b: &[Fields]) -> Vec<(usize, usize)> {
    let width = b.len() + 1;
    // The length of the longest common subsequence of what follows two places.
    let mut longest = vec![0u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = match a[i] == b[j] {
                true => longest[(i + 1) * width + j + 1] + 1,
                false => longest[(i + 1) * width + j].max(longest[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(all: &[(&str, &str, &str)]) -> Vec<Fields> {
        let event = |(case, activity, outcome): &(&str, &str, &str)| {
            [("case", case), ("activity", activity), ("outcome", outcome)]
                .into_iter()
                .map(|(name, value)| (name.to_owned(), (*value).to_owned()))
                .collect()
        };
        all.iter().map(event).collect()
    }

    #[test]
    fn equal_lists_do_not_differ() {
        let all = events(&[("1", "a", ""), ("1", "b", "x"), ("1", "a", "")]);
        assert_eq!(differences(&all, &all), []);
        assert_eq!(differences(&[], &[]), []);
    }

    #[test]
    fn changed_missing_and_unexpected_events_are_told_apart() {
        let expected = events(&[
            ("1", "a", ""),
            ("1", "b", "x"),
            ("2", "a", ""),
            ("2", "b", "y"),
        ]);
        let found = events(&[
            ("1", "a", ""),
            ("1", "b", "z"),
            ("2", "b", "y"),
            ("3", "a", ""),
        ]);
        let all = differences(&expected, &found);
        let changed = Difference::Changed {
            number: 2,
            event: &expected[1],
            fields: vec![("outcome", Some("x"), Some("z"))],
        };
        let missing = Difference::Missing {
            number: 3,
            event: &expected[2],
        };
        let unexpected = Difference::Unexpected {
            number: 4,
            event: &found[3],
        };
        assert_eq!(all, [changed, missing, unexpected]);
    }

    #[test]
    fn another_case_at_the_same_place_is_a_change() {
        let expected = events(&[("1", "a", "")]);
        let found = events(&[("2", "a", "")]);
        let fields = vec![("case", Some("1"), Some("2"))];
        let event = &expected[0];
        assert_eq!(
            differences(&expected, &found),
            [Difference::Changed {
                number: 1,
                event,
                fields
            }]
        );
    }

    #[test]
    fn long_lists_are_compared_in_their_order() {
        let many = |outcome: &str| -> Vec<Fields> {
            let all = (0..2500).flat_map(|nth| events(&[(&nth.to_string(), "a", outcome)]));
            all.collect()
        };
        let (expected, found) = (many("x"), many("y"));
        assert_eq!(differences(&expected, &found).len(), 2500);
    }
}
