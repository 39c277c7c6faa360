//! The baseline fixes the nominal size.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, cases, outcome};
use crate::support::scores::{near, only};
use std::fmt::Write as _;

#[test]
fn a_process_that_sprawls_does_not_loosen_its_own_tolerance() {
    let scratch = Scratch::new();
    let mut log = cases(50, "human", |_| outcome("good"));
    // Later cases take forty steps more.
    for nth in 50..250 {
        for step in 0..40 {
            writeln!(
                log,
                "{{\"time\":\"2026-03-01T00:00:{step:02}Z\",\"process\":\"p\",\"case\":\"late{nth}\",\"activity\":\"step {step}\",\"seq\":{step}}}"
            )
            .unwrap();
        }
        writeln!(
            log,
            "{{\"time\":\"2026-03-01T00:01:00Z\",\"process\":\"p\",\"case\":\"late{nth}\",\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"good\"}}"
        )
        .unwrap();
    }
    let tolerance =
        include_str!("../../../config/tolerance.yaml").replace("cases: 300", "cases: 50");
    scratch.write("tolerance.yaml", tolerance);
    scratch.write("log.ndjson", &log);
    scratch.write("catalog.yaml", CATALOG);
    let args = [
        "log.ndjson",
        "--map",
        "toleranced",
        "--catalog",
        "catalog.yaml",
        "--tolerance",
        "tolerance.yaml",
    ];
    let found = only(&scratch.score(&args)).clone();
    assert_eq!(found["nominal_size_steps"], 2.0);
    assert_eq!(found["nominal_size_source"], "baseline");
    assert_eq!(
        (&found["baseline"]["cases"], &found["baseline"]["frozen"]),
        (&50.into(), &true.into())
    );
    assert!(found["size_steps"].as_f64().unwrap() > 30.0);
    near(&found["permissible_deviation"], 0.02, 1e-9);
    // A new epoch begins anew.
    scratch.write("catalog.yaml", format!("{CATALOG}    epoch: 2026-02-01\n"));
    let found = only(&scratch.score(&args)).clone();
    assert_eq!(found["nominal_size_steps"], 41.0);
}
