"""Tests against real systems, installed on this machine: `scripts/test --live redmine`."""
