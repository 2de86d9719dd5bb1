"""The stamps of all lines of a chunk at once, where all of them are ``Mmm dd HH:MM:SS``."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.parsers.scan.syslog import MONTHS, USUAL_HEAD

DAYS_BEFORE = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)  # in a leap year
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PLACES = np.arange(USUAL_HEAD)
_BLANK, _COLON, _ZERO, _LF = b" :0\n"
_SEPARATORS = ((3, _BLANK), (6, _BLANK), (9, _COLON), (12, _COLON), (15, _BLANK))
_DIGITS = [5, 7, 8, 10, 11, 13, 14]


class Stamps(NamedTuple):
    """Where each line begins, and its time in seconds of a nominal leap year."""

    starts: npt.NDArray[np.int64]
    seconds: npt.NDArray[np.int64]


def _number_of_month(letters: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return a number for the three letters of a month."""
    return (letters[..., 0] << 16) | (letters[..., 1] << 8) | letters[..., 2]


_KEYS = _number_of_month(np.array([list(name.encode()) for name in MONTHS], np.int32))
_ORDER = np.argsort(_KEYS)
_SORTED = _KEYS[_ORDER]
_BEFORE = np.array(DAYS_BEFORE, np.int64)[_ORDER]
_LENGTH = np.array(_DAYS, np.int32)[_ORDER]


def stamps_of(chunk: bytes) -> Stamps | None:
    r"""Return the stamps of a chunk of whole lines, None if one of them is another or none.

    >>> stamps_of(b"Jan  2 00:00:01 a b: c\nJan  2 00:01:00 a b: d\n")[1].tolist()
    [172801, 172860]
    """
    content = np.frombuffer(chunk, np.uint8)
    ends = np.flatnonzero(content == _LF)
    if not len(ends) or ends[-1] + 1 < len(chunk):
        return None
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (ends - starts).min() < USUAL_HEAD:
        return None
    head = content[starts[:, None] + _PLACES].astype(np.int32)
    if any((head[:, place] != byte).any() for place, byte in _SEPARATORS):
        return None
    digits = head - _ZERO
    tens = np.where(head[:, 4] == _BLANK, 0, digits[:, 4])
    if (digits[:, _DIGITS] < 0).any() or (digits[:, _DIGITS] > 9).any() or (tens < 0).any():  # noqa: PLR2004  digits
        return None
    month = np.searchsorted(_SORTED, keys := _number_of_month(head)).clip(max=len(MONTHS) - 1)
    day = tens * 10 + digits[:, 5]
    hour, minute, second = (digits[:, n] * 10 + digits[:, n + 1] for n in (7, 10, 13))
    legal = (
        (_SORTED[month] == keys)
        & ((day >= 1) & (day <= _LENGTH[month]))
        & ((hour < 24) & (minute < 60) & (second <= 60))  # noqa: PLR2004  a clock
    )
    if not legal.all():
        return None
    days = _BEFORE[month] + day
    return Stamps(starts, ((days * 24 + hour) * 60 + minute) * 60 + second)
