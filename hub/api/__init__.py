"""Thin REST endpoints for other systems: authenticate, call one function, answer."""
