"""Which Azure regions the platform knows, what they are called in names, and which have zones."""

from typing import NamedTuple


class Region(NamedTuple):
    """A region as names and redundancy need it."""

    short: str
    zones: bool


# https://learn.microsoft.com/azure/reliability/regions-list
REGIONS: dict[str, Region] = {
    "australiacentral": Region("acl", zones=False),
    "australiaeast": Region("ae", zones=True),
    "australiasoutheast": Region("ase", zones=False),
    "austriaeast": Region("ate", zones=True),
    "belgiumcentral": Region("bec", zones=True),
    "brazilsouth": Region("brs", zones=True),
    "canadacentral": Region("cnc", zones=True),
    "canadaeast": Region("cne", zones=False),
    "centralindia": Region("inc", zones=True),
    "centralus": Region("cus", zones=True),
    "chilecentral": Region("clc", zones=True),
    "eastasia": Region("ea", zones=True),
    "eastus": Region("eus", zones=True),
    "eastus2": Region("eus2", zones=True),
    "francecentral": Region("frc", zones=True),
    "germanywestcentral": Region("gwc", zones=True),
    "indonesiacentral": Region("idc", zones=True),
    "israelcentral": Region("ilc", zones=True),
    "italynorth": Region("itn", zones=True),
    "japaneast": Region("jpe", zones=True),
    "japanwest": Region("jpw", zones=True),
    "koreacentral": Region("krc", zones=True),
    "koreasouth": Region("krs", zones=False),
    "malaysiawest": Region("myw", zones=True),
    "mexicocentral": Region("mxc", zones=True),
    "newzealandnorth": Region("nzn", zones=True),
    "northcentralus": Region("ncus", zones=False),
    "northeurope": Region("neu", zones=True),
    "norwayeast": Region("nwe", zones=True),
    "polandcentral": Region("plc", zones=True),
    "qatarcentral": Region("qac", zones=True),
    "southafricanorth": Region("san", zones=True),
    "southcentralus": Region("scus", zones=True),
    "southeastasia": Region("sea", zones=True),
    "southindia": Region("ins", zones=False),
    "spaincentral": Region("esc", zones=True),
    "swedencentral": Region("sdc", zones=True),
    "switzerlandnorth": Region("szn", zones=True),
    "uaenorth": Region("uan", zones=True),
    "uksouth": Region("uks", zones=True),
    "ukwest": Region("ukw", zones=False),
    "westcentralus": Region("wcus", zones=False),
    "westeurope": Region("weu", zones=True),
    "westus": Region("wus", zones=False),
    "westus2": Region("wus2", zones=True),
    "westus3": Region("wus3", zones=True),
}
