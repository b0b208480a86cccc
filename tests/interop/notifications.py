"""Is told by `headwater controller`, as a mail server and as a webhook.

    notifications.py HEADWATER

Starts a controller on a repository of its own, and ends it when everything has been told.
"""

import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import queue
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

PATIENCE = 120
KEY, USER, PASSWORD = "a key", "headwater", "very secret"

MANIFESTS = """\
apiVersion: headwater.dev/v1alpha1
kind: Site
metadata: {name: one}
spec: {siteCode: ONE, type: Primary, mode: Mixed, version: "2403", siteServer: server}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {name: server}
spec: {site: one, address: server.contoso.example}
---
apiVersion: headwater.dev/v1alpha1
kind: Notification
metadata: {name: people}
spec:
  to:
    email:
      server: localhost
      port: %(mail)d
      from: headwater@contoso.example
      to: [ada@contoso.example, grace@contoso.example]
      userFile: user
      passwordFile: password
  on: [Converged]
---
apiVersion: headwater.dev/v1alpha1
kind: Notification
metadata: {name: program}
spec:
  to: {webhook: {url: "http://127.0.0.1:%(web)d/told", secretFile: key}}
  on: [Converged]
"""


class Mailbox:
    def __init__(self):
        self.taken = queue.Queue()

    async def handle_DATA(self, server, session, envelope):
        self.taken.put((envelope, session.ssl is not None, session.authenticated))
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right)


class Webhook(http.server.BaseHTTPRequestHandler):
    posted = queue.Queue()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Webhook.posted.put((self.path, dict(self.headers), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def git(directory, *arguments):
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@contoso.example"]
    subprocess.run(["git", *who, *arguments], cwd=directory, check=True)


def certificate(directory):
    files = ["-keyout", directory / "key.pem", "-out", directory / "cert.pem"]
    wanted = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    # An authority does not show its own certificate.
    wanted += ["-addext", "basicConstraints=critical,CA:FALSE"]
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*new, *files, *wanted], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "cert.pem", directory / "key.pem")
    return context


def free_port():
    # The mail server does not take 0 for any port.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def check_mail(mailbox):
    envelope, over_tls, logged_in = mailbox.taken.get(timeout=PATIENCE)
    assert over_tls and logged_in
    assert envelope.mail_from == "headwater@contoso.example"
    assert envelope.rcpt_tos == ["ada@contoso.example", "grace@contoso.example"]
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert not mail.defects and not any(header.defects for header in mail.values()), mail.defects
    assert mail["Subject"] == "[Headwater] Info: Converged", mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"].datetime
    assert [it.addr_spec for it in mail["To"].addresses] == envelope.rcpt_tos
    text = mail.get_content()
    assert text.startswith("Info: Converged: the hierarchy is as commit "), text


def check_webhook():
    path, headers, body = Webhook.posted.get(timeout=PATIENCE)
    expected = hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()
    assert path == "/told" and headers["x-headwater-signature"] == f"sha256={expected}", headers
    told = json.loads(body)
    assert told["id"] == headers["x-headwater-delivery"]
    assert [it["event"] for it in told["events"]] == ["Converged"], told


def main():
    [headwater] = sys.argv[1:]
    # That the check asks for a login only over TLS is what it is told to do.
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        mailbox = Mailbox()
        mail = Controller(
            mailbox, hostname="127.0.0.1", port=free_port(), tls_context=certificate(directory),
            require_starttls=True, authenticator=authenticate, auth_required=True,
        )
        mail.start()
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        ports = {"mail": mail.port, "web": web.server_port}
        repository, data = directory / "repository", directory / "data"
        repository.mkdir()
        (repository / "headwater.yaml").write_text(MANIFESTS % ports)
        git(repository, "init", "--quiet", "--initial-branch=main")
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "--message=a change")
        secrets = data / "secrets" / "notifications"
        secrets.mkdir(parents=True)
        for name, secret in [("key", KEY), ("user", USER), ("password", PASSWORD)]:
            (secrets / name).write_text(f"{secret}\n")
        (data / "certificates").mkdir()
        trusted = data / "certificates" / "trusted.pem"
        trusted.write_text((directory / "cert.pem").read_text())
        source = f"git+file://{repository}"
        command = [headwater, "--data", data, "controller", "--source", source, "--every", "1s"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as controller:
            try:
                check_mail(mailbox)
                check_webhook()
            finally:
                controller.terminate()
        mail.stop()
        assert controller.returncode == 0, controller.returncode
        remembered = (data / "notifications.json").read_text()
        assert PASSWORD not in remembered and KEY not in remembered
        assert os.stat(data / "notifications.json").st_mode & 0o077 == 0
    print("told by mail and by webhook, as it should be")


if __name__ == "__main__":
    main()
