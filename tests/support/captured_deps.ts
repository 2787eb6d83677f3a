import { type Deps, realDeps } from "../../lib/deps/mod.ts";

/** What a tool printed. */
export interface Captured {
  stdout: string;
  stderr: string;
}

/** Real dependencies, but for the terminal, which is written down, and the environment, which is `env` and nothing else. */
export function capturedDeps(
  env: Record<string, string> = {},
  other: Partial<Deps> = {},
): { deps: Deps; captured: Captured } {
  const captured: Captured = { stdout: "", stderr: "" };
  const deps: Deps = {
    ...realDeps(),
    env: { get: (name) => env[name] || undefined },
    terminal: {
      stdout(text) {
        captured.stdout += text;
        return Promise.resolve();
      },
      stderr(text) {
        captured.stderr += text;
        return Promise.resolve();
      },
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      stdinIsTerminal: false,
      columns: () => undefined,
    },
    ...other,
  };
  return { deps, captured };
}
