"""ARM templates: each resource as the azure-native resource that would make the same.

Expressions are not evaluated: what they give is unknown. Those that name a resource of the template
by its id are edges, as outputs are in a Pulumi program.
"""

import re
from collections.abc import Iterator, Mapping

from policies.engine.resource import Facts
from policies.engine.values import UNKNOWN_TEXT, from_json
from policies.scan.arm_edges import Found, Names, is_expression, place_of
from policies.scan.items import InputError, Item, Lines, made_urn
from shapes import catalog, convert

_SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
_DEPLOYMENT = "microsoft.resources/deployments"
_LOCK = "microsoft.authorization/locks"
# Vault's/providers/diagnosticSettings, or providers/diagnosticSettings inside of the vault.
_EXTENSION = re.compile(r"(?:(?P<of>.+?)/)?providers/(?P<own>[^/]+)", re.IGNORECASE)
_PROVIDER = re.compile(r"'?/?(Microsoft\.\w+)/([^/')\]]+)'?", re.IGNORECASE)


def is_template(document: Mapping[str, object]) -> bool:
    schema = str(document.get("$schema", ""))
    return "eploymentTemplate.json" in schema or (
        "resources" in document and "contentVersion" in document
    )


def read_template(
    document: Mapping[str, object], file: str, stack: str, lines: Lines
) -> list[Item]:
    """The resources of a template, of its nested templates, and their children."""
    within = _within(document)
    found = list(_resources(document.get("resources"), file, within))
    placed = [(one, _token(one.type)) for one in found]
    names = Names({made_urn(stack, token, one.name): one for one, token in placed})
    items = []
    for one, token in placed:
        value = _value(token, one)
        facts = Facts(type=token, name=one.name, urn=made_urn(stack, token, one.name))
        line = lines.of("name", str(one.body.get("name", one.name)))
        items.append(Item(facts, from_json(value), file, line, names.edges(token, one)))
    return items


def _within(template: object) -> str:
    schema = str(template.get("$schema", "")) if isinstance(template, dict) else ""
    if "subscriptionDeploymentTemplate" in schema:
        return _SUBSCRIPTION
    broad = "managementGroupDeploymentTemplate" in schema or "tenantDeploymentTemplate" in schema
    return UNKNOWN_TEXT if broad else f"{_SUBSCRIPTION}/resourceGroups/template"


def _resources(
    entries: object, file: str, within: str, parent: Found | None = None
) -> Iterator[Found]:
    # Newer templates have an object of resources under names that only they use.
    entries = list(entries.values()) if isinstance(entries, dict) else entries
    if not isinstance(entries, list):
        raise InputError(f"{file}: resources is no list; want an ARM template")
    for entry in entries:
        if not isinstance(entry, dict):
            raise InputError(f"{file}: a resource is no object; want an ARM template")
        if entry.get("condition") is False or entry.get("existing") is True:
            continue
        found = _found(entry, file, within, parent)
        if found.type.casefold() == _DEPLOYMENT:
            inner = convert.lookup(entry, ("properties", "template", "resources"))
            if inner is not None:
                inner_template = convert.lookup(entry, ("properties", "template"))
                yield from _resources(inner, file, _within(inner_template))
            continue
        yield found
        if entry.get("resources"):
            yield from _resources(entry["resources"], file, within, found)


def _found(entry: Mapping[str, object], file: str, within: str, parent: Found | None) -> Found:
    kind, name = entry.get("type"), entry.get("name")
    if not isinstance(kind, str) or not isinstance(name, str):
        raise InputError(f"{file}: a resource has no type or no name; want an ARM template")
    if extension := _EXTENSION.fullmatch(kind):
        holder, kind, name = _older(extension, name, within, parent)
        return Found(kind, name, entry, within, holder)
    if parent and "." not in kind:
        return Found(f"{parent.type}/{kind}", _joined(parent.name, name), entry, within)
    return Found(kind, name, entry, within, parent)


def _older(
    extension: re.Match[str], name: str, within: str, parent: Found | None
) -> tuple[Found | None, str, str]:
    """An extension in the older notation: its holder, type and name.

    `Microsoft.KeyVault/vaults/providers/diagnosticSettings` is named `<vault>/Microsoft.Insights/x`
    """
    said = _PROVIDER.search(name)
    if said is None:
        return parent, extension[0], name
    kind, own = f"{said[1]}/{extension['own']}", said[2]
    if not extension["of"]:
        return parent, kind, own
    rest = f"{name[: said.start()]}{name[said.end() :]}"
    # One argument is left of [concat(parameters('vault'), '/Microsoft.Insights/x')].
    alone = re.fullmatch(r"\[concat\((.*?),?\s*\)\]", rest)
    of = f"[{alone[1]}]" if alone else rest
    return Found(extension["of"], of, {}, within), kind, own


def _token(arm_type: str) -> str:
    if arm_type.casefold() == _LOCK:
        # The same type at four places; each of them is a scope.
        return "azure-native:authorization:ManagementLockByScope"
    tokens = catalog.by_arm_type().get(arm_type.casefold(), ())
    # A type that azure-native does not have is no rule's business, and still a node.
    return tokens[0] if tokens else arm_type


def _value(token: str, one: Found) -> dict[str, object]:
    body = _known(one.body)
    if not isinstance(body, dict) or not token.startswith("azure-native:"):
        return {}
    shape = catalog.resource(token)
    value: dict[str, object] = dict(
        convert.from_body(body, shape.inputs, shape.module, inputs=True)
    )
    names = [name for name in shape.path.inputs if name not in {"subscriptionId", "scope"}]
    value.update(dict.fromkeys(names, UNKNOWN_TEXT))
    segments = () if is_expression(one.name) else one.name.split("/")
    value.update(
        (name, segment)
        for name, segment in zip(shape.path.own_names, segments, strict=False)
        if name
    )
    if place := place_of(shape):
        value[place] = _scope(_held(one) or body.get("scope"), one.within)
    return value


def _held(one: Found) -> str:
    """The scope of what is written inside of another resource, if that has a known name."""
    if one.holder is None:
        return ""
    if is_expression(one.holder.name):
        return UNKNOWN_TEXT
    first, *kinds = one.holder.type.split("/")
    pairs = zip(kinds, one.holder.name.split("/"), strict=False)
    return "/".join([first, *(part for pair in pairs for part in pair)])


def _scope(said: object, within: str) -> object:
    """Where an extension resource stands: what is said, else what the template is deployed to."""
    if not isinstance(said, str) or not said:
        return within
    return said if said == UNKNOWN_TEXT or said.startswith("/") else f"{within}/providers/{said}"


def _joined(parent: str, name: str) -> str:
    if not is_expression(parent) and not is_expression(name):
        return f"{parent}/{name}"
    written = [part[1:-1] if is_expression(part) else f"'{part}'" for part in (parent, name)]
    return f"[concat({written[0]}, '/', {written[1]})]"


def _known(value: object) -> object:
    """A body with the mark of the unknown where an expression stands."""
    if isinstance(value, dict):
        # A loop over items makes a list that only the deployment knows.
        looped = {
            str(loop["name"]): UNKNOWN_TEXT
            for loop in _loops(value)
            if isinstance(loop, dict) and "name" in loop
        }
        kept = {key: _known(item) for key, item in value.items() if key != "copy"}
        return {**kept, **looped}
    if isinstance(value, list):
        return [_known(item) for item in value]
    if isinstance(value, str):
        if is_expression(value):
            return UNKNOWN_TEXT
        return value[1:] if value.startswith("[[") else value
    return value


def _loops(value: Mapping[str, object]) -> list[object]:
    loops = value.get("copy")
    return loops if isinstance(loops, list) else []
