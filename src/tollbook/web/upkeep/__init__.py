"""The health of the installation in words."""
