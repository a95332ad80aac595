"""How a bundle becomes a snapshot: acquire, verify, parse, normalise, digest, store."""
