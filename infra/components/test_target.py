"""A container that tests call where a model's endpoint would be, before there is a model."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import containerinstance as aci

_PORT = 8080
# Microsoft's registry gives it to everybody, so the group holds no credential.
_IMAGE = "mcr.microsoft.com/azurelinux/base/python:3.12"
# Answers as an endpoint does: GET says that it lives, POST gives a result for each row sent.
_SERVER = f"""
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Target(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, {{"status": "ok"}})

    def do_POST(self):
        try:
            sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            rows = sent["input_data"]["data"]
        except (ValueError, KeyError, TypeError):
            return self.answer(400, {{"error": "wanted: input_data.data, a list of rows"}})
        self.answer(200, [0.0 for _ in rows])

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

ThreadingHTTPServer(("", {_PORT}), Target).serve_forever()
"""


@dataclass(frozen=True, kw_only=True)
class TestTargetArgs:
    """What a `TestTarget` takes from the rest of the stamp."""

    group_name: str
    location: str
    resource_group_name: Input[str]
    subnet_id: Input[str]
    identity_id: Input[str]


class TestTarget(ComponentResource):
    """A container instance with an address in the network only; it reads no data and no secret.

    It speaks plain HTTP: it has no name that a certificate could be for, and what is sent to it is
    made up. Its output stays with the instance (`az container logs`), since container instances
    send logs with the key of a Log Analytics workspace only, and ours takes none.
    """

    url: Output[str]

    def __init__(
        self, name: str, args: TestTargetArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:serving:TestTarget", name, None, opts)
        group = aci.ContainerGroup(
            name,
            container_group_name=args.group_name,
            location=args.location,
            resource_group_name=args.resource_group_name,
            identity={
                "type": aci.ResourceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [args.identity_id],
            },
            os_type=aci.OperatingSystemTypes.LINUX,
            sku=aci.ContainerGroupSku.STANDARD,
            restart_policy=aci.ContainerGroupRestartPolicy.ALWAYS,
            containers=[
                {
                    "name": "target",
                    "image": _IMAGE,
                    "command": ["python3", "-c", _SERVER],
                    "ports": [{"port": _PORT, "protocol": aci.ContainerNetworkProtocol.TCP}],
                    "resources": {"requests": {"cpu": 1, "memory_in_gb": 1}},
                    "liveness_probe": {
                        "http_get": {"path": "/", "port": _PORT, "scheme": aci.Scheme.HTTP},
                        "period_seconds": 30,
                    },
                }
            ],
            ip_address={
                "type": aci.ContainerGroupIpAddressType.PRIVATE,
                "ports": [{"port": _PORT, "protocol": aci.ContainerGroupNetworkProtocol.TCP}],
            },
            subnet_ids=[{"id": args.subnet_id}],
            # A group in a network cannot be changed, only made again.
            opts=ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.url = group.ip_address.apply(_url)
        self.register_outputs({"url": self.url})


def _url(address: aci.outputs.IpAddressResponse | None) -> str:
    """Return where the target answers; empty while Azure has not given it an address."""
    return f"http://{address.ip}:{_PORT}/score" if address and address.ip else ""
