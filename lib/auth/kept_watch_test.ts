import assert from "node:assert/strict";
import { fakeDeps } from "../../tests/support/fake_deps.ts";
import { type Backend, openMemoryBackend, type Watcher } from "../backend/mod.ts";
import { KeptWatch } from "./kept_watch.ts";

/** A kept watch of everything below `/a/`, whose watches a test opens and breaks. */
async function kept(open: (backend: Backend, attempt: number) => Promise<Watcher>) {
  const backend = openMemoryBackend(fakeDeps());
  const seen: string[] = [];
  const opened: Watcher[] = [];
  const watch = new KeptWatch({
    what: "tests",
    retryMs: 1,
    open: async () => {
      const watcher = await open(backend, opened.length);
      opened.push(watcher);
      return watcher;
    },
    see: (event) => seen.push(event.type === "put" ? event.item.key : event.key),
  });
  await watch.start();
  return { backend, seen, opened, watch };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

Deno.test("a watch that broke off is made anew", async () => {
  const { backend, seen, opened, watch } = await kept((backend) => backend.watch(["/a/"]));
  opened[0]!.close();
  await settle();
  await backend.put({ key: "/a/1", value: new Uint8Array() });
  await settle();
  assert.deepEqual(seen, ["/a/1"]);
  assert.equal(opened.length, 2);
  await watch.close();
  await backend.close();
});

Deno.test("a watch that cannot be made is tried again", async () => {
  let failures = 2;
  const { backend, opened, watch } = await kept((backend, attempt) => {
    if (attempt > 0 && failures-- > 0) throw new Error("the store is away");
    return backend.watch(["/a/"]);
  });
  opened[0]!.close();
  await settle();
  assert.equal(opened.length, 2);
  await watch.close();
  await backend.close();
});

Deno.test("closing ends also while the watch is being made anew, and while that is waited for", async () => {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const { backend, opened, watch } = await kept(async (backend, attempt) => {
    if (attempt > 0) {
      asked.resolve();
      await gate.promise;
    }
    return await backend.watch(["/a/"]);
  });
  opened[0]!.close();
  await asked.promise;
  const closing = watch.close();
  gate.resolve();
  await closing;
  await backend.close();

  const other = await kept((backend) => backend.watch(["/a/"]));
  other.opened[0]!.close();
  await other.watch.close();
  assert.equal(other.opened.length, 1);
  await other.backend.close();
});
