use std::sync::Arc;

use indexmap::IndexMap;
use tokio::sync::watch;
use velo_common::Name;

use super::{RegistryError, TableReadyStatus, TableStatistics};

/// Tables by their folded name, in the order of registration, and places for names that somebody waits for.
pub(super) struct Entries<T: ?Sized> {
    entries: IndexMap<String, Entry<T>>,
}

struct Entry<T: ?Sized> {
    /// As it was spelled when it was registered; `None` as long as it is only waited for.
    name: Option<String>,
    state: watch::Sender<TableState<T>>,
}

/// What those who wait for a table see of it.
pub(super) struct TableState<T: ?Sized> {
    pub(super) status: TableReadyStatus,
    pub(super) table: Option<Arc<T>>,
    pub(super) statistics: Option<TableStatistics>,
    pub(super) is_registered: bool,
}

impl<T: ?Sized> Entry<T> {
    fn unregistered() -> Self {
        let state = TableState {
            status: TableReadyStatus::Waiting,
            table: None,
            statistics: None,
            is_registered: false,
        };
        Self {
            name: None,
            state: watch::Sender::new(state),
        }
    }
}

impl<T: ?Sized> Default for Entries<T> {
    fn default() -> Self {
        Self {
            entries: IndexMap::new(),
        }
    }
}

impl<T: ?Sized> Entries<T> {
    pub(super) fn register(&mut self, name: &str) -> Result<(), RegistryError> {
        let key = folded(name);
        // The order is that of registration, not that in which names were first waited for.
        let entry = match self.entries.shift_remove(&key) {
            Some(entry) if entry.name.is_some() => {
                let table = name.to_owned();
                self.entries.insert(key, entry);
                return Err(RegistryError::AlreadyRegistered { table });
            }
            waited_for => waited_for.unwrap_or_else(Entry::unregistered),
        };
        entry.state.send_modify(|state| state.is_registered = true);
        let name = Some(name.to_owned());
        self.entries.insert(key, Entry { name, ..entry });
        Ok(())
    }

    pub(super) fn change(&self, name: &str, change: impl FnOnce(&mut TableState<T>)) -> Result<(), RegistryError> {
        let entry = self.registered(name).ok_or_else(|| not_registered(name))?;
        entry.state.send_modify(change);
        Ok(())
    }

    pub(super) fn read<R>(&self, name: &str, read: impl FnOnce(&TableState<T>) -> R) -> Option<R> {
        self.registered(name).map(|entry| read(&entry.state.borrow()))
    }

    pub(super) fn for_each(&self, mut visit: impl FnMut(&str, &TableState<T>)) {
        for entry in self.entries.values() {
            if let Some(name) = &entry.name {
                visit(name, &entry.state.borrow());
            }
        }
    }

    /// Removes a table; that its sender is gone tells those who wait.
    pub(super) fn remove(&mut self, name: &str) -> Result<Option<Arc<T>>, RegistryError> {
        if self.registered(name).is_none() {
            return Err(not_registered(name));
        }
        let entry = self.entries.shift_remove(&folded(name));
        Ok(entry.and_then(|entry| entry.state.borrow().table.clone()))
    }

    /// Watches a table, whether it is registered already or will be.
    pub(super) fn watch(&mut self, name: &str) -> watch::Receiver<TableState<T>> {
        let key = folded(name);
        if let Some(entry) = self.entries.get(&key) {
            return entry.state.subscribe();
        }
        // Names that nobody waits for any more make room.
        self.entries
            .retain(|_, entry| entry.name.is_some() || entry.state.receiver_count() > 0);
        self.entries
            .entry(key)
            .or_insert_with(Entry::unregistered)
            .state
            .subscribe()
    }

    fn registered(&self, name: &str) -> Option<&Entry<T>> {
        self.entries.get(&folded(name)).filter(|entry| entry.name.is_some())
    }
}

fn folded(name: &str) -> String {
    Name::from(name).folded()
}

fn not_registered(name: &str) -> RegistryError {
    RegistryError::NotRegistered { table: name.to_owned() }
}
