"""The health of an installation: proofs, probes, when the columnar copy is written."""
