//! Statements that are connected: what becomes of one when a job is started again becomes of all.

use std::collections::HashMap;

use crate::recovery::JobOutline;

/// Statements that read each other or write to one sink, by their indexes, in the order of the program.
pub(crate) fn components(job: &JobOutline<'_>) -> Vec<Vec<usize>> {
    let mut groups = Groups::new(job.statements.len());
    let by_name: HashMap<&str, usize> = job
        .statements
        .iter()
        .map(|statement| statement.name.as_str())
        .zip(0..)
        .collect();
    for (index, statement) in job.statements.iter().enumerate() {
        for read in statement.plan.statements() {
            if let Some(read) = by_name.get(read) {
                groups.join(index, *read);
            }
        }
    }
    for sink in &job.sinks {
        for pair in sink.writers.windows(2) {
            groups.join(pair[0], pair[1]);
        }
    }
    groups.into_members()
}

/// Disjoint sets, each known by its first member.
struct Groups {
    parents: Vec<usize>,
}

impl Groups {
    fn new(members: usize) -> Self {
        Self {
            parents: (0..members).collect(),
        }
    }

    fn first(&mut self, member: usize) -> usize {
        let mut first = member;
        while self.parents[first] != first {
            // Halves the way for those who ask next.
            self.parents[first] = self.parents[self.parents[first]];
            first = self.parents[first];
        }
        first
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        self.parents[one.max(other)] = one.min(other);
    }

    fn into_members(mut self) -> Vec<Vec<usize>> {
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); self.parents.len()];
        for member in 0..self.parents.len() {
            members[self.first(member)].push(member);
        }
        members.retain(|members| !members.is_empty());
        members
    }
}
