import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { type PublicKey, isSigned } from "./minisign.ts";

/** What a build runs on. */
export const Platform = z.strictObject({
  os: z.enum(["linux"]),
  arch: z.enum(["x64", "arm64"]),
  libc: z.enum(["glibc", "musl"]),
});
export type Platform = z.output<typeof Platform>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits");
/** A binary is some 100 MB. */
const binaryBytesMax = 512 * 1_024 * 1_024;
export const manifestBytesMax = 16_384;

const Artifact = Platform.extend({
  size: z.number().int().positive().max(binaryBytesMax),
  sha256,
});
export type Artifact = z.output<typeof Artifact>;

/**
 * What is signed: the bytes of this JSON, as they are. `sequence` grows with every release, so that nobody can bring an agent back to an
 * old one that was signed once: a release that is to go back says from where (`back_from`), and is signed for that.
 */
export const Manifest = z.strictObject({
  format: z.literal(1),
  product: z.literal("lapwing-agent"),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?$/, "expected a version such as 1.2.3"),
  sequence: z.number().int().positive(),
  /** Also for agents that have had a release up to this sequence. */
  back_from: z.number().int().positive().optional(),
  created: z.string(),
  artifacts: z.array(Artifact).min(1).max(20),
});
export type Manifest = z.output<typeof Manifest>;

/** A manifest and the file of its signature, as they travel and lie on disk. */
export const SignedManifest = z.strictObject({
  manifest: z.string().min(1).max(manifestBytesMax),
  signature: z.string().min(1).max(2_048),
});
export type SignedManifest = z.output<typeof SignedManifest>;

/** Looked at only after its signature. Throws OperatingError "corrupt" with what is wrong. */
export function openManifest(
  { manifest, signature }: SignedManifest,
  keys: readonly PublicKey[],
): Manifest {
  if (!isSigned(Buffer.from(manifest), signature, keys))
    throw new OperatingError("corrupt", "no key that is trusted has signed this release");
  return parseManifest(manifest);
}

/** Throws OperatingError "corrupt". */
export function parseManifest(text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new OperatingError("corrupt", "the manifest is no JSON", { cause });
  }
  const parsed = Manifest.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new OperatingError("corrupt", `the manifest: ${z.prettifyError(parsed.error)}`);
}

/** How people and rollouts call a release: the same version may be signed anew. */
export function revisionOf({ version, sequence }: Pick<Manifest, "version" | "sequence">): string {
  return `${version}-${sequence}`;
}

/** The build for a platform. Throws OperatingError "not_found". */
export function artifactFor({ artifacts }: Manifest, { os, arch, libc }: Platform): Artifact {
  const found = artifacts.find((one) => one.os === os && one.arch === arch && one.libc === libc);
  if (found !== undefined) return found;
  throw new OperatingError("not_found", `the release has no build for ${os}-${arch} with ${libc}`);
}
