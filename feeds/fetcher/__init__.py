"""Getting payloads: bytes that a source gives, with a change token."""
