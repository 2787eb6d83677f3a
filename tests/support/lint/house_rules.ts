/**
 * The rules of this house that `deno lint` does not know, as one plugin. CONTRIBUTING.md says why each exists.
 *
 * @module
 */

/** Path below the project's root, with `/`, or the file name itself when it is not in a known room. */
function placeOf(filename: string): string {
  const path = filename.replaceAll("\\", "/");
  const match = /(?:^|\/)((?:lib|cmd|ui|tests)\/.*|main\.ts)$/.exec(path);
  return match?.[1] ?? path;
}

/** Where the outside may be touched directly. */
function mayTouchOutside(place: string): boolean {
  return place.startsWith("lib/deps/") || place.startsWith("tests/") ||
    place.endsWith("_test.ts") || place.startsWith("ui/") || place.startsWith("cmd/dev/");
}

const FORBIDDEN_MEMBERS: Record<string, string> = {
  "Date.now": "take a Clock (lib/deps) instead of Date.now",
  "Math.random": "take a Random (lib/deps) instead of Math.random",
  "performance.now": "take a Clock (lib/deps) instead of performance.now",
  "Deno.env": "take an Environment (lib/deps) instead of Deno.env",
  "Deno.exit": "throw a ToolError or return instead of Deno.exit; main.ts sets the exit code",
};

/** Keeps clock, randomness, environment and exit to lib/deps, so that tests can hand code another. */
const outsideOnlyInDeps: Deno.lint.Rule = {
  create(context) {
    if (mayTouchOutside(placeOf(context.filename))) return {};
    return {
      MemberExpression(node) {
        if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
        if (node.object.name === "console") {
          const message = "write to the Terminal (lib/deps) or the log instead of console";
          context.report({ node, message });
          return;
        }
        const message = FORBIDDEN_MEMBERS[`${node.object.name}.${node.property.name}`];
        if (message !== undefined) context.report({ node, message });
      },
      NewExpression(node) {
        if (
          node.callee.type === "Identifier" && node.callee.name === "Date" &&
          node.arguments.length === 0
        ) {
          context.report({ node, message: "take a Clock (lib/deps) instead of new Date()" });
        }
      },
    };
  },
};

/** Splits `lib/auth/rpc/x.ts` into its room, `lib/auth`. */
function roomOf(place: string): string | undefined {
  return /^((?:lib|cmd)\/[^/]+)\//.exec(place)?.[1] ?? /^(ui|tests)\//.exec(place)?.[1];
}

/** Resolves a relative import to a place. */
function resolvePlace(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** Rooms that must never know one another: what a client and a cluster share is the wire, keys and errors. */
const STRANGERS: ReadonlyArray<readonly [from: RegExp, to: RegExp, message: string]> = [
  [
    /^lib\/client$/,
    /^lib\/(auth|proxy|backend|node|resources|webauthn)$/,
    "the client knows only the wire",
  ],
  [/^lib\/(auth|proxy|backend|node)$/, /^lib\/client$/, "the cluster knows only the wire"],
  [
    /^lib\/wire$/,
    /^lib\/(?!wire$|errors$|webauthn$)/,
    "wire formats know nobody but errors",
  ],
  [
    /^lib\/backend$/,
    /^lib\/(?!backend$|errors$|deps$)/,
    "the store knows nothing of what it keeps",
  ],
  [/^lib\//, /^(cmd|tests)\b/, "lib never imports commands or tests"],
  [
    /^lib\/webauthn$/,
    /^lib\/(auth|proxy|backend)$/,
    "the ceremonies reach storage by their identity",
  ],
];

/** Other rooms come in by the front door, `mod.ts`, and only the rooms that should. */
const frontDoor: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    const room = roomOf(place);
    const isTest = place.startsWith("tests/") || place.endsWith("_test.ts");
    return {
      "ImportDeclaration, ExportNamedDeclaration, ExportAllDeclaration, ImportExpression"(
        node: Deno.lint.Node,
      ) {
        const source = (node as Deno.lint.ImportDeclaration).source;
        if (!source || source.type !== "Literal" || typeof source.value !== "string") return;
        if (!source.value.startsWith(".")) return;
        const target = resolvePlace(place, source.value);
        const targetRoom = roomOf(target);
        if (targetRoom === undefined || targetRoom === room || room === undefined) return;
        if (isTest) return;
        for (const [from, to, message] of STRANGERS) {
          if (from.test(room + "/") || from.test(room)) {
            if (to.test(targetRoom)) context.report({ node, message: `${message}: ${target}` });
          }
        }
        // lib/wire's files are tables of facts read on their own, so that a command pays only for what it uses.
        if (["lib/wire", "tests"].includes(targetRoom) || targetRoom.startsWith("cmd/")) return;
        if (!target.endsWith("/mod.ts")) {
          context.report({ node, message: `enter ${targetRoom} by a mod.ts, not by ${target}` });
        }
      },
    };
  },
};

/** No enums, parameter properties or default exports: they are not types-only, or hide what a name is. */
const plainTypescript: Deno.lint.Rule = {
  create(context) {
    return {
      TSEnumDeclaration(node) {
        context.report({ node, message: "use a union of strings or an object `as const`" });
      },
      TSParameterProperty(node) {
        context.report({ node, message: "declare the field and assign it in the constructor" });
      },
      ExportDefaultDeclaration(node) {
        if (placeOf(context.filename).startsWith("tests/support/lint/")) return;
        context.report({ node, message: "export by name" });
      },
    };
  },
};

/** The plugin. */
const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "outside-only-in-deps": outsideOnlyInDeps,
    "front-door": frontDoor,
    "plain-typescript": plainTypescript,
  },
};

export default plugin;
