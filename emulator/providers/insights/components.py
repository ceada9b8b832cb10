"""Application Insights."""

import uuid
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.store import Resource, now
from emulator.providers.checks import (
    bad,
    carry,
    choice,
    default,
    flag,
    located,
    named,
    one_of,
    refer,
    required,
)
from emulator.providers.operationalinsights.workspaces import TYPE as LOGS

TYPE = "Microsoft.Insights/components"
_DAYS = (30, 60, 90, 120, 180, 270, 365, 550, 730)


@behaviour
class Component(Behaviour):
    """Telemetry of an application, kept in a Log Analytics workspace."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[^<>*%&:\\?+/]{0,259}[^<>*%&:\\?+/. ]",
            "InvalidResourceName",
            "The component name '{name}' is not valid: at most 260 characters, no space or period "
            r"last, none of < > * % & : \ ? + /.",
        )
        location = located(resource)
        required(resource, "kind", "the kind of application, such as web")
        properties = resource["properties"]
        kinds = ("web", "other")
        kind = required(resource, "properties.Application_Type", "web or other")
        properties["Application_Type"] = one_of(kind, kinds, "properties.Application_Type")
        path = "properties.WorkspaceResourceId"
        required(resource, path, f"the id of a {LOGS}: classic components are retired")
        refer(ctx, resource, path, LOGS)
        days = default(properties, "RetentionInDays", 90)
        if days not in _DAYS:
            where = "properties.RetentionInDays"
            raise bad(where, f"'{where}' is {days!r}; wanted: {', '.join(map(str, _DAYS))}.")
        flag(properties, "DisableLocalAuth", initial=False)
        for name in ("publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"):
            choice(properties, name, ("Enabled", "Disabled", "SecuredByPerimeter"), "Enabled")
        modes = ("LogAnalytics", "ApplicationInsights", "ApplicationInsightsWithDiagnosticSettings")
        choice(properties, "IngestionMode", modes, "LogAnalytics")
        made = {
            "InstrumentationKey": str(uuid.uuid4()),
            "AppId": str(uuid.uuid4()),
            "CreationDate": now(),
        }
        carry(resource, previous, made)
        properties |= {
            "ApplicationId": resource["name"],
            "Name": resource["name"],
            "TenantId": ctx.services.subscription_id,
            "ConnectionString": (
                f"InstrumentationKey={properties['InstrumentationKey']};"
                f"IngestionEndpoint=https://{location}-5.in.applicationinsights.azure.com/;"
                f"LiveEndpoint=https://{location}.livediagnostics.monitor.azure.com/;"
                f"ApplicationId={properties['AppId']}"
            ),
        }
