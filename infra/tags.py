"""The tags of every resource, added by a stack transform so that none can be forgotten."""

from collections.abc import Mapping

import pulumi

from infra.settings import Settings


def stack_tags(settings: Settings, project: str) -> dict[str, str]:
    """The tags of everything in one environment."""
    return {
        "classification": settings.tags.classification.value,
        "cost-center": settings.tags.cost_center,
        "environment": settings.environment,
        "managed-by": "pulumi",
        "owner": settings.tags.owner,
        "project": project,
        "workload": settings.workload,
        **settings.tags.extra,
    }


def tagging(tags: Mapping[str, str]) -> pulumi.ResourceTransformation:
    """A transform that adds `tags` to each resource that takes tags; its own tags win."""

    def transform(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        # The generated classes set every input that their type has, `None` where it is not given,
        # so a type without the key (a subnet, a role assignment) takes no tags.
        if not args.type_.startswith("azure-native:") or "tags" not in args.props:
            return None
        own: object = args.props["tags"]
        given = own if isinstance(own, Mapping) else {}
        props = {**args.props, "tags": {**tags, **given}}
        return pulumi.ResourceTransformationResult(props=props, opts=args.opts)

    return transform
