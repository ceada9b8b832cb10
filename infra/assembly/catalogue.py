"""The catalogue of data: made by the stack that owns it, and let in by every other."""

from dataclasses import dataclass

from pulumi import Input

from infra.assembly.base import Base
from infra.components.lake import Lake
from infra.components.purview import Purview, PurviewArgs
from infra.data_roles import CATALOGUE_IDENTITY, catalogue_grants
from infra.naming import Names
from infra.roles import Scope
from infra.settings import Owned, Settings
from infra.site import Site


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """A Purview account, as those see it who are scanned."""

    account_id: Input[str]
    account_name: Input[str]
    principal_id: Input[str]
    ingestion_id: Input[str] | None = None
    """Where scans put what they find; known to the stack that owns the account."""


def find_catalogue(settings: Settings, names: Names, group_name: Input[str]) -> Catalogue | None:
    """Make the catalogue where this stack owns it, or take what the settings name."""
    shared = settings.shared
    if Owned.PURVIEW in settings.owns:
        args = PurviewArgs(
            account_name=names.catalogue,
            location=settings.regions[0],
            resource_group_name=group_name,
            protect=settings.protect,
        )
        made = Purview("catalogue", args)
        return Catalogue(
            account_id=made.account_id,
            account_name=made.account_name,
            principal_id=made.principal_id,
            ingestion_id=made.ingestion_id,
        )
    if shared.purview is None or shared.purview_identity is None:
        return None
    return Catalogue(
        account_id=shared.purview,
        account_name=shared.purview.rpartition("/")[2],
        principal_id=shared.purview_identity,
    )


def let_scan(site: Site, lake: Lake, catalogue: Catalogue) -> None:
    """Let the catalogue's identity read the lake."""
    principals = {CATALOGUE_IDENTITY: catalogue.principal_id}
    site.grant("catalogue", catalogue_grants(), principals, {Scope.LAKE: lake.account_id})


def house_catalogue(site: Site, base: Base, catalogue: Catalogue | None) -> None:
    """Give a catalogue of our own its private endpoints and logs, in the main region."""
    if catalogue is None or catalogue.ingestion_id is None:
        return
    if site.region != site.settings.regions[0]:
        return
    network = base.network
    site.link(
        network, "catalogue", catalogue.account_id, "account", "purviewPortal", purpose="catalogue"
    )
    site.link(
        network, "catalogue-ingestion", catalogue.ingestion_id, "blob", "queue", purpose="ingestion"
    )
    site.send_logs(base.monitoring, "catalogue", catalogue.account_id)
