42

-0.5

.5

5.

1e5

1.5E-3

123456789012345678901234567890

'it''s'

''

'größe
over two lines'

NULL

true

False

DATE '2026-01-31'

time '12:30:00'

TIMESTAMP '2026-01-31 12:30:00.5'

INTERVAL '5' MINUTE

interval 5 minutes

INTERVAL -5 MINUTE

INTERVAL '-1.5' HOURS

INTERVAL '1 hour 30 minutes'

INTERVAL '2 months'

INTERVAL '90'

5m

ts + 1.5h

500ms

- -1

+1
