"""Outputs of xapi's plugin for xen-bugtool: the storage layer's diagnostics, the certificate.

Writers imitated: xen-api `scripts/bugtool-plugin/xapi/stuff.xml`, `scripts/sm_diagnostics`,
`storage_smapiv1_wrapper.ml` (`diagnostics`); `openssl x509 -text` of xapi-ssl.pem.
"""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import timedelta

from tests.support.clock import MONTHS, Ids
from tests.world.objects import Disk, Host, Machine, Pool, device_of

_LIFE = timedelta(days=3650)


def plugin_outputs(pool: Pool, host: Host) -> Iterator[tuple[str, str]]:
    """Yield what the plugin of the host's release writes."""
    yield "sm_diagnostics.out", sm_diagnostics(pool, host)
    if host.release.certificate:
        yield "xapi_cert.out", certificate(pool, host)


def sm_diagnostics(pool: Pool, host: Host) -> str:
    """Return ``xe host-get-sm-diagnostics``: per SR the disks that this host has attached."""
    lines = [f"Host: {host.uuid}", "", "The following SRs are attached:"]
    for storage in pool.storages:
        if host.name in storage.unplugged:
            continue
        lines.append(f"    SR {storage.uuid}")
        for disk in pool.disks.values():
            if disk.storage is storage:
                lines += _disk(pool, host, disk)
    lines += ["", "No errors have been logged."]
    return "".join(f"{line}\n" for line in lines)


def certificate(pool: Pool, host: Host, *, name: str = "", life: timedelta = _LIFE) -> str:
    """Return ``openssl x509 -text`` of the certificate that xapi made at the installation."""
    ids = Ids("certificate of " + host.uuid)
    name = name or f"{host.name}.example.org"
    made = pool.clock.now - timedelta(days=240)
    dates = [
        f"{MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S} {at.year} GMT"
        for at in (made, made + life)
    ]
    key, signature = _hex(ids, 257, 15), _hex(ids, 256, 18)
    return (
        "Certificate:\n    Data:\n        Version: 3 (0x2)\n"
        f"        Serial Number: {ids.number(10**8, 10**9)}\n"
        "    Signature Algorithm: sha256WithRSAEncryption\n"
        f"        Issuer: CN={name}\n        Validity\n"
        f"            Not Before: {dates[0]}\n            Not After : {dates[1]}\n"
        f"        Subject: CN={name}\n        Subject Public Key Info:\n"
        "            Public Key Algorithm: rsaEncryption\n"
        "                Public-Key: (2048 bit)\n                Modulus:\n"
        f"{textwrap.indent(key, ' ' * 20)}\n"
        "                Exponent: 65537 (0x10001)\n        X509v3 extensions:\n"
        "            X509v3 Basic Constraints: critical\n                CA:FALSE\n"
        "            X509v3 Subject Alternative Name: \n"
        f"                DNS:{host.name}, DNS:{name}, IP Address:192.0.2.{host.number}\n"
        "    Signature Algorithm: sha256WithRSAEncryption\n"
        f"{textwrap.indent(signature, ' ' * 9)}\n{_pem(ids)}"
    )


def _disk(pool: Pool, host: Host, disk: Disk) -> list[str]:
    paths = [*_guests(pool.machines, host, disk), *_loopbacks(pool, host, disk)]
    if not paths:
        return []
    mode = "RW" if any("RW" in path for path in paths) else "RO"
    backend = {"domain_uuid": "0", "implementations": [["BlockDevice", {"path": disk.path}]]}
    shown = str(backend).replace("'", '"')
    title = f"            activated {mode} (device=Some {shown})"
    return [f"        VDI {disk.uuid}", title, *(f"                {path}" for path in paths)]


def _guests(machines: Sequence[Machine], host: Host, disk: Disk) -> Iterator[str]:
    for number, machine in enumerate(machines):
        if machine.host is host and disk in machine.disks:
            device = device_of(machine.disks.index(disk))
            yield f"DP: vbd/{number + 1}/{device}: activated RW"


def _loopbacks(pool: Pool, host: Host, disk: Disk) -> Iterator[str]:
    for held in pool.loopbacks:
        if held.host is host and held.disk is disk and (held.plugged or held.leaked):
            device = f"xvd{'abcdefghijklmnopqrstuvwxyz'[held.number]}"
            leaked = "  ** LEAKED" if held.leaked else ""
            yield f"DP: vbd/0/{device}: activated RO{leaked}"


def _hex(ids: Ids, count: int, width: int) -> str:
    digits = "".join(ids.hex(64) for _ in range(count // 32 + 1))
    octets = [digits[at : at + 2] for at in range(0, 2 * count, 2)]
    rows = [":".join(octets[at : at + width]) for at in range(0, count, width)]
    return ":\n".join(rows)


def _pem(ids: Ids) -> str:
    body = "".join(ids.hex(64) for _ in range(10))
    rows = "\n".join(textwrap.wrap(body, 64))
    return f"-----BEGIN CERTIFICATE-----\n{rows}\n-----END CERTIFICATE-----\n"
