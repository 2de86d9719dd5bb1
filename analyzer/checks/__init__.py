"""One file per check, named in the list of this module.

To add a check, write its module and ``patterns/checks/<id>.yaml`` and name it here; that is the
only place.
"""

from analyzer.checks._api import Check
from analyzer.checks.calls import cbt_destroy_cbt_not_enabled as cbt_destroy_cbt_not_enabled
from analyzer.checks.calls import cbt_destroy_not_a_snapshot as cbt_destroy_not_a_snapshot
from analyzer.checks.calls import cbt_enable_no_space as cbt_enable_no_space
from analyzer.checks.calls import cbt_enable_on_raw_vdi as cbt_enable_on_raw_vdi
from analyzer.checks.calls import cbt_enable_on_snapshot as cbt_enable_on_snapshot
from analyzer.checks.calls import cbt_list_cbt_not_enabled as cbt_list_cbt_not_enabled
from analyzer.checks.calls import cbt_list_not_a_snapshot as cbt_list_not_a_snapshot
from analyzer.checks.calls import cbt_list_target_attached as cbt_list_target_attached
from analyzer.checks.calls import cbt_list_unrelated as cbt_list_unrelated
from analyzer.checks.calls import cbt_list_wrong_order as cbt_list_wrong_order
from analyzer.checks.cbt import cbt_chain_cycle as cbt_chain_cycle
from analyzer.checks.cbt import cbt_database_disagrees as cbt_database_disagrees
from analyzer.checks.cbt import cbt_disabled_inconsistent_log as cbt_disabled_inconsistent_log
from analyzer.checks.cbt import cbt_disabled_no_space as cbt_disabled_no_space
from analyzer.checks.cbt import cbt_disabled_resize_failed as cbt_disabled_resize_failed
from analyzer.checks.cbt import cbt_disabled_snapshot_failed as cbt_disabled_snapshot_failed
from analyzer.checks.cbt import cbt_enabled_on_old_snapshots as cbt_enabled_on_old_snapshots
from analyzer.checks.cbt import cbt_every_backup_full as cbt_every_backup_full
from analyzer.checks.cbt import cbt_incomplete_changed_blocks as cbt_incomplete_changed_blocks
from analyzer.checks.cbt import cbt_inconsistency_hidden as cbt_inconsistency_hidden
from analyzer.checks.cbt import cbt_leftover_metadata_vdis as cbt_leftover_metadata_vdis
from analyzer.checks.cbt import cbt_log_cannot_grow as cbt_log_cannot_grow
from analyzer.checks.cbt import cbt_log_missing as cbt_log_missing
from analyzer.checks.cbt import cbt_log_short as cbt_log_short
from analyzer.checks.cbt import cbt_log_unlinked as cbt_log_unlinked
from analyzer.checks.cbt import cbt_migration_blocked as cbt_migration_blocked
from analyzer.checks.cbt import cbt_stale_child_pointer as cbt_stale_child_pointer
from analyzer.checks.database import database_invalid_snapshot_of as database_invalid_snapshot_of
from analyzer.checks.database import database_stuck_keys as database_stuck_keys
from analyzer.checks.database import sr_busy_retry as sr_busy_retry
from analyzer.checks.defects import known_defect as known_defect
from analyzer.checks.dom0 import nbd_client_in_dom0 as nbd_client_in_dom0
from analyzer.checks.dom0 import vdi_left_attached_to_dom0 as vdi_left_attached_to_dom0
from analyzer.checks.nbd_info import (
    nbd_backup_network_without_purpose as nbd_backup_network_without_purpose,
)
from analyzer.checks.nbd_info import nbd_host_without_address as nbd_host_without_address
from analyzer.checks.nbd_info import nbd_info_no_nbd_network as nbd_info_no_nbd_network
from analyzer.checks.nbd_info import nbd_info_no_pif_address as nbd_info_no_pif_address
from analyzer.checks.nbd_info import nbd_info_sr_not_connected as nbd_info_sr_not_connected
from analyzer.checks.nbd_info import nbd_network_purpose_mixed as nbd_network_purpose_mixed
from analyzer.checks.nbd_info import nbd_never_used_purge_on as nbd_never_used_purge_on
from analyzer.checks.nbd_reach import nbd_address_configuration as nbd_address_configuration
from analyzer.checks.nbd_reach import nbd_address_shared_subnet as nbd_address_shared_subnet
from analyzer.checks.nbd_reach import (
    nbd_address_unreachable_network as nbd_address_unreachable_network,
)
from analyzer.checks.nbd_served import nbd_attach_refused as nbd_attach_refused
from analyzer.checks.nbd_served import nbd_connection_limit as nbd_connection_limit
from analyzer.checks.nbd_served import nbd_descriptor_leak as nbd_descriptor_leak
from analyzer.checks.nbd_served import nbd_read_failed as nbd_read_failed
from analyzer.checks.nbd_served import nbd_service_crashed as nbd_service_crashed
from analyzer.checks.nbd_served import (
    nbd_service_failed_after_stop as nbd_service_failed_after_stop,
)
from analyzer.checks.nbd_served import nbd_session_invalid as nbd_session_invalid
from analyzer.checks.nbd_served import nbd_tls_mismatch as nbd_tls_mismatch

CHECKS: tuple[Check, ...] = (
    cbt_chain_cycle.CHECK,
    cbt_database_disagrees.CHECK,
    cbt_destroy_cbt_not_enabled.CHECK,
    cbt_destroy_not_a_snapshot.CHECK,
    cbt_disabled_inconsistent_log.CHECK,
    cbt_disabled_no_space.CHECK,
    cbt_disabled_resize_failed.CHECK,
    cbt_disabled_snapshot_failed.CHECK,
    cbt_enable_no_space.CHECK,
    cbt_enable_on_raw_vdi.CHECK,
    cbt_enable_on_snapshot.CHECK,
    cbt_enabled_on_old_snapshots.CHECK,
    cbt_every_backup_full.CHECK,
    cbt_incomplete_changed_blocks.CHECK,
    cbt_inconsistency_hidden.CHECK,
    cbt_leftover_metadata_vdis.CHECK,
    cbt_list_cbt_not_enabled.CHECK,
    cbt_list_not_a_snapshot.CHECK,
    cbt_list_target_attached.CHECK,
    cbt_list_unrelated.CHECK,
    cbt_list_wrong_order.CHECK,
    cbt_log_cannot_grow.CHECK,
    cbt_log_missing.CHECK,
    cbt_log_short.CHECK,
    cbt_log_unlinked.CHECK,
    cbt_migration_blocked.CHECK,
    cbt_stale_child_pointer.CHECK,
    database_invalid_snapshot_of.CHECK,
    database_stuck_keys.CHECK,
    known_defect.CHECK,
    nbd_address_configuration.CHECK,
    nbd_address_shared_subnet.CHECK,
    nbd_address_unreachable_network.CHECK,
    nbd_attach_refused.CHECK,
    nbd_backup_network_without_purpose.CHECK,
    nbd_client_in_dom0.CHECK,
    nbd_connection_limit.CHECK,
    nbd_descriptor_leak.CHECK,
    nbd_host_without_address.CHECK,
    nbd_info_no_nbd_network.CHECK,
    nbd_info_no_pif_address.CHECK,
    nbd_info_sr_not_connected.CHECK,
    nbd_network_purpose_mixed.CHECK,
    nbd_never_used_purge_on.CHECK,
    nbd_read_failed.CHECK,
    nbd_service_crashed.CHECK,
    nbd_service_failed_after_stop.CHECK,
    nbd_session_invalid.CHECK,
    nbd_tls_mismatch.CHECK,
    sr_busy_retry.CHECK,
    vdi_left_attached_to_dom0.CHECK,
)
