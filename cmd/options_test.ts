import assert from "node:assert/strict";
import { Command, Option } from "commander";
import { ToolError } from "../lib/errors/mod.ts";
import { addSharedOptions, type OptionValues, readOptions, type SharedOption } from "./options.ts";

const SHARED: readonly SharedOption[] = [
  { option: () => new Option("--proxy <address>", "Proxy"), env: "X_PROXY" },
  { option: () => new Option("--headless", "Headless"), env: "X_HEADLESS" },
  { option: () => new Option("--no-headless", "Not headless") },
  { option: () => new Option("-f, --format <format>", "Format").default("text") },
];

/** What a command sees of a command line. */
async function read(args: string[], env: Record<string, string> = {}): Promise<OptionValues> {
  let values: OptionValues | undefined;
  const program = new Command("tool").enablePositionalOptions().exitOverride();
  const command = new Command("verb").exitOverride().argument("[word]").action(() => {
    values = readOptions(command, SHARED, { get: (name) => env[name] || undefined });
  });
  addSharedOptions(program, SHARED);
  program.addCommand(addSharedOptions(command, SHARED));
  await program.parseAsync(args, { from: "user" });
  return values!;
}

Deno.test("flags hold before and after the verb", async () => {
  for (
    const args of [["--proxy=a", "verb"], ["verb", "--proxy=a"], ["verb", "w", "--proxy", "a"]]
  ) {
    const values = await read(args);
    assert.equal(values.text("proxy"), "a");
    assert.equal(values.source("proxy"), "flag");
  }
});

Deno.test("the flag that stands nearer to the end wins", async () => {
  assert.equal((await read(["--proxy=a", "verb", "--proxy=b"])).text("proxy"), "b");
});

Deno.test("a flag outranks a variable, a variable outranks the default", async () => {
  const env = { X_PROXY: "from-env" };
  assert.equal((await read(["verb", "--proxy=a"], env)).text("proxy"), "a");
  const values = await read(["verb"], env);
  assert.equal(values.text("proxy"), "from-env");
  assert.equal(values.source("proxy"), "env");
  assert.equal((await read(["verb"])).text("proxy"), undefined);
  assert.equal((await read(["verb"])).source("proxy"), "default");
  assert.equal((await read(["verb"])).text("format"), "text");
});

Deno.test("an empty variable and an empty flag count as none", async () => {
  assert.equal((await read(["verb"], { X_PROXY: "" })).text("proxy"), undefined);
  assert.equal((await read(["verb", "--proxy="])).text("proxy"), undefined);
});

Deno.test("switches take Go's words for true and false from variables", async () => {
  for (const word of ["1", "t", "T", "TRUE", "true", "True"]) {
    assert.equal((await read(["verb"], { X_HEADLESS: word })).switch("headless"), true, word);
  }
  for (const word of ["0", "f", "F", "FALSE", "false", "False", ""]) {
    assert.equal((await read(["verb"], { X_HEADLESS: word })).switch("headless"), false, word);
  }
  const values = await read(["verb"], { X_HEADLESS: "yes please" });
  assert.throws(
    () => values.switch("headless"),
    (error) =>
      error instanceof ToolError && error.code === "usage" &&
      error.message === 'X_HEADLESS has the value "yes please", expected true or false',
  );
});

Deno.test("--no-headless outranks the variable", async () => {
  const values = await read(["verb", "--no-headless"], { X_HEADLESS: "true" });
  assert.equal(values.switch("headless"), false);
  assert.equal((await read(["verb"])).switch("headless"), false);
});

Deno.test("help shows the variables", () => {
  const command = addSharedOptions(new Command("verb"), SHARED);
  assert.match(command.helpInformation(), /--proxy <address> +Proxy \(env: X_PROXY\)/);
});
