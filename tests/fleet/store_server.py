"""An object store on loopback: as much of S3 as listing and reading need."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import MappingProxyType
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class _Handler(BaseHTTPRequestHandler):
    bucket = ""
    objects: Mapping[str, bytes] = MappingProxyType({})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        name = unquote(parts.path).removeprefix(f"/{self.bucket}").lstrip("/")
        if not name:
            self._send(200, _listed(self.bucket, self.objects, parse_qs(parts.query)))
        elif name in self.objects:
            self._object(self.objects[name])
        else:
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>")

    do_HEAD = do_GET  # noqa: N815 - the name that http.server asks for

    def _object(self, data: bytes) -> None:
        asked = self.headers.get("Range", "").removeprefix("bytes=")
        if not asked:
            self._send(200, data)
            return
        first, last = asked.split("-")
        begin, end = int(first), min(int(last or len(data) - 1), len(data) - 1)
        self._send(206, data[begin : end + 1], f"bytes {begin}-{end}/{len(data)}")

    def _send(self, status: int, body: bytes, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Fri, 22 Nov 2024 09:06:01 GMT")
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def object_store(bucket: str, objects: Mapping[str, bytes]) -> Iterator[str]:
    """Serve the objects of one bucket, and give the endpoint's URL."""
    own = type("Handler", (_Handler,), {"bucket": bucket, "objects": objects})
    server = ThreadingHTTPServer(("127.0.0.1", 0), own)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _listed(bucket: str, objects: Mapping[str, bytes], asked: dict[str, list[str]]) -> bytes:
    prefix = asked.get("prefix", [""])[0]
    found = {name: data for name, data in objects.items() if name.startswith(prefix)}
    rows = "".join(
        f"<Contents><Key>{escape(name)}</Key><Size>{len(data)}</Size><ETag>1</ETag>"
        "<LastModified>2024-11-22T09:06:01.000Z</LastModified></Contents>"
        for name, data in sorted(found.items())
    )
    return (
        f'<?xml version="1.0"?><ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}'
        f"</Prefix><KeyCount>{len(found)}</KeyCount><IsTruncated>false</IsTruncated>{rows}"
        "</ListBucketResult>"
    ).encode()
