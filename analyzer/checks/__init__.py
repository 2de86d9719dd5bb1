"""One file per check, named in the list of this module.

To add a check, write its module and ``patterns/checks/<id>.yaml`` and name it here; that is the
only place.
"""

from analyzer.checks import (
    cbt_disabled_no_space,
    cbt_disabled_snapshot_failed,
    cbt_log_missing,
    nbd_info_no_nbd_network,
    nbd_network_purpose_mixed,
    nbd_service_failed_after_stop,
)
from analyzer.checks._api import Check

CHECKS: tuple[Check, ...] = (
    cbt_disabled_no_space.CHECK,
    cbt_disabled_snapshot_failed.CHECK,
    cbt_log_missing.CHECK,
    nbd_info_no_nbd_network.CHECK,
    nbd_network_purpose_mixed.CHECK,
    nbd_service_failed_after_stop.CHECK,
)
