"""The md5 sums of ``inventory.xml``, and which of them bind the bytes in the archive.

Writer: inventory_entry() and md5sum() in xen-bugtool (status-report).

* The output of a command is hashed from the very buffer that is packed (ProcOutputAndArchive,
  collect_data()): its sum binds. These files are the ones without a folder: ``lvs.out``.
* Of a real file md5sum_file() reads the *live* file again when all else is collected. A log that
  is being written has grown by then: its sum never says anything.
* A rotated log is closed, so its file is the same minutes later, unless logrotate ran in between:
  then every number of the family names another file. That cannot be told from a cut file, and it
  is no lesser fault: a log that rotated while its files were copied one after the other may be in
  the report twice or not at all. So another sum is damage there too, and the reason says both.
"""

import hashlib
from collections.abc import Mapping

from analyzer.bundle._stream import Loss, Stream
from analyzer.bundle.names import log_name, place

OTHER_SUM = "its md5 sum is not the one in inventory.xml: it was cut or changed since"
ROTATED_ANEW = (
    f"{OTHER_SUM}, or the log was rotated while the report was made, and lines may be missing "
    "between its files"
)


class Hashed:
    """A stream whose bytes are hashed on their way."""

    def __init__(self, inner: Stream) -> None:
        self._inner = inner
        self._sum = hashlib.md5(usedforsecurity=False)
        self._ended = False

    @property
    def loss(self) -> Loss | None:
        """Return why reading ended early, None as long as it did not."""
        return self._inner.loss

    @property
    def md5(self) -> str:
        """Return the sum of all bytes, "" until the end was met."""
        return self._sum.hexdigest() if self._ended and self.loss is None else ""

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        block = self._inner.read(size)
        self._sum.update(block)
        self._ended = self._ended or not block
        return block


def has_binding_sum(path: str) -> bool:
    """Tell whether the sum of a file binds what the archive holds of it.

    >>> has_binding_sum("lvs.out"), has_binding_sum("var/log/SMlog.2.gz")
    (True, True)
    >>> has_binding_sum("var/log/SMlog"), has_binding_sum("etc/xensource/pool.conf")
    (False, False)
    """
    log = log_name(path)
    return log.rotation > 0 if log is not None else "/" not in path


def binding_sums(sums: Mapping[str, str]) -> Mapping[str, str]:
    """Return the sums that bind by path, of sums by the name in the archive."""
    placed = ((place(name).path, md5) for name, md5 in sums.items())
    return {path: md5 for path, md5 in placed if has_binding_sum(path)}
