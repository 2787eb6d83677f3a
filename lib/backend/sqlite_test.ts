import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { realDeps } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import { openSqliteBackend } from "./mod.ts";
import { SCHEMA_VERSION } from "./sqlite_schema.ts";

const deps = realDeps();
const bytes = (text: string) => new TextEncoder().encode(text);

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  try {
    await test(`${parent}/data`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

/** What opening `directory` says, as code and message with the directory shortened. */
function refusal(directory: string): string {
  try {
    openSqliteBackend(directory, deps);
  } catch (error) {
    assert.ok(error instanceof ToolError, String(error));
    return `${error.code}: ${error.message.replaceAll(directory, "DIR")}`;
  }
  assert.fail("it opened");
}

Deno.test("openSqliteBackend() keeps items, revisions and expiry over a restart", () =>
  withDirectory(async (directory) => {
    const expiresAtMs = deps.clock.now() + 60_000;
    const items = await (async () => {
      await using store = openSqliteBackend(directory, deps);
      await store.put({ key: "/a", value: bytes("a"), expiresAtMs });
      await store.put({ key: "/b", value: bytes("b") });
      return await store.range("/");
    })();
    await using store = openSqliteBackend(directory, deps);
    assert.deepEqual(await store.range("/"), items);
  }));

Deno.test("openSqliteBackend() does not show what expired while it was closed, and takes it away", () =>
  withDirectory(async (directory) => {
    await using early = openSqliteBackend(directory, deps);
    const expiresAtMs = deps.clock.now() + 60_000;
    await early.put({ key: "/a", value: bytes("a"), expiresAtMs });
    await early.close();
    const clock = { now: () => expiresAtMs, monotonic: () => 0 };
    await using store = openSqliteBackend(directory, { clock, random: deps.random });
    assert.deepEqual(await store.range("/"), []);
    await store.put({ key: "/b", value: bytes("b") });
    await store.close();
    using database = new DatabaseSync(`${directory}/latchkey.sqlite`);
    assert.deepEqual(database.prepare("SELECT key FROM items").all().map((row) => row.key), ["/b"]);
  }));

Deno.test("openSqliteBackend() never repeats a revision after a restart", () =>
  withDirectory(async (directory) => {
    const revisions = new Set<string>();
    for (let i = 0; i < 3; i++) {
      await using store = openSqliteBackend(directory, deps);
      revisions.add((await store.put({ key: "/a", value: bytes("") })).revision);
    }
    assert.equal(revisions.size, 3);
  }));

Deno.test({
  name: "openSqliteBackend() lets nobody else read its directory and files",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withDirectory(async (directory) => {
      await Deno.mkdir(directory, { mode: 0o755 });
      const before = Deno.umask(0o000);
      try {
        await using store = openSqliteBackend(directory, deps);
        await store.put({ key: "/a", value: bytes("a") });
        const modes = [`. ${((await Deno.stat(directory)).mode! & 0o777).toString(8)}`];
        for await (const { name } of Deno.readDir(directory)) {
          modes.push(
            `${name} ${((await Deno.stat(`${directory}/${name}`)).mode! & 0o777).toString(8)}`,
          );
        }
        assert.deepEqual(modes.sort(), [
          ". 700",
          "latchkey.sqlite 600",
          "latchkey.sqlite-shm 600",
          "latchkey.sqlite-wal 600",
          "lock 600",
        ]);
      } finally {
        Deno.umask(before);
      }
    }),
});

Deno.test("openSqliteBackend() keeps a write-ahead log, which others may read at the same time", () =>
  withDirectory(async (directory) => {
    await using store = openSqliteBackend(directory, deps);
    await store.put({ key: "/a", value: bytes("a") });
    using other = new DatabaseSync(`${directory}/latchkey.sqlite`, { readOnly: true });
    assert.equal(other.prepare("PRAGMA journal_mode").get()?.journal_mode, "wal");
    assert.equal(other.prepare("SELECT count(*) AS n FROM items").get()?.n, 1);
  }));

Deno.test("openSqliteBackend() records the migrations that have run", () =>
  withDirectory(async (directory) => {
    await openSqliteBackend(directory, deps).close();
    await openSqliteBackend(directory, deps).close();
    using database = new DatabaseSync(`${directory}/latchkey.sqlite`);
    assert.equal(database.prepare("PRAGMA user_version").get()?.user_version, SCHEMA_VERSION);
    const rows = database.prepare("SELECT version, name FROM migrations ORDER BY version").all();
    assert.deepEqual(rows.map((row) => `${row.version} ${row.name}`), ["1 items"]);
  }));

Deno.test("openSqliteBackend() refuses a directory that is in use, and takes it when it is free", () =>
  withDirectory(async (directory) => {
    const store = openSqliteBackend(directory, deps);
    assert.equal(
      refusal(directory),
      `already_exists: data directory DIR is already in use by pid ${Deno.pid}`,
    );
    await store.close();
    await openSqliteBackend(directory, deps).close();
  }));

Deno.test("openSqliteBackend() refuses a newer schema and leaves it as it is", () =>
  withDirectory(async (directory) => {
    await openSqliteBackend(directory, deps).close();
    {
      using database = new DatabaseSync(`${directory}/latchkey.sqlite`);
      database.exec("PRAGMA user_version = 99");
    }
    const before = await Deno.readFile(`${directory}/latchkey.sqlite`);
    assert.equal(
      refusal(directory),
      "bad_parameter: DIR/latchkey.sqlite was written by a newer version of latchkey: its schema version is 99, " +
        `this program knows versions up to ${SCHEMA_VERSION}`,
    );
    assert.deepEqual(await Deno.readFile(`${directory}/latchkey.sqlite`), before);
  }));

Deno.test("openSqliteBackend() refuses another program's database", () =>
  withDirectory(async (directory) => {
    await Deno.mkdir(directory);
    {
      using database = new DatabaseSync(`${directory}/latchkey.sqlite`);
      database.exec("CREATE TABLE kv (k, v)");
    }
    assert.equal(
      refusal(directory),
      "bad_parameter: DIR/latchkey.sqlite is a database, but not one of latchkey",
    );
  }));

Deno.test("openSqliteBackend() refuses a damaged file", () =>
  withDirectory(async (directory) => {
    await Deno.mkdir(directory);
    await Deno.writeFile(`${directory}/latchkey.sqlite`, new Uint8Array(8192).fill(65));
    assert.equal(
      refusal(directory),
      "bad_parameter: cannot open the database DIR/latchkey.sqlite: file is not a database",
    );
  }));

Deno.test("openSqliteBackend() starts anew from an empty file, which an early kill may leave", () =>
  withDirectory(async (directory) => {
    await Deno.mkdir(directory);
    await Deno.writeFile(`${directory}/latchkey.sqlite`, new Uint8Array());
    await using store = openSqliteBackend(directory, deps);
    await store.put({ key: "/a", value: bytes("a") });
  }));

Deno.test("openSqliteBackend() refuses a directory with other things in it and leaves them alone", () =>
  withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/backend`, { recursive: true });
    await Deno.chmod(directory, 0o755);
    for (const name of ["host_uuid", "photo.jpg", "z"]) {
      await Deno.writeTextFile(`${directory}/${name}`, "x");
    }
    assert.equal(
      refusal(directory),
      "bad_parameter: DIR is not a data directory of latchkey: it has no latchkey.sqlite, but holds backend, " +
        "host_uuid, photo.jpg, …",
    );
    const names = await Array.fromAsync(Deno.readDir(directory), (entry) => entry.name);
    assert.deepEqual(names.sort(), ["backend", "host_uuid", "photo.jpg", "z"]);
    assert.equal((await Deno.stat(directory)).mode! & 0o777, 0o755);
  }));

Deno.test("openSqliteBackend() accepts a directory where the configuration lies already", () =>
  withDirectory(async (directory) => {
    await Deno.mkdir(directory);
    for (const name of ["teleport.yaml", "web.pem", "web.key"]) {
      await Deno.writeTextFile(`${directory}/${name}`, "x");
    }
    await openSqliteBackend(directory, deps).close();
  }));

Deno.test("openSqliteBackend() refuses a path that is a file", () =>
  withDirectory(async (directory) => {
    await Deno.writeTextFile(directory, "x");
    assert.equal(
      refusal(directory),
      "bad_parameter: DIR is not a data directory of latchkey: it is not a directory",
    );
    assert.match(
      refusal(`${directory}/below`),
      /^bad_parameter: cannot use DIR as data directory: /,
    );
  }));

Deno.test({
  name: "openSqliteBackend() refuses another user's directory",
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  fn: () =>
    withDirectory(async (directory) => {
      await Deno.mkdir(directory);
      await Deno.chown(directory, 12345, 12345);
      assert.equal(
        refusal(directory),
        "bad_parameter: DIR is not a data directory of latchkey: it belongs to the user with id 12345, and this " +
          "process runs as 0",
      );
    }),
});

Deno.test("a write that the disk refuses fails whole, and the store goes on", () =>
  withDirectory(async (directory) => {
    await using store = openSqliteBackend(directory, deps);
    await store.put({ key: "/a", value: bytes("before") });
    // Another connection with the write lock is the nearest thing to a full disk that can be made here at will.
    using other = new DatabaseSync(`${directory}/latchkey.sqlite`);
    other.exec("BEGIN IMMEDIATE");
    const writes = [
      store.put({ key: "/a", value: bytes("after") }),
      store.put({ key: "/b", value: bytes("new") }),
    ];
    for (const result of await Promise.allSettled(writes)) {
      assert.ok(result.status === "rejected" && result.reason instanceof ToolError);
      assert.equal(result.reason.code, "internal");
      assert.equal(result.reason.message, "the store cannot be written");
    }
    other.exec("ROLLBACK");
    assert.deepEqual(
      (await store.range("/")).map((item) => new TextDecoder().decode(item.value)),
      ["before"],
    );
    await store.put({ key: "/b", value: bytes("again") });
  }));
