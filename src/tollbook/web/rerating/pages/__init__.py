"""Page models: what a page shows, as frozen values."""
