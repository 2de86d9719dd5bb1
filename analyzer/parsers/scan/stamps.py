"""The stamps of all lines of a chunk at once, where all of them are of one form.

That is ``Mmm dd HH:MM:SS``, or RFC 3339 with as many digits of a fraction, and the same zone.
"""

import re
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.parsers.scan.line_ends import line_ends
from analyzer.parsers.scan.syslog import MONTHS, USUAL_HEAD

DAYS_BEFORE = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)  # in a leap year
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_BLANK, _ZERO = b" 0"
_DAY = len("Jan 10 ")
_ISO_DAY = re.compile(rb"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T")
_ISO = re.compile(
    rb"([0-9-]{10})T[0-9:]{8}(\.[0-9]{1,9})?"
    rb"(Z|(?P<sign>[+-])(?P<hours>0[0-9]|1[0-4]):?(?P<minutes>[0-5][0-9]))? "
)
_ISO_DATE, _ISO_CLOCK = len("2024-01-10T"), len("2024-01-10T00:00:00")
_EPOCH = date(1970, 1, 1).toordinal()


def _word(text: bytes) -> np.uint64:
    """Return eight bytes as a number, the first of them lowest."""
    return np.uint64(int.from_bytes(text, "little"))


_OF_DAY = _word(b"\xff" * _DAY)
_MIDNIGHT = _word(b"00:00:00")
_NOT_A_DIGIT = _word(b"\xf0\xf0\xff" * 2 + b"\xf0\xf0")  # a colon has become 0
_SIX = _word(b"\6\6\0" * 2 + b"\6\6")  # makes 16 and more of what is more than 9
_OF_DIGITS = _word(b"\x0f\x0f\0" * 2 + b"\x0f\x0f")
_BYTE = np.uint64(255)


class Stamps(NamedTuple):
    """Where each line begins, and its time in seconds of a nominal leap year.

    ``of_one_run``: all of them match the same of `line_patterns`. ``style`` is 0, or, where they
    tell a year, 1 without a zone and 2 with one: then the seconds are those since 1970.
    """

    starts: npt.NDArray[np.int64]
    seconds: npt.NDArray[np.int64]
    of_one_run: bool
    style: int = 0


class _LastStamps(NamedTuple):
    text: bytes
    stamps: Stamps | None


# The search for wanted lines and the rhythm of a log ask for the stamps of the same chunk in turn.
_last = [_LastStamps(b"", None)]


def _number_of_month(letters: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return a number for the three letters of a month."""
    return (letters[..., 0] << 16) | (letters[..., 1] << 8) | letters[..., 2]


_KEYS = _number_of_month(np.array([list(name.encode()) for name in MONTHS], np.int32))
_ORDER = np.argsort(_KEYS)
_SORTED = _KEYS[_ORDER]
_BEFORE = np.array(DAYS_BEFORE, np.int64)[_ORDER]
_LENGTH = np.array(_DAYS, np.int32)[_ORDER]


def stamps_of(chunk: bytes) -> Stamps | None:
    r"""Return the stamps of a chunk of whole lines; None if one of them is another or none.

    >>> stamps_of(b"Jan  2 00:00:01 a b: c\nJan  2 00:01:00 a b: d\n")[1].tolist()
    [172801, 172860]
    """
    last = _last[0]
    if last.text is not chunk:
        last = _last[0] = _LastStamps(chunk, _read_stamps(chunk))
    return last.stamps


def _read_stamps(chunk: bytes) -> Stamps | None:
    ends = line_ends(chunk)
    if not len(ends) or ends[-1] + 1 < len(chunk):
        return None
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (ends - starts).min() < USUAL_HEAD:
        return None
    if chunk[:1].isdigit():
        return _read_iso(chunk, starts, int((ends - starts).min()))
    # Eight bytes at a time, from any place: the day with the blank behind it, then the clock.
    words = np.ndarray((len(chunk) - 7,), "<u8", chunk, strides=(1,))
    seconds = _seconds_of_clocks(words[starts + _DAY])
    behind = words[starts + USUAL_HEAD - 8] >> np.uint64(56)
    if seconds is None or (behind != _BLANK).any():
        return None
    dates = words[starts] & _OF_DAY
    firsts = np.concatenate(([0], np.flatnonzero(dates[1:] != dates[:-1]) + 1))
    # The days of a leap year for `Mmm dd ` in rows of bytes; None: one is no day.
    days_dates = dates[firsts].view(np.uint8).reshape(-1, 8)
    head = days_dates.astype(np.int32)
    tens = np.where(head[:, 4] == _BLANK, 0, head[:, 4] - _ZERO)
    ones = head[:, 5] - _ZERO
    month = np.searchsorted(_SORTED, keys := _number_of_month(head)).clip(max=len(MONTHS) - 1)
    day = tens * 10 + ones
    legal = (
        (_SORTED[month] == keys)
        & ((head[:, 3] == _BLANK) & (head[:, 6] == _BLANK))
        & ((tens >= 0) & (ones >= 0) & (ones <= 9))  # noqa: PLR2004  digits
        & ((day >= 1) & (day <= _LENGTH[month]))
    )
    days = _BEFORE[month] + day if legal.all() else None
    if days is None:
        return None
    counts = np.diff(firsts, append=len(starts))
    leap_days = (_LENGTH[month] == _DAYS[1]) & (day == _DAYS[1])
    of_one_run = bool((month == month[0]).all() and not leap_days.any())
    return Stamps(starts, np.repeat(days, counts) * 86_400 + seconds, of_one_run)


def _read_iso(chunk: bytes, starts: npt.NDArray[np.int64], shortest: int) -> Stamps | None:
    """Read stamps of the form of the first; `shortest` are the bytes of the shortest line."""
    form = _ISO.match(chunk)
    if form is None or shortest < form.end():
        return None
    words = np.ndarray((len(chunk) - 7,), "<u8", chunk, strides=(1,))
    seconds = _seconds_of_clocks(words[starts + _ISO_DATE])
    # The dates, which few lines begin; then fraction, zone and blank.
    dates = words[starts], words[starts + (_ISO_DATE - 8)]
    firsts = [0, *(np.flatnonzero(np.logical_or(*map(_differs, dates))) + 1).tolist()]
    texts = [chunk[start : start + _ISO_DATE] for start in starts[firsts].tolist()]
    days = [_day_of(text) for text in texts]
    tails = np.frombuffer(chunk, np.uint8)[starts[:, None] + np.arange(_ISO_CLOCK, form.end())]
    digits = np.zeros(tails.shape[1], bool)
    digits[1 : form.end(2) - _ISO_CLOCK] = form[2] is not None
    alike = tails[:, ~digits] == tails[0, ~digits]
    if seconds is None or None in days or not alike.all() or not _are_digits(tails[:, digits]):
        return None
    offset = 0
    if form["sign"]:
        offset = (int(form["hours"]) * 60 + int(form["minutes"])) * 60
    whole = np.repeat(np.array(days, np.int64), np.diff(firsts, append=len(starts)))
    return Stamps(
        starts,
        whole * 86_400 + seconds + (offset if form["sign"] == b"-" else -offset),
        of_one_run=True,
        style=2 if form[3] else 1,
    )


def _differs(column: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Tell of all but the first whether it is another than the one before."""
    differs: npt.NDArray[np.bool_] = column[1:] != column[:-1]
    return differs


def _are_digits(letters: npt.NDArray[np.uint8]) -> bool:
    return bool(((letters >= _ZERO) & (letters <= _ZERO + 9)).all())


def _day_of(text: bytes) -> int | None:
    """Return the days since 1970 of ``2024-01-10T``, None where it is no such date."""
    if not _ISO_DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text[:-1].decode("ascii")).toordinal() - _EPOCH
    except ValueError:
        return None


def _seconds_of_clocks(clocks: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64] | None:
    """Return the seconds of a day for ``HH:MM:SS``, each in one number; None: one is no clock."""
    digits = clocks ^ _MIDNIGHT
    if ((digits & _NOT_A_DIGIT) | ((digits + _SIX) & _NOT_A_DIGIT)).any():
        return None
    # Lowest byte first: a byte of tens, the byte of ones behind it.
    pairs = (digits & _OF_DIGITS) * np.uint64(10) + (digits >> np.uint64(8))
    hour, minute, second = ((pairs >> np.uint64(place)) & _BYTE for place in (0, 24, 48))
    if (hour > 23).any() or (minute > 59).any() or (second > 60).any():  # noqa: PLR2004  a clock
        return None
    seconds: npt.NDArray[np.int64] = ((hour * 60 + minute) * 60 + second).astype(np.int64)
    return seconds
