//! The three reference scenarios come out of measured logs.

use crate::support::Scratch;
use crate::support::scores::process;

/// DESIGN.md, section 1: complexity, frequency, criticality, tolerance, recommendation.
const SCENARIOS: [(&str, [&str; 5]); 3] = [
    (
        "service-desk",
        ["low", "high", "low", "high", "delegate to AI"],
    ),
    (
        "incident-response",
        [
            "extremely high",
            "low",
            "high",
            "medium",
            "break into sub-processes",
        ],
    ),
    (
        "isolate-host",
        ["medium", "low", "high", "low", "execute via code"],
    ),
];

#[test]
fn the_three_reference_scenarios_come_out_of_measured_logs() {
    for seed in ["1", "2", "3", "42", "4711"] {
        let scratch = Scratch::new();
        let args = [
            "simulate",
            "--from",
            "2026-01-01",
            "--seed",
            seed,
            "-o",
            "soc.ndjson",
        ];
        scratch
            .run(&[&args[..], &["--catalog", "catalog.yaml"]].concat())
            .ends_with(0);
        let catalog = std::fs::read_to_string(scratch.path("catalog.yaml")).unwrap();
        for declared in ["complexity", "frequency", "size:", "class:", "path:"] {
            assert!(
                !catalog.contains(declared),
                "{declared} is declared, not measured"
            );
        }
        // With the preset, and with what is guessed.
        let with_preset = scratch.score(&[
            "--map",
            "toleranced",
            "--catalog",
            "catalog.yaml",
            "soc.ndjson",
        ]);
        // A guess knows nothing of drills and shadow runs.
        let log = std::fs::read_to_string(scratch.path("soc.ndjson")).unwrap();
        let is_live = |line: &&str| !line.contains("\"origin\":");
        let live: Vec<&str> = log.lines().filter(is_live).collect();
        assert!(live.len() < log.lines().count());
        scratch.write("live.ndjson", live.join("\n"));
        let guessed = scratch.score(&["--catalog", "catalog.yaml", "live.ndjson"]);
        for scores in [&with_preset, &guessed] {
            assert_eq!(scores["quarantined"], 0);
            for (id, want) in SCENARIOS {
                let score = process(scores, id);
                let keys = [
                    "complexity",
                    "frequency",
                    "criticality",
                    "tolerance",
                    "recommendation",
                ];
                assert_eq!(
                    keys.map(|key| score[key].as_str().unwrap_or("-")),
                    want,
                    "{id}, seed {seed}"
                );
            }
        }
    }
}
