//! What is stored of rejected records: their mapped fields without names of persons, and details without values.

use super::decode::CsvHeader;
use super::mapping::{KeptFields, Mapping};
use super::reject::{Reason, Reject};
use csv::{QuoteStyle, ReaderBuilder, WriterBuilder};
use serde_json::Value;

/// A mapping with the fields that are stored of records it can't map.
#[derive(Debug)]
pub(crate) struct KeptRecords {
    mapping: Mapping,
    fields: KeptFields,
}

impl KeptRecords {
    /// By the mapping of a source.
    pub(crate) fn of(mapping: Mapping) -> KeptRecords {
        let fields = mapping.kept_fields();
        KeptRecords { mapping, fields }
    }

    /// The mapping.
    pub(crate) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// What is stored of a JSON record. Nothing if it can't be read: then nobody knows which of its fields say what.
    pub(crate) fn of_json(&self, record: &[u8], mask: &dyn Fn(&str) -> String) -> Vec<u8> {
        let whole = record.len() < Reject::KEPT;
        match serde_json::from_slice::<Value>(record) {
            Ok(value) if whole && value.is_object() => {
                let kept = self.mapping.kept_of(&self.fields, &value, mask);
                kept.to_string().into_bytes()
            }
            _ => Vec::new(),
        }
    }

    /// What is stored of a row of a table. Nothing if it does not have the columns of the header.
    pub(crate) fn of_row(
        &self,
        header: &CsvHeader,
        record: &[u8],
        mask: &dyn Fn(&str) -> String,
    ) -> Vec<u8> {
        let dialect = header.dialect;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .quote(dialect.quote)
            .from_reader(record);
        let whole = record.len() < Reject::KEPT;
        let Some(Ok(row)) = reader.records().next() else {
            return Vec::new();
        };
        if !whole || row.len() < header.columns.len() {
            return Vec::new();
        }
        let cells: Vec<String> = row.iter().map(str::to_owned).collect();
        let kept = self
            .mapping
            .kept_cells(&self.fields, &header.columns, &cells, mask);
        let mut writer = WriterBuilder::new()
            .delimiter(dialect.delimiter)
            .quote(dialect.quote)
            .quote_style(QuoteStyle::Necessary)
            .from_writer(Vec::new());
        let written = writer.write_record(&kept).is_ok();
        // Writing to memory does not fail; if it does, nothing is stored.
        let row = writer.into_inner().unwrap_or_default();
        if written {
            row.trim_ascii_end().to_vec()
        } else {
            Vec::new()
        }
    }
}

/// The detail of a rejected record without the values of the record: these are replaced by their shape, in which `a` and
/// `A` stand for a letter and `9` for a digit.
pub(crate) fn without_values(reason: Reason, detail: &str) -> String {
    match reason {
        Reason::UnreadableTime | Reason::ImplausibleTime | Reason::InvalidValue => {
            without_quoted_value(detail)
        }
        Reason::PredicateFailed => match detail.find("`: ") {
            Some(at) if detail.starts_with('`') => {
                let (expression, why) = detail.split_at(at + 2);
                let why = without_texts(why);
                format!(
                    "{expression}{}",
                    why.replace(|c: char| c.is_ascii_digit(), "9")
                )
            }
            _ => shape(detail),
        },
        Reason::Malformed | Reason::Truncated | Reason::TooLong => without_texts(detail),
        Reason::InvalidUtf8
        | Reason::Unfinished
        | Reason::SetAside
        | Reason::MissingCase
        | Reason::MissingActivity
        | Reason::MissingTime
        | Reason::CaseFull
        | Reason::CaseRemoved
        | Reason::TooManyProcesses => detail.to_owned(),
    }
}

/// `` `time`: `Smith` is ...``: the value stands in the second pair of backticks. It may have such marks itself.
fn without_quoted_value(detail: &str) -> String {
    const BEHIND: &[&str] = &[
        "` is not in a known format",
        "` lies ",
        "` does not end in a number",
        "` is neither a number",
        "` is not one of ",
    ];
    let Some((field, rest)) = detail.split_once("`: `") else {
        return shape(detail);
    };
    let end = BEHIND.iter().filter_map(|behind| rest.rfind(behind)).max();
    match end {
        Some(end) => format!("{field}`: `{}{}", shape(&rest[..end]), &rest[end..]),
        None => format!("{field}`: {}", shape(rest)),
    }
}

/// Texts in double quotes are values of the record; the last quote ends the last of them.
fn without_texts(detail: &str) -> String {
    match (detail.find('"'), detail.rfind('"')) {
        (Some(from), Some(to)) if from < to => {
            let (before, rest) = detail.split_at(from + 1);
            let (values, behind) = rest.split_at(to - from - 1);
            format!("{before}{}{behind}", shape(values))
        }
        _ => detail.to_owned(),
    }
}

/// The shape of a text.
fn shape(text: &str) -> String {
    let of = |c: char| match c {
        c if c.is_uppercase() => 'A',
        c if c.is_alphabetic() => 'a',
        c if c.is_numeric() => '9',
        other => other,
    };
    text.chars().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_have_no_values() {
        use Reason::{InvalidValue, Malformed, MissingCase, PredicateFailed, UnreadableTime};
        for (reason, detail, want) in [
            (
                UnreadableTime,
                "`time`: `Smith 7` is not in a known format",
                "`time`: `Aaaaa 9` is not in a known format",
            ),
            (
                UnreadableTime,
                "`time`: `Smi` lies `th` is not in a known format",
                "`time`: `Aaa` aaaa `aa` is not in a known format",
            ),
            (
                InvalidValue,
                "`lifecycle`: `Smith` is not one of step, end",
                "`lifecycle`: `Aaaaa` is not one of step, end",
            ),
            (
                PredicateFailed,
                "`owner`: gives String(\"Smith\"), not true or false",
                "`owner`: gives String(\"Aaaaa\"), not true or false",
            ),
            (
                MissingCase,
                "`case`: no value in `id`",
                "`case`: no value in `id`",
            ),
            (
                Malformed,
                "invalid type: string \"Smith\", expected a list at line 1",
                "invalid type: string \"Aaaaa\", expected a list at line 1",
            ),
        ] {
            assert_eq!(without_values(reason, detail), want);
        }
    }
}
