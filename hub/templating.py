"""Templates of rule authors: Jinja2 cut down to what can neither hang, leak nor mention."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from jinja2 import (
    ChainableUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    Undefined,
    nodes,
    pass_context,
)
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as JINJA_TESTS

from hub.contracts import JSONValue
from hub.filters import FILTERS, OPERATORS, Filter
from hub.formats import Locale
from hub.grammar import TESTS, TemplateProblem, check, rewrite
from hub.sentences import sentence as _
from hub.writer import TooMuchWorkError, Writer

__all__ = ["TemplateProblem", "find_problem", "render"]

MAX_SOURCE_CHARS: Final = 8 * 1024
MAX_OUTPUT_CHARS: Final = 64 * 1024
CACHED_TEMPLATES: Final = 1024  # about 20 kB each
STEPS_OF_A_CALL: Final = 50
FILE_NAME: Final = "<template>"  # Jinja's, in tracebacks
LOOP_FIELDS: Final = frozenset({"index", "index0", "first", "last", "length"})
MISSING: Final = ChainableUndefined()
RUNTIME_ERRORS: Final = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
SAMPLE_VALUES: Final[tuple[JSONValue, ...]] = (
    None,
    "Server down",
    42,
    ["urgent", {"name": "Acme Corp"}],
    {"name": "Acme Corp", "id": 7},
)


class _Context(Context):
    writer: Writer


class _Environment(ImmutableSandboxedEnvironment):
    """Reaches fields of objects and elements of lists, and nothing of Python."""

    context_class = _Context

    def getattr(self, obj: object, attribute: str) -> object:
        if isinstance(obj, LoopContext) and attribute in LOOP_FIELDS:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: object, argument: object) -> object:
        if isinstance(obj, Mapping):
            return obj.get(argument, MISSING) if isinstance(argument, str) else MISSING
        if isinstance(obj, list) and isinstance(argument, int):
            return obj[argument] if -len(obj) <= argument < len(obj) else MISSING
        return MISSING


def render(
    source: str, context: Mapping[str, JSONValue], *, language: str = "en", zone: str = "UTC"
) -> str:
    """The Markdown of a message. The author's text stands; what comes from `context` is inert.

    Raises TemplateProblem.
    """
    template = _compiled(source)
    template_context = template.new_context(context, shared=True)  # type: ignore[arg-type]  # it is only read
    template_context.writer = Writer(Locale(language, zone))  # type: ignore[attr-defined]  # _Context
    try:
        return _joined(template.root_render_func(template_context))
    except TooMuchWorkError as error:
        raise TemplateProblem(_("The template does too much.")) from error
    except RUNTIME_ERRORS as error:
        line = _line_of(error, template)
        raise TemplateProblem(_("Line {line}: {reason}", line=line, reason=error)) from error


def find_problem(source: str) -> str:
    """What is wrong with a template, in one sentence with the line; empty if nothing is."""
    try:
        render(source, {})
        for value in SAMPLE_VALUES:
            render(source, dict.fromkeys(_names(source), value))
    except TemplateProblem as problem:
        return str(problem)
    return ""


def _joined(pieces: Iterator[str]) -> str:
    """Ends early: two loops around a long text would write hundreds of megabytes."""
    kept, length = [], 0
    for piece in pieces:
        length += len(piece)
        if length > MAX_OUTPUT_CHARS:
            raise TemplateProblem(_("The message would be longer than 64 KB."))
        kept.append(piece)
    return "".join(kept)


@lru_cache(CACHED_TEMPLATES)
def _compiled(source: str) -> Template:
    """Compiling takes milliseconds. Raises TemplateProblem."""
    if len(source) > MAX_SOURCE_CHARS:
        raise TemplateProblem(_("The template is longer than 8 KB."))
    try:
        tree = ENVIRONMENT.parse(source)
        check(tree)
        code = ENVIRONMENT.compile(rewrite(tree))
    except TemplateSyntaxError as error:
        raise TemplateProblem(
            _("Line {line}: {reason}", line=error.lineno, reason=error.message)
        ) from error
    except (RecursionError, MemoryError) as error:
        raise TemplateProblem(_("The template is nested too deeply.")) from error
    except ValueError as error:
        raise TemplateProblem(_("A number in the template is too long.")) from error
    return Template.from_code(ENVIRONMENT, code, {})


def _names(source: str) -> set[str]:
    return {name.name for name in ENVIRONMENT.parse(source).find_all(nodes.Name)}


def _line_of(error: Exception, template: Template) -> int:
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == FILE_NAME
    ]
    return template.get_corresponding_lineno(lines[-1]) if lines else 1


def _bind(call: Filter) -> Callable[..., object]:
    """`call` as Jinja calls filters: what is undefined is None to it."""

    @pass_context
    def bound(context: _Context, *arguments: object, **named: object) -> object:
        context.writer.spend(STEPS_OF_A_CALL)
        known = [None if isinstance(one, Undefined) else one for one in arguments]
        return call(context.writer, *known, **named)

    return bound


@pass_context
def _output(context: _Context, value: object) -> str:
    return context.writer.output(value)


def _make_environment() -> _Environment:
    environment = _Environment(
        autoescape=False,
        finalize=_output,
        lstrip_blocks=True,
        optimized=False,  # nothing is evaluated before the work is counted
        trim_blocks=True,
        undefined=ChainableUndefined,
    )
    environment.globals = {}
    environment.filters = {name: _bind(call) for name, call in ({**FILTERS, **OPERATORS}).items()}
    environment.tests = {name: JINJA_TESTS[name] for name in TESTS}
    return environment


ENVIRONMENT: Final = _make_environment()
