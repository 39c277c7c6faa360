//! What a report says in a chat or to a program.

use super::content::{Action, Report};
use super::parts::Part;
use super::safe::sentence;
use super::words::{self, changed, standing, value};
use crate::config::recipients::WebhookKind;
use serde_json::{Value, json};

/// Entries of a list in a chat; the rest is counted.
const MOST: usize = 5;

/// A report in a few lines.
#[derive(Debug)]
pub(super) struct Summary {
    /// What it is.
    pub title: String,
    /// How the processes stand.
    pub standing: String,
    /// Titles, and lines below them.
    pub sections: Vec<(&'static str, Vec<String>)>,
    /// Where the whole of it is.
    pub url: Option<String>,
}

impl Summary {
    /// Of a report that browsers find at an address.
    pub(super) fn of(report: &Report, url: Option<String>) -> Summary {
        let changes = report.changes.iter().map(|change| {
            let from = match value(change.what, &change.from) {
                "" => "new",
                from => from,
            };
            let (name, what) = (&change.name, changed(change.what));
            format!("{name}: {what} {from} → {}", value(change.what, &change.to))
        });
        let actions = report
            .actions
            .iter()
            .map(|action| format!("{}: {}", action.name, in_short(action)));
        let alarms = report.alarms.iter().filter(|alarm| alarm.ended.is_none());
        let alarms = alarms.map(|alarm| {
            let known = alarm.explained_by.as_ref();
            let known = known.map_or(String::new(), |what| format!(", explained by {what}"));
            format!(
                "{} {} since about {}{known}",
                alarm.name, alarm.what, alarm.onset
            )
        });
        Summary {
            title: format!("Tolerance report, {}", report.period.name),
            standing: format!("{}.", standing(report.standing, &report.previous.name)),
            sections: [
                (Part::Changed.title(), first(changes)),
                (Part::ToDo.title(), first(actions)),
                (Part::Drifted.title(), first(alarms)),
            ]
            .into_iter()
            .filter(|(_, lines)| !lines.is_empty())
            .collect(),
            url,
        }
    }

    /// The body that a webhook understands.
    pub(super) fn body(&self, kind: WebhookKind, report: &Report) -> Value {
        match kind {
            WebhookKind::Json => self.json(report),
            WebhookKind::Slack => json!({ "text": self.slack() }),
            WebhookKind::Teams => self.teams(),
        }
    }

    fn json(&self, report: &Report) -> Value {
        json!({
            "version": 1,
            "event": "report",
            "title": self.title,
            "summary": self.lines().join("\n"),
            "url": self.url,
            "report": report,
        })
    }

    /// As lines of plain text.
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.title.clone(), self.standing.clone()];
        for (title, entries) in &self.sections {
            lines.push(format!("{title}:"));
            lines.extend(entries.iter().map(|entry| format!("- {entry}")));
        }
        lines.extend(self.url.clone());
        lines
    }

    /// In the markup of Slack, which Mattermost and Rocket.Chat read, too.
    fn slack(&self) -> String {
        let mut lines = vec![format!("*{}*", self.title), self.standing.clone()];
        for (title, entries) in &self.sections {
            lines.push(format!("*{title}*"));
            lines.extend(entries.iter().map(|entry| format!("• {}", in_chat(entry))));
        }
        lines.extend(self.url.as_ref().map(|url| format!("<{url}>")));
        lines.join("\n")
    }

    /// As an Adaptive Card. Names stand in text runs, which know no markup.
    fn teams(&self) -> Value {
        let mut body = vec![
            json!({"type": "TextBlock", "size": "Large", "weight": "Bolder", "wrap": true, "text": self.title}),
            json!({"type": "TextBlock", "wrap": true, "text": self.standing}),
        ];
        for (title, entries) in &self.sections {
            body.push(json!({"type": "TextBlock", "weight": "Bolder", "spacing": "Medium", "text": title}));
            body.extend(entries.iter().map(|entry| {
                let run = json!({"type": "TextRun", "text": format!("• {entry}")});
                json!({"type": "RichTextBlock", "spacing": "Small", "inlines": [run]})
            }));
        }
        let actions: Vec<Value> = self
            .url
            .iter()
            .map(|url| json!({"type": "Action.OpenUrl", "title": "Read the report", "url": url}))
            .collect();
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": body,
                    "actions": actions,
                },
            }],
        })
    }
}

/// What to do, and how much that is about.
fn in_short(action: &Action) -> String {
    let about = words::headline(action);
    let about = about.map_or(String::new(), |about| format!(" ({about})"));
    format!("{}{about}", action.what)
}

/// The first lines, harmless as plain text.
fn first(lines: impl Iterator<Item = String>) -> Vec<String> {
    let all: Vec<String> = lines.collect();
    let more = all.len().saturating_sub(MOST);
    let shown = all.iter().take(MOST).map(|line| sentence(line));
    let mut shown: Vec<String> = shown.collect();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown
}

/// A line that no chat takes for a link, a mention or a command: signs of Slack are escaped as its manual says, and those
/// of Markdown are parted by a blank without width.
fn in_chat(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mut out = String::with_capacity(escaped.len());
    for character in escaped.chars() {
        out.push(character);
        if matches!(character, '@' | ']' | '!' | '*' | '_' | '~' | '`' | '#') {
            out.push('\u{200b}');
        }
    }
    // A bare address would become a link.
    out.replace("://", ":\u{200b}//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_chat_takes_a_name_for_anything_else() {
        let text = in_chat("<!channel> @all [x](http://e.invalid) *b* `c`");
        for sign in ["<", ">", "@all", "](", "://", "*b*", "`c`"] {
            assert!(!text.contains(sign), "{sign}: {text}");
        }
    }

    #[test]
    fn long_lists_are_counted() {
        let lines = first((0..8).map(|nth| format!("line {nth}")));
        assert_eq!(lines.len(), 6);
        assert_eq!(lines[5], "and 3 more");
    }
}
