"""Questions of a fleet: any SQL of DuckDB over its tables, and those that are asked every week.

Rates divide what was found by what could be judged, found and ruled-out; what could not be told
is counted apart.
"""

from typing import Any

import duckdb

from analyzer.errors import UsageError
from analyzer.fleet.store import Store
from analyzer.fleet.tables import TABLES

Answer = tuple[tuple[str, ...], list[tuple[Any, ...]]]

_COUNTS = """
  count(*) filter (verdict = 'found') as found,
  count(*) filter (verdict = 'ruled-out') as ruled_out,
  count(*) filter (verdict = 'cannot-tell') as cannot_tell,
  round(count(*) filter (verdict = 'found')
    / nullif(count(*) filter (verdict in ('found', 'ruled-out')), 0), 3) as rate
"""
_TREND = f"""
select strftime(captured, '%Y-%m') as month, {_COUNTS}
from outcomes join cases using ("case") where rule = $rule group by month order by month
"""  # noqa: S608 - made of our own constants
_BY_VERSION = f"""
select product, rule, {_COUNTS}
from outcomes join cases using ("case") where verdict in ('found', 'ruled-out', 'cannot-tell')
group by product, rule having found > 0 order by product, rate desc, found desc, rule
"""  # noqa: S608
_NEW_SIGNATURES = """
with dated as (
  select signature, u."case" as name, coalesce(captured, last_seen) as captured, severity, process
  from unexplained u join cases c on u."case" = c."case"
)
select signature, process, min(severity) as severity, count(distinct name) as cases,
  min(captured) as first_captured, arg_min(name, captured) as first_case
from dated group by signature, process
having first_captured >= (select max(captured) from dated) - to_days($days)
order by first_captured desc, cases desc, signature
"""
_CUSTOMER = f"""
with judged as (select * from outcomes join cases using ("case")),
own as (select rule, {_COUNTS} from judged where customer = $customer group by rule),
others as (select rule, {_COUNTS} from judged where customer <> $customer group by rule)
select own.rule, own.found, own.ruled_out, own.cannot_tell, own.rate, others.rate as others_rate
from own left join others using (rule) where own.found > 0
order by own.rate desc, own.found desc, own.rule
"""  # noqa: S608


def ask(store: Store, sql: str, **values: object) -> Answer:
    """Return the names of the columns and the rows that answer a question.

    Raises:
        UsageError: DuckDB does not understand the question; the message is DuckDB's.
    """
    with duckdb.connect() as connection:
        connection.execute('create table "current" ("case" varchar, task varchar)')
        current = list(store.current.items())
        if current:
            connection.executemany('insert into "current" values (?, ?)', current)
        for name, columns in TABLES.items():
            _view_of_connection(connection, store, name, list(columns.names))
        try:
            asked = connection.execute(sql, values or None)
            described = asked.description or []
            return tuple(str(column[0]) for column in described), asked.fetchall()
        except duckdb.Error as error:
            msg = f"DuckDB does not understand the question: {error}"
            raise UsageError(msg) from error


def _view_of_connection(connection: Any, store: Store, name: str, columns: list[str]) -> None:
    """Make a table of the latest task of each case."""
    if files := store.files(name):
        listed = ", ".join(f"'{path.replace(chr(39), chr(39) * 2)}'" for path in files)
        reading = f"read_parquet([{listed}], union_by_name = true)"
        latest = 'semi join "current" using ("case", task)'
        connection.execute(f'create view "{name}" as select * from {reading} {latest}')  # noqa: S608
    else:
        empty = ", ".join(f'null as "{column}"' for column in columns)
        connection.execute(f'create view "{name}" as select {empty} where false')


def trend(store: Store, rule: str) -> Answer:
    """Return a rule by month of capture."""
    return ask(store, _TREND, rule=rule)


def by_version(store: Store) -> Answer:
    """Return rules that were found, by product and version."""
    return ask(store, _BY_VERSION)


def new_signatures(store: Store, days: int) -> Answer:
    """Return errors without a rule that no case had before the last days of the fleet."""
    return ask(store, _NEW_SIGNATURES, days=days)


def of_customer(store: Store, customer: str) -> Answer:
    """Return what a customer's cases have, beside how often all others have it."""
    return ask(store, _CUSTOMER, customer=customer)
