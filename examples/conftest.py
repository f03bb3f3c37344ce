collect_ignore = ["acme_plugin"]  # an outsider's distribution, installed and tested by tests/packaging
