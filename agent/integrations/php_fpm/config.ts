import { z } from "zod";

export const usualPort = 9_000;
const path = z.string().startsWith("/", "expected an absolute path");

/** One entry is one pool: pools share neither sockets nor counts. */
export const PhpFpmConfig = z.lazy(() =>
  z.strictObject({
    /** Where the pool listens: the path of a Unix socket, or host:port. */
    address: z.string().min(1).default("/run/php/php-fpm.sock"),
    /** pm.status_path of the pool. */
    status_path: path.default("/status"),
    /** Whether each process is told, too: some ten series of each. */
    processes: z.boolean().default(true),
    error_logs: z.array(path).default(["/var/log/php*fpm.log", "/var/log/php-fpm/error.log"]),
    /** Globs of `slowlog`. */
    slow_logs: z.array(path).default([]),
  }),
);
export type PhpFpmConfig = z.output<typeof PhpFpmConfig>;

/** As the exporter writes it: tcp://host:port/status, unix:///path;/status. */
export function scrapeUri({ address, status_path: status }: PhpFpmConfig): string {
  return address.startsWith("/") ? `unix://${address};${status}` : `tcp://${address}${status}`;
}
