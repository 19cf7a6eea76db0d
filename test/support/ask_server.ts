import { connect } from "node:net";
import type { HostView } from "#agent/integrations/detection/host_view.ts";

/** HostView.ask for tests in which an invented host has real servers: the first bytes that come back. */
export const askServer: HostView["ask"] = (address, bytes) => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect("path" in address ? { path: address.path } : { ...address });
  socket.setTimeout(1_000, () => socket.destroy());
  socket.on("connect", () => void (bytes !== "" && socket.write(Buffer.from(bytes, "latin1"))));
  socket.on("data", (chunk: Buffer) => {
    resolve(chunk.toString("latin1"));
    socket.destroy();
  });
  socket.on("error", () => resolve(undefined));
  socket.on("close", () => resolve(undefined));
  return promise;
};
