//! The landing page: every process in a row, and where to go from here.

use crate::daemon::{Snapshot, SourceStatus};
use crate::model::{SECOND_US, Status, Time, TolClass};
use crate::score::ProcessScore;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const STYLE: &str = "
:root { color-scheme: light dark; --line: light-dark(#d8dce2, #3a4048); --soft: light-dark(#5a6370, #9aa4b1);
  --good: light-dark(#136c35, #5fd08a); --bad: light-dark(#b3261e, #ff8a80); --open: light-dark(#7a5600, #f0c05a); }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } p { color: var(--soft); margin: .3rem 0 1.2rem; }
a { color: light-dark(#0b57d0, #8ab4f8); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .55rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: .85rem; white-space: nowrap; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.within { color: var(--good); } .outside { color: var(--bad); font-weight: 600; }
.undetermined, .no_tolerance { color: var(--open); }
td:first-child { min-width: 11rem; }
summary { cursor: pointer; white-space: nowrap; } details[open] { max-width: 24rem; color: var(--soft); font-size: .9rem; }
details[open] summary { color: light-dark(#000, #fff); font-size: 15px; }
svg { display: block; } svg .span { stroke: currentColor; stroke-width: 6; opacity: .35; }
svg .mean { fill: currentColor; } svg .limit { stroke: light-dark(#000, #fff); stroke-width: 2; }
svg .axis { stroke: var(--line); stroke-width: 1; }
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

/// Observed deviation (interval and mean) against the permissible one (the upright line), on a scale on which the
/// permissible one is a third of the width; what lies beyond the right end is cut there.
fn bar(score: &ProcessScore) -> String {
    const WIDTH: f64 = 120.0;
    let (Some(limit), Some(observed)) = (score.permissible_deviation, score.deviation) else {
        return String::new();
    };
    let x = |deviation: f64| (deviation / limit * WIDTH / 3.0).min(WIDTH);
    format!(
        "<svg width={WIDTH} height=18 viewBox=\"0 0 {WIDTH} 18\" class={class} aria-hidden=true>\
         <line class=axis x1=0 x2={WIDTH} y1=9 y2=9 /><line class=span x1={low:.1} x2={high:.1} y1=9 y2=9 />\
         <circle class=mean cx={mean:.1} cy=9 r=3 /><line class=limit x1={at:.1} x2={at:.1} y1=1 y2=17 /></svg>",
        class = score.status.word(),
        low = x(observed.lower),
        high = x(observed.upper),
        mean = x(observed.mean),
        at = WIDTH / 3.0,
    )
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
    let achieved = match score.achieved_class {
        TolClass::Undetermined => "?",
        class => class.word(),
    };
    // Writing to a string can't fail.
    let _ = write!(
        out,
        "<tr><td title=\"{id}\">{name}</td><td class=n>{cases}</td><td class=n>{rate}</td><td class=n>{size}</td>\
         <td>{required}</td><td>{achieved}</td><td class=n>{permissible}</td><td class=n>{observed}</td><td>{bar}</td>\
         <td class={class}>{status}</td><td><details><summary>{recommendation}</summary>{reason}</details></td></tr>",
        id = escape(&score.id),
        name = escape(&score.name),
        cases = score.cases,
        rate = number(score.cases_per_week, 1),
        size = number(score.nominal_size_steps, 1),
        required = score.required_class,
        permissible = score
            .permissible_deviation
            .map_or("-".to_owned(), |t| format!("{:.2} %", t * 100.0)),
        bar = bar(score),
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
         <th>required<th>achieved<th class=n>permissible<th class=n>observed<th>against limit<th>status<th>recommendation\
         </tr></thead><tbody>",
        snapshot.scored_at.map_or("not yet".to_owned(), |at| {
            Time(at.0 / SECOND_US * SECOND_US).to_string()
        }),
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
