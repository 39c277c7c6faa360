//! Files that are renamed, copied, truncated and replaced.

use super::*;

#[test]
fn a_rename_inside_the_glob_is_the_same_file() {
    let mut rig = Rig::started("a.log", "one\n");
    rig.append("a.log", "two\n");
    rig.rename("a.log", "a.log.1");
    rig.append("a.log", "three\n");
    assert_eq!(rig.poll_take(), "two\nthree\n");
    assert!(rig.has(|n| matches!(
        n,
        Notice::Rotated {
            id: 0,
            to: Some(_),
            ..
        }
    )));
}

#[test]
fn a_file_renamed_out_of_the_glob_is_drained_and_released() {
    let mut rig = Rig::started("a.log", "one\n");
    rig.append("a.log", "two\n");
    rig.rename("a.log", "old");
    rig.append("a.log", "three\n");
    assert_eq!(rig.poll_take(), "two\nthree\n");
    rig.append("old", "late\n");
    assert_eq!(rig.poll_take(), "late\n");
    rig.poll_after(Duration::from_secs(31));
    assert!(rig.has(|n| matches!(
        n,
        Notice::Released {
            id: 0,
            unread: 0,
            ..
        }
    )));
    assert_eq!(rig.poll().files, 1);
}

#[test]
fn a_file_written_anew_and_then_renamed_out_of_the_glob_is_still_read() {
    let mut rig = Rig::started("a.log", "one\n");
    rig.truncate("a.log");
    rig.append("a.log", "two\n");
    rig.rename("a.log", "old");
    assert_eq!(rig.poll_take(), "two\n");
}

#[test]
fn copy_truncate_goes_on_in_the_copy() {
    let mut rig = Rig::started("a.log", "one\n");
    rig.append("a.log", "two\n");
    rig.copy("a.log", "a.log.1");
    rig.truncate("a.log");
    rig.append("a.log", "three\n");
    rig.poll();
    let seen: Vec<_> = rig.sink.chunks.iter().map(|c| (c.file, c.offset)).collect();
    assert_eq!(seen, [(0, 4), (1, 0)]);
    assert_eq!(rig.take(), "two\nthree\n");
    assert!(rig.has(|n| matches!(
        n,
        Notice::Truncated {
            id: 0,
            position: 4,
            ..
        }
    )));
}

#[test]
fn a_poll_between_copy_and_truncate_reads_nothing_twice() {
    let mut rig = Rig::started("a.log", "one\n");
    rig.copy("a.log", "a.log.1");
    assert_eq!(rig.poll_take(), "");
    rig.truncate("a.log");
    assert_eq!(rig.poll_take(), "");
    rig.append("a.log", "two\n");
    assert_eq!(rig.poll_take(), "two\n");
}

#[test]
fn a_log_read_on_between_copy_and_truncate_does_not_bring_its_copy_back() {
    let mut rig = Rig::started("a.log", "one\n");
    rig.copy("a.log", "a.log.1");
    assert_eq!(rig.poll_take(), "");
    rig.append("a.log", "two\n");
    assert_eq!(rig.poll_take(), "two\n");
    rig.truncate("a.log");
    assert_eq!(rig.poll_take(), "");
    rig.append("a.log", "three\n");
    assert_eq!(rig.poll_take(), "three\n");
}

#[test]
fn a_truncated_file_is_a_new_one() {
    for new in ["x\n", "xxx\n", "longer than before\n"] {
        let mut rig = Rig::started("a.log", "one\n");
        rig.truncate("a.log");
        rig.append("a.log", new);
        rig.poll();
        assert_eq!((rig.sink.chunks[0].file, rig.sink.chunks[0].offset), (1, 0));
        assert_eq!(rig.take(), new);
        assert!(rig.has(|n| matches!(n, Notice::Truncated { id: 0, .. })));
    }
}

#[test]
fn a_file_replaced_under_the_same_name_is_a_new_one() {
    let mut rig = Rig::started("a.log", "one\n");
    rig.append("new", "other\n");
    rig.rename("new", "a.log");
    assert_eq!(rig.poll_take(), "other\n");
    assert!(rig.has(|n| matches!(n, Notice::Replaced { id: 0, .. })));
}

#[test]
fn an_inode_number_used_again_is_told_apart_by_content() {
    let mut rig = Rig::started("a.log", "one\n");
    let mut state = rig.tailer.states().remove(0);
    rig.append("b.log", "two of another file\n");
    rig.remove("a.log");
    let meta = fs::metadata(rig.path("b.log")).expect("meta");
    (state.device, state.inode) = inode(&meta);
    rig.tailer = Tailer::new(rig.options.clone(), vec![state], 0).expect("options");
    rig.poll();
    assert_eq!(rig.sink.chunks[0].file, 1);
    assert_eq!(rig.take(), "two of another file\n");
}

#[cfg(unix)]
fn inode(meta: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}
