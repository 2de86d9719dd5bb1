"""Thousands of cases: each analyzed once, their answers in tables, questions asked in SQL.

Needs the extra ``cbtriage[fleet]`` (fsspec, pyarrow, DuckDB, Dask); nothing else imports it.
"""
