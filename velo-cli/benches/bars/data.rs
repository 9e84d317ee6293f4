//! Files that the bars read, made once.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::trades::trades;

/// The file of this name among those of the benches.
pub(crate) fn place(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    path.to_str().expect("a path of text").to_owned()
}

/// A file of millions of trades as JSON lines.
pub(crate) fn trades_file(millions: u64) -> String {
    made(&format!("trades-{millions}m.jsonl"), |path| {
        std::fs::write(path, trades(millions * 1_000_000)).expect("room for the trades");
    })
}

/// A file of millions of measurements, by the demo's own generator.
pub(crate) fn measurements_file(millions: u64) -> String {
    made(&format!("measurements-{millions}m.csv"), |path| {
        let output = File::create(path).expect("room for the measurements");
        let status = Command::new(demo("generate.sh"))
            .arg(millions.to_string())
            .stdout(output)
            .status();
        assert!(status.expect("a shell and awk are there").success());
    })
}

/// A CSV file of millions of payments, some 38 bytes each, every one with an id of its own.
pub(crate) fn csv_file(millions: u64) -> String {
    const PLACES: [&str; 5] = ["Oslo", "Quito", "Frankfurt", "Kuala Lumpur", "Wellington"];
    made(&format!("payments-{millions}m.csv"), |path| {
        let mut file = BufWriter::new(File::create(path).expect("room for the payments"));
        writeln!(file, "id,account,amount,place").expect("room for the payments");
        for id in 0..millions * 1_000_000 {
            let account = id.wrapping_mul(48_271) % 100_003;
            let cents = id.wrapping_mul(7919) % 1_000_000;
            let place = PLACES[id as usize % PLACES.len()];
            let (whole, cents) = (cents / 100, cents % 100);
            writeln!(file, "{id},{account},{whole}.{cents:02},{place}").expect("room for the payments");
        }
        file.flush().expect("room for the payments");
    })
}

/// A file of the demo.
pub(crate) fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/1brc").join(name)
}

/// A small file with this text.
pub(crate) fn text_file(name: &str, text: &str) -> String {
    let path = place(name);
    std::fs::write(&path, text).expect("room for a small file");
    path
}

/// What is half made when the bench is stopped does not count as made.
fn made(name: &str, make: impl FnOnce(&Path)) -> String {
    let path = place(name);
    if !Path::new(&path).exists() {
        let unfinished = format!("{path}.unfinished");
        make(Path::new(&unfinished));
        std::fs::rename(&unfinished, &path).expect("a file that was just made");
    }
    path
}
