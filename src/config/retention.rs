//! `retention`: how long cases are kept.

use super::span::parse_span;
use crate::model::Span;
use crate::rules::{At, Problem, Source};

/// The shortest retention.
const SHORTEST: Span = Span::DAY;

/// The retention period; `None` if it is left out, or `all`.
pub(super) fn checked(at: &Option<At<String>>, source: &Source) -> Result<Option<Span>, Problem> {
    let Some(at) = at.as_ref().filter(|at| at.value != "all") else {
        return Ok(None);
    };
    let wrong = |message: String| source.problem(at, format!("`retention`: {message}"));
    match parse_span(&at.value) {
        Ok(span) if span < SHORTEST => Err(wrong(format!(
            "`{}` is shorter than a day. Use a span such as 400d, or `all`",
            at.value
        ))),
        Ok(span) => Ok(Some(span)),
        Err(message) => Err(wrong(format!("{message}, or `all`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::daemon::Config;
    use std::path::Path;

    #[test]
    fn cases_are_kept_unless_a_retention_of_a_day_or_more_is_given() {
        let parse = |text: &str| Config::parse(text, Path::new("toleranced.yaml"));
        let retention = |text: &str| parse(text).unwrap().retention;
        assert_eq!(retention(""), None);
        assert_eq!(retention("retention: all"), None);
        assert_eq!(retention("retention: 400d"), Some(Span::days(400)));
        let fail = |text: &str| parse(text).unwrap_err().to_string();
        let short = fail("listen: 127.0.0.1:1\nretention: 23h");
        assert!(
            short.contains(":2:") && short.contains("`23h` is shorter than a day"),
            "{short}"
        );
        let wrong = fail("retention: long");
        assert!(
            wrong.contains("`retention`: `long` is not a span"),
            "{wrong}"
        );
    }
}
