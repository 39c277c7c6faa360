//! `toleranced backup` beside a running daemon, and `toleranced restore`.

use super::{declared_home, home, ten_cases};
use crate::support::binary::says;
use crate::support::tickets::case;
use crate::support::{BINARY, Daemon, Home, wait_to_equal};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

fn backup(home: &Home, more: &[&str]) -> Output {
    let file = home.text_path("copy.db");
    home.run(&[&["backup", &file], more].concat())
}

fn restore(home: &Home, file: &Path) -> Output {
    home.run(&["restore", file.to_str().unwrap()])
}

/// How many cases a database has.
fn cases_in(file: &Path) -> i64 {
    let database = Connection::open(file).unwrap();
    database
        .query_row("SELECT count(*) FROM cases", [], |row| row.get(0))
        .unwrap()
}

/// The names of the files in a folder.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

/// A home with a database of ten cases, whose daemon has stopped.
fn stopped() -> Home {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_records(30);
    daemon.stop();
    home
}

fn assert_figures(daemon: &Daemon, cases: usize) {
    let metrics = daemon.wait_for_records(cases * 3);
    assert_eq!(
        metrics.sum("toleranced_ingest_events_total"),
        cases as f64 * 3.0
    );
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
    wait_to_equal("cases", &Some(cases as i64), || {
        daemon.figures().get("tickets")?["cases"].as_i64()
    });
}

#[test]
fn backup_while_the_daemon_ingests_restored_elsewhere_gives_the_same_figures() {
    let (first, second) = (declared_home(), declared_home());
    let lines: Vec<String> = (0..1_500)
        .map(|nth| case(&format!("C{nth}"), nth % 1_000, "done"))
        .collect();
    first.append("log.ndjson", lines[..500].concat());
    // The daemon knows a log by its content and its file.
    fs::hard_link(first.path("log.ndjson"), second.path("log.ndjson")).unwrap();
    let daemon = first.start();
    daemon.wait_for_records(1_500);
    let is_backed_up = AtomicBool::new(false);
    let appended = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut appended = 500;
            while appended < lines.len()
                && (appended < 520 || !is_backed_up.load(Ordering::Relaxed))
            {
                first.append("log.ndjson", &lines[appended]);
                appended += 1;
                daemon.wait_for_records(appended * 3);
            }
            appended
        });
        let said = backup(&first, &[]);
        is_backed_up.store(true, Ordering::Relaxed);
        says(&said, 0, &["copy.db", "checked"]);
        writer.join().unwrap()
    });
    let copy = first.path("copy.db");
    assert_eq!(
        fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
        0o600
    );
    says(
        &restore(&second, &copy),
        0,
        &["restored", "Start the daemon"],
    );
    let restored = cases_in(&second.path("data/toleranced.db")) as usize;
    assert!((500..=appended).contains(&restored), "{restored}");
    let survivor = second.start();
    assert_figures(&survivor, appended);
    assert_figures(&daemon, appended);
    assert_eq!(survivor.figures(), daemon.figures());
    survivor.stop();
    daemon.stop();
    assert!(
        !names_in(&first.path(""))
            .iter()
            .any(|name| name.contains("partial"))
    );
}

#[test]
fn backup_replaces_a_file_only_if_told_to_and_never_the_database() {
    let home = stopped();
    home.write("copy.db", "precious");
    says(&backup(&home, &[]), 2, &["copy.db: exists", "--force"]);
    assert_eq!(
        fs::read_to_string(home.path("copy.db")).unwrap(),
        "precious"
    );
    says(&backup(&home, &["--force"]), 0, &["checked"]);
    assert_eq!(cases_in(&home.path("copy.db")), 10);
    let own = home.text_path("data/toleranced.db");
    says(
        &home.run(&["backup", "--force", &own]),
        2,
        &["the database itself"],
    );
    assert_eq!(cases_in(Path::new(&own)), 10);
    home.write("other.db-wal", "of another");
    let other = home.text_path("other.db");
    says(
        &home.run(&["backup", &other]),
        2,
        &["other.db-wal belongs to another database"],
    );
    let nowhere = home.text_path("nowhere/copy.db");
    says(
        &home.run(&["backup", &nowhere]),
        2,
        &["nowhere/copy.db: can't be written"],
    );
    let folder = home.text_path("data");
    says(
        &home.run(&["backup", "--force", &folder]),
        2,
        &["is a folder"],
    );
}

#[test]
fn backup_of_no_database_or_a_damaged_one_leaves_no_file() {
    let home = home();
    says(&backup(&home, &[]), 2, &["there is no database yet"]);
    assert!(!home.path("data").exists());
    let home = stopped();
    damage(&home.path("data/toleranced.db"));
    says(
        &backup(&home, &[]),
        2,
        &["data/toleranced.db: damaged", "No backup was written"],
    );
    assert!(
        !names_in(&home.path(""))
            .iter()
            .any(|name| name.contains("copy"))
    );
}

/// Overwrites the first page of a table that nobody reads at a start.
fn damage(file: &Path) {
    use std::os::unix::fs::FileExt;
    let database = Connection::open(file).unwrap();
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, u32>(0));
    let page = number("SELECT rootpage FROM sqlite_master WHERE name = 'predictions'").unwrap();
    let size = number("PRAGMA page_size").unwrap();
    database.close().unwrap();
    let file = fs::OpenOptions::new().write(true).open(file).unwrap();
    file.write_all_at(&[0xee; 512], u64::from((page - 1) * size))
        .unwrap();
}

/// A database that takes some time to copy.
fn inflate(home: &Home) {
    let database = Connection::open(home.path("data/toleranced.db")).unwrap();
    let text = "x".repeat(1 << 20);
    for nth in 0..40 {
        database
            .execute(
                "INSERT INTO meta VALUES (?1, ?2)",
                (format!("filler {nth}"), &text),
            )
            .unwrap();
    }
}

#[test]
fn kill_during_a_backup_leaves_nothing_under_the_name_of_the_target() {
    let home = stopped();
    inflate(&home);
    let spawn = || {
        Command::new(BINARY)
            .args(["backup", &home.text_path("copy.db"), "--config"])
            .arg(home.path("toleranced.yaml"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let is_copying = || {
        let names = names_in(&home.path(""));
        let part = names.iter().find(|name| name.ends_with(".partial"));
        part.and_then(|name| fs::metadata(home.path(name)).ok())
            .is_some_and(|meta| meta.len() > 0)
    };
    let mut is_killed = false;
    // A kill that comes too late proves nothing, so another one is tried.
    for _ in 0..20 {
        let mut child = spawn();
        while !is_copying() && child.try_wait().unwrap().is_none() {}
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            fs::remove_file(home.path("copy.db")).unwrap();
            continue;
        }
        is_killed = true;
        break;
    }
    assert!(is_killed);
    assert!(!home.path("copy.db").exists());
    // The next backup is not held up by what the killed one has left.
    says(&backup(&home, &[]), 0, &["checked"]);
    assert_eq!(cases_in(&home.path("copy.db")), 10);
}

#[test]
fn full_disk_during_a_backup_names_the_file_and_the_next_step_and_leaves_nothing() {
    let home = stopped();
    inflate(&home);
    let before = names_in(&home.path(""));
    // A file may not be longer than 4 MiB: as good as a full disk.
    let script = "trap '' XFSZ; ulimit -S -f 8192; exec \"$@\"";
    let out = Command::new("sh")
        .args(["-c", script, "sh", BINARY, "backup"])
        .args([&home.text_path("copy.db"), "--config"])
        .arg(home.path("toleranced.yaml"))
        .output()
        .unwrap();
    says(
        &out,
        2,
        &["copy.db: can't write the copy", "make room on that disk"],
    );
    assert_eq!(names_in(&home.path("")), before);
}

#[test]
fn restore_is_refused_while_a_daemon_runs() {
    let home = stopped();
    says(&backup(&home, &[]), 0, &["checked"]);
    let daemon = home.start();
    let names = names_in(&home.path("data"));
    for _ in 0..2 {
        says(
            &restore(&home, &home.path("copy.db")),
            2,
            &["uses this data directory", "stop it"],
        );
        assert_eq!(names_in(&home.path("data")), names);
        // The database itself is locked, too.
        let _ = fs::remove_file(home.path("data/lock"));
    }
    assert_figures(&daemon, 10);
    daemon.stop();
}

#[test]
fn restore_is_refused_while_another_program_reads_the_database() {
    let home = stopped();
    says(&backup(&home, &[]), 0, &["checked"]);
    let database = home.path("data/toleranced.db");
    let reader = Connection::open(&database).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM cases;")
        .unwrap();
    let out = restore(&home, &home.path("copy.db"));
    says(
        &out,
        2,
        &["another program has the database open", "end that program"],
    );
    let is_new = |name: &String| name.contains("replaced") || name.contains("partial");
    assert!(!names_in(&home.path("data")).iter().any(is_new));
    drop(reader);
    says(&restore(&home, &home.path("copy.db")), 0, &["restored"]);
}

#[test]
fn restore_refuses_a_file_that_is_no_sound_database_of_this_version_and_changes_nothing() {
    let home = stopped();
    says(&backup(&home, &[]), 0, &["checked"]);
    let changed = |name: &str, change: &dyn Fn(&Path)| {
        fs::copy(home.path("copy.db"), home.path(name)).unwrap();
        change(&home.path(name));
    };
    let sql = |text: &'static str| {
        move |file: &Path| Connection::open(file).unwrap().execute_batch(text).unwrap()
    };
    home.write(
        "text.db",
        "this is no database, but it is long enough to be taken for one".repeat(20),
    );
    home.write("empty.db", "");
    Connection::open(home.path("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE t (a)")
        .unwrap();
    changed("newer.db", &sql("PRAGMA user_version = 1000"));
    changed("torn.db", &|file| {
        let file = fs::OpenOptions::new().write(true).open(file).unwrap();
        file.set_len(40_000).unwrap();
    });
    changed("damaged.db", &damage);
    let (names, bytes) = (
        names_in(&home.path("data")),
        fs::read(home.path("data/toleranced.db")).unwrap(),
    );
    for (name, words) in [
        ("absent.db", "No such file"),
        ("data", "not a file"),
        ("text.db", "not a database of toleranced"),
        ("empty.db", "not a database of toleranced"),
        ("other.db", "no table `meta`"),
        ("newer.db", "written by a newer version (schema 1000"),
        ("torn.db", "torn.db: "),
        ("damaged.db", "damaged.db: damaged"),
    ] {
        says(&restore(&home, &home.path(name)), 2, &[words, name]);
        assert_eq!(names_in(&home.path("data")), names, "{name}");
        assert!(
            fs::read(home.path("data/toleranced.db")).unwrap() == bytes,
            "{name}"
        );
    }
    let leftover = |name: &String| name.ends_with("-wal") || name.ends_with("-shm");
    assert!(!names_in(&home.path("")).iter().any(leftover));
}

#[test]
fn restore_keeps_the_replaced_database_with_what_a_killed_daemon_left_in_its_log() {
    let home = stopped();
    says(&backup(&home, &[]), 0, &["checked"]);
    let mut daemon = home.start();
    home.append("log.ndjson", case("LATER", 500, "done"));
    daemon.wait_for_records(33);
    daemon.kill();
    assert!(
        fs::metadata(home.path("data/toleranced.db-wal"))
            .unwrap()
            .len()
            > 0
    );
    says(
        &restore(&home, &home.path("copy.db")),
        0,
        &["the replaced database"],
    );
    let names = names_in(&home.path("data"));
    let leftover = |name: &String| name.ends_with("-wal") || name.ends_with("-shm");
    assert!(!names.iter().any(leftover), "{names:?}");
    let replaced = names.iter().find(|name| name.contains(".replaced-"));
    assert_eq!(cases_in(&home.path("data").join(replaced.unwrap())), 11);
    let database = home.path("data/toleranced.db");
    assert_eq!(
        fs::metadata(&database).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(cases_in(&database), 10);
    let daemon = home.start();
    assert_figures(&daemon, 11);
    daemon.stop();
}

#[test]
fn restore_replaces_a_damaged_database_and_makes_an_absent_one() {
    let home = stopped();
    says(&backup(&home, &[]), 0, &["checked"]);
    let database = home.path("data/toleranced.db");
    fs::write(&database, "no database any more").unwrap();
    says(
        &restore(&home, &home.path("copy.db")),
        0,
        &["the replaced database"],
    );
    assert_eq!(cases_in(&database), 10);
    fs::remove_dir_all(home.path("data")).unwrap();
    let said = says(&restore(&home, &home.path("copy.db")), 0, &["restored"]);
    assert!(!said.contains("replaced"), "{said}");
    assert_eq!(
        fs::metadata(home.path("data"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
    home.write("log.ndjson", ten_cases());
    let daemon = home.start();
    assert_figures(&daemon, 10);
    daemon.stop();
}
