"""CSV and YAML files as inventories: `neops cms import csv:devices.csv`, `neops cms export yaml network.yaml`."""

from __future__ import annotations

from neops_file_inventory.tables import dump_csv, load_csv
from neops_file_inventory.trees import dump_yaml, load_yaml

__all__ = ["dump_csv", "dump_yaml", "load_csv", "load_yaml"]
