use std::collections::HashMap;

/// Values by the names of members, in the order of their first appearance.
///
/// Names that differ in case alone mean one member, since a column is found in any case, unless some object has both: then
/// they are two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named<T> {
    items: Vec<Item<T>>,
    /// Every spelling met, and the item that it means.
    places: HashMap<String, usize>,
    /// The first item of each name without regard to case.
    folded: HashMap<String, usize>,
    /// Counts objects, from 1.
    object: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Item<T> {
    name: String,
    value: T,
    /// The object in which it was met last, and how it was spelt there.
    met_in: u64,
    met_as: String,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            places: HashMap::new(),
            folded: HashMap::new(),
            object: 0,
        }
    }
}

impl<T: Clone + Default> Named<T> {
    /// The names that come next are those of another object.
    pub(super) fn begin_object(&mut self) {
        self.object += 1;
    }

    /// The value of a member of the object at hand.
    pub(super) fn entry(&mut self, name: &str) -> &mut T {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => match self.folded.get(&name.to_lowercase()) {
                Some(place) => {
                    self.places.insert(name.to_owned(), *place);
                    *place
                }
                None => self.add(name, T::default()),
            },
        };
        let place = self.meet(place, name);
        &mut self.items[place].value
    }

    /// Notes that an item is met under a name; tells the item that has the name from now on.
    fn meet(&mut self, place: usize, name: &str) -> usize {
        let item = &mut self.items[place];
        if item.met_as == name {
            item.met_in = self.object;
            return place;
        }
        if item.met_in != self.object {
            item.met_in = self.object;
            name.clone_into(&mut item.met_as);
            return place;
        }
        // Two names of one object: the one that is not the item's own gets an item. What was seen under both of them is
        // not told apart any more, so that it has all of it.
        let value = item.value.clone();
        if item.name == name {
            let other = std::mem::replace(&mut item.met_as, name.to_owned());
            self.add(&other, value);
            return place;
        }
        self.add(name, value)
    }

    fn add(&mut self, name: &str, value: T) -> usize {
        let place = self.items.len();
        self.places.insert(name.to_owned(), place);
        self.folded.entry(name.to_lowercase()).or_insert(place);
        self.items.push(Item {
            name: name.to_owned(),
            value,
            met_in: self.object,
            met_as: name.to_owned(),
        });
        place
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Names and values.
    pub(super) fn items(&self) -> impl Iterator<Item = (&str, &T)> {
        self.items.iter().map(|item| (item.name.as_str(), &item.value))
    }

    /// Names and values, taken out.
    pub(super) fn into_items(self) -> impl Iterator<Item = (String, T)> {
        self.items.into_iter().map(|item| (item.name, item.value))
    }
}
