a

t.a

t.s.f.g

"Exact Name"

`back ticked`

"with ""quotes"""

t."x".y

größe

_window_start

t.order

status + metrics + properties + key + version + schema + start + row + range + list + job

timestamp > date AND type = window

s->f

s->f->g

s->"F"

a[1]

a[1][2].b.c

m['k']->x

f(x).y

a::INT

a::DECIMAL(10, 2)::STRING

(a + b)::BIGINT[1]

CAST(a AS VARCHAR)

TRY_CAST(a + 1 AS ARRAY<STRUCT<x INT, "Y" MAP<STRING, DOUBLE>>>)

CASE WHEN a THEN 1 END

CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE 'z' END

CASE WHEN a THEN CASE b WHEN 1 THEN 2 END ELSE 3 END + 1

EXTRACT(HOUR FROM ts)

extract(epoch from a - b)

TRIM(a)

TRIM(BOTH 'x' FROM a)

TRIM(LEADING FROM a)

trim(trailing ' ' || b from a)

TRIM('x' FROM a)

TRIM(leading)

POSITION('a' IN b)

POSITION(a, b)

POSITION('x' || a IN b)

POSITION(UPPER(a) IN b)

POSITION(a + 1 IN (b))

POSITION((a = b) IN c)

POSITION(CASE WHEN a IN (1) THEN b END, c)

POSITION(CASE WHEN a IN (1) THEN b END IN c)

JOIN(',', a, b)

SUBSTRING(a FROM 2 FOR 3)

SUBSTRING(a FROM 2)

SUBSTR(a, 2)

SUBSTRING(a, 2, 3)

ARRAY[1, 2, 3]

ARRAY[]

ARRAY[ARRAY[1], ARRAY[]]

MAP{'k': 1, 'l': a + b}

MAP('k' := v)

MAP{}

STRUCT(a := 1, b := 'x')

STRUCT(a := STRUCT(b := 1))->a->b

EXISTS (SELECT 1 FROM t)

NOT EXISTS (SELECT 1)

(SELECT MAX(a) FROM t)

((SELECT 1))

((SELECT 1) + 2)

((SELECT 1) UNION (SELECT 2))

(SELECT 1) + (SELECT 2)

values + 1

(values)

CURRENT_TIMESTAMP

CURRENT_TIMESTAMP()

current_date

localtimestamp
