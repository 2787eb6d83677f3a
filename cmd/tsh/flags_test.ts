import assert from "node:assert/strict";
import { Command } from "commander";
import { addSharedFlags, readSharedFlags, refuseHeadless, type SharedFlags } from "./flags.ts";

/** What a command reads of its command line and environment. */
async function parse(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ flags: () => SharedFlags; refuse: () => void }> {
  const environment = { get: (name: string) => env[name] || undefined };
  const program = addSharedFlags(new Command("tsh").enablePositionalOptions().exitOverride());
  const command = addSharedFlags(new Command("verb").exitOverride().action(() => {}));
  program.addCommand(command);
  await program.parseAsync([...args], { from: "user" });
  return {
    flags: () => readSharedFlags(command, environment),
    refuse: () => refuseHeadless(command, environment),
  };
}

const NONE: SharedFlags = {
  login: undefined,
  proxy: undefined,
  user: undefined,
  ttlMinutes: undefined,
  insecure: false,
  connector: undefined,
  mlock: "auto",
  skipVersionCheck: false,
  debug: false,
};

Deno.test("no flags say nothing", async () => {
  assert.deepEqual((await parse(["verb"])).flags(), NONE);
});

Deno.test("all flags are read, before and after the verb", async () => {
  const line =
    "-l root --proxy=p:1 --headless verb --user alice --ttl=30 --insecure --mlock=strict " +
    "--skip-version-check -d";
  assert.deepEqual((await parse(line.split(" "))).flags(), {
    login: "root",
    proxy: "p:1",
    user: "alice",
    ttlMinutes: 30,
    insecure: true,
    connector: "headless",
    mlock: "strict",
    skipVersionCheck: true,
    debug: true,
  });
});

Deno.test("variables stand in for flags", async () => {
  const env = {
    TELEPORT_LOGIN: "root",
    TELEPORT_PROXY: "p:1",
    TELEPORT_USER: "alice",
    TELEPORT_HEADLESS: "1",
    TELEPORT_MLOCK_MODE: "off",
  };
  assert.deepEqual((await parse(["verb"], env)).flags(), {
    ...NONE,
    login: "root",
    proxy: "p:1",
    user: "alice",
    connector: "headless",
    mlock: "off",
  });
});

const BOTH = "either --headless or --auth can be specified, not both";

Deno.test.each([
  [["verb", "--headless", "--auth=local"], {}],
  [["--auth=local", "verb", "--headless"], {}],
  [["verb"], { TELEPORT_HEADLESS: "1", TELEPORT_AUTH: "local" }],
])("--headless contradicts another connector: %o %o", async (args, env) => {
  assert.throws((await parse(args, { ...env })).flags, { code: "usage", message: BOTH });
});

Deno.test("a flag outranks the variable of the other", async () => {
  const auth = await parse(["verb", "--auth=github"], { TELEPORT_HEADLESS: "1" });
  assert.equal(auth.flags().connector, "github");
  const headless = await parse(["verb", "--headless"], { TELEPORT_AUTH: "github" });
  assert.equal(headless.flags().connector, "headless");
  const not = await parse(["verb", "--no-headless"], { TELEPORT_HEADLESS: "1" });
  assert.equal(not.flags().connector, undefined);
});

Deno.test("--headless with --auth=headless is one wish said twice", async () => {
  const { flags } = await parse(["verb", "--headless", "--auth=headless"]);
  assert.equal(flags().connector, "headless");
});

Deno.test.each([["0"], ["-5"], ["1.5"], ["1h"], ["150001"], ["99999999999"], [" 5"]])(
  "--ttl=%s is refused",
  async (ttl) => {
    assert.throws((await parse(["verb", `--ttl=${ttl}`])).flags, {
      code: "usage",
      message: /--ttl/,
    });
  },
);

Deno.test("an unknown --mlock lists the four words, and says where it stood", async () => {
  const words = /expected one of off, auto, best_effort, strict/;
  assert.throws((await parse(["verb", "--mlock=x"])).flags, { code: "usage", message: words });
  const { flags } = await parse(["verb"], { TELEPORT_MLOCK_MODE: "x" });
  assert.throws(flags, { code: "usage", message: /^TELEPORT_MLOCK_MODE has/ });
});

Deno.test("commands without headless login refuse the flag, and let the variable be", async () => {
  const message = "Headless login is not supported for this command. " +
    "Only 'tsh ls', 'tsh ssh', and 'tsh scp' are supported.";
  assert.throws((await parse(["verb", "--headless"])).refuse, { code: "usage", message });
  assert.throws((await parse(["--headless", "verb"])).refuse, { code: "usage", message });
  (await parse(["verb"], { TELEPORT_HEADLESS: "true" })).refuse();
  (await parse(["verb", "--no-headless"])).refuse();
});
