"""What to do: one plan per object, made of what its findings want and of its state at the end."""
