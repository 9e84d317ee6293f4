#!/usr/bin/env python3
"""A small web shop: /rates, and /suppliers in pages. Prints its port, and serves until its input ends.

Each answer takes a moment, as on the web, so that there is something to see."""

import hashlib
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

WEB = Path(__file__).parent / "web"
SECONDS_AN_ANSWER = 0.4
PAGE_SIZE = 6


def answer(target):
    """The document at a target; none if there is no such thing."""
    url = urlsplit(target)
    if url.path == "/rates":
        return (WEB / "rates.json").read_bytes()
    if url.path == "/suppliers":
        page = int(parse_qs(url.query).get("page", ["1"])[0])
        suppliers = json.loads((WEB / "suppliers.json").read_text())
        return json.dumps(suppliers[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]).encode()
    return None


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(SECONDS_AN_ANSWER)
        document = answer(self.path)
        if document is None:
            self.send_error(404)
            return
        tag = f'"{hashlib.sha256(document).hexdigest()[:16]}"'
        is_known = self.headers.get("If-None-Match") == tag
        self.send_response(304 if is_known else 200)
        self.send_header("ETag", tag)
        if not is_known:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(document)))
        self.end_headers()
        if not is_known:
            self.wfile.write(document)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
