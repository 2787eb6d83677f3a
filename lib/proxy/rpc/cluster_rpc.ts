import type { Duplex } from "node:stream";
import type { Auth } from "../../auth/mod.ts";
import type { InFlight } from "../in_flight.ts";
import type { ProxyLimits } from "../limits.ts";

/** TEMPORARY until lib/wire/grpc is there. */
export class ClusterRpc implements Disposable {
  static open(
    _options: { auth: Auth; limits: ProxyLimits; inFlight: InFlight },
  ): Promise<ClusterRpc> {
    return Promise.resolve(new ClusterRpc());
  }
  acceptAuth(socket: Duplex): void {
    socket.destroy();
  }
  acceptTransport(socket: Duplex): void {
    socket.destroy();
  }
  [Symbol.dispose](): void {}
}
