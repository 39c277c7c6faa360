//! The landing page: every process in a row, and where to go from here.

use crate::daemon::{Snapshot, SourceStatus};
use crate::model::Status;
use crate::score::ProcessScore;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const STYLE: &str = "
:root { color-scheme: light dark; --line: light-dark(#d8dce2, #3a4048); --soft: light-dark(#5a6370, #9aa4b1);
  --good: light-dark(#136c35, #5fd08a); --bad: light-dark(#b3261e, #ff8a80); --open: light-dark(#7a5600, #f0c05a); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } p { color: var(--soft); margin: .3rem 0 1.2rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .45rem .7rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.why { white-space: normal; min-width: 18rem; color: var(--soft); font-size: .85rem; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.within { color: var(--good); } .outside { color: var(--bad); font-weight: 600; }
.undetermined, .no_tolerance { color: var(--open); }
";

/// Makes a text harmless inside of HTML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
}

fn status(status: Status) -> &'static str {
    match status {
        Status::NoTolerance => "no tolerance",
        other => other.word(),
    }
}

fn row(out: &mut String, score: &ProcessScore) {
    let observed = score.deviation.map_or("-".to_owned(), |d| {
        format!(
            "{:.2} % [{:.2}, {:.2}]",
            d.mean * 100.0,
            d.lower * 100.0,
            d.upper * 100.0
        )
    });
    // Writing to a string can't fail.
    let _ = write!(
        out,
        "<tr><td title=\"{id}\">{name}</td><td class=n>{cases}</td><td class=n>{rate}</td><td class=n>{size}</td>\
         <td>{required}</td><td>{achieved}</td><td class=n>{permissible}</td><td class=n>{observed}</td>\
         <td class={class}>{status}</td><td>{recommendation}</td><td class=why>{reason}</td></tr>",
        id = escape(&score.id),
        name = escape(&score.name),
        cases = score.cases,
        rate = number(score.cases_per_week, 1),
        size = number(score.nominal_size_steps, 1),
        required = score.required_class,
        achieved = score.achieved_class,
        permissible = score
            .permissible_deviation
            .map_or("-".to_owned(), |t| format!("{:.2} %", t * 100.0)),
        class = score.status.word(),
        status = status(score.status),
        recommendation = score.recommendation.map_or("-", |r| r.words()),
        reason = escape(&score.reason),
    );
}

/// The page.
pub(super) fn page(snapshot: &Snapshot, sources: &[Arc<SourceStatus>]) -> String {
    let mut out = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>toleranced</title><style>{STYLE}</style><h1>toleranced</h1>\
         <p>Which process is within its tolerance, and who should run it. Scored {}. \
         <a href=\"/metrics\">Metrics</a> &middot; <a href=\"/api/v1/processes\">Scores as JSON</a> &middot; \
         <a href=\"/api/v1/sources\">Sources</a> &middot; <a href=\"/-/ready\">Ready</a></p>\
         <div class=scroll><table><thead><tr><th>process<th class=n>cases<th class=n>per week<th class=n>size\
         <th>required<th>achieved<th class=n>permissible<th class=n>observed<th>status<th>recommendation<th>why\
         </tr></thead><tbody>",
        snapshot
            .scored_at
            .map_or("not yet".to_owned(), |at| at.to_string()),
    );
    for score in snapshot.scores.iter() {
        row(&mut out, score);
    }
    out.push_str("</tbody></table></div>");
    if snapshot.scores.is_empty() {
        out.push_str("<p>No process was seen yet.</p>");
    }
    for source in sources {
        if let Some(trouble) = source.trouble() {
            let _ = write!(
                out,
                "<p class=outside>Source {}: {}</p>",
                escape(&source.name),
                escape(&trouble)
            );
        } else if source.backlog_bytes.load(Ordering::Relaxed) > 0 {
            let _ = write!(
                out,
                "<p>Source {}: {} bytes wait to be read</p>",
                escape(&source.name),
                source.backlog_bytes.load(Ordering::Relaxed)
            );
        }
    }
    out.push_str("</html>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_logs_are_harmless() {
        assert_eq!(
            escape("<script>alert('x' & \"y\")</script>"),
            "&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;"
        );
    }
}
