/**
 * Work that made V8 give pages back, and so abort, in a locked process without the filter.
 *
 * @module
 */

import * as http2 from "node:http2";

/** Forces a full collection where V8 was started with --expose-gc. */
function collect(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

async function pause(ms: number): Promise<void> {
  await new Promise((wake) => setTimeout(wake, ms));
}

async function objects(): Promise<void> {
  for (let round = 0; round < 30; round++) {
    let garbage: unknown[] | null = [];
    for (let i = 0; i < 100_000; i++) garbage.push({ i, text: `value ${i}`, list: [i, i + 1] });
    garbage = null;
    collect();
    await pause(5);
  }
}

async function buffers(): Promise<void> {
  for (let round = 0; round < 40; round++) {
    const resizable = new ArrayBuffer(1 << 20, { maxByteLength: 64 << 20 });
    resizable.resize(32 << 20);
    new Uint8Array(resizable).fill(round);
    resizable.resize(1 << 10);
    new Uint8Array(32 << 20).fill(round);
    new Array(1_000_000).fill(round);
    collect();
    await pause(5);
  }
}

async function compiled(): Promise<void> {
  for (let round = 0; round < 300; round++) {
    const make = new Function(
      "n",
      `let s = ${round}; for (let i = 0; i < n; i++) s += i % 7; return s;`,
    );
    make(50_000);
    new RegExp(`(a|b)*c{${round % 9}}(x${round})?`).test("ab".repeat(200));
    if (round % 50 === 0) collect();
  }
  // (module (memory 1 512) (func (export "grow") (param i32) (result i32) local.get 0 memory.grow))
  const wasm = Uint8Array.from(
    [0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 5, 5, 1, 1, 1, 128, 4]
      .concat([7, 8, 1, 4, 103, 114, 111, 119, 0, 0, 10, 8, 1, 6, 0, 32, 0, 64, 0, 11]),
  );
  for (let round = 0; round < 40; round++) {
    const { instance } = await WebAssembly.instantiate(wasm);
    (instance.exports["grow"] as (pages: number) => number)(200);
    collect();
  }
}

async function workers(): Promise<void> {
  const source =
    `const a = []; for (let i = 0; i < 2e5; i++) a.push({ i }); postMessage(a.length);`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  for (let round = 0; round < 12; round++) {
    const worker = new Worker(url, { type: "module" });
    await new Promise((done) => worker.onmessage = done);
    worker.terminate();
    collect();
    await pause(10);
  }
  URL.revokeObjectURL(url);
}

async function network(): Promise<void> {
  const body = new Uint8Array(1 << 20);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(body),
  );
  const { port } = server.addr;
  for (let round = 0; round < 60; round++) {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    await response.arrayBuffer();
    await crypto.subtle.digest("SHA-256", body);
    if (round % 10 === 0) collect();
  }
  await server.shutdown();
}

/** HTTP/2 over TLS, as the connection to the cluster is. */
async function tls(): Promise<void> {
  const { certPem, keyPem } = JSON.parse(Deno.env.get("LOAD_TLS")!);
  const body = new Uint8Array(1 << 19);
  const server = http2.createSecureServer({ cert: certPem, key: keyPem });
  server.on("stream", (stream) => {
    stream.respond({ ":status": 200 });
    stream.end(body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
  const { port } = server.address() as { port: number };
  for (let round = 0; round < 20; round++) {
    const session = http2.connect(`https://127.0.0.1:${port}`, { ca: certPem });
    await Promise.all(Array.from({ length: 4 }, async () => {
      const stream = session.request({ ":path": "/" });
      let length = 0;
      for await (const chunk of stream) length += chunk.length;
      if (length !== body.length) throw new Error(`${length} bytes of ${body.length}`);
    }));
    await new Promise<void>((done) => session.close(() => done()));
    if (round % 5 === 0) collect();
  }
  await new Promise<void>((done) => server.close(() => done()));
}

async function children(): Promise<void> {
  for (let round = 0; round < 20; round++) await new Deno.Command("/bin/true").output();
  collect();
}

async function idle(): Promise<void> {
  await objects();
  await pause(12_000); // the memory reducer's cycle is 8 s
}

/** All of it, round after round for half a minute, with a rest long enough for V8 to tidy up. */
async function soak(): Promise<void> {
  const ends = performance.now() + 30_000;
  while (performance.now() < ends) {
    for (const load of [objects, buffers, compiled, workers, network, tls, children]) await load();
    await pause(2000);
  }
  await pause(10_000);
}

/** The loads by name. */
export const LOADS: Record<string, () => Promise<void>> = {
  objects,
  buffers,
  compiled,
  workers,
  network,
  tls,
  soak,
  children,
  idle,
};
