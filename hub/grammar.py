"""What a template may contain, and how its operators become bounded filters."""

import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from hub.filters import FILTERS
from hub.sentences import sentence as _

MAX_LOOP_DEPTH: Final = 2
MAX_NESTING: Final = 50  # keeps the recursive compiler far from Python's limit
PAIR_LENGTH: Final = 2
SIMILARITY: Final = 0.7  # of a misspelt filter to the one that is meant
RESERVED_NAMES: Final = frozenset({"self", "super", "caller", "varargs", "kwargs"})
TESTS: Final = frozenset(
    {"defined", "undefined", "none", "string", "number", "boolean", "true", "false", "mapping"}
)
ALLOWED: Final = frozenset[type[nodes.Node]](
    {nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.CondExpr}
    | {nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Getattr, nodes.Getitem}
    | {nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Compare, nodes.Operand, nodes.Concat}
    | {nodes.Filter, nodes.Test, nodes.Keyword}
)
# What the author wrote, where that is not the name of the node.
WORDS: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.Call: "( )",
    nodes.CallBlock: "call",
    nodes.Dict: "{ }",
    nodes.FilterBlock: "filter",
    nodes.FromImport: "import",
    nodes.Scope: "autoescape",
    nodes.Slice: "[ : ]",
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Neg: "-",
    nodes.Pos: "+",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
    nodes.Pow: "**",
}


class TemplateProblem(Exception):  # noqa: N818 - authors read it as one
    """What is wrong with a template, in a sentence for its author."""


def check(tree: nodes.Template) -> None:
    """Raises TemplateProblem at something that templates may not do."""
    left: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while left:
        node, depth, loop_depth = left.pop()
        loop_depth += isinstance(node, nodes.For)
        problem = _find_nesting_problem(depth, loop_depth) or _find_problem(node)
        if problem:
            raise TemplateProblem(_("Line {line}: {reason}", line=node.lineno or 1, reason=problem))
        left += [(child, depth + 1, loop_depth) for child in node.iter_child_nodes()]


def rewrite(tree: nodes.Template) -> nodes.Template:
    """The same template with comparisons, `~`, `in` and `for` made of our own operators."""
    rewritten: nodes.Template = _Rewriting().visit(tree)
    return rewritten


def _find_nesting_problem(depth: int, loop_depth: int) -> str:
    if loop_depth > MAX_LOOP_DEPTH:
        return _("a loop in a loop in a loop cannot be used.")
    return _("this is nested too deeply.") if depth > MAX_NESTING else ""


def _find_problem(node: nodes.Node) -> str:
    match node:
        case nodes.Name() | nodes.Getattr():
            return _find_name_problem(node)
        case nodes.Filter():
            return _find_filter_problem(node)
        case nodes.Test():
            return _find_test_problem(node)
        case nodes.Compare() if len(node.ops) > 1:
            return _("compare two values at a time, with “and” between.")
        case nodes.List() | nodes.Tuple() if not _is_plain(node):
            return _("a list can hold texts and numbers only.")
        case nodes.For() if node.recursive:
            return _forbidden("recursive")
    is_allowed = type(node) in ALLOWED and not _is_negation_of_value(node)
    return "" if is_allowed else _forbidden(WORDS.get(type(node), type(node).__name__.lower()))


def _find_name_problem(node: nodes.Name | nodes.Getattr) -> str:
    name = node.name if isinstance(node, nodes.Name) else node.attr
    is_private = name.startswith("__") and name.endswith("__")
    is_reserved = isinstance(node, nodes.Name) and name in RESERVED_NAMES
    return _forbidden(name) if is_private or is_reserved else ""


def _find_filter_problem(node: nodes.Filter) -> str:
    call = FILTERS.get(node.name)
    if node.node is None or node.dyn_args or node.dyn_kwargs:
        return _forbidden("filter")
    if call is None:
        close = get_close_matches(node.name, FILTERS, 1, SIMILARITY) or [", ".join(FILTERS)]
        return _("there is no filter “{name}”. Perhaps: {close}.", name=node.name, close=close[0])
    try:
        named = {str(keyword.key): None for keyword in node.kwargs}
        inspect.signature(call).bind(None, None, *node.args, **named)
    except TypeError as error:
        return _("the filter “{name}”: {reason}.", name=node.name, reason=error)
    return ""


def _find_test_problem(node: nodes.Test) -> str:
    if node.name in TESTS and not (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs):
        return ""
    return _(
        "“is {name}” cannot be used; these can: {known}.",
        name=node.name,
        known=", ".join(sorted(TESTS)),
    )


def _forbidden(word: str) -> str:
    return _("“{word}” cannot be used in a template.", word=word)


def _is_plain(node: nodes.List | nodes.Tuple) -> bool:
    """A list of constants, or the two names of `for name, field in …`."""
    if isinstance(node, nodes.Tuple) and node.ctx == "store":
        are_names = all(isinstance(item, nodes.Name) for item in node.items)
        return are_names and len(node.items) == PAIR_LENGTH
    return all(isinstance(item, nodes.Const) for item in node.items)


def _is_negation_of_value(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Neg) and not isinstance(node.node, nodes.Const)


class _Rewriting(NodeTransformer):
    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802 - Jinja's naming
        self.generic_visit(node)
        return _operator("~", nodes.List(node.nodes, lineno=node.lineno))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Filter:  # noqa: N802
        self.generic_visit(node)
        return _operator(node.ops[0].op, node.expr, node.ops[0].expr)

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802
        weight = sum(1 for _node in node.find_all(nodes.Node))
        self.generic_visit(node)
        name = "each_pair" if isinstance(node.target, nodes.Tuple) else "each"
        node.iter = _operator(name, node.iter, nodes.Const(weight, lineno=node.lineno))
        return node


def _operator(name: str, value: nodes.Node, *arguments: nodes.Node) -> nodes.Filter:
    return nodes.Filter(
        value, f"operator {name}", list(arguments), [], None, None, lineno=value.lineno
    )
