import { getLogger } from "@logtape/logtape";

const log = getLogger(["latchkey", "teleport"]);

/**
 * Keeps the process alive when an error reaches nobody, until disposed of. Such an error is a defect, and is logged as one; but
 * it belongs to one connection, and must not end everybody's. What is stored is safe either way: writes are transactions.
 */
export function keepRunning(): Disposable {
  const listen = (event: Event) => {
    const error = event instanceof PromiseRejectionEvent
      ? event.reason
      : event instanceof ErrorEvent
      ? event.error
      : event;
    log.error("defect, please report: an error reached nobody: {error} {stack}", {
      error,
      stack: error instanceof Error ? error.stack : "",
    });
    event.preventDefault();
  };
  globalThis.addEventListener("unhandledrejection", listen);
  globalThis.addEventListener("error", listen);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("unhandledrejection", listen);
      globalThis.removeEventListener("error", listen);
    },
  };
}
