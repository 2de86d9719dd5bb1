"""Which error belongs to which finding or incident, and which to none."""
