"""Causes: which finding explains which, and one sentence for each root trouble."""

from analyzer.causes.edges import Edges, load_edges
from analyzer.causes.find import find_causes

__all__ = ["Edges", "find_causes", "load_edges"]
