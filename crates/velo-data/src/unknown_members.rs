use crate::RecordOrigin;

/// Names that are told apart, at most: objects that are used as dictionaries have no end of them.
const NAMES_MAX: usize = 100;

/// Values of records that no column is for, in a source whose columns nobody declared: the records that told them had no such
/// member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnknownMembers {
    members: Vec<UnknownMember>,
    others: u64,
}

/// The values under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMember {
    /// The member or column; within objects, the names that lead to it, with points between them.
    pub name: String,
    /// How many values were left out. NULL is none.
    pub values: u64,
    /// The first record with one.
    pub first: RecordOrigin,
}

impl UnknownMembers {
    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.others == 0
    }

    /// The names that are told apart, in the order in which they were met.
    pub fn members(&self) -> &[UnknownMember] {
        &self.members
    }

    /// Values under other names.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// Values that were left out in all.
    pub fn values(&self) -> u64 {
        self.members.iter().map(|member| member.values).sum::<u64>() + self.others
    }

    /// Adds values under a name.
    pub fn add(&mut self, member: UnknownMember) {
        let has_room = self.members.len() < NAMES_MAX;
        match self.members.iter_mut().find(|known| known.name == member.name) {
            Some(known) => {
                known.values += member.values;
                if is_before(&member.first, &known.first) {
                    known.first = member.first;
                }
            }
            None if has_room => self.members.push(member),
            None => self.others += member.values,
        }
    }

    /// Adds values whose names are not known any more.
    pub fn add_others(&mut self, values: u64) {
        self.others += values;
    }

    /// Adds what was left out elsewhere.
    pub fn add_all(&mut self, other: Self) {
        self.others += other.others;
        for member in other.members {
            self.add(member);
        }
    }

    /// Moves the places of records, which were counted from where a part of their file begins, to those in the file.
    pub fn move_by(&mut self, records: i64, lines: u64) {
        for member in &mut self.members {
            member.first.offset = member.first.offset.map(|offset| offset + records);
            member.first.line = member.first.line.map(|line| line + lines);
        }
    }
}

/// Whether a record comes first, as far as its place tells: parts of a source are read side by side.
fn is_before(one: &RecordOrigin, other: &RecordOrigin) -> bool {
    let place = |origin: &RecordOrigin| (origin.topic.clone(), origin.partition, origin.offset);
    place(one) < place(other)
}
