"""Where the engine keeps its state: the port, its records, and the adapters behind it."""
