"""Finds the tables that a module writes to, by reading its source.

Two kinds of writes are found: SQL in string constants, and calls of the ORM whose model
can be inferred from annotations, assignments and the return types of functions.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SQL_WRITE = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|COPY|MERGE\s+INTO)"
    r'\s+(?:ONLY\s+)?"?annotations_(\w+)',
    re.IGNORECASE,
)
ORM_WRITES = frozenset(
    [
        "create",
        "bulk_create",
        "get_or_create",
        "update_or_create",
        "update",
        "bulk_update",
        "save",
        "delete",
    ]
)
ALSO_OF_OTHER_TYPES = frozenset(("update", "delete", "create"))  # dict, storage, module

Types = Mapping[str, set[str]]


@dataclass(frozen=True)
class Write:
    """A write to a model's table; `model` is empty where it is not clear which."""

    model: str
    line: int
    code: str


class Reader:
    """Reads modules; `models` are the names of all models, by lower-case name."""

    def __init__(self, models: Mapping[str, str], sources: Iterable[Path]) -> None:
        self.models = models
        self.names = set(models.values())
        self.trees = {path: ast.parse(path.read_text()) for path in sources}
        self.returns: dict[str, set[str]] = defaultdict(set)
        for tree in self.trees.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    self.returns[node.name] |= self._annotated(node.returns)

    def writes(self, path: Path) -> Iterator[Write]:
        """Yield the writes of a module."""
        tree = self.trees[path]
        yield from self._sql(tree)
        shared = self._types(tree, {}, into_functions=False)
        for scope in tree.body:  # a class is one scope: its methods share attributes
            yield from self._orm(scope, self._types(scope, shared))

    def _sql(self, tree: ast.Module) -> Iterator[Write]:
        for node, text in _texts(tree):
            for match in SQL_WRITE.finditer(text):
                model = self.models.get(match[1].lower())
                if model is not None:
                    yield Write(model, node.lineno, " ".join(match[0].split()))

    def _orm(self, scope: ast.AST, types: Types) -> Iterator[Write]:
        for node in ast.walk(scope):
            if not isinstance(node, ast.Call) or not isinstance(
                node.func, ast.Attribute
            ):
                continue
            method, receiver = node.func.attr, node.func.value
            if method not in ORM_WRITES:
                continue
            code = ast.unparse(node.func)
            models = self._infer(receiver, types)
            for model in models:
                yield Write(model, node.lineno, code)
            if not models and method not in ALSO_OF_OTHER_TYPES:
                yield Write("", node.lineno, code)

    def _types(
        self, scope: ast.AST, outer: Types, *, into_functions: bool = True
    ) -> Types:
        """Return the models that names and attributes of a scope can be."""
        types = {name: set(models) for name, models in outer.items()}
        nodes = list(ast.walk(scope) if into_functions else _without_bodies(scope))
        for _ in range(2):  # a name can be read above the line that assigns it
            for node in nodes:
                for target, models in self._bindings(node, types):
                    for name in _names(target):
                        types.setdefault(name, set()).update(models)
        return types

    def _bindings(
        self, node: ast.AST, types: Types
    ) -> Iterator[tuple[ast.AST, set[str]]]:
        match node:
            case ast.arg(annotation=annotation):
                yield node, self._annotated(annotation)
            case ast.AnnAssign(target=target, annotation=annotation):
                yield target, self._annotated(annotation)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield target, self._infer(value, types)
            case ast.NamedExpr(target=target, value=value):
                yield target, self._infer(value, types)
            case (
                ast.For(target=target, iter=rows)
                | ast.comprehension(target=target, iter=rows)
            ):
                yield target, self._infer(rows, types)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                yield target, self._infer(value, types)

    def _annotated(self, annotation: ast.expr | None) -> set[str]:
        if annotation is None:
            return set()
        names = re.findall(r"(?<![.\w])\w+", ast.unparse(annotation))  # no PIL.Image
        return set(names) & self.names

    def _infer(self, node: ast.AST, types: Types) -> set[str]:
        """Return the models whose rows, query or manager an expression can be."""
        match node:
            case ast.Name(id=name):
                return {name} if name in self.names else types.get(name, set())
            case ast.Attribute(value=value, attr=attribute):
                if attribute == "objects":
                    return self._infer(value, types)
                return types.get(attribute, set())
            case ast.Call(func=ast.Name(id=name), args=arguments):
                sources = arguments[:1] if name in ("list", "sorted") else [node.func]
                models = [self._infer(source, types) for source in sources]
                return set().union(self.returns.get(name, set()), *models)
            case ast.Call(func=ast.Attribute(value=value, attr=name)):
                return self._infer(value, types) or self.returns.get(name, set())
            case ast.Subscript(value=value):
                return self._infer(value, types)
            case ast.IfExp(body=body, orelse=other):
                return self._infer(body, types) | self._infer(other, types)
        return set()


def _without_bodies(scope: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, ast.FunctionDef):
            yield from _without_bodies(node)


def _names(target: ast.AST) -> list[str]:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return [name]
        case ast.Tuple(elts=[first, *_]):  # get_or_create returns the row first
            return _names(first)
    return []


def _texts(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield each string; the values in an f-string become {}."""
    parts: set[ast.AST] = set()
    for node in ast.walk(tree):  # an f-string comes before its parts
        match node:
            case ast.JoinedStr(values=values):
                parts.update(values)
                yield node, "".join(_constant(value) or "{}" for value in values)
            case ast.Constant(value=str() as text) if node not in parts:
                yield node, text


def _constant(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""
