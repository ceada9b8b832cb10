"""Resource ids: how they split into subscription, group, provider, type and names."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"
GROUP_TYPE = "Microsoft.Resources/resourceGroups"


@dataclass(frozen=True)
class ArmId:
    """The id of one resource.

    `type` is the full type of the resource itself, `names` its name after those of its parents of
    the same provider. An extension resource (a lock, a role assignment) has the resource that it
    extends as `parent`.
    """

    text: str
    subscription: str | None
    resource_group: str | None
    namespace: str | None
    type: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.names[-1]

    @cached_property
    def key(self) -> str:
        """The id as ARM compares it: case does not count."""
        return self.text.lower()

    @property
    def parent(self) -> "ArmId | None":
        """The resource that must exist before this one; None for a subscription."""
        if self.type == SUBSCRIPTION_TYPE:
            return None
        if len(self.names) > 1 and self.namespace:
            return parse(self.text.rsplit("/", 2)[0])
        scope = self.scope
        return parse(scope) if scope else None

    @property
    def scope(self) -> str:
        """What stands before the last `/providers/`: a group, a resource, a subscription or ''."""
        if self.namespace is None:
            return self.text.rsplit("/", 2)[0] if self.type == GROUP_TYPE else ""
        return self.text[: self.key.rindex("/providers/")]

    def child(self, kind: str, name: str) -> "ArmId":
        """Return the id of a child resource, for example `child("containers", "raw")`."""
        return parse(f"{self.text}/{kind}/{name}")

    @classmethod
    def parse(cls, text: str) -> "ArmId":
        """Split an id.

        Raises:
            ValueError: the text is not the id of a resource.
        """
        return parse(text)


@lru_cache(maxsize=20_000)
def parse(text: str) -> ArmId:
    """Split an id; the same as `ArmId.parse`.

    Raises:
        ValueError: the text is not the id of a resource.
    """
    parts = text.strip("/").split("/")
    clean = "/" + "/".join(parts)
    low = [part.lower() for part in parts]
    if not all(parts):
        raise ValueError(f"{text!r} is not a resource id: it has an empty segment")
    subscription = parts[1] if low[0] == "subscriptions" and len(parts) > 1 else None
    group = parts[3] if subscription and len(parts) > 3 and low[2] == "resourcegroups" else None
    if "providers" in low:
        at = len(low) - 1 - low[::-1].index("providers")
        tail = parts[at + 1 :]
        if len(tail) < 3 or len(tail) % 2 == 0:
            raise ValueError(f"{text!r} is not a resource id: types and names do not pair up")
        kinds, names = tail[1::2], tuple(tail[2::2])
        return ArmId(clean, subscription, group, tail[0], "/".join([tail[0], *kinds]), names)
    if group and len(parts) == 4:
        return ArmId(clean, subscription, group, None, GROUP_TYPE, (group,))
    if subscription and len(parts) == 2:
        return ArmId(clean, subscription, None, None, SUBSCRIPTION_TYPE, (subscription,))
    raise ValueError(f"{text!r} is not a resource id")
