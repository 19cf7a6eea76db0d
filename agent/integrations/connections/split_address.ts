import { z } from "zod";
import type { SocketAddress } from "../host_view.ts";

/** "host:port", "[::1]:port", "host" or "/path/of.sock" as connect() takes it. */
export function splitAddress(address: string, usualPort: number): SocketAddress {
  if (address.startsWith("/")) return { path: address };
  const { hostname, port } = new URL(`tcp://${address}`);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? usualPort : Number(port) };
}

/** An address of a service that has keys of their own for credentials, which must be in no label. */
export const addressText = z
  .string()
  .regex(/^(\/.+|[^/@\s]+)$/, "expected host:port or the path of a socket, without credentials");
