"""Tests of the hub and of the stand-ins it is tried with."""
