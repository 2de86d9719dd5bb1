"""The list of sample bundles."""

from tests.world.sample import Recipe
from tests.world.story_across_zones import crash_across_zones
from tests.world.story_cbt import (
    host_crash,
    lvm_no_space,
    resize_failed,
    snapshot_failed,
    two_host_pool,
)
from tests.world.story_compared import cbt_comparisons_lvm, cbt_comparisons_nfs
from tests.world.story_hazards import cbt_hazards_lvm, cbt_hazards_nfs
from tests.world.story_healthy import healthy_cbt
from tests.world.story_heavy import cbt_heavy_healthy
from tests.world.story_nbd import nbd_no_network, nbd_trouble
from tests.world.story_nbd_healthy import nbd_healthy
from tests.world.story_nbd_mixed import nbd_mixed_trouble, nbd_network_trouble
from tests.world.story_refused import cbt_refused_lvm, cbt_refused_nfs

RECIPES = (
    Recipe(name="cbt-comparisons-lvm", tell=cbt_comparisons_lvm),
    Recipe(name="cbt-comparisons-nfs", tell=cbt_comparisons_nfs),
    Recipe(name="cbt-hazards-lvm", tell=cbt_hazards_lvm),
    Recipe(name="cbt-hazards-nfs", tell=cbt_hazards_nfs),
    Recipe(name="cbt-heavy-healthy", tell=cbt_heavy_healthy),
    Recipe(name="cbt-refused-lvm", tell=cbt_refused_lvm),
    Recipe(name="cbt-refused-nfs", tell=cbt_refused_nfs),
    Recipe(name="crash-across-zones", tell=crash_across_zones, suffix=".zip"),
    Recipe(name="healthy-cbt", tell=healthy_cbt),
    Recipe(name="host-crash", tell=host_crash),
    Recipe(name="lvm-no-space", tell=lvm_no_space),
    Recipe(name="nbd-healthy", tell=nbd_healthy, suffix=".zip"),
    Recipe(name="nbd-mixed-trouble", tell=nbd_mixed_trouble, suffix=".zip"),
    Recipe(name="nbd-network-trouble", tell=nbd_network_trouble, suffix=".zip"),
    Recipe(name="nbd-no-network", tell=nbd_no_network),
    Recipe(name="nbd-trouble", tell=nbd_trouble),
    Recipe(name="resize-failed", tell=resize_failed),
    Recipe(name="snapshot-failed", tell=snapshot_failed),
    Recipe(name="two-host-pool", tell=two_host_pool, suffix=".zip"),
)
