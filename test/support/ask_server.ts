import { connect } from "node:net";
import type { HostView } from "#agent/integrations/host_view.ts";

/** HostView.ask for tests in which an invented host has real servers. */
export const askServer: HostView["ask"] = (address, bytes) => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect("path" in address ? { path: address.path } : { ...address });
  let held = "";
  socket.setTimeout(1_000, () => socket.destroy());
  socket.on("connect", () => void (bytes !== "" && socket.write(Buffer.from(bytes, "latin1"))));
  socket.on("data", (chunk: Buffer) => {
    held += chunk.toString("latin1");
    // An answer is over when nothing came for so long.
    socket.setTimeout(30);
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => resolve(held === "" ? undefined : held));
  return promise;
};
