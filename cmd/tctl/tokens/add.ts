import { Command, InvalidArgumentError, Option } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { printable } from "../../../lib/terminal/mod.ts";
import { parseDuration } from "../../duration.ts";
import type { Context } from "../context.ts";
import { addSharedFlags } from "../flags.ts";
import { toJson } from "../output.ts";
import { runWithAdmin } from "../run_with_admin.ts";

/** 160 bits, as many as an invitation's. */
const TOKEN_BYTES = 20;

/** What `tctl tokens add` was asked. */
export interface AddTokenOptions {
  ttlMs: number;
  /** `guide` says what to do with the token; the others are for programs. */
  format: "guide" | "text" | "json";
}

/** `tctl tokens add`. */
export function addCommand(deps: Deps): Command {
  const command = new Command("add")
    .description("Create a token with which machines join. It is shown once.")
    .addOption(
      new Option("--type <type>", "What may join with it: node").argParser(parseType)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--ttl <duration>", "Time that the token is good for; at most 720h")
        .argParser(parseDuration).default(30 * 60_000, "30m"),
    )
    .addOption(
      new Option("--format <format>", "text prints the token alone").choices(["text", "json"]),
    )
    .action(async ({ ttl, format }: { ttl: number; format?: "text" | "json" }) => {
      const options: AddTokenOptions = { ttlMs: ttl, format: format ?? "guide" };
      await runWithAdmin(command, deps, (context) => runAddToken(options, context));
    });
  return addSharedFlags(command);
}

/** Makes a token, and prints what to do with it. */
export async function runAddToken(
  { ttlMs, format }: AddTokenOptions,
  { admin, clock, random, terminal }: Context,
): Promise<void> {
  const token = random.bytes(TOKEN_BYTES).toHex();
  const expiresAtMs = clock.now() + ttlMs;
  await admin.createToken(token, expiresAtMs);
  if (format === "text") return await terminal.stdout(`${token}\n`);
  if (format === "json") {
    const expires = new Date(expiresAtMs).toISOString();
    return await terminal.stdout(toJson({ token, roles: ["Node"], expires }));
  }
  const { proxyPublicAddr, caPins } = await admin.status();
  const minutes = Math.floor(ttlMs / 60_000);
  const flags = [
    `--proxy-server=${proxyPublicAddr}`,
    `--token=${token}`,
    ...caPins.map((pin) => `--ca-pin=${pin}`),
  ];
  await terminal.stdout(
    `The invite token: ${token}
This token will expire in ${minutes} minutes.

Run this on the new node to join the cluster:

> teleport join openssh \\
${flags.map((flag) => `   ${printable(flag)}`).join(" \\\n")}

Please note:

  - This invitation token will expire in ${minutes} minutes
  - ${printable(proxyPublicAddr)} must be reachable from the new node
`,
  );
}

function parseType(text: string): "node" {
  if (text.toLowerCase() === "node") return "node";
  throw new InvalidArgumentError("Expected node, the one type that this cluster has.");
}
