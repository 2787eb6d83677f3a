/**
 * Packages from PyPI for tests, in a folder of the user's cache. They are installed at the first call.
 *
 * @module
 */

/** What to install, and where it may be already. */
export interface PythonPackages {
  /** Of the folder, with the version of the main package: `grpcio-1.85.1`. */
  name: string;
  /** A folder within that shows that it is there: `grpc`. */
  proof: string;
  /** What pip installs, pinned. */
  requirements: readonly string[];
  /** Environment variable that may name a folder made by hand. */
  override: string;
}

/** A folder for PYTHONPATH that holds the packages. */
export async function pythonPackages(wanted: PythonPackages): Promise<string> {
  const given = Deno.env.get(wanted.override);
  if (given) return given;
  const base = `${
    Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME") ?? "/tmp"}/.cache`
  }/latchkey`;
  const version = (await python(wanted, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"))
    .trim();
  const folder = `${base}/python-${wanted.name}-py${version}`;
  if (await exists(`${folder}/${wanted.proof}`)) return folder;

  await Deno.mkdir(base, { recursive: true });
  const making = await Deno.makeTempDir({ dir: base, prefix: "python-" });
  try {
    await python(
      wanted,
      ...["-m", "pip", "install", "--quiet", "--no-input", "--only-binary=:all:"],
      ...["--target", making, ...wanted.requirements],
    );
    // Another test process may have been quicker; either's folder is as good.
    await Deno.rename(making, folder).catch((error) => {
      if (!(error instanceof Error && /not empty|exists/i.test(error.message))) throw error;
    });
  } finally {
    await Deno.remove(making, { recursive: true }).catch(() => {});
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Runs Python; its output. Says what is missing when it fails. */
async function python(
  { requirements, override }: PythonPackages,
  ...args: string[]
): Promise<string> {
  const advice =
    `${
      requirements.join(" ")
    } could not be set up: install the Debian packages python3 and python3-pip, or ` +
    `set ${override} to a folder made with\n  python3 -m pip install --target <folder> ${
      requirements.join(" ")
    }`;
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command("python3", { args, stdin: "null" }).output();
  } catch (cause) {
    throw new Error(advice, { cause });
  }
  if (!output.success) {
    throw new Error(`${advice}\n${new TextDecoder().decode(output.stderr).slice(-2000)}`);
  }
  return new TextDecoder().decode(output.stdout);
}
