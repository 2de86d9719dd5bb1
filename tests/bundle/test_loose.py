"""Loose files: what may be read is told from what may not."""

import pytest

from analyzer.bundle.loose import may_be_read

LOG = bytes(32) + b"\1\0\0\0\0\0\0\0" + (1 << 30).to_bytes(8, "little")
UUID = bytes.fromhex("6b0c1a3e77aa4c1e9d1f5a3c2b1e0f00")


@pytest.mark.parametrize(
    "head",
    [
        LOG,
        UUID + LOG[16:],
        b"Chain INPUT (policy ACCEPT 1 packets, 2 bytes)\n",
        b"  LV   VG   Attr  LSize\n",
        b"Netid State      Recv-Q Send-Q\n",
        b"-rw-r--r-- 1 root root 4096 Nov 21 10:06 6b0c1a3e-77aa-4c1e-9d1f-5a3c2b1e0f00.vhd\n",
        b"[root@x ~]# cbt-util get -n x -c\n",
    ],
)
def test_what_a_parser_may_know_is_read(head: bytes) -> None:
    assert may_be_read(head)


@pytest.mark.parametrize(
    "head",
    [b"", b"hello\n", LOG[:47], bytes(4096), UUID[::-1] + LOG[16:], LOG[:40] + b"\1" + bytes(7)],
)
def test_what_no_parser_knows_is_not(head: bytes) -> None:
    assert not may_be_read(head)
