use super::*;
use crate::model::{Class, Direction, Executor, Level, Ppm};
use crate::rules::Judgement;

fn parse(text: &str) -> Result<Catalog, Problems> {
    Catalog::parse(text, Path::new("catalog.yaml"))
}

fn messages(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn a_full_entry() {
    let catalog = parse(
        "processes:\n\
         - id: isolate-host\n\
         \x20 name: Isolate a compromised system\n\
         \x20 criticality: { outcome: low, system: high }\n\
         \x20 executor: human\n\
         \x20 outcomes: { isolated: 0, wrong_host: 1, late: 0.25 }\n\
         \x20 path: [Confirm, Isolate, Notify?]\n\
         \x20 duration_limit: 2h\n\
         \x20 automation: { build_hours: 80 }\n\
         \x20 ends: { activities: [Closed], idle: 7d }\n",
    )
    .unwrap();
    let process = &catalog.processes["isolate-host"];
    assert_eq!(process.criticality, Level::High);
    assert!(!process.criticality_assumed);
    assert_eq!(process.outcomes["late"], Ppm(250_000));
    assert!(process.path[2].optional && process.path[2].activity == "Notify");
    assert!(process.ends.is_declared());
}

#[test]
fn what_is_not_declared_is_assumed_and_says_so() {
    let process = parse("").unwrap().process("unheard-of");
    assert_eq!(process.criticality, Level::Medium);
    assert!(process.criticality_assumed);
}

#[test]
fn problems_name_line_and_field() {
    let text = "processes:\n- id: a\n  outcomes:\n    wrong: 1.5\n- id: a\n  parent: aa\n";
    let messages = messages(text);
    assert!(
        messages.contains("catalog.yaml:4:12: `outcomes.wrong`"),
        "{messages}"
    );
    assert!(messages.contains("declared twice"), "{messages}");
    assert!(
        messages.contains("no process `aa` (did you mean `a`?)"),
        "{messages}"
    );
}

#[test]
fn outcomes_are_declared_once_whatever_their_case() {
    let messages =
        messages("processes:\n- id: a\n  outcomes:\n    Late: 0.25\n    good: 0\n    late: 0.5\n");
    assert!(
        messages.contains("catalog.yaml:6:11: `outcomes.late` is declared as `Late` as well"),
        "{messages}"
    );
    let catalog = parse("processes: [{id: a, outcomes: {Late: 0.25, in time: 0}}]").unwrap();
    let process = catalog.process("a");
    let declared = ["Late", "late", "In Time", "early"].map(|name| process.severity_of(name));
    assert_eq!(
        declared,
        [
            Some(Ppm(250_000)),
            Some(Ppm(250_000)),
            Some(Ppm::ZERO),
            None
        ]
    );
}

#[test]
fn links_to_cases_are_a_process_s_own_or_those_of_all() {
    let text = "case_link: https://t.example/{id}\nprocesses:\n- {id: a, case_link: \"http://a.example/?c={id}\"}\n- {id: b}\n";
    let catalog = parse(text).unwrap();
    assert_eq!(catalog.case_link("a"), Some("http://a.example/?c={id}"));
    assert_eq!(catalog.case_link("b"), Some("https://t.example/{id}"));
    assert_eq!(parse("").unwrap().case_link("b"), None);
    for wrong in [
        "https://t.example/",
        "{id}",
        "https://t.example/{id}\u{1b}]8",
    ] {
        let said = messages(&format!("case_link: {wrong:?}\n").replace("\\u{1b}", "\\e"));
        assert!(said.contains("`case_link`"), "{said}");
    }
}

#[test]
fn a_cycle_is_named() {
    let text = "processes:\n- {id: a, parent: b}\n- {id: b, parent: c}\n- {id: c, parent: a}\n";
    let messages = messages(text);
    assert!(messages.contains("a -> b -> c -> a"), "{messages}");
    assert_eq!(messages.matches("a cycle").count(), 1, "{messages}");
}

#[test]
fn each_cycle_is_named_once_and_what_hangs_on_it_is_none() {
    let text = "processes:\n- {id: a, parent: b}\n- {id: x, parent: x}\n- {id: b, parent: c}\n- {id: c, parent: b}\n";
    let messages = messages(text);
    assert_eq!(messages.matches("a cycle").count(), 2, "{messages}");
    assert!(messages.contains(":3:"), "{messages}");
    assert!(messages.contains(": b -> c -> b"), "{messages}");
}

#[test]
fn levels_out_of_their_range_are_refused() {
    assert!(
        messages("processes: [{id: a, criticality: extremely high}]").contains("negligible, low")
    );
    for text in ["frequency: negligible", "frequency: extremely high"] {
        let said = messages(&format!("processes: [{{id: a, {text}}}]"));
        assert!(said.contains("is not one of low, medium, high"), "{said}");
    }
    assert!(messages("processes: [{id: a, executor: robot}]").contains("human"));
    assert!(messages("processes: [{id: a, epoch: soon}]").contains("`epoch`: `soon`"));
    let share = "processes: [{id: a, automation: {build_hours: 1, share: 2}}]";
    assert!(messages(share).contains("`automation.share`"));
    assert!(messages("processes: [{id: a, drivers: nowhere.csv}]").contains("nowhere.csv"));
}

#[test]
fn what_no_process_can_take_is_refused_with_line_and_field() {
    let text = "processes:\n- id: a\n  hands_on_minutes: 1e308\n  automation: { build_hours: 1e308,\n    upkeep_hours_per_year: .inf }\n  wrong_outcome_hours: 1000001\n  size: 1e300\n";
    let said = messages(text);
    for wrong in [
        "catalog.yaml:3:21: `hands_on_minutes`",
        "catalog.yaml:4:30: `automation.build_hours`",
        "catalog.yaml:5:28: `automation.upkeep_hours_per_year`",
        "catalog.yaml:6:24: `wrong_outcome_hours` must be at most 1000000, not 1.000001e6",
        "catalog.yaml:7:9: `size`",
    ] {
        assert!(said.contains(wrong), "{wrong} is not in {said}");
    }
    let most =
        "processes: [{id: a, size: 1e6, hands_on_minutes: 1e6, automation: {build_hours: 1e6}}]";
    let process = parse(most).unwrap().process("a");
    let automation = process.automation.unwrap();
    assert_eq!(
        (automation.upkeep_hours_per_year, automation.share),
        (0.0, 0.8)
    );
    let negative = "processes: [{id: a, automation: {build_hours: -1}}]";
    assert!(messages(negative).contains("`automation.build_hours`: hours can't be negative"));
}

#[test]
fn a_wrong_word_is_told_with_its_field_and_what_is_allowed() {
    let levels = "is not one of negligible, low, medium, high";
    for (text, said) in [
        ("criticality: urgent", ":3:16: `criticality`: `urgent` {}"),
        (
            "criticality: extremely high",
            ":3:16: `criticality`: `extremely high` {}",
        ),
        ("criticality: 5", ":3:16: `criticality`: `5` {}"),
        ("criticality: [high]", ":3:16: `criticality`: a list {}"),
        (
            "criticality: { outcome: hihg, system: low }",
            ":3:27: `criticality.outcome`: `hihg` {} (did you mean `high`?)",
        ),
        ("criticality: { outcome: low }", "field `system` is missing"),
        ("criticality: { outcom: low }", "did you mean `outcome`?"),
        (
            "complexity: huge",
            ":3:15: `complexity`: `huge` is not one of low, medium, high, extremely high",
        ),
        (
            "complexity: negligible",
            "`complexity`: `negligible` is not one of low, medium, high, extremely high",
        ),
        (
            "frequency: daily",
            ":3:14: `frequency`: `daily` is not one of low, medium, high",
        ),
        (
            "executor: robot",
            ":3:13: `executor`: `robot` is not one of human, ai, code, mixed",
        ),
        (
            "executor: [human]",
            "`executor`: a list is not one of human",
        ),
        ("class: x", ":3:10: `class`: `x` is not one of f, m, c, v"),
    ] {
        let said = said.replace("{}", levels);
        let found = messages(&format!("processes:\n- id: a\n  {text}\n"));
        assert!(found.contains(&said), "{said}\nis not in\n{found}");
    }
    // All of them at once, and no word of one letter is near another.
    let found = messages("processes: [{id: a, criticality: urgent, class: x, executor: robot}]");
    assert_eq!(found.lines().count(), 3, "{found}");
    assert!(found.ends_with("f, m, c, v"), "{found}");
}

#[test]
fn words_and_numbers_are_read_however_they_are_written() {
    let text = "processes:\n- id: a\n  criticality: 'high'\n  complexity: extremely high\n  frequency: low\n  class: f\n  executor: unknown\n  outcomes: { x: 1, y: 0.25, z: '0.5', w: 2.5e-1 }\n- { id: b, criticality: { outcome: negligible, system: low }, class: ~ }\n";
    let catalog = parse(text).unwrap();
    let (a, b) = (catalog.process("a"), catalog.process("b"));
    let levels = (a.criticality, a.complexity, a.frequency);
    let (high, low) = (Level::High, Level::Low);
    assert_eq!(levels, (high, Some(Level::ExtremelyHigh), Some(low)));
    assert_eq!(
        (a.class, a.executor),
        (Some(Class::F), Some(Executor::Unknown))
    );
    let severities: Vec<Ppm> = a.outcomes.into_values().collect();
    assert_eq!(severities, [250_000, 1_000_000, 250_000, 500_000].map(Ppm));
    assert_eq!((b.criticality, b.class), (low, None));
}

#[test]
fn a_severity_that_is_no_number_is_told_with_its_outcome_and_range() {
    for (severity, found) in [
        ("bad", "`bad`"),
        ("", "nothing"),
        ("[1]", "a list"),
        ("1.2", "1.2"),
        (".nan", "`.nan`"),
    ] {
        let said = messages(&format!(
            "processes:\n- id: a\n  outcomes: {{ x: {severity} }}\n"
        ));
        let range = "`outcomes.x`: a severity lies between 0 (as designed) and 1 (wrong), not";
        assert!(said.starts_with("catalog.yaml:3:"), "{said}");
        assert!(said.ends_with(&format!("{range} {found}")), "{said}");
    }
}

#[test]
fn processes_that_are_no_list_are_told_with_how_one_begins() {
    let list = "`processes` must be a list of processes such as `- id: phishing`";
    for (text, found) in [
        ("processes:\n", "nothing"),
        ("processes: 5\n", "`5`"),
        (
            "processes:\n  phishing:\n    criticality: high\n",
            "a mapping",
        ),
    ] {
        let said = messages(text);
        assert!(said.contains(&format!("{list}, not {found}")), "{said}");
        assert!(said.starts_with("catalog.yaml:"), "{said}");
    }
    let said = messages("processes:\n- phishing\n");
    assert!(
        said.contains(":2:3: `processes`: each is such as `- id: phishing`, not `phishing`"),
        "{said}"
    );
    assert!(parse("processes: []\n").unwrap().processes.is_empty());
    let said = messages("processes:\n- name: a\n");
    assert_eq!(said, "catalog.yaml:2:3: field `id` is missing");
}

#[test]
fn white_space_around_an_id_matters_nowhere() {
    let around = "processes:\n- { id: 'a ', parent: 'b ' }\n- { id: ' b' }\n";
    let parent = parse(around).unwrap().process("a").parent;
    assert_eq!(parent.as_deref(), Some("b"));
    let cycle = "processes:\n- { id: 'a ', parent: 'b ' }\n- { id: 'b ', parent: 'a ' }\n";
    assert!(messages(cycle).contains("a -> b -> a"));
    let itself = "processes: [{ id: a, parent: ' a' }]";
    assert!(messages(itself).contains("a -> a"));
    let twice = "processes: [{ id: a }, { id: 'a ' }]";
    assert!(messages(twice).contains("process `a` is declared twice"));
    let unknown = "processes: [{ id: a, parent: ' aa ' }]";
    assert!(messages(unknown).contains("no process `aa` (did you mean `a`?)"));
}

#[test]
fn judgement_and_determinism_are_declared_or_nothing_is_said() {
    let declared = "processes: [{id: a, judgement: required, deterministic: false}, {id: b}]";
    let catalog = parse(declared).unwrap();
    let of = |id: &str| {
        let process = &catalog.processes[id];
        (process.judgement, process.deterministic)
    };
    assert_eq!(of("a"), (Judgement::Required, Some(false)));
    assert_eq!(of("b"), (Judgement::None, None));
    let message = messages("processes: [{id: a, judgement: requird}]");
    assert!(
        message.contains("`judgement`: `requird` is not one of none, required")
            && message.contains("did you mean `required`"),
        "{message}"
    );
}

#[test]
fn an_outcome_can_have_a_direction_and_each_direction_a_tolerance() {
    let text = "processes:\n\
         - id: a\n\
         \x20 outcomes:\n\
         \x20   closed: 0\n\
         \x20   overlooked: { severity: 1, direction: missed }\n\
         \x20   escalated: { severity: 0.1, direction: false_alarm }\n\
         \x20   false_positive: { severity: 0, direction: none }\n\
         \x20   late: { severity: 0.5 }\n\
         \x20 tolerances: { missed: 0.1 %, false_alarm: 0.05 }\n";
    let process = parse(text).unwrap().process("a");
    assert_eq!(process.outcomes["escalated"], Ppm(100_000));
    assert_eq!(process.outcomes["late"], Ppm(500_000));
    let directions: Vec<_> = process.directions.into_iter().collect();
    let expected = [
        ("escalated", Some(Direction::FalseAlarm)),
        ("false_positive", None),
        ("overlooked", Some(Direction::Missed)),
    ];
    assert_eq!(directions, expected.map(|(name, of)| (name.to_owned(), of)));
    let tolerances: Vec<_> = process.tolerances.into_iter().collect();
    let expected = [(Direction::Missed, 0.001), (Direction::FalseAlarm, 0.05)];
    assert_eq!(tolerances, expected);
}

#[test]
fn what_is_wrong_with_a_direction_is_told_with_the_next_step() {
    let outcome = |text: &str| {
        messages(&format!(
            "processes:\n- id: a\n  outcomes:\n    x: {text}\n"
        ))
    };
    let said = outcome("{ severity: 1, direction: mised }");
    assert!(
        said.contains(":4:34: `outcomes.x.direction`: `mised` is not one of missed, false_alarm, none (did you mean `missed`?)"),
        "{said}"
    );
    let said = outcome("{ direction: missed }");
    assert!(said.contains("field `severity` is missing"), "{said}");
    let said = outcome("{ severity: 2, direction: missed }");
    assert!(said.contains("`outcomes.x.severity`: a severity"), "{said}");
    let said = outcome("{ severity: 1, directon: missed }");
    assert!(said.contains("did you mean `direction`"), "{said}");
    for (tolerance, found) in [
        ("0", "`0`"),
        ("5", "`5`"),
        ("100 %", "`100 %`"),
        ("some", "`some`"),
        ("", "nothing"),
        ("-1 %", "`-1 %`"),
    ] {
        let said = messages(&format!(
            "processes:\n- id: a\n  tolerances: {{ missed: {tolerance} }}\n"
        ));
        let range = "`tolerances.missed`: a share of the cases lies above 0 and below 1, such as 0.001 or 0.1 %, not";
        assert!(said.contains(&format!("{range} {found}")), "{said}");
        assert!(said.starts_with("catalog.yaml:3:"), "{said}");
    }
    let said = messages("processes:\n- id: a\n  tolerances: { overlooked: 0.1 }\n");
    assert!(said.contains("overlooked"), "{said}");
}
