"""A plain client of an API server, as quick as the standard library allows: some connections, each in a thread of its own."""

import base64
import http.client
import json
import queue
import ssl
import threading
import urllib.parse

GROUP = "/apis/headwater.dev/v1alpha1"
CONNECTIONS = 8
MERGE = "application/merge-patch+json"


class Api:
    def __init__(self, address, authority, token):
        self.address, self.authority, self.token = urllib.parse.urlsplit(address), authority, token
        self.context = ssl.create_default_context(cadata=authority)

    @classmethod
    def of(cls, kubeconfig):
        """The server of a kubeconfig as `scripts/kubernetes` writes it: YAML with one value in each line."""
        text = kubeconfig.read_text()
        line = lambda key: next(it.split(key, 1)[1].strip() for it in text.splitlines() if key in it)
        authority = base64.b64decode(line("certificate-authority-data:")).decode()
        return cls(line("server:"), authority, line("user: {token:").strip(' "}'))

    def with_token(self, token):
        return Api(urllib.parse.urlunsplit(self.address), self.authority, token)

    def kubeconfig(self, namespace):
        """What programs are told of this server."""
        cluster = {"server": urllib.parse.urlunsplit(self.address),
                   "certificate-authority-data": base64.b64encode(self.authority.encode()).decode()}
        return json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": cluster}],
            "users": [{"name": "bench", "user": {"token": self.token}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench", "namespace": namespace}}],
        })

    def connect(self):
        return http.client.HTTPSConnection(self.address.hostname, self.address.port, context=self.context)

    def ask(self, method, path, body=None, kind="application/json", connection=None):
        """What is answered. Anything but success ends the program."""
        own = connection or self.connect()
        body = None if body is None else json.dumps(body)
        own.request(method, path, body, {"Authorization": f"Bearer {self.token}", "Content-Type": kind})
        answer = own.getresponse()
        text = answer.read()
        if not 200 <= answer.status < 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()[:500]}")
        if connection is None:
            own.close()
        return text

    def get(self, path):
        return json.loads(self.ask("GET", path))

    def all(self, requests):
        """Makes all these requests, some at a time; ends with the last one."""
        todo = queue.SimpleQueue()
        for request in requests:
            todo.put(request)
        failed = []

        def work():
            connection = self.connect()
            try:
                while True:
                    self.ask(*todo.get_nowait(), connection=connection)
            except queue.Empty:
                pass
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]

    def watch(self, path):
        """Begins to watch, and gives the events as they come."""
        version = self.get(path)["metadata"]["resourceVersion"]
        connection = self.connect()
        connection.request("GET", f"{path}?watch=true&resourceVersion={version}",
                           headers={"Authorization": f"Bearer {self.token}"})
        answer = connection.getresponse()

        def events():
            while line := answer.readline():
                yield json.loads(line)

        return events()
