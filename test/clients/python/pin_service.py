"""Stand-in for the public upload service of the SDK, whose address is a constant in it.

It is reached through what the SDK's HTTP library reads from the environment: a proxy, and the certificates to trust. What
was uploaded is served over plain HTTP, as the public gateway does over TLS.
"""

import hashlib
import json
import os
import ssl
import subprocess
from pathlib import Path

from local_http import LocalHandler, serve

HOST = "capi.ogpuscan.io"
CERTIFICATE = f"""
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = {HOST}
[extensions]
subjectAltName = DNS:{HOST}
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
subjectKeyIdentifier = hash
"""


def start(folder: Path) -> str:
    """Starts it and points this process at it; the base address of what it serves. Needs the program `openssl`."""
    (folder / "openssl.cnf").write_text(CERTIFICATE)
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -config openssl.cnf -keyout key.pem -out certificate.pem"
    subprocess.run(make.split(), cwd=folder, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    kept: dict[str, bytes] = {}

    class Handler(LocalHandler):
        def do_CONNECT(self) -> None:
            if self.path != f"{HOST}:443":
                return self.send_error(502)
            self.send_response(200)
            self.end_headers()
            with tls.wrap_socket(self.connection, server_side=True) as inner:
                type(self)(inner, self.client_address, self.server)
            self.close_connection = True

        def do_POST(self) -> None:
            # One field, `file`: what lies between the part's head and the last boundary.
            content = self.body().split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
            name = "Qm" + hashlib.sha256(content).hexdigest()[:44]
            kept[name] = content
            self.answer(200 if self.path == "/file/create" else 404, json.dumps({"link": f"{base}/ipfs/{name}"}).encode())

        def do_GET(self) -> None:
            content = kept.get(self.path.removeprefix("/ipfs/"))
            self.answer(404 if content is None else 200, content or b"")

    base = f"http://127.0.0.1:{serve(Handler).server_port}"
    os.environ["HTTPS_PROXY"] = base
    os.environ["REQUESTS_CA_BUNDLE"] = str(folder / "certificate.pem")
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    return base
