"""Which plugin serves which capability of a device: what is installed, the decision, and the table of all decisions."""
