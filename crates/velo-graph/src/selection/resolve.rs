use std::collections::{BTreeSet, HashSet};

use super::pattern::Pattern;
use super::{Selection, SelectionError, Subject, Term, UnmatchedTerm};
use crate::digraph::Direction;
use crate::suggest::Suggester;
use crate::{TableDependencyGraph, TableNode};

impl TableDependencyGraph {
    /// The tables that a selection stands for, in load order, each once.
    ///
    /// ```
    /// use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
    ///
    /// let mut graph = TableDependencyGraph::new();
    /// graph.add_table("report", TableMetadata::default().with_tag("daily"), ["totals"])?;
    /// graph.add_table("totals", TableMetadata::default(), ["orders"])?;
    /// graph.add_table("orders", TableMetadata::default(), NO_DEPENDENCIES)?;
    /// graph.add_table("customers", TableMetadata::default(), NO_DEPENDENCIES)?;
    ///
    /// assert_eq!(graph.select(&"+totals".parse()?)?, ["orders", "totals"]);
    /// assert_eq!(graph.select(&"totals+ customers".parse()?)?, ["totals", "report", "customers"]);
    /// assert_eq!(graph.select(&"tag:daily".parse()?)?, ["report"]);
    /// let error = graph.select(&"+total".parse()?).unwrap_err();
    /// assert_eq!(error.to_string(), "`+total` selects no table; did you mean `+totals`?");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SelectionError::Unmatched`] with every word that selects no table; [`SelectionError::Dependency`] when the
    /// graph as a whole has no load order.
    pub fn select(&self, selection: &Selection) -> Result<Vec<String>, SelectionError> {
        let selected = self.selected_nodes(selection)?;
        let order = self.complete_order(&self.ranks())?;
        let ordered = order.into_iter().filter(|node| selected.contains(node));
        Ok(ordered.map(|node| self.name(node).to_owned()).collect())
    }

    fn selected_nodes(&self, selection: &Selection) -> Result<HashSet<usize>, SelectionError> {
        let (mut with_dependencies, mut with_dependents, mut selected) = (Vec::new(), Vec::new(), HashSet::new());
        let mut unmatched = Vec::new();
        for term in &selection.terms {
            let nodes = self.matching_nodes(&term.subject);
            if nodes.is_empty() {
                unmatched.push(term);
            }
            if term.with_dependencies {
                with_dependencies.extend_from_slice(&nodes);
            }
            if term.with_dependents {
                with_dependents.extend_from_slice(&nodes);
            }
            selected.extend(nodes);
        }
        if !unmatched.is_empty() {
            return Err(SelectionError::Unmatched {
                terms: self.explained(&unmatched),
                tables: self.tables().map(|table| table.name.clone()).collect(),
            });
        }
        selected.extend(self.reachable(with_dependencies, Direction::Dependencies));
        selected.extend(self.reachable(with_dependents, Direction::Dependents));
        Ok(selected)
    }

    fn matching_nodes(&self, subject: &Subject) -> Vec<usize> {
        match subject {
            Subject::Name(Pattern::Exact(name)) => self.table_node(name).into_iter().collect(),
            Subject::Name(pattern) => self.nodes_where(|table| pattern.matches(&table.name)),
            Subject::Tag(pattern) => {
                self.nodes_where(|table| table.metadata.tags.iter().any(|tag| pattern.matches(tag)))
            }
        }
    }

    fn nodes_where(&self, holds: impl Fn(&TableNode) -> bool) -> Vec<usize> {
        let tables = self.nodes().zip(self.tables());
        tables.filter(|(_, table)| holds(table)).map(|(node, _)| node).collect()
    }

    fn explained(&self, terms: &[&Term]) -> Vec<UnmatchedTerm> {
        let mut names = self.suggester();
        let tags: BTreeSet<&str> = self
            .tables()
            .flat_map(|table| &table.metadata.tags)
            .map(String::as_str)
            .collect();
        let mut tags = Suggester::new(tags);
        let explain = |term: &&Term| {
            let mut table_near = |word: &str| names.nearest(word).map(|name| term.written_for_table(&name));
            let mut tag_near = |word: &str| tags.nearest(word).map(|tag| term.written_for_tag(&tag));
            let suggestion = match &term.subject {
                Subject::Name(Pattern::Exact(name)) => table_near(name).or_else(|| tag_near(name)),
                Subject::Tag(Pattern::Exact(tag)) => tag_near(tag).or_else(|| table_near(tag)),
                Subject::Name(Pattern::Glob(_)) | Subject::Tag(Pattern::Glob(_)) => None,
            };
            UnmatchedTerm {
                term: term.text.clone(),
                suggestion,
            }
        };
        terms.iter().map(explain).collect()
    }
}
