import { S3Client } from "bun";
import { readFileSync } from "node:fs";
import { OperatingError } from "#shared/errors.ts";
import type { StoreConfig } from "./config.ts";
import { storeError } from "./errors.ts";
import type { ObjectStore } from "./object_store.ts";

/** Up to this size an object is one request; above, Bun's multipart writer sends it in parts. */
const onePutBytesMax = 32 * 1_024 * 1_024;
const attemptsMax = 3;

/** Objects in a bucket of anything that speaks S3, by Bun's client. `url` is s3://bucket/prefix. */
export function s3ObjectStore(url: string, config: StoreConfig["s3"]): ObjectStore {
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
    list: () => listObjects(client, prefix),
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

function clientOptions(bucket: string, config: StoreConfig["s3"]): Bun.S3Options {
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

async function* listObjects(client: S3Client, prefix: string) {
  let continuationToken: string | undefined;
  do {
    const page = await attempt(`list ${prefix}`, () =>
      client.list({ prefix, ...(continuationToken === undefined ? {} : { continuationToken }) }),
    );
    for (const { key, lastModified } of page.contents ?? [])
      yield {
        key: key.slice(prefix.length),
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
