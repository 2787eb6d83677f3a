/**
 * tctl within the test's own process, against a real cluster there.
 *
 * @module
 */

import type { Caller } from "../../lib/auth/mod.ts";
import { InProcessCluster } from "./in_process_cluster.ts";
import { ToolDeps } from "./tool_deps.ts";
import { writeRuntimeFacts } from "../../cmd/data_dir.ts";
import { runTool } from "../../cmd/tool.ts";
import { tctl } from "../../cmd/tctl/mod.ts";

/** What a command left. */
export type Result = [code: number, stdout: string, stderr: string];
/** Runs tctl with these arguments. */
export type Run = (...args: string[]) => Promise<Result>;

/** The administrator, as the auth service sees one. */
export const ADMIN: Caller = { kind: "admin", client: { address: "127.0.0.1" } };

/** A cluster, and tctl for it. */
export async function withCluster(
  test: (run: Run, cluster: InProcessCluster) => Promise<void>,
): Promise<void> {
  await using cluster = await InProcessCluster.start();
  const { dataDir, port } = cluster;
  await writeRuntimeFacts(dataDir, {
    pid: Deno.pid,
    address: `127.0.0.1:${port}`,
    clusterName: "demo",
  });
  await test(async (...args) => {
    const deps = new ToolDeps();
    const code = await runTool(tctl(deps), ["--data-dir", dataDir, ...args], deps);
    return [code, deps.out, deps.err];
  }, cluster);
}

/** A node in YAML, as tctl prints it. */
export const NODE = `kind: node
sub_kind: openssh
version: v2
metadata:
  name: 5da56852-2adb-4540-a37c-80790203f6a9
  labels:
    env: prod
    arch: x86_64
spec:
  addr: 127.0.0.1:22
  hostname: openssh-node
`;

/** Runs `test` with a file that holds `text`. */
export async function withFile(text: string, test: (file: string) => Promise<void>): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(file, text);
    await test(file);
  } finally {
    await Deno.remove(file);
  }
}
