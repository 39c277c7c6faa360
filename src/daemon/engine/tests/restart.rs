//! What an engine measures does not depend on whether it was restarted.

use super::*;
use std::fmt::Write;

const DAY: i64 = 24 * 60;

const MAPPING: &str = "format: ndjson\nprocess: process\ncase: case\nactivity: activity\ntime: time\ninput: input\n\
    executor: executor\noutcome: outcome\n";

fn config(folder: &Path) -> Config {
    let catalog =
        "processes: [{id: p, ends: {activities: [close]}, outcomes: {good: 0, bad: 1}}]\n";
    std::fs::write(folder.join("catalog.yaml"), catalog).unwrap();
    std::fs::write(folder.join("map.yaml"), MAPPING).unwrap();
    let text = "data_dir: data\ncatalog: catalog.yaml\nscore: {window: 30d}\n\
         sources: [{name: export, type: drop, paths: [in], mapping: map.yaml}]\n";
    Config::parse(text, &folder.join("toleranced.yaml")).unwrap()
}

fn take_lines(engine: &mut Engine, text: &str, minute: i64) {
    let file = Path::new("map.yaml");
    let spec = MappingSpec::parse(MAPPING, file).unwrap();
    let circumstances = Circumstances {
        default_process: "p",
        namespace: "",
        latest: Time(i64::MAX),
    };
    let mapping = compile(&spec, file, circumstances).unwrap();
    let mut batch = EventBatch::default();
    LineDecoder::new(&mapping).decode(hash_text(text), 0, text.as_bytes(), &mut batch);
    assert!(batch.rejects.is_empty(), "{:?}", batch.rejects);
    let delivery = Delivery {
        source: "export".into(),
        batch,
        ..Delivery::default()
    };
    engine.take(delivery, at(minute)).unwrap();
    engine.commit().unwrap();
}

/// Cases of one event, spread over two days: `inputs` different inputs, each seen by `times` cases.
fn cases(name: &str, minute: i64, inputs: i64, times: i64) -> String {
    let mut text = String::new();
    for nth in 0..inputs * times {
        let input = nth % inputs;
        let time = at(minute + nth % (2 * DAY)).0 / 1000;
        let executor = ["ai", "human"][(nth % 2) as usize];
        let outcome = if nth % 7 == 0 { "bad" } else { "good" };
        writeln!(
            text,
            "{{\"process\":\"p\",\"case\":\"{name}{nth}\",\"activity\":\"close\",\"time\":{time},\
             \"input\":\"{name}{input}\",\"executor\":\"{executor}\",\"outcome\":\"{outcome}\"}}"
        )
        .unwrap();
    }
    text
}

fn scores(engine: &mut Engine, minute: i64) -> (u64, String) {
    engine.rescore(at(minute)).unwrap();
    let scores = engine.scores();
    let kept_one_in = scores["p"]
        .consistency
        .agreement
        .as_ref()
        .unwrap()
        .kept_one_in;
    (kept_one_in, serde_json::to_string_pretty(scores).unwrap())
}

#[test]
fn window_that_had_too_many_inputs_for_a_sample_scores_alike_with_and_without_a_restart() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let open = |nth: usize, day| Engine::open(config(folders[nth].path()), at(day * DAY)).unwrap();
    let mut engines = [0, 1].map(|nth| open(nth, 0));
    for engine in &mut engines {
        take_lines(engine, &cases("many", 0, 40_000, 1), 3 * DAY);
        take_lines(engine, &cases("few", 20 * DAY, 400, 3), 23 * DAY);
    }
    let [mut running, mut restarted] = engines;
    // While all count, a quarter is kept; when those of the first days have left, everything.
    for (day, kept_one_in) in [(25, 4), (31, 2), (40, 1)] {
        drop(restarted);
        restarted = open(1, day);
        let found = [&mut running, &mut restarted].map(|engine| scores(engine, day * DAY));
        assert!(
            found[0] == found[1],
            "day {day}: {} {}",
            found[0].0,
            found[1].0
        );
        assert_eq!(found[0].0, kept_one_in, "day {day}");
    }
}
