"""Use cases, one file a verb: each is one transaction and returns plain values."""
