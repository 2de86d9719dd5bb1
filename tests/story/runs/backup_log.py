"""A small backup client on a small pool: what its calls leave in the logs and in the database."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from typing import Self

from analyzer.model.finding import Outcome
from analyzer.model.run import BackupRun, DiskRun
from analyzer.model.xapi import Vdi, XapiObject
from analyzer.story.runs.backup_runs import backup_runs
from tests.checks.support import JUPITER, SR, CaseBuilder, network, pbd, pif, sr, vdi
from tests.rebuilt.cbt.sm_logs import BEGIN, Sm
from tests.rebuilt.nbd.nbd_log import NbdLog, ref, uuid

CLIENT = "4711 HTTPS 192.0.2.40->:::80"
WHO = "'trackid=9834f5af41c964e225f24279aefe4e49' 'LOCAL_SUPERUSER' 'root' 'ALLOWED'"
DAY = 6 * 3600  # of the tests: all of them are on 10 June 2024, from 01:00


class Client:
    """Takes snapshots, asks and reads; `sm` is the storage manager that does it."""

    def __init__(self, *, volumes: bool = True, nbd: bool = True) -> None:
        self.sm = Sm(volumes=volumes)
        self.flags: dict[str, bool] = {}
        self.extra: list[XapiObject] = []
        self.fields: dict[str, dict[str, object]] = {}
        self.hidden: set[str] = set()
        self._nbd_network = nbd
        self._times: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._xapi: list[str] = []
        self._audit: list[str] = []
        self._nbd = NbdLog().at("00:30:00").start()
        self._numbers = count(1)

    def disk(self, *, cbt: bool = True) -> str:
        """Add a disk, with CBT or not."""
        disk = self.sm.disk()
        self._known[disk] = ""
        self.flags[disk] = False
        if cbt:
            self.enable(disk)
        return disk

    def enable(self, disk: str) -> None:
        """Turn CBT on."""
        self.sm.enable(disk)
        self.flags[disk] = True

    def disable(self, disk: str) -> None:
        """Turn CBT off."""
        self.sm.disable(disk)
        self.flags[disk] = False

    def wait(self, seconds: float = DAY) -> Self:
        """Let time pass."""
        self.sm.now += seconds
        return self

    def snapshot(self, disk: str) -> str:
        """Take a snapshot."""
        self._call("VDI.snapshot", f"VDI.snapshot: VDI = '{disk}'")
        new = self.sm.snapshot(disk)
        at = BEGIN + timedelta(seconds=self.sm.now)
        self._times[new] = f"{at:%Y%m%dT%H:%M:%SZ}"
        self._known[new], self.flags[new] = disk, self.flags[disk]
        return new

    def compare(self, older: str, newer: str, *, audited: bool = True) -> bool:
        """Ask for the changed blocks."""
        said = f"VDI.list_changed_blocks: vdi_from  = '{older}'; vdi_to = '{newer}'"
        task = self._call("VDI.list_changed_blocks", said)
        good = self.sm.list_changed_blocks(older, newer)
        result = "OK" if good else "ERROR:SR_BACKEND_FAILURE_460: [ ; unrelated;  ]"
        pair = f"('vdi_from' '' '{older}' '{_ref(older)}') ('vdi_to' '' '{newer}' '{_ref(newer)}')"
        if audited:
            self.audit(task, "VDI.list_changed_blocks", pair, result)
        return good

    def asked(self, older: str, newer: str) -> None:
        """Ask for the changed blocks; the logs end before the answer."""
        said = f"VDI.list_changed_blocks: vdi_from  = '{older}'; vdi_to = '{newer}'"
        self._call("VDI.list_changed_blocks", said)

    def failed(self, name: str, said: str, code: str) -> None:
        """Make a call that fails; the failure names its task alone."""
        task = self._call(name, said)
        text = f"{name} {task} failed with exception Server_error({code}, [ x ])"
        self._log(task, name, "backtrace", text, "error")

    def refused(self, older: str, newer: str, code: str) -> None:
        """Ask for the changed blocks; xapi refuses it before SM hears of it."""
        said = f"VDI.list_changed_blocks: vdi_from  = '{older}'; vdi_to = '{newer}'"
        task = self._call("VDI.list_changed_blocks", said)
        pair = f"('vdi_from' '' '{older}' '{_ref(older)}') ('vdi_to' '' '{newer}' '{_ref(newer)}')"
        self.audit(task, "VDI.list_changed_blocks", pair, f"ERROR:{code}: [ {_ref(newer)} ]")

    def ask(self, snapshot: str) -> None:
        """Ask how to reach a snapshot over NBD."""
        self._call("VDI.get_nbd_info", f"VDI.get_nbd_info: vdi  = '{snapshot}'")

    def read(self, snapshot: str, *, fails: str = "", seconds: float = 20) -> None:
        """Read a snapshot over NBD."""
        self.ask(snapshot)
        number = next(self._numbers)
        task = self._call(
            "VBD.create", f"VBD.create: VM = '{uuid(0)} (dom0)'; VDI = '{snapshot}'", new=True
        )
        made = f"VBD.create (device = autodetect; uuid = {uuid(number)}; ref = {ref(number)})"
        self._log(task, "VBD.create", "xapi_vbd", made, "debug")
        self._nbd.at(self._now).client().accepted().plug(number)
        if fails:
            self._nbd.serve().unplug(number).destroy(number).caught(fails)
        else:
            self._nbd.serve()
            self.wait(seconds)
            self._nbd.at(self._now).close(number)

    def export(self, snapshot: str, base: str = "", *, audited: bool = True) -> None:
        """Export a snapshot as a stream."""
        task = self._task()
        if audited:
            args = [("base", base)] if base else []
            shown = " ".join(f"('{n}' '' '{u}' '{_ref(u)}')" for n, u in [*args, ("vdi", snapshot)])
            self.audit(self._task(), "http/get_export_raw_vdi", shown, kind="HTTP")
        said = f"export_raw_vdi task_id = {_ref(snapshot)}; vdi = {_ref(snapshot)}; format = vhd;"
        self._log(task, "VDI.export_raw_vdi", "export_raw_vdi", f"{said} filename = x", "debug")
        self.wait(20)

    def purge(self, snapshot: str) -> None:
        """Keep of a snapshot its log only."""
        self.sm.data_destroy(snapshot)
        self.fields.setdefault(snapshot, {})["type"] = "cbt_metadata"

    def delete(self, disk: str) -> None:
        """Delete a snapshot."""
        self.sm.delete(disk)
        del self._known[disk]

    def backup(self, disk: str, base: str = "") -> str:
        """Do a run: a snapshot, a comparison with the one before if there is one, a read."""
        new = self.snapshot(disk)
        if base:
            self.compare(base, new)
        self.read(new)
        return new

    def migrated(self, disk: str, machine: str, to: str = SR) -> None:
        """Log that a disk of a VM is moved."""
        said = f"VDI.pool_migrate: VDI = '{disk}'; SR = '{to}'; VM = '{machine} (web-01)'"
        self._call("VDI.pool_migrate", said)

    def copied(self, disk: str, machine: str, new: str) -> None:
        """Log that a disk is copied, and that a VM is given the copy."""
        said = f"VDI = '{disk}'; SR = '{SR}'; base_vdi = 'invalid'; into_vdi = 'invalid'"
        self._call("VDI.copy", f"VDI.copy: {said}")
        self.wait(20)
        self._call("VBD.create", f"VBD.create: VM = '{machine} (web-01)'; VDI = '{new}'")

    def builder(self, hosts: Iterable[tuple[str, str]] = ((JUPITER, "jupiter"),)) -> CaseBuilder:
        """Return a pool with the report of its first host."""
        sm_lines = (line.split(" ", 4) for _, line in self.sm.lines.get("jupiter", []))
        smlog = "\n".join(f"{parts[2]} {parts[4]}" for parts in sm_lines)
        builder = CaseBuilder().host().daemon_log(self._nbd.text)
        if smlog:
            builder.smlog(smlog)
        if self._xapi:
            builder.xensource_log("\n".join(self._xapi))
        if self._audit:
            builder.audit_log("\n".join(self._audit))
        return builder.database(*self._rows(), hosts=hosts)

    def runs(self, outcomes: tuple[Outcome, ...] = ()) -> tuple[BackupRun, ...]:
        """Return what is made of it all."""
        return backup_runs(self.builder().build(), outcomes)

    def disks(self) -> tuple[DiskRun, ...]:
        """Return all disks of all runs."""
        return tuple(disk for run in self.runs() for disk in run.disks)

    def last(self) -> DiskRun:
        """Return the last disk of the last run."""
        return self.disks()[-1]

    def audit(
        self, task: str, action: str, arguments: str, result: str = "OK", kind: str = "API"
    ) -> None:
        """Log the end of a call."""
        stamp = f"20240610T{self._now}.123Z"
        head = f"[{stamp}|audit||{CLIENT}|{action} {task}|audit]"
        text = f"{head} ({WHO} '{result}' '{kind}' '{action}' ({arguments}))"
        self._audit.append(f"{self._now} xapi: {text}")

    @property
    def _now(self) -> str:
        return f"{BEGIN + timedelta(seconds=int(self.sm.now)):%H:%M:%S}"

    def _task(self) -> str:
        return f"R:{next(self._numbers):012x}"

    def _call(self, name: str, text: str, *, new: bool = False) -> str:
        self.wait(0 if new else 1)
        task = self._task()
        self._log(task, name, "message_forwarding", text, " info")
        return task

    def _log(self, task: str, name: str, brand: str, text: str, level: str) -> None:
        self._xapi.append(f"{self._now} xapi: [{level}||{CLIENT}|{name} {task}|{brand}] {text}")

    def _rows(self) -> list[XapiObject]:
        disks = [self._row(disk, of) for disk, of in self._known.items() if disk not in self.hidden]
        rows: list[XapiObject] = [sr(), pbd(), *disks, *self.extra]
        return [*rows, network(purpose=("nbd",) if self._nbd_network else ()), pif()]

    def _row(self, disk: str, of: str) -> Vdi:
        fields: dict[str, object] = {
            "cbt_enabled": self.flags[disk],
            "is_a_snapshot": bool(of),
            "snapshot_of": f"OpaqueRef:{of}" if of else None,
            "snapshot_time": self._times.get(disk, "19700101T00:00:00Z"),
        }
        return vdi(disk, **{**fields, **self.fields.get(disk, {})})


def _ref(disk: str) -> str:
    return f"OpaqueRef:{disk}"
