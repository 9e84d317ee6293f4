-- @job_mode simple
SELECT 1;

SELECT 1;
-- @name: nothing below
