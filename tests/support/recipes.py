"""The list of sample bundles."""

from tests.support.sample import Recipe
from tests.support.story_cbt import (
    host_crash,
    lvm_no_space,
    resize_failed,
    snapshot_failed,
    two_host_pool,
)
from tests.support.story_healthy import healthy_cbt
from tests.support.story_nbd import nbd_no_network, nbd_trouble

RECIPES = (
    Recipe(name="healthy-cbt", tell=healthy_cbt),
    Recipe(name="host-crash", tell=host_crash),
    Recipe(name="lvm-no-space", tell=lvm_no_space),
    Recipe(name="nbd-no-network", tell=nbd_no_network),
    Recipe(name="nbd-trouble", tell=nbd_trouble),
    Recipe(name="resize-failed", tell=resize_failed),
    Recipe(name="snapshot-failed", tell=snapshot_failed),
    Recipe(name="two-host-pool", tell=two_host_pool, suffix=".zip"),
)
