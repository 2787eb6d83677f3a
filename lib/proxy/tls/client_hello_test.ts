import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import fc from "fast-check";
import { isToolError } from "../../errors/mod.ts";
import { type ClientHello, ClientHelloReader, MAX_CLIENT_HELLO_BYTES } from "./client_hello.ts";

/** `length` in `width` bytes, then the bytes. */
function vector(width: number, ...parts: (number | Uint8Array | number[])[]): number[] {
  const bytes = parts.flatMap((part) => typeof part === "number" ? [part] : [...part]);
  const length: number[] = [];
  for (let i = width - 1; i >= 0; i--) length.push(bytes.length >> 8 * i & 0xff);
  return [...length, ...bytes];
}

function ascii(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

function serverName(name: string): number[] {
  return [0, 0, ...vector(2, vector(2, 0, vector(2, ascii(name))))];
}

function alpn(...protocols: string[]): number[] {
  return [0, 16, ...vector(2, vector(2, ...protocols.map((name) => vector(1, ascii(name)))))];
}

function grease(type: number): number[] {
  return [type, type, ...vector(2, 0)];
}

/** The handshake message. */
function message(extensions: number[] | undefined): number[] {
  const body = [
    ...[3, 3, ...new Uint8Array(32).fill(7)],
    ...vector(1, new Uint8Array(32)),
    ...vector(2, [0x0a, 0x0a, 0x13, 0x01]),
    ...vector(1, 0),
    ...(extensions === undefined ? [] : vector(2, extensions)),
  ];
  return [1, ...vector(3, body)];
}

/** The message in records of at most `size` bytes. */
function records(handshake: number[], size = 16384): Uint8Array {
  const bytes: number[] = [];
  for (let at = 0; at < handshake.length; at += size) {
    bytes.push(22, 3, 1, ...vector(2, handshake.slice(at, at + size)));
  }
  return Uint8Array.from(bytes);
}

function read(bytes: Uint8Array): ClientHello | undefined {
  return new ClientHelloReader().push(bytes);
}

/** Both answers in one: the hello, `undefined`, or the error's code. */
function outcome(bytes: Uint8Array): unknown {
  try {
    return read(bytes);
  } catch (error) {
    assert.ok(isToolError(error), String(error));
    return error.code;
  }
}

const EXTENSIONS = [
  ...grease(0x1a),
  ...serverName("Proxy.Example.com"),
  ...alpn("\x0a\x0a", "h2", "http/1.1"),
  ...grease(0xfa),
];
const SAMPLE = records(message(EXTENSIONS));
const SAMPLE_HELLO: ClientHello = {
  serverName: "proxy.example.com",
  alpnProtocols: ["\x0a\x0a", "h2", "http/1.1"],
};

Deno.test("ClientHelloReader reads name and protocols, and steps over GREASE", () => {
  assert.deepEqual(read(SAMPLE), SAMPLE_HELLO);
});

Deno.test("ClientHelloReader reads a hello without extensions, as very old clients send it", () => {
  const nothing = { serverName: undefined, alpnProtocols: [] };
  assert.deepEqual(read(records(message(undefined))), nothing);
  assert.deepEqual(read(records(message([]))), nothing);
});

Deno.test("ClientHelloReader does not mind how the bytes are cut into records and segments", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 300 }),
    fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
    (recordSize, segments) => {
      const bytes = records(message(EXTENSIONS), recordSize);
      const reader = new ClientHelloReader();
      let at = 0;
      for (let turn = 0; at < bytes.length; turn++) {
        const end = Math.min(bytes.length, at + segments[turn % segments.length]!);
        const hello = reader.push(bytes.subarray(at, end));
        assert.deepEqual(hello, end === bytes.length ? SAMPLE_HELLO : undefined);
        at = end;
      }
    },
  ));
});

Deno.test("ClientHelloReader waits for more on every truncation", () => {
  for (let length = 0; length < SAMPLE.length; length++) {
    assert.equal(read(SAMPLE.subarray(0, length)), undefined, `${length} bytes`);
  }
});

Deno.test("ClientHelloReader leaves what follows alone", () => {
  assert.deepEqual(read(Uint8Array.from([...SAMPLE, 20, 3, 3, 0, 1, 1])), SAMPLE_HELLO);
});

Deno.test("ClientHelloReader refuses, and never throws anything else, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void outcome(bytes)));
  fc.assert(
    fc.property(fc.nat(SAMPLE.length - 1), fc.nat(255), (at, value) => {
      const bytes = SAMPLE.slice();
      bytes[at] = value;
      void outcome(bytes);
    }),
    { numRuns: 2000 },
  );
});

Deno.test.each(
  [
    { what: "plain HTTP", bytes: Uint8Array.from(ascii("GET / HTTP/1.1\r\n")) },
    { what: "an alert", bytes: Uint8Array.of(21, 3, 3, 0, 2, 2, 40) },
    { what: "SSL 2", bytes: Uint8Array.of(22, 2, 0) },
    { what: "an empty record", bytes: Uint8Array.of(22, 3, 1, 0, 0) },
    { what: "a record over 2^14 bytes", bytes: Uint8Array.of(22, 3, 1, 0x40, 1) },
    { what: "another handshake message", bytes: records([2, ...vector(3, 0)]) },
    { what: "a name twice", bytes: extended(serverName("a"), serverName("b")) },
    { what: "ALPN twice", bytes: extended(alpn("h2"), alpn("h2")) },
    { what: "GREASE twice", bytes: extended(grease(0x2a), grease(0x2a)) },
    { what: "an empty name", bytes: extended(serverName("")) },
    { what: "a name with a NUL", bytes: extended(serverName("a\0b")) },
    { what: "a name with a dot at the end", bytes: extended(serverName("a.")) },
    { what: "a name of 254 characters", bytes: extended(serverName("a.".repeat(126) + "aa")) },
    { what: "a label of 64 characters", bytes: extended(serverName("a".repeat(64))) },
    { what: "an empty ALPN list", bytes: extended([0, 16, 0, 2, 0, 0]) },
    { what: "an empty ALPN protocol", bytes: extended(alpn("h2", "")) },
    { what: "bytes after the names", bytes: extended([...serverName("ab").with(3, 8), 0]) },
    { what: "bytes after the extensions", bytes: records(withTrailing(message([]))) },
  ],
)("ClientHelloReader refuses $what", ({ bytes }) => {
  assert.equal(outcome(bytes), "bad_parameter");
});

function extended(...extensions: number[][]): Uint8Array {
  return records(message(extensions.flat()));
}

/** One byte more in the body than the extensions account for. */
function withTrailing(handshake: number[]): number[] {
  return [1, ...vector(3, handshake.slice(4), 0)];
}

Deno.test("ClientHelloReader takes 16 KiB and no more, announced or sent", () => {
  const padding = (length: number) => [0, 21, ...vector(2, new Uint8Array(length))];
  assert.deepEqual(outcome(extended(alpn("h2"), padding(15 * 1024))), {
    serverName: undefined,
    alpnProtocols: ["h2"],
  });
  assert.equal(outcome(Uint8Array.of(22, 3, 1, 0x40, 0, 1, 1, 0, 0)), "limit_exceeded");
  // One byte a record: the headers count.
  const wasteful = records(message([...alpn("h2"), ...padding(4000)]), 1);
  assert.ok(wasteful.length > MAX_CLIENT_HELLO_BYTES);
  const reader = new ClientHelloReader();
  assert.throws(() => {
    for (let at = 0; at < wasteful.length; at += 100) reader.push(wasteful.subarray(at, at + 100));
  }, { code: "limit_exceeded" });
});

Deno.test("ClientHelloReader reads what this runtime's own TLS client sends", async () => {
  const received = Promise.withResolvers<ClientHello>();
  const server = net.createServer((socket) => {
    const reader = new ClientHelloReader();
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      const hello = reader.push(bytes as Uint8Array);
      if (hello !== undefined) {
        received.resolve(hello);
        socket.destroy();
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = tls.connect({
    port: (server.address() as net.AddressInfo).port,
    host: "127.0.0.1",
    servername: "one.example.com",
    ALPNProtocols: ["teleport-auth@6c6f63616c.teleport.cluster.local", "h2"],
  });
  client.on("error", () => {});
  assert.deepEqual(await received.promise, {
    serverName: "one.example.com",
    alpnProtocols: ["teleport-auth@6c6f63616c.teleport.cluster.local", "h2"],
  });
  client.destroy();
  server.close();
  await once(server, "close");
});
