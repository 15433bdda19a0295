"""A small OpenID Connect provider on this computer, for trying the app's sign-in: it lets in whoever presses its button."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET, WHO = "flowsim-test", "not a secret", "analyst@example.nhs.uk"


class _Provider(ThreadingHTTPServer):
    """Knows one client, and the codes that it has given out with the nonce of each."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}, private=True)
        self.nonce_of: dict[str, str] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    server: _Provider

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        given = {name: values[0] for name, values in parse_qs(asked.query).items()}
        if asked.path == "/.well-known/openid-configuration":
            self._say(self._configuration())
        elif asked.path == "/keys":
            self._say({"keys": [self.server.key.as_dict(private=False)]})
        elif asked.path == "/authorize" and given.get("client_id") == CLIENT:
            code = secrets.token_urlsafe()
            self.server.nonce_of[code] = given.get("nonce", "")
            back = f"{given['redirect_uri']}?{urlencode({'code': code, 'state': given['state']})}"
            self._say(f"<h1>Provider</h1><a href='{back.replace('&', '&amp;')}'>I am {WHO}</a>")
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        given = {name: values[0] for name, values in parse_qs(body).items()}
        nonce = self.server.nonce_of.pop(given.get("code", ""), None)
        if self.path != "/token" or nonce is None:
            self.send_error(400)
            return
        now = int(time.time())
        claims = {
            "iss": self.server.address, "aud": CLIENT, "sub": "1", "email": WHO, "name": "An analyst",
            "nonce": nonce, "iat": now, "exp": now + 600,
        }  # fmt: skip
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.server.key)
        self._say({"access_token": "a", "token_type": "Bearer", "expires_in": 600, "id_token": token})

    def _configuration(self) -> dict[str, object]:
        here = self.server.address
        return {
            "issuer": here, "authorization_endpoint": f"{here}/authorize", "token_endpoint": f"{here}/token", "jwks_uri": f"{here}/keys",
            "response_types_supported": ["code"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
        }  # fmt: skip

    def _say(self, what: object) -> None:
        is_page = isinstance(what, str)
        body = (what if isinstance(what, str) else json.dumps(what)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if is_page else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def provided() -> Iterator[str]:
    """The provider at work; gives its address."""
    provider = _Provider()
    thread = threading.Thread(target=provider.serve_forever)
    thread.start()
    try:
        yield provider.address
    finally:
        provider.shutdown()
        thread.join()
        provider.server_close()
