"""An independent gRPC peer, grpcio, driven over stdin and stdout.

    peer.py client PORT     calls the server on that port and prints one JSON object for each call
    peer.py server          serves, prints its port, and goes on until stdin is closed

Messages are plain bytes, so that no generated code is needed.
"""

import json
import sys
from concurrent import futures

import grpc

PING = "/proto.AuthService/Ping"
GET_USER = "/proto.AuthService/GetUser"
GET_USERS = "/proto.AuthService/GetUsers"
PROXY_SSH = "/teleport.transport.v1.TransportService/ProxySSH"


def raw(message):
    return message


def show(**fields):
    print(json.dumps(fields), flush=True)


def outcome(call):
    try:
        return {"ok": call()}
    except grpc.RpcError as error:
        return {"code": error.code().name, "details": error.details()}


def client(port):
    options = [("grpc.max_receive_message_length", 64 << 20)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        unary = lambda path, request, **kw: channel.unary_unary(path, raw, raw)(request, **kw).hex()
        show(call="ping", **outcome(lambda: unary(PING, b"")))
        show(call="error", **outcome(lambda: unary(GET_USER, bytes.fromhex("0a03626f62"))))
        show(call="unknown", **outcome(lambda: unary("/proto.AuthService/NoSuchMethod", b"")))
        show(call="deadline", **outcome(lambda: unary(GET_USER, bytes.fromhex("0a0473746f70"), timeout=0.1)))
        stream = channel.unary_stream(GET_USERS, raw, raw)
        show(call="stream", **outcome(lambda: len([1 for _ in stream(b"")])))
        bidi = channel.stream_stream(PROXY_SSH, raw, raw)
        sizes = [0, 1, 5000, 100_000, 3_000_000]
        messages = [bytes([65 + i]) * size for i, size in enumerate(sizes)]
        show(call="bidi", **outcome(lambda: [m == n for m, n in zip(messages, bidi(iter(messages)))]))
        # A user of 4 MiB and more: larger than the server takes.
        show(call="large", **outcome(lambda: unary(GET_USER, b"x" * (4 << 20) + b"y")))
        compressed = lambda: unary(GET_USER, b"x" * 1000, compression=grpc.Compression.Gzip)
        show(call="compressed", **outcome(compressed))
        show(call="again", **outcome(lambda: unary(PING, b"")))


class Handlers(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method == PING:
            return grpc.unary_unary_rpc_method_handler(lambda request, context: bytes.fromhex("0a0470656572"))
        if details.method == GET_USER:
            return grpc.unary_unary_rpc_method_handler(self.fail)
        if details.method == GET_USERS:
            return grpc.unary_stream_rpc_method_handler(self.users)
        if details.method == PROXY_SSH:
            return grpc.stream_stream_rpc_method_handler(lambda requests, context: requests)
        return None

    def fail(self, request, context):
        context.abort(grpc.StatusCode.NOT_FOUND, 'user "bob" is not found: 100 % «weg»')

    def users(self, request, context):
        for _ in range(1000):
            yield bytes.fromhex("22070a05616c696365")


def server():
    serving = grpc.server(futures.ThreadPoolExecutor(4), [Handlers()])
    port = serving.add_insecure_port("127.0.0.1:0")
    serving.start()
    print(port, flush=True)
    sys.stdin.read()
    # Sends GOAWAY first.
    serving.stop(1).wait()


if __name__ == "__main__":
    if sys.argv[1] == "client":
        client(int(sys.argv[2]))
    else:
        server()
