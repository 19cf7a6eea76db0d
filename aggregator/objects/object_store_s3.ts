import { S3Client } from "bun";
import { readFileSync } from "node:fs";
import { OperatingError } from "#shared/errors.ts";
import { storeError } from "../read/storage_error.ts";
import type { ObjectStore } from "./object_store.ts";
import type { S3Config } from "./s3_config.ts";

/** Up to this size an object is one request; above, Bun's multipart writer sends it in parts. */
const onePutBytesMax = 32 * 1_024 * 1_024;
const attemptsMax = 3;
const signedForSeconds = 60;

/** Objects in a bucket of anything that speaks S3, by Bun's client. `url` is s3://bucket/prefix. */
export function s3ObjectStore(url: string, config: S3Config): ObjectStore {
  const { bucket, prefix } = parseS3Url(url);
  const client = new S3Client(clientOptions(bucket, config));
  const pathOf = (key: string) => `${prefix}${key}`;
  return {
    async put(key, path) {
      await attempt(`put ${key}`, async () => {
        const file = Bun.file(path);
        const sent = await client.write(
          pathOf(key),
          file.size <= onePutBytesMax ? await file.bytes() : file,
          { type: "application/vnd.apache.parquet", retry: attemptsMax },
        );
        if (sent !== file.size)
          throw new OperatingError("unavailable", `put ${key}: sent ${sent} of ${file.size} bytes`);
      });
    },
    async get(key, path) {
      await attempt(`get ${key}`, async () => {
        const object = client.file(pathOf(key));
        const { size } = await object.stat();
        const received = await Bun.write(path, new Response(object.stream()));
        if (received !== size)
          throw new OperatingError("unavailable", `get ${key}: ${received} of ${size} bytes came`);
      });
    },
    async create(key, path) {
      const file = Bun.file(path);
      const bytes = await file.bytes();
      return attempt(`create ${key}`, async () => {
        // Bun's client has no conditional writes; a signed URL takes the header.
        if (await client.exists(pathOf(key))) return false;
        const signed = client.presign(pathOf(key), { method: "PUT", expiresIn: signedForSeconds });
        const headers = { "if-none-match": "*" };
        const { ok, status } = await fetch(signed, { method: "PUT", body: bytes, headers });
        if (ok) return true;
        // Another writer was first: 412, or 409 while both are at work.
        if (status === 412 || status === 409) return false;
        // A store that does not know the header.
        if (status === 400 || status === 501) {
          await client.write(pathOf(key), bytes);
          return true;
        }
        throw new OperatingError("unavailable", `create ${key}: HTTP ${status}`);
      });
    },
    async move(from, to) {
      // Bun's client has no copy within a bucket. The old object goes when the new one is whole.
      await attempt(`move ${from}`, async () => {
        const bytes = await client.file(pathOf(from)).bytes();
        const sent = await client.write(pathOf(to), bytes, { retry: attemptsMax });
        if (sent !== bytes.length)
          throw new OperatingError(
            "unavailable",
            `move ${from}: sent ${sent} of ${bytes.length} bytes`,
          );
        await client.delete(pathOf(from));
      });
    },
    list: (under = "") => listObjects(client, prefix, under),
    async delete(key) {
      try {
        await client.delete(pathOf(key));
      } catch (cause) {
        const error = storeError(`delete ${key}`, cause);
        if (error.code !== "not_found") throw error;
      }
    },
    localPath: () => undefined,
  };
}

/** The bucket of s3://bucket/some/prefix, and the prefix with a slash at its end, or empty. */
export function parseS3Url(url: string): { bucket: string; prefix: string } {
  const [bucket = "", ...folders] = url.replace(/^s3:\/\//, "").split("/");
  const path = folders.filter((folder) => folder !== "").join("/");
  if (bucket === "")
    throw new OperatingError("bad_request", `store url "${url}": expected s3://bucket/prefix`);
  return { bucket, prefix: path === "" ? "" : `${path}/` };
}

function clientOptions(bucket: string, config: S3Config): Bun.S3Options {
  const secret =
    config.secret_access_key_file === undefined
      ? config.secret_access_key
      : readFileSync(config.secret_access_key_file, "utf8").trim();
  return {
    bucket,
    virtualHostedStyle: config.virtual_hosted_style,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    ...(config.region === undefined ? {} : { region: config.region }),
    ...(config.access_key_id === undefined ? {} : { accessKeyId: config.access_key_id }),
    ...(secret === undefined ? {} : { secretAccessKey: secret }),
  };
}

async function* listObjects(client: S3Client, root: string, under: string) {
  const prefix = `${root}${under}`;
  let continuationToken: string | undefined;
  do {
    const page = await attempt(`list ${prefix}`, () =>
      client.list({ prefix, ...(continuationToken === undefined ? {} : { continuationToken }) }),
    );
    for (const { key, lastModified } of page.contents ?? [])
      yield {
        key: key.slice(root.length),
        modifiedMs: lastModified === undefined ? Date.now() : Date.parse(lastModified),
      };
    continuationToken = page.isTruncated === true ? page.nextContinuationToken : undefined;
  } while (continuationToken !== undefined);
}

/** Tries again at once, a few times: what lasts longer is the caller's to wait for. */
async function attempt<Result>(what: string, action: () => Promise<Result>): Promise<Result> {
  for (let tried = 1; ; tried++) {
    try {
      return await action();
    } catch (cause) {
      const error = storeError(what, cause);
      if (error.code !== "unavailable" || tried >= attemptsMax) throw error;
    }
  }
}
