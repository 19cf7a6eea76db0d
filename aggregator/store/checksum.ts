import { storeError } from "./errors.ts";

/** xxHash64 of a file, hexadecimal: tells damage that Parquet's own decoding may not notice. */
export async function checksumOf(path: string): Promise<string> {
  try {
    return Bun.hash
      .xxHash64(await Bun.file(path).bytes())
      .toString(16)
      .padStart(16, "0");
  } catch (cause) {
    throw storeError(`read ${path}`, cause);
  }
}
