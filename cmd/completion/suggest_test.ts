import assert from "node:assert/strict";
import { Argument, Command, Option } from "commander";
import fc from "fast-check";
import { suggest } from "./suggest.ts";

function tool(): Command {
  const program = new Command("tsh").enablePositionalOptions();
  const proxy = () => new Option("--proxy <address>", "Teleport proxy address");
  program.addOption(proxy());
  program.addCommand(
    new Command("ls").description("List nodes. And more.")
      .addOption(proxy())
      .option("-v, --verbose", "More")
      .addOption(
        new Option("-f, --format <format>", "Format output").choices(["text", "json", "names"]),
      ),
  );
  program.addCommand(new Command("login").description("Log in."));
  program.addCommand(
    new Command("headless").description("Headless requests.")
      .addCommand(new Command("approve").description("Approve one."))
      .addCommand(new Command("deny").description("Deny one.")),
  );
  program.addCommand(
    new Command("completion").addArgument(new Argument("<shell>").choices(["bash", "zsh"])),
  );
  program.addCommand(new Command("secret"), { hidden: true });
  return program;
}

const words = (...typed: string[]) => suggest(tool(), typed).map(({ word }) => word);

Deno.test("suggest() offers commands, with the first sentence of what they do", () => {
  assert.deepEqual(suggest(tool(), ["l"]), [
    { word: "ls", about: "List nodes" },
    { word: "login", about: "Log in" },
  ]);
  assert.deepEqual(words(""), ["ls", "login", "headless", "completion", "help"]);
});

Deno.test("suggest() offers commands inside commands", () => {
  assert.deepEqual(words("headless", ""), ["approve", "deny", "help"]);
  assert.deepEqual(words("--proxy", "x", "headless", "a"), ["approve"]);
  assert.deepEqual(words("--proxy=x", "headless", "a"), ["approve"]);
});

Deno.test("suggest() offers flags", () => {
  assert.deepEqual(words("ls", "--f"), ["--format"]);
  assert.deepEqual(words("ls", "--"), ["--proxy", "--verbose", "--format", "--help"]);
  assert.deepEqual(words("--"), ["--proxy", "--help"]);
});

Deno.test("suggest() offers the values of a flag, however it is written", () => {
  assert.deepEqual(words("ls", "--format", ""), ["text", "json", "names"]);
  assert.deepEqual(words("ls", "-f", "n"), ["names"]);
  assert.deepEqual(words("ls", "--format=j"), ["--format=json"]);
  assert.deepEqual(words("ls", "--format", "=", "j"), ["json"]);
  assert.deepEqual(words("ls", "--format", "="), ["text", "json", "names"]);
  assert.deepEqual(words("ls", "--format", "=", "json", "--v"), ["--verbose"]);
});

Deno.test("suggest() offers nothing where anything may stand", () => {
  assert.deepEqual(words("ls", "--proxy", ""), []);
  assert.deepEqual(words("ls", "--proxy="), []);
  assert.deepEqual(words("ls", ""), []);
  assert.deepEqual(words("nosuch", ""), []);
});

Deno.test("suggest() offers the values of an argument", () => {
  assert.deepEqual(words("completion", "z"), ["zsh"]);
  assert.deepEqual(words("completion", "zsh", ""), []);
});

Deno.test("suggest() never offers what does not begin with what is typed, and never fails", () => {
  const word = fc.constantFrom(
    "ls",
    "headless",
    "--proxy",
    "--format",
    "=",
    "-f",
    "-",
    "--",
    "",
    "x",
  );
  fc.assert(fc.property(fc.array(word), (typed) => {
    const last = typed.at(-1) ?? "";
    for (const { word } of suggest(tool(), typed)) {
      assert.ok(last === "=" || word.startsWith(last), `${typed.join(" ")} → ${word}`);
    }
  }));
});
