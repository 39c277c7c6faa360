"""Just enough PromQL to find the selectors of an expression. Whether it parses is for a real Prometheus to say."""

import dataclasses
import re

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\$?[A-Za-z_:][A-Za-z0-9_:]*|[\d.]+|[=!]~|[=!<>]=|[-+*/%^<>=(){}\[\],]|\s+')
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
WORDS = re.compile(r"(by|without|on|ignoring|group_left|group_right|and|or|unless|bool|offset)$")


@dataclasses.dataclass
class Selector:
    """A metric with its matchers as (label, operator, value), the range if it has one, and the function around it."""

    metric: str
    matchers: list
    range: str | None
    function: str | None

    def has(self, label, operator, value):
        return (label, operator, value) in self.matchers


def selectors(expr):
    """The selectors of an expression; ValueError where its brackets or its characters are wrong."""
    tokens = _tokens(expr)
    found, functions, position = [], [], 0
    while position < len(tokens):
        token = tokens[position]
        following = tokens[position + 1] if position + 1 < len(tokens) else ""
        if _is_name(token) and _opens_label_list(token, following):
            position = tokens.index(")", position)
        elif _is_name(token) and following == "(":
            functions.append(token)
            position += 1
        elif token == "(":
            functions.append(None)
        elif token == ")":
            if not functions:
                raise ValueError("a ) too many")
            functions.pop()
            # `sum by (a) (x)`: the name stands before the labels, so the bracket itself has none.
        elif _is_name(token) and not WORDS.match(token) and following != "(" and not _aggregates(tokens, position):
            selector, position = _selector(tokens, position, functions[-1] if functions else None)
            found.append(selector)
        position += 1
    if functions:
        raise ValueError("a ) is missing")
    return found


def _tokens(expr):
    tokens, position = [], 0
    while position < len(expr):
        match = TOKEN.match(expr, position)
        if not match:
            raise ValueError(f"can't read {expr[position:position + 20]!r}")
        if not match.group().isspace():
            tokens.append(match.group())
        position = match.end()
    return tokens


def _is_name(token):
    return re.match(r"[A-Za-z_:]", token) is not None


def _opens_label_list(token, following):
    return token in ("by", "without", "on", "ignoring", "group_left", "group_right") and following == "("


def _aggregates(tokens, position):
    return position + 1 < len(tokens) and tokens[position + 1] in ("by", "without")


def _selector(tokens, position, function):
    """The selector that begins at `position`, and the position of its last token."""
    metric, matchers, span = tokens[position], [], None
    if tokens[position + 1:position + 2] == ["{"]:
        end = tokens.index("}", position)
        matchers = MATCHER.findall("".join(tokens[position + 2:end]))
        position = end
    if tokens[position + 1:position + 2] == ["["]:
        end = tokens.index("]", position)
        span = "".join(tokens[position + 2:end])
        position = end
    return Selector(metric, matchers, span, function), position
