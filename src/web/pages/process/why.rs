//! Why this recommendation: the rule that decided, those before it, what would change the verdict.

use super::{Told, tables};
use crate::explain::{Lever, RuleTrace, Turn};
use crate::web::pages::words;
use maud::{Markup, html};

pub(super) fn why(told: &Told) -> Markup {
    let fired = told.rules.iter().find(|rule| rule.fired);
    let before = told.rules.iter().filter(|rule| !rule.fired);
    html! {
        @match fired {
            Some(rule) => (decided(rule)),
            None => p { (words::whole(&told.score().advice.reason.to_string())) },
        }
        details { summary { "Rules before it, and what they failed on" }
            ul.rules { @for rule in before { li { b { (words::whole(&rule.rule)) } ": " (failed(rule)) } } }
        }
        @let levers: Vec<&Lever> = told.levers.iter().filter(|lever| !lever.turns.is_empty()).collect();
        @if !levers.is_empty() {
            h3 { "What would change it" }
            dl.levers { @for lever in levers { div {
                dt { (lever.lever) " " span.none { "now " (words::whole(&lever.now)) } }
                @for turn in &lever.turns { dd { (turn_words(turn)) } }
            } } }
        }
        details { summary { "Every figure with its formula" } (tables::figures(told).markup(&told.csv("figures"))) }
    }
}

fn decided(rule: &RuleTrace) -> Markup {
    html! {
        p.decided { "Rule " b { (words::whole(&rule.rule)) } " says " b { (rule.recommendation.word()) } ": " (words::whole(&rule.because)) }
        @if !rule.conditions.is_empty() {
            div.scroll tabindex="0" role="region" aria-label="Conditions of the rule" { table.data {
                caption { "Its conditions" }
                thead { tr { th scope="col" { "attribute" } th scope="col" { "rule asks for" } th scope="col" { "it is" } th scope="col" { "measured" } } }
                tbody { @for trace in &rule.conditions { tr {
                    td { (trace.condition.attribute.replace('_', " ")) } td { (words::whole(&trace.condition.allowed)) }
                    td { b { (words::whole(&trace.condition.is)) } } td { (words::whole(&trace.measured)) }
                } } }
            } }
        }
    }
}

fn failed(rule: &RuleTrace) -> String {
    let failed = rule
        .conditions
        .iter()
        .filter(|trace| !trace.condition.holds);
    let said = failed.map(|trace| {
        let condition = &trace.condition;
        let attribute = condition.attribute.replace('_', " ");
        words::whole(&format!(
            "{attribute} is {}, not {}",
            condition.is, condition.allowed
        ))
    });
    said.collect::<Vec<_>>().join("; ")
}

fn turn_words(turn: &Turn) -> Markup {
    html! {
        (words::whole(&turn.when)) ": "
        @match turn.recommendation {
            Some(recommendation) => b { (recommendation.word()) },
            None => "no recommendation",
        }
        ", " (words::status(turn.status))
        @if let Some(t) = turn.permissible_deviation { ", permissible " (words::percent(t)) }
        @if let Some(at) = &turn.expected_at { " (expected " (at.get(..10).unwrap_or(at)) ")" }
    }
}
