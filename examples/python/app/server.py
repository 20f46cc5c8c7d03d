"""The delivery dates of orders: GET /orders/NUMBER. DELIVERY chooses how they are computed.

It needs Python 3.9 or later, and no package.
"""

import json
import os
import re
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Days until an order arrives, by the last digit of its number.
RULES = {
    "standard": lambda number: 5,
    "express": lambda number: 2 if number % 10 < 5 else 3,
}

delivery = os.environ.get("DELIVERY", "standard")
if delivery not in RULES:
    sys.exit(f"DELIVERY is {delivery}, and not one of {', '.join(RULES)}")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/healthz":
            return self.answer(200, {"ok": True})
        match = re.fullmatch(r"/orders/([0-9]{1,9})", self.path)
        if match is None:
            return self.answer(404, {"error": "there is no such order"})
        number = int(match[1])
        return self.answer(200, {"order": number, "days": RULES[delivery](number), "delivery": delivery})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Requests are not logged."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server((os.environ.get("HOST", ""), int(sys.argv[1] if len(sys.argv) > 1 else "8080")), Handler)
# Knative sends SIGTERM and waits until the requests in progress are answered.
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
