/**
 * Starts what takes its time in a thread of its own, while modules load in this one.
 *
 * The library under Deno's TLS (AWS-LC) gathers entropy when it is first used, which takes some 30 ms of the thread that
 * asks. The cheapest way to ask from elsewhere is to have a key made; nobody ever sees it.
 */
export async function warmUpTls(): Promise<void> {
  await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
}
