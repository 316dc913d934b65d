"""Settings, the clock, and the start of processes: the only place that reads the environment."""
