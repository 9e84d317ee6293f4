//! A run that is cut at any batch and goes on in fresh operators, with another split of the key groups, gives the same
//! rows.

use std::collections::HashMap;

use arrow::array::RecordBatch;
use datafusion_expr::col;
use proptest::prelude::*;
use velo_data::{StreamBatch, StreamSchema};
use velo_engine::{
    Chain, CompiledStage, Event, KeyGroups, KeyRouter, Merge, OperatorState, Output, StageInput, scan_chain,
};
use velo_planner::physical::{Exchange, Identities, JobGraph, OperatorId, ScanLayout, StatementLayout};
use velo_planner::plan::LogicalPlan;

use crate::properties::{plans, records, table};
use crate::support::*;

/// The stages of a plan, run by one thread in a fixed order. They follow each other, since the plan has no branches.
struct Simulation {
    scan: Chain,
    stages: Vec<Instances>,
    output: Vec<StreamBatch>,
}

struct Instances {
    router: Option<KeyRouter>,
    instances: Vec<(Merge, Chain)>,
}

impl Simulation {
    fn new(plan: &LogicalPlan, source: &StreamSchema, parallelism: usize) -> Self {
        let layout = StatementLayout {
            scans: vec![ScanLayout::alone(1)],
            keyed_instances: parallelism,
            gathers_output: true,
        };
        let statement = statement("s", plan.clone());
        let graph = JobGraph::new(&[(&statement, layout)]);
        let id = Identities::new([&statement]).of(&statement).inputs[0].id;
        let compile = |stage| CompiledStage::new(stage, &statement.settings);
        let stages = graph.stages.iter().enumerate().map(|(index, stage)| {
            let compiled = compile(stage);
            let edge = graph.inputs(index).next();
            let merge = || match edge {
                Some(edge) => {
                    let from = &graph.stages[edge.from];
                    compile(from).merge(edge.exchange, from.instances).unwrap()
                }
                None => Merge::as_they_come(1),
            };
            let input = StageInput {
                tables: &HashMap::new(),
                read: None,
                reached: &[plan],
            };
            Instances {
                router: edge
                    .filter(|edge| edge.exchange == Exchange::Hash)
                    .map(|_| compiled.router().unwrap()),
                instances: (0..stage.instances)
                    .map(|_| (merge(), compiled.chain(&input).unwrap()))
                    .collect(),
            }
        });
        Self {
            scan: scan_chain(id, plan.scans()[0], source, &[plan]).unwrap(),
            stages: stages.collect(),
            output: Vec::new(),
        }
    }

    fn push(&mut self, event: Event) {
        let mut out = Output::default();
        self.scan.push(event, &mut out).unwrap();
        for event in out.take_events() {
            self.push_to_stage(0, 0, event);
        }
    }

    /// An event that instance `port` of the stage before sends to `stage`.
    fn push_to_stage(&mut self, stage: usize, port: usize, event: Event) {
        let Some(instances) = self.stages.get(stage) else {
            if let Event::Batch(batch) = event {
                self.output.push(batch);
            }
            return;
        };
        let count = instances.instances.len();
        let parts = match (&instances.router, event) {
            (Some(router), Event::Batch(batch)) => {
                let parts = router.route(batch, count, &mut Output::default()).unwrap();
                parts.into_iter().map(Event::Batch).collect()
            }
            (_, event) => vec![event; count],
        };
        for (instance, part) in parts.into_iter().enumerate() {
            let (merge, chain) = &mut self.stages[stage].instances[instance];
            let mut out = Output::default();
            for event in merge.push(port, part).unwrap() {
                chain.push(event, &mut out).unwrap();
            }
            for event in out.take_events() {
                self.push_to_stage(stage + 1, instance, event);
            }
        }
    }

    /// The state of the scan, and of every operator of the plan in order.
    fn snapshot(&mut self) -> HashMap<OperatorId, OperatorState> {
        self.push(Event::Barrier(1));
        let instances = self.stages.iter_mut().flat_map(|stage| &mut stage.instances);
        states_of(instances.map(|(_, chain)| chain).chain([&mut self.scan]))
    }

    fn restore(&mut self, states: &HashMap<OperatorId, OperatorState>) {
        self.scan.restore(states, &KeyGroups::all()).unwrap();
        for stage in &mut self.stages {
            let workers = stage.instances.len();
            for (index, (_, chain)) in stage.instances.iter_mut().enumerate() {
                chain.restore(states, &KeyGroups::of_worker(index, workers)).unwrap();
            }
        }
    }
}

fn run_cut(plan: &LogicalPlan, batches: &[RecordBatch], cut: usize, workers: (usize, usize)) -> Vec<String> {
    let fields = batches[0]
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect::<Vec<_>>();
    let source = StreamSchema::of_user_columns(fields);
    let push = |simulation: &mut Simulation, batches: &[RecordBatch]| {
        for batch in batches {
            simulation.push(Event::Batch(StreamBatch::inserts(batch.clone())));
        }
    };
    let mut before = Simulation::new(plan, &source, workers.0);
    push(&mut before, &batches[..cut]);
    let states = before.snapshot();
    let mut after = Simulation::new(plan, &source, workers.1);
    after.restore(&states);
    push(&mut after, &batches[cut..]);
    after.push(Event::End);
    let mut output = rows(&before.output);
    output.extend(rows(&after.output));
    output
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_cut_changes_nothing(
        records in records(),
        rows_per_batch in 1_usize..30,
        cut in 0.0..1.0_f64,
        workers in (1_usize..5, 1_usize..5),
    ) {
        let input = table(&records);
        let batches = sliced(&input, rows_per_batch);
        let cut = (cut * (batches.len() + 1) as f64) as usize;
        let limit = with_limit(with_filter(scan(&input), col("value").is_not_null()), Some(7), 2);
        for (index, plan) in plans(&input).iter().chain([&limit]).enumerate() {
            let (expected, _) = run_statement(statement("s", plan.clone()), vec![vec![input.clone()]], 1).unwrap();
            let rows = run_cut(plan, &batches, cut, workers);
            prop_assert_eq!(sorted(rows), sorted(expected), "plan {}", index);
        }
    }
}

/// Every aggregate's state survives, not only those of the plans above.
#[test]
fn every_aggregate_survives_a_cut() {
    let input = crate::aggregates::table();
    for (named, expected) in crate::aggregates::cases() {
        let what = format!("{:?}", named.call);
        let plan = by_text("k", vec![named]).over(scan(&input));
        let batches = sliced(&input, 1);
        let expected: Vec<String> = ["a", "b", "c"]
            .iter()
            .zip(expected)
            .map(|(key, value)| format!("{key} {value}"))
            .collect();
        for cut in 0..=batches.len() {
            assert_eq!(run_cut(&plan, &batches, cut, (2, 3)), expected, "{what} cut at {cut}");
        }
    }
}
