"""The rules of a firewall's policy."""

from typing import Any

from emulator.providers.checks import bad, between, default, ip_range, one_of

_FILTER, _NAT = "FirewallPolicyFilterRuleCollection", "FirewallPolicyNatRuleCollection"
_KINDS = ("ApplicationRule", "NetworkRule", "NatRule")
_PROTOCOLS = ("TCP", "UDP", "Any", "ICMP")
_CODE = "InvalidRequestFormat"
_TARGETS = {
    "ApplicationRule": ("targetFqdns", "fqdnTags", "targetUrls", "webCategories"),
    "NetworkRule": ("destinationAddresses", "destinationFqdns", "destinationIpGroups"),
    "NatRule": ("destinationAddresses",),
}
_ANY = "*"


def check_collections(collections: list[dict[str, Any]]) -> None:
    """Check the collections of a group and their rules.

    Raises:
        ArmError: 400.
    """
    names: set[str] = set()
    for index, collection in enumerate(collections):
        path = f"properties.ruleCollections[{index}]"
        name = str(collection.get("name") or "")
        if not name or name.lower() in names:
            raise bad(f"{path}.name", f"'{path}.name' is {name!r}; wanted: its own.", _CODE)
        names.add(name.lower())
        kind = one_of(
            collection.get("ruleCollectionType"),
            (_FILTER, _NAT),
            f"{path}.ruleCollectionType",
            _CODE,
        )
        collection["ruleCollectionType"] = kind
        between(collection.get("priority"), 100, 65000, f"{path}.priority", _CODE)
        actions = ("Allow", "Deny") if kind == _FILTER else ("DNAT",)
        action = collection.get("action") or {}
        action["type"] = one_of(action.get("type"), actions, f"{path}.action.type", _CODE)
        kinds = _KINDS[:2] if kind == _FILTER else _KINDS[2:]
        rules = default(collection, "rules", [])
        for number, rule in enumerate(rules):
            _check_rule(rule, f"{path}.rules[{number}]", kinds)
        if len({str(rule["name"]).lower() for rule in rules}) != len(rules):
            raise bad(f"{path}.rules", f"Two rules of '{path}' share a name.", _CODE)


def _check_rule(rule: dict[str, Any], path: str, kinds: tuple[str, ...]) -> None:
    if not rule.get("name"):
        raise bad(f"{path}.name", f"'{path}.name' is missing.", _CODE)
    kind = rule["ruleType"] = one_of(rule.get("ruleType"), kinds, f"{path}.ruleType", _CODE)
    if not rule.get("sourceAddresses") and not rule.get("sourceIpGroups"):
        sentence = f"'{path}' has no sourceAddresses and no sourceIpGroups; wanted: one of them."
        raise bad(path, sentence, "FirewallPolicyRuleInvalidSource")
    for source in rule.get("sourceAddresses") or []:
        if str(source) != _ANY and "-" not in str(source):
            ip_range(source, f"{path}.sourceAddresses")
    if not any(rule.get(name) for name in _TARGETS[kind]):
        sentence = f"'{path}' leads nowhere; wanted: one of {', '.join(_TARGETS[kind])}."
        raise bad(path, sentence, "FirewallPolicyRuleInvalidDestination")
    if kind == "ApplicationRule":
        _check_application(rule, path)
        return
    where = f"{path}.ipProtocols"
    rule["ipProtocols"] = [
        one_of(one, _PROTOCOLS, where, _CODE) for one in rule.get("ipProtocols") or []
    ]
    for name in ("ipProtocols", "destinationPorts"):
        if not rule.get(name):
            raise bad(f"{path}.{name}", f"'{path}.{name}' is empty; a {kind} needs it.", _CODE)


def _check_application(rule: dict[str, Any], path: str) -> None:
    for host in rule.get("targetFqdns") or []:
        if "/" in str(host) or ":" in str(host) or "*" in str(host)[1:]:
            sentence = f"'{path}.targetFqdns' has {host!r}; wanted: a host, * only at its start."
            raise bad(f"{path}.targetFqdns", sentence, "FirewallPolicyRuleInvalidFqdn")
    protocols = rule.get("protocols") or []
    if not protocols and not rule.get("fqdnTags"):
        raise bad(f"{path}.protocols", f"'{path}.protocols' is empty.", _CODE)
    for protocol in protocols:
        kind = protocol.get("protocolType")
        where = f"{path}.protocols"
        protocol["protocolType"] = one_of(kind, ("Http", "Https", "Mssql"), where, _CODE)
        between(protocol.get("port"), 1, 64000, f"{where}.port", _CODE)
