use velo_datasources::{Increment, SizeEstimate, SourceOffset, TableDataSource, connect_table_source};

use super::{bucket, bucket_config};
use crate::tables::{Read, batches_of, read_all, whole};

async fn bulk(source: &dyn TableDataSource) -> (Read, SourceOffset) {
    let load = source.bulk_load(&whole(source)).await.unwrap();
    let reached = load.reached.offset();
    (read_all(load).await.unwrap(), reached)
}

async fn increment(source: &dyn TableDataSource, since: &SourceOffset) -> Result<(Read, SourceOffset), String> {
    match source.incremental_load(&whole(source), since).await.unwrap() {
        Increment::Rows(load) => {
            let reached = load.reached.offset();
            Ok((read_all(load).await.unwrap(), reached))
        }
        Increment::Reload { reason } => Err(reason),
    }
}

#[tokio::test]
async fn only_new_objects_are_read_again() {
    let Some(server) = bucket("growing") else { return };
    server.put("growing", "a.jsonl", "{\"id\": 1}\n");
    server.put("growing", "b.jsonl", "{\"id\": 2}\n");
    let config = bucket_config(&server.endpoint(), "s3://growing/*.jsonl", &[]);
    let source = connect_table_source(&config, None).await.unwrap();
    assert!(source.supports_incremental());
    let expected = SizeEstimate {
        rows: None,
        bytes: Some(20),
    };
    assert_eq!(source.size_estimate().await.unwrap(), expected);
    let (read, since) = bulk(source.as_ref()).await;
    assert_eq!(read.lines(), ["{\"id\":1}", "{\"id\":2}"]);
    assert_eq!(source.current_offset().await.unwrap(), since);
    // What is kept is JSON.
    let kept = serde_json::to_string(&since).unwrap();
    assert_eq!(serde_json::from_str::<SourceOffset>(&kept).unwrap(), since);

    let (nothing, same) = increment(source.as_ref(), &since).await.unwrap();
    assert_eq!((nothing.rows.as_str(), same), ("", since.clone()));

    server.put("growing", "aa.jsonl", "{\"id\": 3}\n");
    let (new, then) = increment(source.as_ref(), &since).await.unwrap();
    assert_eq!(new.lines(), ["{\"id\":3}"]);
    assert_ne!(then, since);

    server.put("growing", "a.jsonl", "{\"id\": 9}\n");
    let changed = increment(source.as_ref(), &then).await.unwrap_err();
    assert_eq!(changed, "s3://growing/a.jsonl has changed");
    server.delete("growing", "a.jsonl");
    let gone = increment(source.as_ref(), &then).await.unwrap_err();
    assert_eq!(gone, "s3://growing/a.jsonl is gone");

    let unknown = increment(source.as_ref(), &SourceOffset::Unknown).await.unwrap_err();
    assert_eq!(
        unknown,
        "it is not known which objects of s3://growing/*.jsonl were read"
    );
}

/// Half of the old object and half of the new one would be no object that ever was.
#[tokio::test]
async fn objects_that_change_while_they_are_read_are_an_error() {
    let Some(server) = bucket("changing") else { return };
    // More objects than are fetched at a time, so that the last one waits.
    for index in 0..20 {
        server.put("changing", &format!("{index:02}.jsonl"), "{\"id\": 1}\n");
    }
    let config = bucket_config(&server.endpoint(), "s3://changing/*.jsonl", &[]);
    let source = connect_table_source(&config, None).await.unwrap();
    let mut load = source.bulk_load(&whole(source.as_ref())).await.unwrap();
    assert_eq!(load.partitions.len(), 20);
    server.put("changing", "19.jsonl", "{\"id\": 2}\n");
    server.delete("changing", "18.jsonl");
    let cases = [
        (19, "it changed while it was read"),
        (18, "it went away after it was listed"),
    ];
    for (index, message) in cases {
        let error = batches_of(load.partitions[index].as_mut()).await.unwrap_err();
        let expected = format!("s3://changing/{index}.jsonl: {message}");
        assert_eq!(error.to_string(), expected);
        assert!(error.is_transient());
    }
    assert_eq!(batches_of(load.partitions[17].as_mut()).await.unwrap().len(), 1);
}
