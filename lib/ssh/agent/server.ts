import type { Socket } from "node:net";
import { type AgentKey, answerAgentMessage } from "./agent.ts";
import { AgentMessageReader } from "./message.ts";

/** Serves one connection to the agent until either side ends it. */
export function serveAgent(socket: Socket, key: AgentKey): void {
  const reader = new AgentMessageReader();
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.end());
  socket.on("data", (chunk: Uint8Array) => {
    try {
      for (const message of reader.push(chunk)) socket.write(answerAgentMessage(key, message));
    } catch {
      socket.destroy();
    }
  });
}
