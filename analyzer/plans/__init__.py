"""The planner: for one disk the cheapest way out that SM's own algorithm lets pass.

Candidates are made from the state, in the order of their price, and each is played on the model
of SM (`analyzer.sm`) before it is offered.
"""
