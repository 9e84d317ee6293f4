use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use velo_data::{StreamSchema, SystemColumn};

use super::listing::{FoundObject, Listing};
use super::read::{ObjectLoad, columns, sample};
use super::readers::ObjectReaders;
use super::store::{Store, open_store};
use crate::config::FormatKind;
use crate::file::{RemoteColumns, RemotePlan, SampleShares, columns_of_all, spread, united_samples};
use crate::{
    Increment, ObjectOffset, ObjectSourceConfig, ReadRequest, SizeEstimate, SourceError, SourceOffset, TableDataSource,
    TableLoad, on_io_runtime,
};

/// Objects looked at to tell the columns, at most: of more, some from the first to the last.
const SAMPLES_MAX: usize = 10;

/// Metadata that every object has.
const SYSTEM_COLUMNS: &[SystemColumn] = &[
    SystemColumn::Timestamp,
    SystemColumn::Offset,
    SystemColumn::Partition,
    SystemColumn::Topic,
];

/// Objects of one format in a store: a partition for each.
///
/// Objects are written once: new ones are read by the next load, and one that has changed or is gone means that all has to
/// be read again.
#[derive(Debug)]
pub struct ObjectSource {
    access: Access,
    columns: RemoteColumns,
}

/// How the objects are reached.
#[derive(Debug, Clone)]
struct Access {
    store: Store,
    config: Arc<ObjectSourceConfig>,
}

impl ObjectSource {
    /// A source with the declared columns; without any, the first objects are looked at.
    ///
    /// # Errors
    ///
    /// When the store has to be asked and refuses, or objects cannot be read or do not go together.
    pub async fn connect(config: &ObjectSourceConfig, declared: Option<&StreamSchema>) -> Result<Self, SourceError> {
        let access = Access {
            store: open_store(config)?,
            config: Arc::new(config.clone()),
        };
        let columns = match declared {
            Some(schema) => RemoteColumns {
                schema: schema.clone(),
                are_declared: true,
            },
            None => {
                let asked = access.clone();
                RemoteColumns {
                    schema: on_io_runtime(async move { asked.sample().await }).await?,
                    are_declared: false,
                }
            }
        };
        Ok(Self { access, columns })
    }

    fn location_of(&self, key: &str) -> String {
        self.access.config.name_of(key).display().to_string()
    }

    async fn list(&self) -> Result<Listing, SourceError> {
        let access = self.access.clone();
        on_io_runtime(async move { access.list().await }).await
    }

    /// Reads some of the objects that were found.
    fn read(&self, listing: &Listing, objects: Vec<FoundObject>, request: &ReadRequest) -> TableLoad {
        let reached = offset_of(listing);
        let config = self.access.config.records.as_file(self.location());
        let load = ObjectLoad {
            store: Arc::clone(&self.access.store.objects),
            plan: RemotePlan::new(config, listing.format, &self.columns),
            request: request.clone(),
            objects,
        };
        TableLoad {
            size: size_of(&load.objects),
            partitions: ObjectReaders::partitions(load),
            reached: reached.into(),
        }
    }

    /// Why the objects of an earlier load are not those that are there now, if so.
    fn lost_or_changed(
        &self,
        earlier: &BTreeMap<String, ObjectOffset>,
        now: &BTreeMap<String, ObjectOffset>,
    ) -> Option<String> {
        earlier.iter().find_map(|(key, then)| match now.get(key) {
            None => Some(format!("{} is gone", self.location_of(key))),
            Some(object) if !is_same(then, object) => Some(format!("{} has changed", self.location_of(key))),
            Some(_) => None,
        })
    }
}

impl Access {
    async fn list(&self) -> Result<Listing, SourceError> {
        Listing::of(&self.store, &self.config).await
    }

    async fn sample(&self) -> Result<StreamSchema, SourceError> {
        let Listing { objects, format } = self.list().await?;
        let store = self.store.objects.as_ref();
        let chosen: Vec<&FoundObject> = spread(&objects, SAMPLES_MAX).collect();
        match format.kind() {
            FormatKind::Typed(format) => {
                let looks = chosen.into_iter().map(|object| async move {
                    let columns = columns(store, object, format).await?;
                    Ok((object.name.clone(), columns))
                });
                columns_of_all(&all(looks).await?)
            }
            FormatKind::Text(text) => {
                let config = &self.config.records.as_file("");
                let bytes = chosen.iter().map(|object| object.offset.bytes).sum();
                let share = SampleShares::of(chosen.len(), bytes).next();
                let looks = chosen.into_iter().map(|object| async move {
                    let look = sample(store, object, text, config, share).await?;
                    Ok((object.name.clone(), look.columns))
                });
                united_samples(all(looks).await?, format, config).map(|columns| columns.schema)
            }
        }
    }
}

/// The results of all, or of several failures the first in their order, whichever comes first.
async fn all<T>(
    tasks: impl Iterator<Item = impl Future<Output = Result<T, SourceError>>>,
) -> Result<Vec<T>, SourceError> {
    let results = futures_util::future::join_all(tasks).await;
    results.into_iter().collect()
}

fn offset_of(listing: &Listing) -> SourceOffset {
    let objects = listing.objects.iter();
    SourceOffset::Objects {
        objects: objects
            .map(|object| (object.key.clone(), object.offset.clone()))
            .collect(),
    }
}

fn size_of(objects: &[FoundObject]) -> SizeEstimate {
    SizeEstimate {
        rows: None,
        bytes: Some(objects.iter().map(|object| object.offset.bytes).sum()),
    }
}

/// Whether an object is still the one that was read. A store's own mark says more than the time of the last change, which
/// a copy in place moves on.
fn is_same(then: &ObjectOffset, now: &ObjectOffset) -> bool {
    match (&then.etag, &now.etag) {
        (Some(then), Some(now)) => then == now,
        _ => then.bytes == now.bytes && then.modified_ms == now.modified_ms,
    }
}

#[async_trait]
impl TableDataSource for ObjectSource {
    fn schema(&self) -> &StreamSchema {
        &self.columns.schema
    }

    fn system_columns(&self) -> &[SystemColumn] {
        SYSTEM_COLUMNS
    }

    fn location(&self) -> String {
        self.access.config.location()
    }

    fn endpoint(&self) -> Option<String> {
        self.access.config.store.endpoint()
    }

    fn supports_incremental(&self) -> bool {
        true
    }

    async fn current_offset(&self) -> Result<SourceOffset, SourceError> {
        Ok(offset_of(&self.list().await?))
    }

    async fn size_estimate(&self) -> Result<SizeEstimate, SourceError> {
        Ok(size_of(&self.list().await?.objects))
    }

    async fn bulk_load(&self, request: &ReadRequest) -> Result<TableLoad, SourceError> {
        let listing = self.list().await?;
        let objects = listing.objects.clone();
        Ok(self.read(&listing, objects, request))
    }

    async fn incremental_load(&self, request: &ReadRequest, since: &SourceOffset) -> Result<Increment, SourceError> {
        let SourceOffset::Objects { objects: earlier } = since else {
            let reason = format!("it is not known which objects of {} were read", self.location());
            return Ok(Increment::Reload { reason });
        };
        let listing = self.list().await?;
        let now: BTreeMap<String, ObjectOffset> = match offset_of(&listing) {
            SourceOffset::Objects { objects } => objects,
            _ => BTreeMap::new(),
        };
        if let Some(reason) = self.lost_or_changed(earlier, &now) {
            return Ok(Increment::Reload { reason });
        }
        let is_new = |object: &&FoundObject| !earlier.contains_key(&object.key);
        let new = listing.objects.iter().filter(is_new).cloned().collect();
        Ok(Increment::Rows(self.read(&listing, new, request)))
    }
}
