"""Django settings, typed settings and the start of processes: the place that reads clock and environment."""
