"""One package per system; each registers itself by lying here."""
