import { z } from "zod";

/** Access to a bucket. Whatever is absent is taken from the environment (S3_* and AWS_*), as Bun's S3 client does. */
export const S3Config = z.strictObject({
  endpoint: z.url().optional(),
  region: z.string().optional(),
  access_key_id: z.string().optional(),
  secret_access_key: z.string().optional(),
  /** A file that holds the key, read at start, so that the configuration holds no secret. */
  secret_access_key_file: z.string().optional(),
  virtual_hosted_style: z.boolean().default(false),
});

export type S3Config = z.output<typeof S3Config>;
