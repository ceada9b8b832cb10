"""Diagnostic settings: which logs and metrics of a resource go where."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, named, one_of, refer
from emulator.providers.insights.log_categories import CATEGORIES, WITHOUT_METRICS

TYPE = "Microsoft.Insights/diagnosticSettings"
_MOST = 5
_GROUPS = ("allLogs", "audit")
_SINKS = {
    "workspaceId": "Microsoft.OperationalInsights/workspaces",
    "storageAccountId": "Microsoft.Storage/storageAccounts",
    "eventHubAuthorizationRuleId": "",
    "marketplacePartnerId": "",
    "serviceBusRuleId": "",
}
_METRICS = ("AllMetrics",)
_STORAGE_METRICS = ("AllMetrics", "Transaction", "Capacity")


@behaviour
class DiagnosticSetting(Behaviour):
    """One setting of a resource: destinations, logs and metrics."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[^<>*%&:\\?+/]{1,260}",
            "BadRequest",
            "The diagnostic setting name '{name}' is not valid: at most 260 characters, none of "
            r"< > * % & : \ ? + /.",
        )
        properties = resource["properties"]
        sinks = [name for name in _SINKS if properties.get(name)]
        if not sinks:
            raise bad(
                "properties",
                f"At least one data sink needs to be specified: one of {', '.join(_SINKS)}.",
                "BadRequest",
            )
        for name in sinks:
            if _SINKS[name]:
                refer(ctx, resource, f"properties.{name}", _SINKS[name], "ResourceNotFound")
        scope = parse(resource["id"]).scope
        logs, metrics = properties.get("logs") or [], properties.get("metrics") or []
        if not logs and not metrics:
            sentence = "properties.logs and properties.metrics are both empty; give at least one."
            raise bad("properties.logs", sentence, "BadRequest")
        type_ = parse(scope).type if scope else ""
        _check_logs(logs, type_)
        _check_metrics(metrics, type_)
        self._check_others(ctx, resource, scope, sinks)

    def _check_others(self, ctx: Context, resource: Resource, scope: str, sinks: list[str]) -> None:
        others = [
            one
            for one in ctx.store.children(scope, TYPE)
            if one["id"].lower() != resource["id"].lower()
        ]
        if len(others) >= _MOST:
            sentence = f"The resource '{scope}' has {len(others)} diagnostic settings, the most."
            raise ArmError(400, "BadRequest", sentence)
        mine = _wanted(resource)
        for other in others:
            for name in sinks:
                sink = str(resource["properties"][name])
                same = sink.lower() == str(other["properties"].get(name) or "").lower()
                both = sorted(mine & _wanted(other))
                if same and both:
                    raise ArmError(
                        409,
                        "Conflict",
                        f"Data sink '{sink}' is already used in diagnostic setting "
                        f"'{other['name']}' for category '{both[0]}'. Data sinks can't be "
                        "reused in different settings on the same category for the same resource.",
                    )


def _wanted(setting: Resource) -> set[str]:
    parts = [
        *(setting["properties"].get("logs") or []),
        *(setting["properties"].get("metrics") or []),
    ]
    return {part.get("category") or part["categoryGroup"] for part in parts if part.get("enabled")}


def _check_switch(part: dict[str, Any], path: str, words: tuple[str, ...]) -> None:
    if not any(part.get(word) for word in words):
        raise bad(path, f"'{path}' names nothing; wanted: one of {', '.join(words)}.", "BadRequest")
    if not isinstance(part.get("enabled"), bool):
        sentence = f"'{path}.enabled' is {part.get('enabled')!r}; wanted: true or false."
        raise bad(f"{path}.enabled", sentence, "BadRequest")


def _check_metrics(metrics: list[dict[str, Any]], type_: str) -> None:
    low = type_.lower()
    known = _STORAGE_METRICS if low.startswith("microsoft.storage/") else _METRICS
    for index, metric in enumerate(metrics):
        path = f"properties.metrics[{index}]"
        _check_switch(metric, path, ("category", "timeGrain"))
        if low in WITHOUT_METRICS:
            sentence = f"Metric category '{metric.get('category')}' is not supported: {type_} has "
            raise bad(path, f"{sentence}no metrics that a setting could send.", "BadRequest")
        if metric.get("category"):
            metric["category"] = one_of(metric["category"], known, f"{path}.category", "BadRequest")


def _check_logs(logs: list[dict[str, Any]], type_: str) -> None:
    known = CATEGORIES.get(type_.lower())
    grouped = [bool(log.get("categoryGroup")) for log in logs]
    if any(grouped) and not all(grouped):
        raise bad(
            "properties.logs",
            "properties.logs mixes categories with category groups; a setting has either.",
            "BadRequest",
        )
    for index, log in enumerate(logs):
        path = f"properties.logs[{index}]"
        _check_switch(log, path, ("category", "categoryGroup"))
        group, category = log.get("categoryGroup"), log.get("category")
        if group and category:
            sentence = f"'{path}' has both category and categoryGroup; wanted: one of them."
            raise bad(path, sentence, "BadRequest")
        if group:
            log["categoryGroup"] = one_of(group, _GROUPS, f"{path}.categoryGroup", "BadRequest")
        if known is None:
            continue
        if group and not known:
            sentence = f"Category group: '{group}' is not supported: {type_} has no logs."
            raise bad(path, sentence, "BadRequest")
        if category and category not in known:
            wanted = ", ".join(known) or "no category, for the type has no logs"
            sentence = f"Category '{category}' is not supported by {type_}; wanted: {wanted}."
            raise bad(path, sentence, "BadRequest")
