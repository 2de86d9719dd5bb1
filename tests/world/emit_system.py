"""The kernel, systemd and other programs of a host: boots, shutdowns, and everyday noise."""

from tests.world.emit_sm import SmProcess
from tests.world.emit_xapi import Api
from tests.world.journal import DAEMON, USER, XENSOURCE
from tests.world.objects import GIB, Disk, Host, Storage

_VENDOR = "(mockbuild@b2d1) (gcc version 11.2.1 20210728 (Red Hat 11.2.1-1) (GCC))"


def boot(host: Host) -> None:
    """Log a boot; before a crash there is nothing that announces it."""
    journal = host.journal
    journal.booted = journal.clock.clock.now
    lines = (
        (0.0, f"Linux version {host.release.kernel} {_VENDOR} #1 SMP"),
        (0.0, "Command line: root=LABEL=root-vgdorj ro nolvm hpet=disable console=hvc0"),
        (0.0, "BIOS-provided physical RAM map:"),
        (0.0, "Hypervisor detected: Xen PV"),
        (1.204511, "pci 0000:00:1f.2: reg 0x10: [io  0xf070-0xf077]"),
        (3.881020, "EXT4-fs (sda1): mounted filesystem with ordered data mode. Opts: (null)"),
        (6.118250, "device-mapper: multipath: version 1.13.0 loaded"),
    )
    for uptime, text in lines:
        journal.clock.tick(uptime - journal.uptime.total_seconds())
        journal.kernel(text)
    journal.clock.tick(20 - journal.uptime.total_seconds())
    for text in (
        "systemd 219 running in system mode. (+PAM +AUDIT +SELINUX +IMA -APPARMOR +SMACK)",
        "Detected virtualization xen.",
        "Set hostname to <" + host.name + ">.",
        "Started Xapi storage script server.",
        "Started XenAPI server (XAPI).",
    ):
        journal.write(DAEMON, "systemd[1]", text)
    journal.clock.tick(40)


def halt(host: Host) -> None:
    """Log the beginning of an orderly shutdown."""
    for text in (
        "Stopping XenAPI server (XAPI)...",
        "Stopped XenAPI server (XAPI).",
        "Reached target Shutdown.",
    ):
        host.journal.write(DAEMON, "systemd[1]", text)
    host.journal.clock.tick(30)


def collect(host: Host, base: Disk) -> None:
    """Log the garbage collector's merging of one base copy."""
    gc = SmProcess(host, program="SMGC")
    short, size = base.uuid[:8], f"{base.size / GIB:.3f}G"
    gc.say("Found 0 cache files")
    gc.say(f"SR {base.storage.uuid[:4]} ('{base.storage.name}') (5 VDIs in 3 VHD trees): ")
    gc.say(f"        *{short}[VHD]({size}//8.000M|n)")
    gc.say(f"Coalescing *{short}[VHD]({size}//8.000M|n) into its parent")
    gc.say(f"Removed VHD *{short}[VHD]({size}//8.000M|n) from SR")
    gc.say("No work, exiting")


def everyday(host: Host, api: Api) -> None:
    """Log what a healthy host logs all day: heartbeats, squeezed, udev, repeated messages."""
    journal = host.journal
    name = host.name if host.release.host_field else ""
    head = f"[debug|{name}|169 heartbeat|Heartbeat D:6aa8f1b20f77|xapi_ha]"
    journal.write(XENSOURCE, "xapi", f"{head} Liveset: {host.uuid}")
    mem = f"[debug|{name}|3 ||xenops_server] Adding a new worker to the thread pool"
    journal.write(XENSOURCE, "xenopsd-xc", mem)
    journal.write(XENSOURCE, "xenopsd-xc", f"message repeated 3 times: [ {mem}]")
    journal.write(DAEMON, "squeezed[1822]", "Xenctrl.domain_getinfolist returned 3 domains")
    journal.write(DAEMON, "forkexecd", "[ info||0 ||forkexecd] 24511 (/usr/bin/uptime) exited 0")
    journal.write(USER, "nbd_client_manager", "[DEBUG] Running cmd ['modprobe', 'nbd']")
    journal.kernel("device vif3.0 entered promiscuous mode")
    task = api.call("VM.get_record", client="192.0.2.41")
    api.log(task, "api_readonly", "VM.get_record")
    failed = api.call("VDI.list_changed_blocks", client="192.0.2.41")
    busy = "OTHER_OPERATION_IN_PROGRESS: [ SR; OpaqueRef:0c6d9f6e-3a27-41b1-a9a6-37a4d8a2b7b5 ]"
    text = f"VDI.list_changed_blocks locking failed: caught transient failure {busy}"
    api.log(failed, "helpers", text)
    api.log(failed, "helpers", "Waiting for up to 5.000000 seconds before retrying...")


def vanished_volume(host: Host, storage: Storage, uuid: str) -> None:
    """Log lvmcache's remark on a volume that has gone already; it means nothing."""
    sm = SmProcess(host)
    sm.say(f"LVMCache created for {storage.group}")
    sm.say("LVMCache: will initialize now")
    sm.refresh(storage)
    sm.say(f"LVMCache.deactivateNoRefcount: no LV {uuid}.cbtlog")
