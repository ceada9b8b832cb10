"""Federated credentials: whose word is taken for an identity's."""

from fnmatch import fnmatchcase

from policies.engine.levels import Severity
from policies.engine.resource import Node, Resource
from policies.engine.rule import rule
from policies.engine.settings import texts
from policies.engine.values import Value
from policies.engine.verdict import NOT_APPLICABLE, PASSED, Verdict

CREDENTIAL = "managedidentity:FederatedIdentityCredential"


def _issued_by_a_cluster(node: Node) -> Verdict:
    """An issuer that is not known yet is a cluster's where a cluster made it."""
    made = [one.kind.name.casefold() for one in node.sources("issuer")]
    cluster = bool(made) and all(name == "containerservice:managedcluster" for name in made)
    return PASSED if cluster else Verdict(NOT_APPLICABLE)


@rule(
    "identity-trusted-issuer",
    types=[CREDENTIAL],
    severity=Severity.HIGH,
    requirements=["A-08"],
    title="An identity believes known issuers only",
    fix="Pass the issuer of GitHub, Azure DevOps or an own cluster, or add it to the parameter.",
    url="https://learn.microsoft.com/azure/active-directory/workload-identities/"
    "workload-identity-federation",
    parameters={
        "issuers": texts(
            "Issuers that are believed, with * for any text.",
            "https://token.actions.githubusercontent.com",
            "https://vstoken.dev.azure.com/*",
            "https://login.microsoftonline.com/*",
            "https://*.oic.prod-aks.azure.com/*",
        ),
        "subjects": texts("Subjects that are believed, with * for any text.", "*"),
    },
    resolve=_issued_by_a_cluster,
)
def trusted_issuer(credential: Resource) -> Verdict:
    """Whoever runs the issuer can be the identity whenever he likes."""
    issuers = credential.settings.texts("issuers")
    subjects = credential.settings.texts("subjects")
    issuer = credential["issuer"].must(
        lambda value: _is_like(value, issuers), wanted="an issuer of the setting"
    )
    if subjects == ["*"]:
        return issuer
    return issuer & credential["subject"].must(
        lambda value: _is_like(value, subjects), wanted="a subject of the setting"
    )


@rule(
    "identity-narrow-subject",
    types=[CREDENTIAL],
    severity=Severity.HIGH,
    requirements=["U-28"],
    title="An identity believes one named caller, no proposal of a change",
    fix="Pass a subject such as repo:<owner>/<repository>:environment:<name>.",
    url="https://learn.microsoft.com/azure/active-directory/workload-identities/"
    "workload-identity-federation-considerations",
)
def narrow_subject(credential: Resource) -> Verdict:
    """Whoever may open a pull request may change what it runs."""
    return credential["subject"].must(
        lambda value: isinstance(value, str) and bool(value.strip()) and not _is_wide(value),
        wanted="a subject without * that is no pull_request",
    )


def _is_wide(subject: str) -> bool:
    parts = subject.strip().casefold().split(":")
    return "*" in subject or "pull_request" in parts or "pull-request" in parts


def _is_like(value: Value, patterns: list[str]) -> bool:
    text = value.strip().casefold().rstrip("/") if isinstance(value, str) else ""
    return bool(text) and any(
        fnmatchcase(text, pattern.casefold().rstrip("/"))
        or fnmatchcase(f"{text}/", pattern.casefold())
        for pattern in patterns
    )
