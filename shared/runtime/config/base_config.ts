import { hostname } from "node:os";
import { z } from "zod";
import { byteSize } from "../../text/byte_size.ts";
import { HttpConfig } from "../door/config.ts";
import { defaultHighBytes } from "../process/memory_pressure.ts";

const hostAndPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]*):\d{1,5}$/, 'expected host:port, such as "127.0.0.1:7600"');

/** Keys that every role reads. */
export const baseShape = () => ({
  /** Where the HTTP server listens; port 0 takes a free one. Only this host unless told otherwise: there is no login yet. */
  listen: hostAndPort.default("127.0.0.1:7600"),
  /** Which browsers and pages may ask; what the server is called. */
  http: HttpConfig.prefault({}),
  /** Everything a role keeps on disk lies below it. */
  data_dir: z.string().min(1).default("./data"),
  tenant: z
    .string()
    // As it may stand in a NATS subject.
    .regex(/^[0-9a-z][0-9a-z_-]{0,62}$/, "expected 1 to 63 of 0-9 a-z _ -, the first 0-9 or a-z")
    .default("default"),
  /** Resident memory from which on requests, scrapes and queries get a quarter of their own bounds, until it is less. */
  memory_high: byteSize.default(defaultHighBytes),
  /** What POST /-/reload and /-/quit may do. Whoever reaches the port may send them: there is no login yet. */
  lifecycle: z
    .strictObject({ reload: z.boolean().default(true), quit: z.boolean().default(false) })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") })
    .prefault({}),
});

export type ListenAddress = { readonly hostname: string; readonly port: number };

/** "127.0.0.1:7600" or "[::1]:7600" taken apart; an empty host means all addresses. */
export function parseListen(listen: string): ListenAddress {
  const colon = listen.lastIndexOf(":");
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, "");
  return { hostname: host === "" ? "0.0.0.0" : host, port: Number(listen.slice(colon + 1)) };
}

/** The name of this host as labels carry it: without the domain's trailing dot, lower case as the system gives it. */
export function hostName(): string {
  return hostname() || "localhost";
}
