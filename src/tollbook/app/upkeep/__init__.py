"""The health of an installation: proofs, probes, the columnar copy."""
