//! Trees at random, as the parser could have built them.
#![expect(
    clippy::needless_pass_by_value,
    reason = "strategies are handles, and most functions here clone theirs"
)]

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use velo_common::{Name, Span, TimeUnit};
use velo_parser::ast::*;

const NOWHERE: Span = Span::new(0, 0);

fn at<T>(node: T) -> Spanned<T> {
    Spanned::new(node, NOWHERE)
}

fn expr_of(kind: ExprKind) -> Expr {
    Expr::new(kind, NOWHERE)
}

fn boxed<T: std::fmt::Debug + 'static>(strategy: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Box<T>> {
    strategy.prop_map(Box::new).boxed()
}

fn ident() -> BoxedStrategy<Ident> {
    let plain = prop::sample::select(vec![
        "a",
        "b",
        "Total",
        "_window_start",
        "key",
        "timestamp",
        "größe",
        "x1",
    ]);
    let quoted = prop::sample::select(vec!["Exact", "with \"quotes\"", "select", "a b", "'"]);
    prop_oneof![4 => plain.prop_map(Name::new), 1 => quoted.prop_map(Name::quoted)]
        .prop_map(|name| Ident::new(name, NOWHERE))
        .boxed()
}

fn names() -> BoxedStrategy<Vec<Ident>> {
    vec(ident(), 0..3).boxed()
}

fn object_name() -> BoxedStrategy<ObjectName> {
    vec(ident(), 1..3).prop_map(|parts| ObjectName { parts }).boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        "[a-z'% \"-]{0,6}",
        Just("line\nbreak".to_owned()),
        Just("-- no comment".to_owned())
    ]
    .boxed()
}

fn duration() -> BoxedStrategy<Spanned<Duration>> {
    let millis = prop_oneof![
        0..5_000u64,
        (0..100u64).prop_map(|n| n * 60_000),
        (0..50u64).prop_map(|n| n * 86_400_000)
    ];
    millis.prop_map(|millis| at(Duration::from_millis(millis))).boxed()
}

fn literal() -> BoxedStrategy<Literal> {
    let number = prop_oneof![
        "[0-9]{1,25}".prop_map(|text| (text, NumberKind::Integer)),
        "[0-9]{0,4}\\.[0-9]{1,4}".prop_map(|text| (text, NumberKind::Decimal)),
        "[1-9]e[+-]?[0-9]{1,2}".prop_map(|text| (text, NumberKind::Exponent)),
    ];
    let typed = prop_oneof![
        Just(TypedLiteralKind::Date),
        Just(TypedLiteralKind::Time),
        Just(TypedLiteralKind::Timestamp)
    ];
    let part = ("-?[0-9]{1,3}(\\.[0-9])?", prop::sample::select(TimeUnit::ALL.to_vec()));
    let part = part.prop_map(|(amount, unit)| IntervalPart { amount, unit });
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Boolean),
        number.prop_map(|(text, kind)| Literal::Number(NumberLiteral { text, kind })),
        text().prop_map(Literal::String),
        (typed, text()).prop_map(|(kind, text)| Literal::Typed { kind, text }),
        vec(part, 1..3).prop_map(|parts| Literal::Interval(Interval { parts })),
    ]
    .boxed()
}

fn data_type() -> BoxedStrategy<Spanned<DataType>> {
    let leaf = prop_oneof![
        Just(DataType::Boolean),
        Just(DataType::BigInt),
        Just(DataType::Double),
        Just(DataType::Json),
        Just(DataType::Interval),
        option::of(0..9u8).prop_map(|precision| DataType::Timestamp { precision }),
        option::of(1..99u64).prop_map(|length| DataType::String { length }),
        (1..38u8, option::of(0..9u8)).prop_map(|(p, scale)| DataType::Decimal {
            precision: Some(p),
            scale
        }),
    ];
    let nested = leaf.prop_recursive(3, 8, 3, |inner| {
        let inner = inner.prop_map(at);
        let field = (ident(), inner.clone()).prop_map(|(name, data_type)| StructField { name, data_type });
        prop_oneof![
            boxed(inner.clone()).prop_map(DataType::Array),
            (boxed(inner.clone()), boxed(inner)).prop_map(|(key, value)| DataType::Map(key, value)),
            vec(field, 1..3).prop_map(DataType::Struct),
        ]
    });
    nested.prop_map(at).boxed()
}

fn comparison() -> BoxedStrategy<Spanned<BinaryOperator>> {
    use BinaryOperator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual, RegexMatch};
    prop::sample::select(vec![
        Equal,
        NotEqual,
        Less,
        LessOrEqual,
        Greater,
        GreaterOrEqual,
        RegexMatch,
    ])
    .prop_map(at)
    .boxed()
}

fn binary_operator() -> BoxedStrategy<Spanned<BinaryOperator>> {
    use BinaryOperator::{
        Add, Concat, Divide, IntegerDivide, IsDistinctFrom, IsNotDistinctFrom, Modulo, Multiply, Power, Subtract,
    };
    let others = vec![
        Add,
        Concat,
        Divide,
        IntegerDivide,
        IsDistinctFrom,
        IsNotDistinctFrom,
        Modulo,
        Multiply,
        Power,
        Subtract,
    ];
    prop_oneof![comparison(), prop::sample::select(others).prop_map(at)].boxed()
}

/// Any expression.
pub(crate) fn expr() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        literal().prop_map(ExprKind::Literal),
        vec(ident(), 1..4).prop_map(ExprKind::Column),
        Just(ExprKind::Function(Box::new(call(
            Ident::new(Name::new("CURRENT_DATE"), NOWHERE),
            Vec::new()
        )))),
    ];
    let any = leaf.prop_map(expr_of).prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            3 => operators(inner.clone()),
            2 => tests(inner.clone()),
            2 => operands(inner.clone()),
            1 => functions(inner.clone()),
            1 => subqueries(inner),
        ]
        .prop_map(expr_of)
    });
    any.boxed()
}

fn operators(inner: BoxedStrategy<Expr>) -> BoxedStrategy<ExprKind> {
    let logical = prop_oneof![Just(LogicalOperator::And), Just(LogicalOperator::Or)];
    let unary = prop_oneof![
        Just(UnaryOperator::Not),
        Just(UnaryOperator::Minus),
        Just(UnaryOperator::Plus)
    ];
    prop_oneof![
        3 => (boxed(inner.clone()), binary_operator(), boxed(inner.clone()))
            .prop_map(|(left, operator, right)| ExprKind::Binary { left, operator, right }),
        2 => (logical, vec(inner.clone(), 2..4)).prop_map(|(operator, operands)| ExprKind::Logical { operator, operands }),
        2 => (unary, boxed(inner)).prop_map(|(operator, operand)| ExprKind::Unary { operator, operand }),
    ]
    .boxed()
}

fn tests(inner: BoxedStrategy<Expr>) -> BoxedStrategy<ExprKind> {
    let one = || boxed(inner.clone());
    prop_oneof![
        (one(), any::<bool>()).prop_map(|(operand, negated)| ExprKind::IsNull { operand, negated }),
        (one(), option::of(any::<bool>()), any::<bool>()).prop_map(|(operand, value, negated)| ExprKind::IsBoolean {
            operand,
            value,
            negated
        }),
        (one(), vec(inner.clone(), 1..3), any::<bool>())
            .prop_filter("(query) alone is a subquery", |(_, list, _)| !matches!(
                list[0].kind,
                ExprKind::Subquery(_)
            ))
            .prop_map(|(operand, list, negated)| ExprKind::InList { operand, list, negated }),
        (one(), one(), one(), any::<bool>()).prop_map(|(operand, low, high, negated)| ExprKind::Between {
            operand,
            low,
            high,
            negated
        }),
        (one(), one(), option::of(text()), any::<(bool, bool)>()).prop_map(
            |(operand, pattern, escape, (case_insensitive, negated))| ExprKind::Like {
                operand,
                pattern,
                escape: escape.map(at),
                case_insensitive,
                negated
            }
        ),
    ]
    .boxed()
}

fn operands(inner: BoxedStrategy<Expr>) -> BoxedStrategy<ExprKind> {
    let one = || boxed(inner.clone());
    let branch = (inner.clone(), inner.clone()).prop_map(|(condition, result)| CaseBranch { condition, result });
    let entry = (inner.clone(), inner.clone()).prop_map(|(key, value)| MapEntry { key, value });
    let field = (ident(), inner.clone()).prop_map(|(name, value)| StructEntry { name, value });
    let side = prop_oneof![Just(TrimSide::Both), Just(TrimSide::Leading), Just(TrimSide::Trailing)];
    prop_oneof![
        (one(), ident()).prop_map(|(operand, field)| ExprKind::FieldAccess { operand, field }),
        (one(), one()).prop_map(|(operand, index)| ExprKind::Index { operand, index }),
        (option::of(one()), vec(branch, 1..3), option::of(one())).prop_map(|(operand, branches, otherwise)| {
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            }
        }),
        (one(), data_type(), any::<bool>()).prop_map(|(operand, data_type, try_cast)| ExprKind::Cast {
            operand,
            data_type,
            try_cast
        }),
        (ident(), one()).prop_map(|(part, operand)| ExprKind::Extract { part, operand }),
        (side, option::of(one()), one()).prop_map(|(side, characters, operand)| ExprKind::Trim {
            side,
            characters,
            operand
        }),
        vec(inner.clone(), 0..3).prop_map(ExprKind::Array),
        vec(entry, 0..3).prop_map(ExprKind::Map),
        vec(field, 1..3).prop_map(ExprKind::Struct),
        vec(inner.clone(), 2..4).prop_map(ExprKind::Row),
    ]
    .boxed()
}

fn call(name: Ident, arguments: Vec<Argument>) -> FunctionCall {
    FunctionCall {
        name,
        distinct: false,
        arguments,
        order_by: Vec::new(),
        within_group: Vec::new(),
        filter: None,
        null_treatment: None,
        over: None,
    }
}

fn functions(inner: BoxedStrategy<Expr>) -> BoxedStrategy<ExprKind> {
    let lambda = (vec(ident(), 1..3), boxed(inner.clone()))
        .prop_map(|(parameters, body)| expr_of(ExprKind::Lambda { parameters, body }));
    let argument = prop_oneof![
        6 => inner.clone().prop_map(Argument::Positional),
        1 => lambda.prop_map(Argument::Positional),
        1 => (ident(), inner.clone()).prop_map(|(name, value)| Argument::Named { name, value }),
        1 => Just(Argument::Wildcard),
    ];
    let nulls = option::of(prop_oneof![Just(NullTreatment::Ignore), Just(NullTreatment::Respect)]);
    let extras = (
        vec(order_by_item(inner.clone()), 0..2),
        vec(order_by_item(inner.clone()), 0..2),
        option::of(inner.clone()),
        nulls,
        option::of(over(inner)),
    );
    (ident(), vec(argument, 0..3), any::<bool>(), extras)
        .prop_map(
            |(name, arguments, distinct, (order_by, within_group, filter, null_treatment, over))| {
                let has_arguments = !arguments.is_empty();
                ExprKind::Function(Box::new(FunctionCall {
                    distinct: distinct && has_arguments,
                    order_by: if has_arguments { order_by } else { Vec::new() },
                    within_group,
                    filter,
                    null_treatment,
                    over: over.map(at),
                    ..call(name, arguments)
                }))
            },
        )
        .boxed()
}

fn order_by_item(inner: BoxedStrategy<Expr>) -> BoxedStrategy<OrderByItem> {
    (inner, any::<bool>(), option::of(any::<bool>()))
        .prop_map(|(expr, descending, nulls_first)| OrderByItem {
            expr,
            descending,
            nulls_first,
        })
        .boxed()
}

fn over(inner: BoxedStrategy<Expr>) -> BoxedStrategy<Over> {
    let emit = option::of(prop_oneof![Just(BufferEmit::EveryRecord), Just(BufferEmit::OnBufferFull)].prop_map(at));
    let expiry = prop_oneof![
        Just(BufferExpiry::Never),
        duration().prop_map(BufferExpiry::AfterInactivity)
    ];
    let buffer = (0..1_000u64, emit, option::of(expiry.prop_map(at))).prop_map(|(rows, emit, expiry)| RowBuffer {
        rows: at(rows),
        emit,
        expiry,
    });
    let unit = prop_oneof![Just(FrameUnit::Rows), Just(FrameUnit::Range)];
    let frame =
        (unit, frame_bound(), option::of(frame_bound())).prop_map(|(unit, start, end)| at(Frame { unit, start, end }));
    (
        option::of(buffer),
        vec(inner.clone(), 0..2),
        vec(order_by_item(inner), 0..2),
        option::of(frame),
    )
        .prop_map(|(buffer, partition_by, order_by, frame)| Over {
            buffer,
            partition_by,
            order_by,
            frame,
        })
        .boxed()
}

fn frame_bound() -> BoxedStrategy<FrameBound> {
    let number = (0..99u64).prop_map(|number| {
        let text = number.to_string();
        Box::new(expr_of(ExprKind::Literal(Literal::Number(NumberLiteral {
            text,
            kind: NumberKind::Integer,
        }))))
    });
    prop_oneof![
        Just(FrameBound::UnboundedPreceding),
        Just(FrameBound::UnboundedFollowing),
        Just(FrameBound::CurrentRow),
        number.clone().prop_map(FrameBound::Preceding),
        number.prop_map(FrameBound::Following),
    ]
    .boxed()
}

fn subqueries(inner: BoxedStrategy<Expr>) -> BoxedStrategy<ExprKind> {
    let query = || boxed(query_over(inner.clone(), false));
    let one = || boxed(inner.clone());
    let quantifier = prop_oneof![Just(Quantifier::Any), Just(Quantifier::All)];
    prop_oneof![
        query().prop_map(ExprKind::Exists),
        query().prop_map(ExprKind::Subquery),
        (one(), query(), any::<bool>()).prop_map(|(operand, query, negated)| ExprKind::InSubquery {
            operand,
            query,
            negated
        }),
        (one(), comparison(), quantifier, query()).prop_map(|(left, operator, quantifier, query)| {
            ExprKind::Quantified {
                left,
                operator,
                quantifier,
                query,
            }
        }),
    ]
    .boxed()
}

/// Any query of a statement.
pub(crate) fn query() -> BoxedStrategy<Query> {
    query_over(expr(), true)
}

fn properties() -> BoxedStrategy<Vec<Property>> {
    let property = ("[a-z.]{1,8}", text())
        .prop_filter("EMIT is a clause", |(key, _)| key != "emit")
        .prop_map(|(key, value)| Property {
            key: at(key),
            value: at(value),
        });
    vec(property, 0..3).boxed()
}

fn query_over(inner: BoxedStrategy<Expr>, outermost: bool) -> BoxedStrategy<Query> {
    let emit = prop_oneof![Just(Emit::Changes), Just(Emit::Final), duration().prop_map(Emit::Every)];
    let limits = (option::of(0..100u64), option::of(0..100u64));
    let outer = (option::of(emit), option::of(object_name()), properties());
    let order_by = option::of(vec(order_by_item(inner.clone()), 1..3));
    let simple = (body(inner.clone()), order_by, limits, outer).prop_map(
        move |(body, order_by, (limit, offset), (emit, into, properties))| Query {
            with: None,
            body,
            order_by: order_by.map(at),
            limit: limit.map(at),
            offset: offset.map(at),
            emit: emit.filter(|_| outermost).map(at),
            into: into.filter(|_| outermost).map(at),
            properties: if outermost { properties } else { Vec::new() },
            span: NOWHERE,
        },
    );
    let cte_query = boxed(select(inner).prop_map(bare));
    let cte = (ident(), names(), cte_query).prop_map(|(name, columns, query)| Cte { name, columns, query });
    (simple, option::weighted(0.2, (any::<bool>(), vec(cte, 1..3))))
        .prop_map(|(query, with)| Query {
            with: with.map(|(recursive, ctes)| at(With { recursive, ctes })),
            ..query
        })
        .boxed()
}

/// A query that is a SELECT and nothing more.
fn bare(select: Select) -> Query {
    Query {
        with: None,
        body: SetExpr::Select(Box::new(select)),
        order_by: None,
        limit: None,
        offset: None,
        emit: None,
        into: None,
        properties: Vec::new(),
        span: NOWHERE,
    }
}

fn body(inner: BoxedStrategy<Expr>) -> BoxedStrategy<SetExpr> {
    let row = vec(inner.clone(), 1..3);
    let operand = prop_oneof![
        4 => boxed(select(inner.clone())).prop_map(SetExpr::Select),
        1 => vec(row, 1..3).prop_map(|rows| SetExpr::Values(at(rows))),
        1 => boxed(select(inner).prop_map(bare)).prop_map(SetExpr::Query),
    ]
    .boxed();
    // Chains group from the left, and INTERSECT binds tighter, so no other operator stands below it on the left.
    let operator = prop_oneof![Just(SetOperator::Union), Just(SetOperator::Except)];
    let chain = (operand.clone(), vec((operator, any::<bool>(), operand.clone()), 1..3)).prop_map(|(first, others)| {
        others
            .into_iter()
            .fold(first, |left, (operator, all, right)| SetExpr::SetOperation {
                operator: at(operator),
                all,
                left: Box::new(left),
                right: Box::new(right),
            })
    });
    let intersection =
        (boxed(operand.clone()), any::<bool>(), boxed(operand.clone())).prop_map(|(left, all, right)| {
            SetExpr::SetOperation {
                operator: at(SetOperator::Intersect),
                all,
                left,
                right,
            }
        });
    prop_oneof![6 => operand, 1 => chain, 1 => intersection].boxed()
}

fn select(inner: BoxedStrategy<Expr>) -> BoxedStrategy<Select> {
    let some = || option::weighted(0.3, inner.clone().prop_map(at));
    let item = prop_oneof![
        1 => Just(SelectItem::Wildcard),
        1 => object_name().prop_map(SelectItem::QualifiedWildcard),
        6 => (inner.clone(), option::of(ident()), any::<bool>())
            .prop_map(|(expr, alias, primary_key)| SelectItem::Expr { expr, alias, primary_key }),
    ];
    let group = prop_oneof![
        3 => inner.clone().prop_map(GroupByItem::Expr),
        1 => window().prop_map(|window| GroupByItem::Window(at(window))),
    ];
    let head = (
        any::<bool>(),
        vec(item.prop_map(at), 1..4),
        option::weighted(0.8, from(inner.clone())),
    );
    let grouping = (
        option::weighted(0.1, vec(inner.clone(), 1..3)),
        option::weighted(0.3, vec(group, 1..3)),
        option::weighted(0.3, window()),
    );
    (head, grouping, some(), some(), some())
        .prop_map(
            |((distinct, items, from), (partition_by, group_by, window), where_, having, qualify)| Select {
                distinct: distinct.then_some(NOWHERE),
                items,
                from: from.map(at),
                where_,
                partition_by: partition_by.map(at),
                group_by: group_by.map(at),
                window: window.map(at),
                having,
                qualify,
                span: NOWHERE,
            },
        )
        .boxed()
}

fn column() -> BoxedStrategy<Expr> {
    vec(ident(), 1..3)
        .prop_map(|parts| expr_of(ExprKind::Column(parts)))
        .boxed()
}

fn window() -> BoxedStrategy<Window> {
    let kind = prop_oneof![
        duration().prop_map(|size| WindowKind::Tumbling { size }),
        (duration(), duration()).prop_map(|(size, advance)| WindowKind::Sliding { size, advance }),
        (duration(), option::of(boxed(column()))).prop_map(|(gap, key)| WindowKind::Session { gap, key }),
        (duration(), duration()).prop_map(|(step, size)| WindowKind::Cumulate { step, size }),
    ];
    let rest = (
        option::of(duration()),
        option::of(text()),
        option::of(duration()),
        option::of(duration()),
    );
    (kind, option::of(column()), rest)
        .prop_map(
            |(kind, time_column, (offset, time_zone, grace_period, retention))| Window {
                kind,
                time_column,
                offset,
                time_zone: time_zone.map(at),
                grace_period,
                retention,
            },
        )
        .boxed()
}

fn alias() -> BoxedStrategy<TableAlias> {
    (ident(), names())
        .prop_map(|(name, columns)| TableAlias { name, columns })
        .boxed()
}

fn relation(inner: BoxedStrategy<Expr>) -> BoxedStrategy<Relation> {
    let as_of = option::weighted(0.2, boxed(inner.clone().prop_map(at)));
    let windowed =
        (object_name(), boxed(window()), column()).prop_map(|(table, window, time)| RelationKind::Windowed {
            table,
            window: Box::new(Window {
                time_column: Some(time),
                ..*window
            }),
        });
    let kind = prop_oneof![
        4 => (object_name(), as_of, properties())
            .prop_map(|(name, as_of, properties)| RelationKind::Table { name, as_of, properties }),
        1 => (text(), properties()).prop_map(|(uri, properties)| RelationKind::Uri { uri: at(uri), properties }),
        1 => boxed(inner.clone()).prop_map(RelationKind::Unnest),
        1 => windowed,
    ];
    // With an alias behind it, a property list can only be that of the source.
    (kind, alias())
        .prop_map(|(kind, alias)| Relation {
            kind,
            alias: Some(alias),
            span: NOWHERE,
        })
        .boxed()
}

fn from(inner: BoxedStrategy<Expr>) -> BoxedStrategy<FromClause> {
    let within = (duration(), duration(), option::of(duration())).prop_map(|(before, after, grace_period)| {
        at(Within {
            before,
            after,
            grace_period,
        })
    });
    let constraint = prop_oneof![
        inner.clone().prop_map(JoinConstraint::On),
        vec(ident(), 1..3).prop_map(JoinConstraint::Using),
    ];
    let kind = prop::sample::select(vec![JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full]);
    let join = (kind, relation(inner.clone()), option::of(within), constraint).prop_map(
        |(kind, relation, within, constraint)| Join {
            kind,
            relation,
            within,
            constraint: Some(at(constraint)),
        },
    );
    let cross = relation(inner.clone()).prop_map(|relation| Join {
        kind: JoinKind::Cross,
        relation,
        within: None,
        constraint: None,
    });
    let joins = vec(prop_oneof![3 => join, 1 => cross].prop_map(at), 0..3);
    (relation(inner), joins)
        .prop_map(|(relation, joins)| FromClause { relation, joins })
        .boxed()
}

/// Any of the statements that hold a query or columns.
pub(crate) fn statement() -> BoxedStrategy<StatementKind> {
    let table_kind = || prop_oneof![Just(TableKind::Stream), Just(TableKind::Table)];
    let role = prop_oneof![
        Just(ColumnRole::PrimaryKey),
        Just(ColumnRole::Key),
        Just(ColumnRole::Headers),
        text().prop_map(ColumnRole::Header),
    ];
    let column = (ident(), data_type(), any::<bool>(), option::of(role.prop_map(at)))
        .prop_map(|(name, data_type, not_null, role)| ColumnDefinition {
            name,
            data_type: Some(data_type),
            not_null,
            role,
        })
        .boxed();
    let create = (
        table_kind(),
        any::<(bool, bool)>(),
        object_name(),
        vec(column.clone(), 0..3),
        boxed(query()),
    )
        .prop_map(|(kind, (or_replace, if_not_exists), name, columns, query)| {
            StatementKind::CreateAs(CreateAs {
                kind,
                or_replace,
                if_not_exists,
                name,
                columns,
                query,
            })
        });
    let declare = (
        table_kind(),
        any::<(bool, bool, bool)>(),
        object_name(),
        vec(column, 1..4),
        names(),
        properties(),
    )
        .prop_map(
            |(kind, (source, or_replace, if_not_exists), name, columns, primary_key, properties)| {
                let declare = Declare {
                    kind,
                    source,
                    or_replace,
                    if_not_exists,
                    name,
                    columns,
                    primary_key,
                    properties,
                };
                StatementKind::Declare(declare)
            },
        );
    let insert = (object_name(), names(), boxed(query()))
        .prop_map(|(target, columns, query)| StatementKind::Insert(Insert { target, columns, query }));
    let view = (any::<(bool, bool)>(), object_name(), names(), boxed(query())).prop_map(
        |((or_replace, if_not_exists), name, columns, query)| {
            StatementKind::CreateView(CreateView {
                or_replace,
                if_not_exists,
                name,
                columns,
                query,
            })
        },
    );
    prop_oneof![
        boxed(query()).prop_map(StatementKind::Query),
        create,
        declare,
        insert,
        view
    ]
    .boxed()
}
