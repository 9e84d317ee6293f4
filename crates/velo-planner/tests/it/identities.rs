//! Which state of a program is still its state after the program was changed.

use std::collections::BTreeSet;

use velo_planner::physical::{Identities, OperatorId};

use crate::support::statements;

const PROGRAM: &str = "
    CREATE STREAM large AS SELECT name AS customer, amount FROM orders WHERE amount > 10;
    CREATE STREAM totals AS SELECT customer, SUM(amount) AS total FROM large GROUP BY customer;";

/// The inputs and the operators of all statements of a program.
fn ids(sql: &str) -> (BTreeSet<OperatorId>, BTreeSet<OperatorId>) {
    let statements = statements(sql);
    let identities = Identities::new(&statements);
    let of_all = || statements.iter().map(|statement| identities.of(statement));
    let inputs = of_all().flat_map(|statement| statement.inputs).map(|input| input.id);
    let operators = of_all().flat_map(|statement| statement.operators);
    (inputs.collect(), operators.map(|operator| operator.id).collect())
}

#[test]
fn state_is_known_again_by_what_it_depends_on() {
    let (inputs, operators) = ids(PROGRAM);
    assert_eq!((inputs.len(), operators.len()), (1, 1));
    // What is replaced, by what, and whether input and aggregate are the same as before.
    let cases = [
        (
            "SELECT name AS customer, amount FROM",
            "select  NAME customer, amount from",
            true,
            true,
        ),
        ("CREATE STREAM totals", "CREATE STREAM Totals", true, true),
        ("amount > 10", "amount > 11", true, false),
        ("SUM(amount)", "MAX(amount)", true, false),
        (
            "GROUP BY customer;",
            "GROUP BY customer HAVING SUM(amount) > 1;",
            true,
            false,
        ),
        ("CREATE STREAM totals", "CREATE STREAM sums", true, false),
        (
            "FROM orders WHERE amount > 10",
            "FROM others WHERE amount > 10 WITH ('others.path' = 'o.jsonl')",
            false,
            false,
        ),
    ];
    for (from, to, same_input, same_operator) in cases {
        let changed = PROGRAM.replace(from, to);
        assert_ne!(changed, PROGRAM, "{from}");
        let (other_inputs, other_operators) = ids(&changed);
        assert_eq!(inputs == other_inputs, same_input, "input: {to}");
        assert_eq!(operators == other_operators, same_operator, "operator: {to}");
    }
}

#[test]
fn an_id_keeps_state_through_other_names_and_inputs() {
    let with_id = PROGRAM.replace("CREATE STREAM totals", "-- @id: totals_v1\nCREATE STREAM totals");
    let (_, operators) = ids(&with_id);
    assert_ne!(operators, ids(PROGRAM).1);
    let renamed = with_id
        .replace("CREATE STREAM totals", "CREATE STREAM sums")
        .replace("> 10", "> 11");
    assert_eq!(ids(&renamed).1, operators);
    // Its own shape still counts: the state of another aggregate is of no use.
    assert_ne!(ids(&with_id.replace("SUM(amount)", "MAX(amount)")).1, operators);
}

#[test]
fn equal_operators_of_one_statement_are_told_apart_by_their_place() {
    let both = "CREATE STREAM both AS
        SELECT name, COUNT(*) AS n FROM orders GROUP BY name
        UNION ALL SELECT name, COUNT(*) AS n FROM orders GROUP BY name;";
    let (inputs, operators) = ids(both);
    assert_eq!((inputs.len(), operators.len()), (2, 2));
}

#[test]
fn ids_stay_the_same_from_version_to_version() {
    // State on disk is found by them: whoever changes them gives every user's state up.
    let (inputs, operators) = ids(PROGRAM);
    let texts = |ids: &BTreeSet<OperatorId>| ids.iter().map(OperatorId::to_string).collect::<Vec<_>>();
    assert_eq!(
        (texts(&inputs), texts(&operators)),
        (vec!["ddfb26a264165ff0".to_owned()], vec!["6cda1816d503cacc".to_owned()])
    );
    for id in inputs.iter().chain(&operators) {
        assert_eq!(id.to_string().parse(), Ok(*id));
    }
    assert!("12".parse::<OperatorId>().is_err());
}
