"""The ORM's statements with their SQL worked out once.

Working out the SQL of a query costs Django several times what PostgreSQL needs to answer it (docs/performance.md has
the figures), and a page asks the same few queries every time. A prepared query is declared as the queryset that it is,
compiled when it is first asked, and from then on only given its values. `insert`, `insert_all` and `update` do what
`save` and `bulk_create` do. Everything goes through Django's connection: its transactions, and its counting in tests.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup, Model, QuerySet, Value
from django.db.models.base import ModelState
from django.db.models.expressions import DatabaseDefault
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row")
M = TypeVar("M", bound=Model)
Hydrate = Callable[[tuple[Any, ...]], Any]
ALIAS = DEFAULT_DB_ALIAS  # `connections[ALIAS]` finds the connection once, `django.db.connection` at each use of it
Values = Sequence[Any] | Mapping[str, Any]
MOST_CURSORS = 500


class Given(Value):
    """The place of a value that is known only when the query is asked. A filter takes it like any value."""

    def __init__(self, name: str) -> None:
        super().__init__(None)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


@Field.register_lookup
class AnyOf(Lookup):
    """`pk__any=…`: equal to one of a list, which is one value to PostgreSQL, so that the SQL does not depend on it."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = self.process_rhs(compiler, connection)
        return f"{left} = ANY({right})", [*left_values, *right_values]


@dataclass(frozen=True)
class _Compiled:
    sql: str
    values: Sequence[Any]  # constants, and `Given` places
    hydrate: Hydrate
    locks: bool


@dataclass(frozen=True)
class Question(Generic[Row]):
    """A query with its values."""

    sql: str
    values: Values
    hydrate: Hydrate

    def answer(self) -> list[Row]:
        """Every row, in the query's order."""
        return [self.hydrate(row) for row in run(self.sql, self.values)]


def together(*questions: Question[Any]) -> list[list[Any]]:
    """The rows of each question; they are sent one after the other, without waiting for the answers in between."""
    here = connections[ALIAS]
    if len(questions) == 1 or here.queries_logged or here.execute_wrappers:  # whoever counts statements sees each
        return [question.answer() for question in questions]
    raw = _psycopg_of(here)
    cursors: list[psycopg.Cursor[Any]] = []
    with here.wrap_database_errors, raw.pipeline():
        for question in questions:
            kept = _cursor(raw, question.sql)
            cursors.append(psycopg.Cursor(raw) if kept in cursors else kept)
            cursors[-1].execute(question.sql, question.values, prepare=True)
        found = [cursor.fetchall() for cursor in cursors]
    return [[one.hydrate(row) for row in rows] for one, rows in zip(questions, found, strict=True)]


class Prepared(Generic[Row]):
    """A query that is asked often. Made by `prepared`."""

    def __init__(self, make: Callable[..., QuerySet[Any, Row]]) -> None:
        self._make = make
        self._names = frozenset(inspect.signature(make).parameters)
        self._compiled: _Compiled | None = None  # two threads may both compile it: they get the same
        self.__doc__ = make.__doc__

    def all(self, **values: Any) -> list[Row]:
        """Every row, in the query's order."""
        return self.given(**values).answer()

    def first(self, **values: Any) -> Row | None:
        """The first row, or None."""
        return next(iter(self.all(**values)), None)

    def get(self, **values: Any) -> Row:
        """The only row. Raises IndexError: there is none."""
        return self.all(**values)[0]

    def given(self, **values: Any) -> Question[Row]:
        """The query with its values, for `together`."""
        known = self._compiled or self._compile()
        if values.keys() != self._names:
            raise TypeError(f"{self._make.__name__} takes {sorted(self._names)}, not {sorted(values)}")
        if known.locks and not connection.in_atomic_block:
            raise TransactionManagementError("a lock needs a transaction")
        bound = [values[one.name] if isinstance(one, Given) else one for one in known.values]
        return Question(known.sql, bound, known.hydrate)

    def _compile(self) -> _Compiled:
        queryset = self._make(**{name: Given(name) for name in self._names})
        compiler = queryset.query.get_compiler(connection=connection)
        sql, values = compiler.as_sql()
        hydrate = _HYDRATES[queryset._iterable_class](compiler)
        self._compiled = _Compiled(sql, values, hydrate, locks=queryset.query.select_for_update)
        return self._compiled


def prepared(make: Callable[..., QuerySet[Any, Row]]) -> Prepared[Row]:
    """Decorate a function that returns a queryset: its parameters are the values that the query is given each time.

    The queryset may select related rows, annotate, order, limit and lock; it may not prefetch or evaluate itself.
    """
    return Prepared(make)


def run(sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """Run a statement that PostgreSQL, too, keeps prepared on this connection, and return its rows.

    What Django's cursor does is done here as well: errors are Django's, wrappers (which count statements in tests) see
    it. Where statements are logged for `assertNumQueries`, Django's own cursor runs it.
    """
    here = connections[ALIAS]
    if here.queries_logged:
        with here.cursor() as logged:
            logged.execute(sql, values)
            return cast(list[tuple[Any, ...]], logged.fetchall())
    cursor = _cursor(_psycopg_of(here), sql)
    with here.wrap_database_errors:
        execute: Callable[..., Any] = _execute
        for wrapper in reversed(here.execute_wrappers):
            execute = partial(wrapper, execute)
        execute(sql, values, False, {"connection": here, "cursor": cursor})
        return cursor.fetchall()


def _psycopg_of(here: BaseDatabaseWrapper) -> psycopg.Connection[Any]:
    here.validate_thread_sharing()
    here.close_if_health_check_failed()
    if here.connection is None:
        here.ensure_connection()
    here.validate_no_broken_transaction()
    return cast(psycopg.Connection[Any], here.connection)


def _cursor(raw: psycopg.Connection[Any], sql: str) -> psycopg.Cursor[Any]:
    """The cursor that a connection keeps for a statement: with it psycopg keeps how its values are sent and read."""
    kept: dict[str, psycopg.Cursor[Any]] = raw.__dict__.setdefault("rapport_cursors", {})
    if sql not in kept:
        if len(kept) >= MOST_CURSORS:
            kept.clear()
        kept[sql] = psycopg.Cursor(raw)
    return kept[sql]


def _execute(sql: str, values: Values, _many: bool, context: dict[str, Any]) -> None:
    context["cursor"].execute(sql, values, prepare=True)


class _Instances:
    """Makes instances of rows as `Model.from_db` and Django's populators do.

    Left out is what no model of ours needs and every row would pay for: signals, and values that are not read.
    """

    def __init__(self, klass_info: Mapping[str, Any], select: Sequence[Any]) -> None:
        fields = klass_info["select_fields"]
        self.model: Any = klass_info["model"]
        self.columns = slice(fields[0], fields[-1] + 1)
        self.names = [column[0].target.attname for column in select[self.columns]]
        self.key = self.names.index(self.model._meta.pk.attname)
        self.related = [
            (info["local_setter"], info["remote_setter"], _Instances(info, select))
            for info in klass_info.get("related_klass_infos", ())
        ]

    def of(self, row: tuple[Any, ...]) -> Any:
        """The instance in a row, with those that are joined to it; None where an outer join found nothing."""
        values = row[self.columns]
        if values[self.key] is None:
            return None
        found = self.model.__new__(self.model)
        found._state = state = ModelState()
        state.adding, state.db = False, ALIAS
        found.__dict__.update(zip(self.names, values, strict=True))
        for set_here, set_there, instances in self.related:
            other = instances.of(row)
            set_here(found, other)
            if other is not None:
                set_there(other, found)
        return found


def _models(compiler: Any) -> Hydrate:
    instances = _Instances(compiler.klass_info, compiler.select)
    annotations = compiler.annotation_col_map
    convert = _converted(compiler)

    def hydrate(row: tuple[Any, ...]) -> Any:
        row = convert(row)
        found = instances.of(row)
        for name, column in annotations.items():
            setattr(found, name, row[column])
        return found

    return hydrate


def _flat(compiler: Any) -> Hydrate:
    convert = _converted(compiler)
    return lambda row: convert(row)[0]


def _converted(compiler: Any) -> Hydrate:
    """Turns the columns that a field reads in its own way, such as JSON, into what the field gives."""
    converters = compiler.get_converters([column[0] for column in compiler.select])

    def convert(row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for column, (functions, expression) in converters.items():
            for function in functions:
                values[column] = function(values[column], expression, connection)
        return tuple(values)

    return convert if converters else lambda row: row


_HYDRATES: dict[Any, Callable[[Any], Hydrate]] = {
    ModelIterable: _models,
    ValuesListIterable: _converted,
    FlatValuesListIterable: _flat,
}


@dataclass(frozen=True)
class _Insertion:
    fields: Sequence[Any]
    returned: Sequence[Any]
    head: str
    tail: str
    known: dict[int, str] = field(default_factory=dict)  # by the number of rows: psycopg knows a statement by identity

    def statement(self, rows: Sequence[Model]) -> tuple[str, list[Any]]:
        """The SQL that stores some rows, and its values."""
        if len(rows) not in self.known:
            line = f"({', '.join(['%s'] * len(self.fields))})"
            self.known[len(rows)] = f"{self.head} {', '.join([line] * len(rows))} {self.tail}"
        here = connections[ALIAS]
        values = [
            one.get_db_prep_save(getattr(row, one.attname), connection=here) for row in rows for one in self.fields
        ]
        return self.known[len(rows)], values

    def fill_in(self, row: M, stored: tuple[Any, ...]) -> M:
        """Give a row its key and what the database has filled in."""
        for one, value in zip(self.returned, stored, strict=True):
            setattr(row, one.attname, value)
        row._state.adding, row._state.db = False, ALIAS
        return row


_insertions: dict[tuple[type[Model], frozenset[str]], _Insertion] = {}


def insert(row: M) -> M:
    """Store a new row; return it with its key and with what the database has filled in. `save(force_insert=True)`."""
    return insert_all([row])[0]


def insert_all(rows: Sequence[M]) -> Sequence[M]:
    """Store new rows of one model in one statement; the database fills in the same columns of each."""
    if not rows:
        return rows
    plan = _insertion(rows[0])
    sql, values = plan.statement(rows)
    for row, filled_in in zip(rows, run(sql, values), strict=True):
        plan.fill_in(row, filled_in)
    return rows


def inserting(row: M) -> Question[M]:
    """As `insert`, to be asked `together` with others."""
    plan = _insertion(row)
    sql, values = plan.statement([row])
    return Question(sql, values, lambda filled_in: plan.fill_in(row, filled_in))


def _insertion(row: Model) -> _Insertion:
    fields = cast(Any, row._meta).local_concrete_fields
    left_out = frozenset(field.attname for field in fields if _is_filled_in(row, field))
    key = (type(row), left_out)
    if key not in _insertions:
        quote = connection.ops.quote_name
        given = [field for field in fields if field.attname not in left_out]
        returned = [field for field in fields if field.attname in left_out]
        columns = ", ".join(quote(field.column) for field in given)
        head = f"INSERT INTO {quote(row._meta.db_table)} ({columns}) VALUES"
        tail = f"RETURNING {', '.join(quote(field.column) for field in returned or [row._meta.pk])}"
        _insertions[key] = _Insertion(given, returned or [row._meta.pk], head, tail)
    return _insertions[key]


def _is_filled_in(row: Model, field: Any) -> bool:
    value = getattr(row, field.attname)
    return isinstance(value, DatabaseDefault) or (field.primary_key and value is None)


_updates: dict[tuple[type[Model], tuple[str, ...]], tuple[str, Sequence[Any]]] = {}


def update(row: Model, *names: str) -> None:
    """Store some fields of a row that exists: `save(update_fields=names)`."""
    if len(updating(row, *names).answer()) != 1:
        raise type(row).DoesNotExist(f"{type(row).__name__} {row.pk} is gone")  # type: ignore[attr-defined]


def updating(row: Model, *names: str) -> Question[Any]:
    """As `update`, to be asked `together` with others; one answer where the row was there."""
    key = (type(row), names)
    if key not in _updates:
        quote, meta = connection.ops.quote_name, row._meta
        fields = [meta.get_field(name) for name in names]
        changes = ", ".join(f"{quote(cast(Any, field).column)} = %s" for field in fields)
        where = f"{quote(cast(Any, meta.pk).column)} = %s"
        sql = f"UPDATE {quote(meta.db_table)} SET {changes} WHERE {where} RETURNING 1"  # noqa: S608  our own columns' names
        _updates[key] = sql, [*fields, meta.pk]
    sql, columns = _updates[key]
    here = connections[ALIAS]
    values = [column.get_db_prep_save(getattr(row, column.attname), connection=here) for column in columns]
    return Question(sql, values, lambda found: found)
