import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  type Artifact,
  type Platform,
  SignedManifest,
  artifactFor,
  openManifest,
  revisionOf,
} from "#proto/update/manifest.ts";
import { type PublicKey, parsePublicKey } from "#proto/update/minisign.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { writePrivate } from "../enroll/private_file.ts";

/**
 * The releases that an agent has beside the program that is installed on its host, below `<data_dir>/agent/versions`:
 *
 *     state.json                 which one runs, which is on trial, which were no good; written whole and synced
 *     <sha256>/lapwing-agent     the program; the folder appears by a rename when everything in it is verified and synced
 *     <sha256>/release.json      the signed manifest, verified again at every start
 *     incoming/                  a download
 *
 * Killed anywhere, it leaves a state that names whole folders, and at worst one that nothing names.
 */
const Chosen = z.strictObject({ sha256: z.string(), revision: z.string(), rollout: z.string() });
export type Chosen = z.output<typeof Chosen>;

const State = z.strictObject({
  /** What runs; undefined: the installed program. */
  current: Chosen.optional(),
  /** What ran before, to go back to. */
  previous: Chosen.optional(),
  /** Runs for the first time, and is not known to be well. */
  trial: Chosen.extend({ starts: z.number() }).optional(),
  /** The last one that was given up. */
  failed: Chosen.extend({ reason: z.string() }).optional(),
  /** The highest sequence that was ever well here. */
  sequence: z.number().default(0),
  /** The installed program when `current` was chosen: another one is the host's owner's will. */
  installed: z.string().default(""),
});
export type State = z.output<typeof State>;

export const programName = "lapwing-agent";
const releaseFile = "release.json";
const folderName = /^[0-9a-f]{64}$/;

/** The signed manifest of a release and its build for this host. */
export type Release = {
  readonly signed: SignedManifest;
  readonly artifact: Artifact;
  readonly revision: string;
  readonly version: string;
  readonly sequence: number;
  readonly backFrom: number;
};

export class Versions {
  readonly folder: string;
  readonly #keys: readonly PublicKey[];
  readonly #platform: Platform;

  constructor(folder: string, publicKeys: readonly string[], platform: Platform) {
    this.folder = folder;
    this.#keys = publicKeys.map(parsePublicKey);
    this.#platform = platform;
  }

  get incoming(): string {
    return join(this.folder, "incoming");
  }

  programOf(sha256: string): string {
    return join(this.folder, sha256, programName);
  }

  /** What cannot be read is as if it were not there: then the installed program runs. */
  async state(): Promise<State> {
    try {
      return State.parse(JSON.parse(await readFile(join(this.folder, "state.json"), "utf8")));
    } catch {
      return State.parse({});
    }
  }

  /** Throws OperatingError "no_space". */
  async save(state: State): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await writePrivate(join(this.folder, "state.json"), `${JSON.stringify(state)}\n`);
  }

  /** Throws OperatingError "corrupt" or "not_found". */
  open(signed: SignedManifest): Release {
    const manifest = openManifest(signed, this.#keys);
    const { version, sequence, back_from: backFrom = 0 } = manifest;
    const artifact = artifactFor(manifest, this.#platform);
    return { signed, artifact, revision: revisionOf(manifest), version, sequence, backFrom };
  }

  /** Checks signature and every byte of a release on disk. Throws OperatingError "corrupt" or "not_found". */
  async verify(sha256: string): Promise<Release> {
    const release = this.open(await this.#readRelease(join(this.folder, sha256, releaseFile)));
    if (release.artifact.sha256 !== sha256)
      throw new OperatingError("corrupt", "the release is of another program");
    await this.checkProgram(this.programOf(sha256), release.artifact);
    return release;
  }

  /** Throws OperatingError "corrupt" where the file is not the one that was signed. */
  async checkProgram(path: string, { size, sha256 }: Artifact): Promise<void> {
    const hash = createHash("sha256");
    let bytes = 0;
    try {
      for await (const chunk of createReadStream(path, { highWaterMark: 1_048_576 })) {
        bytes += chunk.length;
        hash.update(chunk);
      }
    } catch (cause) {
      const message = `${path} can't be read: ${messageOf(cause)}`;
      throw new OperatingError("corrupt", message, { cause });
    }
    if (bytes !== size)
      throw new OperatingError("corrupt", `${path} has ${bytes} bytes, expected ${size}`);
    const found = hash.digest("hex");
    if (found !== sha256)
      throw new OperatingError("corrupt", `${path} has SHA-256 ${found}, expected ${sha256}`);
  }

  writeRelease(folder: string, signed: SignedManifest): Promise<void> {
    return writePrivate(join(folder, releaseFile), `${JSON.stringify(signed)}\n`);
  }

  /** Removes all but those that the state names. */
  async tidy({ current, previous, trial }: State): Promise<void> {
    const kept = new Set([current, previous, trial].map((one) => one?.sha256));
    for (const name of await readdir(this.folder).catch(() => []))
      if (folderName.test(name) && !kept.has(name))
        await rm(join(this.folder, name), { recursive: true, force: true });
  }

  async #readRelease(path: string): Promise<SignedManifest> {
    try {
      return SignedManifest.parse(JSON.parse(await readFile(path, "utf8")));
    } catch (cause) {
      throw new OperatingError("corrupt", `${path} is no release`, { cause });
    }
  }
}

/**
 * Whether a release may run here: a newer one than was ever well, one that ran last or before that, or one that is signed for going back from
 * as far as this agent has come. Else whoever gives orders to agents could bring them to any old release with its known holes.
 */
export function isAllowed(
  state: State,
  { artifact, sequence, backFrom }: Pick<Release, "artifact" | "sequence" | "backFrom">,
): boolean {
  const isKnown = [state.current, state.previous].some((one) => one?.sha256 === artifact.sha256);
  return sequence > state.sequence || isKnown || backFrom >= state.sequence;
}
