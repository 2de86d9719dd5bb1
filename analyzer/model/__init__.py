"""Immutable values: no input or output, no pandas, nothing imported from the layers above."""
