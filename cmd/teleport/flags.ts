import { Option } from "commander";

/** `-c/--config`, of every command that reads the configuration. */
export function configOption(): Option {
  return new Option(
    "-c, --config <file>",
    "Configuration, teleport.yaml (env: TELEPORT_CONFIG_FILE)",
  );
}

/** `--data-dir`. */
export function dataDirOption(): Option {
  return new Option(
    "--data-dir <directory>",
    "Where the cluster keeps its data, instead of what the configuration says",
  );
}
