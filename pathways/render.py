"""A pathway's picture as text: Mermaid, Graphviz DOT, or a self-contained SVG.

The SVG is laid out here, in layers from left to right: what is asked for stands left of what asks
for it. It holds no scripts, styles or fonts from elsewhere, and says in words what it shows.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import networkx as nx

from pathways.picture import Edge, Kind, Node, Picture, State

#: Fill, border and text of each state; the text has a contrast of at least 7 to 1 on the fill.
_COLOURS: dict[State | None, tuple[str, str, str]] = {
    State.DONE: ("#d3f0dc", "#1a7f37", "#0b3d1a"),
    State.UNDER_WAY: ("#fff0c2", "#9a6700", "#4a3200"),
    State.GONE: ("#e9e9ee", "#6e7079", "#33353c"),
    State.OPEN: ("#ffffff", "#6e7079", "#24262c"),
    None: ("#ffffff", "#4a4d57", "#24262c"),
}


def _label(node: Node) -> list[str]:
    return [node.title, *node.lines]


# --- Mermaid -------------------------------------------------------------------------------------

_SHAPES = {
    Kind.MODULE: ("[", "]"),
    Kind.MODULES: ("[[", "]]"),
    Kind.RULE: ("(", ")"),
    Kind.CREDENTIAL: ("([", "])"),
}


def mermaid(picture: Picture) -> str:
    """Write a Mermaid flowchart."""
    names = _names(picture)
    lines = ["---", f"title: {_yaml(picture.title)}", "---"] if picture.title else []
    lines.append("flowchart LR")
    for node in picture.nodes:
        left, right = _SHAPES[node.kind]
        text = "<br/>".join(_entities(line) for line in _label(node))
        lines.append(f'    {names[node.key]}{left}"{text}"{right}')
    for edge in picture.edges:
        arrow = "-.->" if edge.prerequisite or not edge.certain else "-->"
        label = f'|"{_entities(edge.label)}"|' if edge.label else ""
        lines.append(f"    {names[edge.source]} {arrow}{label} {names[edge.target]}")
    for state in State:
        members = [names[node.key] for node in picture.nodes if node.state is state]
        if members:
            fill, border, text = _COLOURS[state]
            name = state.name.lower()
            lines.append(f"    classDef {name} fill:{fill},stroke:{border},color:{text}")
            lines.append(f"    class {','.join(members)} {name}")
    return "\n".join(lines) + "\n"


def _names(picture: Picture) -> Mapping[str, str]:
    return {node.key: f"n{number}" for number, node in enumerate(picture.nodes)}


def _entities(text: str) -> str:
    """Write as a numbered entity whatever Mermaid might read as something else."""
    return "".join(
        each if each.isalnum() or each in " .,:/-·()" else f"#{ord(each)};"
        for each in _printable(text)
    )


def _yaml(text: str) -> str:
    quoted = _printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _printable(text: str) -> str:
    """A text in one line, without what no document may hold."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable())


# --- DOT -----------------------------------------------------------------------------------------

_DOT_SHAPES = {
    Kind.MODULE: "shape=box",
    Kind.MODULES: "shape=box3d",
    Kind.RULE: 'shape=box, style="rounded,filled"',
    Kind.CREDENTIAL: "shape=box, peripheries=2",
}


def dot(picture: Picture) -> str:
    """Write a Graphviz digraph."""
    names = _names(picture)
    lines = [
        "digraph pathway {",
        f"    graph [rankdir=LR, label={_dotted([picture.title])}, labelloc=t];",
        '    node [style=filled, fontname="sans-serif"];',
        '    edge [fontname="sans-serif"];',
    ]
    for node in picture.nodes:
        fill, border, text = _COLOURS[node.state]
        colours = f'fillcolor="{fill}", color="{border}", fontcolor="{text}"'
        label = _dotted(_label(node))
        lines.append(f"    {names[node.key]} [label={label}, {_DOT_SHAPES[node.kind]}, {colours}];")
    for edge in picture.edges:
        marks = [f"label={_dotted([edge.label])}"] if edge.label else []
        if edge.prerequisite:
            marks.append("style=dotted")
        elif not edge.certain:
            marks.append("style=dashed")
        ends = f"{names[edge.source]} -> {names[edge.target]}"
        lines.append(f"    {ends} [{', '.join(marks)}];" if marks else f"    {ends};")
    return "\n".join([*lines, "}"]) + "\n"


def _dotted(parts: Iterable[str]) -> str:
    lines = (_printable(part).replace("\\", "\\\\").replace('"', '\\"') for part in parts)
    return '"' + "\\n".join(lines) + '"'


# --- layout --------------------------------------------------------------------------------------

_LINE = 17
_PAD = 9
_LETTER = 7.2
_STRONG_LETTER = 8.8
_WRAP = 30
_GAP_X = 90
_GAP_Y = 16
_MARGIN = 24
_SWEEPS = 6
_LABEL = 24


@dataclass
class _Box:
    """Where a node stands; a bend of a long edge is a box without text."""

    text: tuple[tuple[str, bool], ...]
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(_printable(text), width, break_on_hyphens=False)


def _box(node: Node) -> _Box:
    strong = _wrapped(node.title, _WRAP)
    small = [line for each in node.lines for line in _wrapped(each, _WRAP + 6)]
    width = max(
        max((len(line) * _STRONG_LETTER for line in strong), default=0.0),
        max((len(line) * _LETTER for line in small), default=0.0),
    )
    text = tuple([(line, True) for line in strong] + [(line, False) for line in small])
    return _Box(text, width + 2 * _PAD, len(text) * _LINE + 2 * _PAD)


def _acyclic(picture: Picture) -> nx.DiGraph[str]:
    """What leads to what, without the few edges that would lead round in a circle."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(node.key for node in picture.nodes)
    ordered = sorted(picture.edges, key=lambda edge: edge.prerequisite)
    graph.add_edges_from((edge.source, edge.target) for edge in ordered)
    while not nx.is_directed_acyclic_graph(graph):
        graph.remove_edge(*nx.find_cycle(graph)[-1][:2])
    return graph


def _layers(graph: nx.DiGraph[str]) -> dict[str, int]:
    """The layer of each node; what nothing leads to stands right before what it leads to."""
    layer = {
        key: number
        for number, generation in enumerate(nx.topological_generations(graph))
        for key in generation
    }
    for key in graph:
        if not graph.in_degree(key) and graph.out_degree(key):
            layer[key] = min(layer[after] for after in graph.successors(key)) - 1
    return layer


@dataclass
class _Layout:
    """Every box in its layer, and each edge as the boxes that it passes."""

    boxes: dict[str, _Box]
    columns: list[list[str]]
    routes: dict[tuple[str, str], list[str]]
    width: float = 0.0
    height: float = 0.0


def _layout(picture: Picture) -> _Layout:
    graph = _acyclic(picture)
    layer = _layers(graph)
    boxes = {node.key: _box(node) for node in picture.nodes}
    columns: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in picture.nodes:
        columns[layer[node.key]].append(node.key)
    routes: dict[tuple[str, str], list[str]] = {}
    for source, target in graph.edges:
        route = [source]
        for between in range(layer[source] + 1, layer[target]):
            bend = f"bend {source} {target} {between}"
            boxes[bend] = _Box((), 0.0, 2.0)
            columns[between].append(bend)
            route.append(bend)
        routes[source, target] = [*route, target]
    layout = _Layout(boxes, columns, routes)
    _order(layout)
    _place(layout)
    return layout


def _order(layout: _Layout) -> None:
    """Order each layer so that few edges cross: by the mean place of the neighbours, to and fro."""
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for route in layout.routes.values():
        for left, right in pairwise(route):
            after.setdefault(left, []).append(right)
            before.setdefault(right, []).append(left)

    def sweep(columns: Iterable[list[str]], neighbours: Mapping[str, list[str]]) -> None:
        for column in columns:
            place = {key: index for each in layout.columns for index, key in enumerate(each)}

            def mean(key: str, place: Mapping[str, int] = place) -> float:
                around = neighbours.get(key, ())
                return sum(place[each] for each in around) / len(around) if around else place[key]

            column.sort(key=mean)

    for _ in range(_SWEEPS):
        sweep(layout.columns[1:], before)
        sweep(layout.columns[-2::-1], after)


def _place(layout: _Layout) -> None:
    """Give each box its place; columns are centred on the tallest."""
    heights = [
        sum(layout.boxes[key].height for key in column) + _GAP_Y * max(len(column) - 1, 0)
        for column in layout.columns
    ]
    layout.height = max(heights, default=0.0)
    x = 0.0
    for column, height in zip(layout.columns, heights, strict=True):
        width = max((layout.boxes[key].width for key in column), default=0.0)
        y = (layout.height - height) / 2
        for key in column:
            box = layout.boxes[key]
            if not box.text:
                box.width = width
            box.x, box.y = x + (width - box.width) / 2, y
            y += box.height + _GAP_Y
        x += width + _GAP_X
    layout.width = max(x - _GAP_X, 0.0)


# --- SVG -----------------------------------------------------------------------------------------


def svg(picture: Picture) -> str:
    """Write an SVG that stands on its own."""
    layout = _layout(picture)
    top = _MARGIN + 28
    width, height = layout.width + 2 * _MARGIN, layout.height + top + _MARGIN + 26
    legend = _legend(picture, height - 14)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" '
        'aria-labelledby="title description" font-family="system-ui, sans-serif" font-size="13">',
        f'<title id="title">{_xml(picture.title)}</title>',
        f'<desc id="description">{_xml(_description(picture))}</desc>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#6e7079"/></marker></defs>',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
        f'<text x="{_MARGIN}" y="{_MARGIN + 4}" font-size="16" font-weight="600" '
        f'fill="#24262c">{_xml(picture.title)}</text>',
        f'<g transform="translate({_MARGIN} {top})">',
    ]
    parts += [_edge(edge, layout) for edge in picture.edges]
    parts += [_node(node, layout.boxes[node.key]) for node in picture.nodes]
    parts += ["</g>", *legend, "</svg>"]
    return "\n".join(parts) + "\n"


def _xml(text: str) -> str:
    return escape(_printable(text), quote=True)


def _description(picture: Picture) -> str:
    """Say what the picture shows, for whoever does not see it."""
    titles = {node.key: node.title for node in picture.nodes}
    into: dict[str, list[str]] = {}
    for edge in picture.edges:
        into.setdefault(edge.target, []).append(titles[edge.source])
    sentences = []
    for node in picture.nodes:
        if node.kind is Kind.CREDENTIAL:
            state = f" ({node.state.value})" if node.state is not None else ""
            from_ = f", from {', '.join(into[node.key])}" if node.key in into else ""
            sentences.append(f"{node.title}{state}{from_}.")
    return " ".join(sentences)


_CORNERS = {Kind.MODULE: 2, Kind.MODULES: 2, Kind.RULE: 12, Kind.CREDENTIAL: 6}


_STRONG = ' font-weight="600"'
_SMALL = ' font-size="12"'


def _node(node: Node, box: _Box) -> str:
    fill, border, colour = _COLOURS[node.state]
    heavy = 2.5 if node.kind is Kind.CREDENTIAL else 1.2
    dashed = ' stroke-dasharray="5 3"' if node.state is State.GONE else ""
    state = f" ({node.state.value})" if node.state is not None else ""
    place = f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
    shape = (
        f'<rect {place} rx="{_CORNERS[node.kind]}" fill="{fill}" stroke="{border}" '
        f'stroke-width="{heavy}"{dashed}/>'
    )
    behind = ""
    if node.kind is Kind.MODULES:
        shifted = place.replace(f'x="{box.x:.1f}"', f'x="{box.x + 4:.1f}"', 1)
        shifted = shifted.replace(f'y="{box.y:.1f}"', f'y="{box.y + 4:.1f}"', 1)
        behind = f'<rect {shifted} rx="2" fill="{fill}" stroke="{border}"/>'
    lines = "".join(
        f'<tspan x="{box.x + _PAD:.1f}" y="{box.y + _PAD + 12 + number * _LINE:.1f}"'
        f"{_STRONG if strong else _SMALL}>{_xml(line)}</tspan>"
        for number, (line, strong) in enumerate(box.text)
    )
    title = _xml(f"{node.title}{state}: {', '.join(node.lines)}" if node.lines else node.title)
    return f'<g><title>{title}</title>{behind}{shape}<text fill="{colour}">{lines}</text></g>'


def _edge(edge: Edge, layout: _Layout) -> str:
    route = layout.routes.get((edge.source, edge.target))
    if route is None:  # it would lead back; drawn straight
        route = [edge.source, edge.target]
    points = [layout.boxes[key] for key in route]
    path = f"M{points[0].x + points[0].width:.1f} {points[0].middle:.1f}"
    for left, right in pairwise(points):
        x1, y1, x2, y2 = left.x + left.width, left.middle, right.x, right.middle
        bend = (x2 - x1) / 2
        path += f"C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        if not right.text:
            path += f"H{x2 + right.width:.1f}"
    dashes = ' stroke-dasharray="2 3"' if edge.prerequisite else ""
    dashes = dashes or ("" if edge.certain else ' stroke-dasharray="6 3"')
    drawn = f'<path d="{path}" fill="none" stroke="#6e7079"{dashes} marker-end="url(#tip)"/>'
    if not edge.label:
        return drawn
    first = points[0]
    place = f'x="{first.x + first.width + 6:.1f}" y="{first.middle - 5:.1f}"'
    label = _xml(edge.label)
    text = f'<text {place} font-size="11" fill="#4a4d57">{_xml(_short(edge.label))}</text>'
    return f"<g><title>{label}</title>{drawn}{text}</g>"


def _short(label: str) -> str:
    """A label that fits between two layers; the whole is in its title."""
    return label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}…"


def _legend(picture: Picture, y: float) -> Sequence[str]:
    """Name the colours that occur."""
    states = [state for state in State if any(node.state is state for node in picture.nodes)]
    parts, x = [], float(_MARGIN)
    for state in states:
        fill, border, colour = _COLOURS[state]
        parts.append(
            f'<rect x="{x:.0f}" y="{y - 11:.0f}" width="12" height="12" fill="{fill}" '
            f'stroke="{border}"/><text x="{x + 18:.0f}" y="{y:.0f}" font-size="12" '
            f'fill="{colour}">{state.value}</text>'
        )
        x += 34 + len(state.value) * _LETTER
    return parts


#: Every format by its name.
FORMATS: Mapping[str, Callable[[Picture], str]] = {"mermaid": mermaid, "dot": dot, "svg": svg}
