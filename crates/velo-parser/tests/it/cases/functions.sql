f()

UPPER(name)

LEFT(a, 1) || RIGHT(b, 2)

IF(a > 1, 'x', 'y')

REPLACE(a, 'x', 'y')

DATE(ts)

TIMESTAMP()

FIRST(a) + LAST(b)

COUNT(*)

COUNT(DISTINCT a)

COUNT(DISTINCT a, b)

SUM(ALL amount)

DATEDIFF(day, a, b)

DATE_ADD(ts, INTERVAL 5 MINUTE)

STRING_AGG(name, ', ' ORDER BY name DESC NULLS LAST, id)

SUM(x) FILTER (WHERE status = 'paid')

PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY price DESC)

FIRST_VALUE(a IGNORE NULLS)

LAST_VALUE(a) IGNORE NULLS

LAST_VALUE(a) RESPECT NULLS

f(a := 1, b := 'x')

TRANSFORM(xs, x => x * 2)

FILTER(m, (k, v) => v > 1 AND k <> 'a')

REDUCE(xs, 0, (total, x) => total + x)

REDUCE(xs, 0, (s, x) => TRANSFORM(x, y => y + s))

"Quoted Function"(1)

TUMBLE_START(ts, INTERVAL '5' MINUTE)

COALESCE(a, b, (SELECT 1))

JSON_VALUE(payload, '$.a.b[0].c')

f(g(h(1)), (2 + 3) * 4)
