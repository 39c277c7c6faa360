//! The pages in a real browser: Chromium, driven by tests/browser/run.mjs. Screenshots are left in target/screenshots.

mod common;
mod pages_common;

use pages_common::{soc, thousand};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Chromium is.
fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let usual = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let usual = usual.into_iter().map(PathBuf::from);
    named.into_iter().chain(usual).find(|path| path.exists())
}

#[test]
fn pages_in_chromium() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("tests/browser");
    let node = Command::new("node").arg("--version").output();
    let packages = folder.join("node_modules/playwright-core").exists();
    let (Some(chromium), true, true) = (chromium(), node.is_ok(), packages) else {
        println!(
            "skipped: needs node, Chromium and `npm ci` in tests/browser; `./test` installs them"
        );
        return;
    };
    let screenshots = root.join("target/screenshots");
    std::fs::create_dir_all(&screenshots).unwrap();
    let (_soc_home, soc) = soc();
    let (_fleet_home, fleet) = thousand();
    let run = Command::new("node")
        .arg(folder.join("run.mjs"))
        .arg(format!("http://{}", soc.address()))
        .arg(format!("http://{}", fleet.address()))
        .arg(&screenshots)
        .env("CHROMIUM", chromium)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    println!("{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{said}");
}
