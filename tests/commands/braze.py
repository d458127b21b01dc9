"""A stand-in of Braze for the documented commands: accepts every object of /users/track and counts them.

usage: braze.py PORT
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Braze(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        objects = json.loads(self.rfile.read(int(self.headers["Content-Length"]))).get("attributes", [])
        if self.headers.get("Authorization") != "Bearer documented-key":
            status, answer = 401, {"message": "Invalid API key"}
        elif objects:
            status, answer = 201, {"message": "success", "attributes_processed": len(objects)}
        else:
            status, answer = 400, {"message": "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Nothing: the functions' reports say what was sent."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Braze).serve_forever()
