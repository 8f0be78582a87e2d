"""An issuer of API keys that secretstack's webhook target can rotate, with Python's standard library alone.

    SIGNING_KEYS="whsec_..." ISSUING_KEY="..." python3 webhook_receiver.py keys.db 8080

SIGNING_KEYS are the keys that requests may be signed with, separated by spaces: two while one replaces the other.
ISSUING_KEY is the issuer's own. An API key is derived from it, so the same token gives the same key at any time, and
the database holds hashes only. Put a proxy with TLS before it: it listens on this machine alone.
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WINDOW = 5 * 60  # seconds
LIMIT = 64 * 1024  # bytes
SIGNING_KEYS = [base64.b64decode(key.removeprefix("whsec_")) for key in os.environ["SIGNING_KEYS"].split()]
ISSUING_KEY = os.environ["ISSUING_KEY"].encode()


def signed(headers, body):
    """Tells whether one of the keys signed the request, at most five minutes from now."""
    message, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message or "." in message or not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > WINDOW:
        return False
    for key in SIGNING_KEYS:
        mac = hmac.new(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        want = b"v1," + base64.b64encode(mac)
        if any(hmac.compare_digest(want, got.encode()) for got in headers.get("webhook-signature", "").split()):
            return True
    return False


def answer(db, asked):
    """Does what is asked; None is for an action that is not known."""
    secret = asked["secret"]
    if asked["action"] == "mint":
        derived = hmac.new(ISSUING_KEY, json.dumps([secret, asked["token"]]).encode(), hashlib.sha256).digest()
        credential = "sk_" + base64.urlsafe_b64encode(derived).decode().rstrip("=")
        db.execute("INSERT OR IGNORE INTO keys VALUES (?, ?, TRUE)", (digest(credential), secret))
        return {"credential": credential}
    if asked["action"] == "revoke":
        db.execute("UPDATE keys SET valid = FALSE WHERE digest = ? AND secret = ?", (digest(asked["credential"]), secret))
        return {"valid": False}
    if asked["action"] == "verify":
        found = db.execute("SELECT valid FROM keys WHERE digest = ? AND secret = ?", (digest(asked["credential"]), secret))
        return {"valid": found.fetchone() == (1,)}
    return None


def digest(credential):
    return hashlib.sha256(credential.encode()).hexdigest()


class Receiver(BaseHTTPRequestHandler):
    timeout = 10  # seconds

    def do_POST(self):
        length = int(self.headers.get("content-length", LIMIT + 1))
        if length > LIMIT:
            return self.send(413)
        body = self.rfile.read(length)
        if not signed(self.headers, body):
            return self.send(401)
        try:
            with sqlite3.connect(sys.argv[1]) as db:  # a transaction, committed unless there is an exception
                got = answer(db, json.loads(body))
        except (KeyError, TypeError, ValueError):
            got = None
        return self.send(400) if got is None else self.send(200, got)

    def send(self, status, got=None):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.end_headers()
        if got is not None:
            self.wfile.write(json.dumps(got).encode())


if __name__ == "__main__":
    with sqlite3.connect(sys.argv[1]) as keys:
        keys.execute("CREATE TABLE IF NOT EXISTS keys (digest TEXT PRIMARY KEY, secret TEXT NOT NULL, valid BOOLEAN NOT NULL)")
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Receiver)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
