"""Which steps of a pipeline wait for which, from their bindings."""

from collections.abc import Iterator, Mapping

from emulator.runner.expressions import SiblingOutput, binding


class GraphError(ValueError):
    """A pipeline that can never run: a binding to nowhere, or a circle."""


def values(node: Mapping) -> Iterator[tuple[str, object]]:
    """Each input of a pipeline node with what is bound to it."""
    for name, given in (node.get("inputs") or {}).items():
        if isinstance(given, Mapping):
            yield name, given.get("value", given.get("uri", given.get("path")))
        else:
            yield name, given


def dependencies(nodes: Mapping[str, Mapping]) -> dict[str, frozenset[str]]:
    """For each node, the nodes whose outputs it reads."""
    result: dict[str, frozenset[str]] = {}
    for name, node in nodes.items():
        needs = set()
        for given, value in values(node):
            bound = binding(value)
            if not isinstance(bound, SiblingOutput):
                continue
            if bound.node not in nodes:
                msg = (
                    f"step {name!r}: input {given!r} reads from step {bound.node!r}, which the"
                    " pipeline does not have"
                )
                raise GraphError(msg)
            needs.add(bound.node)
        result[name] = frozenset(needs)
    _refuse_circles(result)
    return result


def _refuse_circles(needs: Mapping[str, frozenset[str]]) -> None:
    done: set[str] = set()
    while len(done) < len(needs):
        ready = {name for name, wanted in needs.items() if name not in done and wanted <= done}
        if not ready:
            circle = ", ".join(sorted(set(needs) - done))
            msg = f"the steps {circle} wait for each other; a pipeline has no circles"
            raise GraphError(msg)
        done |= ready


def ready(needs: Mapping[str, frozenset[str]], started: set[str], succeeded: set[str]) -> list[str]:
    """The steps that can start now, in the pipeline's order."""
    return [name for name, wanted in needs.items() if name not in started and wanted <= succeeded]


def downstream(needs: Mapping[str, frozenset[str]], node: str) -> set[str]:
    """All the steps that can never run when `node` fails."""
    lost: set[str] = set()
    grew = True
    while grew:
        more = {
            name for name, wanted in needs.items() if name not in lost and wanted & (lost | {node})
        }
        grew = bool(more)
        lost |= more
    return lost
