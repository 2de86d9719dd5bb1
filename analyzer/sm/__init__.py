"""A model of what SM does with CBT logs: pure functions on an immutable state.

Each public function is one call of xapi or SM, or one act by hand. It takes a `State` and returns
a `Result`: the outcome in SM's own words, and the state after it, also where SM failed halfway.
The algorithm is that of libs/sm/VDI.py and cbt/cbt-util.c (blktap); where SM is odd, so is this.
"""
