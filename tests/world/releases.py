"""Product versions whose logs look different, and in what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A product and the habits of its programs.

    ``sm_major`` 2 is sm up to 2.30 (Python 2), 3 is sm 3.2.12, 4 is sm 4.1. ``host_field``: xapi
    repeats the host's name in its bracket. ``stop_fails``: xapi-nbd before 1.10 ends with status 2 when it
    is stopped. ``existence_noise``: sm logs the failed `lvs` with which it looks for a log.
    ``qcow2`` is XCP-ng's sm from 3.2.12-17.2 on: threads in the head of its lines, ``LVMSR`` for
    ``LVHDSR``, CBT volumes as large as the disk needs. ``blind``: on file systems that sm finds
    no log of a disk whose data is destroyed (17.2 and 17.3). ``iproute``: xen-bugtool 2.0.10 and
    later calls ``ip`` and ``ss`` for ``ifconfig`` and ``netstat``; ``certificate``: xapi's plugin
    for it shows the certificate; ``firewalld``: that rules, not iptables.
    """

    brand: str
    version: str
    build: str
    schema_minor: int
    kernel: str
    sm_major: int
    host_field: bool
    stop_fails: bool
    existence_noise: bool
    packages: tuple[str, ...]
    qcow2: bool = False
    blind: bool = False
    iproute: bool = False
    certificate: bool = False
    firewalld: bool = False


XENSERVER_7_6 = Release(
    brand="XenServer",
    version="7.6.0",
    build="release/lima/master/80",
    schema_minor=203,
    kernel="4.4.0+10",
    sm_major=2,
    host_field=True,
    stop_fails=True,
    existence_noise=True,
    packages=("blktap-3.5.0-1.80.x86_64", "sm-1.25.0-1.0.x86_64", "xapi-core-1.110.1-1.x86_64"),
)
XCP_NG_8_0 = Release(
    brand="XCP-ng",
    version="8.0.0",
    build="cloud",
    schema_minor=400,
    kernel="4.19.0+1",
    sm_major=2,
    host_field=True,
    stop_fails=False,
    existence_noise=True,
    packages=("blktap-3.18.0-1.0.x86_64", "sm-2.2.3-1.0.x86_64", "xapi-nbd-1.10.0-1.x86_64"),
)
XCP_NG_8_3 = Release(
    brand="XCP-ng",
    version="8.3.0",
    build="cloud",
    schema_minor=777,
    kernel="4.19.0+1",
    sm_major=3,
    host_field=False,
    stop_fails=False,
    existence_noise=False,
    packages=(
        "blktap-3.55.5-2.3.xcpng8.3.x86_64",
        "sm-3.2.12-10.1.xcpng8.3.x86_64",
        "xapi-core-25.6.0-1.9.xcpng8.3.x86_64",
        "xapi-nbd-25.6.0-1.9.xcpng8.3.x86_64",
    ),
    iproute=True,
    certificate=True,
)
XCP_NG_8_2 = Release(
    brand="XCP-ng",
    version="8.2.1",
    build="release/yangtze/master/58",
    schema_minor=601,
    kernel="4.19.0+1",
    sm_major=2,
    host_field=False,
    stop_fails=False,
    existence_noise=False,
    packages=(
        "blktap-3.37.4-1.0.1.xcpng8.2.x86_64",
        "sm-2.30.8-12.1.xcpng8.2.x86_64",
        "xapi-core-1.249.36-1.1.xcpng8.2.x86_64",
        "xapi-nbd-1.11.0-3.2.xcpng8.2.x86_64",
    ),
)
XCP_NG_8_3_BLIND = Release(
    brand="XCP-ng",
    version="8.3.0",
    build="cloud",
    schema_minor=790,
    kernel="4.19.0+1",
    sm_major=3,
    host_field=False,
    stop_fails=False,
    existence_noise=False,
    packages=(
        "blktap-3.55.5-6.1.xcpng8.3.x86_64",
        "sm-3.2.12-17.3.xcpng8.3.x86_64",
        "xapi-core-26.1.3-1.3.xcpng8.3.x86_64",
        "xapi-nbd-26.1.3-1.3.xcpng8.3.x86_64",
    ),
    qcow2=True,
    blind=True,
    iproute=True,
    certificate=True,
)
XCP_NG_8_3_QCOW2 = Release(
    brand="XCP-ng",
    version="8.3.0",
    build="cloud",
    schema_minor=790,
    kernel="4.19.0+1",
    sm_major=3,
    host_field=False,
    stop_fails=False,
    existence_noise=False,
    packages=(
        "blktap-3.55.5-6.4.xcpng8.3.x86_64",
        "sm-3.2.12-17.9.xcpng8.3.x86_64",
        "xapi-core-26.1.11-1.3.xcpng8.3.x86_64",
        "xapi-nbd-26.1.11-1.3.xcpng8.3.x86_64",
    ),
    qcow2=True,
    iproute=True,
    certificate=True,
)
XENSERVER_9 = Release(
    brand="XenServer",
    version="9.0.0",
    build="cloud",
    schema_minor=791,
    kernel="6.6.98+0",
    sm_major=4,
    host_field=False,
    stop_fails=False,
    existence_noise=False,
    packages=(
        "blktap-4.1.3-1.xs9.x86_64",
        "sm-4.1.14-1.xs9.x86_64",
        "xapi-core-26.1.0-1.xs9.x86_64",
        "xapi-nbd-26.1.0-1.xs9.x86_64",
    ),
    iproute=True,
    certificate=True,
    firewalld=True,
)

ALL_RELEASES = (
    *(XENSERVER_7_6, XCP_NG_8_0, XCP_NG_8_2, XCP_NG_8_3),
    *(XCP_NG_8_3_BLIND, XCP_NG_8_3_QCOW2, XENSERVER_9),
)
