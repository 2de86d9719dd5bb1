"""What has been read of an archive, held against the budget."""

from analyzer.bundle._stream import Loss, Stream
from analyzer.bundle.budget import Budget


class Meter:
    """Counts of one pass over one archive. ``taken`` are bytes of the archive as given.

    ``exhausted`` turns True when a limit on all of it is met: then nothing more is read.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.taken = 0
        self.spent = 0
        self.members = 0
        self.archives = 0
        self.exhausted = False

    def take(self, size: int) -> None:
        """Count bytes of the archive as given; the ratio is measured against them."""
        self.taken += size

    def spend(self, size: int) -> Loss | None:
        """Count decompressed bytes; return the limit that this goes past, if one."""
        self.spent += size
        loss = None
        if self.spent > self.budget.total:
            loss = over("bytes in all", self.budget.total, "--max-total")
        elif self.spent > max(self.budget.ratio_floor, self.budget.ratio * self.taken):
            loss = over("times the size of the archive", self.budget.ratio, "--max-ratio")
        self.exhausted = self.exhausted or loss is not None
        return loss

    def another_member(self) -> Loss | None:
        """Count an entry; return the limit that this goes past, if one."""
        self.members += 1
        if self.members > self.budget.members:
            self.exhausted = True
            return over("members", self.budget.members, "--max-members")
        return None

    def another_archive(self, depth: int) -> Loss | None:
        """Count an archive inside the archive, `depth` of them inside each other."""
        if depth > self.budget.depth:
            return over("archives inside each other", self.budget.depth, "--max-depth")
        self.archives += 1
        if self.archives > self.budget.archives:
            return over("archives inside the archive", self.budget.archives, "--max-archives")
        return None


class Metered:
    """A stream whose bytes are counted, and which ends at the limit."""

    def __init__(self, inner: Stream, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter
        self._loss: Loss | None = None

    @property
    def loss(self) -> Loss | None:
        """Return the limit that was met, or why the stream below ended."""
        return self._loss or self._inner.loss

    def read(self, size: int) -> bytes:
        """Return the next bytes, those that went past the limit not."""
        if self._loss is not None:
            return b""
        block = self._inner.read(size)
        self._loss = self._meter.spend(len(block)) if block else None
        return b"" if self._loss is not None else block


def over(what: str, limit: int, option: str) -> Loss:
    """Return the loss that the limit of `limit` `what` causes, which `option` raises, if one."""
    higher = f"run again with a higher {option} if you trust the archive"
    return Loss(
        why=f"our limit of {limit:,} {what} was reached",
        settle_with=higher if option else "make a new report: no report comes near this limit",
        over_budget=True,
    )
