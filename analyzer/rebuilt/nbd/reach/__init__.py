"""Whether an address that is offered can be reached."""
