"""Starts the analyzer for the engine: prints a port, then answers until it is killed."""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc

from policies.engine.pack import Pack

# A large stack comes in one message; gRPC's own limit is 4 MB.
_LARGEST = 400 * 1024 * 1024


def serve(pack: Pack) -> None:
    """Serve until the engine ends the process."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=4), options=[("grpc.max_receive_message_length", _LARGEST)]
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(pack, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # The engine reads the port from the first line.
    sys.stdout.buffer.write(f"{port}\n".encode())
    sys.stdout.buffer.flush()
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        # Ctrl-C goes to the engine and to us; it has nobody left to ask.
        server.stop(0)
