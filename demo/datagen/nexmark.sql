-- An auction house: for every category, how many auctions 10,000 events of Nexmark hold.
CREATE STREAM auction WITH (type = 'nexmark_source', table = 'auction', 'number.of.events' = 10000);

CREATE STREAM categories AS
SELECT category, COUNT(*) AS auctions
FROM auction
GROUP BY category
EMIT FINAL;
