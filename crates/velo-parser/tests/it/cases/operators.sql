a OR b AND c

(a OR b) AND c

a OR b OR c

a OR (b OR c)

NOT a = 1

(NOT a) = 1

NOT NOT a

NOT a AND b

NOT (a AND b)

a = NOT b

a AND NOT b = c

a = b = c

a < b AND b <= c AND c > d AND d >= e

a <> b OR a != c

a IS NULL

a IS NOT NULL

a + 1 IS NOT NULL

NOT a IS NULL

a IS TRUE

a IS NOT FALSE

a IS UNKNOWN

a IS DISTINCT FROM b

a IS NOT DISTINCT FROM b + 1

a IN (1, 2, 3)

a NOT IN ('x')

a IN (SELECT b FROM t)

a NOT IN ((SELECT 1))

a IN ((SELECT 1), 2)

a BETWEEN 1 AND 2 AND b

a NOT BETWEEN b + 1 AND c || d

a BETWEEN (b AND c) AND d

a LIKE 'x%'

a NOT LIKE 'x!%' ESCAPE '!'

a ILIKE b || '%'

a NOT ILIKE 'x'

a ~ '^[0-9]+$'

a || b || c

a || (b || c)

a + b - c

a - (b - c)

a - (b + c) * d

a * b / c % d DIV e

a + b * c ^ d

a ^ b ^ c

a ^ (b ^ c)

-a ^ 2

-(a ^ 2)

-a * b

-(a * b)

- (-a)

a - -b

a+-1

+(+a)

-a.b[1]

(a = b) IS NULL

a = b IS NULL

a = (b IS NULL)

a > ANY (SELECT b FROM t)

a = SOME (SELECT b FROM t)

a <> ALL (VALUES (1), (2))

(a, b) = (1, 2)

(a, b) IN ((1, 2), (3, 4))

((((a))))

(a OR b) = (c AND d)
