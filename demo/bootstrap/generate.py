#!/usr/bin/env python3
"""Makes data/ and web/ anew: the same files every time. Needs `pip install pyarrow`; the demo itself does not need this."""

import csv
import json
import random
import sqlite3
from decimal import Decimal
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet as parquet

HERE = Path(__file__).parent
DATA, WEB = HERE / "data", HERE / "web"
CUSTOMERS, PRODUCTS, SUPPLIERS = 500, 120, 24
ORDERS_A_DAY, DAYS, CLICKS = 1500, 4, 40

COUNTRIES = [
    ("AT", "Austria", "Europe", "EUR"), ("BR", "Brazil", "Americas", "USD"), ("CA", "Canada", "Americas", "CAD"),
    ("CH", "Switzerland", "Europe", "CHF"), ("DE", "Germany", "Europe", "EUR"), ("FR", "France", "Europe", "EUR"),
    ("GB", "United Kingdom", "Europe", "GBP"), ("IN", "India", "Asia", "USD"), ("JP", "Japan", "Asia", "JPY"),
    ("US", "United States", "Americas", "USD"),
]
RATES = {"EUR": "1.0000", "USD": "0.9200", "GBP": "1.1700", "CHF": "1.0400", "JPY": "0.0061", "CAD": "0.6800"}
CATEGORIES = ["books", "garden", "kitchen", "music", "tools", "toys"]


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_json_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def customers(draw):
    path = DATA / "crm.sqlite"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT, tier TEXT)")
    rows = [
        (number, f"customer {number}", draw.choice(COUNTRIES)[0], draw.choice(["basic", "basic", "plus", "gold"]))
        for number in range(1, CUSTOMERS + 1)
    ]
    database.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", rows)
    database.commit()
    database.execute("VACUUM")
    database.close()


def products(draw):
    columns = {
        "sku": [f"P{number:03}" for number in range(PRODUCTS)],
        "category": [draw.choice(CATEGORIES) for _ in range(PRODUCTS)],
        "supplier_id": [draw.randrange(SUPPLIERS) for _ in range(PRODUCTS)],
        "price": [Decimal(draw.randrange(199, 19999)) / 100 for _ in range(PRODUCTS)],
    }
    schema = arrow.schema([
        ("sku", arrow.string()), ("category", arrow.string()),
        ("supplier_id", arrow.int64()), ("price", arrow.decimal128(8, 2)),
    ])
    parquet.write_table(arrow.table(columns, schema=schema), DATA / "products.parquet")
    return columns["sku"]


def orders(draw, skus):
    number = 0
    for day in range(1, DAYS + 1):
        rows = []
        for second in sorted(draw.sample(range(86_400), ORDERS_A_DAY)):
            number += 1
            time = f"2024-05-{day:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
            customer = int(min(draw.paretovariate(0.6) * 5, CUSTOMERS))
            rows.append((number, time, customer, draw.choice(skus), draw.randrange(1, 5)))
        write_csv(DATA / "orders" / f"2024-05-{day:02}.csv", ["id", "ordered_at", "customer_id", "sku", "quantity"], rows)
    return number


def main():
    draw = random.Random(20240501)
    write_csv(DATA / "countries.csv", ["code", "country", "region", "currency"], COUNTRIES)
    customers(draw)
    skus = products(draw)
    count = orders(draw, skus)
    returned = sorted(draw.sample(range(1, count + 1), count // 20))
    reasons = ["broken", "late", "wrong size", "changed mind"]
    write_json_lines(DATA / "returns.jsonl", ({"order_id": order, "reason": draw.choice(reasons)} for order in returned))
    rates = [{"currency": currency, "rate": float(rate)} for currency, rate in RATES.items()]
    (WEB / "rates.json").write_text(json.dumps({"day": "2024-05-04", "rates": rates}, indent=1) + "\n")
    suppliers = [{"id": id, "supplier": f"supplier {id}", "lead_days": draw.randrange(1, 21)} for id in range(SUPPLIERS)]
    (WEB / "suppliers.json").write_text(json.dumps(suppliers, indent=1) + "\n")
    clicks = (
        {"at": f"2024-05-05T09:{number // 2:02}:{number % 2 * 30:02}Z", "customer_id": draw.randrange(1, CUSTOMERS + 20),
         "sku": draw.choice(skus + ["P999"])}
        for number in range(CLICKS)
    )
    write_json_lines(DATA / "clicks.jsonl", clicks)


main()
