-- Delimiters, quotes, headers, line ends and a byte order mark. By hand.
CREATE STREAM semicolons (id BIGINT, name STRING, note STRING)
WITH (path = 'semicolons.csv', delimiter = ';', quote = '''');
CREATE STREAM plain (id BIGINT, name STRING) WITH (path = 'plain.txt', format = 'csv_no_header', skip_lines = 1);
CREATE STREAM windows (name STRING, id BIGINT) WITH (path = 'windows.csv');
CREATE STREAM tabs (id BIGINT, name STRING) WITH (path = 'tabs.csv', delimiter = '\t', max_records = 1);

CREATE STREAM from_semicolons AS SELECT * FROM semicolons;
CREATE STREAM from_plain AS SELECT * FROM plain;
CREATE STREAM from_windows AS SELECT * FROM windows;
CREATE STREAM from_tabs AS SELECT * FROM tabs;
