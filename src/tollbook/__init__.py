"""Call accounting, billing and live call control for any PBX."""

__version__ = "0.1.0"
