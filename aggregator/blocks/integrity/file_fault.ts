import { statSync } from "node:fs";
import { messageOf } from "#shared/errors.ts";
import { checksumOf } from "../../objects/checksum.ts";
import { storeError } from "../../read/storage_error.ts";
import { UnknownFormat } from "../file/format_version.ts";
import type { Block } from "../../read/store.ts";
import type { FileFault } from "./damage.ts";

/** Errors of a file itself; others (too many open files, no memory) say nothing about it. */
const unreadableCodes: ReadonlySet<string> = new Set([
  "EACCES",
  "EPERM",
  "EIO",
  "EISDIR",
  "ELOOP",
  "ENXIO",
]);

/** Reads a block's content; gives what is wrong with it. */
export type ContentCheck = (path: string, block: Block) => Promise<string | undefined>;

/**
 * Changes whenever the file does: every write, rename or change of permissions sets its change time. A synchronous call
 * of some microseconds; undefined where there is no file, or it can't be asked.
 */
export function signatureOf(path: string): string | undefined {
  try {
    const { ino, size, ctimeMs } = statSync(path);
    return `${ino} ${size} ${ctimeMs}`;
  } catch {
    return undefined;
  }
}

/**
 * Compares a file with what the catalog says of the block, by reading all of it. Throws what does not come from the file.
 * A block without a checksum is compared by size, and by `content` where that is given.
 */
export async function fileFault(
  path: string,
  block: Block,
  content?: ContentCheck,
): Promise<FileFault | undefined> {
  try {
    const found = statSync(path);
    if (!found.isFile())
      return { reason: "unreadable", detail: "something that is not a file lies in its place" };
    const { size } = found;
    if (size !== block.bytes)
      return { reason: "size", detail: `its file has ${size} bytes, expected ${block.bytes}` };
    if (block.checksum === undefined) {
      return content === undefined ? undefined : await contentFault(path, block, content);
    }
    const checksum = await checksumOf(path);
    if (checksum === block.checksum) return undefined;
    const detail = `its file has checksum ${checksum}, expected ${block.checksum}`;
    return { reason: "checksum", detail };
  } catch (error) {
    const fault = faultOfError(error);
    if (fault === undefined) throw error;
    return fault;
  }
}

/** What does not decode is damaged, unless the machine is short of something. */
export async function contentFault(
  path: string,
  block: Block,
  content: ContentCheck,
): Promise<FileFault | undefined> {
  try {
    const fault = await content(path, block);
    return fault === undefined ? undefined : { reason: "content", detail: `its file ${fault}` };
  } catch (error) {
    if (error instanceof UnknownFormat) throw error;
    const { code, message } = storeError("decode", error);
    if (code === "overloaded" || code === "no_space" || code === "cancelled") throw error;
    return { reason: "content", detail: `its file does not decode: ${message}` };
  }
}

/** What an error says about a file; undefined where it says nothing. */
export function faultOfError(error: unknown): FileFault | undefined {
  const code = codeOf(error);
  const detail = messageOf(error);
  if (code === "ENOENT" || code === "ENOTDIR" || code === "NoSuchKey" || code === "not_found")
    return { reason: "missing", detail: "its file is missing" };
  if (code === "corrupt") return { reason: "size", detail };
  if (unreadableCodes.has(code))
    return { reason: "unreadable", detail: `its file can't be read: ${detail}` };
  return undefined;
}

/** Of the innermost cause that has one: the store wraps what the system throws. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const inner = codeOf(error.cause);
  if (inner !== "") return inner;
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
