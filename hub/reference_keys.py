"""What makes two references the same: source, id there, and when it was created there."""

from hub.contracts import ExternalReference

ReferenceKey = tuple[int, str, str]  # source, external id, created marker


def reference_key(source_id: int, reference: ExternalReference) -> ReferenceKey:
    """As it is stored: ids repeat between systems and are reused."""
    return source_id, reference.external_id[:200], reference.created_marker[:64]
