"""The sample office: people, calls and a simulated PBX, made from a seed; nothing here is real."""
