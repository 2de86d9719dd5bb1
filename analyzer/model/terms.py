"""The field's own words and forms that more than one room reads: one place for each.

Of sm where nothing else is said; `HOST_…` and `SM_CALL_ENTRY` are ids of our own selectors.
"""

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
UUID_PATTERN = re.compile(UUID)
# A uuid in bytes but for its first eight letters: a pattern that begins with a letter of its own
# is found quickly.
UUID_END = re.compile(rb"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
UUID_LENGTH = 36
NOBODY = "00000000-0000-0000-0000-000000000000"  # a log's parent or child where it has none

# xapi: a reference, and what it writes before a line of a task, or of a request (Ref.short).
OPAQUE_REF = re.compile(rf"OpaqueRef:{UUID}")
SHORT_TASK = re.compile(r"(?:^| )([RD]:[0-9a-f]{12})(?: |$)")
SHORT_REQUEST = re.compile(r"\bR:[0-9a-f]{12}\b")
BACKEND = "SR_BACKEND_FAILURE"
BACKEND_CODE = "SR_BACKEND_FAILURE_"  # and the number of XE_SR_ERRORCODES.xml
LIVE_DATABASE = "xapi-db-dumped.xml"  # what xen-bugtool asks xapi for, beside the file it keeps
BUGTOOL_LOG = "xen-bugtool.log"
ALERTS = "alerts"  # the selectors of alerts name it as their log, and as the program in it
NBD_UNITS = ("xapi-nbd.service", "xapi-nbd")

# VDI.type of a disk whose data were destroyed: in the database, and as `xe` prints it.
CBT_METADATA = "cbt_metadata"
METADATA_TYPES = frozenset({CBT_METADATA, "CBT metadata"})
CBT_CAPABILITY = "VDI_CONFIG_CBT"

VOLUME_GROUP = "VG_XenStorage-"  # and the SR's uuid (lvhdutil.VG_PREFIX)
VOLUME_FOLDER = f"/dev/{VOLUME_GROUP}"
VOLUME_TYPES = frozenset({"lvm", "lvmoiscsi", "lvmohba", "lvmofcoe"})
LOG_SUFFIX = ".cbtlog"
# The volume of a log is one extent: VDI.py takes LV_SIZE of journaler.py, until QCOW2 came.
LOG_VOLUME_SIZE = 4 * 1024 * 1024
# CBT_BLOCK_SIZE (blktap, include/cbt-util.h), one bit of a log: the least significant bit first,
# though list_changed_blocks answers with the most significant first (VDI.py).
CBT_BLOCK = 64 * 1024

SM_CALL = re.compile(r"((?:vdi|sr)_[a-z_]+) \{")
VDI_UUID_ARGUMENT = re.compile(r"'vdi_uuid': u?'([0-9a-f-]{36})'")
VISITED_VDI = re.compile(
    "^DEBUG: Processing VDI ([0-9a-f-]{36}) of size "
)  # VDI.list_changed_blocks
SAME_DISK = "Source and target VDI are same"
UNRELATED_DISKS = "Source and target VDI are unrelated"

HOST_BOOTED = "host-booted"
HOST_ROLE = "incident-host.role"
HOST_SHUTDOWN = ("host-shutdown.target", "host-shutdown.login")
SM_CALL_ENTRY = "sm-call.entry"
SM_KICKED = "sm-step.kicked"  # the garbage collector
SM_LOCKED = "cbt-told.locked"  # it waits for a lock
