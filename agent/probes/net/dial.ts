import { type Socket, connect } from "node:net";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Deadline } from "./deadline.ts";

type Address =
  | { readonly host: string; readonly port: number; readonly source?: string | undefined }
  | { readonly path: string };

/** A connection to an address that was checked before: one attempt, no second address. Throws OperatingError. */
export function dial(address: Address, deadline: Deadline): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const shown = "path" in address ? address.path : `${address.host} port ${address.port}`;
    const socket =
      "path" in address
        ? connect({ path: address.path })
        : connect({
            host: address.host,
            port: address.port,
            autoSelectFamily: false,
            noDelay: true,
            ...(address.source === undefined ? {} : { localAddress: address.source }),
          });
    const settle = (end: () => void) => {
      forget();
      socket.removeListener("connect", connected);
      socket.removeListener("error", failed);
      // A reset that comes while nobody reads shows at the next read.
      socket.on("error", () => {});
      end();
    };
    const connected = () => settle(() => resolve(socket));
    const failed = (thrown: unknown) =>
      settle(() => {
        socket.destroy();
        const message = `cannot connect to ${shown}: ${messageOf(thrown)}`;
        reject(new OperatingError("unavailable", message, { cause: thrown }));
      });
    socket.once("connect", connected);
    socket.once("error", failed);
    const forget = deadline.onEnd(() =>
      settle(() => {
        socket.destroy();
        reject(
          new OperatingError("timeout", `cannot connect to ${shown}: ${deadline.error.message}`),
        );
      }),
    );
  });
}
