"""Where things are: for processes with and without Django."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROFILE = "HUB_BENCH_PROFILE"  # set in a profile run: the folder that samples are written to
