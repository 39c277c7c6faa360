//! How well the name of a column fits a field.

use super::field_names::NAMES;

/// Objects whose id is that of the case. The id of any other object is that of a rule, a host or a person.
const CASES: &[&str] = &[
    "case",
    "ticket",
    "incident",
    "issue",
    "alert",
    "notable",
    "offense",
    "request",
    "execution",
    "run",
    "job",
    "session",
    "trace",
    "record",
    "data",
    "fields",
    "attributes",
    "properties",
    "event",
    "item",
    "payload",
    "body",
    "result",
    "object",
];

/// How well a name fits a case whose name is in no list: what ends like this numbers something.
const NUMBERS_SOMETHING: f64 = 0.35;

/// 1 for the best name of a field, less for those behind it, 0 for any other.
pub(super) fn name_fit(field: &str, name: &str) -> f64 {
    let Some((_, names)) = NAMES.iter().find(|(known, _)| *known == field) else {
        return 0.0;
    };
    let plain = plain(name);
    let rank = names
        .iter()
        .position(|known| *known == name || *known == plain);
    let deep = name.matches('.').count() as f64;
    let fit = match rank {
        Some(rank) => 1.0 - 0.6 * rank as f64 / names.len() as f64,
        None if field == "case" && name.trim() == "#" => 0.4,
        None if field == "case" && refers_to_another(name) => 0.0,
        None if field == "case" && numbers_a_ticket(&plain) => 0.6,
        None if field == "case" && numbers_something(name) => NUMBERS_SOMETHING,
        None => 0.0,
    };
    let other = match field == "case" && is_of_another_object(name) {
        true => 0.5,
        false => 1.0,
    };
    fit * other * 0.95f64.powf(deep)
}

/// Whether a name ends like that of a number or key: `Vorgangs-ID`, `caseRef`, `ticket_no`.
fn numbers_something(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_small = |c: char| c.is_lowercase() || c.is_ascii_digit();
    // A word begins behind a separator, or with a capital behind a small letter.
    let mut begins = 0;
    let mut before = None;
    for (at, c) in last.char_indices() {
        let is_new = match before {
            Some(before) => c.is_uppercase() && is_small(before),
            None => false,
        };
        if is_new {
            begins = at;
        }
        if !c.is_alphanumeric() {
            begins = at + c.len_utf8();
        }
        before = Some(c);
    }
    let word = last[begins..].to_lowercase();
    begins > 0
        && matches!(
            word.as_str(),
            "id" | "key" | "no" | "nr" | "number" | "ref" | "uid" | "guid"
        )
}

/// What tickets and their numbers are called, without accents.
const TICKETS: &[&str] = &[
    "ticket",
    "incident",
    "incidencia",
    "incidente",
    "issue",
    "case",
    "request",
    "vorgang",
    "fall",
    "storung",
    "meldung",
    "caso",
    "chamado",
    "solicitud",
    "solicitacao",
    "demande",
    "segnalazione",
    "richiesta",
    "zgloszenia",
    "zgloszenie",
    "melding",
    "zaak",
    "チケット",
    "インシデント",
    "課題",
    "案件",
    "問い合わせ",
];
const NUMBERS: &[&str] = &[
    "id",
    "nr",
    "no",
    "num",
    "n",
    "nº",
    "number",
    "nummer",
    "numero",
    "numer",
    "key",
    "schlussel",
    "cle",
    "clave",
    "chave",
    "chiave",
    "sleutel",
    "klucz",
    "番号",
    "キー",
];
/// What may stand between the two.
const BETWEEN: &[&str] = &[
    "", "s", "n", "de", "dela", "del", "du", "do", "da", "di", "van", "of",
];

/// Whether a name in plain letters says that it numbers tickets, and nothing else: `numerodeticket`, `clavedeincidencia`.
fn numbers_a_ticket(plain: &str) -> bool {
    let is_between = |rest: &str| BETWEEN.contains(&rest);
    let has = |ticket: &&str| {
        let ahead = plain.strip_prefix(*ticket);
        let behind = plain.strip_suffix(*ticket);
        let mut numbers = NUMBERS.iter();
        numbers.any(|number| {
            ahead
                .and_then(|rest| rest.strip_suffix(*number))
                .is_some_and(is_between)
                || behind
                    .and_then(|rest| rest.strip_prefix(*number))
                    .is_some_and(is_between)
        })
    };
    TICKETS.iter().any(has)
}

/// What a row refers to and is not: persons, groups, hosts, rules and the like. Their numbers repeat, as those of cases do.
const REFERRED: &[&str] = &[
    "requester",
    "user",
    "assignee",
    "owner",
    "caller",
    "reporter",
    "author",
    "agent",
    "analyst",
    "customer",
    "contact",
    "organization",
    "organisation",
    "company",
    "account",
    "tenant",
    "group",
    "team",
    "department",
    "queue",
    "project",
    "service",
    "asset",
    "host",
    "device",
    "sensor",
    "rule",
    "policy",
    "template",
    "product",
    "category",
    "parent",
    "problem",
    "change",
    "location",
    "site",
    "subscription",
    "workspace",
    "brand",
    "form",
    "tag",
];

/// Whether a name is that of the number of something else: `requester_id`.
pub(super) fn refers_to_another(name: &str) -> bool {
    let plain = plain(name);
    let number = ["id", "key", "no", "nr", "number", "ref", "uid", "guid"];
    let of = |ending: &&str| plain.strip_suffix(*ending);
    let mut objects = number.iter().filter_map(of);
    objects.any(|object| REFERRED.contains(&object))
}

/// Whether the number of something else may be that of a case where there is no other.
pub(super) fn may_be_case(name: &str) -> bool {
    matches!(
        plain(name).as_str(),
        "ruleid" | "problemid" | "problemno" | "changeid" | "changeno"
    )
}

/// Whether a name is in the list of those of a case.
pub(super) fn is_usual_case(name: &str) -> bool {
    let plain = plain(name);
    let mut names = NAMES.iter().filter(|(field, _)| *field == "case");
    name.trim() == "#" || names.any(|(_, names)| names.contains(&plain.as_str()))
}

/// Whether a name says that it numbers tickets, whose rows may be their history.
pub(super) fn names_a_ticket(name: &str) -> bool {
    let plain = plain(name);
    let words = ["case", "ticket", "incident", "issuekey"];
    words.iter().any(|word| plain.starts_with(word))
}

/// Whether a path leads into an object that is not the case: `rule.id`.
pub(super) fn is_of_another_object(name: &str) -> bool {
    let mut parts = name.rsplit('.').skip(1);
    parts.next().is_some_and(|part| {
        let part = plain(part);
        !CASES
            .iter()
            .any(|case| part == *case || part.strip_suffix('s') == Some(case))
    })
}

/// The last part of a name without separators and accents, in lower case: `issue.fields.Created_At` -> `createdat`. A unit or zone in
/// brackets behind it is left out: `Created [UTC]`.
pub(super) fn plain(name: &str) -> String {
    let last = name
        .trim_end_matches(['.', ' '])
        .rsplit('.')
        .next()
        .unwrap_or(name);
    let last = match (last.rfind(['[', '(']), last.ends_with([']', ')'])) {
        (Some(at), true) if at > 0 => &last[..at],
        _ => last,
    };
    let letters = last.chars().filter(|c| c.is_alphanumeric());
    letters
        .flat_map(char::to_lowercase)
        .map(without_accent)
        .collect()
}

/// A Latin letter without its accent, which exports lose as well as keep.
fn without_accent(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è'..='ë' | 'ē' | 'ę' | 'ě' => 'e',
        'ì'..='ï' | 'ī' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' => 'n',
        'ò'..='ö' | 'ø' | 'ō' => 'o',
        'ś' | 'š' => 's',
        'ù'..='ü' | 'ū' | 'ů' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_number_something() {
        for name in [
            "Vorgangs-ID",
            "caseRef",
            "ticket_no",
            "flow run id",
            "a.b.deal_key",
            "x nr",
        ] {
            assert!(numbers_something(name), "{name}");
        }
        for name in ["valid", "monkey", "piano", "uid", "paid", "note", "idle"] {
            assert!(!numbers_something(name), "{name}");
        }
    }

    #[test]
    fn numbers_of_tickets_in_other_languages() {
        for name in [
            "Clave de incidencia",
            "Numéro de ticket",
            "Ticket-Nr",
            "ID do chamado",
            "Issuesleutel",
            "チケット番号",
            "N° ticket",
        ] {
            assert!(numbers_a_ticket(&plain(name)), "{name}");
        }
        for name in ["request type id", "ticket", "caseload", "ticket form id"] {
            assert!(!numbers_a_ticket(&plain(name)), "{name}");
        }
    }

    #[test]
    fn the_number_of_a_person_or_host_is_no_case() {
        for name in [
            "requester_id",
            "assigneeId",
            "Caller ID",
            "host_id",
            "organization_id",
            "problem_no",
        ] {
            assert_eq!(name_fit("case", name), 0.0, "{name}");
        }
        for name in ["workflow_run_id", "#", "No.", "uuid", "iid"] {
            assert!(name_fit("case", name) > 0.0, "{name}");
        }
    }

    #[test]
    fn the_id_of_another_object_is_behind_that_of_the_record() {
        assert!(name_fit("case", "id") > name_fit("case", "rule.id") * 1.8);
        assert!(name_fit("case", "issue.id") > name_fit("case", "rule.id") * 1.8);
        assert!(name_fit("case", "alerts.id") > name_fit("case", "agent.id") * 1.8);
    }
}
