//! The schedules: random ones, and those that once found a mistake.

use super::*;

fn run(start: Start, chunk: usize, ops: &[Op]) -> Result<(), TestCaseError> {
    let mut world = World::new(start, chunk);
    for op in ops {
        world.run(op);
        world.check()?;
    }
    world.check_complete()
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(300),
        max_shrink_iters: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_line_arrives_exactly_once(
        start in prop_oneof![Just(Start::Own), Just(Start::Alike), Just(Start::Header)],
        chunk in prop_oneof![Just(16usize), Just(200), Just(1 << 20)],
        ops in prop::collection::vec(op(), 1..40),
    ) {
        run(start, chunk, &ops)?;
    }
}

/// Schedules that the random test found, named after what went wrong.
fn replay(start: Start, ops: &[Op]) {
    for chunk in [16, 200, 1 << 20] {
        if let Err(error) = run(start, chunk, ops) {
            panic!("chunks of {chunk}: {error}");
        }
    }
}

const COPY_TRUNCATE: Op = Op::CopyTruncate {
    poll_between: false,
    write_between: false,
};
const COPY_POLL_TRUNCATE: Op = Op::CopyTruncate {
    poll_between: true,
    write_between: false,
};
const COMPRESS: Op = Op::Compress {
    which: 0,
    poll_between: false,
};
const POLL_COMPRESS: Op = Op::Compress {
    which: 0,
    poll_between: true,
};

#[test]
fn written_anew_and_renamed_out_between_two_polls() {
    replay(
        Start::Own,
        &[
            Op::Lines(1),
            Op::Poll,
            COPY_TRUNCATE,
            Op::Lines(1),
            Op::RotateOut,
        ],
    );
}

#[test]
fn written_anew_rotated_and_compressed_between_two_polls() {
    let compress_new = Op::Compress {
        which: 1,
        poll_between: false,
    };
    let ops = [
        Op::Lines(1),
        Op::Poll,
        COPY_TRUNCATE,
        Op::Lines(1),
        Op::Rotate,
        compress_new,
    ];
    replay(Start::Own, &ops);
}

#[test]
fn a_new_log_begins_like_the_one_that_is_still_drained() {
    let ops = [
        Op::Partial,
        Op::Poll,
        Op::Lines(1),
        Op::Delete,
        Op::Lines(1),
        Op::Poll,
    ];
    replay(Start::Alike, &[&ops[..], &[Op::RotateOut]].concat());
}

#[test]
fn a_content_known_only_by_a_common_beginning_does_not_take_a_copy() {
    let ops = [
        Op::Lines(6),
        COPY_TRUNCATE,
        Op::Lines(7),
        COPY_POLL_TRUNCATE,
        Op::DeleteRotated(1),
        POLL_COMPRESS,
    ];
    replay(Start::Alike, &ops);
}

#[test]
fn a_drained_file_with_a_common_beginning_does_not_take_another_one() {
    let ops = [Op::Lines(8), Op::Poll, Op::RotateOut, Op::Other];
    replay(Start::Alike, &ops);
}

#[test]
fn an_archive_takes_the_inode_of_one_that_gave_nothing() {
    let ops = [
        Op::Partial,
        Op::Rotate,
        COMPRESS,
        Op::Poll,
        Op::Lines(1),
        Op::DeleteRotated(0),
        Op::Rotate,
        POLL_COMPRESS,
    ];
    replay(Start::Own, &ops);
}

#[test]
fn an_archive_takes_the_inode_of_one_that_began_alike() {
    let ops = [
        Op::Partial,
        Op::Rotate,
        COMPRESS,
        Op::Lines(1),
        COPY_POLL_TRUNCATE,
        Op::Lines(1),
        Op::DeleteRotated(0),
        Op::Lines(2),
        Op::Rotate,
        COMPRESS,
    ];
    replay(Start::Alike, &ops);
}
