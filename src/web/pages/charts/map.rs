//! The process map: what follows what, how often, and where cases deviate.

use super::layers::{Layout, layout};
use super::{Chart, at};
use crate::model::printable;
use crate::score::{DirectlyFollows, Edge};
use crate::web::pages::words;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// More can't be followed by eye; the table behind has them all.
const MOST_EDGES: usize = 36;
/// Every activity is drawn while there are no more than so many.
const MOST_NODES: usize = 40;
const NODE_WIDTH: f64 = 150.0;
const NODE_HEIGHT: f64 = 34.0;
const APART: f64 = 172.0;
const PASSING: f64 = 46.0;
const LAYER: f64 = 74.0;
const MARGIN: f64 = 26.0;
const NAME_CHARS: usize = 20;
/// Edges that lead back leave and arrive beside those that lead on.
const ASIDE: f64 = 34.0;

/// The activities, of which the first is the start and the second the end, and the edges that are drawn.
struct Map<'a> {
    names: Vec<Option<&'a str>>,
    edges: Vec<(usize, usize, i64)>,
    /// How often each activity ran, over every edge that is known.
    visits: Vec<i64>,
    left_out: usize,
}

/// First the heaviest edges that lead from the start to every activity, so that nothing hangs in the air; then the most
/// frequent ones.
fn drawn(follows: &DirectlyFollows) -> Map<'_> {
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    let mut reached: BTreeSet<Option<&str>> = BTreeSet::new();
    let leads_on = |reached: &BTreeSet<Option<&str>>, edge: &Edge| {
        let from = edge.from.as_deref();
        (from.is_none() || reached.contains(&from)) && !reached.contains(&edge.to.as_deref())
    };
    while reached.len() < MOST_NODES
        && let Some(nth) = follows
            .edges
            .iter()
            .position(|edge| leads_on(&reached, edge))
    {
        reached.insert(follows.edges[nth].to.as_deref());
        kept.insert(nth);
    }
    for nth in 0..follows.edges.len() {
        if kept.len() < MOST_EDGES {
            kept.insert(nth);
        }
    }
    let mut names = vec![None, None];
    let mut number: BTreeMap<&str, usize> = BTreeMap::new();
    let mut edges = Vec::new();
    for nth in &kept {
        let edge: &Edge = &follows.edges[*nth];
        let from = numbered(edge.from.as_deref(), 0, &mut names, &mut number);
        let to = numbered(edge.to.as_deref(), 1, &mut names, &mut number);
        edges.push((from, to, edge.count));
    }
    let visits = |name: &Option<&str>| {
        let to = follows
            .edges
            .iter()
            .filter(|edge| edge.to.as_deref() == *name);
        to.map(|edge| edge.count).sum()
    };
    Map {
        visits: names.iter().map(visits).collect(),
        names,
        left_out: follows.edges.len() - edges.len() + follows.other_edges,
        edges,
    }
}

fn numbered<'a>(
    name: Option<&'a str>,
    none: usize,
    names: &mut Vec<Option<&'a str>>,
    number: &mut BTreeMap<&'a str, usize>,
) -> usize {
    let Some(name) = name else { return none };
    *number.entry(name).or_insert_with(|| {
        names.push(Some(name));
        names.len() - 1
    })
}

/// The map. `blamed` is the share of all deviation that is put down to an activity.
pub(in crate::web::pages) fn map(
    follows: &DirectlyFollows,
    blamed: &BTreeMap<String, f64>,
) -> Markup {
    let map = drawn(follows);
    if map.edges.is_empty() {
        return html! { p.none { "No case has ended in this window." } };
    }
    let found = layout(map.names.len(), &map.edges, (APART, PASSING));
    let most = map
        .edges
        .iter()
        .map(|(_, _, count)| *count)
        .max()
        .unwrap_or(1);
    let steps: i64 = map.edges.iter().map(|(_, _, count)| *count).sum();
    let picture = Chart {
        id: "map",
        title: "Process map",
        description: format!(
            "{} and {} between them; the table behind it lists every one.",
            words::counted(map.names.len() as i64 - 2, "activity")
                .replace("activitys", "activities"),
            words::counted(map.edges.len() as i64, "connection"),
        ),
        width: found.width + NODE_WIDTH + 2.0 * MARGIN,
        height: (found.layers - 1) as f64 * LAYER + NODE_HEIGHT + 2.0 * MARGIN,
        body: html! {
            defs { marker #arrow viewBox="0 0 8 8" refX="6.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto-start-reverse" {
                path d="M0 0 8 4 0 8z" {}
            } }
            @for (nth, (from, to, count)) in map.edges.iter().enumerate() {
                @let title = format!("{} to {}: {}", told(&map, *from), told(&map, *to), words::count(*count));
                (edge(&found, nth, *from, width(*count, most), &title))
            }
            @for (nth, (from, _, count)) in map.edges.iter().enumerate() { (label(&found, nth, *from, *count)) }
            @for node in 0..map.names.len() { (drawn_node(&map, &found, node, blamed)) }
        },
    };
    html! {
        (picture.markup())
        ul.key {
            li.k-edge { "the wider, the more often" }
            li.k-back { "leads back" }
            @if !blamed.is_empty() { li.k-blamed { "share of all deviation put down to this step" } }
            @if map.left_out > 0 {
                li { (words::counted(map.left_out as i64, "rarer connection")) " not drawn" @if follows.other_count > 0 { ", " (share(follows.other_count, steps + follows.other_count)) " of all steps" } }
            }
        }
    }
}

fn share(part: i64, all: i64) -> String {
    words::percent(part as f64 / all.max(1) as f64)
}

fn width(count: i64, most: i64) -> f64 {
    1.0 + 6.0 * (count as f64 / most as f64).sqrt()
}

fn told(map: &Map, node: usize) -> String {
    match map.names[node] {
        Some(name) => words::name(name),
        None if node == 0 => "start".to_owned(),
        None => "end".to_owned(),
    }
}

fn centre((layer, x): (usize, f64)) -> (f64, f64) {
    let middle = MARGIN + NODE_WIDTH / 2.0;
    (
        middle + x,
        MARGIN + NODE_HEIGHT / 2.0 + layer as f64 * LAYER,
    )
}

/// Half the height of what is drawn at the end of an edge.
fn reach(found: &Layout, point: (usize, f64)) -> f64 {
    let ends = found.nodes.iter().position(|node| *node == point);
    match ends {
        Some(0 | 1) => 11.0,
        Some(_) => NODE_HEIGHT / 2.0,
        None => 0.0,
    }
}

fn edge(found: &Layout, nth: usize, from: usize, width: f64, title: &str) -> Markup {
    let route = &found.edges[nth];
    let class = if found.back[nth] { "edge back" } else { "edge" };
    let path = match route.len() {
        0 => loop_path(found.nodes[from]),
        _ => curve(found, route),
    };
    html! { path class=(class) d=(path) stroke-width=(at(width)) marker-end="url(#arrow)" { title { (title) } } }
}

/// At the right side of a node.
fn loop_path(node: (usize, f64)) -> String {
    let (x, y) = centre(node);
    let side = x + NODE_WIDTH / 2.0;
    format!("M{} {}c18 -4 18 20 2 15", at(side), at(y - 8.0))
}

/// Upright at every layer, so that lines do not run through their neighbours.
fn curve(found: &Layout, route: &[(usize, f64)]) -> String {
    let down = if route[0].0 < route[route.len() - 1].0 {
        1.0
    } else {
        -1.0
    };
    let mut points: Vec<(f64, f64)> = route.iter().map(|point| centre(*point)).collect();
    let last = points.len() - 1;
    let aside = if down < 0.0 { ASIDE } else { 0.0 };
    points[0].0 += aside;
    points[last].0 += aside;
    points[0].1 += down * reach(found, route[0]);
    points[last].1 -= down * (reach(found, route[last]) + 1.5);
    let mut path = format!("M{} {}", at(points[0].0), at(points[0].1));
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let bend = (y1 - y0) / 2.0;
        path.push_str(&format!(
            "C{} {} {} {} {} {}",
            at(x0),
            at(y0 + bend),
            at(x1),
            at(y1 - bend),
            at(x1),
            at(y1)
        ));
    }
    path
}

/// How often, where the edge leaves its node.
fn label(found: &Layout, nth: usize, from: usize, count: i64) -> Markup {
    let route = &found.edges[nth];
    let (x, y) = match route.as_slice() {
        [first, second, ..] => {
            let (a, b) = (centre(*first), centre(*second));
            let (aside, along) = if found.back[nth] {
                (ASIDE, 0.36)
            } else {
                (0.0, 0.5)
            };
            (
                a.0 + (b.0 - a.0) * along + aside,
                a.1 + (b.1 - a.1) * along + 4.0,
            )
        }
        _ => {
            let (x, y) = centre(found.nodes[from]);
            (x + NODE_WIDTH / 2.0 + 17.0, y - 10.0)
        }
    };
    html! { text.often x=(at(x)) y=(at(y)) { (words::count(count)) } }
}

fn drawn_node(map: &Map, found: &Layout, node: usize, blamed: &BTreeMap<String, f64>) -> Markup {
    let (x, y) = centre(found.nodes[node]);
    let Some(name) = map.names[node] else {
        let class = if node == 0 {
            "terminal start"
        } else {
            "terminal end"
        };
        return html! {
            g class=(class) { circle cx=(at(x)) cy=(at(y)) r="10" {} text x=(at(x + 16.0)) y=(at(y + 4.0)) { (told(map, node)) } }
        };
    };
    let visits = map.visits[node];
    let blame = blamed.get(name).copied().filter(|share| *share >= 0.005);
    html! {
        g class=(if blame.is_some() { "node blamed" } else { "node" }) {
            title { (words::whole(name)) ": " (words::counted(visits, "time")) @if let Some(share) = blame { ", " (words::percent(share)) " of all deviation" } }
            rect x=(at(x - NODE_WIDTH / 2.0)) y=(at(y - NODE_HEIGHT / 2.0)) width=(NODE_WIDTH) height=(NODE_HEIGHT) rx="3" {}
            text.name x=(at(x)) y=(at(y - 1.0)) { (printable(name, NAME_CHARS)) }
            text.visits x=(at(x)) y=(at(y + 12.0)) { (words::count(visits)) @if let Some(share) = blame { " · ▲ " (words::percent(share)) } }
        }
    }
}
