"""The blocks that come with neops, in the package `core.neops.io`: one block for all vendors, none knows a platform."""

PACKAGE = "core.neops.io"
