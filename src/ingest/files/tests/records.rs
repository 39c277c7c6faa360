//! What is in the files: long and odd records, compressed files, headers; then limits, options and the waker.

use super::*;

#[test]
fn a_record_of_100_mib_is_passed_over_in_bounded_memory() {
    let mut rig = Rig::new();
    let mut file = File::create(rig.path("a.log")).expect("create");
    file.write_all(b"first\n").expect("write");
    let mib = vec![b'x'; 1 << 20];
    (0..100).for_each(|_| file.write_all(&mib).expect("write"));
    file.write_all(b"\nlast\n").expect("write");
    let mut polls = 0;
    while rig.poll().more {
        polls += 1;
    }
    assert!(polls >= 6, "spread over polls");
    assert_eq!(rig.take(), "first\nlast\n");
    let big = &rig.sink.oversize[0];
    assert_eq!((big.offset, big.total_len), (6, (100 << 20) + 1));
    assert_eq!(big.first_bytes, vec![b'x'; OVERSIZE_SHOWN_BYTES]);
    assert_eq!(big.state.position, 6 + (100 << 20) + 1);
}

#[test]
fn the_limit_of_a_record_does_not_depend_on_how_it_is_read() {
    for chunk in [1, 7, 8, 9, 100] {
        let mut rig = Rig::with(|options| {
            options.chunk_bytes = chunk;
            options.max_record_bytes = 8;
        });
        rig.append("a.log", "1234567\n12345678\n1\n");
        assert_eq!(rig.poll_take(), "1234567\n1\n");
        assert_eq!(rig.sink.oversize[0].total_len, 9);
    }
}

#[test]
fn a_truncation_inside_a_record_that_is_passed_over_is_noticed() {
    let mut rig = Rig::with(|options| options.max_record_bytes = 8);
    rig.append("a.log", "ok\n12345678901234");
    assert_eq!(rig.poll_take(), "ok\n");
    rig.truncate("a.log");
    rig.append("a.log", "new\n");
    assert_eq!(rig.poll_take(), "new\n");
    assert!(rig.sink.oversize.is_empty());
}

#[test]
fn binary_junk_and_nul_bytes_pass_through() {
    let mut rig = Rig::new();
    let junk: Vec<u8> = (0..=255u8).chain([0, 0, 0, b'\n']).collect();
    rig.append("a.log", &junk);
    rig.poll_all();
    let bytes: Vec<u8> = rig
        .sink
        .chunks
        .iter()
        .flat_map(|c| c.bytes.clone())
        .collect();
    assert_eq!(bytes, junk);
}

#[test]
fn compressed_files_are_read_as_their_content() {
    let mut rig = Rig::with(|options| options.chunk_bytes = 1000);
    let text = many_lines(200);
    let (one, two) = text.as_bytes().split_at(3000);
    rig.append("a.log.gz", [gzip(one), gzip(two)].concat());
    assert_eq!(rig.poll_take(), text);
    let other = many_lines(300);
    rig.append(
        "b.log.zst",
        zstd::encode_all(other.as_bytes(), 0).expect("zstd"),
    );
    rig.poll_all();
    assert!(rig.sink.chunks.last().is_some_and(|c| c.state.finished));
    assert_eq!(rig.take(), other);
}

#[test]
fn a_finished_archive_is_not_opened_again_after_a_restart() {
    let mut rig = Rig::new();
    rig.append("a.log.gz", gzip(b"one\n"));
    rig.poll_all();
    let states = rig.tailer.states();
    rig.restart();
    rig.take();
    assert_eq!(rig.poll().bytes_read, 0);
    assert_eq!(rig.tailer.states(), states);
    rig.append("a.log.gz", gzip(b"two\n"));
    assert_eq!(rig.poll_take(), "two\n");
}

#[test]
fn a_rotated_log_that_gets_compressed_goes_on_at_its_position() {
    for poll_between in [false, true] {
        let mut rig = Rig::started("a.log", "one\n");
        rig.append("a.log", "two\n");
        rig.rename("a.log", "a.log.1");
        rig.append("a.log.1.gz", gzip(b"one\ntwo\n"));
        if poll_between {
            assert_eq!(rig.poll_take(), "two\n");
        }
        rig.remove("a.log.1");
        assert_eq!(rig.poll_take(), if poll_between { "" } else { "two\n" });
        rig.poll();
        assert!(rig.has(|n| matches!(n, Notice::Recompressed { id: 0, .. })));
    }
}

#[test]
fn a_damaged_archive_gives_its_good_records_and_one_notice() {
    let mut rig = Rig::new();
    let text = many_lines(5000);
    let whole = gzip(text.as_bytes());
    rig.append("a.log.gz", &whole[..whole.len() / 2]);
    let first = rig.poll_take();
    assert!(first.len() > text.len() / 4 && text.starts_with(&first) && first.ends_with('\n'));
    assert_eq!(rig.poll_take(), "");
    assert_eq!(rig.count(|n| matches!(n, Notice::Damaged { .. })), 1);
    rig.append("a.log.gz", &whole[whole.len() / 2..]);
    assert_eq!(first + &rig.poll_take(), text);
}

#[test]
fn a_csv_header_stands_beside_the_records() {
    let mut rig = Rig::csv();
    rig.append("a.log", "id,what\n");
    assert_eq!(rig.poll_take(), "");
    rig.append("a.log", "1,x\n");
    rig.poll();
    let chunk = &rig.sink.chunks[0];
    assert_eq!(
        (&*chunk.head, chunk.offset, &*chunk.bytes),
        (&b"id,what\n"[..], 8, &b"1,x\n"[..])
    );
    rig.restart();
    rig.append("a.log", "2,y\n");
    rig.poll();
    assert_eq!(
        (&*rig.sink.chunks[1].head, rig.sink.chunks[1].offset),
        (&b"id,what\n"[..], 12)
    );
}

#[test]
fn a_quoted_newline_holds_across_chunks_and_polls() {
    let mut rig = Rig::csv();
    rig.options.chunk_bytes = 4;
    rig.tailer = Tailer::new(rig.options.clone(), Vec::new(), 0).expect("options");
    rig.append("a.log", "id,what\n1,\"a\nb");
    assert_eq!(rig.poll_take(), "");
    rig.append("a.log", "\n\"\"c\n\"\n2,");
    rig.poll_all();
    assert_eq!(rig.sink.chunks.len(), 1);
    assert_eq!(rig.take(), "1,\"a\nb\n\"\"c\n\"\n");
}

#[test]
fn a_byte_order_mark_stays_in_the_first_record() {
    let mut rig = Rig::csv();
    rig.append("a.log", "\u{feff}id,what\n1,x\n");
    rig.poll();
    assert_eq!(&*rig.sink.chunks[0].head, "\u{feff}id,what\n".as_bytes());
}

#[test]
fn files_are_discovered_by_age_then_path() {
    let mut rig = Rig::new();
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    for (name, time) in [
        ("b.log", old),
        ("a.log", old),
        ("0.log", old + Duration::from_secs(1)),
    ] {
        rig.append(name, name);
        let file = OpenOptions::new()
            .append(true)
            .open(rig.path(name))
            .expect("open");
        file.set_modified(time).expect("time");
    }
    rig.poll();
    let names = rig.tailer.tracked_paths();
    assert_eq!(names, ["a.log", "b.log", "0.log"]);
}

#[test]
fn excluded_files_are_left_out() {
    let mut rig = Rig::with(|options| options.exclude = vec!["*.gz".into(), "**/no/**".into()]);
    fs::create_dir(rig.path("no")).expect("dir");
    rig.append("a.log.gz", "one\n");
    rig.append("b.log", "two\n");
    assert_eq!(rig.poll_take(), "two\n");
}

#[test]
fn one_huge_file_does_not_starve_others() {
    let mut rig = Rig::with(|options| {
        options.read_budget_per_poll = 1000;
        options.chunk_bytes = 500;
    });
    rig.append("a.log", many_lines(1000));
    rig.append("b.log", "small\n");
    assert!(rig.poll().more);
    assert!(rig.take().ends_with("small\n"));
}

#[test]
fn a_receiver_that_has_enough_gets_the_next_file_in_the_next_poll() {
    let mut rig = Rig::with(|options| options.chunk_bytes = 40);
    rig.append("a.log", many_lines(10));
    rig.append("b.log", "small\n");
    rig.sink.enough_after_each = true;
    rig.poll();
    rig.take();
    assert!(rig.poll().more);
    assert_eq!(rig.take(), "small\n");
}

#[test]
fn few_handles_serve_many_files() {
    let mut rig = Rig::with(|options| options.max_files_open = 2);
    for round in 0..3 {
        for n in 0..10 {
            rig.append(&format!("{n}.log"), format!("file {n} round {round}\n"));
        }
        assert_eq!(rig.poll_take().lines().count(), 10);
        rig.poll_after(Duration::from_secs(5));
    }
}

#[test]
fn the_oldest_missing_file_is_forgotten_above_the_limit() {
    let mut rig = Rig::with(|options| options.max_remembered = 1);
    for name in ["a.log", "b.log"] {
        rig.append(name, name.to_owned() + "\n");
        rig.poll();
        rig.remove(name);
        rig.poll();
        rig.poll_after(Duration::from_secs(60));
    }
    rig.poll();
    assert_eq!(
        rig.count(|n| matches!(n, Notice::Forgotten { id: 0, .. })),
        1
    );
}

#[test]
fn options_that_cannot_work_are_refused() {
    let refuse = |options| {
        Tailer::new(options, Vec::new(), 0)
            .err()
            .map(|e| e.to_string())
    };
    assert!(refuse(Options::new(Vec::<String>::new())).is_some_and(|e| e.contains("include")));
    assert!(refuse(Options::new(["/x/[a"])).is_some_and(|e| e.contains("/x/[a")));
    let mut zero = Options::new(["/x"]);
    zero.chunk_bytes = 0;
    assert_eq!(
        refuse(zero).as_deref(),
        Some("`chunk_bytes` must be above zero")
    );
}

#[test]
fn the_waker_wakes_on_a_write_and_not_on_reading() {
    let mut rig = Rig::new();
    let waker = Waker::new(&rig.options);
    if waker.trouble().is_some() {
        return; // This machine can't watch; time-outs serve.
    }
    rig.append("a.log", "one\n");
    assert_eq!(waker.wait(Duration::from_secs(10)), Woken::Changed);
    while waker.wait(Duration::from_millis(100)) == Woken::Changed {}
    rig.poll_all();
    assert_eq!(waker.wait(Duration::from_millis(100)), Woken::TimedOut);
}

#[test]
fn open_decompressed_reads_plain_files_as_they_are() -> io::Result<()> {
    let rig = Rig::new();
    rig.append("a.log", "plain\n");
    let text = io::read_to_string(open_decompressed(Path::new(&rig.path("a.log")))?)?;
    assert_eq!(text, "plain\n");
    Ok(())
}

#[test]
fn declined_unfinished_line_is_no_backlog_until_it_grows_and_not_unread_when_its_file_is_gone() {
    let mut rig = Rig::new();
    rig.sink = Recorder::declining();
    rig.append("a.log", "one\ntw");
    assert_eq!(rig.poll().backlog_bytes, 2);
    assert_eq!(rig.poll_after(Duration::from_secs(11)).backlog_bytes, 0);
    rig.append("a.log", "oo");
    assert_eq!(rig.poll().backlog_bytes, 4);
    assert_eq!(rig.poll_after(Duration::from_secs(11)).backlog_bytes, 0);
    rig.rename("a.log", "old");
    rig.poll_after(Duration::from_secs(31));
    assert!(rig.has(|notice| matches!(notice, Notice::Released { unread: 0, .. })));
}
