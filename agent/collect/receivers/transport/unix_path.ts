import { chmodSync, lstatSync, unlinkSync } from "node:fs";

/** Owner everything, others may write: what Datadog's agent gives its socket. */
const writersMode = 0o722;

/** Removes a socket that a process before left at the path; anything else is left alone, and stands in the way. */
export function removeOldSocket(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path);
}

/** Everyone on this host may send to the socket. */
export function openToWriters(path: string): void {
  chmodSync(path, writersMode);
}
