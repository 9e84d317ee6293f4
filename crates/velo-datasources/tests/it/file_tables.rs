//! Tables that are loaded from files, and loaded again when the files have changed.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use velo_datasources::{FileFormat, Increment, ReadLimits, RecordPlace, SourceOffset, TableDataSource};

use crate::table_files::{Files, read};

#[tokio::test]
async fn what_is_appended_is_read_alone() {
    let files = Files::matching("a.jsonl");
    files.write("a.jsonl", "{\"id\":1}\n{\"id\":2}\n");
    let first = files.bulk().await;
    assert_eq!(first.rows, "{\"id\":1,\"_offset\":0}\n{\"id\":2,\"_offset\":1}\n");
    assert_eq!((first.bytes, first.estimated_bytes), (18, Some(18)));

    files.append("a.jsonl", "oops\n{\"id\":3}\n");
    let second = files.increment(&first.reached).await.unwrap();
    assert_eq!(
        second.rows,
        "{\"id\":3,\"_offset\":3}\nmalformed: a.jsonl:3: expected an object at byte 1\n"
    );
    assert_eq!((second.bytes, second.estimated_bytes), (14, Some(14)));

    let nothing = files
        .source()
        .incremental_load(&files.request, &second.reached)
        .await
        .unwrap();
    let Increment::Rows(nothing) = nothing else {
        panic!("nothing has changed")
    };
    assert!(nothing.partitions.is_empty());
    assert_eq!(nothing.reached.offset(), second.reached, "the position stays");
}

/// Two lines, and what they are loaded as.
const TWO: &str = "{\"id\":1}\n{\"id\":2}\n";

/// What happens to files.
type Change = fn(&Files);

/// Everything that happens to `a.jsonl` and its neighbours, all of which match the pattern.
const HAPPENINGS: &[(&str, Change)] = &[
    ("nothing", |_| ()),
    ("appended", |files| files.append("a.jsonl", "{\"id\":3}\n")),
    ("a new file", |files| files.write("b.jsonl", "{\"id\":3}\n")),
    ("a new file in front", |files| files.write("0.jsonl", "{\"id\":3}\n")),
    ("rotated within the pattern", |files| {
        files.rename("a.jsonl", "a.1.jsonl");
        files.append("a.1.jsonl", "{\"id\":3}\n");
        files.write("a.jsonl", "{\"id\":4}\n");
    }),
    ("rotated out of the pattern", |files| {
        files.rename("a.jsonl", "a.jsonl.1");
        files.write("a.jsonl", "{\"id\":4}\n");
    }),
    ("renamed out of the pattern", |files| {
        files.rename("a.jsonl", "a.jsonl.1");
        files.write("b.jsonl", "{\"id\":4}\n");
    }),
    ("a second name", |files| {
        std::fs::hard_link(files.path("a.jsonl"), files.path("b.jsonl")).unwrap();
    }),
    ("replaced", |files| files.replace("a.jsonl", TWO)),
    ("replaced by its like", |files| {
        let modified = files.modified("a.jsonl");
        files.replace("a.jsonl", TWO);
        files.set_modified("a.jsonl", modified);
    }),
    ("removed", |files| {
        std::fs::remove_file(files.path("a.jsonl")).unwrap();
        files.write("b.jsonl", "{\"id\":4}\n");
    }),
    ("cut short", |files| files.write("a.jsonl", "{\"id\":1}\n")),
    ("copied and cut short", |files| {
        std::fs::copy(files.path("a.jsonl"), files.path("a.1.jsonl")).unwrap();
        files.write("a.jsonl", "");
    }),
    ("cut short and grown beyond its old size", |files| {
        files.write("a.jsonl", "{\"id\":7}\n{\"id\":8}\n{\"id\":9}\n");
    }),
    ("written anew at the same size", |files| {
        files.write("a.jsonl", "{\"id\":1}\n{\"id\":9}\n");
    }),
    ("touched", |files| {
        files.set_modified("a.jsonl", SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    }),
];

#[tokio::test]
async fn what_happens_to_files_is_told_apart() {
    let mut told = Vec::new();
    for (name, happen) in HAPPENINGS {
        let files = Files::matching("*.jsonl");
        files.write("a.jsonl", TWO);
        let first = files.bulk().await;
        happen(&files);
        told.push(format!("{name}:\n{}", files.told(&first.reached).await));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn the_rows_of_a_rotated_file_are_not_read_again() {
    let files = Files::matching("app*.jsonl");
    files.write("app.jsonl", TWO);
    let mut since = files.bulk().await.reached;
    for day in 3..6 {
        for index in (1..day - 2).rev() {
            files.rename(&format!("app.{index}.jsonl"), &format!("app.{}.jsonl", index + 1));
        }
        files.rename("app.jsonl", "app.1.jsonl");
        files.write("app.jsonl", &format!("{{\"id\":{day}}}\n"));
        let loaded = files.increment(&since).await.unwrap();
        assert_eq!(loaded.rows, format!("{{\"id\":{day},\"_offset\":0}}\n"));
        assert_eq!(loaded.bytes, 9);
        since = loaded.reached;
    }
}

#[tokio::test]
async fn a_last_line_without_an_end_may_get_one_but_not_go_on() {
    let unfinished = "{\"id\":1}\n{\"id\":2}";
    let goes_on = "reload: `DIR/a.jsonl` goes on in the record that was its last, and had no line end\n";
    let cases = [
        ("\n", ""),
        ("\n{\"id\":3}\n", "{\"id\":3,\"_offset\":2}\n"),
        ("\r\noops\n", "malformed: a.jsonl:3: expected an object at byte 1\n"),
        (" \n", goes_on),
        ("\r", goes_on),
        ("{\"id\":3}\n", goes_on),
    ];
    for (appended, expected) in cases {
        let files = Files::matching("a.jsonl");
        files.write("a.jsonl", unfinished);
        let first = files.bulk().await;
        assert_eq!(first.rows, "{\"id\":1,\"_offset\":0}\n{\"id\":2,\"_offset\":1}\n");
        assert_eq!(first.bytes, 17);
        let offset = files.offset_of("a.jsonl", &first.reached).unwrap();
        assert_eq!((offset.byte, offset.open_record), (17, Some(9)));
        files.append("a.jsonl", appended);
        assert_eq!(files.told(&first.reached).await, expected, "{appended:?}");
    }
}

#[tokio::test]
async fn a_line_end_within_quotes_is_no_end_of_a_record() {
    let files = Files::matching("a.csv");
    files.write("a.csv", "name,id\nx,1\n\"y");
    let first = files.bulk().await;
    assert_eq!(
        first.rows,
        "{\"id\":1,\"_offset\":0}\nmalformed: a.csv:3: a quoted field is never closed\n"
    );
    files.append("a.csv", "\nz\",2\n");
    assert_eq!(
        files.told(&first.reached).await,
        "reload: `DIR/a.csv` goes on in the record that was its last, and had no line end\n"
    );
    let again = files.bulk().await;
    assert_eq!(again.rows, "{\"id\":1,\"_offset\":0}\n{\"id\":2,\"_offset\":1}\n");
    files.append("a.csv", "w,3\n");
    assert_eq!(
        files.told(&again.reached).await,
        "{\"id\":3,\"_offset\":2}\n",
        "the header is known"
    );
}

#[tokio::test]
async fn what_comes_after_the_capture_is_for_the_next_load() {
    for (decode_threads, records) in [(1, 1), (3, 1), (1, 5000), (3, 5000)] {
        let mut files = Files::matching("a.jsonl");
        files.request.decode_threads = decode_threads;
        let text: String = (0..records).map(|id| format!("{{\"id\":{id}}}\n")).collect();
        files.write("a.jsonl", &format!("{text}{{\"id\""));
        let source = files.source().with_limits(ReadLimits {
            chunk_bytes: 1000,
            parallel_bytes_min: 0,
            ..ReadLimits::default()
        });
        let load = source.bulk_load(&files.request).await.unwrap();
        files.append("a.jsonl", ":-1}\n{\"id\":-2}\n");
        let first = read(load).await;
        assert_eq!(first.rows.lines().count(), records, "the line that goes on is left");
        assert_eq!(first.bytes, text.len() as u64);
        let offset = files.offset_of("a.jsonl", &first.reached).unwrap();
        let next = RecordPlace {
            record: records as u64,
            line: records as u64 + 1,
        };
        assert_eq!((offset.byte, offset.next), (text.len() as u64, Some(next)));
        let second = files.told(&first.reached).await;
        let expected =
            [(-1, records), (-2, records + 1)].map(|(id, place)| format!("{{\"id\":{id},\"_offset\":{place}}}\n"));
        assert_eq!(second, expected.concat());
    }
}

#[tokio::test]
async fn files_that_change_while_they_are_read_fail_for_now() {
    let changes: [(&str, &str, Change); 5] = [
        ("removed", "a.jsonl", |files| {
            std::fs::remove_file(files.path("a.jsonl")).unwrap();
        }),
        ("replaced", "a.jsonl", |files| files.replace("a.jsonl", TWO)),
        ("cut short", "a.jsonl", |files| files.write("a.jsonl", "{\"id\":1}\n")),
        ("replaced, and can only be read whole", "a.json", |files| {
            files.replace("a.json", "[]");
        }),
        ("written, and can only be read whole", "a.json", |files| {
            files.write("a.json", "[{\"id\":3}]  \n");
        }),
    ];
    let mut told = Vec::new();
    for (name, file, change) in changes {
        let mut files = Files::matching(file);
        if file == "a.json" {
            files.config.format = Some(FileFormat::Json);
        }
        files.write(file, if file == "a.json" { "[{\"id\":1}]" } else { TWO });
        let mut load = files.source().bulk_load(&files.request).await.unwrap();
        change(&files);
        let failed = load.partitions[0].next_batch().await.unwrap_err();
        assert!(failed.is_transient(), "{failed}");
        told.push(format!("{name}: {}", files.shown(&failed.to_string())));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn the_rest_of_a_record_that_is_too_long_is_no_record() {
    let cases = [
        ("\noops\n", "malformed: a.jsonl:3: expected an object at byte 1\n"),
        (
            "a\"}\n{\"id\":2}\n",
            "reload: `DIR/a.jsonl` goes on in the record that was its last, and had no line end\n",
        ),
    ];
    for (appended, expected) in cases {
        let files = Files::matching("a.jsonl");
        files.write("a.jsonl", &format!("{{\"id\":1}}\n{{\"text\":\"{}", "a".repeat(100)));
        let source = files.source().with_limits(ReadLimits {
            chunk_bytes: 10,
            record_bytes_max: 20,
            ..ReadLimits::default()
        });
        let first = read(source.bulk_load(&files.request).await.unwrap()).await;
        let too_long = "malformed: a.jsonl:2: the record is longer than 20 bytes\n";
        assert!(first.rows.ends_with(too_long), "{}", first.rows);
        files.append("a.jsonl", appended);
        assert_eq!(files.told(&first.reached).await, expected);
    }
}

#[tokio::test]
async fn a_header_that_is_under_way_is_read_when_it_is_there() {
    let files = Files::matching("a.csv");
    files.write("a.csv", "name,id");
    let first = files.bulk().await;
    assert_eq!((first.rows.as_str(), first.bytes), ("", 0));
    files.append("a.csv", "\nx,1\n");
    assert_eq!(files.told(&first.reached).await, "{\"id\":1,\"_offset\":0}\n");
}

#[tokio::test]
async fn files_that_cannot_grow_are_read_whole() {
    let files = Files::matching("*.jsonl.gz");
    let packed = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    std::fs::write(files.path("a.jsonl.gz"), packed(TWO)).unwrap();
    let first = files.bulk().await;
    assert_eq!(first.rows.lines().count(), 2);
    let size = std::fs::metadata(files.path("a.jsonl.gz")).unwrap().len();
    assert_eq!(
        (
            first.bytes,
            first.estimated_bytes,
            files.source().size_estimate().await.unwrap().bytes
        ),
        (size, Some(size), Some(size))
    );

    files.rename("a.jsonl.gz", "z.jsonl.gz");
    std::fs::write(files.path("b.jsonl.gz"), packed("{\"id\":3}\n")).unwrap();
    let second = files.increment(&first.reached).await.unwrap();
    assert_eq!(second.rows, "{\"id\":3,\"_offset\":0}\n", "what was renamed is known");

    let mut file = OpenOptions::new().append(true).open(files.path("b.jsonl.gz")).unwrap();
    file.write_all(&packed("{\"id\":4}\n")).unwrap();
    assert_eq!(
        files.told(&second.reached).await,
        "reload: `DIR/b.jsonl.gz` has changed, and can only be read whole\n"
    );
}

#[tokio::test]
async fn typed_files_are_read_whole() {
    for extension in ["parquet", "avro"] {
        let files = Files::matching(&format!("*.{extension}"));
        let (may, june) = (format!("may.{extension}"), format!("june.{extension}"));
        files.write_ids(&may, &[1, 2]).await;
        let first = files.bulk().await;
        assert_eq!(first.rows, "{\"id\":1,\"_offset\":0}\n{\"id\":2,\"_offset\":1}\n");
        assert_eq!(files.told(&first.reached).await, "");

        files.write_ids(&june, &[3]).await;
        let second = files.increment(&first.reached).await.unwrap();
        assert_eq!(second.rows, "{\"id\":3,\"_offset\":0}\n");
        files.write_ids(&may, &[1, 2, 4]).await;
        let told = files.told(&second.reached).await;
        assert!(told.starts_with(&format!("reload: `DIR/{may}` ")), "{told}");
    }
}

#[tokio::test]
async fn a_maximum_of_records_holds_over_all_loads() {
    let mut files = Files::matching("a.jsonl");
    files.config.max_records = Some(3);
    files.write("a.jsonl", TWO);
    let first = files.bulk().await;
    files.append("a.jsonl", "{\"id\":3}\n{\"id\":4}\n");
    let second = files.increment(&first.reached).await.unwrap();
    assert_eq!(second.rows, "{\"id\":3,\"_offset\":2}\n");
    files.append("a.jsonl", "{\"id\":5}\n");
    assert_eq!(files.told(&second.reached).await, "");
}

#[tokio::test]
async fn positions_without_use_ask_for_a_reload() {
    let files = Files::matching("a.jsonl");
    files.write("a.jsonl", TWO);
    let now = files.source().current_offset().await.unwrap();
    assert_eq!(files.told(&now).await, "", "nothing has come since");
    files.append("a.jsonl", "{\"id\":3}\n");
    assert_eq!(
        files.told(&now).await,
        "reload: `DIR/a.jsonl` has grown, and it is not known which record comes next\n"
    );
    assert_eq!(
        files.told(&SourceOffset::Unknown).await,
        "reload: it is not known how far `DIR/a.jsonl` was read\n"
    );
}

#[tokio::test]
async fn positions_survive_being_written_down() {
    let files = Files::matching("a.jsonl");
    files.write("a.jsonl", TWO);
    let reached = files.bulk().await.reached;
    let written = serde_json::to_string(&reached).unwrap();
    assert_eq!(serde_json::from_str::<SourceOffset>(&written).unwrap(), reached);
    // Kept files are compared by what earlier versions of the program computed: XXH64 with the seed 18, over the bytes
    // twice, as the Python package xxhash computes it.
    assert_eq!(
        files.offset_of("a.jsonl", &reached).unwrap().fingerprint,
        4_980_219_361_978_208_830
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_read_to_its_end_and_always_whole() {
    let files = Files::matching("a.jsonl");
    let pipe = files.path("a.jsonl");
    std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    let source = files.source();
    let load = source.bulk_load(&files.request).await.unwrap();
    let writer = std::thread::spawn(move || std::fs::write(pipe, TWO).unwrap());
    let loaded = read(load).await;
    writer.join().unwrap();
    assert_eq!(
        (loaded.rows.lines().count(), &loaded.reached),
        (2, &SourceOffset::Unknown)
    );
    assert_eq!(source.current_offset().await.unwrap(), SourceOffset::Unknown);
    assert_eq!(
        files.told(&loaded.reached).await,
        "reload: `DIR/a.jsonl` is no regular file, of which nothing tells what is new\n"
    );
}
