//! Laws that hold for every graph, checked by the plainest means there are.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use velo_graph::{Selection, TableDependencyGraph, TableMetadata};

const TABLES: usize = 30;

fn name(table: usize) -> String {
    format!("t{table}")
}

fn number(name: &str) -> usize {
    name.trim_start_matches('t').parse().expect("a number")
}

fn numbers(names: &[impl AsRef<str>]) -> Vec<usize> {
    names.iter().map(|name| number(name.as_ref())).collect()
}

/// Tables in shuffled order of addition with priorities, and edges from a table to another.
#[derive(Debug, Clone)]
struct Plan {
    added: Vec<usize>,
    priorities: Vec<i32>,
    edges: Vec<(usize, usize)>,
}

impl Plan {
    fn graph(&self) -> TableDependencyGraph {
        let mut graph = TableDependencyGraph::new();
        for &table in &self.added {
            let needs = self
                .edges
                .iter()
                .filter(|(from, _)| *from == table)
                .map(|(_, to)| name(*to));
            let metadata = TableMetadata::default().with_priority(self.priorities[table]);
            graph.add_table(name(table), metadata, needs).expect("a new table");
        }
        graph
    }

    fn has_edge(&self, from: usize, to: usize) -> bool {
        self.edges.contains(&(from, to))
    }

    /// Higher priority first, then the order of addition.
    fn rank(&self, table: usize) -> (i32, usize) {
        let place = self.added.iter().position(|added| *added == table).expect("added");
        (-self.priorities[table], place)
    }

    /// Whether a table needs another, directly or not (Warshall's algorithm).
    fn needs(&self) -> impl Fn(usize, usize) -> bool {
        let mut closure = vec![vec![false; TABLES]; TABLES];
        for (from, to) in &self.edges {
            closure[*from][*to] = true;
        }
        for middle in 0..TABLES {
            for from in 0..TABLES {
                for to in 0..TABLES {
                    closure[from][to] |= closure[from][middle] && closure[middle][to];
                }
            }
        }
        move |table, other| closure[table][other]
    }
}

fn plan(edge: impl Strategy<Value = (usize, usize)>, edges_max: usize) -> impl Strategy<Value = Plan> {
    let added = Just((0..TABLES).collect::<Vec<usize>>()).prop_shuffle();
    (added, vec(-2..3, TABLES), vec(edge, 0..edges_max)).prop_map(|(added, priorities, edges)| Plan {
        added,
        priorities,
        edges,
    })
}

/// Edges that point to smaller numbers only, so that there is no circle.
fn acyclic() -> impl Strategy<Value = Plan> {
    let edge = (1..TABLES).prop_flat_map(|from| (Just(from), 0..from));
    plan(edge, 80)
}

fn any_plan() -> impl Strategy<Value = Plan> {
    plan((0..TABLES, 0..TABLES), 45)
}

proptest! {
    #[test]
    fn order_respects_edges_then_priority_then_addition(plan in acyclic()) {
        let order = numbers(&plan.graph().topological_load_order().expect("no circle"));
        let mut left: HashSet<usize> = (0..TABLES).collect();
        for next in order {
            let is_ready = |table: &&usize| !left.iter().any(|other| plan.has_edge(**table, *other));
            let best = left.iter().filter(is_ready).min_by_key(|table| plan.rank(**table));
            prop_assert_eq!(Some(&next), best);
            left.remove(&next);
        }
        prop_assert!(left.is_empty());
    }

    #[test]
    fn every_table_is_in_the_first_wave_that_it_can_be_in(plan in acyclic()) {
        let waves = plan.graph().compute_loading_waves().expect("no circle");
        let waves: Vec<Vec<usize>> = waves.iter().map(|wave| numbers(wave)).collect();
        let wave_of = |table: usize| waves.iter().position(|wave| wave.contains(&table));
        prop_assert_eq!(waves.iter().map(Vec::len).sum::<usize>(), TABLES);
        for table in 0..TABLES {
            let last_needed = plan.edges.iter().filter(|(from, _)| *from == table).map(|(_, to)| wave_of(*to)).max();
            let expected = last_needed.map_or(Some(0), |wave| wave.map(|wave| wave + 1));
            prop_assert_eq!(wave_of(table), expected, "right behind the last table that it needs");
        }
        for wave in &waves {
            prop_assert!(wave.is_sorted_by_key(|table| plan.rank(*table)));
        }
    }

    #[test]
    fn circles_are_real_and_one_for_each_group(plan in any_plan()) {
        let graph = plan.graph();
        let cycles: Vec<Vec<usize>> = graph.detect_cycles().iter().map(|cycle| numbers(&cycle.path)).collect();
        for cycle in &cycles {
            prop_assert_eq!(cycle.first(), cycle.last());
            prop_assert!(cycle.windows(2).all(|step| plan.has_edge(step[0], step[1])), "{:?} is no path", cycle);
            let distinct: HashSet<&usize> = cycle.iter().collect();
            prop_assert_eq!(distinct.len() + 1, cycle.len(), "{:?} visits a table twice", cycle);
        }
        // Each table that needs itself is in the group of exactly one circle.
        let needs = plan.needs();
        for table in 0..TABLES {
            let groups = cycles.iter().filter(|cycle| needs(table, cycle[0]) && needs(cycle[0], table));
            prop_assert_eq!(groups.count(), usize::from(needs(table, table)));
        }
        prop_assert_eq!(graph.topological_load_order().is_ok(), cycles.is_empty());
        prop_assert_eq!(graph.compute_loading_waves().is_ok(), cycles.is_empty());
    }

    #[test]
    fn a_circle_is_the_shortest_through_its_first_table(plan in any_plan()) {
        for cycle in plan.graph().detect_cycles() {
            let path = numbers(&cycle.path);
            let mut reached = HashSet::from([path[0]]);
            // Fewer steps than the circle has never lead back to where it began.
            for _ in 1..path.len() - 1 {
                reached = plan.edges.iter().filter(|(from, _)| reached.contains(from)).map(|(_, to)| *to).collect();
                prop_assert!(!reached.contains(&path[0]), "there is a shorter circle than {}", cycle);
            }
        }
    }

    #[test]
    fn closures_are_those_of_the_edges(plan in any_plan()) {
        let graph = plan.graph();
        let needs = plan.needs();
        for table in 0..TABLES {
            let needed: Vec<usize> = plan.added.iter().copied().filter(|other| needs(table, *other)).collect();
            let needing: Vec<usize> = plan.added.iter().copied().filter(|other| needs(*other, table)).collect();
            prop_assert_eq!(numbers(&graph.get_all_dependencies(&name(table)).expect("there")), needed);
            prop_assert_eq!(numbers(&graph.get_all_dependents(&name(table)).expect("there")), needing);
        }
    }

    #[test]
    fn selections_with_a_plus_are_closures_in_load_order(plan in acyclic(), table in 0..TABLES, other in 0..TABLES) {
        let graph = plan.graph();
        let needs = plan.needs();
        let order = numbers(&graph.topological_load_order().expect("no circle"));
        let needs = |from: usize, to: usize| from == to || needs(from, to);
        let check = |selection: String, is_selected: &dyn Fn(usize) -> bool| {
            let selected = graph.select(&selection.parse::<Selection>().expect("well formed")).expect("there");
            let expected: Vec<usize> = order.iter().copied().filter(|table| is_selected(*table)).collect();
            prop_assert_eq!(numbers(&selected), expected, "{}", selection);
            Ok(())
        };
        check(format!("t{table}"), &|one| one == table)?;
        check(format!("+t{table}"), &|one| needs(table, one))?;
        check(format!("t{table}+"), &|one| needs(one, table))?;
        check(format!("+t{table}+"), &|one| needs(table, one) || needs(one, table))?;
        check(format!("+t{table} t{other}+"), &|one| needs(table, one) || needs(one, other))?;
    }

    #[test]
    fn a_description_tells_which_tables_wait_for_a_circle(plan in any_plan()) {
        let graph = plan.graph();
        let description = graph.describe();
        prop_assert_eq!(description.tables.len(), TABLES);
        let needs = plan.needs();
        for table in &description.tables {
            let waits = |other: usize| needs(other, other) && (number(table.name) == other || needs(number(table.name), other));
            prop_assert_eq!(table.wave.is_none(), (0..TABLES).any(waits), "{}", table.name);
        }
    }
}
