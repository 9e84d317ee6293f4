-- SQL Application: Shop
-- Version: 1.2.0
-- Author: me
-- @metric: not_special
SELECT 1;

-- @name: first
-- @metric: orders_total
-- @metric_type: counter
SELECT 1;
-- @name: second
SELECT 2;

SELECT a -- @tag: inside
FROM t;

-- just a comment
/* -- @name: not an annotation */
SELECT '-- @name: nor this';
