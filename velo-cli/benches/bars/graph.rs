//! What a job of several statements does with rows that are in memory already, on one core.

use crate::measure::{best_of, millions_per_second};
use crate::memory::{Query, ROWS};
use crate::report::{Bar, Report, figure, group};

const AGGREGATES: &str = "COUNT(*) AS trades, SUM(quantity) AS total, AVG(price) AS mean";

/// Three statements that read each other, beside one that does the same.
pub(crate) fn chained(report: &mut Report) {
    let one = Query::of_program(&format!(
        "CREATE STREAM result AS SELECT symbol, {AGGREGATES} FROM \
         (SELECT symbol, quantity * 2 AS quantity, price * 1.5e0 AS price FROM trades WHERE quantity > 499) AS large \
         GROUP BY symbol WINDOW TUMBLING(1m);"
    ));
    let three = Query::of_program(&format!(
        "CREATE STREAM large AS SELECT * FROM trades WHERE quantity > 499;
         CREATE STREAM doubled AS SELECT symbol, quantity * 2 AS quantity, price * 1.5e0 AS price FROM large;
         CREATE STREAM result AS SELECT symbol, {AGGREGATES} FROM doubled GROUP BY symbol WINDOW TUMBLING(1m);"
    ));
    let [one, three] = best_of([Box::new(|| one.run()), Box::new(|| three.run())]);
    group("Statements that read each other, batches from memory, one core");
    figure(
        "filter, projection, tumbling 1 min as one statement",
        millions_per_second(ROWS, one),
        "M/s",
    );
    figure("as three statements", millions_per_second(ROWS, three), "M/s");
    let ratio = one.as_secs_f64() / three.as_secs_f64();
    report.bar("  times one statement", ratio, "×", Bar::AtLeast(0.85));
}

/// Groups over rows that change.
pub(crate) fn changing(report: &mut Report) {
    let query = Query::of_program(
        "CREATE STREAM counts AS SELECT symbol, COUNT(*) AS n, SUM(quantity) AS total FROM trades GROUP BY symbol EMIT CHANGES;
         CREATE STREAM result AS SELECT n % 10 AS size, COUNT(*) AS symbols, SUM(total) AS total FROM counts GROUP BY n % 10;",
    );
    let [time] = best_of([Box::new(|| query.run())]);
    group("GROUP BY over a grouped stream, batches from memory, one core");
    report.bar(
        "rows that change a group",
        millions_per_second(ROWS, time),
        "M/s",
        Bar::AtLeast(2.0),
    );
}

/// A union beside its inputs alone.
pub(crate) fn union(report: &mut Report) {
    let of = |sql: &str| Query::of_program(&format!("CREATE STREAM result AS {sql};"));
    let (first, second) = (
        "SELECT symbol, quantity FROM trades WHERE quantity > 499",
        "SELECT symbol, quantity * 3 AS quantity FROM trades WHERE quantity < 500",
    );
    let both = of(&format!("{first} UNION ALL {second}"));
    let (first, second) = (of(first), of(second));
    let [first, second, both] = best_of([
        Box::new(|| first.run()),
        Box::new(|| second.run()),
        Box::new(|| both.run()),
    ]);
    group("UNION ALL of two filters, batches from memory, one core");
    figure("rows of both inputs", millions_per_second(2 * ROWS, both), "M/s");
    let ratio = (first + second).as_secs_f64() / both.as_secs_f64();
    report.bar("  times both alone", ratio, "×", Bar::AtLeast(0.90));
}
