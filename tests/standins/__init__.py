"""Small servers that behave like the real systems; for tests, the benchmark and the demo only."""
