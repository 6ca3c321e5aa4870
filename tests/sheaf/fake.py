"""A program that is ready at once; GET /fall ends it, and SIGTERM too unless told `stubborn`."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/fall":
            os._exit(3)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


if "fails" in sys.argv:
    sys.exit("it cannot work like this")
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: (print("asked to end", flush=True), os._exit(0)))
if "parent" in sys.argv and os.fork() == 0:
    signal.pause()
print("listening", os.getpid(), flush=True)
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
