-- BYTES are bytes: `||` and functions of text give BYTES of BYTES, whether they are UTF-8 or not, and count bytes. PostgreSQL
-- says so of its bytea; `b` is AA, `c` is BB CC, `t` the text "AB" as bytes.
CREATE STREAM bytes (b BYTES, c BYTES, t BYTES, none BYTES) WITH (path = 'bytes.jsonl');
SELECT b || b AS twice, b || c AS both_, b || none AS nothing, t || t AS of_text,
       CONCAT(b, none, c) AS concat_, LENGTH(b || c) AS length_, OCTET_LENGTH(c) AS octets,
       SUBSTRING(c, 2) AS from_second, SUBSTRING(b || c, 1, 2) AS first_two, SUBSTRING(b || c, -1, 1) AS last_,
       LEFT(c, 1) AS left_, RIGHT(c, 1) AS right_, RIGHT(c, -1) AS without_first,
       LPAD(b, 3, c) AS lpad_, RPAD(b, 4, c) AS rpad_, LPAD(c, 1, b) AS cut_, REPEAT(b, 2) AS repeated,
       MD5(b) AS md5_, ENCODE(c, 'hex') AS hex_, CAST(t AS STRING) AS text_, CAST('AB' AS BYTES) = t AS equal_
FROM bytes;
